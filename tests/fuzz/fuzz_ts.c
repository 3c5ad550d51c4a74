/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of bytes is a transport stream: packets made of it, whole or cut, at any time. Whatever
 * comes:
 *
 *   - no packet is counted twice, and none that did not come;
 *   - no PID has two rows, and a table in use has a PID;
 *   - gauges have a value once a second is over, and no spread is below zero.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzzer.h"
#include "tally/stats.h"
#include "test.h"

enum { DATAGRAM_PACKETS = 8, PACKET_MOST = 204, STEPS_US = 6 };

static tally_ts_t ts;

static uint32_t value(enum tally_metric metric) {
    return ts.values[(uint32_t)metric - (uint32_t)TALLY_M_TS_FIRST];
}

/* A sync byte mostly, a header and so much content as the script says; the rest is stuffing. */
static void make_packet(script_t *script, uint8_t *packet) {
    const uint32_t shape = take(script, 1);
    const uint32_t bytes = shape & 0x7Fu;
    memset(packet, 0xFF, TALLY_TS_BYTES);
    packet[0] = (uint8_t)((shape & 0x80u) != 0 ? take(script, 1) : 0x47);
    for (uint32_t i = 1; i < 4 + bytes; i++) {
        packet[i] = (uint8_t)take(script, 1);
    }
}

static uint32_t make_datagram(script_t *script, uint32_t size, uint8_t *datagram) {
    const uint32_t shape = take(script, 1);
    const uint32_t packets = 1u + shape % DATAGRAM_PACKETS;
    const uint32_t before = size == 192 ? 4 : 0;
    const uint32_t cut = (shape & 0x80u) != 0 ? take(script, 1) % size : 0;
    for (uint32_t i = 0; i < packets; i++) {
        make_packet(script, datagram + i * size + before);
    }
    return packets * size - cut;
}

static void check_rows(void) {
    uint32_t tables = 0;
    assert_in_range(ts.count, 2, TALLY_TS_PIDS);
    for (uint32_t i = 0; i < ts.count; i++) {
        for (uint32_t j = i + 1; j < ts.count; j++) {
            assert_int_not_equal(ts.rows[i].pid, ts.rows[j].pid);
        }
        tables += ts.rows[i].kind >= 6 ? 1 : 0;
    }
    for (uint32_t i = 0; i < TALLY_TS_PROGRAMMES; i++) {
        tables -= (ts.programmes & 1u << i) != 0 ? 1 : 0;
    }
    assert_int_equal(tables, 2); /* PAT and CAT */
}

static void check_counts(uint32_t kept) {
    const uint32_t kinds = value(TALLY_M_TS_VIDEO_PACKETS) + value(TALLY_M_TS_AUDIO_PACKETS) +
                           value(TALLY_M_TS_NULL_PACKETS) + value(TALLY_M_TS_PSI_PACKETS) +
                           value(TALLY_M_TS_TRANSPORT_ERRORS);
    assert_int_equal(value(TALLY_M_TS_PACKETS), kept);
    assert_in_range(kinds, 0, kept);
    assert_in_range(value(TALLY_M_TS_CONTINUITY_ERRORS) + value(TALLY_M_TS_DUPLICATES), 0, kept);
    assert_in_range(value(TALLY_M_TS_SCRAMBLED), 0, kept);
    assert_int_equal(ts.version % 2, 0);
    if (value(TALLY_M_TS_DELAY_FACTOR) != TALLY_NO_VALUE) {
        assert_in_range(value(TALLY_M_TS_DELAY_FACTOR), 0, value(TALLY_M_TS_DELAY_FACTOR_MOST));
    }
    if (value(TALLY_M_TS_MEDIA_LOSS) != TALLY_NO_VALUE) {
        assert_in_range(value(TALLY_M_TS_MEDIA_LOSS), 0, value(TALLY_M_TS_MEDIA_LOSS_MOST));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t sizes[] = {188, 192, 204};
    static const uint32_t steps_us[STEPS_US] = {0, 1000, 40000, 600000, 7000000, 3000000000u};
    static uint8_t datagram[DATAGRAM_PACKETS * PACKET_MOST];
    script_t script = {.at = data, .left = (uint32_t)size};
    const uint32_t bytes = sizes[take(&script, 1) % 3];
    uint32_t now_us = 0;
    uint32_t kept = 0;
    assert_int_equal(tally_ts_init_sized(&ts, bytes), TALLY_OK);
    while (script.left > 0) {
        now_us += steps_us[take(&script, 1) % STEPS_US];
        const uint32_t length = make_datagram(&script, bytes, datagram);
        const int32_t in_sync = tally_ts_packets(&ts, datagram, length, now_us);
        assert_in_range(in_sync, 0, DATAGRAM_PACKETS);
        kept += (uint32_t)in_sync;
        check_counts(kept);
        check_rows();
    }
    return 0;
}
