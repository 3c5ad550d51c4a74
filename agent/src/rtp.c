/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet that comes in order after 64 others that all came takes the short way of
 * tally_rtp_packet(). Whatever else may happen is decided out of line.
 *
 * Packets have numbers beside their 16 bits: how many were expected once they are the highest. The
 * numbers go on from source to source, and so do the distances between losses.
 */
#include <string.h>

#include "atomic.h"
#include "tally/stats.h"

/* RFC 3550 A.1. A packet MAX_DROPOUT or more ahead or MAX_MISORDER or more behind does not belong
 * to the sequence, unless the next one follows it: then the sender has restarted. */
#define MIN_SEQUENTIAL 2u
#define MAX_DROPOUT    3000u
#define MAX_MISORDER   100u

/* A timestamp that jumps this far (a new programme) is not jitter. */
#define TRANSIT_JUMP_US (UINT32_C(1) << 27)

/* RFC 3611 4.7.2: so many packets received in a row end a burst. */
#define GMIN 16u

/* No standard has a default: 5 datagrams of 7 TS packets are a picture's worth, 100 are 0.2 s at
 * 5 Mbit/s. */
#define SEVERE_LENGTH   5u
#define SEVERE_DISTANCE 100u

#define HEADER_BYTES 12u
#define WINDOW       64u      /* packets, the highest and those before it */
#define LONG_WAY     0x10000u /* beside a sequence number: no packet has this one */

#define WORD(rtp, metric)         (&(rtp)->values[(uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_RTP_FIRST])
#define ADD(rtp, metric, amount)  tally_atomic_add_owned(WORD(rtp, metric), (amount))
#define READ(rtp, metric)         tally_atomic_load(WORD(rtp, metric))
#define STORE(rtp, metric, value) tally_atomic_store(WORD(rtp, metric), (value))

static bool is_clock_rate(uint32_t hz) {
    return hz >= 1000 && hz <= 1000000;
}

/* Jitter begins anew; what else is counted goes on. */
static void use_clock(tally_rtp_t *rtp, uint32_t hz) {
    rtp->us_per_tick_q22 = (uint32_t)(((UINT64_C(1000000) << 22) + hz / 2) / hz);
    rtp->jitter_q4_us = 0;
    rtp->has_previous = false;
    rtp->trial_has_previous = false;
    rtp->next |= LONG_WAY;
    STORE(rtp, RTP_CLOCK_RATE, hz);
    STORE(rtp, RTP_JITTER, TALLY_NO_VALUE);
}

int32_t tally_rtp_init(tally_rtp_t *rtp, uint32_t clock_rate_hz) {
    if (!is_clock_rate(clock_rate_hz)) {
        return TALLY_E_ARGUMENT;
    }
    memset(rtp, 0, sizeof *rtp);
    rtp->severe_length = SEVERE_LENGTH;
    rtp->severe_distance = SEVERE_DISTANCE;
    use_clock(rtp, clock_rate_hz);
    STORE(rtp, RTP_LOSS_DISTANCE_LEAST, TALLY_NO_VALUE);
    return TALLY_OK;
}

int32_t tally_rtp_set_clock(tally_rtp_t *rtp, uint32_t clock_rate_hz) {
    if (!is_clock_rate(clock_rate_hz)) {
        return TALLY_E_ARGUMENT;
    }
    if (clock_rate_hz != READ(rtp, RTP_CLOCK_RATE)) {
        tally_atomic_update_begin(&rtp->version);
        use_clock(rtp, clock_rate_hz);
        tally_atomic_update_end(&rtp->version);
    }
    return TALLY_OK;
}

void tally_rtp_set_severe(tally_rtp_t *rtp, uint16_t length, uint16_t distance) {
    rtp->severe_length = length;
    rtp->severe_distance = distance;
}

/* --- datagrams ------------------------------------------------------------------------------ */

