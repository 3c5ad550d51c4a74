/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "tally/stats.h"

#define SYNC_BYTE    0x47u
#define NULL_PID     0x1FFFu
#define SYNC_LOST    2u /* wrong sync bytes in a row */
#define SYNC_GAINED  5u /* right ones */
#define REPEATED     0x80u
#define COUNTER_MASK 0x0Fu

#define WORD(ts, metric) (&(ts)->values[(uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_TS_FIRST])

void tally_ts_init(tally_ts_t *ts) {
    memset(ts, 0, sizeof *ts);
    ts->in_sync = true;
}

static uint8_t *find_continuity(tally_ts_t *ts, uint16_t pid) {
    for (uint32_t i = 0; i < ts->pids; i++) {
        if (ts->pid[i] == pid) {
            return &ts->continuity[i];
        }
    }
    return NULL;
}

static void track(tally_ts_t *ts, uint16_t pid, uint8_t counter) {
    if (ts->pids == TALLY_TS_PIDS) {
        tally_atomic_add_owned(WORD(ts, TS_PIDS_UNTRACKED), 1);
        return;
    }
    ts->pid[ts->pids] = pid;
    ts->continuity[ts->pids] = counter;
    ts->pids++;
}

/* ISO/IEC 13818-1 2.4.3.3: the counter advances with each packet that has payload and stands
 * without; one repetition of a packet is allowed; after discontinuity_indicator all is. */
static void check_continuity(tally_ts_t *ts, const uint8_t *packet, uint16_t pid) {
    const uint8_t counter = packet[3] & COUNTER_MASK;
    const bool has_adaptation = (packet[3] & 0x20u) != 0;
    const bool has_payload = (packet[3] & 0x10u) != 0;
    const bool discontinuity = has_adaptation && packet[4] > 0 && (packet[5] & 0x80u) != 0;
    uint8_t *const state = find_continuity(ts, pid);
    if (state == NULL) {
        track(ts, pid, counter);
        return;
    }
    const uint8_t last = *state & COUNTER_MASK;
    const bool repeated = (*state & REPEATED) != 0;
    if (discontinuity || (!has_payload && counter == last)) {
        *state = counter;
        return;
    }
    if (has_payload && counter == last && !repeated) {
        *state = counter | REPEATED;
        return;
    }
    if (!has_payload || counter != ((last + 1u) & COUNTER_MASK)) {
        tally_atomic_add_owned(WORD(ts, TS_CONTINUITY_ERRORS), 1);
    }
    *state = counter;
}

static void check_packet(tally_ts_t *ts, const uint8_t *packet) {
    tally_atomic_add_owned(WORD(ts, TS_PACKETS), 1);
    if ((packet[1] & 0x80u) != 0) {
        /* The rest of a packet with transport_error_indicator cannot be believed. */
        tally_atomic_add_owned(WORD(ts, TS_TRANSPORT_ERRORS), 1);
        return;
    }
    const uint16_t pid = (uint16_t)(((packet[1] & 0x1Fu) << 8) | packet[2]);
    if (pid != NULL_PID) {
        check_continuity(ts, packet, pid);
    }
}

/* TR 101 290 1.1 and 1.2. Whether the packet with this first byte is to be looked at. */
static bool keep_sync(tally_ts_t *ts, uint8_t first) {
    if (first == SYNC_BYTE) {
        ts->bad = 0;
        if (!ts->in_sync && ++ts->good == SYNC_GAINED) {
            ts->in_sync = true;
        }
        return ts->in_sync;
    }
    ts->good = 0;
    if (ts->in_sync) {
        tally_atomic_add_owned(WORD(ts, TS_SYNC_BYTE_ERRORS), 1);
        if (++ts->bad == SYNC_LOST) {
            ts->in_sync = false;
            ts->bad = 0;
            tally_atomic_add_owned(WORD(ts, TS_SYNC_LOSSES), 1);
        }
    }
    return false;
}

int32_t tally_ts_packets(tally_ts_t *ts, const uint8_t *data, uint32_t bytes) {
    int32_t kept = 0;
    tally_atomic_update_begin(&ts->version);
    uint32_t at = 0;
    for (; bytes - at >= TALLY_TS_BYTES; at += TALLY_TS_BYTES) {
        if (keep_sync(ts, data[at])) {
            check_packet(ts, data + at);
            kept++;
        }
    }
    if (at < bytes) {
        /* Whatever follows a cut packet is not where it should be. */
        (void)keep_sync(ts, (uint8_t)~SYNC_BYTE);
    }
    tally_atomic_update_end(&ts->version);
    return kept;
}
