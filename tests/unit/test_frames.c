/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a video: counts, freezes by W3C webrtc-stats, and the totals of a sink. */
#include <stdbool.h>
#include <string.h>

#include "dice.h"
#include "tally/stats.h"
#include "test.h"

enum { MS = 1000, FPS_25 = 40 * MS, FPS_10 = 100 * MS };

static tally_frames_t frames;
static uint32_t now_us;

static int set_up(void **state) {
    (void)state;
    tally_frames_init(&frames);
    now_us = 5000000;
    return 0;
}

static uint32_t value(enum tally_metric metric) {
    assert_int_equal(frames.version % 2, 0);
    return frames.values[(uint32_t)metric - (uint32_t)TALLY_M_FRAMES_FIRST];
}

/* Frames on screen, each so long after the one before. */
static void show(uint32_t count, uint32_t gap_us) {
    for (uint32_t i = 0; i < count; i++) {
        now_us += gap_us;
        tally_frames_rendered(&frames, now_us);
    }
}

static void expect_freezes(uint32_t count, uint32_t time_ms) {
    assert_int_equal(value(TALLY_M_FREEZES), count);
    assert_int_equal(value(TALLY_M_FREEZE_TIME), time_ms);
}

/* --- counts --------------------------------------------------------------------------------- */

static void test_frames_each_call_counts_its_own(void **state) {
    (void)state;
    tally_frames_received(&frames, 60);
    tally_frames_lost(&frames, 2);
    tally_frames_concealed(&frames, 3);
    tally_frames_corrupted(&frames, 4);
    tally_frames_dropped(&frames, 5);
    tally_frames_dropped(&frames, 6);
    show(7, FPS_25);
    assert_int_equal(value(TALLY_M_FRAMES_RECEIVED), 60);
    assert_int_equal(value(TALLY_M_FRAMES_LOST), 2);
    assert_int_equal(value(TALLY_M_FRAMES_CONCEALED), 3);
    assert_int_equal(value(TALLY_M_FRAMES_CORRUPTED), 4);
    assert_int_equal(value(TALLY_M_FRAMES_DROPPED), 11);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 7);
    assert_int_equal(value(TALLY_M_FRAMES_DECODED), 0);
    assert_int_equal(value(TALLY_M_KEY_FRAMES_DECODED), 0);
    expect_freezes(0, 0);
}

static void test_frames_key_frame_is_a_decoded_frame_too(void **state) {
    (void)state;
    tally_frames_decoded(&frames, true);
    tally_frames_decoded(&frames, false);
    tally_frames_decoded(&frames, false);
    assert_int_equal(value(TALLY_M_FRAMES_DECODED), 3);
    assert_int_equal(value(TALLY_M_KEY_FRAMES_DECODED), 1);
}

/* --- freezes -------------------------------------------------------------------------------- */

static void test_frames_fast_video_freezes_at_average_and_150_ms(void **state) {
    (void)state;
    show(31, FPS_25);
    show(1, 190 * MS - 1);
    expect_freezes(0, 0);
    show(30, FPS_25);
    show(1, 190 * MS);
    expect_freezes(1, 190);
}

static void test_frames_slow_video_freezes_at_3_times_the_average(void **state) {
    (void)state;
    show(31, FPS_10);
    show(1, 300 * MS - 1);
    expect_freezes(0, 0);
    show(30, FPS_10);
    show(1, 300 * MS);
    expect_freezes(1, 300);
}

/* 29 gaps of 100 ms and one of 40 average 98. */
static void test_frames_average_is_of_the_last_30_gaps(void **state) {
    (void)state;
    show(40, FPS_25);
    show(29, FPS_10);
    show(1, 294 * MS);
    expect_freezes(1, 294);
    (void)set_up(NULL);
    show(40, FPS_25);
    show(30, FPS_10);
    show(1, 294 * MS);
    expect_freezes(0, 0);
}

static void test_frames_average_takes_4_gaps(void **state) {
    (void)state;
    show(4, FPS_25);
    show(1, 900 * MS);
    expect_freezes(0, 0);
    (void)set_up(NULL);
    show(5, FPS_25);
    show(1, 900 * MS);
    expect_freezes(1, 900);
}

static void test_frames_freezes_add_up_below_the_millisecond(void **state) {
    (void)state;
    show(31, FPS_25);
    show(1, 200500);
    expect_freezes(1, 200);
    show(31, FPS_25);
    show(1, 200500);
    expect_freezes(2, 401);
}

static void test_frames_time_may_wrap(void **state) {
    (void)state;
    now_us = UINT32_MAX - 31 * FPS_25 - 100 * MS;
    show(31, FPS_25);
    show(1, 250 * MS);
    expect_freezes(1, 250);
    show(31, FPS_25);
    expect_freezes(1, 250);
}

static void test_frames_freeze_of_minutes_is_one_and_begins_a_new_average(void **state) {
    (void)state;
    show(31, FPS_25);
    show(1, 1200000 * MS);
    expect_freezes(1, 1200000);
    show(4, FPS_25);
    show(1, 190 * MS); /* of the 4 gaps alone */
    expect_freezes(2, 1200190);
}

static void test_frames_time_that_goes_back_is_no_freeze(void **state) {
    (void)state;
    show(31, FPS_25);
    now_us -= 60000 * MS;
    show(31, FPS_25);
    expect_freezes(0, 0);
    show(1, 190 * MS);
    expect_freezes(1, 190);
}

