/* SPDX-License-Identifier: Apache-2.0 */
/* Stores: each fault is in the spool's; that of the settings stays sound. */
#include <stddef.h>
#include <string.h>

#include "broken.h"
#include "device_store.h"

#define sound broken_sound_store

#define PAGE_BYTES 256u

static tally_store_t *spool(device_t *device) {
    return &device->stores[0].store;
}

/* ---- what it is ----------------------------------------------------------------------------- */

static void spoil_has_no_sync(device_t *device) {
    spool(device)->sync = NULL;
}

static void spoil_has_granules_of_2(device_t *device) {
    spool(device)->program_bytes = 2;
}

static void spoil_has_small_blocks(device_t *device) {
    spool(device)->block_bytes = 128;
}

static void spoil_has_half_granules(device_t *device) {
    spool(device)->block_bytes = 1022;
}

static void spoil_has_few_blocks(device_t *device) {
    spool(device)->blocks = 5;
}

static void spoil_has_many_blocks(device_t *device) {
    spool(device)->blocks = 65536;
}

/* A file system that is formatted at each boot. */
static void spoil_is_formatted_at_boot(device_t *device) {
    memset(device->stores[0].view, 0xFF, DEVICE_BYTES_MOST);
    memset(device->stores[0].medium, 0xFF, DEVICE_BYTES_MOST);
}

/* ---- read ----------------------------------------------------------------------------------- */

static int32_t returns_size(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                            uint32_t size) {
    const int32_t status = sound.read(ctx, block, offset, out, size);
    return status == TALLY_OK ? (int32_t)size : status;
}

static void spoil_returns_size(device_t *device) {
    spool(device)->read = returns_size;
}

static int32_t reads_words(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                           uint32_t size) {
    return sound.read(ctx, block, offset, out, (size + 3u) / 4u * 4u);
}

static void spoil_reads_words(device_t *device) {
    spool(device)->read = reads_words;
}

static int32_t reads_from_words(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                                uint32_t size) {
    return sound.read(ctx, block, offset / 4u * 4u, out, size);
}

static void spoil_reads_from_words(device_t *device) {
    spool(device)->read = reads_from_words;
}

static int32_t reads_to_words(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                              uint32_t size) {
    return sound.read(ctx, block, offset, out - (uintptr_t)out % 4u, size);
}

static void spoil_reads_to_words(device_t *device) {
    spool(device)->read = reads_to_words;
}

static int32_t reads_512(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    return sound.read(ctx, block, offset, out, size < 512u ? size : 512u);
}

static void spoil_reads_512(device_t *device) {
    spool(device)->read = reads_512;
}

static int32_t hides_failure(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                             uint32_t size) {
    (void)sound.read(ctx, block, offset, out, size);
    return TALLY_OK;
}

static void spoil_hides_failure(device_t *device) {
    spool(device)->read = hides_failure;
}

/* ---- erase ---------------------------------------------------------------------------------- */

/* A last page too few. */
static int32_t erases_too_little(void *ctx, uint32_t block) {
    const device_store_t *const flash = ctx;
    const size_t from = ((size_t)block + 1u) * flash->store.block_bytes - 64u;
    uint8_t kept[64];
    memcpy(kept, flash->view + from, sizeof kept);
    const int32_t status = sound.erase(ctx, block);
    memcpy(flash->view + from, kept, sizeof kept);
    memcpy(flash->medium + from, kept, sizeof kept);
    return status;
}

static void spoil_erases_too_little(device_t *device) {
    spool(device)->erase = erases_too_little;
}

static int32_t erases_unless_blank(void *ctx, uint32_t block) {
    const device_store_t *const flash = ctx;
    if (!flash->fails && *device_store_place(flash, block, 0) == 0xFF) {
        return TALLY_OK;
    }
    return sound.erase(ctx, block);
}

static void spoil_erases_unless_blank(device_t *device) {
    spool(device)->erase = erases_unless_blank;
}

static int32_t erases_beside(void *ctx, uint32_t block) {
    const device_store_t *const flash = ctx;
    if (block + 1u < flash->store.blocks) {
        memset(device_store_place(flash, block + 1u, 0), 0xFF, 64);
    }
    return sound.erase(ctx, block);
}

static void spoil_erases_beside(device_t *device) {
    spool(device)->erase = erases_beside;
}

/* ---- program -------------------------------------------------------------------------------- */

static int32_t programs_a_byte_too_few(void *ctx, uint32_t block, uint32_t offset,
                                       const uint8_t *data, uint32_t size) {
    uint8_t *const last = device_store_place(ctx, block, offset) + size - 1u;
    const uint8_t before = *last;
    const int32_t status = sound.program(ctx, block, offset, data, size);
    *last = before;
    return status;
}

