/* SPDX-License-Identifier: Apache-2.0 */
/* How sessions start, fail and end. */
#include "session_scene.h"
#include "test.h"

/* --- start ---------------------------------------------------------------------------------- */

static void test_session_startup_is_from_play_to_first_frame(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 1250);
    assert_false(HAS(&scene, STARTUP_TIME));
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 9000);
    assert_true(HAS(&scene, STARTUP_TIME));
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 1250);
    assert_int_equal(VALUE(&scene, PLAY_ATTEMPTS), 1);
}

static void test_session_startup_leaves_out_a_pause(void **state) {
    (void)state;
    scene_t scene = scene_joining(400);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 700);
    assert_int_equal(VALUE(&scene, PAUSED_TIME), 5000);
}

static void test_session_startup_at_once_is_0_and_there(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_true(HAS(&scene, STARTUP_TIME));
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 0);
}

static void test_session_startup_is_spoilt_by_a_seek(void **state) {
    (void)state;
    scene_t scene = scene_joining(400);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_false(HAS(&scene, STARTUP_TIME));
    assert_int_equal(VALUE(&scene, STARTUPS_SPOILT), 1);
    assert_int_equal(VALUE(&scene, JOINING_TIME), 700);
}

static void test_session_startup_is_spoilt_by_an_error(void **state) {
    (void)state;
    scene_t scene = scene_joining(400);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 7, TALLY_ERROR_NETWORK);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_tell(&scene, TALLY_HOOK_PLAYING);
    assert_false(HAS(&scene, STARTUP_TIME));
    assert_false(HAS(&scene, STARTUP_WITH_ADS));
    assert_false(HAS(&scene, STARTUP_PLAYING));
    assert_false(HAS(&scene, STARTUP_PLAYING_ADS));
    assert_int_equal(VALUE(&scene, STARTUPS_SPOILT), 1);
    assert_int_equal(VALUE(&scene, FIRST_FRAME_AT), 500); /* a step on the way, no startup time */
    assert_int_equal(scene_sampled(&scene, TALLY_M_STARTUP_HISTOGRAM), 0);
}

static void test_session_startup_is_not_spoilt_by_an_error_of_an_ad(void **state) {
    (void)state;
    scene_t scene = scene_joining(400);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_tell_code(&scene, TALLY_HOOK_AD_ERROR, 303);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 7, TALLY_ERROR_NETWORK);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 500);
    assert_int_equal(VALUE(&scene, STARTUPS_SPOILT), 0);
}

/* Media that came to its end without a frame and is played again starts another time. */
static void test_session_startup_is_spoilt_by_a_replay(void **state) {
    (void)state;
    scene_t scene = scene_joining(400);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_wait(&scene, 60000);
    scene_tell(&scene, TALLY_HOOK_REPLAY);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    assert_false(HAS(&scene, STARTUP_TIME));
    assert_int_equal(VALUE(&scene, STARTUPS_SPOILT), 1);
}

static void test_session_seek_after_the_first_frame_spoils_nothing(void **state) {
    (void)state;
    scene_t scene = scene_joining(400);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 400);
    assert_int_equal(VALUE(&scene, STARTUPS_SPOILT), 0);
}

/* --- exit, start failure, playback failure -------------------------------------------------- */

static void expect_failures(const scene_t *scene, int64_t exits, int64_t starts,
                            int64_t playbacks) {
    assert_int_equal(VALUE(scene, EXITS_BEFORE_START), exits);
    assert_int_equal(VALUE(scene, START_FAILURES), starts);
    assert_int_equal(VALUE(scene, PLAYBACK_FAILURES), playbacks);
}

static void test_session_media_that_ends_without_a_frame_is_an_exit_before_start(void **state) {
    (void)state;
    scene_t scene = scene_joining(800);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_close(&scene, TALLY_STOP_COMPLETED);
    expect_failures(&scene, 1, 0, 0);
}

