/* SPDX-License-Identifier: Apache-2.0 */
#include "flash.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_inside(uint32_t block, uint32_t offset, uint32_t size) {
    return block < FLASH_BLOCKS && offset <= FLASH_BLOCK_BYTES &&
           size <= FLASH_BLOCK_BYTES - offset;
}

static size_t place(uint32_t block, uint32_t offset) {
    return (size_t)block * FLASH_BLOCK_BYTES + offset;
}

static int32_t refuse(flash_t *flash) {
    flash->refused++;
    return TALLY_E_IO;
}

static int32_t flash_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    flash_t *const flash = ctx;
    if (!is_inside(block, offset, size)) {
        return refuse(flash);
    }
    flash->reads++;
    flash->spent_ns += (uint64_t)size * FLASH_READ_BYTE_NS;
    memcpy(out, flash->memory + place(block, offset), size);
    return TALLY_OK;
}

/* Whether the contract lets `data` be programmed there. */
static bool is_allowed(const uint8_t *there, const uint8_t *data, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) {
        if (there[i] != 0xFF && data[i] != 0) {
            return false;
        }
    }
    return true;
}

static int32_t flash_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    flash_t *const flash = ctx;
    const uint32_t granularity = flash->store.program_bytes;
    if (size == 0 || !is_inside(block, offset, size) || offset % granularity != 0 ||
        size % granularity != 0) {
        return refuse(flash);
    }
    uint8_t *const there = flash->memory + place(block, offset);
    if (!is_allowed(there, data, size)) {
        return refuse(flash);
    }
    const uint32_t pages = (offset + size - 1) / FLASH_PAGE_BYTES - offset / FLASH_PAGE_BYTES + 1;
    flash->programs++;
    flash->bytes_programmed += size;
    flash->spent_ns += (uint64_t)pages * FLASH_PAGE_NS;
    memcpy(there, data, size);
    return TALLY_OK;
}

static int32_t flash_erase(void *ctx, uint32_t block) {
    flash_t *const flash = ctx;
    if (!is_inside(block, 0, 0)) {
        return refuse(flash);
    }
    flash->erases++;
    flash->block_erases[block]++;
    flash->spent_ns += FLASH_ERASE_NS;
    memset(flash->memory + place(block, 0), 0xFF, FLASH_BLOCK_BYTES);
    return TALLY_OK;
}

static int32_t flash_sync(void *ctx) {
    (void)ctx; /* a program has ended when it returns */
    return TALLY_OK;
}

void flash_init(flash_t *flash, uint32_t program_bytes) {
    memset(flash, 0, sizeof *flash);
    memset(flash->memory, 0xFF, sizeof flash->memory);
    flash->store = (tally_store_t){
        .ctx = flash,
        .block_bytes = FLASH_BLOCK_BYTES,
        .blocks = FLASH_BLOCKS,
        .program_bytes = program_bytes,
        .read = flash_read,
        .program = flash_program,
        .erase = flash_erase,
        .sync = flash_sync,
    };
}

uint32_t flash_erase_spread(const flash_t *flash, uint32_t first, uint32_t blocks) {
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    for (uint32_t i = first; i < first + blocks; i++) {
        const uint32_t erases = flash->block_erases[i];
        least = erases < least ? erases : least;
        most = erases > most ? erases : most;
    }
    return most - least;
}
