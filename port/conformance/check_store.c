/* SPDX-License-Identifier: Apache-2.0 */
/* What a store is, and that erase, program and read do what they are told, where they are told. */
#include <stddef.h>

#include "store_bench.h"

#define BLOCK_BYTES_LEAST 256u
#define BLOCK_BYTES_MOST  (1024u * 1024u)
#define ERASES            3u

uint8_t tally_check_store_complete(tally_kit_t *kit) {
    const tally_store_t *const store = kit->store;
    if (kit->place == NULL || store == NULL) {
        return tally_kit_unchecked(kit, "no store given");
    }
    kit->note = store->read == NULL      ? "read"
                : store->program == NULL ? "program"
                : store->erase == NULL   ? "erase"
                : store->sync == NULL    ? "sync"
                                         : NULL;
    return tally_kit_judge(kit->note == NULL);
}

uint8_t tally_check_store_program_bytes(tally_kit_t *kit) {
    const uint32_t bytes = kit->store->program_bytes;
    (void)tally_kit_saw(kit, "program_bytes", bytes);
    return tally_kit_judge(bytes == 1 || bytes == 4 || bytes == 8 || bytes == 16);
}

uint8_t tally_check_store_block_bytes(tally_kit_t *kit) {
    const uint32_t bytes = kit->store->block_bytes;
    (void)tally_kit_saw(kit, "block_bytes", bytes);
    return tally_kit_judge(bytes >= BLOCK_BYTES_LEAST && bytes <= BLOCK_BYTES_MOST &&
                           bytes % kit->store->program_bytes == 0);
}

/* Address lines that are not connected show between powers of two. */
void tally_kit_choose_blocks(tally_kit_t *kit) {
    const uint32_t blocks = kit->store->blocks;
    kit->block_count = 0;
    kit->blocks[kit->block_count++] = 0;
    for (uint32_t block = 1; block < blocks - 1u; block *= 2u) {
        kit->blocks[kit->block_count++] = block;
    }
    kit->blocks[kit->block_count++] = blocks - 1u;
}

