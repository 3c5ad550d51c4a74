/* SPDX-License-Identifier: Apache-2.0 */
#include "intervals.h"

#include <stdbool.h>

#include "dice.h"
#include "test.h"

enum { MOMENTS = 600, RUNS = 500, ADDS = 60 };

static void watch_each(tally_intervals_t *set, uint32_t stretches, uint32_t step_ms,
                       uint32_t length_ms) {
    for (uint32_t i = 0; i < stretches; i++) {
        tally_intervals_add(set, i * step_ms, i * step_ms + length_ms);
    }
}

static void assert_total(const tally_intervals_t *set, uint32_t total_ms, uint32_t stretches) {
    assert_int_equal(tally_intervals_total_ms(set), total_ms);
    assert_int_equal(set->count, stretches);
}

/* --- the union ------------------------------------------------------------------------------ */

static void test_intervals_of_nothing(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    assert_total(&set, 0, 0);
    tally_intervals_add(&set, 500, 500);
    tally_intervals_add(&set, 500, 499);
    tally_intervals_add(&set, UINT32_MAX, 0);
    assert_total(&set, 0, 0);
}

static void test_intervals_watched_twice_count_once(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    tally_intervals_add(&set, 1000, 2000);
    tally_intervals_add(&set, 1000, 2000); /* again */
    tally_intervals_add(&set, 1200, 1300); /* a part */
    assert_total(&set, 1000, 1);
    tally_intervals_add(&set, 1900, 2500); /* over the end */
    assert_total(&set, 1500, 1);
    tally_intervals_add(&set, 500, 1100); /* over the beginning */
    assert_total(&set, 2000, 1);
    tally_intervals_add(&set, 0, 3000); /* all of it and more */
    assert_total(&set, 3000, 1);
}

static void test_intervals_that_touch_become_one(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    tally_intervals_add(&set, 1000, 2000);
    tally_intervals_add(&set, 2000, 3000);
    tally_intervals_add(&set, 0, 1000);
    assert_total(&set, 3000, 1);
    tally_intervals_add(&set, 3001, 4000); /* one ms short of touching */
    assert_total(&set, 3999, 2);
}

static void test_intervals_are_kept_in_any_order(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    tally_intervals_add(&set, 4000, 5000);
    tally_intervals_add(&set, 0, 1000);
    tally_intervals_add(&set, 2000, 3000);
    assert_total(&set, 3000, 3);
    tally_intervals_add(&set, 500, 4500); /* bridges all three */
    assert_total(&set, 5000, 1);
}

static void test_intervals_bridge_only_what_they_reach(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    watch_each(&set, 5, 1000, 100);
    tally_intervals_add(&set, 1050, 3000); /* 1000 to 3100 is one now */
    assert_total(&set, 100 + 2100 + 100, 3);
    tally_intervals_add(&set, 200, 300);
    tally_intervals_add(&set, 3500, 3600);
    assert_total(&set, 2500, 5);
}

static void test_intervals_reach_over_the_whole_range(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    tally_intervals_add(&set, UINT32_MAX - 1, UINT32_MAX);
    tally_intervals_add(&set, 0, 1);
    assert_total(&set, 2, 2);
    tally_intervals_add(&set, 0, UINT32_MAX);
    assert_total(&set, UINT32_MAX, 1);
}

/* --- bounded memory ------------------------------------------------------------------------- */

static void test_intervals_eight_are_kept_apart(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    watch_each(&set, 8, 1000, 100);
    assert_total(&set, 800, 8);
    tally_intervals_add(&set, 0, 7100); /* every gap counts when it is watched */
    assert_total(&set, 7100, 1);
}

static void test_intervals_ninth_joins_the_nearest_and_does_not_count_the_gap(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    watch_each(&set, 8, 1000, 100);
    tally_intervals_add(&set, 3150, 3250);
    assert_total(&set, 900, 8);
    tally_intervals_add(&set, 3100, 3150); /* the gap joined: 50 ms short from here on */
    assert_total(&set, 900, 8);
    tally_intervals_add(&set, 0, 7100);
    assert_total(&set, 7050, 1);
}

static void test_intervals_ninth_stays_alone_where_others_are_nearer(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    watch_each(&set, 7, 1000, 100);
    tally_intervals_add(&set, 5120, 5200); /* 20 ms behind another */
    assert_total(&set, 780, 8);
    tally_intervals_add(&set, 8000, 8100);
    assert_total(&set, 880, 8);
    tally_intervals_add(&set, 6100, 8000); /* the gap before the ninth is still known */
    assert_total(&set, 2780, 7);
    tally_intervals_add(&set, 5100, 5120);
    assert_total(&set, 2780, 7);
}

