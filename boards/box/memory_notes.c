/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_notes.h"

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "network.h"
#include "tally_lwip_pools.h"

/* lwIP's pools by its own names. PBUF_POOL has no items in this configuration. */
static const struct {
    const char *name;
    enum tally_metric high;
    enum tally_metric failed;
} pools[] = {
    {"PBUF", TALLY_M_NET_BUFFERS_HIGH, TALLY_M_NET_BUFFERS_FAILED},
    {"TCP_PCB", TALLY_M_NET_TCP_HIGH, TALLY_M_NET_TCP_FAILED},
    {"TCP_PCB_LISTEN", TALLY_M_NET_LISTEN_HIGH, TALLY_M_NET_LISTEN_FAILED},
    {"TCP_SEG", TALLY_M_NET_SEGMENTS_HIGH, TALLY_M_NET_SEGMENTS_FAILED},
    {"UDP_PCB", TALLY_M_NET_UDP_HIGH, TALLY_M_NET_UDP_FAILED},
    {"SYS_TIMEOUT", TALLY_M_NET_TIMERS_HIGH, TALLY_M_NET_TIMERS_FAILED},
    {"HEAP", TALLY_M_NET_HEAP_HIGH, TALLY_M_NET_HEAP_FAILED},
};

static void note_pool(tally_t *agent, const tally_lwip_pool_t *pool) {
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        if (strcmp(pool->name, pools[i].name) == 0) {
            (void)tally_note(agent, pools[i].high, pool->high_water);
            (void)tally_note(agent, pools[i].failed, pool->failed);
        }
    }
}

void memory_notes_take(tally_t *agent, const tally_tls_t *tls) {
    (void)tally_note(agent, TALLY_M_TLS_HEAP_HIGH, tally_tls_stats(tls).heap_high_water);
    (void)tally_note(agent, TALLY_M_STACK_HIGH, board_stack_high_water());
    tally_lwip_pool_t pool;
    for (uint32_t i = 0; tally_lwip_pool(i, &pool) == TALLY_OK; i++) {
        note_pool(agent, &pool);
    }
    const lan9118_counters_t *const nic = network_counters();
    (void)tally_note(agent, TALLY_M_NET_FRAMES_FAILED,
                     (int64_t)nic->receive_errors + nic->receive_held + nic->receive_dropped);
}
