/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"

#include <string.h>

#include "fakes.h"
#include "test.h"

#define DAY_MS    UINT64_C(86400000)
#define DAILY     100000u
#define BOOT_MS   UINT64_C(5000) /* on the monotonic clock */
#define MORNING_S 1792310400     /* 2026-10-18 08:00 UTC */

static const tally_wall_t unknown = {.quality = TALLY_WALL_UNKNOWN};
static fake_store_t store;
static tally_settings_t settings;
static tally_budget_t budget;

static tally_wall_t wall_at(int64_t unix_s) {
    return (tally_wall_t){.unix_ms = unix_s * 1000, .quality = TALLY_WALL_UNAUTHENTICATED};
}

static void boot(void) {
    assert_int_equal(tally_settings_init(&settings, &store.store), TALLY_OK);
    tally_budget_init(&budget, &settings, DAILY);
}

static int begin(void **state) {
    (void)state;
    fake_store_init(&store, 4096, 2, 1);
    boot();
    return 0;
}

static uint64_t held_until(uint64_t now_ms, tally_wall_t wall) {
    return tally_budget_held_until_ms(&budget, now_ms, &wall);
}

/* Uploads go on for so many bytes more, to within a thousand. */
static void assert_left(uint32_t bytes, uint64_t now_ms, tally_wall_t wall) {
    tally_budget_t tried = budget;
    tried.settings = NULL;
    for (uint32_t spent = 0; spent < bytes; spent += 1000) {
        assert_int_equal(tally_budget_held_until_ms(&tried, now_ms, &wall), 0);
        tally_budget_spend(&tried, 1000);
    }
    assert_true(tally_budget_held_until_ms(&tried, now_ms, &wall) > now_ms);
}

/* --- a day ---------------------------------------------------------------------------------- */

static void test_budget_that_is_used_up_holds_to_the_end_of_the_utc_day(void **state) {
    (void)state;
    tally_budget_spend(&budget, DAILY - 1);
    assert_int_equal(held_until(BOOT_MS, wall_at(MORNING_S)), 0);
    tally_budget_spend(&budget, 1);
    assert_int_equal(held_until(BOOT_MS, wall_at(MORNING_S)), BOOT_MS + 16 * 3600000);
    const int64_t midnight_s = MORNING_S + 16 * 3600;
    assert_int_equal(held_until(BOOT_MS + 16 * 3600000 - 1000, wall_at(midnight_s - 1)),
                     BOOT_MS + 16 * 3600000);
    assert_int_equal(held_until(BOOT_MS + 16 * 3600000, wall_at(midnight_s)), 0);
    assert_left(DAILY, BOOT_MS + 16 * 3600000, wall_at(midnight_s));
}

static void test_budget_without_wall_time_counts_days_of_the_clock(void **state) {
    (void)state;
    assert_int_equal(held_until(BOOT_MS, unknown), 0);
    tally_budget_spend(&budget, DAILY);
    assert_int_equal(held_until(BOOT_MS, unknown), DAY_MS);
    assert_int_equal(held_until(DAY_MS - 1, unknown), DAY_MS);
    assert_int_equal(held_until(DAY_MS, unknown), 0);
    assert_left(DAILY, DAY_MS, unknown);
}

static void test_budget_goes_on_into_the_utc_day_when_time_becomes_known(void **state) {
    (void)state;
    assert_int_equal(held_until(BOOT_MS, unknown), 0);
    tally_budget_spend(&budget, 60000);
    assert_left(40000, BOOT_MS, wall_at(MORNING_S));
    assert_int_equal(held_until(BOOT_MS, wall_at(MORNING_S)), 0);
    assert_left(40000, BOOT_MS, wall_at(MORNING_S));
}

static void test_budget_gains_no_day_from_a_wall_time_that_goes_back(void **state) {
    (void)state;
    assert_int_equal(held_until(BOOT_MS, wall_at(MORNING_S)), 0);
    tally_budget_spend(&budget, DAILY);
    assert_true(held_until(BOOT_MS, wall_at(MORNING_S - 3 * 86400)) > BOOT_MS);
}

