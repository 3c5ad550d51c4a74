/* SPDX-License-Identifier: Apache-2.0 */
#include "nor.h"

#include <string.h>

#include "tally/status.h"

/* --- rules ---------------------------------------------------------------------------------- */

static int32_t refuse(nor_t *nor, const char *rule) {
    if (nor->broken_rule == NULL) {
        nor->broken_rule = rule;
    }
    return TALLY_E_IO;
}

static bool is_inside(const nor_t *nor, uint32_t block, uint32_t offset, uint32_t size) {
    const uint32_t block_bytes = nor->shape.block_bytes;
    return block < nor->shape.blocks && size > 0 && offset <= block_bytes &&
           size <= block_bytes - offset;
}

/* Whether a granule may be programmed with `data`: it is erased, as far as anyone can tell, or the
 * data is all zeros. Nobody is to know that bits of a worn part are stuck. */
static bool may_program(const nor_t *nor, uint32_t at, const uint8_t *data) {
    const bool worn = nor->flaws.stuck_count > 0 || nor->flaws.worn_bytes > 0;
    bool zeros = true;
    bool erased = true;
    for (uint32_t i = at; i < at + nor->shape.granularity; i++) {
        zeros = zeros && data[i - at] == 0;
        erased = erased && nor->spent[i] == 0 && (worn || (nor->data[i] | nor->soft[i]) == 0xFF);
    }
    return zeros || erased;
}

/* --- what operations do --------------------------------------------------------------------- */

static void program_bytes(nor_t *nor, uint32_t at, const uint8_t *data, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        nor->data[at + i] &= data[i];
        nor->soft[at + i] &= data[i]; /* a 0 is a full pulse: that bit is sure now */
        nor->weak[at + i] &= data[i];
        nor->spent[at + i] = 1;
    }
    nor_touched(nor, at, bytes);
}

static void erase_block(nor_t *nor, uint32_t block) {
    const uint32_t bytes = nor->shape.block_bytes;
    const uint32_t at = block * bytes;
    memset(nor->data + at, 0xFF, bytes);
    memset(nor->soft + at, 0, bytes);
    memset(nor->weak + at, 0, bytes);
    memset(nor->spent + at, 0, bytes);
    nor->block_soft[block] = 0;
    nor_touched(nor, at, bytes);
}

/* The weak bits of a range turn soft. */
static void ripen(nor_t *nor, nor_weak_range_t *range) {
    for (uint32_t at = range->at; at < range->at + range->bytes; at++) {
        nor_soften(nor, at, nor->weak[at]);
        nor->weak[at] = 0;
    }
    nor_touched(nor, range->at, range->bytes);
    range->bytes = 0;
}

static void power_up(nor_t *nor) {
    for (uint32_t i = 0; i < NOR_WEAK_RANGES; i++) {
        nor_weak_range_t *const range = &nor->weak_ranges[i];
        if (range->bytes > 0 && --range->mounts_left == 0) {
            ripen(nor, range);
        }
    }
}

void nor_apply(nor_t *nor, const op_t *op, const uint8_t *data) {
    switch (op->kind) {
    case OP_PROGRAM:
        program_bytes(nor, op->block * nor->shape.block_bytes + op->offset, data, op->bytes);
        break;
    case OP_ERASE: erase_block(nor, op->block); break;
    case OP_POWER_UP: power_up(nor); break;
    case OP_RIPEN: ripen(nor, &nor->weak_ranges[op->bytes]); break;
    default: break;
    }
}

/* --- cuts ----------------------------------------------------------------------------------- */

void nor_soften(nor_t *nor, uint32_t at, uint8_t mask) {
    nor->soft[at] |= mask;
    if (mask != 0) {
        nor->block_soft[at / nor->shape.block_bytes] = 1;
    }
}

void nor_weaken(nor_t *nor, uint32_t at, uint32_t bytes, uint32_t reads) {
    for (uint32_t i = 0; i < NOR_WEAK_RANGES; i++) {
        if (nor->weak_ranges[i].bytes == 0) {
            nor->weak_ranges[i] = (nor_weak_range_t){at, bytes, 2, reads};
            return;
        }
    }
}

/* Writes an operation down, shows it, and cuts the power in it if its turn has come. Returns
 * whether it is to be carried out. */
static bool enter(nor_t *nor, const op_t *op, const uint8_t *data) {
    if (nor->watch != NULL) {
        nor->watch(nor->watcher, nor, op, data);
    }
    if (nor->ops == nor->cut_at) {
        nor->off = true;
        nor->cut(nor, op, data);
        return false;
    }
    if (nor->log != NULL) {
        log_add(nor->log, op, data);
    }
    nor->ops++;
    return true;
}

static void enter_event(nor_t *nor, const op_t *op) {
    if (nor->log != NULL) {
        log_add(nor->log, op, NULL);
        nor->ops++;
    }
    nor_apply(nor, op, NULL);
}

void nor_power_up(nor_t *nor) {
    nor->off = false;
    enter_event(nor, &(op_t){.kind = OP_POWER_UP});
}

/* Reads wear weak bits out. */
static void weak_bits_are_read(nor_t *nor, uint32_t at, uint32_t size) {
    for (uint32_t i = 0; i < NOR_WEAK_RANGES; i++) {
        nor_weak_range_t *const range = &nor->weak_ranges[i];
        if (range->bytes > 0 && range->reads_left > 0 && at < range->at + range->bytes &&
            range->at < at + size && --range->reads_left == 0) {
            enter_event(nor, &(op_t){.kind = OP_RIPEN, .bytes = i});
        }
    }
}