static void spoil_programs_a_byte_too_few(device_t *device) {
    spool(device)->program = programs_a_byte_too_few;
}

/* Fills a unit of error correction up with zeros. */
static int32_t programs_beside(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                               uint32_t size) {
    const device_store_t *const flash = ctx;
    const int32_t status = sound.program(ctx, block, offset, data, size);
    for (uint32_t at = offset + size; at % 16u != 0 && !flash->fails; at++) {
        *device_store_place(flash, block, at) = 0;
    }
    return status;
}

static void spoil_programs_beside(device_t *device) {
    spool(device)->program = programs_beside;
}

/* Encrypts where it lies. */
static int32_t spoils_source(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    const int32_t status = sound.program(ctx, block, offset, data, size);
    for (uint32_t at = 0; at < size; at++) {
        ((uint8_t *)(uintptr_t)data)[at] ^= 0x55;
    }
    return status;
}

static void spoil_spoils_source(device_t *device) {
    spool(device)->program = spoils_source;
}

static int32_t programs_from_words(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                                   uint32_t size) {
    return sound.program(ctx, block, offset, data - (uintptr_t)data % 4u, size);
}

static void spoil_programs_from_words(device_t *device) {
    spool(device)->program = programs_from_words;
}

/* Writes units of 64 bytes, of which it knows what it was given now. */
static int32_t programs_units(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                              uint32_t size) {
    const device_store_t *const flash = ctx;
    if (!flash->fails && size < 64u) {
        memset(device_store_place(flash, block, offset / 64u * 64u), 0xFF, offset % 64u);
    }
    return sound.program(ctx, block, offset, data, size);
}

static void spoil_programs_units(device_t *device) {
    spool(device)->program = programs_units;
}

/* As a serial flash does: at the end of a page it goes on at its start. */
static int32_t wraps_in_page(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    const device_store_t *const flash = ctx;
    const uint32_t page = offset / PAGE_BYTES * PAGE_BYTES;
    if (flash->fails) {
        return TALLY_E_IO;
    }
    for (uint32_t at = 0; at < size; at++) {
        *device_store_place(flash, block, page + (offset - page + at) % PAGE_BYTES) &= data[at];
    }
    return TALLY_OK;
}

static void spoil_wraps_in_page(device_t *device) {
    spool(device)->program = wraps_in_page;
}

static int32_t refuses_last(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                            uint32_t size) {
    const device_store_t *const flash = ctx;
    if (offset + size >= flash->store.block_bytes) {
        return TALLY_E_IO;
    }
    return sound.program(ctx, block, offset, data, size);
}

static void spoil_refuses_last(device_t *device) {
    spool(device)->program = refuses_last;
}

static int32_t programs_blank_only(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                                   uint32_t size) {
    const device_store_t *const flash = ctx;
    const uint8_t *const place = device_store_place(flash, block, offset);
    for (uint32_t at = 0; at < size && !flash->fails; at++) {
        if (place[at] != 0xFF) {
            return TALLY_OK;
        }
    }
    return sound.program(ctx, block, offset, data, size);
}

static void spoil_programs_blank_only(device_t *device) {
    spool(device)->program = programs_blank_only;
}

static int32_t fails_with_another(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                                  uint32_t size) {
    const int32_t status = sound.program(ctx, block, offset, data, size);
    return status == TALLY_OK ? TALLY_OK : TALLY_E_STATE;
}

static void spoil_fails_with_another(device_t *device) {
    spool(device)->program = fails_with_another;
}

/* ---- blocks, sync --------------------------------------------------------------------------- */

/* Address line 3 of the blocks is not connected. */
static int32_t alias_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    return sound.read(ctx, block % 8u, offset, out, size);
}

static int32_t alias_erase(void *ctx, uint32_t block) {
    return sound.erase(ctx, block % 8u);
}

/* By hand: the device would blame the kit for programming what is not erased. */
static int32_t alias_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    const device_store_t *const flash = ctx;
    if (flash->fails) {
        return TALLY_E_IO;
    }
    uint8_t *const place = device_store_place(flash, block % 8u, offset);
    for (uint32_t at = 0; at < size; at++) {
        place[at] &= data[at];
    }
    return TALLY_OK;
}

static void spoil_blocks_alias(device_t *device) {
    spool(device)->read = alias_read;
    spool(device)->erase = alias_erase;
    spool(device)->program = alias_program;
}

static int32_t syncs_nothing(void *ctx) {
    (void)ctx;
    return TALLY_OK;
}

static void spoil_syncs_nothing(device_t *device) {
    spool(device)->sync = syncs_nothing;
}