static void test_budget_of_none_is_any_number(void **state) {
    (void)state;
    tally_budget_set(&budget, 0);
    for (uint32_t i = 0; i < 3; i++) {
        tally_budget_spend(&budget, UINT32_C(1) << 30);
        assert_int_equal(held_until(BOOT_MS, wall_at(MORNING_S)), 0);
    }
    assert_int_equal(store.programs, 0);
}

static void test_budget_may_change_during_a_day(void **state) {
    (void)state;
    tally_budget_spend(&budget, 60000);
    tally_budget_set(&budget, 50000);
    assert_true(held_until(BOOT_MS, unknown) > BOOT_MS);
    tally_budget_set(&budget, 70000);
    assert_left(10000, BOOT_MS, unknown);
}

static void test_budget_of_the_largest_numbers_does_not_wrap(void **state) {
    (void)state;
    tally_budget_set(&budget, UINT32_MAX);
    for (uint32_t i = 0; i < 8; i++) {
        tally_budget_spend(&budget, UINT32_C(1) << 29);
    }
    assert_true(held_until(BOOT_MS, unknown) > BOOT_MS);
}

/* --- reboots -------------------------------------------------------------------------------- */

/* Spends so much in small parts, in a day that is known. */
static void spend(uint32_t bytes) {
    assert_int_equal(held_until(BOOT_MS, wall_at(MORNING_S)), 0);
    for (uint32_t spent = 0; spent < bytes; spent += 100) {
        tally_budget_spend(&budget, 100);
    }
}

static void test_budget_reboot_forgets_less_than_a_quarter(void **state) {
    (void)state;
    for (uint32_t spent = 0; spent <= DAILY; spent += 5000) {
        (void)begin(NULL);
        spend(spent);
        boot();
        (void)held_until(BOOT_MS, wall_at(MORNING_S + 60));
        const uint32_t known = budget.used + budget.carried;
        assert_true(known <= spent && spent - known <= DAILY / 4);
    }
}

static void test_budget_is_written_once_a_quarter(void **state) {
    (void)state;
    spend(DAILY / 4 - 100);
    assert_int_equal(store.programs, 0);
    tally_budget_spend(&budget, 200);
    const uint32_t programs = store.programs;
    assert_true(programs > 0);
    tally_budget_spend(&budget, DAILY / 4 - 200);
    assert_int_equal(store.programs, programs);
}

static void test_budget_that_was_used_up_is_so_after_a_reboot(void **state) {
    (void)state;
    spend(DAILY + 100);
    boot();
    assert_true(held_until(BOOT_MS, wall_at(MORNING_S + 60)) > BOOT_MS);
}

static void test_budget_of_an_earlier_day_is_forgotten(void **state) {
    (void)state;
    spend(DAILY + 100);
    boot();
    assert_left(DAILY, BOOT_MS, wall_at(MORNING_S + 86400));
}

/* A device that does not know the day until a server tells it must get as far as that. */
static void test_budget_leaves_a_quarter_to_a_boot_that_does_not_know_the_day(void **state) {
    (void)state;
    spend(DAILY + 100);
    boot();
    assert_left(DAILY / 4, BOOT_MS, unknown);
    assert_int_equal(held_until(BOOT_MS, unknown), 0);
    tally_budget_spend(&budget, 10000);
    assert_true(held_until(BOOT_MS, wall_at(MORNING_S + 60)) > BOOT_MS); /* it was the same day */
}

static void test_budget_learns_that_what_it_carries_is_of_yesterday(void **state) {
    (void)state;
    spend(DAILY + 100);
    boot();
    assert_int_equal(held_until(BOOT_MS, unknown), 0);
    tally_budget_spend(&budget, 10000);
    assert_left(DAILY - 10000, BOOT_MS, wall_at(MORNING_S + 86400));
}

static void test_budget_counts_boots_that_never_know_the_day_together(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(held_until(BOOT_MS, unknown), 0);
        tally_budget_spend(&budget, 30000);
        boot();
    }
    assert_left(DAILY / 4, BOOT_MS, unknown);
    assert_left(DAILY - 90000, BOOT_MS, wall_at(MORNING_S));
}

/* --- settings that say anything ------------------------------------------------------------- */

static void boot_with(const uint8_t *value, uint32_t bytes) {
    (void)begin(NULL);
    assert_int_equal(tally_settings_set(&settings, TALLY_SETTING_BYTES_TODAY, value, bytes),
                     TALLY_OK);
    boot();
}

