/* SPDX-License-Identifier: Apache-2.0 */
/* What players set: renditions, levels and gauges. */
#include "session_scene.h"
#include "test.h"

/* --- renditions ----------------------------------------------------------------------------- */

static void rendition(scene_t *scene, int32_t bitrate_kbps) {
    scene_tell_both(scene, TALLY_HOOK_RENDITION, bitrate_kbps, TALLY_CAUSE_AUTO);
}

static void test_session_bitrate_is_weighted_by_media_time(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1500);
    scene_wait(&scene, 2000);
    rendition(&scene, 3000);
    scene_wait(&scene, 1000);
    /* 1,500 kbit/s x 2,000 ms + 3,000 kbit/s x 1,000 ms */
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 6000000);
    assert_int_equal(VALUE(&scene, BITRATE_TIME), 3000);
    assert_int_equal(VALUE(&scene, BITRATE), 3000);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 1);
}

static void test_session_bitrate_weighs_only_what_plays(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    rendition(&scene, 1500);
    scene_wait(&scene, 400); /* joining */
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_wait(&scene, 300); /* stalled */
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 1500000);
    assert_int_equal(VALUE(&scene, BITRATE_TIME), 1000);
}

static void test_session_time_before_the_first_rendition_weighs_nothing(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, BITRATE));
    scene_wait(&scene, 4000);
    rendition(&scene, 2000);
    scene_wait(&scene, 1000);
    assert_int_equal(VALUE(&scene, BITRATE_MEDIA), 2000000);
    assert_int_equal(VALUE(&scene, BITRATE_TIME), 1000);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 0);
}

static void test_session_the_same_rendition_again_is_no_change(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 2000);
    rendition(&scene, 2000);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 0);
    rendition(&scene, 1000);
    rendition(&scene, 2000);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 2);
}

static void test_session_bitrate_of_nothing_is_not_taken(void **state) {
    (void)state;
    assert_false(tally_session_takes(TALLY_HOOK_RENDITION, 0, TALLY_CAUSE_AUTO));
    assert_false(tally_session_takes(TALLY_HOOK_RENDITION, -1, TALLY_CAUSE_AUTO));
    assert_false(tally_session_takes(TALLY_HOOK_RENDITION, 1, -1));
    assert_false(tally_session_takes(TALLY_HOOK_RENDITION, 1, 2));
    assert_true(tally_session_takes(TALLY_HOOK_RENDITION, 1, TALLY_CAUSE_USER));
    assert_true(tally_session_takes(TALLY_HOOK_RENDITION, INT32_MAX, TALLY_CAUSE_AUTO));
}

static void test_session_rendition_goes_up_and_down_or_as_the_user_wants(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1500);
    scene_expect_no_notice(&scene); /* the first is no change */
    rendition(&scene, 3000);
    scene_expect_notice(&scene, TALLY_EVENT_RENDITION_AUTO, 3000);
    assert_int_equal(scene.outcome.notices[0].detail, 1500);
    rendition(&scene, 1500);
    rendition(&scene, 800);
    scene_tell_both(&scene, TALLY_HOOK_RENDITION, 6000, TALLY_CAUSE_USER);
    scene_expect_notice(&scene, TALLY_EVENT_RENDITION_USER, 6000);
    assert_int_equal(scene.outcome.notices[0].detail, 800);
    scene_tell_both(&scene, TALLY_HOOK_RENDITION, 6000, TALLY_CAUSE_USER);
    scene_expect_no_notice(&scene);
    assert_int_equal(VALUE(&scene, RENDITION_UPS), 1);
    assert_int_equal(VALUE(&scene, RENDITION_DOWNS), 2);
    assert_int_equal(VALUE(&scene, RENDITION_CHOICES), 1);
    assert_int_equal(VALUE(&scene, RENDITION_CHANGES), 4);
}

/* --- speed ---------------------------------------------------------------------------------- */

static void expect_weighed(const scene_t *scene, int64_t media, int64_t ms) {
    assert_int_equal(VALUE(scene, BITRATE_MEDIA), media);
    assert_int_equal(VALUE(scene, BITRATE_TIME), ms);
}

static void test_session_bitrate_at_half_speed(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1000);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, 500);
    scene_wait(&scene, 3000);
    expect_weighed(&scene, 1500000, 1500); /* 3,000 ms x 0.5 */
    assert_int_equal(VALUE(&scene, PLAY_TIME), 3000);
}

static void test_session_bitrate_backward_weighs_as_forward(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1000);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, -4000);
    scene_wait(&scene, 1000);
    expect_weighed(&scene, 4000000, 4000);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, 1000);
    scene_wait(&scene, 500);
    expect_weighed(&scene, 4500000, 4500);
}

static void test_session_nothing_plays_at_speed_0(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1000);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, 0);
    scene_wait(&scene, 1000);
    expect_weighed(&scene, 0, 0);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1000);
}

/* However often somebody looks, or tells something, on the way. */
static void test_session_media_time_keeps_its_thousandths(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1000);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, 1001);
    for (uint32_t i = 0; i < 1000; i++) {
        scene_wait(&scene, 1);
        scene_set(&scene, TALLY_M_VOLUME, 50);
    }
    expect_weighed(&scene, 1001000, 1001); /* 1,000 ms x 1.001 */
}

