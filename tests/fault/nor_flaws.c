/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong with a part while the power is on. */
#include "nor.h"

/* Whether this operation is among those that fail. */
static bool comes_up(uint32_t *in, uint32_t *times) {
    if (*in > 1) {
        (*in)--;
        return false;
    }
    if (*in == 0 || *times == 0) {
        return false;
    }
    (*times)--;
    return true;
}

static bool is_of(uint64_t blocks, uint32_t block) {
    return block < 64 && (blocks >> block & 1) != 0;
}

bool nor_program_fails(nor_t *nor, const op_t *op, const uint8_t *data) {
    if (is_of(nor->flaws.bad_blocks, op->block)) {
        return true;
    }
    if (!comes_up(&nor->flaws.program_in, &nor->flaws.programs)) {
        return false;
    }
    if (nor->flaws.partly) {
        op_t half = *op;
        half.bytes = op->bytes / 2;
        nor_apply(nor, &half, data);
    }
    return true;
}

bool nor_erase_fails(nor_t *nor, const op_t *op) {
    if (is_of(nor->flaws.bad_blocks, op->block)) {
        return true;
    }
    if (!comes_up(&nor->flaws.erase_in, &nor->flaws.erases)) {
        return false;
    }
    if (nor->flaws.partly) {
        const uint32_t at = op->block * nor->shape.block_bytes;
        const uint32_t half = nor->shape.block_bytes / 2;
        for (uint32_t i = 0; i < half; i++) {
            nor->data[at + i] = 0;
            nor->spent[at + i] = 1;
        }
        nor_touched(nor, at, half);
    }
    return true;
}

bool nor_read_fails(nor_t *nor, uint32_t block) {
    return is_of(nor->flaws.unreadable, block) || comes_up(&nor->flaws.read_in, &nor->flaws.reads);
}

static void stick(nor_t *nor, uint32_t at, uint8_t mask, bool high) {
    nor->data[at] = (uint8_t)(high ? nor->data[at] | mask : nor->data[at] & ~mask);
}

void nor_wear_shows(nor_t *nor, uint32_t at, uint32_t bytes) {
    const nor_flaws_t *const flaws = &nor->flaws;
    for (uint32_t i = 0; i < flaws->stuck_count; i++) {
        const nor_stuck_t *const stuck = &flaws->stuck[i];
        if (stuck->at - at < bytes) {
            stick(nor, stuck->at, stuck->mask, stuck->high);
        }
    }
    for (uint32_t i = at; flaws->worn_bytes > 0 && i < at + bytes; i++) {
        uint64_t chance = flaws->worn_seed + i;
        const uint64_t bits = nor_chance(&chance);
        if (i - flaws->worn_at < flaws->worn_bytes && bits % 16 == 0) {
            stick(nor, i, (uint8_t)(1u << (bits >> 8) % 8), (bits >> 16 & 1) != 0);
        }
    }
}
