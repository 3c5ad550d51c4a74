/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCENE_H
#define SCENE_H
/* A pair of chips with cells in memory, the driver over it and a store in its middle. */
#include "../unit/test.h"
#include "cfi_nor.h"
#include "pair.h"
#include "tally/status.h"

enum {
    SCENE_BLOCKS = 8, /* of a chip, and so sectors */
    SCENE_BLOCK_WORDS = 1024,
    SCENE_SECTOR_BYTES = SCENE_BLOCK_WORDS * 2 * PAIR_CHIPS,
    SCENE_FIRST = 2, /* sectors of the store */
    SCENE_SECTORS = 4,
};

typedef struct {
    uint16_t cells[PAIR_CHIPS][SCENE_BLOCKS * SCENE_BLOCK_WORDS];
    cfi_nor_t nor;
    cfi_nor_store_t store;
} scene_t;

extern scene_t scene;

/* What the chips of a family are like; tests may change it before scene_open(). */
chip_shape_t scene_shape(enum chip_family family);

/* New chips, all erased; the driver is not called yet. */
void scene_power_up(const chip_shape_t *shape);

/* The same, and driver and store. */
void scene_open(const chip_shape_t *shape);

/* Init and store succeed on whatever the chips are. */
void scene_start_driver(void);

int32_t scene_program(uint32_t block, uint32_t offset, const void *data, uint32_t size);
int32_t scene_read(uint32_t block, uint32_t offset, void *out, uint32_t size);
int32_t scene_erase(uint32_t block);

/* What lies in the cells, seen past driver and chips. */
uint8_t scene_cell(uint32_t sector, uint32_t offset);
bool scene_is_erased(uint32_t sector);

/* At rest, and no rule was broken. */
void scene_check_rest(void);

/* As a family's tests: one for each. */
#define SCENE_BOTH(test)                                                                           \
    cmocka_unit_test_prestate(test, &scene_families[CHIP_J3]),                                     \
        cmocka_unit_test_prestate(test, &scene_families[CHIP_P30])

extern enum chip_family scene_families[2];

#endif
