/* SPDX-License-Identifier: Apache-2.0 */
/* PCR and PTS against TR 101 290 2.3 and 2.5; jitter, and RFC 4445. */
#include "test.h"
#include "ts_scene.h"

#define MS      UINT64_C(27000) /* of the 27 MHz clock */
#define PCR_END ((UINT64_C(1) << 33) * 300)

static ts_scene_t scene;

#define VALUE(metric) ts_value(&scene, TALLY_M_TS_##metric)

static int begin(void **state) {
    (void)state;
    scene_begin(&scene);
    return 0;
}

/* A second PCR so long after the first, by arrival and by value. */
static void pcr_after(uint32_t arrival_us, uint64_t ticks, bool announced) {
    scene_pcr(&scene, VIDEO, 1000000, false);
    scene.now_us += arrival_us;
    scene_pcr(&scene, VIDEO, 1000000 + ticks, announced);
}

static void test_pcr_100_ms_apart_are_no_error(void **state) {
    (void)state;
    pcr_after(100000, 100 * MS, false);
    assert_int_equal(VALUE(PCR_REPETITIONS), 0);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
    assert_int_equal(VALUE(PCR_INTERVAL_LONGEST), 100000);
}

static void test_pcr_late_by_arrival_is_a_repetition_error(void **state) {
    (void)state;
    pcr_after(100001, 40 * MS, false);
    assert_int_equal(VALUE(PCR_REPETITIONS), 1);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
    assert_int_equal(VALUE(PCR_INTERVAL_LONGEST), 100001);
}

static void test_pcr_far_by_value_is_a_discontinuity(void **state) {
    (void)state;
    pcr_after(40000, 100 * MS + 1, false);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 1);
    assert_int_equal(VALUE(PCR_REPETITIONS), 0);
}

static void test_pcr_that_goes_back_is_a_discontinuity(void **state) {
    (void)state;
    pcr_after(40000, (uint64_t)-1, false);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 1);
}

static void test_announced_jump_is_none(void **state) {
    (void)state;
    pcr_after(40000, 5000 * MS, true);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
    scene.now_us += 40000;
    scene_pcr(&scene, VIDEO, 1000000 + 5040 * MS, false); /* the new time base goes on */
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
    scene.now_us += 40000;
    scene_pcr(&scene, VIDEO, 1000000, false); /* the word holds for one PCR only */
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 1);
}

static void test_jump_may_be_announced_before_its_pcr(void **state) {
    (void)state;
    const uint8_t counter = 0x20; /* adaptation field alone */
    uint8_t word[TALLY_TS_BYTES] = {0x47, VIDEO >> 8, VIDEO & 0xFF, counter, 183, 0x80};
    scene_pcr(&scene, VIDEO, 1000000, false);
    scene_send(&scene, word);
    scene_pcr(&scene, VIDEO, 9000000000, false);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
}

static void test_pcr_wraps_after_26_hours(void **state) {
    (void)state;
    scene_pcr(&scene, VIDEO, PCR_END - 20 * MS, false);
    scene.now_us += 40000;
    scene_pcr(&scene, VIDEO, 20 * MS, false);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
}

static void test_arrival_wraps_after_71_minutes(void **state) {
    (void)state;
    scene.now_us = UINT32_MAX - 19999;
    pcr_after(40000, 40 * MS, false);
    assert_int_equal(scene.now_us, 20000);
    assert_int_equal(VALUE(PCR_INTERVAL_LONGEST), 40000);
    assert_int_equal(VALUE(PCR_REPETITIONS), 0);
}

static void test_each_programme_has_a_clock_of_its_own(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        scene_pcr(&scene, VIDEO, i * 40 * MS, false);
        scene_pcr(&scene, VIDEO + 1, 900000000 + i * 40 * MS, false);
        scene.now_us += 40000;
    }
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 0);
    assert_int_equal(VALUE(PCR_REPETITIONS), 0);
}

/* --- a second ------------------------------------------------------------------------------- */

/* One packet a millisecond with a PCR in each 20th, whose arrival is late by what `late_us` says
 * for that PCR; from `first_ms` on. */
static void play_second(uint32_t first_ms, const uint16_t late_us[50]) {
    for (uint32_t i = 0; i < 1000; i++) {
        const uint32_t late = late_us != NULL ? late_us[i / 20] : 0;
        scene.now_us = (first_ms + i) * 1000 + (i % 20 == 0 ? late : 0);
        if (i % 20 == 0) {
            scene_pcr(&scene, VIDEO, (first_ms + i) * MS, false);
        } else {
            scene_payload(&scene, VIDEO);
        }
    }
}

static void test_nothing_is_said_of_a_second_before_its_end(void **state) {
    (void)state;
    play_second(0, NULL);
    assert_int_equal(VALUE(PCR_JITTER), TALLY_NO_VALUE);
    assert_int_equal(VALUE(DELAY_FACTOR), TALLY_NO_VALUE);
    assert_int_equal(VALUE(MEDIA_LOSS), TALLY_NO_VALUE);
}

static void test_jitter_is_the_spread_of_arrival_against_pcr(void **state) {
    (void)state;
    static const uint16_t late_us[50] = {[10] = 300, [11] = 700, [30] = 500};
    play_second(0, NULL);
    play_second(1000, late_us);
    assert_int_equal(VALUE(PCR_JITTER), 0);
    play_second(2000, NULL);
    assert_int_equal(VALUE(PCR_JITTER), 700);
    play_second(3000, NULL);
    assert_int_equal(VALUE(PCR_JITTER), 0);
}

