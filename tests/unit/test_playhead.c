/* SPDX-License-Identifier: Apache-2.0 */
#include "playhead.h"

#include "test.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000 };

/* A viewer: the playhead, and the media time played so far. */
typedef struct {
    tally_playhead_t playhead;
    uint64_t played_ms;
} viewer_t;

static viewer_t viewer_of(int64_t duration_ms) {
    viewer_t viewer = {.played_ms = 0};
    tally_playhead_set_duration(&viewer.playhead, duration_ms);
    return viewer;
}

/* Plays for so much media time and then tells a position. */
static uint8_t tell(viewer_t *viewer, uint64_t media_ms, int64_t position_ms) {
    viewer->played_ms += media_ms;
    return tally_playhead_move(&viewer->playhead, position_ms, viewer->played_ms);
}

static void seek(viewer_t *viewer, int64_t position_ms) {
    tally_playhead_break(&viewer->playhead);
    assert_int_equal(tell(viewer, 0, position_ms), 0);
}

/* Plays on without a jump, telling each second; no milestone is expected. */
static void watch(viewer_t *viewer, uint32_t from_ms, uint32_t to_ms) {
    for (uint32_t at_ms = from_ms + 1000; at_ms <= to_ms; at_ms += 1000) {
        assert_int_equal(tell(viewer, 1000, at_ms), 0);
    }
}

static void assert_played(const viewer_t *viewer, uint32_t unique_ms, uint32_t percent) {
    assert_int_equal(tally_playhead_unique_ms(&viewer->playhead), unique_ms);
    assert_int_equal(tally_playhead_furthest_percent(&viewer->playhead), percent);
}

/* --- what counts as played ------------------------------------------------------------------ */

static void test_playhead_before_anything_played(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(HOUR_MS);
    assert_played(&viewer, 0, 0);
    assert_int_equal(tell(&viewer, 0, 50 * MINUTE_MS), 0); /* joins late: only a place */
    assert_played(&viewer, 0, 0);
}

static void test_playhead_counts_what_plays_on(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    seek(&viewer, 5000);
    watch(&viewer, 5000, 15000);
    assert_played(&viewer, 10000, 0);
}

static void test_playhead_counts_a_scene_seen_twice_once(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(1000 * MINUTE_MS);
    seek(&viewer, 0);
    watch(&viewer, 0, 30000);
    seek(&viewer, 20000);
    watch(&viewer, 20000, 40000);
    assert_played(&viewer, 40000, 0);
}

static void test_playhead_does_not_count_what_a_seek_leaves_out(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    seek(&viewer, 0);
    watch(&viewer, 0, 10000);
    seek(&viewer, 11000); /* near enough to pass for playing, had nobody told */
    watch(&viewer, 11000, 20000);
    assert_played(&viewer, 19000, 0);
}

static void test_playhead_sees_a_jump_ahead_that_nobody_told(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(HOUR_MS);
    seek(&viewer, 0);
    watch(&viewer, 0, 10000);
    assert_int_equal(tell(&viewer, 1000, 40 * MINUTE_MS), 0);
    assert_played(&viewer, 10000, 0);
    assert_int_equal(tell(&viewer, 1000, 40 * MINUTE_MS + 1000), 50); /* goes on from there */
    assert_played(&viewer, 11000, 66);
}

static void test_playhead_sees_a_jump_back_that_nobody_told(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    seek(&viewer, 0);
    watch(&viewer, 0, 10000);
    assert_int_equal(tell(&viewer, 1000, 4000), 0);
    watch(&viewer, 4000, 12000);
    assert_played(&viewer, 12000, 0);
}

static void test_playhead_lets_positions_be_two_seconds_stale(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    seek(&viewer, 10000);
    assert_int_equal(tell(&viewer, 1000, 13000), 0);
    assert_played(&viewer, 3000, 0);
    assert_int_equal(tell(&viewer, 1000, 16001), 0); /* 3001 ms in 1000 + 2000 */
    assert_played(&viewer, 3000, 0);
}

