/* SPDX-License-Identifier: Apache-2.0 */
/* The driver on chips that do what they should, or are not what it is for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scene.h"

static enum chip_family family_of(void **state) {
    return *(enum chip_family *)*state;
}

static void open_family(void **state) {
    const chip_shape_t shape = scene_shape(family_of(state));
    scene_open(&shape);
}

/* ---- what the chips are ---------------------------------------------------------------------- */

static void test_geometry_and_times_are_what_the_chips_say(void **state) {
    open_family(state);
    assert_int_equal(scene.nor.sector_bytes, SCENE_SECTOR_BYTES);
    assert_int_equal(scene.nor.sectors, SCENE_BLOCKS);
    assert_int_equal(scene.nor.buffer_bytes, family_of(state) == CHIP_J3 ? 64 : 2048);
    assert_int_equal(scene.nor.word_us, 2 * 64);
    assert_int_equal(scene.nor.buffer_us, 2 * 256);
    assert_int_equal(scene.nor.erase_us, 2 * 4 * 1024);
    const tally_store_t *const store = &scene.store.store;
    assert_int_equal(store->block_bytes, SCENE_SECTOR_BYTES);
    assert_int_equal(store->blocks, SCENE_SECTORS);
    assert_int_equal(store->program_bytes, 4);
}

static void test_a_real_part(void **state) {
    /* 28F256P30: 256 blocks of 64 Ki words, 32-word buffer; times as its query table has them. */
    (void)state;
    const chip_shape_t shape = {.family = CHIP_P30,
                                .blocks = 64,
                                .block_words = 64 * 1024,
                                .buffer_words = 32,
                                .word_us = 256,
                                .buffer_us = 512,
                                .erase_us = 1024 * 1000};
    cfi_nor_t nor;
    scene_power_up(&shape);
    assert_int_equal(cfi_nor_init(&nor, PAIR_BASE, pair_now_us), TALLY_OK);
    assert_int_equal(nor.sector_bytes, 256 * 1024);
    assert_int_equal(nor.sectors, 64);
    assert_int_equal(nor.buffer_bytes, 128);
    assert_int_equal(nor.erase_us, 2 * 1024 * 1024);
}

static void test_a_store_is_within_the_chips(void **state) {
    static const uint32_t wrong[][2] = {{0, SCENE_BLOCKS + 1}, {SCENE_BLOCKS, 1}, {1, SCENE_BLOCKS},
                                        {UINT32_MAX, 2},       {2, UINT32_MAX},   {0, 0}};
    cfi_nor_store_t store;
    open_family(state);
    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(cfi_nor_store(&store, &scene.nor, wrong[i][0], wrong[i][1]),
                         TALLY_E_ARGUMENT);
    }
    assert_int_equal(cfi_nor_store(&store, &scene.nor, 0, SCENE_BLOCKS), TALLY_OK);
    scene_check_rest();
}

/* Entries of the query table that are not this driver's business, or cannot be meant. */
static const struct {
    uint8_t index;
    uint8_t value;
    const char *what;
} strange[] = {{0x10, 'q', "no query table"},
               {0x11, 'r', "no query table"},
               {0x12, 0, "no query table"},
               {0x13, 2, "AMD's command set"},
               {0x14, 1, "another command set"},
               {0x1F, 26, "a word program of a minute"},
               {0x24, 200, "a buffer program without end"},
               {0x21, 15, "an erase of a minute"},
               {0x25, 255, "an erase without end"},
               {0x27, 13, "half as many bytes as the blocks have"},
               {0x27, 80, "too many bytes to count"},
               {0x2C, 0, "no erase blocks"},
               {0x2C, 2, "erase blocks of two sizes"},
               {0x2D, 6, "fewer blocks than bytes"},
               {0x2F, 0, "blocks of no bytes"},
               {0x30, 0x80, "blocks of 8 MiB"}};

