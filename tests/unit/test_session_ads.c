/* SPDX-License-Identifier: Apache-2.0 */
/* Ad breaks: what is the ads', what is the content's. */
#include "session_scene.h"
#include "test.h"

static void end_ad(scene_t *scene, enum tally_ad_end how) {
    scene_tell_code(scene, TALLY_HOOK_AD_END, (int32_t)how);
}

static void rendition(scene_t *scene, int32_t bitrate_kbps) {
    scene_tell_both(scene, TALLY_HOOK_RENDITION, bitrate_kbps, TALLY_CAUSE_AUTO);
}

/* --- breaks --------------------------------------------------------------------------------- */

static void test_ads_break_with_two_ads(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_AD_REQUEST);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_expect_notice(&scene, TALLY_EVENT_AD_BREAK_BEGIN, 0);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_AD_LOADED);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_expect_notice(&scene, TALLY_EVENT_AD_START, 0);
    scene_tell(&scene, TALLY_HOOK_AD_IMPRESSION);
    scene_wait(&scene, 15000);
    scene_tell(&scene, TALLY_HOOK_AD_CLICK);
    end_ad(&scene, TALLY_AD_COMPLETED);
    scene_expect_notice(&scene, TALLY_EVENT_AD_END, TALLY_AD_COMPLETED);
    assert_int_equal(scene_state(&scene), TALLY_STATE_AD_JOINING);
    scene_wait(&scene, 40);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell(&scene, TALLY_HOOK_AD_IMPRESSION);
    scene_wait(&scene, 6000);
    end_ad(&scene, TALLY_AD_SKIPPED);
    scene_expect_notice(&scene, TALLY_EVENT_AD_END, TALLY_AD_SKIPPED);
    scene_wait(&scene, 2);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_expect_notice(&scene, TALLY_EVENT_AD_BREAK_END, 0);
    scene_wait(&scene, 1000);
    assert_int_equal(VALUE(&scene, AD_REQUESTS), 1);
    assert_int_equal(VALUE(&scene, AD_BREAKS), 1);
    assert_int_equal(VALUE(&scene, AD_LOADS), 1);
    assert_int_equal(VALUE(&scene, AD_PLAYS), 2);
    assert_int_equal(VALUE(&scene, AD_IMPRESSIONS), 2);
    assert_int_equal(VALUE(&scene, AD_CLICKS), 1);
    assert_int_equal(VALUE(&scene, AD_COMPLETES), 1);
    assert_int_equal(VALUE(&scene, AD_SKIPS), 1);
    assert_int_equal(VALUE(&scene, AD_ERRORS), 0);
    assert_int_equal(VALUE(&scene, AD_JOINING_TIME), 342); /* 300 + 40 + 2 */
    assert_int_equal(VALUE(&scene, AD_PLAY_TIME), 21000);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 27000);
    assert_int_equal(ALL(&scene, VIEWING_AD_PLAYS), 2);
    assert_int_equal(ALL(&scene, VIEWING_PLAYS), 1);
}

static void test_ads_start_without_a_break_begins_one(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 70);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    assert_int_equal(scene.outcome.count, 3);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 70);
    scene_expect_notice_at(&scene, 1, TALLY_EVENT_AD_BREAK_BEGIN, 0);
    scene_expect_notice_at(&scene, 2, TALLY_EVENT_AD_START, 0);
    scene_wait(&scene, 500);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_START);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    assert_int_equal(VALUE(&scene, AD_BREAKS), 1);
    assert_int_equal(VALUE(&scene, AD_PLAY_TIME), 500);
}

static void test_ads_before_the_play_request_make_no_sense(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_AD_REQUEST); /* fetched ahead */
    scene_tell(&scene, TALLY_HOOK_AD_LOADED);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_START);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_END);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_MILESTONE);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_IMPRESSION);
    scene_tell_nonsense(&scene, TALLY_HOOK_AD_CLICK);
    assert_int_equal(VALUE(&scene, AD_REQUESTS), 1);
    assert_int_equal(VALUE(&scene, AD_LOADS), 1);
}

static void test_ads_that_fail_before_their_first_frame_were_never_played(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_wait(&scene, 4000);
    scene_tell_code(&scene, TALLY_HOOK_AD_ERROR, 303);
    scene_expect_notice(&scene, TALLY_EVENT_AD_ERROR, 303);
    scene_try(&scene, TALLY_HOOK_AD_END, TALLY_AD_COMPLETED, 0);
    assert_true(scene.outcome.illegal);
    end_ad(&scene, TALLY_AD_FAILED);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, AD_PLAYS), 0);
    assert_int_equal(VALUE(&scene, AD_COMPLETES), 0);
    assert_int_equal(VALUE(&scene, AD_SKIPS), 0);
    assert_int_equal(VALUE(&scene, AD_ERRORS), 1);
    assert_int_equal(VALUE(&scene, ERRORS), 1); /* ads + content */
    assert_int_equal(VALUE(&scene, ERROR_CODE), 303);
    assert_int_equal(VALUE(&scene, AD_JOINING_TIME), 4000);
    assert_int_equal(VALUE(&scene, PLAYBACK_FAILURES), 0);
}