static void test_playhead_stands_still_in_a_stall(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(HOUR_MS);
    seek(&viewer, 40 * MINUTE_MS);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(tell(&viewer, 0, 40 * MINUTE_MS), 0);
    }
    assert_played(&viewer, 0, 0); /* a place no one has played at is not reached */
}

static void test_playhead_fast_playback_counts_by_media_time(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    seek(&viewer, 0);
    for (uint32_t wall_s = 10; wall_s <= 60; wall_s += 10) { /* speed 2 */
        assert_int_equal(tell(&viewer, 20000, 2000 * wall_s), 0);
    }
    assert_played(&viewer, 120000, 0);
}

/* --- positions and times at their limits ---------------------------------------------------- */

static void test_playhead_positions_out_of_range_only_break(void **state) {
    (void)state;
    static const int64_t strange[] = {-1, INT64_MIN, INT64_C(1) << 32, INT64_MAX};
    for (uint32_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        viewer_t viewer = viewer_of(1000 * MINUTE_MS);
        seek(&viewer, 0);
        watch(&viewer, 0, 10000);
        assert_int_equal(tell(&viewer, 500, strange[i]), 0);
        assert_int_equal(tell(&viewer, 500, 11000), 0);
        assert_played(&viewer, 10000, 0);
        watch(&viewer, 11000, 13000);
        assert_played(&viewer, 12000, 0);
    }
}

static void test_playhead_reaches_the_last_position_there_is(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(UINT32_MAX);
    seek(&viewer, (int64_t)UINT32_MAX - 1000);
    assert_int_equal(tell(&viewer, 1000, UINT32_MAX), 95);
    assert_played(&viewer, 1000, 100);
    viewer_t whole = viewer_of(UINT32_MAX);
    seek(&whole, 0);
    assert_int_equal(tell(&whole, UINT32_MAX, UINT32_MAX), 95);
    assert_played(&whole, UINT32_MAX, 100);
}

static void test_playhead_media_time_goes_beyond_32_bits(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    viewer.played_ms = (UINT64_C(1) << 32) - 5000;
    seek(&viewer, 0);
    assert_int_equal(tell(&viewer, 10000, 10000), 0);
    assert_played(&viewer, 10000, 0);
    watch(&viewer, 10000, 20000);
    assert_played(&viewer, 20000, 0);
}

/* --- milestones ----------------------------------------------------------------------------- */

static void test_playhead_each_milestone_once_and_in_order(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(200000);
    seek(&viewer, 0);
    for (uint32_t at_ms = 1000; at_ms <= 200000; at_ms += 1000) {
        const uint32_t expected = at_ms == 20000    ? 10
                                  : at_ms == 50000  ? 25
                                  : at_ms == 100000 ? 50
                                  : at_ms == 150000 ? 75
                                  : at_ms == 180000 ? 90
                                  : at_ms == 190000 ? 95
                                                    : 0;
        assert_int_equal(tell(&viewer, 1000, at_ms), expected);
    }
    assert_int_equal(tally_playhead_end(&viewer.playhead), 100);
    assert_int_equal(tally_playhead_end(&viewer.playhead), 0);
    assert_played(&viewer, 200000, 100);
}

static void test_playhead_milestones_to_the_millisecond(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(10007); /* a tenth is 1000.7 */
    seek(&viewer, 0);
    assert_int_equal(tell(&viewer, 1000, 1000), 0);
    assert_played(&viewer, 1000, 9);
    assert_int_equal(tell(&viewer, 1, 1001), 10);
    assert_played(&viewer, 1001, 10);
    viewer_t even = viewer_of(10000);
    seek(&even, 0);
    assert_int_equal(tell(&even, 999, 999), 0);
    assert_int_equal(tell(&even, 1, 1000), 10);
}

static void test_playhead_seek_reaches_milestones_only_once_playback_goes_on(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(100000);
    seek(&viewer, 0);
    watch(&viewer, 0, 9000);
    seek(&viewer, 80000);
    assert_played(&viewer, 9000, 9);
    assert_int_equal(tell(&viewer, 1000, 81000), 75); /* 10, 25 and 50 with it */
    seek(&viewer, 20000);
    watch(&viewer, 20000, 80000);
    assert_played(&viewer, 70000, 81);
}

