/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "atomic.h"
#include "tally/stats.h"

/* W3C webrtc-stats, freezeCount. Fewer gaps than the least say too little of the average (libwebrtc
 * wants 5, with the gap that is judged). */
#define FREEZE_MORE_US 150000u
#define MOST_GAPS      30u
#define LEAST_GAPS     4u

/* A longer gap, 134 s, begins a new average: the sum of 30 has room in 32 bits. */
#define AVERAGED_MOST_US  (UINT32_C(1) << 27)
#define TIME_WENT_BACK_US (UINT32_C(1) << 31)

/* The agent reads signed words by their differences, which must lie within 32 bits themselves.
 * Two's complement of 31 bits is what Arm saturates to with one instruction. */
#define OFFSET_MOST_MS  ((INT32_C(1) << 30) - 1)
#define OFFSET_LEAST_MS (-OFFSET_MOST_MS - 1)

_Static_assert(MOST_GAPS < TALLY_FRAME_TIMES, "30 gaps lie between 31 frames");

#define WORD(frames, metric)                                                                       \
    (&(frames)->values[(uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_FRAMES_FIRST])

void tally_frames_init(tally_frames_t *frames) {
    memset(frames, 0, sizeof *frames);
    *WORD(frames, AV_OFFSET) = TALLY_NO_SIGNED;
    *WORD(frames, FRAME_WIDTH_NOW) = TALLY_NO_VALUE;
    *WORD(frames, FRAME_HEIGHT_NOW) = TALLY_NO_VALUE;
}

/* --- counts: the version is for words that belong together, one alone cannot be torn ---------- */

void tally_frames_received(tally_frames_t *frames, uint32_t count) {
    tally_atomic_add_owned(WORD(frames, FRAMES_RECEIVED), count);
}

void tally_frames_corrupted(tally_frames_t *frames, uint32_t count) {
    tally_atomic_add_owned(WORD(frames, FRAMES_CORRUPTED), count);
}

void tally_frames_lost(tally_frames_t *frames, uint32_t count) {
    tally_atomic_add_owned(WORD(frames, FRAMES_LOST), count);
}

void tally_frames_concealed(tally_frames_t *frames, uint32_t count) {
    tally_atomic_add_owned(WORD(frames, FRAMES_CONCEALED), count);
}

void tally_frames_dropped(tally_frames_t *frames, uint32_t count) {
    if (!frames->is_held) {
        tally_atomic_add_owned(WORD(frames, FRAMES_DROPPED), count);
    }
}

void tally_frames_decoded(tally_frames_t *frames, bool is_key) {
    if (!is_key) {
        tally_atomic_add_owned(WORD(frames, FRAMES_DECODED), 1);
        return;
    }
    tally_atomic_update_begin(&frames->version);
    tally_atomic_add_owned(WORD(frames, FRAMES_DECODED), 1);
    tally_atomic_add_owned(WORD(frames, KEY_FRAMES_DECODED), 1);
    tally_atomic_update_end(&frames->version);
}

void tally_frames_size(tally_frames_t *frames, uint16_t width, uint16_t height) {
    tally_atomic_update_begin(&frames->version);
    tally_atomic_store(WORD(frames, FRAME_WIDTH_NOW), width);
    tally_atomic_store(WORD(frames, FRAME_HEIGHT_NOW), height);
    tally_atomic_update_end(&frames->version);
}

void tally_frames_av_resync(tally_frames_t *frames) {
    tally_atomic_add_owned(WORD(frames, AV_RESYNCS), 1);
}

void tally_frames_av_offset(tally_frames_t *frames, int32_t offset_ms) {
    const int32_t within_ms = offset_ms > OFFSET_MOST_MS    ? OFFSET_MOST_MS
                              : offset_ms < OFFSET_LEAST_MS ? OFFSET_LEAST_MS
                                                            : offset_ms;
    tally_atomic_store(WORD(frames, AV_OFFSET), (uint32_t)within_ms);
}

/* --- buffers -------------------------------------------------------------------------------- */

/* Where a buffer's figures stand, the same for each: enum tally_buffer. */
enum { UNDERRUNS, OVERRUNS, EMPTY_TIME, BUFFER_WORDS };

_Static_assert((int)TALLY_M_DEJITTER_UNDERRUNS - (int)TALLY_M_DECODER_UNDERRUNS ==
                       (int)TALLY_BUFFER_DEJITTER * (int)BUFFER_WORDS &&
                   (int)TALLY_M_DEJITTER_EMPTY_TIME - (int)TALLY_M_DECODER_EMPTY_TIME ==
                       (int)TALLY_BUFFER_DEJITTER * (int)BUFFER_WORDS,
               "the rows of the buffers follow each other");

/* Brings an underrun's time up to `time_us`. */
static void account_buffer(tally_buffer_t *buffer, uint32_t *words, bool is_held,
                           uint32_t time_us) {
    const uint32_t passed_us = time_us - buffer->since_us;
    if (buffer->in_underrun && passed_us < TIME_WENT_BACK_US && !is_held) {
        const uint32_t empty_us = buffer->rest_us + passed_us;
        tally_atomic_add_owned(&words[EMPTY_TIME], empty_us / 1000);
        buffer->rest_us = (uint16_t)(empty_us % 1000);
    }
    buffer->since_us = time_us;
}

/* Is in this state, held or not, from `time_us` on. An empty buffer that has been filled before is
 * in an underrun, unless it is held. */
static void update_buffer(tally_frames_t *frames, uint32_t which, uint32_t state, bool is_held,
                          uint32_t time_us) {
    const uint32_t first = (uint32_t)TALLY_M_DECODER_UNDERRUNS - (uint32_t)TALLY_M_FRAMES_FIRST;
    uint32_t *const words = &frames->values[first + which * BUFFER_WORDS];
    tally_buffer_t *const buffer = &frames->buffers[which];
    account_buffer(buffer, words, frames->is_held, time_us);
    if (state != TALLY_BUFFER_EMPTY) {
        buffer->was_filled = true;
        buffer->in_underrun = false;
    } else if (buffer->was_filled && !buffer->in_underrun && !is_held) {
        buffer->in_underrun = true;
        tally_atomic_add_owned(&words[UNDERRUNS], 1);
    }
    if (state == TALLY_BUFFER_FULL && buffer->state != TALLY_BUFFER_FULL && !is_held) {
        tally_atomic_add_owned(&words[OVERRUNS], 1);
    }
    buffer->state = (uint8_t)state;
}

int32_t tally_frames_buffer(tally_frames_t *frames, enum tally_buffer which,
                            enum tally_buffer_state state, uint32_t time_us) {
    if ((uint32_t)which >= TALLY_BUFFERS || (uint32_t)state > TALLY_BUFFER_FULL) {
        return TALLY_E_ARGUMENT;
    }
    tally_atomic_update_begin(&frames->version);
    update_buffer(frames, which, state, frames->is_held, time_us);
    tally_atomic_update_end(&frames->version);
    return TALLY_OK;
}

void tally_frames_hold(tally_frames_t *frames, bool on, uint32_t time_us) {
    tally_atomic_update_begin(&frames->version);
    for (uint32_t i = 0; i < TALLY_BUFFERS; i++) {
        update_buffer(frames, i, frames->buffers[i].state, on, time_us);
    }
    frames->is_held = on;
    frames->shown = 0;
    tally_atomic_update_end(&frames->version);
}

/* --- freezes -------------------------------------------------------------------------------- */

static uint32_t time_before(const tally_frames_t *frames, uint32_t back) {
    return frames->times_us[(frames->shown - back) % TALLY_FRAME_TIMES];
}

/* gap >= max(3 x average, average + 150 ms), times the number of gaps that are averaged. They lie
 * between two frames each: their sum is the time from the first frame to the last. */
static bool is_freeze(const tally_frames_t *frames, uint32_t gap_us) {
    if (frames->shown <= LEAST_GAPS || gap_us >= TIME_WENT_BACK_US) {
        return false;
    }
    const uint32_t gaps = frames->shown <= MOST_GAPS ? frames->shown - 1 : MOST_GAPS;
    const uint64_t sum_us = time_before(frames, 1) - time_before(frames, 1 + gaps);
    const uint64_t scaled_us = (uint64_t)gap_us * gaps;
    return scaled_us >= 3 * sum_us && scaled_us >= sum_us + (uint64_t)FREEZE_MORE_US * gaps;
}

static void judge_gap(tally_frames_t *frames, uint32_t gap_us) {
    if (is_freeze(frames, gap_us)) {
        const uint32_t frozen_us = frames->freeze_rest_us + gap_us;
        tally_atomic_update_begin(&frames->version);
        tally_atomic_add_owned(WORD(frames, FREEZES), 1);
        tally_atomic_add_owned(WORD(frames, FREEZE_TIME), frozen_us / 1000);
        tally_atomic_update_end(&frames->version);
        frames->freeze_rest_us = frozen_us % 1000;
    }
    if (gap_us > AVERAGED_MOST_US) {
        frames->shown = 0;
    }
}

static void keep_time(tally_frames_t *frames, uint32_t time_us) {
    const uint32_t gap_us = time_us - time_before(frames, 1);
    /* No freeze is shorter, so that this comparison is all there is to do for most frames. */
    if (gap_us >= FREEZE_MORE_US) {
        judge_gap(frames, gap_us);
    }
    frames->times_us[frames->shown % TALLY_FRAME_TIMES] = time_us;
    frames->shown++;
}

void tally_frames_rendered(tally_frames_t *frames, uint32_t time_us) {
    tally_atomic_add_owned(WORD(frames, FRAMES_RENDERED), 1);
    if (!frames->is_held) {
        keep_time(frames, time_us);
    }
}

/* --- totals of a sink ----------------------------------------------------------------------- */

static uint32_t advance(uint64_t *last, uint64_t total) {
    const uint64_t more = total > *last ? total - *last : 0;
    *last = total;
    return (uint32_t)more;
}

void tally_frames_totals(tally_frames_t *frames, uint64_t rendered, uint64_t dropped) {
    const uint32_t more_rendered = advance(&frames->total_rendered, rendered);
    const uint32_t more_dropped = advance(&frames->total_dropped, dropped);
    const bool counts = frames->has_totals && !frames->is_held;
    frames->has_totals = true;
    if (counts) {
        tally_atomic_update_begin(&frames->version);
        tally_atomic_add_owned(WORD(frames, FRAMES_RENDERED), more_rendered);
        tally_atomic_add_owned(WORD(frames, FRAMES_DROPPED), more_dropped);
        tally_atomic_update_end(&frames->version);
    }
}