static bool dirty[16];

static int32_t erases_in_cache(void *ctx, uint32_t block) {
    const device_store_t *const flash = ctx;
    if (flash->fails) {
        return TALLY_E_IO;
    }
    memset(device_store_place(flash, block, 0), 0xFF, flash->store.block_bytes);
    dirty[block] = false;
    return TALLY_OK;
}

static int32_t notes_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    dirty[block] = true;
    return sound.program(ctx, block, offset, data, size);
}

/* Writes back the blocks that were programmed, and forgets those that were erased. */
static int32_t syncs_programmed(void *ctx) {
    const device_store_t *const flash = ctx;
    for (uint32_t block = 0; block < flash->store.blocks; block++) {
        const size_t from = (size_t)block * flash->store.block_bytes;
        if (dirty[block]) {
            memcpy(flash->medium + from, flash->view + from, flash->store.block_bytes);
        }
    }
    return TALLY_OK;
}

static void spoil_erases_in_cache(device_t *device) {
    spool(device)->erase = erases_in_cache;
    spool(device)->program = notes_program;
    spool(device)->sync = syncs_programmed;
}

static const broken_t rows[] = {
    {"no sync", TALLY_RULE_STORE_COMPLETE, spoil_has_no_sync, false, false},
    {"granules of 2 bytes", TALLY_RULE_STORE_PROGRAM_BYTES, spoil_has_granules_of_2, false, false},
    {"blocks of 128 bytes", TALLY_RULE_STORE_BLOCK_BYTES, spoil_has_small_blocks, false, false},
    {"blocks of half granules", TALLY_RULE_STORE_BLOCK_BYTES, spoil_has_half_granules, false,
     false},
    {"5 blocks for two rings", TALLY_RULE_STORE_BLOCKS, spoil_has_few_blocks, false, false},
    {"65,536 blocks", TALLY_RULE_STORE_BLOCKS, spoil_has_many_blocks, false, false},
    {"formatted at each boot", TALLY_RULE_STORE_RESTART, spoil_is_formatted_at_boot, true, false},
    {"a count for a status", TALLY_RULE_STORE_STATUS, spoil_returns_size, false, false},
    {"whole words read", TALLY_RULE_STORE_READ_BEYOND, spoil_reads_words, false, false},
    {"a page too few erased", TALLY_RULE_STORE_ERASE, spoil_erases_too_little, false, false},
    {"a byte too few programmed", TALLY_RULE_STORE_PROGRAM, spoil_programs_a_byte_too_few, false,
     false},
    {"erased unless the first byte is blank", TALLY_RULE_STORE_ERASE_PARTLY,
     spoil_erases_unless_blank, false, false},
    {"an address line that is not connected", TALLY_RULE_STORE_ALIAS, spoil_blocks_alias, false,
     false},
    {"sectors larger than blocks", TALLY_RULE_STORE_ERASE_BESIDE, spoil_erases_beside, false,
     false},
    {"granules larger than told", TALLY_RULE_STORE_PROGRAM_BESIDE, spoil_programs_beside, false,
     false},
    {"encrypted where it lies", TALLY_RULE_STORE_SOURCE, spoil_spoils_source, false, false},
    {"DMA from words", TALLY_RULE_STORE_SOURCE_ADDRESS, spoil_programs_from_words, false, false},
    {"DMA to words", TALLY_RULE_STORE_TARGET_ADDRESS, spoil_reads_to_words, false, false},
    {"read from words", TALLY_RULE_STORE_READ_ANYWHERE, spoil_reads_from_words, false, false},
    {"units written anew", TALLY_RULE_STORE_GRANULES, spoil_programs_units, false, false},
    {"pages not split", TALLY_RULE_STORE_LARGE_PROGRAM, spoil_wraps_in_page, false, false},
    {"512 bytes at the most", TALLY_RULE_STORE_LARGE_READ, spoil_reads_512, false, false},
    {"off by one at the end", TALLY_RULE_STORE_ENDS, spoil_refuses_last, false, false},
    {"programmed only where blank", TALLY_RULE_STORE_ZEROS, spoil_programs_blank_only, false,
     false},
    {"an empty sync", TALLY_RULE_STORE_SYNC, spoil_syncs_nothing, false, false},
    {"erased in the cache", TALLY_RULE_STORE_ERASE_ORDER, spoil_erases_in_cache, false, false},
    {"a failure that nobody hears of", TALLY_RULE_STORE_FAILS, spoil_hides_failure, false, false},
    {"an error of its own", TALLY_RULE_STORE_FAILS, spoil_fails_with_another, false, false},
};

const broken_table_t broken_stores = {rows, sizeof rows / sizeof rows[0]};