static void test_budget_passes_over_a_value_of_another_size(void **state) {
    (void)state;
    const uint8_t value[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    for (uint32_t bytes = 0; bytes <= sizeof value; bytes++) {
        boot_with(value, bytes);
        assert_left(bytes == 8 ? DAILY / 4 : DAILY, BOOT_MS, unknown);
    }
}

/* Whatever stands there, it holds nothing for longer than a day. */
static void test_budget_survives_every_value(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    for (uint32_t day = 0; day < 5; day++) {
        for (uint32_t used = 0; used < 5; used++) {
            uint8_t value[8];
            memset(value, bytes[day], 4);
            memset(value + 4, bytes[used], 4);
            boot_with(value, sizeof value);
            assert_int_equal(held_until(BOOT_MS, unknown), 0);
            const uint64_t until_ms = held_until(BOOT_MS, wall_at(MORNING_S));
            assert_true(until_ms == 0 || until_ms == BOOT_MS + 16 * 3600000);
            assert_left(DAILY, BOOT_MS + DAY_MS, wall_at(MORNING_S + 86400));
        }
    }
}

static void test_budget_goes_on_with_a_store_that_fails(void **state) {
    (void)state;
    store.program_fails_in = 1;
    store.programs_fail_more = UINT32_MAX;
    spend(DAILY);
    assert_true(held_until(BOOT_MS, wall_at(MORNING_S)) > BOOT_MS);
}

static void test_budget_without_settings_forgets_at_a_reboot(void **state) {
    (void)state;
    tally_budget_init(&budget, NULL, DAILY);
    spend(DAILY);
    tally_budget_init(&budget, NULL, DAILY);
    assert_left(DAILY, BOOT_MS, wall_at(MORNING_S));
}

/* A wall time that no calendar has. */
static void test_budget_survives_every_wall_time(void **state) {
    (void)state;
    static const int64_t times_ms[] = {INT64_MIN, -86400001, -1, 0, INT64_MAX};
    for (uint32_t i = 0; i < sizeof times_ms / sizeof *times_ms; i++) {
        tally_budget_init(&budget, NULL, DAILY);
        tally_budget_spend(&budget, DAILY);
        const tally_wall_t wall = {.unix_ms = times_ms[i], .quality = TALLY_WALL_UNAUTHENTICATED};
        assert_in_range(held_until(BOOT_MS, wall), BOOT_MS + 1, BOOT_MS + DAY_MS);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_budget_that_is_used_up_holds_to_the_end_of_the_utc_day, begin),
        cmocka_unit_test_setup(test_budget_without_wall_time_counts_days_of_the_clock, begin),
        cmocka_unit_test_setup(test_budget_goes_on_into_the_utc_day_when_time_becomes_known, begin),
        cmocka_unit_test_setup(test_budget_gains_no_day_from_a_wall_time_that_goes_back, begin),
        cmocka_unit_test_setup(test_budget_of_none_is_any_number, begin),
        cmocka_unit_test_setup(test_budget_may_change_during_a_day, begin),
        cmocka_unit_test_setup(test_budget_of_the_largest_numbers_does_not_wrap, begin),
        cmocka_unit_test_setup(test_budget_reboot_forgets_less_than_a_quarter, begin),
        cmocka_unit_test_setup(test_budget_is_written_once_a_quarter, begin),
        cmocka_unit_test_setup(test_budget_that_was_used_up_is_so_after_a_reboot, begin),
        cmocka_unit_test_setup(test_budget_of_an_earlier_day_is_forgotten, begin),
        cmocka_unit_test_setup(test_budget_leaves_a_quarter_to_a_boot_that_does_not_know_the_day,
                               begin),
        cmocka_unit_test_setup(test_budget_learns_that_what_it_carries_is_of_yesterday, begin),
        cmocka_unit_test_setup(test_budget_counts_boots_that_never_know_the_day_together, begin),
        cmocka_unit_test(test_budget_passes_over_a_value_of_another_size),
        cmocka_unit_test(test_budget_survives_every_value),
        cmocka_unit_test_setup(test_budget_goes_on_with_a_store_that_fails, begin),
        cmocka_unit_test_setup(test_budget_without_settings_forgets_at_a_reboot, begin),
        cmocka_unit_test(test_budget_survives_every_wall_time),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
