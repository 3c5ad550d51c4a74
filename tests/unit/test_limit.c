/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include "dice.h"
#include "test.h"

enum { RUNS = 300, STEPS = 300, BACK_MOST_MS = 20, HOUR_MS = 3600000 };

/* How many of `tries` at one moment pass. */
static uint32_t passing(tally_limit_t *limit, uint32_t tries, uint16_t burst, uint32_t refill_ms,
                        uint64_t now_ms) {
    uint32_t passed = 0;
    for (uint32_t i = 0; i < tries; i++) {
        passed += tally_limit_take(limit, burst, refill_ms, now_ms);
    }
    return passed;
}

static void test_limit_begins_full(void **state) {
    (void)state;
    tally_limit_t at_boot = {0};
    assert_int_equal(passing(&at_boot, 100, 5, 1000, 0), 5);
    tally_limit_t later = {0};
    assert_int_equal(passing(&later, 100, 5, 1000, 123456789), 5);
}

static void test_limit_one_more_each_refill(void **state) {
    (void)state;
    tally_limit_t limit = {0};
    assert_int_equal(passing(&limit, 10, 3, 1000, 5000), 3);
    assert_int_equal(passing(&limit, 10, 3, 1000, 5999), 0);
    assert_int_equal(passing(&limit, 10, 3, 1000, 6000), 1);
    assert_int_equal(passing(&limit, 10, 3, 1000, 6999), 0);
    assert_int_equal(passing(&limit, 10, 3, 1000, 8500), 2); /* due at 7000 and 8000 */
    assert_int_equal(passing(&limit, 10, 3, 1000, 8999), 0); /* and the next at 9000 */
    assert_int_equal(passing(&limit, 10, 3, 1000, 9000), 1);
}

static void test_limit_fills_up_to_its_burst_and_no_further(void **state) {
    (void)state;
    tally_limit_t limit = {0};
    assert_int_equal(passing(&limit, 2, 3, 1000, 5000), 2);
    assert_int_equal(passing(&limit, 10, 3, 1000, 100500), 3);
    assert_int_equal(passing(&limit, 10, 3, 1000, 101499), 0); /* a second after it was full */
    assert_int_equal(passing(&limit, 10, 3, 1000, 101500), 1);
}

static void test_limit_slow_senders_are_never_refused(void **state) {
    (void)state;
    tally_limit_t limit = {0};
    for (uint64_t now_ms = 0; now_ms < HOUR_MS; now_ms += 1000) {
        assert_true(tally_limit_take(&limit, 1, 1000, now_ms));
    }
}

/* A try each ms for 3 hours: the first 5, then one each full second, of which the last is not
 * reached. */
static void test_limit_flood_for_hours(void **state) {
    (void)state;
    tally_limit_t limit = {0};
    uint32_t passed = 0;
    const uint32_t seconds = dice_share(3 * 3600);
    for (uint64_t now_ms = 0; now_ms < UINT64_C(1000) * seconds; now_ms++) {
        passed += tally_limit_take(&limit, 5, 1000, now_ms);
    }
    assert_int_equal(passed, 5 + seconds - 1);
}

static void test_limit_is_full_after_a_gap_of_any_length(void **state) {
    (void)state;
    static const uint64_t gaps_ms[] = {
        3000,
        UINT64_C(1) << 31,
        UINT64_C(1) << 32, /* 32 bits would see no time pass */
        (UINT64_C(1) << 32) + 1,
        (UINT64_C(3) << 32) - 1,
        UINT64_C(1) << 47,
    };
    for (uint32_t i = 0; i < sizeof gaps_ms / sizeof *gaps_ms; i++) {
        tally_limit_t limit = {0};
        assert_int_equal(passing(&limit, 10, 3, 1000, 5000), 3);
        assert_int_equal(passing(&limit, 10, 3, 1000, 5000 + gaps_ms[i]), 3);
        assert_int_equal(passing(&limit, 10, 3, 1000, 5999 + gaps_ms[i]), 0);
        assert_int_equal(passing(&limit, 10, 3, 1000, 6000 + gaps_ms[i]), 1);
    }
}

