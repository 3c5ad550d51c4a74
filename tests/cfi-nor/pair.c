/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <stddef.h>

#include "cfi_nor_bus.h"

pair_t pair;

void pair_open(const chip_shape_t *shape, const chip_cells_t cells[PAIR_CHIPS]) {
    pair.now_ns = 0;
    pair.access_ns = 100;
    pair.writes_left = 0;
    pair.stands_still_ns = 0;
    pair.is_empty = false;
    pair.broken_rule = NULL;
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        chip_open(&pair.chips[i], shape, cells[i]);
        pair.chips[i].noise += i;
    }
}

static void pass(uint64_t ns) {
    pair.now_ns += ns;
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        chip_advance(&pair.chips[i], pair.now_ns);
    }
}

void pair_power_cycle(void) {
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        chip_power_cycle(&pair.chips[i]);
    }
}

bool pair_is_at_rest(void) {
    return chip_is_at_rest(&pair.chips[0]) && chip_is_at_rest(&pair.chips[1]);
}

const char *pair_broken_rule(void) {
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        if (pair.chips[i].broken_rule != NULL) {
            return pair.chips[i].broken_rule;
        }
    }
    return pair.broken_rule;
}

uint64_t pair_now_us(void) {
    pass(pair.access_ns);
    const uint64_t now_us = pair.now_ns / 1000u;
    pass(pair.stands_still_ns);
    pair.stands_still_ns = 0;
    return now_us;
}

/* The word of each chip that an address means. */
static uint32_t word_at(uintptr_t address) {
    const chip_shape_t *const shape = &pair.chips[0].shape;
    const uint32_t words = shape->blocks * shape->block_words;
    if (address < PAIR_BASE || address % 4 != 0 || (address - PAIR_BASE) / 4 >= words) {
        pair.broken_rule = "address outside the chips, or not aligned";
        return 0;
    }
    return (uint32_t)(address - PAIR_BASE) / 4;
}

uint32_t cfi_nor_bus_get(uintptr_t address) {
    const uint32_t word = word_at(address);
    pass(pair.access_ns);
    if (pair.is_empty) {
        return UINT32_MAX;
    }
    const uint32_t low = chip_read(&pair.chips[0], word);
    return low | (uint32_t)chip_read(&pair.chips[1], word) << 16;
}

void cfi_nor_bus_put(uintptr_t address, uint32_t word) {
    const uint32_t at = word_at(address);
    pass(pair.access_ns);
    if (!pair.is_empty) {
        chip_write(&pair.chips[0], at, (uint16_t)word);
        chip_write(&pair.chips[1], at, (uint16_t)(word >> 16));
    }
    if (pair.writes_left > 0 && --pair.writes_left == 0) {
        longjmp(pair.reset, 1);
    }
}
