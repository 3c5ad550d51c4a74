/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a session: milestones and what was really seen, seeks, replays, standby. */
#include "session_scene.h"
#include "test.h"

/* Playing media of 100 s, at its beginning. */
static scene_t watching(void) {
    scene_t scene = scene_playing();
    scene_set(&scene, TALLY_M_MEDIA_DURATION, 100000);
    scene_set(&scene, TALLY_M_POSITION, 0);
    return scene;
}

/* Plays on to a position at normal speed, telling it each second. */
static void play_to(scene_t *scene, int64_t position_ms) {
    for (int64_t at_ms = VALUE(scene, POSITION); at_ms < position_ms; at_ms += 1000) {
        scene_wait(scene, 1000);
        scene_set(scene, TALLY_M_POSITION, at_ms + 1000);
    }
}

/* --- milestones ----------------------------------------------------------------------------- */

static void test_course_milestones_are_told_as_they_are_reached(void **state) {
    (void)state;
    static const uint8_t milestones[] = {10, 25, 50, 75, 90, 95};
    scene_t scene = watching();
    for (uint32_t i = 0; i < sizeof milestones; i++) {
        play_to(&scene, milestones[i] * 1000 - 1000);
        scene_expect_no_notice(&scene);
        play_to(&scene, milestones[i] * 1000);
        scene_expect_notice(&scene, TALLY_EVENT_MILESTONE, milestones[i]);
        assert_int_equal(VALUE(&scene, MILESTONE), milestones[i]);
        assert_int_equal(VALUE(&scene, FURTHEST), milestones[i]);
        assert_int_equal(LAST(&scene, SINCE_MILESTONE), 0);
    }
    play_to(&scene, 100000);
    scene_expect_no_notice(&scene);
    scene_tell(&scene, TALLY_HOOK_END);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_MILESTONE, 100);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_ENDED, 0);
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 100000);
}

static void test_course_live_media_has_no_milestones(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_set(&scene, TALLY_M_POSITION, 0);
    play_to(&scene, 60000);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_expect_notice(&scene, TALLY_EVENT_ENDED, 0);
    assert_false(HAS(&scene, MILESTONE));
    assert_false(HAS(&scene, FURTHEST));
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 60000);
}

/* --- what was seen -------------------------------------------------------------------------- */

static void test_course_seek_reaches_nothing_until_it_plays_there(void **state) {
    (void)state;
    scene_t scene = watching();
    play_to(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_set(&scene, TALLY_M_POSITION, 80000); /* where it goes */
    scene_expect_no_notice(&scene);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    assert_false(HAS(&scene, MILESTONE));
    assert_int_equal(VALUE(&scene, FURTHEST), 5);
    play_to(&scene, 83000);
    assert_int_equal(VALUE(&scene, MILESTONE), 75);
    assert_int_equal(VALUE(&scene, FURTHEST), 83);
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 8000); /* 5,000 + 3,000 */
}

static void test_course_what_is_seen_again_counts_once(void **state) {
    (void)state;
    scene_t scene = watching();
    play_to(&scene, 20000);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_set(&scene, TALLY_M_POSITION, 15000);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    play_to(&scene, 22000);
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 22000);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 27000);
}

static void test_course_double_speed_covers_twice_the_media(void **state) {
    (void)state;
    scene_t scene = watching();
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, 2000);
    for (int64_t at_ms = 10000; at_ms <= 30000; at_ms += 10000) {
        scene_wait(&scene, 5000);
        scene_set(&scene, TALLY_M_POSITION, at_ms);
    }
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 30000);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 15000);
    assert_int_equal(VALUE(&scene, MILESTONE), 25);
}

/* At normal speed the same steps are jumps that nobody told of. */
static void test_course_steps_longer_than_what_played_are_jumps(void **state) {
    (void)state;
    scene_t scene = watching();
    for (int64_t at_ms = 10000; at_ms <= 30000; at_ms += 10000) {
        scene_wait(&scene, 5000);
        scene_set(&scene, TALLY_M_POSITION, at_ms);
    }
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 0);
    assert_false(HAS(&scene, MILESTONE));
}

/* Each of these breaks what plays: the step of 1,500 ms over it was not seen, although it is short
 * enough to be a stale position. */
