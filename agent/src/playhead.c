/* SPDX-License-Identifier: Apache-2.0 */
#include "playhead.h"

#define TOLERANCE_MS 2000u
#define THE_END      100u

static bool fits(int64_t ms) {
    return ms >= 0 && ms <= UINT32_MAX;
}

void tally_playhead_set_duration(tally_playhead_t *playhead, int64_t duration_ms) {
    playhead->duration_ms = fits(duration_ms) ? (uint32_t)duration_ms : 0;
}

void tally_playhead_break(tally_playhead_t *playhead) {
    playhead->continuous = false;
}

/* The highest milestone that playing has reached and nobody was told of. */
static uint8_t new_milestone(tally_playhead_t *playhead) {
    static const uint8_t milestones[] = {95, 90, 75, 50, 25, 10};
    if (playhead->duration_ms == 0) {
        return 0;
    }
    const uint64_t hundredfold_ms = UINT64_C(100) * playhead->furthest_ms;
    uint32_t i = 0;
    while (i < sizeof milestones &&
           (uint64_t)milestones[i] * playhead->duration_ms > hundredfold_ms) {
        i++;
    }
    if (i == sizeof milestones || milestones[i] <= playhead->milestone) {
        return 0;
    }
    playhead->milestone = milestones[i];
    return milestones[i];
}

uint8_t tally_playhead_move(tally_playhead_t *playhead, int64_t position_ms,
                            uint64_t played_media_ms) {
    if (!fits(position_ms)) {
        tally_playhead_break(playhead);
        return 0;
    }
    const uint32_t from_ms = playhead->last_ms;
    const uint32_t to_ms = (uint32_t)position_ms;
    /* A difference of low bits is never too large: at worst a stretch is not counted. */
    const uint32_t media_ms = (uint32_t)played_media_ms - playhead->played_media_ms;
    const bool forward = to_ms > from_ms && to_ms - from_ms <= (uint64_t)media_ms + TOLERANCE_MS;
    if (playhead->continuous && forward) {
        tally_intervals_add(&playhead->played, from_ms, to_ms);
        if (to_ms > playhead->furthest_ms) {
            playhead->furthest_ms = to_ms;
        }
    }
    playhead->last_ms = to_ms;
    playhead->played_media_ms = (uint32_t)played_media_ms;
    playhead->continuous = true;
    return new_milestone(playhead);
}

uint8_t tally_playhead_end(tally_playhead_t *playhead) {
    if (playhead->duration_ms == 0 || playhead->milestone == THE_END) {
        return 0;
    }
    playhead->milestone = THE_END;
    return THE_END;
}

uint32_t tally_playhead_unique_ms(const tally_playhead_t *playhead) {
    return tally_intervals_total_ms(&playhead->played);
}

uint8_t tally_playhead_furthest_percent(const tally_playhead_t *playhead) {
    const uint32_t duration_ms = playhead->duration_ms;
    if (duration_ms == 0) {
        return 0;
    }
    if (playhead->milestone == THE_END || playhead->furthest_ms >= duration_ms) {
        return THE_END;
    }
    return (uint8_t)(UINT64_C(100) * playhead->furthest_ms / duration_ms);
}
