/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_INTERVALS_H
#define TALLY_SRC_INTERVALS_H
/*
 * How much of a medium was watched, each moment counted once: the union of stretches, in bounded
 * memory. Stretches that overlap or touch become one. Of more than TALLY_INTERVALS, the two with
 * the smallest gap between them are joined; the total does not count that gap.
 *
 * The total is therefore exact until somebody watches inside a joined gap, which then looks watched
 * already. It is never more than the truth, never decreases, and falls short of the truth by at
 * most the gaps joined. While the truth had no more than TALLY_INTERVALS stretches it is exact.
 *
 * All zero is the empty set. 80 bytes of RAM; adding takes time linear in the stretches held.
 */
#include <stdint.h>

enum { TALLY_INTERVALS = 8 };

typedef struct {
    uint32_t begin_ms;
    uint32_t end_ms; /* the first moment outside; above begin_ms */
} tally_interval_t;

/* Between two stretches there is always a gap. One place more than there are stretches between
 * calls: a new one is put in before two are joined. */
typedef struct {
    tally_interval_t stretches[TALLY_INTERVALS + 1]; /* in order */
    uint32_t total_ms;                               /* their lengths less the gaps joined */
    uint8_t count;
} tally_intervals_t;

/* Adds begin_ms up to but not including end_ms; nothing if end_ms is not above begin_ms. */
void tally_intervals_add(tally_intervals_t *set, uint32_t begin_ms, uint32_t end_ms);

uint32_t tally_intervals_total_ms(const tally_intervals_t *set);

#endif