/* Two million times as fast as normal: nobody shows that, but a player may say so. */
static void test_session_media_time_at_any_speed_is_the_same_told_nonsense_or_not(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    rendition(&scene, 1);
    scene_set(&scene, TALLY_M_PLAYBACK_RATE, INT32_MAX);
    scene_wait(&scene, 2000);
    scene_t twin = scene;
    scene_tell_nonsense(&scene, TALLY_HOOK_PLAY);
    expect_weighed(&scene, INT64_C(4294967294), INT64_C(4294967294)); /* 2,000 ms x 2147483.647 */
    scene_wait(&scene, 3000);
    scene_wait(&twin, 3000);
    expect_weighed(&scene, INT64_C(10737418235), INT64_C(10737418235));
    expect_weighed(&twin, INT64_C(10737418235), INT64_C(10737418235));
}

static void test_session_a_channel_that_plays_for_a_month_without_a_word_weighs_all(void **state) {
    (void)state;
    const uint32_t month_ms = UINT32_C(30) * 24 * 60 * 60 * 1000;
    scene_t scene = scene_playing();
    rendition(&scene, 8000);
    scene_wait(&scene, month_ms);
    expect_weighed(&scene, INT64_C(8000) * month_ms, month_ms);
}

static void test_session_weighed_bitrate_stands_still_when_it_is_full(void **state) {
    (void)state;
    const int64_t full = INT64_C(1) << 53;
    scene_t scene = scene_playing();
    rendition(&scene, INT32_MAX);
    scene_wait(&scene, 4194304); /* 2^22 */
    expect_weighed(&scene, full - 4194304, 4194304);
    scene_wait(&scene, 1);
    expect_weighed(&scene, full, 4194305);
    scene_wait(&scene, UINT32_MAX);
    expect_weighed(&scene, full, INT64_C(4299161600));
}

/* --- levels --------------------------------------------------------------------------------- */

static void test_session_levels_run_while_media_plays_or_is_stalled(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_set(&scene, TALLY_M_BANDWIDTH, 8000);
    scene_wait(&scene, 1000); /* idle */
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 1000); /* joining */
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 20); /* in an ad */
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 10); /* stalled in an ad */
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 1000); /* paused in an ad */
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 300); /* playing */
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 70); /* stalled */
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 1000); /* paused in a stall */
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_wait(&scene, 1000); /* paused */
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 1000); /* seeking */
    scene_tell(&scene, TALLY_HOOK_SUSPEND);
    scene_wait(&scene, 1000);
    assert_int_equal(LEVEL(&scene, BANDWIDTH).time_ms, 400); /* 20 + 10 + 300 + 70 */
}

static void test_session_level_of_nothing_is_absent(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_set(&scene, TALLY_M_LATENCY, 0);
    tally_value_t values[TALLY_LEVEL_METRICS];
    assert_int_equal(tally_figures_levels(&scene.session.figures, values).present,
                     TALLY_CAN(LEVEL, LATENCY));
}

/* --- full screen ---------------------------------------------------------------------------- */

static void test_session_full_screen_counts_while_media_plays(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_set(&scene, TALLY_M_FULLSCREEN, 1);
    scene_wait(&scene, 400);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 5000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 3000);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_END);
    scene_tell(&scene, TALLY_HOOK_AD_START);
    scene_wait(&scene, 30);
    scene_tell(&scene, TALLY_HOOK_AD_BREAK_END);
    scene_set(&scene, TALLY_M_FULLSCREEN, 0);
    scene_wait(&scene, 2000);
    assert_int_equal(VALUE(&scene, FULLSCREEN_TIME), 430);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 3430);
}

/* --- gauges --------------------------------------------------------------------------------- */

static void test_session_position_is_told_with_playback(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, POSITION));
    scene_set(&scene, TALLY_M_POSITION, 1234567);
    assert_true(HAS(&scene, POSITION));
    assert_int_equal(VALUE(&scene, POSITION), 1234567);
}

/* The front door asks for limits by a mask and the engine by a switch. */
static void test_session_limits_numbers_of_the_hooks_that_have_limits(void **state) {
    (void)state;
    for (uint32_t i = TALLY_HOOK_LOADED; i < TALLY_HOOK_SET; i++) {
        const enum tally_hook hook = (enum tally_hook)i;
        const bool takes_all = tally_session_takes(hook, INT32_MIN, INT32_MIN) &&
                               tally_session_takes(hook, INT32_MAX, INT32_MAX);
        assert_int_equal(tally_session_limits(hook), !takes_all);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_bitrate_is_weighted_by_media_time),
        cmocka_unit_test(test_session_bitrate_weighs_only_what_plays),
        cmocka_unit_test(test_session_time_before_the_first_rendition_weighs_nothing),
        cmocka_unit_test(test_session_the_same_rendition_again_is_no_change),
        cmocka_unit_test(test_session_bitrate_of_nothing_is_not_taken),
        cmocka_unit_test(test_session_rendition_goes_up_and_down_or_as_the_user_wants),
        cmocka_unit_test(test_session_bitrate_at_half_speed),
        cmocka_unit_test(test_session_bitrate_backward_weighs_as_forward),
        cmocka_unit_test(test_session_nothing_plays_at_speed_0),
        cmocka_unit_test(test_session_media_time_keeps_its_thousandths),
        cmocka_unit_test(test_session_media_time_at_any_speed_is_the_same_told_nonsense_or_not),
        cmocka_unit_test(test_session_a_channel_that_plays_for_a_month_without_a_word_weighs_all),
        cmocka_unit_test(test_session_weighed_bitrate_stands_still_when_it_is_full),
        cmocka_unit_test(test_session_levels_run_while_media_plays_or_is_stalled),
        cmocka_unit_test(test_session_level_of_nothing_is_absent),
        cmocka_unit_test(test_session_full_screen_counts_while_media_plays),
        cmocka_unit_test(test_session_position_is_told_with_playback),
        cmocka_unit_test(test_session_limits_numbers_of_the_hooks_that_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