static void test_session_nobody_asked_to_play_is_no_exit_before_start(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 800);
    scene_close(&scene, TALLY_STOP_USER);
    expect_failures(&scene, 0, 0, 0);
}

static void test_session_errors_that_playback_survives_are_no_failures(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, ERROR_CODE));
    scene_tell_code(&scene, TALLY_HOOK_ERROR, 17);
    scene_expect_notice(&scene, TALLY_EVENT_ERROR, 17);
    scene_tell_code(&scene, TALLY_HOOK_ERROR, -3);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, ERRORS), 2);
    assert_int_equal(VALUE(&scene, ERROR_CODE), -3);
    scene_close(&scene, TALLY_STOP_USER);
    expect_failures(&scene, 0, 0, 0);
}

static void test_session_errors_have_a_class(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, ERROR_CLASS));
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 4003, TALLY_ERROR_NETWORK);
    scene_expect_notice(&scene, TALLY_EVENT_ERROR, 4003);
    assert_int_equal(scene.outcome.notices[0].detail, TALLY_ERROR_NETWORK);
    assert_int_equal(VALUE(&scene, ERROR_CLASS), TALLY_ERROR_NETWORK);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 12, TALLY_ERROR_UNKNOWN);
    assert_true(HAS(&scene, ERROR_CLASS));
    assert_int_equal(VALUE(&scene, ERROR_CLASS), TALLY_ERROR_UNKNOWN);
    scene_tell_both(&scene, TALLY_HOOK_FATAL, 3001, TALLY_ERROR_MEDIA);
    assert_int_equal(VALUE(&scene, ERROR_CLASS), TALLY_ERROR_MEDIA);
    assert_int_equal(VALUE(&scene, ERROR_CODE), 3001);
    assert_int_equal(VALUE(&scene, ERRORS), 3);
    assert_int_equal(ALL(&scene, VIEWING_ERRORS), 3);
}

static void test_session_classes_end_with_the_tuner(void **state) {
    (void)state;
    assert_true(tally_session_takes(TALLY_HOOK_ERROR, -5, TALLY_ERROR_UNKNOWN));
    assert_true(tally_session_takes(TALLY_HOOK_ERROR, -5, TALLY_ERROR_TUNER));
    assert_false(tally_session_takes(TALLY_HOOK_ERROR, -5, TALLY_ERROR_TUNER + 1));
    assert_false(tally_session_takes(TALLY_HOOK_FATAL, -5, -1));
}

static void test_session_refusal_is_told_and_ends_playback(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 200);
    scene_tell_code(&scene, TALLY_HOOK_REFUSED, 403);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 200);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_REFUSED, 403);
    assert_int_equal(scene_state(&scene), TALLY_STATE_STOPPED);
    scene_wait(&scene, 5000);
    scene_close(&scene, TALLY_STOP_USER);
    assert_int_equal(VALUE(&scene, STOP_REASON), TALLY_STOP_REFUSED);
    assert_int_equal(VALUE(&scene, REFUSALS), 1);
    assert_int_equal(VALUE(&scene, ERRORS), 0);
    assert_int_equal(VALUE(&scene, TERMINAL_TIME), 5000);
    assert_int_equal(ALL(&scene, VIEWING_ERRORS), 0);
    expect_failures(&scene, 0, 0, 0);
}

/* --- why it ended --------------------------------------------------------------------------- */

static void test_session_stop_reason_is_the_one_given(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, STOP_REASON));
    scene_close(&scene, TALLY_STOP_SHUTDOWN);
    assert_int_equal(VALUE(&scene, STOP_REASON), TALLY_STOP_SHUTDOWN);
    assert_int_equal(scene_state(&scene), TALLY_STATE_STOPPED);
}

