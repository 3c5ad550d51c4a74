/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the first frame: preloading, its steps, zapping, sending. */
#include "session_scene.h"
#include "test.h"

/* --- preloading ----------------------------------------------------------------------------- */

static void test_start_load_time_is_from_the_source_until_it_can_play(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 500);
    scene_tell_nonsense(&scene, TALLY_HOOK_PLAYABLE); /* nothing is loading */
    scene_tell(&scene, TALLY_HOOK_SOURCE);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_SOURCE); /* another one: from here */
    scene_wait(&scene, 1200);
    scene_tell(&scene, TALLY_HOOK_PLAYABLE);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_PLAYABLE);
    assert_int_equal(VALUE(&scene, LOAD_TIME), 1200);
    assert_int_equal(VALUE(&scene, PRELOAD_TIME), 2000); /* 700 + 1,200 + 100 */
    assert_int_equal(VALUE(&scene, IDLE_TIME), 2500);
    assert_false(HAS(&scene, PLAYABLE_AT));
    assert_false(HAS(&scene, STARTUP_TIME));
}

static void test_start_preloading_ends_with_the_play_request(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_SOURCE);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_PLAYABLE);
    scene_wait(&scene, 50);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(VALUE(&scene, PRELOAD_TIME), 700);
    assert_int_equal(VALUE(&scene, LOAD_TIME), 1100);
    assert_int_equal(VALUE(&scene, PLAYABLE_AT), 400);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 450);
}

/* --- steps ---------------------------------------------------------------------------------- */

static void test_start_steps_are_told_from_the_play_request_and_once(void **state) {
    (void)state;
    static const struct {
        enum tally_hook hook;
        enum tally_metric metric;
        int64_t at_ms;
    } steps[] = {
        {TALLY_HOOK_CONNECTED, TALLY_M_CONNECTED_AT, 10},
        {TALLY_HOOK_FIRST_DATA, TALLY_M_FIRST_DATA_AT, 20},
        {TALLY_HOOK_PLAYABLE, TALLY_M_PLAYABLE_AT, 30},
        {TALLY_HOOK_FIRST_FRAME, TALLY_M_FIRST_FRAME_AT, 40},
        {TALLY_HOOK_PLAYING, TALLY_M_PLAYING_AT, 50},
    };
    scene_t scene = scene_opened();
    scene_wait(&scene, 7000);
    for (uint32_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        scene_tell_nonsense(&scene, steps[i].hook);
    }
    scene_tell(&scene, TALLY_HOOK_PLAY);
    for (uint32_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        scene_wait(&scene, 10);
        assert_false(scene_has(&scene, steps[i].metric));
        scene_tell(&scene, steps[i].hook);
        scene_tell_nonsense(&scene, steps[i].hook);
    }
    scene_wait(&scene, 5000);
    for (uint32_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(scene_value(&scene, steps[i].metric), steps[i].at_ms);
    }
}

static void test_start_steps_include_everything_and_the_startup_time_does_not(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 2000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 30000);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_wait(&scene, 7);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(VALUE(&scene, FIRST_FRAME_AT), 32107);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 107);
    assert_int_equal(VALUE(&scene, STARTUP_WITH_ADS), 30107);
}

static void test_start_player_may_say_it_plays_before_its_first_frame(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_PLAYING);
    assert_int_equal(scene_state(&scene), TALLY_STATE_JOINING);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(VALUE(&scene, STARTUP_PLAYING), 300);
    assert_int_equal(VALUE(&scene, STARTUP_PLAYING_ADS), 300);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 500);
    assert_int_equal(VALUE(&scene, STARTUP_WITH_ADS), 500);
}

static void test_start_three_impressions_are_three_counters(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_LOADED);
    assert_int_equal(VALUE(&scene, PLAYER_LOADS), 1);
    assert_int_equal(VALUE(&scene, PLAY_ATTEMPTS), 0);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    assert_int_equal(VALUE(&scene, PLAY_ATTEMPTS), 1);
    assert_int_equal(VALUE(&scene, FIRST_PLAYS), 0);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_expect_notice(&scene, TALLY_EVENT_FIRST_FRAME, 0);
    assert_int_equal(VALUE(&scene, FIRST_PLAYS), 1);
    assert_int_equal(ALL(&scene, VIEWING_LOADS), 1);
    assert_int_equal(ALL(&scene, VIEWING_REQUESTS), 1);
    assert_int_equal(ALL(&scene, VIEWING_PLAYS), 1);
}

/* --- zapping -------------------------------------------------------------------------------- */