static void test_chips_that_say_something_strange_are_refused(void **state) {
    const chip_shape_t shape = scene_shape(family_of(state));
    for (uint32_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        cfi_nor_t nor;
        scene_power_up(&shape);
        pair.access_ns = 10000;
        pair.chips[0].query[strange[i].index] = strange[i].value;
        pair.chips[1].query[strange[i].index] = strange[i].value;
        if (cfi_nor_init(&nor, PAIR_BASE, pair_now_us) != TALLY_E_IO) {
            fail_msg("%s", strange[i].what);
        }
        scene_check_rest();
    }
}

static void test_chips_that_differ_are_refused(void **state) {
    static const uint8_t read[] = {0x10, 0x13, 0x1F, 0x21, 0x25, 0x27, 0x2A, 0x2D, 0x2F, 0x36};
    const chip_shape_t shape = scene_shape(family_of(state));
    for (uint32_t i = 0; i < sizeof read; i++) {
        cfi_nor_t nor;
        scene_power_up(&shape);
        pair.access_ns = 10000;
        pair.chips[1].query[read[i]] ^= 1;
        if (cfi_nor_init(&nor, PAIR_BASE, pair_now_us) != TALLY_E_IO) {
            fail_msg("entry %x", read[i]);
        }
        scene_check_rest();
    }
}

static void test_an_empty_socket_is_refused_in_time(void **state) {
    const chip_shape_t shape = scene_shape(family_of(state));
    cfi_nor_t nor;
    scene_power_up(&shape);
    pair.access_ns = 1000;
    pair.is_empty = true;
    assert_int_equal(cfi_nor_init(&nor, PAIR_BASE, pair_now_us), TALLY_E_IO);
    assert_in_range(pair.now_ns / 1000000u, CFI_NOR_ANSWER_MS, CFI_NOR_ANSWER_MS + 20);
}

static void test_a_buffer_larger_than_known_is_used_in_part(void **state) {
    chip_shape_t shape = scene_shape(family_of(state));
    shape.buffer_words = 1024;
    shape.block_words = 8192;
    shape.blocks = 1;
    cfi_nor_t nor;
    scene_power_up(&shape);
    pair.chips[0].query[0x2A] = pair.chips[1].query[0x2A] = 14;
    assert_int_equal(cfi_nor_init(&nor, PAIR_BASE, pair_now_us), TALLY_OK);
    assert_int_equal(nor.buffer_bytes, 4096);
}

static void test_a_buffer_larger_than_a_block_is_refused(void **state) {
    chip_shape_t shape = scene_shape(family_of(state));
    cfi_nor_t nor;
    shape.block_words = 256;
    scene_power_up(&shape);
    pair.chips[0].query[0x2A] = pair.chips[1].query[0x2A] = 10;
    assert_int_equal(cfi_nor_init(&nor, PAIR_BASE, pair_now_us), TALLY_E_IO);
    scene_check_rest();
}

/* ---- reading, programming, erasing ----------------------------------------------------------- */

static uint64_t chance;

static uint32_t roll(uint32_t sides) {
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(chance >> 33) % sides;
}

/* Programs anything, any size, from anywhere; what is beside it stays. */
static void program_at_random(uint8_t *expected) {
    uint8_t data[SCENE_SECTOR_BYTES + 3];
    uint8_t read[SCENE_SECTOR_BYTES];
    const uint32_t most = roll(8) == 0 ? SCENE_SECTOR_BYTES : 400;
    const uint32_t offset = roll(SCENE_SECTOR_BYTES / 4) * 4;
    const uint32_t room = SCENE_SECTOR_BYTES - offset;
    const uint32_t size = roll((room < most ? room : most) / 4 + 1) * 4;
    const uint32_t shift = roll(4);
    const bool is_zero = roll(4) == 0;
    for (uint32_t i = 0; i < size; i++) {
        /* The place is not erased: only what is 1 there may be 1. */
        data[shift + i] = is_zero ? 0 : expected[offset + i] & (uint8_t)roll(256);
        expected[offset + i] = data[shift + i];
    }
    assert_int_equal(scene_program(1, offset, data + shift, size), TALLY_OK);
    scene_check_rest();
    const uint32_t from = roll(SCENE_SECTOR_BYTES);
    const uint32_t bytes = roll(SCENE_SECTOR_BYTES - from + 1);
    memset(read, 0xA5, sizeof read);
    assert_int_equal(scene_read(1, from, read, bytes), TALLY_OK);
    assert_memory_equal(read, expected + from, bytes);
    assert_true(bytes == sizeof read || read[bytes] == 0xA5);
}

