/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port/lwip with both families of addresses, against an echo server and a name server in the same
 * lwIP: what its one interface sends to itself comes back in, all else is lost. Time is a number.
 */
#include "test.h"

#include <lwip/dns.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>
#include <stdint.h>
#include <string.h>

#include "tally_lwip.h"
#include "tally_lwip_pools.h"
#include "tally_lwip_tcp.h"

enum {
    QUEUE = 64,
    STEP_MS = 50,
    ECHO_PORT = 80, /* answers in both families */
    IPV4_ONLY_PORT = 81,
    NOBODYS_PORT = 82,
    GIVEN_UP_MS = 15000, /* the agent's own connect deadline */
    LINGERS_MS = 130000, /* longer than lwIP keeps a closed connection */
};

#define OURS4   "10.0.0.1"
#define OURS6   "fd00::1"
#define SILENT4 "10.0.0.99"
#define SILENT6 "fd00::99"

static uint64_t now_ms = 1000;
static struct pbuf *queue[QUEUE];
static uint32_t queued;
static bool served_ipv6; /* whom the echo server accepted last */
static tally_lwip_tcp_t tcp;
static const tally_transport_t *transport;

/* ---- a port -------------------------------------------------------------------------------- */

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    return now_ms;
}

static int32_t random_bytes(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    memset(out, 0x5A, size);
    return TALLY_OK;
}

static uint32_t critical_enter(void *ctx) {
    (void)ctx;
    return 0;
}

static void critical_leave(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
}

static void wake(void *ctx) {
    (void)ctx;
}

static const tally_port_t port = {
    .monotonic_ms = monotonic_ms,
    .random = random_bytes,
    .critical_enter = critical_enter,
    .critical_leave = critical_leave,
    .wake = wake,
};

/* ---- an interface that hears itself --------------------------------------------------------- */

static err_t come_back(struct pbuf *packet) {
    assert_true(queued < QUEUE);
    queue[queued] = pbuf_clone(PBUF_LINK, PBUF_RAM, packet);
    assert_non_null(queue[queued]);
    queued++;
    return ERR_OK;
}

static err_t output_ipv4(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to) {
    return ip4_addr_cmp(to, netif_ip4_addr(netif)) ? come_back(packet) : ERR_OK;
}

static err_t output_ipv6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *to) {
    return ip6_addr_cmp_zoneless(to, netif_ip6_addr(netif, 1)) ? come_back(packet) : ERR_OK;
}

static err_t driver_init(struct netif *netif) {
    netif->mtu = 1500;
    netif->output = output_ipv4;
    netif->output_ip6 = output_ipv6;
    return ERR_OK;
}

static bool driver_link(void *driver) {
    (void)driver;
    return true;
}

static void pump(void) {
    for (uint32_t at = 0; at < queued; at++) {
        struct pbuf *const packet = queue[at];
        if (ip_input(packet, tally_lwip_netif()) != ERR_OK) {
            (void)pbuf_free(packet);
        }
    }
    queued = 0;
}

static void pass(uint32_t ms) {
    for (uint32_t passed = 0; passed < ms; passed += STEP_MS) {
        now_ms += STEP_MS;
        tally_lwip_tick();
        pump();
    }
}

/* ---- servers ------------------------------------------------------------------------------- */

static err_t echo_received(void *ctx, struct tcp_pcb *pcb, struct pbuf *data, err_t error) {
    (void)ctx;
    (void)error;
    if (data == NULL) {
        return tcp_close(pcb);
    }
    assert_int_equal(tcp_write(pcb, data->payload, data->len, TCP_WRITE_FLAG_COPY), ERR_OK);
    tcp_recved(pcb, data->tot_len);
    (void)pbuf_free(data);
    return tcp_output(pcb);
}

static err_t echo_accepted(void *ctx, struct tcp_pcb *pcb, err_t error) {
    (void)ctx;
    (void)error;
    served_ipv6 = IP_IS_V6_VAL(pcb->remote_ip);
    tcp_recv(pcb, echo_received);
    return ERR_OK;
}

static void listen_at(uint8_t type, uint16_t number) {
    struct tcp_pcb *const pcb = tcp_new_ip_type(type);
    assert_non_null(pcb);
    assert_int_equal(tcp_bind(pcb, type == IPADDR_TYPE_V4 ? IP4_ADDR_ANY : IP_ANY_TYPE, number),
                     ERR_OK);
    tcp_accept(tcp_listen(pcb), echo_accepted);
}

/* What the name server knows. The names are as long as each other. */
static const struct {
    const char *name;
    const char *ipv4;
    const char *ipv6;
} hosts[] = {
    {"both-fine", OURS4, OURS6},     {"only-ipv4", OURS4, NULL},    {"only-ipv6", NULL, OURS6},
    {"mute-ipv6", OURS4, SILENT6},   {"mute-ipv4", SILENT4, OURS6}, {"mute-only", SILENT4, NULL},
    {"mute-both", SILENT4, SILENT6},
};