uint8_t tally_check_store_blocks(tally_kit_t *kit) {
    const uint32_t blocks = kit->store->blocks;
    if (blocks < 2u || blocks < kit->place->blocks_least || blocks > UINT16_MAX) {
        return tally_kit_failed(kit, "blocks", blocks);
    }
    tally_kit_choose_blocks(kit);
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_store_status(tally_kit_t *kit) {
    const uint32_t granule = kit->store->program_bytes;
    return tally_kit_judge(tally_store_bench_erase(kit, 0) &&
                           tally_store_bench_put(kit, 0, 0, granule, STORE_PATTERN) &&
                           tally_store_bench_sync(kit) &&
                           tally_store_bench_read(kit, 0, 0, kit->data, granule));
}

uint8_t tally_check_store_read_beyond(tally_kit_t *kit) {
    for (uint32_t i = 0; i < 4u * STORE_PIECE_BYTES; i++) {
        const uint32_t size = 1u + i % (2u * STORE_PIECE_BYTES);
        const uint8_t fill = i < 2u * STORE_PIECE_BYTES ? 0xC3 : 0x3C;
        tally_kit_guard(kit, size, fill);
        if (!tally_store_bench_read(kit, 0, 0, kit->data, size)) {
            return TALLY_CONFORMANCE_FAILED;
        }
        if (!tally_kit_guarded(kit, size, fill)) {
            return tally_kit_failed(kit, "size", size);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* Dirties a block where a driver that erases too little would leave it so. */
static void soil(tally_kit_t *kit, uint32_t block) {
    const uint32_t granule = kit->store->program_bytes;
    const uint32_t places[] = {0, kit->store->block_bytes / 32u * 16u,
                               kit->store->block_bytes - granule};
    for (uint32_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)tally_store_bench_put(kit, block, places[i], granule, STORE_ZEROS);
    }
}

static bool is_erased(tally_kit_t *kit, uint32_t block) {
    return tally_store_bench_holds(kit, block, 0, kit->store->block_bytes, STORE_ERASED);
}

uint8_t tally_check_store_erase(tally_kit_t *kit) {
    bool good = true;
    for (uint32_t i = 0; i < 2u * ERASES && good; i++) {
        soil(kit, i % 2u);
        good = tally_store_bench_erase(kit, i % 2u) && is_erased(kit, i % 2u);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_store_program(tally_kit_t *kit) {
    return tally_kit_judge(
        tally_store_bench_erase(kit, 0) &&
        tally_store_bench_put(kit, 0, 0, 2u * STORE_PIECE_BYTES, STORE_PATTERN) &&
        tally_store_bench_holds(kit, 0, 0, 2u * STORE_PIECE_BYTES, STORE_PATTERN));
}

uint8_t tally_check_store_erase_partly(tally_kit_t *kit) {
    const uint32_t middle = kit->store->block_bytes / 32u * 16u;
    bool good = tally_store_bench_erase(kit, 0);
    for (uint32_t i = 0; i < ERASES && good; i++) {
        good = tally_store_bench_put(kit, 0, middle, kit->store->program_bytes, STORE_ZEROS) &&
               tally_store_bench_erase(kit, 0) && is_erased(kit, 0);
    }
    return tally_kit_judge(good);
}

/* ---- blocks beside each other --------------------------------------------------------------- */

static bool erase_chosen(tally_kit_t *kit) {
    bool good = true;
    for (uint32_t i = 0; i < kit->block_count && good; i++) {
        good = tally_store_bench_erase(kit, kit->blocks[i]);
    }
    return good;
}

/* A piece at the start and one in the middle of each block that is tried. */
static bool put_in_chosen(tally_kit_t *kit) {
    const uint32_t middle = kit->store->block_bytes / 32u * 16u;
    bool good = true;
    for (uint32_t i = 0; i < kit->block_count && good; i++) {
        const uint32_t block = kit->blocks[i];
        good = tally_store_bench_put(kit, block, 0, STORE_PIECE_BYTES, STORE_PATTERN) &&
               tally_store_bench_put(kit, block, middle, STORE_PIECE_BYTES, STORE_PATTERN);
    }
    return good;
}

static bool chosen_hold(tally_kit_t *kit, uint32_t but, uint8_t what) {
    const uint32_t middle = kit->store->block_bytes / 32u * 16u;
    bool good = true;
    for (uint32_t i = 0; i < kit->block_count && good; i++) {
        const uint32_t block = kit->blocks[i];
        good =
            block == but || (tally_store_bench_holds(kit, block, 0, STORE_PIECE_BYTES, what) &&
                             tally_store_bench_holds(kit, block, middle, STORE_PIECE_BYTES, what));
    }
    return good;
}

uint8_t tally_check_store_alias(tally_kit_t *kit) {
    return tally_kit_judge(erase_chosen(kit) && put_in_chosen(kit) &&
                           chosen_hold(kit, UINT32_MAX, STORE_PATTERN));
}

uint8_t tally_check_store_erase_beside(tally_kit_t *kit) {
    const uint32_t erased[] = {0, 1, kit->store->blocks - 1u};
    bool good = true;
    for (uint32_t i = 0; i < sizeof erased / sizeof erased[0] && good; i++) {
        good = erase_chosen(kit) && put_in_chosen(kit) && tally_store_bench_erase(kit, erased[i]) &&
               chosen_hold(kit, erased[i], STORE_PATTERN);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_store_program_beside(tally_kit_t *kit) {
    const uint32_t at = 2u * STORE_PIECE_BYTES;
    const uint32_t end = at + kit->store->program_bytes;
    return tally_kit_judge(
        erase_chosen(kit) &&
        tally_store_bench_put(kit, 1, at, kit->store->program_bytes, STORE_ZEROS) &&
        tally_store_bench_holds(kit, 1, 0, at, STORE_ERASED) &&
        tally_store_bench_holds(kit, 1, end, kit->store->block_bytes - end, STORE_ERASED) &&
        chosen_hold(kit, 1, STORE_ERASED));
}

/* ---- ends and zeros ------------------------------------------------------------------------- */

uint8_t tally_check_store_ends(tally_kit_t *kit) {
    const uint32_t granule = kit->store->program_bytes;
    const uint32_t blocks[] = {0, kit->store->blocks - 1u};
    bool good = true;
    for (uint32_t i = 0; i < 2u && good; i++) {
        const uint32_t end = kit->store->block_bytes - granule;
        good = tally_store_bench_erase(kit, blocks[i]) &&
               tally_store_bench_put(kit, blocks[i], 0, granule, STORE_PATTERN) &&
               tally_store_bench_put(kit, blocks[i], end, granule, STORE_PATTERN) &&
               tally_store_bench_holds(kit, blocks[i], 0, granule, STORE_PATTERN) &&
               tally_store_bench_holds(kit, blocks[i], end, granule, STORE_PATTERN);
    }
    return tally_kit_judge(good);
}

/* A medium may refuse them, but may not take them and keep something else. */
static bool takes_zeros(tally_kit_t *kit, uint32_t offset) {
    const tally_store_t *const store = kit->store;
    tally_store_bench_fill(kit->data, 0, offset, 16, STORE_ZEROS);
    const int32_t status = store->program(store->ctx, 0, offset, kit->data, 16);
    if (status == TALLY_OK) {
        return tally_store_bench_holds(kit, 0, offset, 16, STORE_ZEROS);
    }
    return status == TALLY_E_IO || tally_kit_saw(kit, "program() returned", status);
}

uint8_t tally_check_store_zeros(tally_kit_t *kit) {
    return tally_kit_judge(
        tally_store_bench_erase(kit, 0) &&
        tally_store_bench_put(kit, 0, 0, 2u * STORE_PIECE_BYTES, STORE_PATTERN) &&
        takes_zeros(kit, 0) && takes_zeros(kit, 32) && takes_zeros(kit, 2u * STORE_PIECE_BYTES) &&
        takes_zeros(kit, 0) &&
        tally_store_bench_holds(kit, 0, STORE_PIECE_BYTES, STORE_PIECE_BYTES, STORE_PATTERN));
}