static void test_start_zap_joins_in_zapping(void **state) {
    (void)state;
    scene_t scene = scene_opened_as(TALLY_SESSION_ZAP);
    assert_int_equal(scene_state(&scene), TALLY_STATE_ZAPPING);
    scene_tell_nonsense(&scene, TALLY_HOOK_PLAY); /* the change of channel asked for it */
    scene_wait(&scene, 250);
    scene_tell(&scene, TALLY_HOOK_FIRST_PICTURE);
    scene_wait(&scene, 600);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_tell(&scene, TALLY_HOOK_PLAYING);
    scene_wait(&scene, 3000);
    assert_int_equal(VALUE(&scene, ZAPPING_TIME), 850);
    assert_int_equal(VALUE(&scene, ZAP_TIME), 850);
    assert_int_equal(VALUE(&scene, JOINING_TIME), 0);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 850);
    assert_int_equal(VALUE(&scene, FIRST_PICTURE_TIME), 250);
    assert_int_equal(VALUE(&scene, PLAY_ATTEMPTS), 1);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 3000);
    assert_false(HAS(&scene, STARTUP_TIME));
    assert_false(HAS(&scene, STARTUP_WITH_ADS));
    assert_false(HAS(&scene, STARTUP_PLAYING));
    scene_expect_samples(&scene, TALLY_M_ZAP_HISTOGRAM, (const uint64_t[]){850}, 1);
    assert_int_equal(scene_sampled(&scene, TALLY_M_STARTUP_HISTOGRAM), 0);
    assert_int_equal(ALL(&scene, ZAPS), 1);
    assert_int_equal(ALL(&scene, VIEWING_REQUESTS), 1);
}

static void test_start_zap_that_was_left_has_no_zap_time(void **state) {
    (void)state;
    scene_t scene = scene_opened_as(TALLY_SESSION_ZAP);
    scene_wait(&scene, 900);
    scene_tell_code(&scene, TALLY_HOOK_CLOSE, TALLY_STOP_ZAP);
    assert_false(HAS(&scene, ZAP_TIME));
    assert_int_equal(VALUE(&scene, ZAPPING_TIME), 900);
    assert_int_equal(VALUE(&scene, EXITS_BEFORE_START), 1);
    assert_int_equal(VALUE(&scene, STOP_REASON), TALLY_STOP_ZAP);
    assert_int_equal(scene_sampled(&scene, TALLY_M_ZAP_HISTOGRAM), 0);
}

static void test_start_zap_interrupted_has_no_zap_time(void **state) {
    (void)state;
    scene_t scene = scene_opened_as(TALLY_SESSION_ZAP);
    scene_wait(&scene, 100);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 9, TALLY_ERROR_TUNER);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_false(HAS(&scene, ZAP_TIME));
    assert_int_equal(scene_sampled(&scene, TALLY_M_ZAP_HISTOGRAM), 0);
}

/* --- sending -------------------------------------------------------------------------------- */

static void test_start_publishing_goes_through_the_same_states(void **state) {
    (void)state;
    scene_t scene = scene_opened_as(TALLY_SESSION_PUBLISH);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 400);
    assert_int_equal(scene_state(&scene), TALLY_STATE_JOINING);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 2000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 400);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 2000);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 300);
    /* No viewer waited: this is not among the startup times. */
    assert_int_equal(scene_sampled(&scene, TALLY_M_STARTUP_HISTOGRAM), 0);
    assert_int_equal(ALL(&scene, ZAPS), 0);
}

static void test_start_each_session_says_what_it_is(void **state) {
    (void)state;
    static const enum tally_session_kind kinds[] = {TALLY_SESSION_PLAYBACK, TALLY_SESSION_ZAP,
                                                    TALLY_SESSION_PUBLISH};
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const scene_t scene = scene_opened_as(kinds[i]);
        tally_value_t values[TALLY_DIMENSION_METRICS];
        const tally_view_t view = tally_dimensions_view(&scene.session.dimensions, values);
        assert_int_equal(view.present, TALLY_CAN(DIMENSION, SESSION_KIND));
        assert_int_equal(values[TALLY_M_SESSION_KIND - TALLY_M_DIMENSION_FIRST].number, kinds[i]);
        assert_int_equal(ALL(&scene, VIEWING_SESSIONS), 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_load_time_is_from_the_source_until_it_can_play),
        cmocka_unit_test(test_start_preloading_ends_with_the_play_request),
        cmocka_unit_test(test_start_steps_are_told_from_the_play_request_and_once),
        cmocka_unit_test(test_start_steps_include_everything_and_the_startup_time_does_not),
        cmocka_unit_test(test_start_player_may_say_it_plays_before_its_first_frame),
        cmocka_unit_test(test_start_three_impressions_are_three_counters),
        cmocka_unit_test(test_start_zap_joins_in_zapping),
        cmocka_unit_test(test_start_zap_that_was_left_has_no_zap_time),
        cmocka_unit_test(test_start_zap_interrupted_has_no_zap_time),
        cmocka_unit_test(test_start_publishing_goes_through_the_same_states),
        cmocka_unit_test(test_start_each_session_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