static uint32_t read_be16(const uint8_t *at) {
    return ((uint32_t)at[0] << 8) | at[1];
}

static uint32_t read_be32(const uint8_t *at) {
    return (read_be16(at) << 16) | read_be16(at + 2);
}

/* Bytes before the payload: fixed header, CSRC list and extension; 0 if they are cut short. */
static uint32_t header_bytes(const uint8_t *datagram, uint32_t bytes) {
    uint32_t header = HEADER_BYTES + 4u * (datagram[0] & 0x0Fu);
    const bool extended = (datagram[0] & 0x10u) != 0;
    if (extended && header + 4 <= bytes) {
        header += 4 + 4 * read_be16(datagram + header + 2);
    } else if (extended) {
        return 0;
    }
    return header <= bytes ? header : 0;
}

int32_t tally_rtp_parse(const uint8_t *datagram, uint32_t bytes, tally_rtp_header_t *out) {
    if (bytes < HEADER_BYTES || (datagram[0] & 0xC0u) != 0x80u) {
        return TALLY_E_CORRUPT;
    }
    const uint32_t header = header_bytes(datagram, bytes);
    if (header == 0) {
        return TALLY_E_CORRUPT;
    }
    const bool padded = (datagram[0] & 0x20u) != 0;
    const uint32_t padding = padded ? datagram[bytes - 1] : 0;
    if (padding > bytes - header || (padded && padding == 0)) {
        return TALLY_E_CORRUPT;
    }
    *out = (tally_rtp_header_t){
        .timestamp = read_be32(datagram + 4),
        .ssrc = read_be32(datagram + 8),
        .sequence = (uint16_t)read_be16(datagram + 2),
        .payload_type = datagram[1] & 0x7Fu,
        .marker = (datagram[1] & 0x80u) != 0,
        .payload = datagram + header,
        .payload_bytes = bytes - header - padding,
    };
    return TALLY_OK;
}

/* --- losses --------------------------------------------------------------------------------- */

/* `received`: packets between this loss event and the one before. */
static void count_distance(tally_rtp_t *rtp, uint32_t received) {
    ADD(rtp, RTP_LOSS_DISTANCE, received);
    if (received < READ(rtp, RTP_LOSS_DISTANCE_LEAST)) {
        STORE(rtp, RTP_LOSS_DISTANCE_LEAST, received);
    }
    if (received < rtp->severe_distance) {
        ADD(rtp, RTP_SEVERE_DISTANCE, 1);
    }
}

/* `count` more packets of the current run are lost. */
static void extend_run(tally_rtp_t *rtp, uint32_t count) {
    const uint32_t before = rtp->run;
    rtp->run += count;
    if (before < rtp->severe_length && rtp->run >= rtp->severe_length) {
        ADD(rtp, RTP_SEVERE_LENGTH, 1);
    }
    if (rtp->run > READ(rtp, RTP_LOSS_LONGEST)) {
        STORE(rtp, RTP_LOSS_LONGEST, rtp->run);
    }
}

/* `is_near`: fewer than GMIN were received since the last loss, which then is in the burst too. A
 * single loss with GMIN received on either side is none: it takes the second to make a burst. */
static void extend_burst(tally_rtp_t *rtp, bool is_near, uint32_t received, uint32_t count) {
    if (!is_near && count == 1) {
        rtp->in_burst = false;
        return;
    }
    const bool begins = !is_near || !rtp->in_burst;
    const uint32_t single = begins && is_near ? 1 : 0;
    ADD(rtp, RTP_BURSTS, begins ? 1 : 0);
    ADD(rtp, RTP_BURST_LOST, single + count);
    ADD(rtp, RTP_BURST_PACKETS, single + (is_near ? received : 0) + count);
    rtp->in_burst = true;
}

