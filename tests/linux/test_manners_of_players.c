/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"
#include "pace.h"

#define COST_US  1000u
#define AHEAD_US 10000u

/* How many there may be at once. */
static uint32_t take_all(pace_t *pace, uint64_t now_us) {
    uint32_t taken = 0;
    while (taken < 1000 && pace_wait_ms(pace, now_us, AHEAD_US) == 0) {
        pace_pay(pace, now_us, COST_US);
        taken++;
    }
    return taken;
}

static void test_pace_begins_with_a_burst_and_goes_on_at_its_rate(void **state) {
    (void)state;
    pace_t pace = {0};
    assert_int_equal(take_all(&pace, 5000000), 11);
    assert_int_equal(take_all(&pace, 5000000), 0);
    assert_int_equal(take_all(&pace, 5000999), 0);
    assert_int_equal(take_all(&pace, 5001000), 1);
    assert_int_equal(take_all(&pace, 5004000), 3);
}

static void test_pace_saves_up_no_more_than_its_burst(void **state) {
    (void)state;
    pace_t pace = {0};
    (void)take_all(&pace, 5000000);
    assert_int_equal(take_all(&pace, UINT64_C(3600000000)), 11);
}

static void test_pace_says_when_there_is_room_again(void **state) {
    (void)state;
    pace_t pace = {0};
    (void)take_all(&pace, 5000000);
    const uint32_t wait_ms = pace_wait_ms(&pace, 5000000, AHEAD_US);
    assert_in_range(wait_ms, 1, 2);
    assert_int_equal(pace_wait_ms(&pace, 5000000 + (uint64_t)wait_ms * 1000, AHEAD_US), 0);
}

static void answers(uint32_t taken, uint32_t refused, const char *expected, uint32_t bytes) {
    uint8_t out[ANSWER_BYTES];
    assert_int_equal(answer_write(out, taken, refused), bytes);
    assert_memory_equal(out, expected, bytes);
}

static void test_answer_has_the_shortest_form_of_each_number(void **state) {
    (void)state;
    answers(0, 0, "\xA1\x61n\x00", 4);
    answers(23, 0, "\xA1\x61n\x17", 4);
    answers(24, 0, "\xA1\x61n\x18\x18", 5);
    answers(255, 0, "\xA1\x61n\x18\xFF", 5);
    answers(256, 0, "\xA1\x61n\x19\x01\x00", 6);
    answers(65535, 0, "\xA1\x61n\x19\xFF\xFF", 6);
    answers(65536, 0, "\xA1\x61n\x1A\x00\x01\x00\x00", 8);
}

static void test_answer_tells_of_refused_ones_only_if_there_are_any(void **state) {
    (void)state;
    answers(7, 1, "\xA2\x61n\x07\x61z\x01", 7);
    answers(UINT32_MAX, UINT32_MAX, "\xA2\x61n\x1A\xFF\xFF\xFF\xFF\x61z\x1A\xFF\xFF\xFF\xFF",
            ANSWER_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_begins_with_a_burst_and_goes_on_at_its_rate),
        cmocka_unit_test(test_pace_saves_up_no_more_than_its_burst),
        cmocka_unit_test(test_pace_says_when_there_is_room_again),
        cmocka_unit_test(test_answer_has_the_shortest_form_of_each_number),
        cmocka_unit_test(test_answer_tells_of_refused_ones_only_if_there_are_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
