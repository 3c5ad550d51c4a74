/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_KIT_H
#define TALLY_KIT_H
/* What the checks share: the setup, what was found so far, and how a verdict is told. */
#include "tally_conformance.h"

#define TALLY_KIT_GUARD        8u
#define TALLY_KIT_STORES_MOST  8u
#define TALLY_KIT_BLOCKS_MOST  20u /* 0, the powers of two up to 65,535, and the last */
#define TALLY_KIT_RANDOM_BYTES 32u

typedef struct {
    const tally_conformance_setup_t *setup;
    const tally_port_t *port;
    uint8_t now[TALLY_RULE_END]; /* verdicts, of the store under test where there are several */

    /* Of the check that runs: what it saw, for the line. */
    const char *note;
    int64_t value;
    bool has_value;

    /* Scratch: `room` bytes at an address for any type, a guard on both sides. */
    uint8_t *data;
    uint32_t room;

    /* The store under test, and which of its blocks are tried. */
    const tally_conformance_store_t *place;
    const tally_store_t *store;
    uint32_t blocks[TALLY_KIT_BLOCKS_MOST];
    uint32_t block_count;

    /* What the wall time was before the kit set it, and when. */
    tally_wall_t wall_before;
    uint64_t wall_before_at_ms;

    /* The first random bytes of this boot, and of the one before it. */
    uint8_t random_now[TALLY_KIT_RANDOM_BYTES];
    uint8_t random_before[TALLY_KIT_RANDOM_BYTES];
    bool has_random_before;
} tally_kit_t;

/* The check of each rule: enum tally_conformance_verdict. */
#define TALLY_KIT_CHECK(symbol, name, needs, wrong, words)                                         \
    uint8_t tally_check_##name(tally_kit_t *kit);
TALLY_CONFORMANCE_RULES(TALLY_KIT_CHECK)
#undef TALLY_KIT_CHECK

/* Verdicts with what was seen. */
uint8_t tally_kit_failed(tally_kit_t *kit, const char *note, int64_t value);
uint8_t tally_kit_unchecked(tally_kit_t *kit, const char *note);

/* Keeps what was seen and returns false, for a condition of tally_kit_judge(). */
bool tally_kit_saw(tally_kit_t *kit, const char *note, int64_t value);
uint8_t tally_kit_judge(bool is_right);

/* The clock under test. */
uint64_t tally_kit_now_ms(const tally_kit_t *kit);
uint32_t tally_kit_wait(const tally_kit_t *kit, uint32_t ms);

/* Fills the guards on both sides of `size` bytes of kit->data and the bytes themselves. */
void tally_kit_guard(const tally_kit_t *kit, uint32_t size, uint8_t fill);
bool tally_kit_guarded(const tally_kit_t *kit, uint32_t size, uint8_t fill);

/* Stores: marks for the run after a restart, or nothing at all. */
void tally_kit_leave_mark(tally_kit_t *kit);
void tally_kit_choose_blocks(tally_kit_t *kit);

#endif
