/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_PLAYHEAD_H
#define TALLY_SRC_PLAYHEAD_H
/*
 * Where in the medium a session is, and which parts of it really played. The player tells its
 * position now and then; the stretch between two such positions was played if nobody broke the
 * continuity and the step was forward and no longer than the media time played meanwhile, give or
 * take 2 s, by which positions may be stale. Any other step is a jump: only the place it leads to
 * is kept. A jump ahead of up to 2 s that nobody told is not seen, and counts as played.
 *
 * Milestones are 10, 25, 50, 75, 90 and 95 percent of the duration and are reached by playing: a
 * seek beyond reaches nothing until playback goes on there, and then all below count as reached and
 * only the highest is told. 100 is the natural end alone. Each is told at most once, through
 * replays and changes of the duration too. Without a duration (live) there are none.
 *
 * Positions from 0 to 4294967295 ms (49.7 days) count; others break the continuity. All zero is a
 * session that has not played. 100 bytes of RAM; one 64-bit division, in the percentage.
 */
#include <stdbool.h>
#include <stdint.h>

#include "intervals.h"

typedef struct {
    tally_intervals_t played;
    uint32_t last_ms;         /* position told last */
    uint32_t played_media_ms; /* as told with it, low 32 bits */
    uint32_t duration_ms;     /* 0: unknown */
    uint32_t furthest_ms;     /* position reached by playing */
    uint8_t milestone;        /* highest one told, in percent */
    bool continuous;          /* what plays now follows last_ms */
} tally_playhead_t;

/* Not above 0, or above 4294967295: unknown. */
void tally_playhead_set_duration(tally_playhead_t *playhead, int64_t duration_ms);

/* What plays next does not follow what played last: seek, correction to the live edge, replay, ad,
 * standby. It counts from the next position told; where a seek's target is known, tell it. */
void tally_playhead_break(tally_playhead_t *playhead);

/* A position, told while media plays. `played_media_ms` is the media time the session has played in
 * all: time in PLAYING x speed; it never falls. Returns the milestone now reached, or 0. */
uint8_t tally_playhead_move(tally_playhead_t *playhead, int64_t position_ms,
                            uint64_t played_media_ms);

/* The medium came to its natural end: 100 the first time, then 0; 0 without a duration. The last
 * stretch counts as played only if a position at its end was told before. */
uint8_t tally_playhead_end(tally_playhead_t *playhead);

/* Media time played, each moment once however often it was seen; intervals.h has the bound. */
uint32_t tally_playhead_unique_ms(const tally_playhead_t *playhead);

/* How far playing came in percent of the duration, rounded down; 100 after a natural end, 0 without
 * a duration. */
uint8_t tally_playhead_furthest_percent(const tally_playhead_t *playhead);

#endif