/* Packets number `first` and on are lost for good, error correction and all. */
static void lose(tally_rtp_t *rtp, uint32_t first, uint32_t count) {
    const bool is_first = rtp->run == 0;
    const uint32_t received = first - rtp->last_lost - 1;
    if (is_first || received > 0) {
        ADD(rtp, RTP_LOSS_EVENTS, 1);
        rtp->run = 0;
    }
    if (!is_first && received > 0) {
        count_distance(rtp, received);
    }
    extend_run(rtp, count);
    extend_burst(rtp, !is_first && received < GMIN, received, count);
    rtp->last_lost = first + count - 1;
}

/* The same had nothing been recovered. Packet number 1 is never lost: counting begins with it. */
static void lose_before(tally_rtp_t *rtp, uint32_t first, uint32_t count) {
    if (first != rtp->last_lost_before + 1) {
        ADD(rtp, RTP_LOSS_EVENTS_BEFORE, 1);
    }
    rtp->last_lost_before = first + count - 1;
}

/* The window moves on by so many packets, all missing for now. What is missing of the oldest, which
 * leave it, stays missing. */
static void move_window(tally_rtp_t *rtp, uint32_t packets) {
    const uint32_t oldest = READ(rtp, RTP_EXPECTED) - (WINDOW - 1);
    for (uint32_t i = 0; i < packets; i++) {
        if (rtp->missing >> (WINDOW - 1) != 0) {
            lose(rtp, oldest + i, 1);
        }
        if (rtp->missing_before >> (WINDOW - 1) != 0) {
            lose_before(rtp, oldest + i, 1);
        }
        rtp->missing = rtp->missing << 1 | 1;
        rtp->missing_before = rtp->missing_before << 1 | 1;
    }
}

/* --- sequence ------------------------------------------------------------------------------- */

/* The highest sequence number goes up. What lies between is missing for now, and so is itself. */
static void advance(tally_rtp_t *rtp, uint32_t ahead) {
    move_window(rtp, ahead < WINDOW ? ahead : WINDOW);
    if (ahead > WINDOW) {
        const uint32_t first = READ(rtp, RTP_EXPECTED) + 1;
        lose(rtp, first, ahead - WINDOW);
        lose_before(rtp, first, ahead - WINDOW);
    }
    rtp->next = (uint16_t)(rtp->next + ahead);
    ADD(rtp, RTP_EXPECTED, ahead);
}

/* Packets expected of the source, as far as we know it. */
static uint32_t expected_of_source(const tally_rtp_t *rtp) {
    return READ(rtp, RTP_EXPECTED) - rtp->first;
}

/* A packet of the believed source is here. It does not belong to the sequence if it is `too_far`
 * behind or more: TALLY_RTP_UNSURE. */
static enum tally_rtp_order place(tally_rtp_t *rtp, uint16_t sequence, uint32_t too_far,
                                  bool is_recovered) {
    const uint16_t ahead = (uint16_t)(sequence - rtp->next + 1);
    const bool advances = ahead != 0 && ahead < MAX_DROPOUT;
    const uint16_t behind = advances ? 0 : (uint16_t)(0u - ahead);
    if (behind >= too_far) {
        return TALLY_RTP_UNSURE;
    }
    if (advances) {
        advance(rtp, ahead);
    }
    const uint64_t bit = behind < WINDOW ? UINT64_C(1) << behind : 0;
    const bool is_known = bit != 0 && (rtp->missing & bit) == 0 && behind < expected_of_source(rtp);
    rtp->missing &= ~bit;
    if (!is_recovered) {
        rtp->missing_before &= ~bit;
    }
    return advances ? TALLY_RTP_NEXT : is_known ? TALLY_RTP_DUPLICATE : TALLY_RTP_LATE;
}

/* --- sources -------------------------------------------------------------------------------- */

/* The one on trial is believed, with all MIN_SEQUENTIAL packets. What is missing of the one before
 * will not come any more. */
