/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers, offsets and sizes of all kinds. */
#include <stddef.h>

#include "store_bench.h"
#include "tally/config.h"

#define ODD_MOST      33u
#define GRANULES_MOST 1024u
#define RECORD_MOST   (TALLY_RECORD_BYTES + 23u)

uint8_t tally_check_store_source(tally_kit_t *kit) {
    return tally_kit_judge(
        tally_store_bench_erase(kit, 0) &&
        tally_store_bench_put(kit, 0, 0, STORE_PIECE_BYTES, STORE_PATTERN) &&
        tally_store_bench_matches(kit, kit->data, 0, 0, STORE_PIECE_BYTES, STORE_PATTERN));
}

uint8_t tally_check_store_source_address(tally_kit_t *kit) {
    bool good = tally_store_bench_erase(kit, 0);
    for (uint32_t shift = 1; shift <= 3u && good; shift++) {
        const uint32_t offset = (shift - 1u) * STORE_PIECE_BYTES;
        uint8_t *const data = kit->data + shift;
        tally_store_bench_fill(data, 0, offset, STORE_PIECE_BYTES, STORE_PATTERN);
        good = tally_store_bench_program(kit, 0, offset, data, STORE_PIECE_BYTES) &&
               tally_store_bench_holds(kit, 0, offset, STORE_PIECE_BYTES, STORE_PATTERN);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_store_target_address(tally_kit_t *kit) {
    bool good = tally_store_bench_erase(kit, 0) &&
                tally_store_bench_put(kit, 0, 0, STORE_PIECE_BYTES, STORE_PATTERN);
    for (uint32_t shift = 1; shift < 8u && good; shift++) {
        uint8_t *const data = kit->data + shift;
        good = tally_store_bench_read(kit, 0, 0, data, STORE_PIECE_BYTES) &&
               tally_store_bench_matches(kit, data, 0, 0, STORE_PIECE_BYTES, STORE_PATTERN);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_store_read_anywhere(tally_kit_t *kit) {
    bool good = tally_store_bench_erase(kit, 0) &&
                tally_store_bench_put(kit, 0, 0, 2u * STORE_PIECE_BYTES, STORE_PATTERN);
    for (uint32_t i = 0; i < ODD_MOST * ODD_MOST && good; i++) {
        const uint32_t offset = i / ODD_MOST;
        const uint32_t size = 1u + i % ODD_MOST;
        good = tally_store_bench_read(kit, 0, offset, kit->data, size) &&
               tally_store_bench_matches(kit, kit->data, 0, offset, size, STORE_PATTERN);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_store_granules(tally_kit_t *kit) {
    const uint32_t granule = kit->store->program_bytes;
    const uint32_t room = kit->store->block_bytes - STORE_PIECE_BYTES;
    const uint32_t bytes = room < GRANULES_MOST ? room / granule * granule : GRANULES_MOST;
    bool good = tally_store_bench_erase(kit, 0);
    for (uint32_t at = 0; at < bytes && good; at += granule) {
        good = tally_store_bench_put(kit, 0, at, granule, STORE_PATTERN);
    }
    return tally_kit_judge(good && tally_store_bench_holds(kit, 0, 0, bytes, STORE_PATTERN));
}

static uint32_t least(uint32_t one, uint32_t other) {
    return one < other ? one : other;
}

/* From a place inside a page, and as large as it gets. */
uint8_t tally_check_store_large_program(tally_kit_t *kit) {
    const uint32_t offset = 16;
    const uint32_t in_block = least(kit->store->block_bytes - STORE_PIECE_BYTES, kit->room);
    const uint32_t bytes = least(in_block, RECORD_MOST) / 16u * 16u;
    tally_store_bench_fill(kit->data, 0, offset, bytes, STORE_PATTERN);
    return tally_kit_judge(tally_store_bench_erase(kit, 0) &&
                           tally_store_bench_program(kit, 0, offset, kit->data, bytes) &&
                           tally_store_bench_holds(kit, 0, offset, bytes, STORE_PATTERN));
}

uint8_t tally_check_store_large_read(tally_kit_t *kit) {
    const uint32_t bytes = kit->store->block_bytes;
    if (kit->room < bytes) {
        return tally_kit_unchecked(kit, "scratch is smaller than a block");
    }
    return tally_kit_judge(tally_store_bench_erase(kit, 0) &&
                           tally_store_bench_put_spread(kit, 0, STORE_PATTERN) &&
                           tally_store_bench_read(kit, 0, 0, kit->data, bytes) &&
                           tally_store_bench_matches_spread(kit, kit->data, 0, STORE_PATTERN));
}
