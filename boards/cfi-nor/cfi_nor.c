/* SPDX-License-Identifier: Apache-2.0 */
#include "cfi_nor.h"

#include <string.h>

#include "cfi_nor_commands.h"
#include "cfi_nor_query.h"

/* ---- one operation --------------------------------------------------------------------------- */

/* Waits for the end of what was begun at `address`, and goes back to reading. False: it failed. */
static bool is_done(cfi_nor_t *nor, uintptr_t address, uint32_t most_us) {
    uint32_t status;
    nor->is_late = !cfi_nor_await(nor, address, most_us, &status);
    const bool has_errors = !nor->is_late && (status & STATUS_ERRORS) != 0;
    if (has_errors) {
        put(address, CMD_CLEAR_STATUS);
    }
    put(address, CMD_READ_ARRAY);
    return !nor->is_late && !has_errors;
}

static uint32_t word_of(const uint8_t *data) {
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static bool program_word(cfi_nor_t *nor, uintptr_t address, const uint8_t *data) {
    put(address, CMD_WORD_PROGRAM);
    put(address, word_of(data));
    return is_done(nor, address, nor->word_us);
}

/* `bytes` do not cross the end of a buffer's place. */
static bool program_buffer(cfi_nor_t *nor, uintptr_t address, const uint8_t *data, uint32_t bytes) {
    uint32_t status;
    put(address, CMD_BUFFER_PROGRAM);
    nor->is_late = !cfi_nor_await(nor, address, nor->buffer_us, &status);
    if (nor->is_late) {
        return false;
    }
    put(address, BOTH(bytes / WORD_BYTES - 1u));
    for (uint32_t at = 0; at < bytes; at += WORD_BYTES) {
        put(address + at, word_of(data + at));
    }
    put(address, CMD_CONFIRM);
    return is_done(nor, address, nor->buffer_us);
}

/* Whether chips in query mode, which some enter while they are busy, become idle in time. What
 * failed before is forgotten. */
static bool is_idle(cfi_nor_t *nor, uint32_t most_us) {
    put(nor->base, CMD_READ_ARRAY); /* QEMU's leave query mode by nothing else */
    put(nor->base, CMD_READ_STATUS);
    (void)is_done(nor, nor->base, most_us);
    return !nor->is_late;
}

/* An operation that did not end in time may have ended since. */
static bool is_usable(cfi_nor_t *nor) {
    return !nor->is_late || (cfi_nor_enter_query(nor, 0) && is_idle(nor, 0));
}

/* ---- the store ------------------------------------------------------------------------------- */

static uintptr_t address_of(const cfi_nor_store_t *store, uint32_t block, uint32_t offset) {
    const uint32_t sector = store->first_sector + block;
    return store->nor->base + (uintptr_t)sector * store->nor->sector_bytes + offset;
}

/* Device memory is read in aligned words only. */
static int32_t store_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    const cfi_nor_store_t *const store = ctx;
    if (!is_usable(store->nor)) {
        return TALLY_E_IO;
    }
    uint32_t skipped = offset % WORD_BYTES;
    uintptr_t address = address_of(store, block, offset - skipped);
    for (uint32_t done = 0; done < size; address += WORD_BYTES) {
        const uint32_t word = get(address);
        const uint32_t left = size - done;
        const uint32_t bytes = left < WORD_BYTES - skipped ? left : WORD_BYTES - skipped;
        if (bytes == WORD_BYTES) { /* most are: a size that the compiler knows is no call */
            memcpy(out + done, &word, WORD_BYTES);
        } else {
            memcpy(out + done, (const uint8_t *)&word + skipped, bytes);
        }
        done += bytes;
        skipped = 0;
    }
    return TALLY_OK;
}

static int32_t store_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    const cfi_nor_store_t *const store = ctx;
    cfi_nor_t *const nor = store->nor;
    bool is_good = is_usable(nor);
    for (uint32_t done = 0; is_good && done < size;) {
        const uint32_t room = nor->buffer_bytes - (offset + done) % nor->buffer_bytes;
        const uint32_t bytes = size - done < room ? size - done : room;
        const uintptr_t address = address_of(store, block, offset + done);
        is_good = bytes > WORD_BYTES ? program_buffer(nor, address, data + done, bytes)
                                     : program_word(nor, address, data + done);
        done += bytes;
    }
    return is_good ? TALLY_OK : TALLY_E_IO;
}

static int32_t store_erase(void *ctx, uint32_t block) {
    const cfi_nor_store_t *const store = ctx;
    cfi_nor_t *const nor = store->nor;
    const uintptr_t address = address_of(store, block, 0);
    if (!is_usable(nor)) {
        return TALLY_E_IO;
    }
    put(address, CMD_BLOCK_ERASE);
    put(address, CMD_CONFIRM);
    return is_done(nor, address, nor->erase_us) ? TALLY_OK : TALLY_E_IO;
}

static int32_t store_sync(void *ctx) {
    (void)ctx;
    return TALLY_OK;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

int32_t cfi_nor_init(cfi_nor_t *nor, uintptr_t base, uint64_t (*now_us)(void)) {
    *nor = (cfi_nor_t){.base = base, .now_us = now_us};
    const bool is_known =
        cfi_nor_enter_query(nor, CFI_NOR_ANSWER_MS * 1000u) && cfi_nor_read_query(nor);
    return is_idle(nor, nor->erase_us) && is_known ? TALLY_OK : TALLY_E_IO;
}

static void unlock(const cfi_nor_store_t *store) {
    for (uint32_t block = 0; block < store->store.blocks; block++) {
        put(address_of(store, block, 0), CMD_BLOCK_LOCK);
        put(address_of(store, block, 0), CMD_CONFIRM);
    }
    put(address_of(store, 0, 0), CMD_READ_ARRAY);
}

int32_t cfi_nor_store(cfi_nor_store_t *out, cfi_nor_t *nor, uint32_t first_sector,
                      uint32_t sectors) {
    if (sectors == 0 || first_sector > nor->sectors || sectors > nor->sectors - first_sector) {
        return TALLY_E_ARGUMENT;
    }
    *out = (cfi_nor_store_t){.store = {.ctx = out,
                                       .block_bytes = nor->sector_bytes,
                                       .blocks = sectors,
                                       .program_bytes = WORD_BYTES,
                                       .read = store_read,
                                       .program = store_program,
                                       .erase = store_erase,
                                       .sync = store_sync},
                             .nor = nor,
                             .first_sector = first_sector};
    if (nor->locks) {
        unlock(out);
    }
    return TALLY_OK;
}
