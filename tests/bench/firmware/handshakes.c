/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the smallest static heap, in steps of GRID, with which TLS connects HANDSHAKES times in a
 * row; prints it and ends QEMU with 0. The server answers one request and hangs up.
 */
#include <stdalign.h>
#include <stdbool.h>

#include "board.h"
#include "network.h"
#include "rig.h"
#include "semihost.h"
#include "tally/status.h"

#define HANDSHAKES 100u
#define GRID       64u

static tally_tls_t tls;
static alignas(8) uint8_t heap[16384];

void board_on_tick(void) {
    network_tick();
}

static void wait(void) {
    board_sleep(board_now_ms() + BOARD_TICK_MS);
}

/* A handshake, a request and its answer: before that a server has not accepted the device. */
static int32_t ask(const tally_transport_t *transport) {
    static const char request[] = "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    const tally_peer_t peer = rig_peer();
    int32_t status = transport->open(transport->ctx, &peer);
    while (status > TALLY_OPEN) {
        wait();
        status = transport->open(transport->ctx, &peer);
    }
    if (status == TALLY_OPEN) {
        status = transport->send(transport->ctx, (const uint8_t *)request, sizeof request - 1);
    }
    for (bool answered = false; status >= 0 && !answered;) {
        uint8_t byte;
        wait();
        status = transport->receive(transport->ctx, &byte, 1);
        answered = status > 0;
    }
    transport->close(transport->ctx);
    return status;
}

/* The heap's high-water mark after so many handshakes; 0 when memory was refused. */
static uint32_t connect(uint32_t heap_bytes, uint32_t handshakes) {
    int32_t status = rig_tls(&tls, heap, heap_bytes, rig_tcp());
    if (status == TALLY_E_TLS_MEMORY) {
        return 0;
    }
    rig_check(status, "credentials");
    for (uint32_t i = 0; i < handshakes && status >= 0; i++) {
        status = ask(tally_tls_transport(&tls));
    }
    const tally_tls_stats_t stats = tally_tls_stats(&tls);
    tally_tls_deinit(&tls);
    if (status != TALLY_E_TLS_MEMORY) {
        rig_check(status, "handshake");
    }
    return stats.heap_failed == 0 ? stats.heap_high_water : 0;
}

/* The high-water mark is where to look first. A heap has gaps, so it may need more than it uses at
 * most; and it is used a little differently when it is tight, so it may need less. */
int main(void) {
    rig_start();
    const uint32_t high_water = connect(sizeof heap, 1);
    uint32_t bytes = (high_water + GRID - 1) / GRID * GRID;
    if (connect(bytes, HANDSHAKES) != 0) {
        while (connect(bytes - GRID, HANDSHAKES) != 0) {
            bytes -= GRID;
        }
    } else {
        do {
            bytes += GRID;
        } while (connect(bytes, HANDSHAKES) == 0);
    }
    rig_print("tls.heap_static.bytes", bytes);
    semihost_exit(0);
}