static void test_course_seek_live_edge_standby_and_ads_break_what_plays(void **state) {
    (void)state;
    static const enum tally_hook breaks[][2] = {
        {TALLY_HOOK_SEEK_BEGIN, TALLY_HOOK_SEEK_END},
        {TALLY_HOOK_LIVE_EDGE, TALLY_HOOK_OPEN},
        {TALLY_HOOK_SUSPEND, TALLY_HOOK_WAKE},
        {TALLY_HOOK_AD_START, TALLY_HOOK_AD_BREAK_END},
    };
    for (uint32_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        scene_t scene = watching();
        play_to(&scene, 4000);
        scene_tell(&scene, breaks[i][0]);
        scene_wait(&scene, 100);
        if (breaks[i][1] != TALLY_HOOK_OPEN) {
            scene_tell(&scene, breaks[i][1]);
        }
        scene_set(&scene, TALLY_M_POSITION, 5500);
        assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 4000);
        play_to(&scene, 7500);
        assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 6000);
    }
}

static void test_course_positions_in_an_ad_are_not_the_contents(void **state) {
    (void)state;
    scene_t scene = watching();
    play_to(&scene, 4000);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_set(&scene, TALLY_M_POSITION, 0);
    scene_wait(&scene, 15000);
    scene_set(&scene, TALLY_M_POSITION, 15000);
    assert_int_equal(VALUE(&scene, POSITION), 4000);
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 4000);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_set(&scene, TALLY_M_POSITION, 4000);
    play_to(&scene, 6000);
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 6000);
}

/* --- seeks ---------------------------------------------------------------------------------- */

static void test_course_seek_is_told_with_its_length(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_expect_notice(&scene, TALLY_EVENT_SEEK, 0);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN); /* further still */
    scene_wait(&scene, 500);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_expect_notice(&scene, TALLY_EVENT_SEEKED, 800);
    scene_expect_samples(&scene, TALLY_M_SEEK_HISTOGRAM, (const uint64_t[]){800}, 1);
}

static void test_course_live_edge_while_nothing_plays_makes_no_sense(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell_nonsense(&scene, TALLY_HOOK_LIVE_EDGE);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_tell_nonsense(&scene, TALLY_HOOK_LIVE_EDGE);
    assert_int_equal(VALUE(&scene, LIVE_CORRECTIONS), 0);
}

/* --- replays -------------------------------------------------------------------------------- */

static void test_course_replay_is_neither_a_seek_nor_a_play_request(void **state) {
    (void)state;
    scene_t scene = watching();
    play_to(&scene, 30000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_wait(&scene, 9000);
    scene_tell(&scene, TALLY_HOOK_REPLAY);
    scene_expect_notice(&scene, TALLY_EVENT_REPLAY, 0);
    assert_int_equal(scene_state(&scene), TALLY_STATE_SEEKING);
    scene_wait(&scene, 250);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_expect_no_notice(&scene);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING); /* paused before, wanted now */
    scene_set(&scene, TALLY_M_POSITION, 0);
    play_to(&scene, 12000);
    scene_expect_no_notice(&scene);
    assert_int_equal(VALUE(&scene, REPLAYS), 1);
    assert_int_equal(VALUE(&scene, SEEKS), 0);
    assert_int_equal(VALUE(&scene, PLAY_ATTEMPTS), 1);
    assert_int_equal(VALUE(&scene, TERMINAL_TIME), 9000);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 250);
    assert_int_equal(VALUE(&scene, UNIQUE_PLAY_TIME), 30000);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 42000);
    assert_int_equal(VALUE(&scene, MILESTONE), 100);
    assert_int_equal(scene_sampled(&scene, TALLY_M_SEEK_HISTOGRAM), 0);
}

static void test_course_natural_end_is_told_once_through_replays(void **state) {
    (void)state;
    scene_t scene = watching();
    scene_tell(&scene, TALLY_HOOK_END);
    assert_int_equal(scene.outcome.count, 2);
    scene_tell(&scene, TALLY_HOOK_REPLAY);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_expect_notice(&scene, TALLY_EVENT_ENDED, 0);
    assert_int_equal(VALUE(&scene, MILESTONE), 100);
}

static void test_course_seek_at_the_start_of_a_replay_is_a_seek(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_END);
    scene_tell(&scene, TALLY_HOOK_REPLAY);
    scene_wait(&scene, 250);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_expect_notice(&scene, TALLY_EVENT_SEEKED, 400);
    assert_int_equal(VALUE(&scene, SEEKS), 1);
    scene_expect_samples(&scene, TALLY_M_SEEK_HISTOGRAM, (const uint64_t[]){400}, 1);
}