static void test_limit_time_that_goes_back_stands_still(void **state) {
    (void)state;
    tally_limit_t limit = {0};
    assert_int_equal(passing(&limit, 1, 3, 1000, 5000), 1);
    assert_int_equal(passing(&limit, 10, 3, 1000, 4980), 2); /* none lost */
    assert_int_equal(passing(&limit, 10, 3, 1000, 0), 0);    /* none gained */
    assert_int_equal(passing(&limit, 10, 3, 1000, 5999), 0);
    assert_int_equal(passing(&limit, 10, 3, 1000, 6000), 1);
}

static void test_limit_of_nothing_and_without_refill_time(void **state) {
    (void)state;
    tally_limit_t closed = {0};
    assert_int_equal(passing(&closed, 10, 0, 1000, 5000), 0);
    assert_int_equal(passing(&closed, 10, 0, 1000, 50000), 0);
    tally_limit_t open = {0};
    assert_int_equal(passing(&open, 1000, 1, 0, 5000), 1000);
}

static void test_limit_largest_burst_and_refill(void **state) {
    (void)state;
    tally_limit_t limit = {0};
    assert_int_equal(passing(&limit, 70000, UINT16_MAX, UINT32_MAX, 5000), UINT16_MAX);
    assert_int_equal(passing(&limit, 10, UINT16_MAX, UINT32_MAX, 4999 + (uint64_t)UINT32_MAX), 0);
    assert_int_equal(passing(&limit, 10, UINT16_MAX, UINT32_MAX, 5000 + (uint64_t)UINT32_MAX), 1);
}

/* A bucket that is looked after each ms. */
typedef struct {
    uint32_t tokens;
    uint32_t waited_ms; /* for the next one */
    uint64_t now_ms;
} slow_t;

static void slow_wait(slow_t *slow, uint32_t burst, uint32_t refill_ms, uint64_t now_ms) {
    for (; slow->now_ms < now_ms; slow->now_ms++) {
        slow->waited_ms += slow->tokens < burst;
        if (slow->waited_ms == refill_ms) {
            slow->tokens++;
            slow->waited_ms = 0;
        }
    }
}

static void test_limit_equals_a_slow_one(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t run = 0; run < dice_share(RUNS); run++) {
        const uint16_t burst = (uint16_t)(1 + dice_roll(&dice, 6));
        const uint32_t refill_ms = 1 + dice_roll(&dice, 50);
        const uint32_t pace_ms = 1 + dice_roll(&dice, 2 * refill_ms);
        uint64_t now_ms = (UINT64_C(1) << 32) - dice_roll(&dice, STEPS * pace_ms);
        tally_limit_t limit = {0};
        slow_t slow = {.tokens = burst, .now_ms = now_ms - BACK_MOST_MS};
        for (uint32_t i = 0; i < STEPS; i++) {
            now_ms += dice_roll(&dice, pace_ms);
            const uint32_t back_ms = dice_roll(&dice, 4) == 0 ? dice_roll(&dice, BACK_MOST_MS) : 0;
            slow_wait(&slow, burst, refill_ms, now_ms - back_ms);
            const bool expected = slow.tokens > 0;
            slow.tokens -= expected;
            assert_int_equal(tally_limit_take(&limit, burst, refill_ms, now_ms - back_ms),
                             expected);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_begins_full),
        cmocka_unit_test(test_limit_one_more_each_refill),
        cmocka_unit_test(test_limit_fills_up_to_its_burst_and_no_further),
        cmocka_unit_test(test_limit_slow_senders_are_never_refused),
        cmocka_unit_test(test_limit_flood_for_hours),
        cmocka_unit_test(test_limit_is_full_after_a_gap_of_any_length),
        cmocka_unit_test(test_limit_time_that_goes_back_stands_still),
        cmocka_unit_test(test_limit_of_nothing_and_without_refill_time),
        cmocka_unit_test(test_limit_largest_burst_and_refill),
        cmocka_unit_test(test_limit_equals_a_slow_one),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
