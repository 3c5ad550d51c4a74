/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <string.h>

scene_t scene;
enum chip_family scene_families[2] = {CHIP_J3, CHIP_P30};

chip_shape_t scene_shape(enum chip_family family) {
    return (chip_shape_t){.family = family,
                          .blocks = SCENE_BLOCKS,
                          .block_words = SCENE_BLOCK_WORDS,
                          .buffer_words = family == CHIP_J3 ? 16 : 512,
                          .word_us = 64,
                          .buffer_us = 256,
                          .erase_us = 4000};
}

/* ---- cells ----------------------------------------------------------------------------------- */

static uint16_t read_cell(void *ctx, uint32_t word) {
    const uint16_t *const cells = ctx;
    return cells[word];
}

static void program_cells(void *ctx, uint32_t word, const uint16_t *data, uint32_t words) {
    uint16_t *const cells = ctx;
    for (uint32_t i = 0; i < words; i++) {
        if ((data[i] & ~cells[word + i]) != 0) {
            pair.broken_rule = "program of 1 over 0";
        }
        cells[word + i] &= data[i];
    }
}

static void erase_cells(void *ctx, uint32_t block) {
    uint16_t *const cells = ctx;
    memset(cells + (size_t)block * SCENE_BLOCK_WORDS, 0xFF, SCENE_BLOCK_WORDS * sizeof *cells);
}

uint8_t scene_cell(uint32_t sector, uint32_t offset) {
    const uint32_t word = sector * SCENE_BLOCK_WORDS + offset / 4;
    return (uint8_t)(scene.cells[offset / 2 % 2][word] >> 8 * (offset % 2));
}

bool scene_is_erased(uint32_t sector) {
    for (uint32_t offset = 0; offset < SCENE_SECTOR_BYTES; offset++) {
        if (scene_cell(sector, offset) != 0xFF) {
            return false;
        }
    }
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

void scene_power_up(const chip_shape_t *shape) {
    chip_cells_t cells[PAIR_CHIPS];
    memset(scene.cells, 0xFF, sizeof scene.cells);
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        cells[i] = (chip_cells_t){scene.cells[i], read_cell, program_cells, erase_cells};
    }
    pair_open(shape, cells);
}

void scene_start_driver(void) {
    assert_int_equal(cfi_nor_init(&scene.nor, PAIR_BASE, pair_now_us), TALLY_OK);
    assert_int_equal(cfi_nor_store(&scene.store, &scene.nor, SCENE_FIRST, SCENE_SECTORS), TALLY_OK);
    scene_check_rest();
}

void scene_open(const chip_shape_t *shape) {
    scene_power_up(shape);
    scene_start_driver();
}

int32_t scene_program(uint32_t block, uint32_t offset, const void *data, uint32_t size) {
    return scene.store.store.program(scene.store.store.ctx, block, offset, data, size);
}

int32_t scene_read(uint32_t block, uint32_t offset, void *out, uint32_t size) {
    return scene.store.store.read(scene.store.store.ctx, block, offset, out, size);
}

int32_t scene_erase(uint32_t block) {
    return scene.store.store.erase(scene.store.store.ctx, block);
}

void scene_check_rest(void) {
    const char *const rule = pair_broken_rule();
    assert_string_equal(rule != NULL ? rule : "", "");
    assert_true(pair_is_at_rest());
}
