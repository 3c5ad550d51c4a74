/* SPDX-License-Identifier: Apache-2.0 */
#include "intervals.h"

#include <string.h>

/* Makes the stretch part of the set and returns how many ms of it were not. */
static uint32_t cover(tally_intervals_t *set, uint32_t begin_ms, uint32_t end_ms) {
    tally_interval_t *const end = set->stretches + set->count;
    tally_interval_t *place = set->stretches;
    while (place < end && place->end_ms < begin_ms) {
        place++;
    }
    /* It takes the place of all that it overlaps or touches. */
    uint32_t known_ms = 0;
    const tally_interval_t *after = place;
    for (; after < end && after->begin_ms <= end_ms; after++) {
        known_ms += after->end_ms - after->begin_ms;
        begin_ms = after->begin_ms < begin_ms ? after->begin_ms : begin_ms;
        end_ms = after->end_ms > end_ms ? after->end_ms : end_ms;
    }
    set->count = (uint8_t)(set->count + 1 - (after - place));
    memmove(place + 1, after, (size_t)(end - after) * sizeof *after);
    *place = (tally_interval_t){begin_ms, end_ms};
    return end_ms - begin_ms - known_ms;
}

/* Fills the smallest gap there is; of equal ones the first. */
static void join_nearest(tally_intervals_t *set) {
    const tally_interval_t *before = set->stretches;
    for (uint32_t i = 1; i + 1 < set->count; i++) {
        const tally_interval_t *const next = set->stretches + i;
        if (next[1].begin_ms - next[0].end_ms < before[1].begin_ms - before[0].end_ms) {
            before = next;
        }
    }
    (void)cover(set, before[0].end_ms, before[1].begin_ms);
}

void tally_intervals_add(tally_intervals_t *set, uint32_t begin_ms, uint32_t end_ms) {
    if (begin_ms >= end_ms) {
        return;
    }
    set->total_ms += cover(set, begin_ms, end_ms);
    if (set->count > TALLY_INTERVALS) {
        join_nearest(set);
    }
}

uint32_t tally_intervals_total_ms(const tally_intervals_t *set) {
    return set->total_ms;
}
