/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "tls_device.h"
#include "tls_relay.h"
#include "tls_server.h"

static tls_server_t server;
static tls_device_t device;

static int setup(void **state) {
    (void)state;
    server = tls_server_start(&tls_server_good);
    return tls_device_start(&device, &tls_device_good);
}

static int teardown(void **state) {
    (void)state;
    tls_device_stop(&device);
    tls_server_stop(&server);
    return 0;
}

static void talks_both_ways(void **state) {
    (void)state;
    assert_int_equal(tls_device_talk(&device, "localhost", server.port), TALLY_OK);
    assert_int_equal(tls_device_talk(&device, "127.0.0.1", server.port), TALLY_OK);
    assert_int_equal(tally_tls_stats(&device.tls).handshakes, 2);
    assert_int_equal(tally_tls_stats(&device.tls).last_error, 0);
}

static bool hello_contains(const char *host) {
    tls_relay_t relay;
    tls_relay_start(&relay, server.port, TLS_RELAY_NOTHING, 0);
    assert_int_equal(tls_device_talk(&device, host, relay.port), TALLY_OK);
    tls_relay_join(&relay);
    return memmem(relay.hello, relay.hello_size, host, strlen(host)) != NULL;
}

static void sends_names_but_no_addresses_as_server_name(void **state) {
    (void)state;
    assert_true(hello_contains("localhost"));
    assert_false(hello_contains("127.0.0.1"));
}

static void memory_stays_flat_over_100_handshakes(void **state) {
    (void)state;
    const uint32_t before = tally_tls_stats(&device.tls).heap_used;
    assert_int_equal(tls_device_talk(&device, "127.0.0.1", server.port), TALLY_OK);
    const tally_tls_stats_t first = tally_tls_stats(&device.tls);
    const uint32_t idle = first.heap_used; /* a ticket waits for the next connection */
    for (int i = 1; i < 100; i++) {
        assert_int_equal(tls_device_talk(&device, "127.0.0.1", server.port), TALLY_OK);
        assert_in_range(tally_tls_stats(&device.tls).heap_used, idle - 64, idle + 64);
    }
    const tally_tls_stats_t last = tally_tls_stats(&device.tls);
    assert_int_equal(last.handshakes, 100);
    assert_int_equal(last.heap_failed, 0);
    /* An ECDSA signature's DER form is 70 to 72 bytes long, so blocks differ a little. */
    assert_in_range(last.heap_high_water, first.heap_high_water, first.heap_high_water + 64);
    print_message("TLS heap: %u B idle, %u B with a ticket, %u B high-water\n", before, idle,
                  last.heap_high_water);
}

/* Text of which every place can be told from its neighbours. */
enum { LINE = 16, LINES = 65536 };

static uint8_t text_byte(uint32_t at) {
    return at % LINE == LINE - 1 ? '\n' : (uint8_t)('a' + (at * 2654435761u >> 24) % 26);
}

/* The server reverses a line but for its newline. */
static uint8_t answer_byte(uint32_t at) {
    const uint32_t column = at % LINE;
    return column == LINE - 1 ? '\n' : text_byte(at - column + LINE - 2 - column);
}

/* Sends pieces of ever other sizes until the stream takes no more; returns how many bytes went. */
static uint32_t send_until_full(uint32_t sent, uint32_t end) {
    const tally_transport_t *transport = device.transport;
    static uint8_t piece[3000];
    while (sent < end) {
        uint32_t size = 1 + sent * 7919u % (uint32_t)sizeof piece;
        size = size < end - sent ? size : end - sent;
        for (uint32_t i = 0; i < size; i++) {
            piece[i] = text_byte(sent + i);
        }
        const int32_t taken = transport->send(transport->ctx, piece, size);
        assert_in_range(taken, 0, size);
        if (taken == 0) {
            break;
        }
        sent += (uint32_t)taken;
    }
    return sent;
}

static void a_full_stream_loses_and_doubles_nothing(void **state) {
    (void)state;
    const tally_transport_t *transport = device.transport;
    assert_int_equal(tls_device_open(&device, "127.0.0.1", server.port), TALLY_OPEN);
    const int small = 4096;
    (void)setsockopt(tally_posix_tcp_poll(&device.tcp).fd, SOL_SOCKET, SO_SNDBUF, &small,
                     sizeof small);
    (void)kill(server.pid, SIGSTOP);
    const uint32_t end = LINE * LINES;
    uint32_t sent = send_until_full(0, end);
    assert_in_range(sent, 1, end - 1);
    assert_int_equal(send_until_full(sent, end), sent);
    (void)kill(server.pid, SIGCONT);

    uint32_t received = 0;
    while (received < end) {
        uint8_t data[512];
        sent = send_until_full(sent, end);
        const int32_t got = tls_device_receive(&device, data, sizeof data);
        assert_in_range(got, 1, sizeof data);
        for (int32_t i = 0; i < got; i++) {
            assert_int_equal(data[i], answer_byte(received + (uint32_t)i));
        }
        received += (uint32_t)got;
    }
    transport->close(transport->ctx);
}

static void tells_an_orderly_end_from_a_cut(void **state) {
    (void)state;
    uint8_t data[16];
    const tally_transport_t *transport = device.transport;
    assert_int_equal(tls_device_open(&device, "127.0.0.1", server.port), TALLY_OPEN);
    /* s_server -rev takes this line for the end and says close_notify. */
    assert_int_equal(transport->send(transport->ctx, (const uint8_t *)"CLOSE\n", 6), 6);
    assert_int_equal(tls_device_receive(&device, data, sizeof data), TALLY_E_CLOSED);
    transport->close(transport->ctx);

    /* A server that has read everything when it dies leaves an orderly TCP stream without one. */
    assert_int_equal(tls_device_open(&device, "127.0.0.1", server.port), TALLY_OPEN);
    assert_int_equal(transport->send(transport->ctx, (const uint8_t *)"hello\n", 6), 6);
    assert_int_equal(tls_device_receive(&device, data, sizeof data), 6);
    (void)kill(server.pid, SIGKILL);
    assert_int_equal(tls_device_receive(&device, data, sizeof data), TALLY_E_IO);
    transport->close(transport->ctx);
}

static void needs_to_be_open(void **state) {
    (void)state;
    uint8_t data[8] = {0};
    const tally_transport_t *transport = device.transport;
    assert_int_equal(transport->send(transport->ctx, data, 1), TALLY_E_STATE);
    assert_int_equal(transport->receive(transport->ctx, data, 1), TALLY_E_STATE);
    transport->close(transport->ctx);
}

static void aes_is_the_boards_choice(void **state) {
    (void)state;
    tls_server_options_t options = tls_server_good;
    options.option[0] = "-ciphersuites";
    options.option[1] = "TLS_AES_128_GCM_SHA256";
    const tls_server_t aes = tls_server_start(&options);
    const int32_t status = tls_device_talk(&device, "127.0.0.1", aes.port);
    tls_server_stop(&aes);
    assert_int_equal(status, TALLY_TLS_AES ? TALLY_OK : TALLY_E_TLS_ALERT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(talks_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(sends_names_but_no_addresses_as_server_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(memory_stays_flat_over_100_handshakes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_stream_loses_and_doubles_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_an_orderly_end_from_a_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(needs_to_be_open, setup, teardown),
        cmocka_unit_test_setup_teardown(aes_is_the_boards_choice, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
