/* SPDX-License-Identifier: Apache-2.0 */
#include "store_bench.h"

#include <stddef.h>

#define SPREAD_PIECES 32u

static bool done(tally_kit_t *kit, int32_t status, const char *note) {
    return status == TALLY_OK || tally_kit_saw(kit, note, status);
}

uint8_t tally_store_bench_byte(uint32_t block, uint32_t offset, uint8_t what) {
    if (what < STORE_PATTERN) {
        return what == STORE_ERASED ? 0xFF : 0;
    }
    const uint32_t place = offset * UINT32_C(0x9E3779B1) ^ (block + 1u) * UINT32_C(0x85EBCA6B);
    return (uint8_t)((place + what * UINT32_C(0xC2B2AE35)) >> 23);
}

void tally_store_bench_fill(uint8_t *out, uint32_t block, uint32_t offset, uint32_t size,
                            uint8_t what) {
    for (uint32_t at = 0; at < size; at++) {
        out[at] = tally_store_bench_byte(block, offset + at, what);
    }
}

bool tally_store_bench_matches(tally_kit_t *kit, const uint8_t *data, uint32_t block,
                               uint32_t offset, uint32_t size, uint8_t what) {
    for (uint32_t at = 0; at < size; at++) {
        if (data[at] != tally_store_bench_byte(block, offset + at, what)) {
            return tally_kit_saw(kit, "wrong byte of the store:",
                                 (int64_t)block * kit->store->block_bytes + offset + at);
        }
    }
    return true;
}

bool tally_store_bench_erase(tally_kit_t *kit, uint32_t block) {
    return done(kit, kit->store->erase(kit->store->ctx, block), "erase() returned");
}

bool tally_store_bench_sync(tally_kit_t *kit) {
    return done(kit, kit->store->sync(kit->store->ctx), "sync() returned");
}

bool tally_store_bench_program(tally_kit_t *kit, uint32_t block, uint32_t offset,
                               const uint8_t *data, uint32_t size) {
    const tally_store_t *const store = kit->store;
    return done(kit, store->program(store->ctx, block, offset, data, size), "program() returned");
}

bool tally_store_bench_read(tally_kit_t *kit, uint32_t block, uint32_t offset, uint8_t *data,
                            uint32_t size) {
    const tally_store_t *const store = kit->store;
    return done(kit, store->read(store->ctx, block, offset, data, size), "read() returned");
}

static uint32_t piece_of(uint32_t size) {
    return size < STORE_PIECE_BYTES ? size : STORE_PIECE_BYTES;
}

bool tally_store_bench_put(tally_kit_t *kit, uint32_t block, uint32_t offset, uint32_t size,
                           uint8_t what) {
    bool good = true;
    for (uint32_t at = 0; at < size && good; at += STORE_PIECE_BYTES) {
        const uint32_t piece = piece_of(size - at);
        tally_store_bench_fill(kit->data, block, offset + at, piece, what);
        good = tally_store_bench_program(kit, block, offset + at, kit->data, piece);
    }
    return good;
}

bool tally_store_bench_holds(tally_kit_t *kit, uint32_t block, uint32_t offset, uint32_t size,
                             uint8_t what) {
    bool good = true;
    for (uint32_t at = 0; at < size && good; at += STORE_PIECE_BYTES) {
        const uint32_t piece = piece_of(size - at);
        good = tally_store_bench_read(kit, block, offset + at, kit->data, piece) &&
               tally_store_bench_matches(kit, kit->data, block, offset + at, piece, what);
    }
    return good;
}

/* ---- spread over a block -------------------------------------------------------------------- */

/* How far apart the pieces are, and where they end. */
static uint32_t spread_step(const tally_kit_t *kit) {
    const uint32_t step = kit->store->block_bytes / SPREAD_PIECES / STORE_PIECE_BYTES;
    return step > 0 ? step * STORE_PIECE_BYTES : STORE_PIECE_BYTES;
}

static uint32_t spread_end(const tally_kit_t *kit) {
    return kit->store->block_bytes - 2u * STORE_PIECE_BYTES + 1u;
}

bool tally_store_bench_put_spread(tally_kit_t *kit, uint32_t block, uint8_t what) {
    bool good = true;
    for (uint32_t at = 0; at < spread_end(kit) && good; at += spread_step(kit)) {
        good = at == STORE_PIECE_BYTES ||
               tally_store_bench_put(kit, block, at, STORE_PIECE_BYTES, what);
    }
    return good;
}

bool tally_store_bench_holds_spread(tally_kit_t *kit, uint32_t block, uint8_t what) {
    bool good = true;
    for (uint32_t at = 0; at < spread_end(kit) && good; at += spread_step(kit)) {
        good = at == STORE_PIECE_BYTES ||
               tally_store_bench_holds(kit, block, at, STORE_PIECE_BYTES, what);
    }
    return good;
}

bool tally_store_bench_matches_spread(tally_kit_t *kit, const uint8_t *data, uint32_t block,
                                      uint8_t what) {
    const uint32_t bytes = kit->store->block_bytes;
    bool good = true;
    for (uint32_t at = 0; at < bytes && good; at += STORE_PIECE_BYTES) {
        const bool is_put =
            at % spread_step(kit) == 0 && at < spread_end(kit) && at != STORE_PIECE_BYTES;
        good = tally_store_bench_matches(kit, data + at, block, at, piece_of(bytes - at),
                                         is_put ? what : STORE_ERASED);
    }
    return good;
}