/* Appends the answer to a question of `bytes` bytes, if there is one. Returns the reply's size. */
static uint32_t answer(uint8_t *message, uint32_t bytes) {
    const bool wants_ipv6 = message[bytes - 3] == 28; /* QTYPE AAAA */
    ip_addr_t address;
    const char *text = NULL;
    for (uint32_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (memcmp(message + 13, hosts[i].name, strlen(hosts[i].name)) == 0) {
            text = wants_ipv6 ? hosts[i].ipv6 : hosts[i].ipv4;
        }
    }
    message[2] = 0x81; /* a response */
    message[3] = 0x80;
    if (text == NULL) {
        return bytes;
    }
    assert_true(ipaddr_aton(text, &address));
    const uint8_t size = wants_ipv6 ? 16 : 4;
    const uint8_t record[] = {0xC0, 12, 0, wants_ipv6 ? 28 : 1, 0, 1, 0, 0, 0, 60, 0, size};
    message[7] = 1;
    memcpy(message + bytes, record, sizeof record);
    memcpy(message + bytes + sizeof record,
           wants_ipv6 ? (const void *)ip_2_ip6(&address) : (const void *)ip_2_ip4(&address), size);
    return bytes + (uint32_t)sizeof record + size;
}

static void on_question(void *ctx, struct udp_pcb *pcb, struct pbuf *question,
                        const ip_addr_t *from, u16_t from_port) {
    uint8_t message[512];
    (void)ctx;
    const uint32_t bytes = pbuf_copy_partial(question, message, 256, 0);
    (void)pbuf_free(question);
    const uint32_t size = answer(message, bytes);
    struct pbuf *const reply = pbuf_alloc(PBUF_TRANSPORT, (uint16_t)size, PBUF_RAM);
    assert_int_equal(pbuf_take(reply, message, (uint16_t)size), ERR_OK);
    assert_int_equal(udp_sendto(pcb, reply, from, from_port), ERR_OK);
    (void)pbuf_free(reply);
}

/* ---- the rig ------------------------------------------------------------------------------- */

static void set_ipv6(bool usable) {
    netif_ip6_addr_set_state(tally_lwip_netif(), 1, usable ? IP6_ADDR_PREFERRED : IP6_ADDR_INVALID);
}

static int start(void **state) {
    static const tally_lwip_config_t config = {
        .port = &port,
        .hostname = "test",
        .driver_init = driver_init,
        .driver_link = driver_link,
    };
    (void)state;
    ip_addr_t ours;
    ip4_addr_t mask;
    if (tally_lwip_start(&config) != TALLY_OK || !ipaddr_aton(OURS4, &ours)) {
        return -1;
    }
    IP4_ADDR(&mask, 255, 255, 255, 0);
    netif_set_addr(tally_lwip_netif(), ip_2_ip4(&ours), &mask, ip_2_ip4(&ours));
    dns_setserver(0, &ours);
    if (!ipaddr_aton(OURS6, &ours)) {
        return -1;
    }
    netif_ip6_addr_set(tally_lwip_netif(), 1, ip_2_ip6(&ours));
    set_ipv6(true);
    listen_at(IPADDR_TYPE_ANY, ECHO_PORT);
    listen_at(IPADDR_TYPE_V4, IPV4_ONLY_PORT);
    struct udp_pcb *const names = udp_new_ip_type(IPADDR_TYPE_ANY);
    udp_recv(names, on_question, NULL);
    return udp_bind(names, IP_ANY_TYPE, 53) == ERR_OK ? 0 : -1;
}

static int begin(void **state) {
    (void)state;
    tally_lwip_tcp_init(&tcp, &port);
    transport = tally_lwip_tcp_transport(&tcp);
    set_ipv6(true);
    return 0;
}

/* Nothing of a connection is left in lwIP, the server's end included. */
static int end(void **state) {
    (void)state;
    transport->close(transport->ctx);
    set_ipv6(true);
    pass(LINGERS_MS);
    tally_lwip_pool_t pool;
    for (uint32_t i = 0; tally_lwip_pool(i, &pool) == TALLY_OK; i++) {
        if (strcmp(pool.name, "TCP_PCB") == 0 && pool.used != 0) {
            return -1;
        }
    }
    return 0;
}

static int32_t open_within(const char *host, uint16_t number, uint32_t ms) {
    const tally_peer_t peer = {.host = host, .port = number};
    int32_t status = transport->open(transport->ctx, &peer);
    for (uint32_t passed = 0; status > TALLY_OPEN && passed < ms; passed += STEP_MS) {
        pass(STEP_MS);
        status = transport->open(transport->ctx, &peer);
    }
    return status;
}

