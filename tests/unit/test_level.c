/* SPDX-License-Identifier: Apache-2.0 */
#include "level.h"

#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "test.h"

enum { RUNS = 2000, STEPS = 30, BYTES_MOST = 26 };

static tally_level_t level_of(int32_t value) {
    tally_level_t level;
    memset(&level, 0xA5, sizeof level); /* the first value is all the initialisation there is */
    tally_level_set(&level, true, value);
    return level;
}

static void hold(tally_level_t *level, int32_t value, uint64_t ms) {
    tally_level_set(level, false, value);
    tally_level_advance(level, ms);
}

static void assert_level(const tally_level_t *level, int32_t last, int32_t least, int32_t most,
                         int32_t mean, uint32_t time_ms) {
    assert_int_equal(level->last, last);
    assert_int_equal(level->least, least);
    assert_int_equal(level->most, most);
    assert_int_equal(tally_level_mean(level), mean);
    assert_int_equal(level->time_ms, time_ms);
}

/* --- values --------------------------------------------------------------------------------- */

static void test_level_first_value_is_all_there_is(void **state) {
    (void)state;
    const tally_level_t buffer_ms = level_of(4000);
    assert_level(&buffer_ms, 4000, 4000, 4000, 4000, 0);
    const tally_level_t signal_dbm = level_of(-71);
    assert_level(&signal_dbm, -71, -71, -71, -71, 0);
}

static void test_level_least_and_most_follow(void **state) {
    (void)state;
    tally_level_t level = level_of(10);
    hold(&level, 30, 5);
    hold(&level, -20, 5);
    hold(&level, 0, 0);
    assert_level(&level, 0, -20, 30, 5, 10);
}

static void test_level_value_without_time_is_seen_but_has_no_weight(void **state) {
    (void)state;
    tally_level_t level = level_of(100);
    tally_level_advance(&level, 1000);
    tally_level_set(&level, false, 9000);
    tally_level_set(&level, false, 100);
    tally_level_advance(&level, 1000);
    assert_level(&level, 100, 100, 9000, 100, 2000);
}

static void test_level_time_before_the_first_value_does_not_count(void **state) {
    (void)state;
    tally_level_t level = {0};
    tally_level_advance(&level, 60000);
    tally_level_set(&level, true, 8);
    tally_level_advance(&level, 10);
    assert_level(&level, 8, 8, 8, 8, 10);
}

/* --- the mean ------------------------------------------------------------------------------- */

/* A good minute told once, a bad second told ten times: (1000 x 60 + 100 x 1) / 61 = 985.2. One
 * sample one vote would say 182. */
static void test_level_mean_is_weighted_by_time_never_by_sample(void **state) {
    (void)state;
    tally_level_t kbit_s = level_of(1000);
    tally_level_advance(&kbit_s, 60000);
    for (uint32_t i = 0; i < 10; i++) {
        hold(&kbit_s, 100, 100);
    }
    assert_level(&kbit_s, 100, 100, 1000, 985, 61000);
}

static void test_level_mean_does_not_depend_on_how_time_is_cut(void **state) {
    (void)state;
    tally_level_t at_once = level_of(7);
    tally_level_advance(&at_once, 300);
    hold(&at_once, 2, 700);
    tally_level_t in_pieces = level_of(7);
    for (uint32_t i = 0; i < 300; i++) {
        hold(&in_pieces, 7, 1);
    }
    for (uint32_t i = 0; i < 700; i++) {
        hold(&in_pieces, 2, 1);
    }
    assert_level(&at_once, 2, 2, 7, 4, 1000); /* 3.5 */
    assert_level(&in_pieces, 2, 2, 7, 4, 1000);
}

/* `value` for `ms` of `of_ms`, 0 for the rest. */
static int32_t mean_of(int32_t value, uint32_t ms, uint32_t of_ms) {
    tally_level_t level = level_of(value);
    tally_level_advance(&level, ms);
    hold(&level, 0, of_ms - ms);
    return tally_level_mean(&level);
}

static void test_level_mean_is_rounded_to_nearest_halves_away_from_zero(void **state) {
    (void)state;
    assert_int_equal(mean_of(1, 1, 3), 0);
    assert_int_equal(mean_of(1, 2, 3), 1);
    assert_int_equal(mean_of(1, 1, 2), 1);
    assert_int_equal(mean_of(3, 1, 2), 2);
    assert_int_equal(mean_of(1, 499, 1000), 0);
    assert_int_equal(mean_of(1, 500, 1000), 1);
    assert_int_equal(mean_of(-1, 1, 3), 0);
    assert_int_equal(mean_of(-1, 2, 3), -1);
    assert_int_equal(mean_of(-1, 1, 2), -1);
    assert_int_equal(mean_of(-3, 1, 2), -2);
    assert_int_equal(mean_of(-1, 499, 1000), 0);
}

/* Each ms on its own, and the mean by its definition: nearest, and of two the one further out. */
static void test_level_mean_equals_a_slow_one(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t run = 0; run < RUNS; run++) {
        const uint32_t shift = dice_roll(&dice, 32);
        tally_level_t level = level_of((int32_t)dice_bits(&dice) >> shift);
        int64_t sum = 0;
        int64_t time_ms = 0;
        for (uint32_t step = 0; step < STEPS; step++) {
            const uint32_t ms = dice_roll(&dice, 20);
            for (uint32_t i = 0; i < ms; i++) {
                sum += level.last;
                time_ms++;
            }
            tally_level_advance(&level, ms);
            const int64_t mean = tally_level_mean(&level);
            const int64_t off = time_ms > 0 ? sum - mean * time_ms : mean - level.last;
            assert_true(2 * llabs(off) <= time_ms);
            assert_true(2 * llabs(off) != time_ms || llabs(mean * time_ms) >= llabs(sum));
            tally_level_set(&level, false, (int32_t)dice_bits(&dice) >> shift);
        }
        assert_int_equal(level.time_ms, time_ms);
    }
}

