/* SPDX-License-Identifier: Apache-2.0 */
/* What players set: renditions, gauges and texts. */
#include <string.h>

#include "session_scene.h"
#include "test.h"

/* --- renditions ----------------------------------------------------------------------------- */

static void rendition(scene_t *scene, int32_t bitrate_kbps) {
    scene_tell_code(scene, TALLY_HOOK_RENDITION, bitrate_kbps);
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

static void test_session_bitrate_of_nothing_makes_no_sense(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell_nonsense(&scene, TALLY_HOOK_RENDITION); /* 0 kbit/s */
    scene.outcome = tally_session_apply(&scene.session, TALLY_HOOK_RENDITION, -1, scene.now_ms);
    assert_true(scene.outcome.illegal);
    assert_false(HAS(&scene, BITRATE));
}

/* --- gauges and dimensions ------------------------------------------------------------------ */

static uint32_t dimension(enum tally_metric metric) {
    return (uint32_t)metric - (uint32_t)TALLY_M_DIMENSION_FIRST;
}

static void test_session_position_is_told_with_playback(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    assert_false(HAS(&scene, POSITION));
    tally_session_set(&scene.session, TALLY_M_POSITION, 1234567);
    assert_true(HAS(&scene, POSITION));
    assert_int_equal(VALUE(&scene, POSITION), 1234567);
}

static void test_session_dimension_is_there_once_it_is_set(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    tally_value_t values[TALLY_DIMENSION_METRICS];
    assert_int_equal(tally_session_dimensions(&scene.session, values).present, 0);
    tally_session_set(&scene.session, TALLY_M_DELIVERY, TALLY_DELIVERY_FILE);
    const tally_view_t view = tally_session_dimensions(&scene.session, values);
    assert_int_equal(view.present, TALLY_CAN(DIMENSION, DELIVERY));
    assert_int_equal(view.values[dimension(TALLY_M_DELIVERY)].number, 0);
}

/* --- texts ---------------------------------------------------------------------------------- */

static int32_t put(scene_t *scene, enum tally_metric metric, const char *text) {
    return tally_session_set_text(&scene->session, metric, text);
}

static const char *text_of(const scene_t *scene, enum tally_metric metric) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    return tally_session_dimensions(&scene->session, values).values[dimension(metric)].text;
}

static void test_session_text_is_copied(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    char title[] = "Die Sendung mit der Maus";
    assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, title), TALLY_OK);
    memset(title, '?', sizeof title - 1);
    assert_string_equal(text_of(&scene, TALLY_M_CONTENT_TITLE), "Die Sendung mit der Maus");
}

static void test_session_text_gives_way_to_a_shorter_one_and_a_longer_one(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, "Tagesschau"), TALLY_OK);
    assert_int_equal(put(&scene, TALLY_M_PLAYER_NAME, "gst"), TALLY_OK);
    assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, "Tatort"), TALLY_OK);
    assert_string_equal(text_of(&scene, TALLY_M_CONTENT_TITLE), "Tatort");
    assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, "Sendung ohne Namen"), TALLY_OK);
    assert_string_equal(text_of(&scene, TALLY_M_CONTENT_TITLE), "Sendung ohne Namen");
    assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, ""), TALLY_OK);
    assert_string_equal(text_of(&scene, TALLY_M_CONTENT_TITLE), "");
    assert_string_equal(text_of(&scene, TALLY_M_PLAYER_NAME), "gst");
}

static void test_session_texts_that_change_for_ever_need_no_more_room(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    assert_int_equal(put(&scene, TALLY_M_PLAYER_NAME, "gst"), TALLY_OK);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, i % 2 == 0 ? "News" : "A long film"),
                         TALLY_OK);
        assert_int_equal(put(&scene, TALLY_M_CONTENT_ID, i % 3 == 0 ? "a" : "channel/9"), TALLY_OK);
    }
    assert_string_equal(text_of(&scene, TALLY_M_CONTENT_TITLE), "A long film");
    assert_string_equal(text_of(&scene, TALLY_M_CONTENT_ID), "a");
    assert_string_equal(text_of(&scene, TALLY_M_PLAYER_NAME), "gst");
    assert_int_equal(scene.session.text_used, 12 + 2 + 4);
}

/* Three texts that leave exactly `room` bytes of the session's 192. */
static scene_t filled_but_for(uint32_t room) {
    _Static_assert(TALLY_SESSION_TEXT_BYTES == 192, "the lengths below are worked out for 192");
    scene_t scene = scene_opened();
    char text[64] = {0};
    memset(text, 'x', 63);
    assert_int_equal(put(&scene, TALLY_M_CONTENT_ID, text), TALLY_OK);
    assert_int_equal(put(&scene, TALLY_M_CONTENT_TITLE, text), TALLY_OK);
    text[63 - room] = '\0';
    assert_int_equal(put(&scene, TALLY_M_VIEWER, text), TALLY_OK);
    return scene;
}

static void test_session_text_may_take_the_last_byte(void **state) {
    (void)state;
    scene_t scene = filled_but_for(4);
    assert_int_equal(put(&scene, TALLY_M_PLAYER_NAME, "gst"), TALLY_OK);
    assert_string_equal(text_of(&scene, TALLY_M_PLAYER_NAME), "gst");
    assert_int_equal(put(&scene, TALLY_M_PLAYER_VERSION, ""), TALLY_E_FULL);
}

static void test_session_text_without_room_is_refused_and_harms_nothing(void **state) {
    (void)state;
    scene_t scene = filled_but_for(3);
    assert_int_equal(put(&scene, TALLY_M_PLAYER_NAME, "gst"), TALLY_E_FULL);
    tally_value_t values[TALLY_DIMENSION_METRICS];
    const tally_view_t view = tally_session_dimensions(&scene.session, values);
    assert_int_equal(view.present & TALLY_CAN(DIMENSION, PLAYER_NAME), 0);
    assert_int_equal(strlen(text_of(&scene, TALLY_M_VIEWER)), 60);
    /* A shorter text in the place of its old one needs no room. */
    assert_int_equal(put(&scene, TALLY_M_VIEWER, "nobody"), TALLY_OK);
    assert_string_equal(text_of(&scene, TALLY_M_VIEWER), "nobody");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_bitrate_is_weighted_by_media_time),
        cmocka_unit_test(test_session_bitrate_weighs_only_what_plays),
        cmocka_unit_test(test_session_time_before_the_first_rendition_weighs_nothing),
        cmocka_unit_test(test_session_the_same_rendition_again_is_no_change),
        cmocka_unit_test(test_session_bitrate_of_nothing_makes_no_sense),
        cmocka_unit_test(test_session_position_is_told_with_playback),
        cmocka_unit_test(test_session_dimension_is_there_once_it_is_set),
        cmocka_unit_test(test_session_text_is_copied),
        cmocka_unit_test(test_session_text_gives_way_to_a_shorter_one_and_a_longer_one),
        cmocka_unit_test(test_session_texts_that_change_for_ever_need_no_more_room),
        cmocka_unit_test(test_session_text_may_take_the_last_byte),
        cmocka_unit_test(test_session_text_without_room_is_refused_and_harms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
