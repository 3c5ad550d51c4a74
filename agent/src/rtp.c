/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atomic.h"
#include "tally/stats.h"

/* RFC 3550 A.1. A packet further ahead than MAX_DROPOUT or further behind than MAX_MISORDER does
 * not belong to the sequence, unless the next one follows it: then the sender has restarted. */
#define MIN_SEQUENTIAL 2u
#define MAX_DROPOUT    3000u
#define MAX_MISORDER   100u

/* A timestamp that jumps this far (a new programme) is not jitter. */
#define TRANSIT_JUMP_US (UINT32_C(1) << 27)

#define HEADER_BYTES 12u
#define SEEN_PACKETS 64u

#define WORD(rtp, metric) (&(rtp)->values[(uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_RTP_FIRST])

int32_t tally_rtp_init(tally_rtp_t *rtp, uint32_t clock_rate_hz) {
    if (clock_rate_hz < 1000 || clock_rate_hz > 1000000) {
        return TALLY_E_ARGUMENT;
    }
    memset(rtp, 0, sizeof *rtp);
    rtp->us_per_tick_q16 = (uint32_t)((UINT64_C(1000000) << 16) / clock_rate_hz);
    rtp->probation = MIN_SEQUENTIAL;
    tally_atomic_store(WORD(rtp, RTP_CLOCK_RATE), clock_rate_hz);
    tally_atomic_store(WORD(rtp, RTP_JITTER), TALLY_NO_VALUE);
    return TALLY_OK;
}

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

/* Begins to count a source whose last MIN_SEQUENTIAL packets came in sequence, all of them
 * included: `highest` is the newest. What was expected of the source before stays expected. */
static void begin_source(tally_rtp_t *rtp, uint32_t highest) {
    rtp->expected_past = tally_atomic_load(WORD(rtp, RTP_EXPECTED));
    /* One lap up, so that the base of a source that begins at 0 is not negative. */
    rtp->highest = highest + 0x10000u;
    rtp->base = rtp->highest - (MIN_SEQUENTIAL - 1);
    rtp->seen = (UINT64_C(1) << MIN_SEQUENTIAL) - 1;
    rtp->resyncing = false;
    tally_atomic_add_owned(WORD(rtp, RTP_RECEIVED), MIN_SEQUENTIAL - 1);
}

static void enter_probation(tally_rtp_t *rtp, uint32_t ssrc) {
    rtp->ssrc = ssrc;
    rtp->probation = MIN_SEQUENTIAL;
    rtp->resyncing = false;
    rtp->has_previous = false;
}

static enum tally_rtp_order on_probation(tally_rtp_t *rtp, uint16_t sequence) {
    const bool first = rtp->probation == MIN_SEQUENTIAL;
    if (!first && sequence != (uint16_t)(rtp->highest + 1)) {
        rtp->highest = sequence;
        return TALLY_RTP_UNSURE;
    }
    rtp->highest = sequence;
    rtp->probation--;
    if (rtp->probation > 0) {
        return TALLY_RTP_UNSURE;
    }
    begin_source(rtp, sequence);
    return TALLY_RTP_NEXT;
}

static enum tally_rtp_order on_advance(tally_rtp_t *rtp, uint32_t ahead) {
    rtp->highest += ahead;
    rtp->seen = (ahead < SEEN_PACKETS ? rtp->seen << ahead : 0) | 1u;
    return TALLY_RTP_NEXT;
}

static enum tally_rtp_order on_behind(tally_rtp_t *rtp, uint32_t behind) {
    if (behind < SEEN_PACKETS) {
        const uint64_t bit = UINT64_C(1) << behind;
        if ((rtp->seen & bit) != 0) {
            tally_atomic_add_owned(WORD(rtp, RTP_DUPLICATES), 1);
            return TALLY_RTP_DUPLICATE;
        }
        rtp->seen |= bit;
    }
    tally_atomic_add_owned(WORD(rtp, RTP_OUT_OF_ORDER), 1);
    return TALLY_RTP_LATE;
}