static void begin_source(tally_rtp_t *rtp) {
    move_window(rtp, WINDOW);
    if (rtp->is_believed) {
        ADD(rtp, RTP_SOURCE_CHANGES, 1);
        ADD(rtp, RTP_RESTARTS, rtp->trial_ssrc == rtp->ssrc ? 1 : 0);
    }
    if (rtp->trial_ssrc != rtp->ssrc) {
        rtp->jitter_q4_us = 0;
    }
    rtp->missing = 0;
    rtp->missing_before = 0;
    rtp->first = READ(rtp, RTP_EXPECTED);
    rtp->ssrc = rtp->trial_ssrc;
    rtp->next = rtp->trial_next;
    rtp->arrival_us = rtp->trial_arrival_us;
    rtp->timestamp = rtp->trial_timestamp;
    rtp->has_previous = rtp->trial_has_previous;
    rtp->is_believed = true;
    ADD(rtp, RTP_EXPECTED, MIN_SEQUENTIAL);
    ADD(rtp, RTP_RECEIVED, MIN_SEQUENTIAL - 1); /* the last one is counted by the caller */
}

/* A packet of no source we know, or far from the sequence of the one we do. */
static enum tally_rtp_order on_trial(tally_rtp_t *rtp, const tally_rtp_header_t *header,
                                     uint32_t arrival_us) {
    const bool follows = rtp->trial_packets > 0 && header->ssrc == rtp->trial_ssrc &&
                         header->sequence == rtp->trial_next;
    rtp->trial_packets = (uint8_t)(follows ? rtp->trial_packets + 1 : 1);
    rtp->trial_ssrc = header->ssrc;
    rtp->trial_next = (uint16_t)(header->sequence + 1);
    rtp->ssrc = rtp->is_believed ? rtp->ssrc : header->ssrc;
    if (rtp->trial_packets == MIN_SEQUENTIAL) {
        rtp->trial_packets = 0;
        begin_source(rtp);
        return TALLY_RTP_NEXT;
    }
    rtp->trial_arrival_us = arrival_us;
    rtp->trial_timestamp = header->timestamp;
    rtp->trial_has_previous = true;
    return TALLY_RTP_UNSURE;
}

static enum tally_rtp_order on_packet(tally_rtp_t *rtp, const tally_rtp_header_t *header,
                                      uint32_t arrival_us) {
    const bool is_believed = rtp->is_believed && header->ssrc == rtp->ssrc;
    const enum tally_rtp_order order =
        is_believed ? place(rtp, header->sequence, MAX_MISORDER, false) : TALLY_RTP_UNSURE;
    if (order == TALLY_RTP_UNSURE) {
        return on_trial(rtp, header, arrival_us);
    }
    rtp->trial_packets = 0; /* the believed source is alive */
    ADD(rtp, RTP_DUPLICATES, order == TALLY_RTP_DUPLICATE ? 1 : 0);
    ADD(rtp, RTP_OUT_OF_ORDER, order == TALLY_RTP_LATE ? 1 : 0);
    return order;
}

/* --- jitter --------------------------------------------------------------------------------- */

static void remember(tally_rtp_t *rtp, uint32_t timestamp, uint32_t arrival_us) {
    rtp->timestamp = timestamp;
    rtp->arrival_us = arrival_us;
}

/* A.8 in microseconds: D is the change of transit time since the packet before, J gains D/16 less
 * J/16. The time between two timestamps is rounded to the nearest; it is computed 2^31 ticks later,
 * so that no negative number is shifted. */
static void update_jitter(tally_rtp_t *rtp, uint32_t timestamp, uint32_t arrival_us) {
    const uint64_t ticks = (timestamp - rtp->timestamp) ^ (UINT32_C(1) << 31);
    const uint64_t later_us = (ticks * rtp->us_per_tick_q22 + (UINT32_C(1) << 21)) >> 22;
    const int64_t sent_us = (int64_t)later_us - ((int64_t)rtp->us_per_tick_q22 << (31 - 22));
    const int64_t change_us = (int32_t)(arrival_us - rtp->arrival_us) - sent_us;
    const uint64_t distance_us = (uint64_t)(change_us < 0 ? -change_us : change_us);
    if (distance_us < TRANSIT_JUMP_US) {
        rtp->jitter_q4_us += (uint32_t)distance_us - ((rtp->jitter_q4_us + 8) >> 4);
        STORE(rtp, RTP_JITTER, rtp->jitter_q4_us >> 4);
    }
    remember(rtp, timestamp, arrival_us);
}

