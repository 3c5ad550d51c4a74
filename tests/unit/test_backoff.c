/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"

#include "dice.h"
#include "test.h"

#define PERIOD_MS 300000u
#define HOUR_MS   3600000u
#define DAY_MS    86400000u
#define NEVER     UINT32_MAX /* the longest that chance has */

static tally_backoff_t backoff;

static int begin(void **state) {
    (void)state;
    tally_backoff_init(&backoff, PERIOD_MS);
    return 0;
}

static void assert_window(uint32_t told_s, uint32_t least_ms, uint32_t most_ms) {
    tally_backoff_t same = backoff;
    assert_int_equal(tally_backoff_next(&same, told_s, 0), least_ms);
    assert_int_equal(tally_backoff_next(&backoff, told_s, NEVER), most_ms);
}

static void test_backoff_window_grows_to_4_periods(void **state) {
    (void)state;
    assert_window(0, 1, PERIOD_MS);
    assert_window(0, 1, 2 * PERIOD_MS);
    assert_window(0, 1, 4 * PERIOD_MS);
    assert_window(0, 1, 4 * PERIOD_MS);
}

static void test_backoff_success_ends_the_growing(void **state) {
    (void)state;
    (void)tally_backoff_next(&backoff, 0, 0);
    (void)tally_backoff_next(&backoff, 0, 0);
    tally_backoff_reset(&backoff);
    assert_window(0, 1, PERIOD_MS);
}

static void test_backoff_begins_when_the_server_told(void **state) {
    (void)state;
    assert_window(600, 600001, 600000 + PERIOD_MS);
    assert_window(1, 1001, 1000 + 2 * PERIOD_MS);
}

/* Devices that were all told the same absurd time still come one by one. */
static void test_backoff_waits_a_day_for_a_server_at_most(void **state) {
    (void)state;
    assert_window(86400, DAY_MS + 1, DAY_MS + PERIOD_MS);
    tally_backoff_reset(&backoff);
    assert_window(86401, DAY_MS + 1, DAY_MS + PERIOD_MS);
    tally_backoff_reset(&backoff);
    assert_window(99999999, DAY_MS + 1, DAY_MS + PERIOD_MS);
}

static void test_backoff_long_is_1_to_2_hours(void **state) {
    (void)state;
    assert_int_equal(tally_backoff_long(&backoff, 0), HOUR_MS);
    assert_int_equal(tally_backoff_long(&backoff, NEVER), 2 * HOUR_MS - 1);
}

static void test_backoff_long_is_4_to_8_periods_if_these_are_longer(void **state) {
    (void)state;
    tally_backoff_init(&backoff, HOUR_MS);
    assert_int_equal(tally_backoff_long(&backoff, 0), 4 * HOUR_MS);
    assert_int_equal(tally_backoff_long(&backoff, NEVER), 8 * HOUR_MS - 1);
}

static void test_backoff_of_the_longest_period_does_not_wrap(void **state) {
    (void)state;
    tally_backoff_init(&backoff, DAY_MS);
    (void)tally_backoff_next(&backoff, 0, 0);
    (void)tally_backoff_next(&backoff, 0, 0);
    assert_int_equal(tally_backoff_next(&backoff, 86400, NEVER), 5 * DAY_MS);
    assert_int_equal(tally_backoff_long(&backoff, NEVER), 8 * DAY_MS - 1);
}

/* 100,000 devices that lost their server at once, in ten parts of the period: 10,000 each but for
 * chance, whose standard deviation is 95. */
static void test_backoff_spreads_a_fleet_evenly_over_the_period(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    uint32_t devices[10] = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        tally_backoff_init(&backoff, PERIOD_MS);
        const uint32_t wait_ms = tally_backoff_next(&backoff, 0, (uint32_t)dice_bits(&dice));
        devices[(wait_ms - 1) / (PERIOD_MS / 10)]++;
    }
    for (uint32_t i = 0; i < 10; i++) {
        assert_in_range(devices[i], 9400, 10600);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_backoff_window_grows_to_4_periods, begin),
        cmocka_unit_test_setup(test_backoff_success_ends_the_growing, begin),
        cmocka_unit_test_setup(test_backoff_begins_when_the_server_told, begin),
        cmocka_unit_test_setup(test_backoff_waits_a_day_for_a_server_at_most, begin),
        cmocka_unit_test_setup(test_backoff_long_is_1_to_2_hours, begin),
        cmocka_unit_test_setup(test_backoff_long_is_4_to_8_periods_if_these_are_longer, begin),
        cmocka_unit_test_setup(test_backoff_of_the_longest_period_does_not_wrap, begin),
        cmocka_unit_test(test_backoff_spreads_a_fleet_evenly_over_the_period),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