static void test_playhead_replay_tells_nothing_again(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(100000);
    seek(&viewer, 95000);
    assert_int_equal(tell(&viewer, 1000, 96000), 95);
    assert_int_equal(tally_playhead_end(&viewer.playhead), 100);
    seek(&viewer, 0);
    watch(&viewer, 0, 100000);
    assert_int_equal(tally_playhead_end(&viewer.playhead), 0);
    assert_played(&viewer, 100000, 100);
}

static void test_playhead_natural_end_is_100_percent_however_stale_the_position(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(1000 * MINUTE_MS);
    seek(&viewer, 0);
    watch(&viewer, 0, 10000);
    assert_int_equal(tally_playhead_end(&viewer.playhead), 100);
    assert_played(&viewer, 10000, 100);
}

static void test_playhead_live_has_no_milestones(void **state) {
    (void)state;
    static const int64_t unknown[] = {0, -1, INT64_MIN, INT64_C(1) << 32, INT64_MAX};
    for (uint32_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        viewer_t viewer = viewer_of(unknown[i]);
        seek(&viewer, 0);
        watch(&viewer, 0, 100000);
        assert_int_equal(tally_playhead_end(&viewer.playhead), 0);
        assert_played(&viewer, 100000, 0);
    }
}

static void test_playhead_duration_known_late_tells_the_highest_with_the_next_move(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(0);
    seek(&viewer, 0);
    watch(&viewer, 0, 60000);
    tally_playhead_set_duration(&viewer.playhead, 100000);
    assert_played(&viewer, 60000, 60);
    assert_int_equal(tell(&viewer, 1000, 61000), 50);
    assert_int_equal(tell(&viewer, 1000, 62000), 0);
}

static void test_playhead_duration_that_changes_tells_nothing_again(void **state) {
    (void)state;
    viewer_t viewer = viewer_of(20000);
    seek(&viewer, 0);
    assert_int_equal(tell(&viewer, 10000, 10000), 50);
    tally_playhead_set_duration(&viewer.playhead, 100000); /* a recording that grows */
    watch(&viewer, 10000, 74000);
    assert_played(&viewer, 74000, 74);
    assert_int_equal(tell(&viewer, 1000, 75000), 75);
    tally_playhead_set_duration(&viewer.playhead, 50000);
    assert_played(&viewer, 75000, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_playhead_before_anything_played),
        cmocka_unit_test(test_playhead_counts_what_plays_on),
        cmocka_unit_test(test_playhead_counts_a_scene_seen_twice_once),
        cmocka_unit_test(test_playhead_does_not_count_what_a_seek_leaves_out),
        cmocka_unit_test(test_playhead_sees_a_jump_ahead_that_nobody_told),
        cmocka_unit_test(test_playhead_sees_a_jump_back_that_nobody_told),
        cmocka_unit_test(test_playhead_lets_positions_be_two_seconds_stale),
        cmocka_unit_test(test_playhead_stands_still_in_a_stall),
        cmocka_unit_test(test_playhead_fast_playback_counts_by_media_time),
        cmocka_unit_test(test_playhead_positions_out_of_range_only_break),
        cmocka_unit_test(test_playhead_reaches_the_last_position_there_is),
        cmocka_unit_test(test_playhead_media_time_goes_beyond_32_bits),
        cmocka_unit_test(test_playhead_each_milestone_once_and_in_order),
        cmocka_unit_test(test_playhead_milestones_to_the_millisecond),
        cmocka_unit_test(test_playhead_seek_reaches_milestones_only_once_playback_goes_on),
        cmocka_unit_test(test_playhead_replay_tells_nothing_again),
        cmocka_unit_test(test_playhead_natural_end_is_100_percent_however_stale_the_position),
        cmocka_unit_test(test_playhead_live_has_no_milestones),
        cmocka_unit_test(test_playhead_duration_known_late_tells_the_highest_with_the_next_move),
        cmocka_unit_test(test_playhead_duration_that_changes_tells_nothing_again),
    };
    return cmocka_run_group_tests_name("playhead", tests, NULL, NULL);
}