static void check_cells(uint32_t sector, const uint8_t *expected) {
    for (uint32_t offset = 0; offset < SCENE_SECTOR_BYTES; offset++) {
        assert_int_equal(scene_cell(sector, offset), expected[offset]);
    }
}

static void test_what_is_programmed_lies_there_and_nothing_else_changes(void **state) {
    uint8_t expected[SCENE_SECTOR_BYTES];
    open_family(state);
    for (uint32_t round = 0; round < 20; round++) {
        memset(expected, 0xFF, sizeof expected);
        for (uint32_t i = 0; i < 20; i++) {
            program_at_random(expected);
        }
        check_cells(SCENE_FIRST + 1, expected);
        assert_int_equal(scene_erase(1), TALLY_OK);
        assert_true(scene_is_erased(SCENE_FIRST + 1));
    }
    for (uint32_t sector = 0; sector < SCENE_BLOCKS; sector++) {
        assert_true(scene_is_erased(sector));
    }
    scene_check_rest();
}

/* One of two entries is enough to say that there is none. */
static void check_words(enum chip_family family, uint8_t entry) {
    static const uint8_t record[] = "Words of thirty-two bits, and no buffer.";
    const chip_shape_t shape = scene_shape(family);
    uint8_t read[sizeof record];
    scene_power_up(&shape);
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        pair.chips[i].query[entry] = 0;
        pair.chips[i].shape.buffer_words = 0;
    }
    scene_start_driver();
    assert_int_equal(scene_program(0, 100, record, 40), TALLY_OK);
    assert_int_equal(pair.chips[0].programs, 10);
    assert_int_equal(pair.chips[1].programs, 10);
    assert_int_equal(scene_read(0, 100, read, 40), TALLY_OK);
    assert_memory_equal(read, record, 40);
    scene_check_rest();
}

static void test_chips_without_a_buffer_are_programmed_by_words(void **state) {
    check_words(family_of(state), 0x20);
    check_words(family_of(state), 0x2A);
}

static void test_a_record_takes_no_more_programs_than_buffers(void **state) {
    static const uint8_t record[300];
    open_family(state);
    const uint32_t buffer = scene.nor.buffer_bytes;
    assert_int_equal(scene_program(0, 2048 - 300, record, 300), TALLY_OK);
    assert_int_equal(pair.chips[0].programs, (300 + buffer - 1) / buffer);
    assert_int_equal(scene_program(0, 2048 - 4, record, 8), TALLY_OK);
    assert_int_equal(pair.chips[0].programs, (300 + buffer - 1) / buffer + 2);
    scene_check_rest();
}

static void test_zeros_go_over_anything(void **state) {
    static const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t zeros[8];
    uint8_t read[8];
    open_family(state);
    assert_int_equal(scene_program(0, 0, data, 8), TALLY_OK);
    assert_int_equal(scene_program(0, 0, zeros, 8), TALLY_OK);
    assert_int_equal(scene_read(0, 0, read, 8), TALLY_OK);
    assert_memory_equal(read, zeros, 8);
    scene_check_rest();
}

static void test_an_erase_takes_one_sector(void **state) {
    static const uint8_t data[4] = {0};
    open_family(state);
    for (uint32_t block = 0; block < SCENE_SECTORS; block++) {
        assert_int_equal(scene_program(block, 0, data, 4), TALLY_OK);
        assert_int_equal(scene_program(block, SCENE_SECTOR_BYTES - 4, data, 4), TALLY_OK);
    }
    assert_int_equal(scene_erase(2), TALLY_OK);
    for (uint32_t block = 0; block < SCENE_SECTORS; block++) {
        const uint32_t sector = SCENE_FIRST + block;
        assert_int_equal(scene_is_erased(sector), block == 2);
        assert_int_equal(scene_cell(sector, 0) == 0, block != 2);
        assert_int_equal(scene_cell(sector, SCENE_SECTOR_BYTES - 1) == 0, block != 2);
    }
    assert_true(pair.now_ns / 1000 >= 4000);
    scene_check_rest();
}