/* --- packets -------------------------------------------------------------------------------- */

/* A packet that belongs to the source has come or is as good as come (A.3). */
static void count_received(tally_rtp_t *rtp) {
    ADD(rtp, RTP_RECEIVED, 1);
    STORE(rtp, RTP_LOST, READ(rtp, RTP_EXPECTED) - READ(rtp, RTP_RECEIVED));
}

/* May the next packet in sequence take the short way? */
static void look_ahead(tally_rtp_t *rtp) {
    const bool is_calm = rtp->has_previous && rtp->trial_packets == 0 && rtp->missing_before == 0;
    rtp->next = (uint16_t)rtp->next | (is_calm ? 0 : LONG_WAY);
}

/* Ends the update that tally_rtp_packet() began. */
__attribute__((noinline)) static int32_t
long_way(tally_rtp_t *rtp, const tally_rtp_header_t *header, uint32_t arrival_us) {
    const enum tally_rtp_order result = on_packet(rtp, header, arrival_us);
    /* A packet not believed says nothing about transit times. */
    if (result != TALLY_RTP_UNSURE) {
        count_received(rtp);
        if (rtp->has_previous) {
            update_jitter(rtp, header->timestamp, arrival_us);
        } else {
            remember(rtp, header->timestamp, arrival_us);
        }
        rtp->has_previous = true;
    }
    look_ahead(rtp);
    tally_atomic_update_end(&rtp->version);
    return (int32_t)result;
}

int32_t tally_rtp_packet(tally_rtp_t *rtp, const tally_rtp_header_t *header, uint32_t arrival_us) {
    tally_atomic_update_begin(&rtp->version);
    ADD(rtp, RTP_BYTES, header->payload_bytes);
    if (header->sequence != rtp->next || header->ssrc != rtp->ssrc) {
        return long_way(rtp, header, arrival_us);
    }
    rtp->next = (uint16_t)(header->sequence + 1);
    ADD(rtp, RTP_EXPECTED, 1);
    ADD(rtp, RTP_RECEIVED, 1);
    update_jitter(rtp, header->timestamp, arrival_us);
    tally_atomic_update_end(&rtp->version);
    return TALLY_RTP_NEXT;
}

int32_t tally_rtp_recovered(tally_rtp_t *rtp, uint16_t sequence) {
    if (!rtp->is_believed) {
        return TALLY_RTP_UNSURE;
    }
    tally_atomic_update_begin(&rtp->version);
    const uint32_t expected = expected_of_source(rtp);
    const enum tally_rtp_order result =
        place(rtp, sequence, expected < MAX_DROPOUT ? expected : MAX_DROPOUT, true);
    if (result == TALLY_RTP_NEXT || result == TALLY_RTP_LATE) {
        ADD(rtp, RTP_RECOVERED, 1);
        count_received(rtp);
        look_ahead(rtp);
    }
    tally_atomic_update_end(&rtp->version);
    return (int32_t)result;
}

static void count_one(tally_rtp_t *rtp, uint32_t *word) {
    tally_atomic_update_begin(&rtp->version);
    tally_atomic_add_owned(word, 1);
    tally_atomic_update_end(&rtp->version);
}

void tally_rtp_discard(tally_rtp_t *rtp) {
    count_one(rtp, WORD(rtp, RTP_DISCARDED));
}

void tally_rtp_invalid(tally_rtp_t *rtp) {
    count_one(rtp, WORD(rtp, RTP_INVALID));
}
