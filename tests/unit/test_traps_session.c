/* SPDX-License-Identifier: Apache-2.0 */
/* The traps of playback figures that one session falls into, each by its number. */
#include "session_scene.h"
#include "test.h"

static void rendition(scene_t *scene, int32_t bitrate_kbps) {
    scene_tell_both(scene, TALLY_HOOK_RENDITION, bitrate_kbps, TALLY_CAUSE_AUTO);
}

static void expect_stalls(const scene_t *scene, int64_t stalls, int64_t stalled_ms) {
    assert_int_equal(VALUE(scene, STALLS), stalls);
    assert_int_equal(VALUE(scene, STALLED_TIME), stalled_ms);
}

/* --- stalls --------------------------------------------------------------------------------- */

static void test_trap_01_initial_buffering_is_never_a_stall_even_across_an_ad(void **state) {
    (void)state;
    scene_t scene = scene_joining(200);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_no_notice(&scene);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN); /* of the ad, before its first frame */
    scene_wait(&scene, 40);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_wait(&scene, 10000);
    scene_tell(&scene, TALLY_HOOK_AD_END);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_JOINING);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN); /* the content goes on where it was */
    scene_wait(&scene, 50);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    scene_wait(&scene, 7);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    expect_stalls(&scene, 0, 0);
    assert_int_equal(VALUE(&scene, AD_STALLS), 0);
    /* 200 + 300 + 100 and 50 of the content, 40 of the ad */
    assert_int_equal(VALUE(&scene, JOINING_TIME), 690);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 690);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 10007);
}

static void test_trap_02_seek_buffering_is_seeking_until_frames_render_again(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_SEEKING);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    expect_stalls(&scene, 0, 0);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 800);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 800);
}

static void test_trap_03_pause_in_a_stall_is_out_of_its_time_and_in_its_count(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PAUSED_STALLED);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_expect_notice(&scene, TALLY_EVENT_RESUME, 0); /* the same stall */
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_END, 500);
    expect_stalls(&scene, 1, 500);
    assert_int_equal(VALUE(&scene, PAUSED_STALLED_TIME), 1000);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 500);
    scene_expect_samples(&scene, TALLY_M_STALL_HISTOGRAM, (const uint64_t[]){500}, 1);
}

/* --- startup -------------------------------------------------------------------------------- */

static void test_trap_04_startup_is_absent_without_a_frame_and_spoilt_if_interrupted(void **state) {
    (void)state;
    scene_t without = scene_joining(8000);
    scene_close(&without, TALLY_STOP_USER);
    assert_false(HAS(&without, STARTUP_TIME));
    assert_int_equal(VALUE(&without, STARTUPS_SPOILT), 0);
    assert_int_equal(VALUE(&without, JOINING_TIME), 8000);

    static const enum tally_hook interruptions[] = {TALLY_HOOK_SEEK_BEGIN, TALLY_HOOK_ERROR,
                                                    TALLY_HOOK_SUSPEND};
    for (uint32_t i = 0; i < sizeof interruptions / sizeof interruptions[0]; i++) {
        scene_t scene = scene_joining(400);
        scene_tell(&scene, interruptions[i]);
        scene_wait(&scene, 100);
        scene_try(&scene, TALLY_HOOK_SEEK_END, 0, 0);
        scene_try(&scene, TALLY_HOOK_WAKE, 0, 0);
        scene_wait(&scene, 300);
        scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
        assert_int_equal(VALUE(&scene, FIRST_PLAYS), 1);
        assert_int_equal(VALUE(&scene, STARTUPS_SPOILT), 1);
        assert_false(HAS(&scene, STARTUP_TIME));
        assert_int_equal(scene_sampled(&scene, TALLY_M_STARTUP_HISTOGRAM), 0);
    }
}

static void test_trap_05_startup_is_told_with_and_without_the_preroll(void **state) {
    (void)state;
    scene_t scene = scene_joining(200);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 20000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 3000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 500000); /* nobody waits for the content in this time */
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_AD_END);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 50);
    scene_tell(&scene, TALLY_HOOK_PLAYING);
    scene_wait(&scene, 9000);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 600);       /* 200 + 400 */
    assert_int_equal(VALUE(&scene, STARTUP_WITH_ADS), 24600); /* and 1,000 + 20,000 + 3,000 */
    assert_int_equal(VALUE(&scene, STARTUP_PLAYING), 650);
    assert_int_equal(VALUE(&scene, STARTUP_PLAYING_ADS), 24650);
    scene_expect_samples(&scene, TALLY_M_STARTUP_HISTOGRAM, (const uint64_t[]){600}, 1);
}