static void test_session_stop_reason_of_a_failure_is_the_error(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_FATAL);
    scene_wait(&scene, 3000); /* the viewer looks at the error message */
    scene_close(&scene, TALLY_STOP_USER);
    assert_int_equal(VALUE(&scene, STOP_REASON), TALLY_STOP_ERROR);
    assert_int_equal(scene_state(&scene), TALLY_STATE_FAILED);
    assert_int_equal(VALUE(&scene, TERMINAL_TIME), 3000);
}

static void test_session_stop_reason_of_ended_media_is_completion(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_END);
    scene_close(&scene, TALLY_STOP_USER);
    assert_int_equal(VALUE(&scene, STOP_REASON), TALLY_STOP_COMPLETED);
    assert_int_equal(scene_state(&scene), TALLY_STATE_ENDED);
}

static void test_session_first_picture_is_told_from_the_play_request(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell_nonsense(&scene, TALLY_HOOK_FIRST_PICTURE);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 340);
    scene_tell(&scene, TALLY_HOOK_FIRST_PICTURE);
    scene_wait(&scene, 500);
    scene_tell_nonsense(&scene, TALLY_HOOK_FIRST_PICTURE);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_tell_nonsense(&scene, TALLY_HOOK_FIRST_PICTURE);
    assert_int_equal(VALUE(&scene, FIRST_PICTURE_TIME), 340);
    assert_int_equal(VALUE(&scene, STARTUP_TIME), 840);
}

static void test_session_that_was_never_asked_to_play_cannot_fail_to_start(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell_code(&scene, TALLY_HOOK_FATAL, -3);
    scene_close(&scene, TALLY_STOP_ERROR);
    assert_int_equal(VALUE(&scene, ERRORS), 1);
    assert_int_equal(VALUE(&scene, START_FAILURES), 0);
    assert_int_equal(VALUE(&scene, EXITS_BEFORE_START), 0);
}

static void test_session_failure_of_a_postroll_is_no_failure_of_the_content(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_END);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell_code(&scene, TALLY_HOOK_FATAL, 901);
    assert_int_equal(VALUE(&scene, AD_ERRORS), 1);
    assert_int_equal(VALUE(&scene, PLAYBACK_FAILURES), 0);
}

static void test_session_seek_may_come_to_its_end_during_an_ad(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 15000);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_expect_notice(&scene, TALLY_EVENT_SEEKED, 300);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_startup_is_from_play_to_first_frame),
        cmocka_unit_test(test_session_startup_leaves_out_a_pause),
        cmocka_unit_test(test_session_startup_at_once_is_0_and_there),
        cmocka_unit_test(test_session_startup_is_spoilt_by_a_seek),
        cmocka_unit_test(test_session_startup_is_spoilt_by_an_error),
        cmocka_unit_test(test_session_startup_is_not_spoilt_by_an_error_of_an_ad),
        cmocka_unit_test(test_session_startup_is_spoilt_by_a_replay),
        cmocka_unit_test(test_session_seek_after_the_first_frame_spoils_nothing),
        cmocka_unit_test(test_session_media_that_ends_without_a_frame_is_an_exit_before_start),
        cmocka_unit_test(test_session_nobody_asked_to_play_is_no_exit_before_start),
        cmocka_unit_test(test_session_errors_that_playback_survives_are_no_failures),
        cmocka_unit_test(test_session_errors_have_a_class),
        cmocka_unit_test(test_session_classes_end_with_the_tuner),
        cmocka_unit_test(test_session_refusal_is_told_and_ends_playback),
        cmocka_unit_test(test_session_stop_reason_is_the_one_given),
        cmocka_unit_test(test_session_stop_reason_of_a_failure_is_the_error),
        cmocka_unit_test(test_session_stop_reason_of_ended_media_is_completion),
        cmocka_unit_test(test_session_first_picture_is_told_from_the_play_request),
        cmocka_unit_test(test_session_that_was_never_asked_to_play_cannot_fail_to_start),
        cmocka_unit_test(test_session_failure_of_a_postroll_is_no_failure_of_the_content),
        cmocka_unit_test(test_session_seek_may_come_to_its_end_during_an_ad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
