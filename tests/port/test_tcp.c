/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tally_posix.h"
#include "tally_posix_tcp.h"

enum { DEADLINE_MS = 10000 };

static tally_posix_t posix;
static tally_posix_tcp_t tcp;
static const tally_transport_t *transport;
static int listener;
static tally_peer_t peer;

static int setup(void **state) {
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 4) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        return -1;
    }
    peer = (tally_peer_t){.host = "127.0.0.1", .port = ntohs(address.sin_port)};
    tally_posix_tcp_init(&tcp, tally_posix_port(&posix));
    transport = tally_posix_tcp_transport(&tcp);
    return tally_posix_init(&posix, TALLY_LOG_ERROR);
}

static int teardown(void **state) {
    (void)state;
    transport->close(transport->ctx);
    (void)close(listener);
    tally_posix_close(&posix);
    return 0;
}

static void wait_for_tcp(void) {
    struct pollfd fd = tally_posix_tcp_poll(&tcp);
    (void)tally_posix_wait(&posix, 100, &fd, 1);
}

static uint64_t now_ms(void) {
    return posix.port.monotonic_ms(posix.port.ctx);
}

static int32_t open_peer(void) {
    const uint64_t end_ms = now_ms() + DEADLINE_MS;
    int32_t status = transport->open(transport->ctx, &peer);
    while (status > 0 && now_ms() < end_ms) {
        wait_for_tcp();
        status = transport->open(transport->ctx, &peer);
    }
    return status;
}

/* Opens and returns the server's end. */
static int open_pair(void) {
    assert_int_equal(open_peer(), TALLY_OPEN);
    const int server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
    return server;
}

static int32_t receive_some(uint8_t *data, uint32_t size) {
    const uint64_t end_ms = now_ms() + DEADLINE_MS;
    int32_t got = transport->receive(transport->ctx, data, size);
    while (got == 0 && now_ms() < end_ms) {
        wait_for_tcp();
        got = transport->receive(transport->ctx, data, size);
    }
    return got;
}

static void carries_bytes_both_ways(void **state) {
    (void)state;
    const int server = open_pair();
    uint8_t data[16];
    assert_int_equal(transport->receive(transport->ctx, data, sizeof data), 0);
    assert_int_equal(transport->send(transport->ctx, (const uint8_t *)"ping", 4), 4);
    assert_int_equal(recv(server, data, sizeof data, 0), 4);
    assert_memory_equal(data, "ping", 4);
    assert_int_equal(send(server, "pong!", 5, 0), 5);
    assert_int_equal(receive_some(data, sizeof data), 5);
    assert_memory_equal(data, "pong!", 5);
    (void)close(server);
}

static void carries_single_bytes(void **state) {
    (void)state;
    const int server = open_pair();
    for (int i = 0; i < 256; i++) {
        const uint8_t out = (uint8_t)i;
        uint8_t in = 0;
        assert_int_equal(transport->send(transport->ctx, &out, 1), 1);
        assert_int_equal(recv(server, &in, 1, 0), 1);
        assert_int_equal(in, out);
        assert_int_equal(send(server, &in, 1, 0), 1);
        assert_int_equal(receive_some(&in, 1), 1);
        assert_int_equal(in, out);
    }
    (void)close(server);
}

static void refused_connection(void **state) {
    (void)state;
    (void)close(listener); /* the port is known to be free now */
    listener = -1;
    assert_int_equal(open_peer(), TALLY_E_CONNECT);
    assert_int_equal(transport->open(transport->ctx, &peer), TALLY_E_CONNECT);
}

static void resolves_names(void **state) {
    (void)state;
    peer.host = "localhost";
    assert_int_equal(transport->open(transport->ctx, &peer), TALLY_OPENING_RESOLVE);
    (void)close(open_pair());
}

/* The linker puts this before getaddrinfo(): it knows a name with several addresses. */
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);