static void test_intervals_ninth_before_all_others(void **state) {
    (void)state;
    tally_intervals_t set = {0};
    for (uint32_t i = 8; i > 0; i--) {
        tally_intervals_add(&set, i * 1000, i * 1000 + 100);
    }
    tally_intervals_add(&set, 900, 990);
    assert_total(&set, 890, 8);
    tally_intervals_add(&set, 990, 1000);
    assert_total(&set, 890, 8);
}

/* --- against bitmaps ------------------------------------------------------------------------ */

/* One flag a ms: what was watched, and what the set takes for watched. */
typedef struct {
    bool watched[MOMENTS];
    bool taken[MOMENTS];
    uint32_t total_ms;  /* by the rules of the header */
    uint32_t joined_ms; /* gaps */
    uint32_t most;      /* stretches there ever were in `watched` */
} slow_t;

static uint32_t stretches_in(const bool flags[MOMENTS]) {
    uint32_t count = flags[0];
    for (uint32_t i = 1; i < MOMENTS; i++) {
        count += flags[i] && !flags[i - 1];
    }
    return count;
}

static void slow_join(slow_t *slow) {
    uint32_t from = 0; /* of the smallest gap */
    uint32_t smallest = MOMENTS;
    uint32_t end = 0; /* of the stretch before; 0 while there is none */
    for (uint32_t i = 0; i < MOMENTS; i++) {
        if (slow->taken[i]) {
            if (end > 0 && i > end && i - end < smallest) {
                smallest = i - end;
                from = end;
            }
            end = i + 1;
        }
    }
    for (uint32_t i = from; i < from + smallest; i++) {
        slow->taken[i] = true;
    }
    slow->joined_ms += smallest;
}

static void slow_add(slow_t *slow, uint32_t begin_ms, uint32_t end_ms) {
    for (uint32_t i = begin_ms; i < end_ms; i++) {
        slow->total_ms += !slow->taken[i];
        slow->watched[i] = true;
        slow->taken[i] = true;
    }
    if (stretches_in(slow->taken) > TALLY_INTERVALS) {
        slow_join(slow);
    }
    const uint32_t now = stretches_in(slow->watched);
    slow->most = now > slow->most ? now : slow->most;
}

static uint32_t truth_ms(const slow_t *slow) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < MOMENTS; i++) {
        count += slow->watched[i];
    }
    return count;
}

static void test_intervals_keep_to_their_bound_whatever_is_watched(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    uint32_t short_of_truth = 0;
    for (uint32_t run = 0; run < dice_share(RUNS); run++) {
        const uint32_t longest = 2 + dice_roll(&dice, 30);
        tally_intervals_t set = {0};
        slow_t slow = {.total_ms = 0};
        uint32_t before_ms = 0;
        for (uint32_t i = 0; i < ADDS; i++) {
            const uint32_t begin = dice_roll(&dice, MOMENTS - longest);
            const uint32_t end = begin + dice_roll(&dice, longest);
            tally_intervals_add(&set, begin, end);
            slow_add(&slow, begin, end);
            const uint32_t total_ms = tally_intervals_total_ms(&set);
            const uint32_t exact_ms = truth_ms(&slow);
            assert_true(total_ms <= exact_ms);
            assert_true(exact_ms - total_ms <= slow.joined_ms);
            assert_true(total_ms >= before_ms);
            assert_true(slow.most > TALLY_INTERVALS || total_ms == exact_ms);
            assert_total(&set, slow.total_ms, stretches_in(slow.taken));
            before_ms = total_ms;
            short_of_truth += total_ms < exact_ms;
        }
    }
    assert_int_not_equal(short_of_truth, 0); /* or the bound was never put to the test */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals_of_nothing),
        cmocka_unit_test(test_intervals_watched_twice_count_once),
        cmocka_unit_test(test_intervals_that_touch_become_one),
        cmocka_unit_test(test_intervals_are_kept_in_any_order),
        cmocka_unit_test(test_intervals_bridge_only_what_they_reach),
        cmocka_unit_test(test_intervals_reach_over_the_whole_range),
        cmocka_unit_test(test_intervals_eight_are_kept_apart),
        cmocka_unit_test(test_intervals_ninth_joins_the_nearest_and_does_not_count_the_gap),
        cmocka_unit_test(test_intervals_ninth_stays_alone_where_others_are_nearer),
        cmocka_unit_test(test_intervals_ninth_before_all_others),
        cmocka_unit_test(test_intervals_keep_to_their_bound_whatever_is_watched),
    };
    return cmocka_run_group_tests_name("intervals", tests, NULL, NULL);
}