static void test_trap_06_background_preload_is_not_joining(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_SOURCE);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 3000);
    scene_tell(&scene, TALLY_HOOK_PLAYABLE);
    scene_wait(&scene, 1000);
    assert_int_equal(scene_state(&scene), TALLY_STATE_IDLE);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 30);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(VALUE(&scene, IDLE_TIME), 4100);
    assert_int_equal(VALUE(&scene, PRELOAD_TIME), 4000);
    assert_int_equal(VALUE(&scene, JOINING_TIME), 30);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 30);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 30);
    assert_int_equal(VALUE(&scene, LOAD_TIME), 3000); /* never called startup */
}

/* --- outcomes ------------------------------------------------------------------------------- */

static void expect_outcome(const scene_t *scene, int64_t exits, int64_t starts, int64_t playbacks) {
    assert_int_equal(VALUE(scene, EXITS_BEFORE_START), exits);
    assert_int_equal(VALUE(scene, START_FAILURES), starts);
    assert_int_equal(VALUE(scene, PLAYBACK_FAILURES), playbacks);
}

static void test_trap_07_exit_before_start_has_no_fatal_error_else_it_is_a_failure(void **state) {
    (void)state;
    scene_t left = scene_joining(800);
    scene_close(&left, TALLY_STOP_USER);
    expect_outcome(&left, 1, 0, 0);

    scene_t troubled = scene_joining(800); /* by an error, and not because of it */
    scene_tell_both(&troubled, TALLY_HOOK_ERROR, 4004, TALLY_ERROR_NETWORK);
    scene_close(&troubled, TALLY_STOP_USER);
    expect_outcome(&troubled, 1, 0, 0);

    scene_t in_preroll = scene_joining(800);
    scene_tell(&in_preroll, TALLY_HOOK_AD_START);
    scene_close(&in_preroll, TALLY_STOP_USER);
    expect_outcome(&in_preroll, 1, 0, 0);

    scene_t failed = scene_joining(800);
    scene_tell_both(&failed, TALLY_HOOK_FATAL, 404, TALLY_ERROR_NETWORK);
    scene_close(&failed, TALLY_STOP_USER);
    expect_outcome(&failed, 0, 1, 0);
}

static void test_trap_08_failures_split_at_the_first_frame_and_a_refusal_is_none(void **state) {
    (void)state;
    scene_t before = scene_joining(800);
    scene_tell_both(&before, TALLY_HOOK_FATAL, 404, TALLY_ERROR_NETWORK);
    scene_expect_notice(&before, TALLY_EVENT_FATAL, 404);
    scene_close(&before, TALLY_STOP_USER);
    expect_outcome(&before, 0, 1, 0);

    scene_t after = scene_playing();
    scene_tell_both(&after, TALLY_HOOK_FATAL, 500, TALLY_ERROR_NETWORK);
    scene_close(&after, TALLY_STOP_USER);
    expect_outcome(&after, 0, 0, 1);

    scene_t refused = scene_joining(800);
    scene_tell_code(&refused, TALLY_HOOK_REFUSED, 403);
    scene_close(&refused, TALLY_STOP_USER);
    expect_outcome(&refused, 0, 0, 0);
    assert_int_equal(VALUE(&refused, REFUSALS), 1);
    assert_int_equal(VALUE(&refused, ERRORS), 0);
}

static void
test_trap_09_retry_stays_in_its_session_and_what_it_survives_is_no_failure(void **state) {
    (void)state;
    scene_t scene = scene_joining(500);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 503, TALLY_ERROR_NETWORK);
    tally_session_add(&scene.session, TALLY_M_DOWNLOADS_FAILED, 3);
    scene_tell_nonsense(&scene, TALLY_HOOK_PLAY); /* the player tries again */
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 2000);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 504, TALLY_ERROR_NETWORK);
    scene_wait(&scene, 1000);
    scene_close(&scene, TALLY_STOP_USER);
    expect_outcome(&scene, 0, 0, 0);
    assert_int_equal(VALUE(&scene, PLAY_ATTEMPTS), 1);
    assert_int_equal(VALUE(&scene, FIRST_PLAYS), 1);
    assert_int_equal(VALUE(&scene, ERRORS), 2);
    assert_int_equal(VALUE(&scene, DOWNLOADS_FAILED), 3);
    assert_int_equal(VALUE(&scene, JOINING_TIME), 1200);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 3000);
    assert_int_equal(ALL(&scene, VIEWING_SESSIONS), 1);
    assert_int_equal(ALL(&scene, VIEWING_REQUESTS), 1);
}

static void test_trap_10_content_stall_never_spans_an_ad_break(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 300);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_AD_BREAK_BEGIN, 0);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 15000);
    scene_tell(&scene, TALLY_HOOK_AD_END);
    scene_wait(&scene, 500);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    expect_stalls(&scene, 1, 300);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN); /* another one */
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    expect_stalls(&scene, 2, 500);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 300);
    assert_int_equal(VALUE(&scene, AD_STALLS), 0);
}

