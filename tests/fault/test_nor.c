/* SPDX-License-Identifier: Apache-2.0 */
/* The model's own promises: what the campaign says is worth no more than these. */
#include <string.h>

#include "../unit/test.h"
#include "cut.h"
#include "ledger.h"
#include "nor.h"
#include "seen.h"
#include "tally/status.h"

/* agent/src/crc32.c under another name. */
uint32_t plain_crc32(uint32_t crc, const uint8_t *data, uint32_t bytes);
uint32_t tally_crc32(uint32_t crc, const uint8_t *data, uint32_t bytes);

static const nor_shape_t shape = {
    .block_bytes = 4096, .blocks = 4, .granularity = 4, .urgent_blocks = 4};
static const uint8_t word[8] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
static const uint8_t zeros[8] = {0};

static int set_up(void **state) {
    static nor_t nor;
    nor_open(&nor, shape);
    *state = &nor;
    return 0;
}

static int tear_down(void **state) {
    nor_close(*state);
    return 0;
}

static int32_t program(nor_t *nor, uint32_t offset, const uint8_t *data, uint32_t size) {
    return nor->store.program(nor, 1, offset, data, size);
}

static uint8_t byte_at(nor_t *nor, uint32_t offset) {
    uint8_t byte = 0;
    assert_int_equal(nor->store.read(nor, 1, offset, &byte, 1), TALLY_OK);
    return byte;
}

/* How many of 64 reads of a byte differ from the first. */
static uint32_t unsteady(nor_t *nor, uint32_t offset) {
    const uint8_t first = byte_at(nor, offset);
    uint32_t others = 0;
    for (uint32_t i = 0; i < 64; i++) {
        others += byte_at(nor, offset) != first;
    }
    return others;
}

static void test_nor_takes_a_program_once_and_again_after_an_erase(void **state) {
    nor_t *const nor = *state;
    assert_int_equal(program(nor, 8, word, 8), TALLY_OK);
    assert_int_equal(byte_at(nor, 9), 0x22);
    assert_int_equal(program(nor, 12, word, 4), TALLY_E_IO);
    assert_string_equal(nor->broken_rule, "program of a place that is not erased");
    assert_int_equal(byte_at(nor, 12), 0x55);
    assert_int_equal(nor->store.erase(nor, 1), TALLY_OK);
    assert_int_equal(byte_at(nor, 9), 0xFF);
    assert_int_equal(program(nor, 8, word, 8), TALLY_OK);
}

static void test_nor_takes_zeros_anywhere(void **state) {
    nor_t *const nor = *state;
    assert_int_equal(program(nor, 8, word, 8), TALLY_OK);
    assert_int_equal(program(nor, 8, zeros, 8), TALLY_OK);
    assert_int_equal(byte_at(nor, 9), 0);
    assert_null(nor->broken_rule);
}

static void test_nor_keeps_to_granularity_and_blocks(void **state) {
    nor_t *const nor = *state;
    assert_int_equal(program(nor, 6, word, 4), TALLY_E_IO);
    assert_int_equal(program(nor, 8, word, 6), TALLY_E_IO);
    assert_string_equal(nor->broken_rule, "program against the granularity");
    assert_int_equal(program(nor, 4092, word, 8), TALLY_E_IO);
    assert_int_equal(nor->store.erase(nor, 4), TALLY_E_IO);
}

static cut_t cut_of(uint8_t mode) {
    return (cut_t){.mode = mode, .bytes = 3, .seed = 7};
}

static void cut_program(nor_t *nor, uint8_t mode) {
    const op_t op = {.kind = OP_PROGRAM, .block = 1, .offset = 8, .bytes = 8};
    cut_apply(nor, &op, word, cut_of(mode));
    nor->odds = 128;
}

static void test_nor_a_prefix_is_there_and_the_rest_is_not(void **state) {
    nor_t *const nor = *state;
    cut_program(nor, CUT_PREFIX);
    assert_int_equal(byte_at(nor, 10), 0x33);
    assert_int_equal(byte_at(nor, 11), 0xFF);
}

static void test_nor_soft_bits_read_by_chance_until_they_are_programmed_to_0(void **state) {
    nor_t *const nor = *state;
    cut_program(nor, CUT_SOFT);
    assert_true(unsteady(nor, 8) > 10);
    assert_int_equal(byte_at(nor, 8) & 0x11, 0x11); /* these were not to change */
    assert_int_equal(program(nor, 8, zeros, 8), TALLY_OK);
    assert_int_equal(unsteady(nor, 8), 0);
    assert_int_equal(byte_at(nor, 8), 0);
}

static void test_nor_weak_bits_turn_soft_at_the_second_mount(void **state) {
    nor_t *const nor = *state;
    cut_program(nor, CUT_WEAK);
    nor_power_up(nor);
    assert_int_equal(unsteady(nor, 8), 0);
    assert_int_equal(byte_at(nor, 8), 0xFF);
    nor_power_up(nor);
    assert_true(unsteady(nor, 8) > 10);
}

static void test_nor_what_is_programmed_over_weak_bits_keeps_only_its_zeros(void **state) {
    static const uint8_t other[8] = {0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F};
    nor_t *const nor = *state;
    cut_program(nor, CUT_WEAK);
    nor_power_up(nor);
    assert_int_equal(program(nor, 8, other, 8), TALLY_OK);
    assert_int_equal(byte_at(nor, 8), 0x0F);
    nor_power_up(nor);
    assert_true(unsteady(nor, 8) > 10);
    assert_int_equal(byte_at(nor, 8) & 0xF0, 0);
}