static void test_jump_of_the_clock_is_no_jitter(void **state) {
    (void)state;
    play_second(0, NULL);
    scene_pcr(&scene, VIDEO, 77777777, false);
    play_second(1000, NULL);
    play_second(2000, NULL);
    assert_int_equal(VALUE(PCR_JITTER), 0);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), 2);
}

/* A packet is worth 1 ms: each that comes lifts the buffer from 0 to 1 ms, which then drains. */
static void test_delay_factor_of_an_even_stream_is_one_packet(void **state) {
    (void)state;
    play_second(0, NULL);
    play_second(1000, NULL);
    play_second(2000, NULL);
    assert_int_equal(VALUE(DELAY_FACTOR), 1000);
    assert_int_equal(VALUE(DELAY_FACTOR_MOST), 1000);
}

/* 250 ms of nothing, then all that was held back at once: the buffer falls to -250 ms. */
static void test_delay_factor_of_a_pause_is_its_length(void **state) {
    (void)state;
    play_second(0, NULL);
    play_second(1000, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        const bool is_held = i >= 300 && i < 550;
        scene.now_us = (2000 + (is_held ? 550 : i)) * 1000;
        scene_payload(&scene, VIDEO);
    }
    play_second(3000, NULL);
    assert_in_range(VALUE(DELAY_FACTOR), 250000, 251000);
    play_second(4000, NULL);
    assert_int_equal(VALUE(DELAY_FACTOR), TALLY_NO_VALUE); /* a second without a clock before */
    play_second(5000, NULL);
    assert_int_equal(VALUE(DELAY_FACTOR), 1000);
    assert_in_range(VALUE(DELAY_FACTOR_MOST), 250000, 251000);
}

static void test_media_loss_is_of_the_second_before(void **state) {
    (void)state;
    play_second(0, NULL);
    scene_lose(&scene, VIDEO, 3);
    scene_payload(&scene, VIDEO);
    play_second(1000, NULL);
    assert_int_equal(VALUE(MEDIA_LOSS), 3);
    play_second(2000, NULL);
    assert_int_equal(VALUE(MEDIA_LOSS), 0);
    assert_int_equal(VALUE(MEDIA_LOSS_MOST), 3);
}

/* --- PTS ------------------------------------------------------------------------------------ */

static void test_pts_700_ms_apart_are_allowed_and_701_not(void **state) {
    (void)state;
    scene_tables(&scene);
    scene_pts(&scene, VIDEO);
    scene_wait_ms(&scene, 700);
    scene_pts(&scene, VIDEO);
    assert_int_equal(VALUE(PTS_ERRORS), 0);
    assert_int_equal(VALUE(PTS_INTERVAL_LONGEST), 700);
    scene_wait_ms(&scene, 701);
    scene_pts(&scene, VIDEO);
    assert_int_equal(VALUE(PTS_ERRORS), 1);
    assert_int_equal(VALUE(PTS_INTERVAL_LONGEST), 701);
}

static void test_pts_of_each_pid_by_itself(void **state) {
    (void)state;
    scene_tables(&scene);
    for (uint32_t i = 0; i < 30; i++) {
        scene_pts(&scene, AUDIO);
        if (i != 0 && i != 29) {
            scene_payload(&scene, VIDEO);
        } else {
            scene_pts(&scene, VIDEO);
        }
        scene_wait_ms(&scene, 100);
    }
    assert_int_equal(VALUE(PTS_ERRORS), 1);
    assert_int_equal(VALUE(PTS_INTERVAL_LONGEST), 2900);
}

static void test_pts_that_stay_away_for_two_minutes_are_one_error(void **state) {
    (void)state;
    scene_tables(&scene);
    scene_pts(&scene, VIDEO);
    for (uint32_t i = 0; i < 1200; i++) {
        scene_payload(&scene, VIDEO);
        scene_wait_ms(&scene, 100);
    }
    scene_pts(&scene, VIDEO);
    assert_int_equal(VALUE(PTS_ERRORS), 1);
}

static void test_subtitles_owe_no_pts(void **state) {
    (void)state;
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{0x06, 0x110, 0}}, 1);
    scene_section(&scene, 0, &pat);
    scene_section(&scene, PMT, &pmt);
    scene_pts(&scene, 0x110);
    scene_wait_ms(&scene, 3000);
    scene_pts(&scene, 0x110);
    assert_int_equal(VALUE(PTS_ERRORS), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(test_##name, begin)
    const struct CMUnitTest tests[] = {
        TEST(pcr_100_ms_apart_are_no_error),
        TEST(pcr_late_by_arrival_is_a_repetition_error),
        TEST(pcr_far_by_value_is_a_discontinuity),
        TEST(pcr_that_goes_back_is_a_discontinuity),
        TEST(announced_jump_is_none),
        TEST(jump_may_be_announced_before_its_pcr),
        TEST(pcr_wraps_after_26_hours),
        TEST(arrival_wraps_after_71_minutes),
        TEST(each_programme_has_a_clock_of_its_own),
        TEST(nothing_is_said_of_a_second_before_its_end),
        TEST(jitter_is_the_spread_of_arrival_against_pcr),
        TEST(jump_of_the_clock_is_no_jitter),
        TEST(delay_factor_of_an_even_stream_is_one_packet),
        TEST(delay_factor_of_a_pause_is_its_length),
        TEST(media_loss_is_of_the_second_before),
        TEST(pts_700_ms_apart_are_allowed_and_701_not),
        TEST(pts_of_each_pid_by_itself),
        TEST(pts_that_stay_away_for_two_minutes_are_one_error),
        TEST(subtitles_owe_no_pts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
