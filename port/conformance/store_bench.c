/* SPDX-License-Identifier: Apache-2.0 */
#include "store_bench.h"

#include <stddef.h>

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
