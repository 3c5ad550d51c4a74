/* SPDX-License-Identifier: Apache-2.0 */
/* How long ago things happened, and what the histograms of all sessions are fed. */
#include "session_scene.h"
#include "test.h"

static void expect_all_absent_but(const scene_t *scene, uint64_t present) {
    tally_value_t values[TALLY_SINCE_METRICS];
    const tally_view_t view = tally_session_since(&scene->session, scene->now_ms, values);
    assert_int_equal(view.group, TALLY_G_SINCE);
    assert_int_equal(view.present, present);
}

/* --- time since ----------------------------------------------------------------------------- */

static void test_since_nothing_happened_nothing_is_there(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 1000);
    expect_all_absent_but(&scene, 0);
}

/* 0 at the event itself, then as much as time goes on; the last of its kind counts. */
static void check(scene_t *scene, enum tally_hook hook, enum tally_metric metric) {
    assert_int_equal(scene_since(scene, metric), SCENE_NEVER);
    scene_tell(scene, hook);
    assert_int_equal(scene_since(scene, metric), 0);
    scene_wait(scene, 1);
    assert_int_equal(scene_since(scene, metric), 1);
    scene_wait(scene, 999);
    assert_int_equal(scene_since(scene, metric), 1000);
}

static void test_since_each_event_is_remembered(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 5000);
    check(&scene, TALLY_HOOK_PLAY, TALLY_M_SINCE_REQUEST);
    assert_int_equal(LAST(&scene, SINCE_BUFFERING), 1000); /* joining */
    check(&scene, TALLY_HOOK_FIRST_FRAME, TALLY_M_SINCE_START);
    check(&scene, TALLY_HOOK_BUFFERING_BEGIN, TALLY_M_SINCE_STALL);
    check(&scene, TALLY_HOOK_SEEK_BEGIN, TALLY_M_SINCE_SEEK);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    check(&scene, TALLY_HOOK_PAUSE, TALLY_M_SINCE_PAUSE);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    check(&scene, TALLY_HOOK_AD_REQUEST, TALLY_M_SINCE_AD_REQUEST);
    check(&scene, TALLY_HOOK_AD_BREAK_BEGIN, TALLY_M_SINCE_AD_BREAK);
    assert_int_equal(LAST(&scene, SINCE_AD_BUFFERING), 1000); /* until its first frame */
    check(&scene, TALLY_HOOK_AD_START, TALLY_M_SINCE_AD_START);
    check(&scene, TALLY_HOOK_BUFFERING_BEGIN, TALLY_M_SINCE_AD_STALL);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    check(&scene, TALLY_HOOK_AD_MILESTONE, TALLY_M_SINCE_AD_MILESTONE);
    check(&scene, TALLY_HOOK_AD_END, TALLY_M_SINCE_AD_COMPLETE); /* code 0: completed */
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    assert_int_equal(LAST(&scene, SINCE_REQUEST), 11000); /* 11 checks of 1,000 ms each */
}

static void test_since_the_last_of_its_kind_counts(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 300);
    assert_int_equal(LAST(&scene, SINCE_SEEK), 300);
}

static void test_since_an_ad_that_was_skipped_was_not_completed(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_tell_code(&scene, TALLY_HOOK_AD_END, TALLY_AD_SKIPPED);
    assert_int_equal(LAST(&scene, SINCE_AD_COMPLETE), SCENE_NEVER);
}

static void test_since_rendition_needs_two_different_ones(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell_code(&scene, TALLY_HOOK_RENDITION, 1000);
    scene_tell_code(&scene, TALLY_HOOK_RENDITION, 1000);
    assert_int_equal(LAST(&scene, SINCE_RENDITION_CHANGE), SCENE_NEVER);
    scene_tell_code(&scene, TALLY_HOOK_RENDITION, 2000);
    assert_int_equal(LAST(&scene, SINCE_RENDITION_CHANGE), 0);
}

static void test_since_heartbeat(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_int_equal(LAST(&scene, SINCE_HEARTBEAT), SCENE_NEVER);
    tally_session_beat(&scene.session, scene.now_ms);
    assert_int_equal(LAST(&scene, SINCE_HEARTBEAT), 0);
    scene_wait(&scene, 60000);
    assert_int_equal(LAST(&scene, SINCE_HEARTBEAT), 60000);
}

/* Buffering goes on in a pause: nothing begins when play is wanted again. */
static void test_since_buffering_began_with_the_depletion(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 100);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    assert_int_equal(LAST(&scene, SINCE_BUFFERING), 0);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    assert_int_equal(LAST(&scene, SINCE_BUFFERING), 300);
    assert_int_equal(LAST(&scene, SINCE_STALL), 0);
    scene_wait(&scene, 200);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 50);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    assert_int_equal(LAST(&scene, SINCE_BUFFERING), 550);
    assert_int_equal(LAST(&scene, SINCE_STALL), 250);
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 550);
}