/* Names with two addresses, of which the second is a listener's. */
static const struct {
    const char *name;
    const char *first;
    const char *second;
} names[] = {
    {"several.test", "127.0.0.2", "127.0.0.1"},
    {"ipv6-first.test", "::1", "127.0.0.1"},
    {"unreachable-ipv6-first.test", "2001:db8::1", "127.0.0.1"}, /* for documents only: nowhere */
    {"ipv4-first.test", "127.0.0.2", "::1"},
};

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list) {
    const uint32_t count = sizeof names / sizeof names[0];
    uint32_t i = 0;
    while (i < count && strcmp(host, names[i].name) != 0) {
        i++;
    }
    if (i == count || (hints->ai_flags & AI_NUMERICHOST) != 0) {
        return __real_getaddrinfo(host, service, hints, list);
    }
    const int failed = __real_getaddrinfo(names[i].first, service, hints, list);
    return failed ? failed : __real_getaddrinfo(names[i].second, service, hints, &(*list)->ai_next);
}

static void an_address_that_refuses_gives_way(void **state) {
    (void)state;
    peer.host = "several.test";
    (void)close(open_pair());
}

static void an_ipv6_address_that_refuses_gives_way(void **state) {
    (void)state;
    peer.host = "ipv6-first.test";
    (void)close(open_pair());
}

/* Without a route at once, with one to nowhere behind 3 s. */
static void an_ipv6_address_that_leads_nowhere_gives_way(void **state) {
    (void)state;
    peer.host = "unreachable-ipv6-first.test";
    const uint64_t before_ms = now_ms();
    (void)close(open_pair());
    assert_in_range(now_ms() - before_ms, 0, 8000);
}

/* In the place of the listener at 127.0.0.1. */
static void listen_at_ipv6(void) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof address;
    (void)close(listener);
    listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    peer.port = ntohs(address.sin6_port);
}

static void an_ipv6_literal(void **state) {
    (void)state;
    uint8_t data[4];
    listen_at_ipv6();
    peer.host = "::1";
    const int server = open_pair();
    assert_int_equal(transport->send(transport->ctx, (const uint8_t *)"ping", 4), 4);
    assert_int_equal(recv(server, data, sizeof data, MSG_WAITALL), 4);
    assert_memory_equal(data, "ping", 4);
    (void)close(server);
}

static void an_ipv4_address_that_refuses_gives_way_to_ipv6(void **state) {
    (void)state;
    listen_at_ipv6();
    peer.host = "ipv4-first.test";
    (void)close(open_pair());
}

/* A listener whose queue is full drops what comes, as broken routes do. */
static void assert_silence_gives_way(const char *host, const struct sockaddr *address,
                                     socklen_t size) {
    const int silent = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silent, address, size), 0);
    assert_int_equal(listen(silent, 0), 0);
    int fillers[3];
    for (int i = 0; i < 3; i++) {
        fillers[i] = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], address, size);
    }
    peer.host = host;
    const uint64_t before_ms = now_ms();
    (void)close(open_pair());
    assert_in_range(now_ms() - before_ms, 3000, 8000);
    for (int i = 0; i < 3; i++) {
        (void)close(fillers[i]);
    }
    (void)close(silent);
}

static void an_address_that_is_silent_gives_way(void **state) {
    (void)state;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr = {htonl(INADDR_LOOPBACK + 1)},
                                        .sin_port = htons(peer.port)};
    assert_silence_gives_way("several.test", (const struct sockaddr *)&address, sizeof address);
}

static void an_ipv6_address_that_is_silent_gives_way(void **state) {
    (void)state;
    const struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(peer.port)};
    assert_silence_gives_way("ipv6-first.test", (const struct sockaddr *)&address, sizeof address);
}

static void unknown_name(void **state) {
    (void)state;
    peer.host = "tally.invalid"; /* RFC 6761: never resolves */
    assert_int_equal(open_peer(), TALLY_E_RESOLVE);
}