/* --- the store ------------------------------------------------------------------------------ */

uint64_t nor_chance(uint64_t *state) {
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t bits = *state;
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94D049BB133111EB);
    return bits ^ (bits >> 31);
}

static uint8_t soft_bits(nor_t *nor, uint8_t mask) {
    uint64_t chance = nor_chance(&nor->chance);
    uint32_t bits = 0;
    for (uint32_t bit = 0; bit < 8; bit++) {
        bits |= (uint32_t)((chance & 0xFF) < nor->odds) << bit;
        chance >>= 8;
    }
    return (uint8_t)bits & mask;
}

static int32_t nor_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    nor_t *const nor = ctx;
    if (nor->off) {
        return TALLY_E_IO;
    }
    if (!is_inside(nor, block, offset, size)) {
        return refuse(nor, "read outside of the block");
    }
    if (nor_read_fails(nor, block)) {
        return TALLY_E_IO;
    }
    const uint32_t at = block * nor->shape.block_bytes + offset;
    nor->cost.reads++;
    nor->cost.bytes_read += size;
    weak_bits_are_read(nor, at, size);
    memcpy(out, nor->data + at, size);
    for (uint32_t i = 0; nor->block_soft[block] != 0 && i < size; i++) {
        const uint8_t soft = nor->soft[at + i];
        if (soft != 0) {
            out[i] = (uint8_t)(out[i] & ~soft) | soft_bits(nor, soft);
        }
    }
    return TALLY_OK;
}

static void count_program(nor_t *nor, uint32_t offset, uint32_t size) {
    nor->cost.programs++;
    nor->cost.pages += (offset + size - 1) / NOR_PAGE - offset / NOR_PAGE + 1;
    nor->cost.bytes_programmed += size;
}

static int32_t nor_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                           uint32_t size) {
    nor_t *const nor = ctx;
    const op_t op = {.kind = OP_PROGRAM, .block = block, .offset = offset, .bytes = size};
    const uint32_t granularity = nor->shape.granularity;
    if (nor->off) {
        return TALLY_E_IO;
    }
    if (!is_inside(nor, block, offset, size)) {
        return refuse(nor, "program outside of the block");
    }
    if (offset % granularity != 0 || size % granularity != 0) {
        return refuse(nor, "program against the granularity");
    }
    const uint32_t at = block * nor->shape.block_bytes + offset;
    for (uint32_t i = 0; i < size; i += granularity) {
        if (!may_program(nor, at + i, data + i)) {
            return refuse(nor, "program of a place that is not erased");
        }
    }
    if (!enter(nor, &op, data)) {
        return TALLY_E_IO;
    }
    count_program(nor, offset, size);
    if (nor_program_fails(nor, &op, data)) {
        return TALLY_E_IO;
    }
    nor_apply(nor, &op, data);
    nor_wear_shows(nor, at, size);
    return TALLY_OK;
}

static int32_t nor_erase(void *ctx, uint32_t block) {
    nor_t *const nor = ctx;
    const op_t op = {.kind = OP_ERASE, .block = block};
    if (nor->off) {
        return TALLY_E_IO;
    }
    if (block >= nor->shape.blocks) {
        return refuse(nor, "erase outside of the store");
    }
    if (!enter(nor, &op, NULL)) {
        return TALLY_E_IO;
    }
    nor->cost.erases++;
    nor->block_erases[block]++;
    if (nor_erase_fails(nor, &op)) {
        return TALLY_E_IO;
    }
    nor_apply(nor, &op, NULL);
    nor_wear_shows(nor, block * nor->shape.block_bytes, nor->shape.block_bytes);
    return TALLY_OK;
}

static int32_t nor_sync(void *ctx) {
    nor_t *const nor = ctx;
    if (nor->off || !enter(nor, &(op_t){.kind = OP_SYNC}, NULL)) {
        return TALLY_E_IO;
    }
    nor->cost.syncs++;
    return TALLY_OK;
}

void nor_renew(nor_t *nor) {
    nor->store = (tally_store_t){.ctx = nor,
                                 .block_bytes = nor->shape.block_bytes,
                                 .blocks = nor->shape.blocks,
                                 .program_bytes = nor->shape.granularity,
                                 .read = nor_read,
                                 .program = nor_program,
                                 .erase = nor_erase,
                                 .sync = nor_sync};
    for (uint32_t block = 0; block < nor->shape.blocks; block++) {
        erase_block(nor, block);
        nor->block_erases[block] = 0;
    }
    memset(nor->weak_ranges, 0, sizeof nor->weak_ranges);
    memset(&nor->cost, 0, sizeof nor->cost);
    memset(&nor->flaws, 0, sizeof nor->flaws);
    nor->odds = 128;
    nor->ops = 0;
    nor->cut_at = NEVER;
    nor->off = false;
    nor->broken_rule = NULL;
    nor->log = NULL;
    nor->watch = NULL;
}

/* Of a common serial part: a page 0.7 ms, a block of 4 KiB 45 ms, of 64 KiB 150 ms, 50 MB/s read.
 */
uint64_t nor_cost_us(const nor_t *nor) {
    const uint64_t erase_us = nor->shape.block_bytes <= 4096 ? 45000 : 150000;
    return nor->cost.pages * UINT64_C(700) + nor->cost.erases * erase_us +
           nor->cost.bytes_read / 50;
}