/* --- limits --------------------------------------------------------------------------------- */

static void test_level_extremes_over_the_longest_time_do_not_overflow(void **state) {
    (void)state;
    tally_level_t level = level_of(INT32_MIN);
    tally_level_advance(&level, UINT32_MAX);
    assert_level(&level, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, UINT32_MAX);
    level = level_of(INT32_MAX);
    tally_level_advance(&level, UINT32_MAX);
    assert_level(&level, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, UINT32_MAX);
    /* -2^31 x 2^31 + (2^31 - 1) x (2^31 - 1) = -(2^32 - 1) */
    level = level_of(INT32_MIN);
    tally_level_advance(&level, UINT64_C(1) << 31);
    hold(&level, INT32_MAX, (UINT64_C(1) << 31) - 1);
    assert_level(&level, INT32_MAX, INT32_MIN, INT32_MAX, -1, UINT32_MAX);
}

static void test_level_mean_stands_still_after_49_days(void **state) {
    (void)state;
    tally_level_t level = level_of(100);
    tally_level_advance(&level, UINT32_MAX);
    hold(&level, 0, 1);
    hold(&level, 200, UINT64_C(1) << 53);
    hold(&level, INT32_MIN, UINT64_MAX);
    assert_level(&level, INT32_MIN, INT32_MIN, 200, 100, UINT32_MAX);
}

/* 2^31 ms of 0, then 10 for ever: what still fits is 2^31 - 1 ms. */
static void test_level_takes_the_part_of_a_long_time_that_fits(void **state) {
    (void)state;
    tally_level_t level = level_of(0);
    tally_level_advance(&level, UINT64_C(1) << 31);
    hold(&level, 10, UINT64_C(1) << 53);
    assert_level(&level, 10, 0, 10, 5, UINT32_MAX);
}

/* --- bytes ---------------------------------------------------------------------------------- */

static void assert_bytes(const tally_level_t *level, const uint8_t *expected, uint32_t bytes) {
    uint8_t buffer[BYTES_MOST];
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, buffer, sizeof buffer);
    tally_level_encode(level, &cbor);
    assert_int_equal(cbor.used, bytes);
    assert_memory_equal(buffer, expected, bytes);
}

static void test_level_bytes_on_the_wire(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        0x85, 0x18, 0x64,       /* 5 items; last 100 */
        0x21, 0x19, 0x03, 0xE8, /* least -2, most 1000 */
        0x19, 0x01, 0xF4,       /* mean 500 */
        0x18, 0xC8,             /* of 200 ms */
    };
    tally_level_t level = level_of(1000);
    tally_level_advance(&level, 100);
    hold(&level, -2, 0);
    hold(&level, 0, 100);
    tally_level_set(&level, false, 100);
    assert_bytes(&level, expected, sizeof expected);
}

/* The head and five integers of 32 bits, at most 5 bytes each. */
static void test_level_takes_26_bytes_at_most(void **state) {
    (void)state;
    static const uint8_t expected[BYTES_MOST] = {
        0x85, 0x1A, 0x7F, 0xFF, 0xFF, 0xFF, /* last 2147483647 */
        0x3A, 0x7F, 0xFF, 0xFF, 0xFF,       /* least -2147483648 */
        0x1A, 0x7F, 0xFF, 0xFF, 0xFF,       /* most 2147483647 */
        0x3A, 0x7F, 0xFF, 0xFF, 0xFF,       /* mean -2147483648 */
        0x1A, 0xFF, 0xFF, 0xFF, 0xFF,       /* for 4294967295 ms */
    };
    tally_level_t level = level_of(INT32_MIN);
    tally_level_advance(&level, UINT64_MAX);
    tally_level_set(&level, false, INT32_MAX);
    assert_bytes(&level, expected, sizeof expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_level_first_value_is_all_there_is),
        cmocka_unit_test(test_level_least_and_most_follow),
        cmocka_unit_test(test_level_value_without_time_is_seen_but_has_no_weight),
        cmocka_unit_test(test_level_time_before_the_first_value_does_not_count),
        cmocka_unit_test(test_level_mean_is_weighted_by_time_never_by_sample),
        cmocka_unit_test(test_level_mean_does_not_depend_on_how_time_is_cut),
        cmocka_unit_test(test_level_mean_is_rounded_to_nearest_halves_away_from_zero),
        cmocka_unit_test(test_level_mean_equals_a_slow_one),
        cmocka_unit_test(test_level_extremes_over_the_longest_time_do_not_overflow),
        cmocka_unit_test(test_level_mean_stands_still_after_49_days),
        cmocka_unit_test(test_level_takes_the_part_of_a_long_time_that_fits),
        cmocka_unit_test(test_level_bytes_on_the_wire),
        cmocka_unit_test(test_level_takes_26_bytes_at_most),
    };
    return cmocka_run_group_tests_name("level", tests, NULL, NULL);
}