static void overlong_name(void **state) {
    (void)state;
    char host[400];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    peer.host = host;
    assert_int_equal(open_peer(), TALLY_E_RESOLVE);
}

/* The sanitizer build finds a lookup that is leaked or freed twice here. */
static void close_abandons_a_lookup(void **state) {
    (void)state;
    peer.host = "localhost";
    for (int i = 0; i < 50; i++) {
        assert_int_equal(transport->open(transport->ctx, &peer), TALLY_OPENING_RESOLVE);
        transport->close(transport->ctx);
    }
    (void)close(open_pair());
}

static void full_buffers_push_back(void **state) {
    (void)state;
    static uint8_t data[65536];
    const int server = open_pair();
    uint64_t sent = 0;
    int32_t taken;
    while ((taken = transport->send(transport->ctx, data, sizeof data)) > 0) {
        sent += (uint64_t)taken;
    }
    assert_int_equal(taken, 0);
    assert_int_equal(tally_posix_tcp_poll(&tcp).events, POLLIN | POLLOUT);

    uint64_t received = 0;
    while (received < sent) {
        const ssize_t got = recv(server, data, sizeof data, 0);
        assert_true(got > 0);
        received += (uint64_t)got;
    }
    wait_for_tcp();
    assert_int_equal(transport->send(transport->ctx, data, 1), 1);
    assert_int_equal(tally_posix_tcp_poll(&tcp).events, POLLIN);
    (void)close(server);
}

static void orderly_close(void **state) {
    (void)state;
    uint8_t data[8];
    const int server = open_pair();
    assert_int_equal(send(server, "bye", 3, 0), 3);
    (void)close(server);
    assert_int_equal(receive_some(data, sizeof data), 3);
    assert_int_equal(receive_some(data, sizeof data), TALLY_E_CLOSED);
}

/* Like orderly_close but for the reset: what came may be only a part. */
static void reset_is_not_orderly(void **state) {
    (void)state;
    uint8_t data[8];
    const int server = open_pair();
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    (void)close(server);
    assert_int_equal(receive_some(data, sizeof data), TALLY_E_IO);
    assert_int_equal(transport->send(transport->ctx, data, 1), TALLY_E_CLOSED);
}

static void opens_again_after_close(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        (void)close(open_pair());
        transport->close(transport->ctx);
        transport->close(transport->ctx);
        assert_int_equal(tally_posix_tcp_poll(&tcp).fd, -1);
    }
}

static void needs_to_be_open(void **state) {
    (void)state;
    uint8_t data[8] = {0};
    assert_int_equal(transport->send(transport->ctx, data, 1), TALLY_E_STATE);
    assert_int_equal(transport->receive(transport->ctx, data, 1), TALLY_E_STATE);
}

/* A lookup that was abandoned goes on in the C library until its time-out; when the program ends
 * before, the library's own memory of that thread looks lost to LeakSanitizer. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:res_context_send";
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carries_bytes_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(carries_single_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(resolves_names, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_that_refuses_gives_way, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_that_is_silent_gives_way, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ipv6_literal, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ipv6_address_that_refuses_gives_way, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ipv6_address_that_leads_nowhere_gives_way, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_ipv6_address_that_is_silent_gives_way, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ipv4_address_that_refuses_gives_way_to_ipv6, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(unknown_name, setup, teardown),
        cmocka_unit_test_setup_teardown(overlong_name, setup, teardown),
        cmocka_unit_test_setup_teardown(close_abandons_a_lookup, setup, teardown),
        cmocka_unit_test_setup_teardown(full_buffers_push_back, setup, teardown),
        cmocka_unit_test_setup_teardown(orderly_close, setup, teardown),
        cmocka_unit_test_setup_teardown(reset_is_not_orderly, setup, teardown),
        cmocka_unit_test_setup_teardown(opens_again_after_close, setup, teardown),
        cmocka_unit_test_setup_teardown(needs_to_be_open, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