static void test_two_stores_share_the_chips(void **state) {
    static const uint8_t data[4] = {1, 2, 3, 4};
    uint8_t read[4];
    cfi_nor_store_t other;
    open_family(state);
    assert_int_equal(cfi_nor_store(&other, &scene.nor, 0, SCENE_FIRST), TALLY_OK);
    assert_int_equal(scene_program(0, 0, data, 4), TALLY_OK);
    assert_int_equal(other.store.program(other.store.ctx, 1, 8, data, 4), TALLY_OK);
    assert_int_equal(scene_erase(0), TALLY_OK);
    assert_int_equal(other.store.read(other.store.ctx, 1, 8, read, 4), TALLY_OK);
    assert_memory_equal(read, data, 4);
    assert_true(scene_is_erased(SCENE_FIRST));
    scene_check_rest();
}

static void test_what_was_programmed_needs_no_sync(void **state) {
    static const uint8_t data[4] = {1, 2, 3, 4};
    uint8_t read[4];
    open_family(state);
    assert_int_equal(scene_program(3, 40, data, 4), TALLY_OK);
    assert_int_equal(scene.store.store.sync(scene.store.store.ctx), TALLY_OK);
    pair_power_cycle();
    scene_start_driver();
    assert_int_equal(scene_read(3, 40, read, 4), TALLY_OK);
    assert_memory_equal(read, data, 4);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static void test_only_the_sectors_of_a_store_are_unlocked(void **state) {
    open_family(state);
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        for (uint32_t block = 0; block < SCENE_BLOCKS; block++) {
            const bool is_ours = block >= SCENE_FIRST && block < SCENE_FIRST + SCENE_SECTORS;
            assert_int_equal(pair.chips[i].locked[block], family_of(state) == CHIP_P30 && !is_ours);
        }
    }
}

static void test_locks_that_stay_over_power_are_left_alone(void **state) {
    /* J3's: to clear them is slow, wears them and clears all. */
    (void)state;
    const chip_shape_t shape = scene_shape(CHIP_J3);
    scene_power_up(&shape);
    pair.chips[0].locked[SCENE_FIRST] = pair.chips[1].locked[SCENE_FIRST] = true;
    scene_start_driver();
    assert_true(pair.chips[0].locked[SCENE_FIRST]);
    assert_int_equal(scene_erase(0), TALLY_E_IO);
    scene_check_rest();
}

int main(void) {
    const char *const given = getenv("TALLY_SEED");
    chance = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("TALLY_SEED=%llu\n", (unsigned long long)chance);
    const struct CMUnitTest tests[] = {
        SCENE_BOTH(test_geometry_and_times_are_what_the_chips_say),
        cmocka_unit_test(test_a_real_part),
        SCENE_BOTH(test_a_store_is_within_the_chips),
        SCENE_BOTH(test_chips_that_say_something_strange_are_refused),
        SCENE_BOTH(test_chips_that_differ_are_refused),
        SCENE_BOTH(test_an_empty_socket_is_refused_in_time),
        SCENE_BOTH(test_a_buffer_larger_than_known_is_used_in_part),
        SCENE_BOTH(test_a_buffer_larger_than_a_block_is_refused),
        SCENE_BOTH(test_what_is_programmed_lies_there_and_nothing_else_changes),
        SCENE_BOTH(test_chips_without_a_buffer_are_programmed_by_words),
        SCENE_BOTH(test_a_record_takes_no_more_programs_than_buffers),
        SCENE_BOTH(test_zeros_go_over_anything),
        SCENE_BOTH(test_an_erase_takes_one_sector),
        SCENE_BOTH(test_two_stores_share_the_chips),
        SCENE_BOTH(test_what_was_programmed_needs_no_sync),
        SCENE_BOTH(test_only_the_sectors_of_a_store_are_unlocked),
        cmocka_unit_test(test_locks_that_stay_over_power_are_left_alone),
    };
    return cmocka_run_group_tests_name("cfi_nor", tests, NULL, NULL);
}