/* A packet far from the sequence: believed once its successor follows. */
static enum tally_rtp_order on_jump(tally_rtp_t *rtp, uint16_t sequence) {
    if (rtp->resyncing && sequence == rtp->resync) {
        begin_source(rtp, sequence);
        rtp->has_previous = false;
        tally_atomic_add_owned(WORD(rtp, RTP_SOURCE_CHANGES), 1);
        return TALLY_RTP_NEXT;
    }
    rtp->resync = (uint16_t)(sequence + 1);
    rtp->resyncing = true;
    return TALLY_RTP_UNSURE;
}

static enum tally_rtp_order order(tally_rtp_t *rtp, uint16_t sequence) {
    if (rtp->probation > 0) {
        return on_probation(rtp, sequence);
    }
    const uint16_t ahead = (uint16_t)(sequence - rtp->highest);
    const uint16_t behind = (uint16_t)(rtp->highest - sequence);
    const bool advances = ahead != 0 && ahead < MAX_DROPOUT;
    if (!advances && behind > MAX_MISORDER) {
        return on_jump(rtp, sequence);
    }
    rtp->resyncing = false;
    return advances ? on_advance(rtp, ahead) : on_behind(rtp, behind);
}

/* A.8 in microseconds: D is the change of transit time, J gains D/16 less J/16. */
static void update_jitter(tally_rtp_t *rtp, uint32_t timestamp, uint32_t arrival_us) {
    const int32_t ticks = (int32_t)(timestamp - rtp->timestamp);
    const int64_t sent_us = ((int64_t)ticks * rtp->us_per_tick_q16) >> 16;
    const int64_t change_us = (int32_t)(arrival_us - rtp->arrival_us) - sent_us;
    const uint64_t distance_us = (uint64_t)(change_us < 0 ? -change_us : change_us);
    if (rtp->has_previous && distance_us < TRANSIT_JUMP_US) {
        rtp->jitter_q4_us += (uint32_t)distance_us - ((rtp->jitter_q4_us + 8) >> 4);
        tally_atomic_store(WORD(rtp, RTP_JITTER), rtp->jitter_q4_us >> 4);
    }
    rtp->timestamp = timestamp;
    rtp->arrival_us = arrival_us;
    rtp->has_previous = true;
}

/* Expected, received and lost after a packet that belongs to the source (A.3). */
static void update_loss(tally_rtp_t *rtp) {
    tally_atomic_add_owned(WORD(rtp, RTP_RECEIVED), 1);
    const uint32_t expected = rtp->expected_past + rtp->highest - rtp->base + 1;
    tally_atomic_store(WORD(rtp, RTP_EXPECTED), expected);
    tally_atomic_store(WORD(rtp, RTP_LOST), expected - tally_atomic_load(WORD(rtp, RTP_RECEIVED)));
}

int32_t tally_rtp_packet(tally_rtp_t *rtp, const tally_rtp_header_t *header, uint32_t arrival_us) {
    tally_atomic_update_begin(&rtp->version);
    const bool first = rtp->probation == MIN_SEQUENTIAL;
    if (!first && header->ssrc != rtp->ssrc) {
        tally_atomic_add_owned(WORD(rtp, RTP_SOURCE_CHANGES), 1);
    }
    if (first || header->ssrc != rtp->ssrc) {
        enter_probation(rtp, header->ssrc);
    }
    const bool on_trial = rtp->probation > 0;
    const enum tally_rtp_order result = order(rtp, header->sequence);
    if (result != TALLY_RTP_UNSURE) {
        update_loss(rtp);
    }
    /* A stray packet far from the sequence says nothing about transit times. */
    if (on_trial || result != TALLY_RTP_UNSURE) {
        update_jitter(rtp, header->timestamp, arrival_us);
    }
    tally_atomic_add_owned(WORD(rtp, RTP_BYTES), header->payload_bytes);
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
