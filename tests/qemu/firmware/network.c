/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings the network up and does what datagrams to port 5004 ask for:
 *
 *   "count ..."   counts it
 *   "tcp4 PORT"   connects to that port of the host, sends TCP_BYTES bytes of a pattern, and
 *                 compares what comes back; reads are small on purpose
 *   "tcp6 PORT"   the same over IPv6
 *   "exit"        prints all counters and ends QEMU with 0
 */
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "console.h"
#include "network.h"
#include "platform.h"
#include "semihost.h"
#include "tally_lwip.h"
#include "tally_lwip_pools.h"
#include "tally_lwip_tcp.h"

#define COMMAND_PORT 5004u
#define TCP_BYTES    200000u
#define READ_BYTES   100u

static volatile uint32_t counted;
static const char *volatile connect_host;
static volatile uint16_t connect_port;
static volatile bool leaving;
static tally_lwip_tcp_t tcp;
static uint64_t longest_turn_ms; /* of main(), which sleeps for a tick in each */

void board_on_tick(void) {
    network_tick();
}

static uint32_t number(const char *digits) {
    uint32_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        value = value * 10u + (uint32_t)(*digits - '0');
    }
    return value;
}

static void on_command(const uint8_t *data, uint32_t bytes, uint64_t now_us) {
    (void)now_us;
    char text[16] = "";
    memcpy(text, data, bytes < sizeof text ? bytes : sizeof text - 1u);
    if (memcmp(text, "count", 5) == 0) {
        counted++;
    } else if (memcmp(text, "tcp", 3) == 0) {
        connect_port = (uint16_t)number(&text[5]);
        connect_host = text[3] == '6' ? "fec0::2" : "10.0.2.2";
    } else if (memcmp(text, "exit", 4) == 0) {
        leaving = true;
    }
    board_wake();
}

static uint8_t pattern(uint32_t at) {
    return (uint8_t)(at * 7u + (at >> 8));
}

static void sleep_a_tick(void) {
    board_sleep(board_now_ms() + BOARD_TICK_MS);
}

static int32_t open(const tally_transport_t *transport, const tally_peer_t *peer) {
    int32_t status = transport->open(transport->ctx, peer);
    while (status > TALLY_OPEN) {
        sleep_a_tick();
        status = transport->open(transport->ctx, peer);
    }
    return status;
}

/* Sends and receives at once until all has come back. How many bytes were as they should be. */
static uint32_t exchange(const tally_transport_t *transport) {
    uint32_t sent = 0;
    uint32_t received = 0;
    while (received < TCP_BYTES) {
        uint8_t out[READ_BYTES];
        uint8_t in[READ_BYTES];
        uint32_t size = 0;
        for (; size < sizeof out && sent + size < TCP_BYTES; size++) {
            out[size] = pattern(sent + size);
        }
        const int32_t put = size > 0 ? transport->send(transport->ctx, out, size) : 0;
        const int32_t got = transport->receive(transport->ctx, in, sizeof in);
        if (put < 0 || got < 0) {
            return received;
        }
        sent += (uint32_t)put;
        for (int32_t at = 0; at < got; at++) {
            if (in[at] != pattern(received)) {
                return received;
            }
            received++;
        }
        if (put == 0 && got == 0) {
            sleep_a_tick();
        }
    }
    return received;
}

static void try_tcp(const char *host, uint16_t port) {
    const tally_transport_t *const transport = tally_lwip_tcp_transport(&tcp);
    const tally_peer_t peer = {.host = host, .port = port};
    const int32_t status = open(transport, &peer);
    console_text("tcp: open ");
    console_signed(status);
    if (status == TALLY_OPEN) {
        console_text(" returned ");
        console_unsigned(exchange(transport));
    }
    console_text("\n");
    transport->close(transport->ctx);
}

static void put_counter(const char *name, uint32_t value) {
    console_text(name);
    console_unsigned(value);
}

static void print_counters(void) {
    tally_lwip_pool_t pool;
    for (uint32_t index = 0; tally_lwip_pool(index, &pool) == TALLY_OK; index++) {
        console_text("pool: ");
        console_text(pool.name);
        put_counter(" used ", pool.used);
        put_counter(" high ", pool.high_water);
        put_counter(" of ", pool.items);
        put_counter(" failed ", pool.failed);
        console_text("\n");
    }
    const lan9118_counters_t *const nic = network_counters();
    put_counter("nic: received ", nic->received);
    put_counter(" errors ", nic->receive_errors);
    put_counter(" held ", nic->receive_held);
    put_counter(" dropped ", nic->receive_dropped);
    put_counter(" sent ", nic->sent);
    put_counter(" errors ", nic->send_errors);
    put_counter(" no_room ", nic->send_no_room);
    put_counter("\nstack: high ", board_stack_high_water());
    put_counter("\nturn: longest ms ", (uint32_t)longest_turn_ms);
    put_counter("\ncount: ", counted);
    console_text("\n");
}

int main(void) {
    board_init();
    console_text("network: booted\n");
    if (board_reset_reason() != TALLY_RESET_POWER_ON || network_start("tally-test") != TALLY_OK ||
        network_receive(COMMAND_PORT, on_command) != TALLY_OK) {
        console_text("network: failed\n");
        semihost_exit(1);
    }
    tally_lwip_tcp_init(&tcp, &platform_port);
    while (!tally_lwip_is_up()) {
        sleep_a_tick();
    }
    console_text("network: up after ms ");
    console_unsigned((uint32_t)board_now_ms());
    console_text("\n");
    while (!leaving) {
        const uint64_t begin_ms = board_now_ms();
        sleep_a_tick();
        const uint64_t turn_ms = board_now_ms() - begin_ms;
        longest_turn_ms = turn_ms > longest_turn_ms ? turn_ms : longest_turn_ms;
        const char *const host = connect_host;
        if (host != NULL) {
            connect_host = NULL;
            try_tcp(host, connect_port);
        }
    }
    print_counters();
    semihost_exit(0);
}