static void test_trap_11_second_waiting_neither_restarts_nor_counts_twice(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell_nonsense(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_END, 500);
    expect_stalls(&scene, 1, 500);
    scene_tell_nonsense(&scene, TALLY_HOOK_BUFFERING_END);
    expect_stalls(&scene, 1, 500);
}

/* --- time ----------------------------------------------------------------------------------- */

static void test_trap_12_report_in_the_middle_adds_to_a_copy_only(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 2000);
    scene_set(&scene, TALLY_M_BANDWIDTH, 5000);
    scene_wait(&scene, 1000);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(VALUE(&scene, PLAY_TIME), 1000);
        assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 2000000);
        assert_int_equal(LEVEL(&scene, BANDWIDTH).time_ms, 1000);
    }
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 400);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 400);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 400);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 2000);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 400);
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 4000000);
    assert_int_equal(LEVEL(&scene, BANDWIDTH).time_ms, 2400);
}

static void test_trap_16_no_watch_time_while_paused_or_seeking(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 9000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_wait(&scene, 500);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_wait(&scene, 30);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1530);
    assert_int_equal(VALUE(&scene, PAUSED_TIME), 9000);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 700);
    assert_int_equal(VALUE(&scene, PAUSES), 1);
}

static void test_trap_17_media_time_is_wall_time_by_speed_and_states_stay_real(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1000);
    scene_wait(&scene, 3000);
    rendition(&scene, 4000);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, 2000);
    scene_wait(&scene, 5000);
    /* 3,000 ms of media at 1,000 kbit/s, 5,000 x 2 at 4,000 */
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 43000000);
    assert_int_equal(VALUE(&scene, BITRATE_TIME), 13000);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 8000);
    assert_int_equal(VALUE(&scene, ELAPSED_TIME), 8000);
}

static void test_trap_18_live_edge_correction_is_not_a_seek_of_the_user(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 4000);
    scene_tell(&scene, TALLY_HOOK_LIVE_EDGE);
    scene_expect_notice(&scene, TALLY_EVENT_LIVE_EDGE, 0);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    scene_wait(&scene, 1000);
    assert_int_equal(VALUE(&scene, LIVE_CORRECTIONS), 1);
    assert_int_equal(VALUE(&scene, SEEKS), 0);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 0);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 5000);
    assert_int_equal(LAST(&scene, SINCE_SEEK), SCENE_NEVER);
}

/* Ten values in a bad second and one in nine good ones. */
static void test_trap_19_averages_are_weighted_by_time_alone(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    for (uint32_t i = 0; i < 10; i++) {
        scene_set(&scene, TALLY_M_BANDWIDTH, 1000);
        rendition(&scene, 1000);
        scene_wait(&scene, 100);
    }
    scene_set(&scene, TALLY_M_BANDWIDTH, 9000);
    rendition(&scene, 9000);
    scene_wait(&scene, 9000);
    const tally_level_t bandwidth = LEVEL(&scene, BANDWIDTH);
    /* (1,000 x 1 s + 9,000 x 9 s) / 10 s */
    assert_int_equal(tally_level_mean(&bandwidth), 8200);
    assert_int_equal(bandwidth.time_ms, 10000);
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 82000000);
    assert_int_equal(VALUE(&scene, BITRATE_TIME), 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trap_01_initial_buffering_is_never_a_stall_even_across_an_ad),
        cmocka_unit_test(test_trap_02_seek_buffering_is_seeking_until_frames_render_again),
        cmocka_unit_test(test_trap_03_pause_in_a_stall_is_out_of_its_time_and_in_its_count),
        cmocka_unit_test(test_trap_04_startup_is_absent_without_a_frame_and_spoilt_if_interrupted),
        cmocka_unit_test(test_trap_05_startup_is_told_with_and_without_the_preroll),
        cmocka_unit_test(test_trap_06_background_preload_is_not_joining),
        cmocka_unit_test(test_trap_07_exit_before_start_has_no_fatal_error_else_it_is_a_failure),
        cmocka_unit_test(test_trap_08_failures_split_at_the_first_frame_and_a_refusal_is_none),
        cmocka_unit_test(
            test_trap_09_retry_stays_in_its_session_and_what_it_survives_is_no_failure),
        cmocka_unit_test(test_trap_10_content_stall_never_spans_an_ad_break),
        cmocka_unit_test(test_trap_11_second_waiting_neither_restarts_nor_counts_twice),
        cmocka_unit_test(test_trap_12_report_in_the_middle_adds_to_a_copy_only),
        cmocka_unit_test(test_trap_16_no_watch_time_while_paused_or_seeking),
        cmocka_unit_test(test_trap_17_media_time_is_wall_time_by_speed_and_states_stay_real),
        cmocka_unit_test(test_trap_18_live_edge_correction_is_not_a_seek_of_the_user),
        cmocka_unit_test(test_trap_19_averages_are_weighted_by_time_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
