/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_DICE_H
#define TALLY_TESTS_UNIT_DICE_H
/* Chance that can be replayed: TALLY_SEED=<the number printed> brings the same run again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    uint64_t state;
} dice_t;

static inline dice_t dice_from_environment(void) {
    const char *const told = getenv("TALLY_SEED");
    const uint64_t seed = told != NULL ? strtoull(told, NULL, 0) : (uint64_t)time(NULL);
    printf("TALLY_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout); /* a sanitizer that ends the test must not take the seed with it */
    return (dice_t){.state = seed};
}

/* How many of so many rounds to play: TALLY_SHARE=10 is one in ten, where a machine is emulated. */
static inline uint32_t dice_share(uint32_t rounds) {
    const char *const told = getenv("TALLY_SHARE");
    const uint32_t share = told != NULL ? (uint32_t)strtoul(told, NULL, 10) : 1;
    return share > 1 ? rounds / share : rounds;
}

/* From one of so many cases to the next that is to be played, likewise. */
static inline uint32_t dice_stride(uint32_t cases) {
    const uint32_t share = dice_share(cases);
    return share > 0 ? cases / share : cases;
}

/* SplitMix64 (G. Steele, D. Lea, C. Flood, 2014). */
static inline uint64_t dice_bits(dice_t *dice) {
    dice->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t bits = dice->state;
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94D049BB133111EB);
    return bits ^ (bits >> 31);
}

/* 0 to `sides` - 1. */
static inline uint32_t dice_roll(dice_t *dice, uint32_t sides) {
    return (uint32_t)((dice_bits(dice) >> 32) * sides >> 32);
}

#endif