static void test_nor_fading_bits_read_as_programmed_until_the_second_mount(void **state) {
    nor_t *const nor = *state;
    cut_program(nor, CUT_FADING);
    nor_power_up(nor);
    assert_int_equal(byte_at(nor, 9), 0x22);
    nor_power_up(nor);
    assert_true(unsteady(nor, 9) > 10);
}

static void test_nor_a_weak_erase_reads_as_before_and_then_by_chance(void **state) {
    nor_t *const nor = *state;
    const op_t op = {.kind = OP_ERASE, .block = 1};
    assert_int_equal(program(nor, 8, word, 8), TALLY_OK);
    cut_apply(nor, &op, NULL, cut_of(CUT_WEAK));
    nor->odds = 128;
    nor_power_up(nor);
    assert_int_equal(byte_at(nor, 9), 0x22);
    nor_power_up(nor);
    assert_true(unsteady(nor, 9) > 10);
    assert_int_equal(byte_at(nor, 100), 0xFF);
}

static void test_nor_an_image_made_again_from_the_log_is_the_same(void **state) {
    nor_t *const nor = *state;
    nor_t again;
    log_t log = {0};
    nor_open(&again, shape);
    nor->log = &log;
    assert_int_equal(program(nor, 8, word, 8), TALLY_OK);
    assert_int_equal(nor->store.erase(nor, 2), TALLY_OK);
    assert_int_equal(nor->store.program(nor, 2, 1024, word, 4), TALLY_OK);
    for (uint32_t i = 0; i < log.count; i++) {
        nor_apply(&again, &log.ops[i], log_data(&log, &log.ops[i]));
    }
    assert_true(nor_hash(&again) == nor_hash(nor));
    assert_memory_equal(again.data, nor->data, nor->bytes);
    assert_memory_equal(again.spent, nor->spent, nor->bytes);
    log_close(&log);
    nor_close(&again);
}

static void test_nor_a_copy_follows_and_what_it_did_itself_is_undone(void **state) {
    nor_t *const nor = *state;
    nor_t copy;
    nor_open(&copy, shape);
    assert_int_equal(program(nor, 8, word, 8), TALLY_OK);
    nor_follow(&copy, nor);
    assert_int_equal(byte_at(&copy, 9), 0x22);
    assert_int_equal(copy.store.erase(&copy, 1), TALLY_OK);
    assert_int_equal(program(nor, 256, word, 8), TALLY_OK);
    nor_follow(&copy, nor);
    assert_memory_equal(copy.data, nor->data, nor->bytes);
    assert_memory_equal(copy.spent, nor->spent, nor->bytes);
    assert_true(nor_hash(&copy) == nor_hash(nor));
    nor_close(&copy);
}

static void test_ledger_knows_what_a_cut_leaves_of_a_record(void **state) {
    const held_t held = {.begun = 3, .kept = 5, .freed_from = 9, .freed_by = 11};
    (void)state;
    assert_int_equal(ledger_standing(&held, 2), STANDS_NOT_YET);
    assert_int_equal(ledger_standing(&held, 4), STANDS_MAY);
    assert_int_equal(ledger_standing(&held, 5), STANDS_MUST);
    assert_int_equal(ledger_standing(&held, 8), STANDS_MUST);
    assert_int_equal(ledger_standing(&held, 9), STANDS_MAY);
    assert_int_equal(ledger_standing(&held, 11), STANDS_GONE);
}

static void test_seen_counts_each_hash_once(void **state) {
    seen_t seen = {0};
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        (void)seen_add(&seen, i % 100000 * UINT64_C(0x9E3779B97F4A7C15));
    }
    assert_int_equal(seen.count, 100000);
    seen_close(&seen);
}

static void test_crc32_fast_is_the_agents(void **state) {
    uint8_t bytes[64];
    uint64_t chance = 1;
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        for (uint32_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = (uint8_t)nor_chance(&chance);
        }
        const uint32_t size = (uint32_t)(nor_chance(&chance) % (sizeof bytes + 1));
        const uint32_t from = (uint32_t)nor_chance(&chance);
        assert_int_equal(tally_crc32(from, bytes, size), plain_crc32(from, bytes, size));
    }
}

#define NOR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        NOR_TEST(test_nor_takes_a_program_once_and_again_after_an_erase),
        NOR_TEST(test_nor_takes_zeros_anywhere),
        NOR_TEST(test_nor_keeps_to_granularity_and_blocks),
        NOR_TEST(test_nor_a_prefix_is_there_and_the_rest_is_not),
        NOR_TEST(test_nor_soft_bits_read_by_chance_until_they_are_programmed_to_0),
        NOR_TEST(test_nor_weak_bits_turn_soft_at_the_second_mount),
        NOR_TEST(test_nor_what_is_programmed_over_weak_bits_keeps_only_its_zeros),
        NOR_TEST(test_nor_fading_bits_read_as_programmed_until_the_second_mount),
        NOR_TEST(test_nor_a_weak_erase_reads_as_before_and_then_by_chance),
        NOR_TEST(test_nor_an_image_made_again_from_the_log_is_the_same),
        NOR_TEST(test_nor_a_copy_follows_and_what_it_did_itself_is_undone),
        cmocka_unit_test(test_ledger_knows_what_a_cut_leaves_of_a_record),
        cmocka_unit_test(test_seen_counts_each_hash_once),
        cmocka_unit_test(test_crc32_fast_is_the_agents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
