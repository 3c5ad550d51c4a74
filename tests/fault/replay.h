/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_REPLAY_H
#define TALLY_TESTS_FAULT_REPLAY_H
/*
 * One life is lived once and written down. Then, for every operation of it and every way a power
 * cut may leave that operation, the image is made again from the log, and a device goes on from
 * there. The same may be done with what it does then: cuts in the recovery from cuts.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cut.h"
#include "driver.h"
#include "seen.h"
#include "workload.h"

/* One life and its cuts; with ONLY in places, one scenario. */
typedef struct {
    nor_shape_t shape;
    enum workload workload;
    uint32_t steps;
    uint64_t seed;
    uint32_t twice; /* second cuts: one in so many of them; 0: none */
    uint32_t op;    /* only this operation */
    uint32_t cut;   /* and this of its cuts */
    uint32_t op2;   /* and then this operation of the recovery */
    uint32_t cut2;
} life_t;

#define ANY UINT32_MAX

enum { SHOWN_MOST = 40, SHOWN_BYTES = 48 };

/* What all lives together came to. */
typedef struct {
    seen_t seen;
    uint64_t scenarios; /* distinct images have been counted: seen.count */
    uint64_t modes[CUT_MODES];
    uint64_t lost;
    uint64_t corrupt;
    uint64_t stuck;
    uint64_t refused;
    uint64_t damaged;
    uint64_t ops;
    bool first_only; /* ends at the first failure */
    uint32_t failures;
    char shown[SHOWN_MOST][SHOWN_BYTES]; /* what was printed in full; the like of it is not */
    uint32_t shown_count;
} sums_t;

/* Plays all scenarios of a life. False when there were failures. */
bool replay_life(const life_t *life, sums_t *sums);

/* row.c: so many cuts one after the other on one image, each in whatever is just done. Says at
 * which it failed; false then. */
bool row_of_cuts(nor_shape_t shape, uint64_t seed, uint32_t cuts, sums_t *sums);

static inline bool sums_are_done(const sums_t *sums) {
    return sums->first_only && sums->failures > 0;
}

void sums_add(sums_t *sums, const verdict_t *verdict);

/* A seed of one scenario of many. */
uint64_t seed_of(uint64_t seed, uint32_t a, uint32_t b);

/* `life` as arguments that play it again. */
void life_print(const life_t *life);

#endif