/* --- histograms ----------------------------------------------------------------------------- */

static void test_since_histograms_are_fed_once_for_each(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 840);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    for (uint32_t i = 1; i <= 3; i++) {
        scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
        scene_wait(&scene, 100 * i);
        scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
        scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
        scene_wait(&scene, 7 * i);
        scene_tell(&scene, TALLY_HOOK_SEEK_END);
    }
    scene_expect_samples(&scene, TALLY_M_STARTUP_HISTOGRAM, (const uint64_t[]){840}, 1);
    scene_expect_samples(&scene, TALLY_M_STALL_HISTOGRAM, (const uint64_t[]){100, 200, 300}, 3);
    scene_expect_samples(&scene, TALLY_M_SEEK_HISTOGRAM, (const uint64_t[]){7, 14, 21}, 3);
    assert_int_equal(scene_sampled(&scene, TALLY_M_ZAP_HISTOGRAM), 0);
    assert_int_equal(scene_sampled(&scene, TALLY_M_BUFFER_HISTOGRAM), 0);
}

static void test_since_stall_that_takes_no_time_is_one(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    assert_int_equal(VALUE(&scene, STALLS), 1);
    scene_expect_samples(&scene, TALLY_M_STALL_HISTOGRAM, (const uint64_t[]){0}, 1);
}

static void test_since_buffer_is_sampled_by_the_second_it_held(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_set(&scene, TALLY_M_BUFFER_LENGTH, 4000);
    scene_wait(&scene, 2400);
    scene_set(&scene, TALLY_M_BUFFER_LENGTH, 9000);
    scene_wait(&scene, 500);
    scene_set(&scene, TALLY_M_VOLUME, 10);
    scene_expect_samples(&scene, TALLY_M_BUFFER_HISTOGRAM, (const uint64_t[]){4000, 4000}, 2);
    scene_wait(&scene, 100); /* 400 left of the first, 600 of this: a second is full */
    scene_set(&scene, TALLY_M_VOLUME, 20);
    scene_expect_samples(&scene, TALLY_M_BUFFER_HISTOGRAM, (const uint64_t[]){4000, 4000, 9000}, 3);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 60000); /* nothing plays */
    scene_tell(&scene, TALLY_HOOK_RESUME);
    assert_int_equal(scene_sampled(&scene, TALLY_M_BUFFER_HISTOGRAM), 3);
}

static void test_since_looking_samples_nothing(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_set(&scene, TALLY_M_BUFFER_LENGTH, 4000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 5000);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 5000);
    assert_int_equal(scene_sampled(&scene, TALLY_M_BUFFER_HISTOGRAM), 0);
    assert_int_equal(scene_sampled(&scene, TALLY_M_STALL_HISTOGRAM), 0);
}

static void test_since_is_told_up_to_24_days_and_forgotten_then(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    for (uint32_t hour = 0; hour < 24 * 24; hour++) {
        scene_wait(&scene, 3600000);
        tally_session_beat(&scene.session, scene.now_ms);
    }
    assert_int_equal(LAST(&scene, SINCE_PAUSE), 2073600000); /* 24 days */
    for (uint32_t hour = 0; hour < 24; hour++) {
        scene_wait(&scene, 3600000);
        tally_session_beat(&scene.session, scene.now_ms);
    }
    assert_int_equal(LAST(&scene, SINCE_PAUSE), SCENE_NEVER);
    assert_int_equal(LAST(&scene, SINCE_HEARTBEAT), 0);
}

static void test_since_nothing_is_told_of_before_a_long_sleep(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    scene_wait(&scene, 4000000000);
    scene_wait(&scene, 1000000000);
    scene_tell(&scene, TALLY_HOOK_WAKE);
    assert_int_equal(LAST(&scene, SINCE_PAUSE), SCENE_NEVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_since_nothing_happened_nothing_is_there),
        cmocka_unit_test(test_since_each_event_is_remembered),
        cmocka_unit_test(test_since_the_last_of_its_kind_counts),
        cmocka_unit_test(test_since_an_ad_that_was_skipped_was_not_completed),
        cmocka_unit_test(test_since_rendition_needs_two_different_ones),
        cmocka_unit_test(test_since_heartbeat),
        cmocka_unit_test(test_since_buffering_began_with_the_depletion),
        cmocka_unit_test(test_since_histograms_are_fed_once_for_each),
        cmocka_unit_test(test_since_stall_that_takes_no_time_is_one),
        cmocka_unit_test(test_since_buffer_is_sampled_by_the_second_it_held),
        cmocka_unit_test(test_since_looking_samples_nothing),
        cmocka_unit_test(test_since_is_told_up_to_24_days_and_forgotten_then),
        cmocka_unit_test(test_since_nothing_is_told_of_before_a_long_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
