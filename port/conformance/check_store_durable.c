/* SPDX-License-Identifier: Apache-2.0 */
/* What stays when the store is opened again, after a restart, and when the medium fails. */
#include <stddef.h>
#include <string.h>

#include "store_bench.h"

/* Block 0 of a marked store has a pattern spread over it, and in its second piece the first random
 * numbers of that boot. The last block is erased. */
#define MARK      (STORE_PATTERN + 7)
#define RANDOM_AT STORE_PIECE_BYTES

static bool reopen(tally_kit_t *kit) {
    const int32_t status = kit->place->reopen(kit->place->ctx);
    return status == TALLY_OK || tally_kit_saw(kit, "reopen() returned", status);
}

uint8_t tally_check_store_sync(tally_kit_t *kit) {
    if (kit->place->reopen == NULL) {
        return tally_kit_unchecked(kit, "no helper reopen");
    }
    bool good = tally_store_bench_erase(kit, 0);
    for (uint32_t at = 0; at < 3u * STORE_PIECE_BYTES && good; at += STORE_PIECE_BYTES) {
        good = tally_store_bench_put(kit, 0, at, STORE_PIECE_BYTES, STORE_PATTERN) &&
               tally_store_bench_sync(kit) && reopen(kit) &&
               tally_store_bench_holds(kit, 0, 0, at + STORE_PIECE_BYTES, STORE_PATTERN);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_store_erase_order(tally_kit_t *kit) {
    return tally_kit_judge(
        tally_store_bench_erase(kit, 0) && tally_store_bench_erase(kit, 1) &&
        tally_store_bench_put(kit, 1, 0, STORE_PIECE_BYTES, STORE_PATTERN) &&
        tally_store_bench_sync(kit) && tally_store_bench_erase(kit, 1) &&
        tally_store_bench_put(kit, 0, 0, STORE_PIECE_BYTES, STORE_PATTERN) &&
        tally_store_bench_sync(kit) && reopen(kit) &&
        tally_store_bench_holds(kit, 0, 0, STORE_PIECE_BYTES, STORE_PATTERN) &&
        tally_store_bench_holds(kit, 1, 0, kit->store->block_bytes, STORE_ERASED));
}

/* sync() is left out: where there is nothing to write back it has nothing to fail at. */
uint8_t tally_check_store_fails(tally_kit_t *kit) {
    const tally_store_t *const store = kit->store;
    if (kit->place->fail == NULL) {
        return tally_kit_unchecked(kit, "no helper fail");
    }
    (void)tally_store_bench_erase(kit, 0);
    tally_store_bench_fill(kit->data, 0, 0, 16, STORE_PATTERN);
    kit->place->fail(kit->place->ctx, true);
    const int32_t programmed = store->program(store->ctx, 0, 0, kit->data, 16);
    const int32_t read = store->read(store->ctx, 0, 0, kit->data, 16);
    const int32_t erased = store->erase(store->ctx, 0);
    kit->place->fail(kit->place->ctx, false);
    return tally_kit_judge(
        (programmed == TALLY_E_IO || tally_kit_saw(kit, "program() returned", programmed)) &&
        (read == TALLY_E_IO || tally_kit_saw(kit, "read() returned", read)) &&
        (erased == TALLY_E_IO || tally_kit_saw(kit, "erase() returned", erased)));
}

/* ---- two runs ------------------------------------------------------------------------------- */

static bool put_mark(tally_kit_t *kit) {
    if (!tally_store_bench_erase(kit, kit->store->blocks - 1u) ||
        !tally_store_bench_erase(kit, 0) || !tally_store_bench_put_spread(kit, 0, MARK)) {
        return false;
    }
    memcpy(kit->data, kit->random_now, TALLY_KIT_RANDOM_BYTES);
    return tally_store_bench_program(kit, 0, RANDOM_AT, kit->data, TALLY_KIT_RANDOM_BYTES) &&
           tally_store_bench_sync(kit);
}

void tally_kit_leave_mark(tally_kit_t *kit) {
    if (kit->now[TALLY_RULE_STORE_PROGRAM] != TALLY_CONFORMANCE_PASSED) {
        return;
    }
    if (kit->setup->run == TALLY_CONFORMANCE_FIRST_RUN && !kit->place->is_volatile) {
        (void)put_mark(kit);
        return;
    }
    for (uint32_t i = 0; i < kit->block_count; i++) {
        (void)tally_store_bench_erase(kit, kit->blocks[i]);
    }
    (void)tally_store_bench_sync(kit);
}

static bool mark_stands(tally_kit_t *kit) {
    return tally_store_bench_holds_spread(kit, 0, MARK) &&
           tally_store_bench_holds(kit, kit->store->blocks - 1u, 0, kit->store->block_bytes,
                                   STORE_ERASED) &&
           tally_store_bench_read(kit, 0, RANDOM_AT, kit->data, TALLY_KIT_RANDOM_BYTES);
}

uint8_t tally_check_store_restart(tally_kit_t *kit) {
    if (kit->setup->run != TALLY_CONFORMANCE_AFTER_RESTART) {
        return tally_kit_unchecked(kit, "needs a second run, after a restart");
    }
    if (kit->place->is_volatile) {
        return tally_kit_unchecked(kit, "is_volatile is set");
    }
    if (!mark_stands(kit)) {
        return TALLY_CONFORMANCE_FAILED;
    }
    memcpy(kit->random_before, kit->data, TALLY_KIT_RANDOM_BYTES);
    kit->has_random_before = true;
    return TALLY_CONFORMANCE_PASSED;
}