static void test_ads_milestone_is_of_the_last_ad(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    assert_false(HAS(&scene, AD_MILESTONE));
    scene_tell_code(&scene, TALLY_HOOK_AD_MILESTONE, 75);
    scene_expect_notice(&scene, TALLY_EVENT_AD_MILESTONE, 75);
    end_ad(&scene, TALLY_AD_COMPLETED);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell_code(&scene, TALLY_HOOK_AD_MILESTONE, 25);
    assert_int_equal(VALUE(&scene, AD_MILESTONE), 25);
    assert_false(HAS(&scene, MILESTONE));
    assert_true(tally_session_takes(TALLY_HOOK_AD_MILESTONE, 100, 0));
    assert_false(tally_session_takes(TALLY_HOOK_AD_MILESTONE, 101, 0));
    assert_false(tally_session_takes(TALLY_HOOK_AD_MILESTONE, -1, 0));
}

static void test_ads_after_the_end_leave_it_ended(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 9000);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 15000);
    end_ad(&scene, TALLY_AD_COMPLETED);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_ENDED);
    scene_wait(&scene, 3000);
    scene_tell_code(&scene, TALLY_HOOK_CLOSE, TALLY_STOP_USER);
    assert_int_equal(VALUE(&scene, STOP_REASON), TALLY_STOP_COMPLETED);
    assert_int_equal(VALUE(&scene, TERMINAL_TIME), 3100);
    assert_int_equal(VALUE(&scene, AD_JOINING_TIME), 200);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 24000);
    assert_int_equal(VALUE(&scene, AD_PLAY_TIME), 15000);
}

/* --- ads and content are the whole ---------------------------------------------------------- */

/* Each number of a total is another power of ten, so that the sums show where each went. */
static void test_ads_and_content_add_up_for_every_metric_that_has_both(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 1);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    scene_wait(&scene, 10);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 10000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_tell_both(&scene, TALLY_HOOK_ERROR, 1, TALLY_ERROR_UNKNOWN);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 200);
    for (uint32_t i = 0; i < 2; i++) {
        scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
        scene_wait(&scene, 1000);
        scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
        scene_tell(&scene, TALLY_HOOK_PAUSE);
        scene_wait(&scene, 10000);
        scene_tell(&scene, TALLY_HOOK_RESUME);
        scene_tell_both(&scene, TALLY_HOOK_ERROR, 2, TALLY_ERROR_UNKNOWN);
    }
    assert_int_equal(VALUE(&scene, AD_JOINING_TIME), 10);
    assert_int_equal(VALUE(&scene, JOINING_TIME), 10 + 1);
    assert_int_equal(VALUE(&scene, AD_PLAY_TIME), 100);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 100 + 200);
    assert_int_equal(VALUE(&scene, AD_STALLED_TIME), 1000);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 1000 + 2000);
    assert_int_equal(VALUE(&scene, AD_PAUSED_TIME), 10000);
    assert_int_equal(VALUE(&scene, PAUSED_TIME), 10000 + 20000);
    assert_int_equal(VALUE(&scene, AD_BUFFERING_TIME), 10 + 1000);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 10 + 1000 + 1 + 2000);
    assert_int_equal(VALUE(&scene, AD_STALLS), 1);
    assert_int_equal(VALUE(&scene, STALLS), 1 + 2);
    assert_int_equal(VALUE(&scene, AD_ERRORS), 1);
    assert_int_equal(VALUE(&scene, ERRORS), 1 + 2);
    assert_int_equal(VALUE(&scene, AD_PAUSES), 1);
    assert_int_equal(VALUE(&scene, PAUSES), 1 + 2);
    assert_int_equal(VALUE(&scene, AD_RESUMES), 1);
    assert_int_equal(VALUE(&scene, RESUMES), 1 + 2);
}