static void assert_echoes(bool by_ipv6) {
    uint8_t data[8] = {0};
    assert_int_equal(transport->send(transport->ctx, (const uint8_t *)"ping", 4), 4);
    pass(2 * STEP_MS);
    assert_int_equal(transport->receive(transport->ctx, data, sizeof data), 4);
    assert_memory_equal(data, "ping", 4);
    assert_int_equal(served_ipv6, by_ipv6);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void literals_of_both_families(void **state) {
    (void)state;
    assert_int_equal(open_within(OURS6, ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(true);
    transport->close(transport->ctx);
    assert_int_equal(open_within(OURS4, ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(false);
}

static void a_name_is_reached_by_ipv6_first(void **state) {
    (void)state;
    assert_int_equal(open_within("both-fine", ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(true);
}

static void a_name_is_reached_by_ipv4_first_without_an_ipv6_address(void **state) {
    (void)state;
    set_ipv6(false);
    assert_int_equal(open_within("both-fine", ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(false);
}

static void a_name_of_one_family_is_reached_by_it(void **state) {
    (void)state;
    assert_int_equal(open_within("only-ipv4", ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(false);
    transport->close(transport->ctx);
    assert_int_equal(open_within("only-ipv6", ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(true);
}

static void an_address_that_refuses_gives_way(void **state) {
    (void)state;
    assert_int_equal(open_within("both-fine", IPV4_ONLY_PORT, 1000), TALLY_OPEN);
    assert_echoes(false);
}

static void an_address_that_is_silent_gives_way(void **state) {
    (void)state;
    const uint64_t before_ms = now_ms;
    assert_int_equal(open_within("mute-ipv6", ECHO_PORT, GIVEN_UP_MS), TALLY_OPEN);
    assert_in_range(now_ms - before_ms, 3000, 4000);
    assert_echoes(false);
}

/* The interface gets its IPv6 address when IPv4 is already being tried. */
static void an_ipv6_address_may_come_late(void **state) {
    (void)state;
    const tally_peer_t peer = {.host = "mute-ipv4", .port = ECHO_PORT};
    set_ipv6(false);
    for (uint32_t i = 0; i < 4; i++) {
        assert_in_range(transport->open(transport->ctx, &peer), 1, TALLY_OPENING_CONNECT);
        pass(STEP_MS);
    }
    set_ipv6(true);
    assert_int_equal(open_within("mute-ipv4", ECHO_PORT, GIVEN_UP_MS), TALLY_OPEN);
    assert_echoes(true);
}

static void a_silent_address_without_another_is_waited_for(void **state) {
    (void)state;
    assert_int_equal(open_within("mute-only", ECHO_PORT, GIVEN_UP_MS), TALLY_OPENING_CONNECT);
    transport->close(transport->ctx);
    assert_int_equal(open_within("mute-both", ECHO_PORT, GIVEN_UP_MS), TALLY_OPENING_CONNECT);
    transport->close(transport->ctx);
    assert_int_equal(open_within(SILENT4, ECHO_PORT, GIVEN_UP_MS), TALLY_OPENING_CONNECT);
}

static void all_addresses_refuse(void **state) {
    (void)state;
    assert_int_equal(open_within("both-fine", NOBODYS_PORT, 1000), TALLY_E_CONNECT);
    const tally_peer_t peer = {.host = "both-fine", .port = NOBODYS_PORT};
    assert_int_equal(transport->open(transport->ctx, &peer), TALLY_E_CONNECT);
    transport->close(transport->ctx);
    assert_int_equal(open_within(OURS6, NOBODYS_PORT, 1000), TALLY_E_CONNECT);
}

static void unknown_name(void **state) {
    (void)state;
    assert_int_equal(open_within("not-there", ECHO_PORT, 5000), TALLY_E_RESOLVE);
}

/* lwIP cannot be told to forget a question: its answer comes when nobody waits for it any more. */
static void close_abandons_a_lookup(void **state) {
    (void)state;
    const tally_peer_t peer = {.host = "only-ipv6", .port = ECHO_PORT};
    assert_int_equal(transport->open(transport->ctx, &peer), TALLY_OPENING_RESOLVE);
    transport->close(transport->ctx);
    pass(STEP_MS);
    assert_int_equal(open_within("only-ipv4", ECHO_PORT, 1000), TALLY_OPEN);
    assert_echoes(false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(close_abandons_a_lookup, begin, end), /* nothing is known */
        cmocka_unit_test_setup_teardown(literals_of_both_families, begin, end),
        cmocka_unit_test_setup_teardown(a_name_is_reached_by_ipv6_first, begin, end),
        cmocka_unit_test_setup_teardown(a_name_is_reached_by_ipv4_first_without_an_ipv6_address,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_name_of_one_family_is_reached_by_it, begin, end),
        cmocka_unit_test_setup_teardown(an_address_that_refuses_gives_way, begin, end),
        cmocka_unit_test_setup_teardown(an_address_that_is_silent_gives_way, begin, end),
        cmocka_unit_test_setup_teardown(an_ipv6_address_may_come_late, begin, end),
        cmocka_unit_test_setup_teardown(a_silent_address_without_another_is_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(all_addresses_refuse, begin, end),
        cmocka_unit_test_setup_teardown(unknown_name, begin, end),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
