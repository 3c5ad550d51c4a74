/* SPDX-License-Identifier: Apache-2.0 */
/* What is a stall, what is not, and how long it was. */
#include "session_scene.h"
#include "test.h"

static void stall(scene_t *scene, uint32_t ms) {
    scene_tell(scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(scene, ms);
    scene_tell(scene, TALLY_HOOK_BUFFERING_END);
}

static void test_session_depletion_while_playing_is_a_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_BEGIN, 1);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_END, 400);
    assert_int_equal(VALUE(&scene, STALLS), 1);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 400);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 400);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1000);
}

/* --- what is not ---------------------------------------------------------------------------- */

static void test_session_initial_buffering_ends_with_the_first_frame(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 1000);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, STALLS), 0);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1000);
}

static void test_session_pause_is_not_a_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 60000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    assert_int_equal(VALUE(&scene, STALLS), 0);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 0);
}

static void test_session_depletion_over_before_its_pause_ends_is_no_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_expect_no_notice(&scene);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_no_notice(&scene);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_expect_notice(&scene, TALLY_EVENT_RESUME, 0);
    assert_int_equal(VALUE(&scene, STALLS), 0);
    assert_int_equal(VALUE(&scene, PAUSED_STALLED_TIME), 400);
    assert_false(HAS(&scene, STALL_LONGEST));
}

/* --- how stalls begin and end --------------------------------------------------------------- */

static void test_session_depletion_in_a_pause_is_a_stall_on_resume(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_expect_no_notice(&scene);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_RESUME, 0);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_STALL_BEGIN, 1);
    scene_wait(&scene, 250);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_END, 250);
    assert_int_equal(VALUE(&scene, STALLS), 1);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 250);
    assert_int_equal(VALUE(&scene, PAUSED_STALLED_TIME), 400);
    assert_int_equal(VALUE(&scene, PAUSED_TIME), 100);
}

static void test_session_seek_ends_a_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 300);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_SEEK, 0);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 300);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 200);
}

static void test_session_fatal_error_ends_a_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell_code(&scene, TALLY_HOOK_FATAL, -7);
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 300);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_FATAL, -7);
}

static void test_session_close_ends_a_stall(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_CLOSE);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_END, 300);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 300);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 300);
}

/* --- the longest ---------------------------------------------------------------------------- */

static void test_session_longest_of_three_stalls(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, STALL_LONGEST));
    stall(&scene, 300);
    stall(&scene, 700);
    stall(&scene, 200);
    assert_int_equal(VALUE(&scene, STALLS), 3);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 1200);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 700);
}

static void test_session_longest_stall_may_be_the_one_going_on(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    stall(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 200);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 300);
    scene_wait(&scene, 600);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 800);
}

static void test_session_longest_stall_does_not_shrink_in_a_pause(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 900);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    assert_true(HAS(&scene, STALL_LONGEST));
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 900);
    scene_wait(&scene, 5000);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 900);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_wait(&scene, 100);
    assert_int_equal(VALUE(&scene, STALL_LONGEST), 1000);
}

static void test_session_end_of_buffering_may_come_after_the_first_frame(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 50);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, STALLS), 0);
    scene_tell_nonsense(&scene, TALLY_HOOK_BUFFERING_END);
}

static void test_session_end_of_a_stall_may_come_after_a_seek_has_ended_it(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, STALLS), 1);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_depletion_while_playing_is_a_stall),
        cmocka_unit_test(test_session_initial_buffering_ends_with_the_first_frame),
        cmocka_unit_test(test_session_pause_is_not_a_stall),
        cmocka_unit_test(test_session_depletion_over_before_its_pause_ends_is_no_stall),
        cmocka_unit_test(test_session_depletion_in_a_pause_is_a_stall_on_resume),
        cmocka_unit_test(test_session_seek_ends_a_stall),
        cmocka_unit_test(test_session_fatal_error_ends_a_stall),
        cmocka_unit_test(test_session_close_ends_a_stall),
        cmocka_unit_test(test_session_longest_of_three_stalls),
        cmocka_unit_test(test_session_longest_stall_may_be_the_one_going_on),
        cmocka_unit_test(test_session_longest_stall_does_not_shrink_in_a_pause),
        cmocka_unit_test(test_session_end_of_buffering_may_come_after_the_first_frame),
        cmocka_unit_test(test_session_end_of_a_stall_may_come_after_a_seek_has_ended_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