static void test_ads_stall_is_a_stall_of_the_ad(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 2000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_BEGIN, 1);
    assert_int_equal(scene.outcome.notices[0].detail, 1);
    assert_int_equal(scene_state(&scene), TALLY_STATE_AD_STALLED);
    scene_wait(&scene, 400);
    end_ad(&scene, TALLY_AD_FAILED); /* given up */
    assert_int_equal(scene.outcome.count, 2);
    scene_expect_notice_at(&scene, 0, TALLY_EVENT_STALL_END, 400);
    assert_int_equal(scene.outcome.notices[0].detail, 1);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_wait(&scene, 100);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, AD_STALLS), 1);
    assert_int_equal(VALUE(&scene, STALLS), 1);
    assert_int_equal(LAST(&scene, SINCE_AD_STALL), 500);
    assert_int_equal(LAST(&scene, SINCE_STALL), SCENE_NEVER);
    scene_expect_samples(&scene, TALLY_M_STALL_HISTOGRAM, (const uint64_t[]){400}, 1);
}

static void test_ads_pause_in_a_stall_of_an_ad_stops_its_clock(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_expect_notice(&scene, TALLY_EVENT_RESUME, 0); /* the same stall */
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_expect_notice(&scene, TALLY_EVENT_STALL_END, 500);
    assert_int_equal(VALUE(&scene, AD_STALLS), 1);
    assert_int_equal(VALUE(&scene, AD_STALLED_TIME), 500);
    assert_int_equal(VALUE(&scene, AD_PAUSED_TIME), 5000);
}

/* --- renditions ----------------------------------------------------------------------------- */

static void test_ads_rendition_leaves_that_of_the_content_alone(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 5000);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    rendition(&scene, 800);
    scene_expect_no_notice(&scene); /* the first of this ad */
    scene_wait(&scene, 3000);
    rendition(&scene, 1600);
    scene_expect_notice(&scene, TALLY_EVENT_RENDITION_AUTO, 1600);
    assert_int_equal(scene.outcome.notices[0].detail, 800);
    scene_wait(&scene, 3000);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(VALUE(&scene, BITRATE), 5000);
    scene_wait(&scene, 1000);
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 10000000); /* 5,000 kbit/s x 2,000 ms */
    assert_int_equal(VALUE(&scene, BITRATE_TIME), 2000);
    assert_int_equal(VALUE(&scene, AD_RENDITION_CHANGES), 1);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 1);
    rendition(&scene, 5000);
    scene_expect_no_notice(&scene);
}

/* The last rendition of one ad and the first of the next are no change, whenever it is told. */
static void test_ads_next_rendition_is_not_a_change_of_the_one_before(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    rendition(&scene, 800);
    end_ad(&scene, TALLY_AD_COMPLETED);
    rendition(&scene, 1600); /* chosen while the next ad is fetched */
    scene_expect_no_notice(&scene);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    rendition(&scene, 2400); /* the same ad: a change */
    scene_expect_notice(&scene, TALLY_EVENT_RENDITION_AUTO, 2400);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_BEGIN);
    rendition(&scene, 800);
    scene_expect_no_notice(&scene);
    assert_int_equal(VALUE(&scene, AD_RENDITION_CHANGES), 1);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 1);
}

/* --- the content waits ---------------------------------------------------------------------- */

static void test_ads_break_in_a_seek_leaves_it_seeking_afterwards(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 15000);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_SEEKING);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_expect_notice(&scene, TALLY_EVENT_SEEKED, 500);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 500);
}

static void test_ads_buffering_ends_with_their_break(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    scene_tell_nonsense(&scene, TALLY_HOOK_BUFFERING_END); /* the content had none */
    assert_int_equal(VALUE(&scene, AD_STALLED_TIME), 300);
}

static void test_ads_have_no_first_frame_of_the_content(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell_nonsense(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_tell_nonsense(&scene, TALLY_HOOK_PLAYING);
    assert_int_equal(VALUE(&scene, FIRST_PLAYS), 0);
    assert_false(HAS(&scene, STARTUP_TIME));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ads_break_with_two_ads),
        cmocka_unit_test(test_ads_start_without_a_break_begins_one),
        cmocka_unit_test(test_ads_before_the_play_request_make_no_sense),
        cmocka_unit_test(test_ads_that_fail_before_their_first_frame_were_never_played),
        cmocka_unit_test(test_ads_milestone_is_of_the_last_ad),
        cmocka_unit_test(test_ads_after_the_end_leave_it_ended),
        cmocka_unit_test(test_ads_and_content_add_up_for_every_metric_that_has_both),
        cmocka_unit_test(test_ads_stall_is_a_stall_of_the_ad),
        cmocka_unit_test(test_ads_pause_in_a_stall_of_an_ad_stops_its_clock),
        cmocka_unit_test(test_ads_rendition_leaves_that_of_the_content_alone),
        cmocka_unit_test(test_ads_next_rendition_is_not_a_change_of_the_one_before),
        cmocka_unit_test(test_ads_break_in_a_seek_leaves_it_seeking_afterwards),
        cmocka_unit_test(test_ads_buffering_ends_with_their_break),
        cmocka_unit_test(test_ads_have_no_first_frame_of_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