static void test_course_replay_before_the_end_makes_no_sense(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell_nonsense(&scene, TALLY_HOOK_REPLAY);
    assert_int_equal(VALUE(&scene, REPLAYS), 0);
}

/* --- standby -------------------------------------------------------------------------------- */

static void test_course_standby_takes_all_its_time(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell_both(&scene, TALLY_HOOK_RENDITION, 1000, TALLY_CAUSE_AUTO);
    scene_set(&scene, TALLY_M_FULLSCREEN, 1);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    scene_expect_notice(&scene, TALLY_EVENT_SUSPEND, 0);
    scene_wait(&scene, 36000000); /* ten hours */
    scene_tell_nonsense(&scene, TALLY_HOOK_SUSPEND);
    scene_tell(&scene, TALLY_HOOK_WAKE);
    scene_expect_notice(&scene, TALLY_EVENT_WAKE, 36000000);
    scene_tell_nonsense(&scene, TALLY_HOOK_WAKE);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    scene_wait(&scene, 500);
    assert_int_equal(VALUE(&scene, SUSPENDED_TIME), 36000000);
    assert_int_equal(VALUE(&scene, SUSPENSIONS), 1);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1500);
    assert_int_equal(VALUE(&scene, FULLSCREEN_TIME), 1500);
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 1500000);
    assert_int_equal(VALUE(&scene, ELAPSED_TIME), 36001500);
}

static void test_course_standby_ends_a_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 400);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_SUSPEND, 0);
    scene_wait(&scene, 100000);
    scene_tell(&scene, TALLY_HOOK_WAKE);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN); /* still empty: another stall */
    scene_wait(&scene, 50);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(VALUE(&scene, STALLS), 2);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 450);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 400);
}

static void test_course_standby_goes_back_to_what_was_going_on(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_WAKE);
    assert_int_equal(scene_state(&scene), TALLY_STATE_AD_PAUSED);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    scene_wait(&scene, 7000);
    scene_tell(&scene, TALLY_HOOK_WAKE);
    assert_int_equal(scene_state(&scene), TALLY_STATE_SEEKING);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_expect_notice(&scene, TALLY_EVENT_SEEKED, 300); /* asleep, nobody waited */
    assert_int_equal(VALUE(&scene, SUSPENDED_TIME), 12000);
    assert_int_equal(VALUE(&scene, AD_PAUSED_TIME), 0);
}

static void test_course_failure_in_standby_shows_on_waking(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    scene_wait(&scene, 1000);
    scene_tell_both(&scene, TALLY_HOOK_FATAL, 1, TALLY_ERROR_UNKNOWN);
    scene_wait(&scene, 2000);
    scene_tell(&scene, TALLY_HOOK_WAKE);
    assert_int_equal(scene_state(&scene), TALLY_STATE_FAILED);
    assert_int_equal(VALUE(&scene, SUSPENDED_TIME), 3000);
    assert_int_equal(VALUE(&scene, PLAYBACK_FAILURES), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_course_milestones_are_told_as_they_are_reached),
        cmocka_unit_test(test_course_live_media_has_no_milestones),
        cmocka_unit_test(test_course_seek_reaches_nothing_until_it_plays_there),
        cmocka_unit_test(test_course_what_is_seen_again_counts_once),
        cmocka_unit_test(test_course_double_speed_covers_twice_the_media),
        cmocka_unit_test(test_course_steps_longer_than_what_played_are_jumps),
        cmocka_unit_test(test_course_seek_live_edge_standby_and_ads_break_what_plays),
        cmocka_unit_test(test_course_positions_in_an_ad_are_not_the_contents),
        cmocka_unit_test(test_course_seek_is_told_with_its_length),
        cmocka_unit_test(test_course_live_edge_while_nothing_plays_makes_no_sense),
        cmocka_unit_test(test_course_replay_is_neither_a_seek_nor_a_play_request),
        cmocka_unit_test(test_course_natural_end_is_told_once_through_replays),
        cmocka_unit_test(test_course_seek_at_the_start_of_a_replay_is_a_seek),
        cmocka_unit_test(test_course_replay_before_the_end_makes_no_sense),
        cmocka_unit_test(test_course_standby_takes_all_its_time),
        cmocka_unit_test(test_course_standby_ends_a_stall),
        cmocka_unit_test(test_course_standby_goes_back_to_what_was_going_on),
        cmocka_unit_test(test_course_failure_in_standby_shows_on_waking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