/* The rule word for word, from a list of gaps. */
static bool model_freezes(const uint32_t *gaps_us, uint32_t gaps, uint32_t gap_us) {
    const uint32_t averaged = gaps < 30 ? gaps : 30;
    uint64_t sum_us = 0;
    for (uint32_t i = gaps - averaged; i < gaps; i++) {
        sum_us += gaps_us[i];
    }
    const uint64_t more_us = averaged * UINT64_C(150000) + sum_us;
    const uint64_t least_us = 3 * sum_us > more_us ? 3 * sum_us : more_us;
    return averaged >= 4 && (uint64_t)gap_us * averaged >= least_us;
}

static void test_frames_freezes_are_those_of_the_rule(void **state) {
    (void)state;
    enum { FRAMES = 20000 };
    static uint32_t gaps_us[FRAMES];
    dice_t dice = dice_from_environment();
    uint32_t gaps = 0;
    uint32_t freezes = 0;
    show(1, 0);
    for (uint32_t i = 0; i < FRAMES; i++) {
        const uint32_t gap_us = dice_roll(&dice, 20) == 0 ? dice_roll(&dice, 600 * MS)
                                                          : 10 * MS + dice_roll(&dice, 120 * MS);
        freezes += model_freezes(gaps_us, gaps, gap_us) ? 1 : 0;
        show(1, gap_us);
        assert_int_equal(value(TALLY_M_FREEZES), freezes);
        gaps_us[gaps++] = gap_us;
        if (dice_roll(&dice, 200) == 0) {
            tally_frames_hold(&frames, true, now_us);
            tally_frames_hold(&frames, false, now_us);
            show(1, 0);
            gaps = 0;
        }
    }
    assert_true(freezes > 0);
}

/* --- seek, flush and preroll ---------------------------------------------------------------- */

static void test_frames_gap_of_a_seek_is_no_freeze(void **state) {
    (void)state;
    show(31, FPS_25);
    tally_frames_hold(&frames, true, now_us);
    show(1, 700 * MS); /* a preview */
    now_us += 700 * MS;
    tally_frames_hold(&frames, false, now_us);
    show(1, 700 * MS);
    expect_freezes(0, 0);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 33);
}

static void test_frames_average_begins_anew_after_a_seek(void **state) {
    (void)state;
    show(31, FPS_10);
    tally_frames_hold(&frames, true, now_us);
    tally_frames_hold(&frames, false, now_us);
    show(5, FPS_25);
    show(1, 190 * MS);
    expect_freezes(1, 190);
}

static void
test_trap_22_frame_drops_exclude_seek_flush_and_preroll_with_a_baseline_per_source(void **state) {
    (void)state;
    tally_frames_t other;
    tally_frames_init(&other);
    tally_frames_totals(&frames, 1000, 40); /* it had played before */
    tally_frames_totals(&other, 0, 0);
    tally_frames_totals(&frames, 1100, 43);
    tally_frames_totals(&other, 90, 8);
    tally_frames_hold(&frames, true, now_us);
    tally_frames_dropped(&frames, 500);
    tally_frames_totals(&frames, 1101, 99); /* flushed */
    tally_frames_totals(&frames, 2, 7);     /* restarted with the preroll */
    tally_frames_hold(&frames, false, now_us);
    tally_frames_totals(&frames, 52, 8);
    tally_frames_totals(&other, 91, 9);
    assert_int_equal(value(TALLY_M_FRAMES_DROPPED), 3 + 1);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 100 + 50);
    frames = other;
    assert_int_equal(value(TALLY_M_FRAMES_DROPPED), 9);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 91);
}

static void test_frames_total_that_restarts_is_a_new_baseline(void **state) {
    (void)state;
    tally_frames_totals(&frames, 0, 0);
    tally_frames_totals(&frames, 250, 10);
    tally_frames_totals(&frames, 20, 0);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 250);
    assert_int_equal(value(TALLY_M_FRAMES_DROPPED), 10);
    tally_frames_totals(&frames, 45, 2);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 275);
    assert_int_equal(value(TALLY_M_FRAMES_DROPPED), 12);
}

static void test_frames_totals_may_have_64_bits(void **state) {
    (void)state;
    tally_frames_totals(&frames, UINT32_MAX - 10, 0);
    tally_frames_totals(&frames, UINT64_C(0x100000009), 0);
    assert_int_equal(value(TALLY_M_FRAMES_RENDERED), 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_frames_each_call_counts_its_own, set_up),
        cmocka_unit_test_setup(test_frames_key_frame_is_a_decoded_frame_too, set_up),
        cmocka_unit_test_setup(test_frames_fast_video_freezes_at_average_and_150_ms, set_up),
        cmocka_unit_test_setup(test_frames_slow_video_freezes_at_3_times_the_average, set_up),
        cmocka_unit_test_setup(test_frames_average_is_of_the_last_30_gaps, set_up),
        cmocka_unit_test_setup(test_frames_average_takes_4_gaps, set_up),
        cmocka_unit_test_setup(test_frames_freezes_add_up_below_the_millisecond, set_up),
        cmocka_unit_test_setup(test_frames_time_may_wrap, set_up),
        cmocka_unit_test_setup(test_frames_freeze_of_minutes_is_one_and_begins_a_new_average,
                               set_up),
        cmocka_unit_test_setup(test_frames_time_that_goes_back_is_no_freeze, set_up),
        cmocka_unit_test_setup(test_frames_freezes_are_those_of_the_rule, set_up),
        cmocka_unit_test_setup(test_frames_gap_of_a_seek_is_no_freeze, set_up),
        cmocka_unit_test_setup(test_frames_average_begins_anew_after_a_seek, set_up),
        cmocka_unit_test_setup(
            test_trap_22_frame_drops_exclude_seek_flush_and_preroll_with_a_baseline_per_source,
            set_up),
        cmocka_unit_test_setup(test_frames_total_that_restarts_is_a_new_baseline, set_up),
        cmocka_unit_test_setup(test_frames_totals_may_have_64_bits, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
