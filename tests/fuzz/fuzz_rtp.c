/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of bytes is a network: datagrams of any content, and packets that come early, late,
 * twice or from somebody else; the player's other calls in between. Whatever comes:
 *
 *   - nothing is read outside the datagram, and a payload lies inside it;
 *   - each call returns an order or an error it documents;
 *   - the counters agree with each other after every call.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "tally/stats.h"
#include "test.h"

static tally_rtp_t rtp;
static uint16_t sequence;
static uint32_t timestamp;
static uint32_t arrival_us;

static uint32_t value(enum tally_metric metric) {
    return rtp.values[(uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST];
}

/* --- what is checked ------------------------------------------------------------------------ */

static void check_losses(void) {
    const uint32_t events = value(TALLY_M_RTP_LOSS_EVENTS);
    const uint32_t least = value(TALLY_M_RTP_LOSS_DISTANCE_LEAST);
    const uint32_t sum = value(TALLY_M_RTP_LOSS_DISTANCE);
    assert_true(value(TALLY_M_RTP_BURST_LOST) >= 2 * value(TALLY_M_RTP_BURSTS));
    assert_true(value(TALLY_M_RTP_BURST_LOST) <= value(TALLY_M_RTP_BURST_PACKETS));
    assert_true(value(TALLY_M_RTP_BURST_PACKETS) <= value(TALLY_M_RTP_EXPECTED));
    assert_true(value(TALLY_M_RTP_LOSS_LONGEST) <= value(TALLY_M_RTP_EXPECTED));
    assert_true((events > 0) == (value(TALLY_M_RTP_LOSS_LONGEST) > 0));
    assert_true((events > 1) == (least != TALLY_NO_VALUE));
    assert_true(events < 2 || (least > 0 && sum >= least * (events - 1)));
    assert_true(value(TALLY_M_RTP_SEVERE_LENGTH) <= events);
    assert_true(value(TALLY_M_RTP_SEVERE_DISTANCE) <= events);
}

static void check_counters(void) {
    const uint32_t lost = value(TALLY_M_RTP_EXPECTED) - value(TALLY_M_RTP_RECEIVED);
    const uint32_t jitter_us = value(TALLY_M_RTP_JITTER);
    assert_int_equal(rtp.version % 2, 0);
    assert_int_equal(value(TALLY_M_RTP_LOST), lost);
    assert_true(value(TALLY_M_RTP_DUPLICATES) + value(TALLY_M_RTP_OUT_OF_ORDER) +
                    value(TALLY_M_RTP_RECOVERED) <=
                value(TALLY_M_RTP_RECEIVED));
    assert_true(value(TALLY_M_RTP_RESTARTS) <= value(TALLY_M_RTP_SOURCE_CHANGES));
    assert_true(jitter_us == TALLY_NO_VALUE || jitter_us < UINT32_C(1) << 27);
    check_losses();
}

static void packet(const tally_rtp_header_t *header) {
    const int32_t order = tally_rtp_packet(&rtp, header, arrival_us);
    assert_in_range(order, TALLY_RTP_NEXT, TALLY_RTP_UNSURE);
    if (order == TALLY_RTP_LATE || order == TALLY_RTP_DUPLICATE) {
        tally_rtp_discard(&rtp);
    }
}

/* --- what comes ----------------------------------------------------------------------------- */

/* A copy of just these bytes, so that the sanitizer sees a read beyond them. */
static void receive_datagram(script_t *script) {
    const uint32_t told = take(script, 1);
    const uint32_t bytes = told < script->left ? told : script->left;
    uint8_t *const datagram = malloc(bytes > 0 ? bytes : 1);
    tally_rtp_header_t header;
    assert_non_null(datagram);
    memcpy(datagram, script->at, bytes);
    script->at += bytes;
    script->left -= bytes;
    const int32_t status = tally_rtp_parse(datagram, bytes, &header);
    if (status == TALLY_OK) {
        const uint32_t before = (uint32_t)(header.payload - datagram);
        assert_true(before >= 12 && before <= bytes && header.payload_bytes <= bytes - before);
        packet(&header);
    } else {
        assert_int_equal(status, TALLY_E_CORRUPT);
        tally_rtp_invalid(&rtp);
    }
    free(datagram);
}

/* 10 ms of telephone or video later, with a network that takes up to 25 ms. */
static void receive_near(script_t *script, uint32_t ssrc) {
    sequence = (uint16_t)(sequence + take(script, 1) - 100);
    timestamp += 900;
    arrival_us += 10000 + take(script, 1) * 100;
    const tally_rtp_header_t header = {.ssrc = ssrc, .sequence = sequence, .timestamp = timestamp};
    packet(&header);
}

static void receive_far(script_t *script) {
    sequence = (uint16_t)take(script, 2);
    timestamp = take(script, 4);
    arrival_us = take(script, 4);
    const tally_rtp_header_t header = {.ssrc = 7, .sequence = sequence, .timestamp = timestamp};
    packet(&header);
}

static void receive_run(script_t *script) {
    for (uint32_t count = take(script, 1); count > 0; count--) {
        sequence++;
        timestamp += 900;
        arrival_us += 10000;
        const tally_rtp_header_t header = {.ssrc = 7, .sequence = sequence, .timestamp = timestamp};
        packet(&header);
    }
}

static void recover(script_t *script) {
    const uint16_t which = (uint16_t)(sequence + 10 - take(script, 1));
    const uint32_t recovered = value(TALLY_M_RTP_RECOVERED);
    const int32_t order = tally_rtp_recovered(&rtp, which);
    const bool counts = order == TALLY_RTP_NEXT || order == TALLY_RTP_LATE;
    assert_in_range(order, TALLY_RTP_NEXT, TALLY_RTP_UNSURE);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), recovered + (counts ? 1 : 0));
}

static void change_clock(script_t *script) {
    const uint32_t hz = take(script, 3);
    const int32_t status = tally_rtp_set_clock(&rtp, hz);
    assert_int_equal(status, hz < 1000 || hz > 1000000 ? TALLY_E_ARGUMENT : TALLY_OK);
}

static void play(script_t *script) {
    switch (take(script, 1) % 7) {
    case 0: receive_datagram(script); break;
    case 1: receive_near(script, 8); break;
    case 2: receive_far(script); break;
    case 3: receive_run(script); break;
    case 4: recover(script); break;
    case 5: change_clock(script); break;
    default: receive_near(script, 7); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script_t script = {.at = data, .left = (uint32_t)size};
    sequence = 0;
    timestamp = 0;
    arrival_us = 0;
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    const uint16_t severe_length = (uint16_t)take(&script, 1);
    tally_rtp_set_severe(&rtp, severe_length, (uint16_t)take(&script, 1));
    while (script.left > 0) {
        play(&script);
        check_counters();
    }
    return 0;
}
