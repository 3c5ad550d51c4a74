/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_ram_store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Also refuses sums that would wrap around. */
static bool is_inside(const tally_store_t *store, uint32_t block, uint32_t offset, uint32_t size) {
    return block < store->blocks && offset <= store->block_bytes &&
           size <= store->block_bytes - offset;
}

static uint8_t *place(const tally_ram_store_t *ram, uint32_t block, uint32_t offset) {
    return ram->memory + (size_t)block * ram->store.block_bytes + offset;
}

/* What was written before is written before what follows, whatever a compiler would rather do that
 * knows of no power cuts. */
static void keep_order(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

static int32_t ram_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    const tally_ram_store_t *ram = ctx;
    if (!is_inside(&ram->store, block, offset, size)) {
        return TALLY_E_IO;
    }
    memcpy(out, place(ram, block, offset), size);
    return TALLY_OK;
}

static int32_t ram_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                           uint32_t size) {
    const tally_ram_store_t *ram = ctx;
    if (!is_inside(&ram->store, block, offset, size) || offset % ram->store.program_bytes != 0 ||
        size % ram->store.program_bytes != 0) {
        return TALLY_E_IO;
    }
    memcpy(place(ram, block, offset), data, size);
    keep_order();
    return TALLY_OK;
}

static int32_t ram_erase(void *ctx, uint32_t block) {
    const tally_ram_store_t *ram = ctx;
    if (!is_inside(&ram->store, block, 0, 0)) {
        return TALLY_E_IO;
    }
    memset(place(ram, block, 0), 0xFF, ram->store.block_bytes);
    keep_order();
    return TALLY_OK;
}

static int32_t ram_sync(void *ctx) {
    (void)ctx; /* RAM has no cache to write back that outlives what the RAM survives */
    return TALLY_OK;
}

int32_t tally_ram_store_init(tally_ram_store_t *ram, uint8_t *memory, uint32_t block_bytes,
                             uint32_t blocks, uint32_t program_bytes) {
    if (ram == NULL || memory == NULL || blocks == 0) {
        return TALLY_E_ARGUMENT;
    }
    if (program_bytes != 1 && program_bytes != 4 && program_bytes != 8 && program_bytes != 16) {
        return TALLY_E_ARGUMENT;
    }
    if (block_bytes < 256 || block_bytes > 1024u * 1024u || block_bytes % program_bytes != 0) {
        return TALLY_E_ARGUMENT;
    }
    ram->memory = memory;
    ram->store = (tally_store_t){
        .ctx = ram,
        .block_bytes = block_bytes,
        .blocks = blocks,
        .program_bytes = program_bytes,
        .read = ram_read,
        .program = ram_program,
        .erase = ram_erase,
        .sync = ram_sync,
    };
    return TALLY_OK;
}

const tally_store_t *tally_ram_store(const tally_ram_store_t *ram) {
    return &ram->store;
}
