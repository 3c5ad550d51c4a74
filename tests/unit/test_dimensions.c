/* SPDX-License-Identifier: Apache-2.0 */
/* What a session plays, and with what, in a few bytes. */
#include <string.h>

#include "dimensions.h"
#include "tally/enums.h"
#include "tally/status.h"
#include "test.h"

static tally_dimensions_t dimensions;

static int set_up(void **state) {
    (void)state;
    memset(&dimensions, 0, sizeof dimensions);
    return 0;
}

static uint64_t present(void) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    return tally_dimensions_view(&dimensions, values).present;
}

static int64_t number_of(enum tally_metric metric) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    const tally_view_t view = tally_dimensions_view(&dimensions, values);
    assert_int_equal(view.group, TALLY_G_DIMENSION);
    return view.values[metric - TALLY_M_DIMENSION_FIRST].number;
}

static const char *text_of(enum tally_metric metric) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    return tally_dimensions_view(&dimensions, values).values[metric - TALLY_M_DIMENSION_FIRST].text;
}

static int32_t put(enum tally_metric metric, const char *text) {
    return tally_dimensions_set_text(&dimensions, metric, text);
}

/* --- numbers -------------------------------------------------------------------------------- */

static void test_dimensions_number_is_there_once_it_is_set(void **state) {
    (void)state;
    assert_int_equal(present(), 0);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DELIVERY, TALLY_DELIVERY_FILE), 0);
    assert_int_equal(present(), TALLY_CAN(DIMENSION, DELIVERY));
    assert_int_equal(number_of(TALLY_M_DELIVERY), 0);
}

static void test_dimensions_number_gives_way_to_another(void **state) {
    (void)state;
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DISPLAY_WIDTH, 1280), TALLY_OK);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DISPLAY_HEIGHT, 720), TALLY_OK);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DISPLAY_WIDTH, INT32_MAX), TALLY_OK);
    assert_int_equal(number_of(TALLY_M_DISPLAY_WIDTH), 2147483647);
    assert_int_equal(number_of(TALLY_M_DISPLAY_HEIGHT), 720);
    assert_int_equal(dimensions.used, 10); /* two of 5 bytes */
}

/* --- texts ---------------------------------------------------------------------------------- */

static void test_dimensions_text_is_copied(void **state) {
    (void)state;
    char title[] = "Die Sendung mit der Maus";
    assert_int_equal(put(TALLY_M_CONTENT_TITLE, title), TALLY_OK);
    memset(title, '?', sizeof title - 1);
    assert_string_equal(text_of(TALLY_M_CONTENT_TITLE), "Die Sendung mit der Maus");
}

static void test_dimensions_text_gives_way_to_a_shorter_one_and_a_longer_one(void **state) {
    (void)state;
    assert_int_equal(put(TALLY_M_CONTENT_TITLE, "Tagesschau"), TALLY_OK);
    assert_int_equal(put(TALLY_M_PLAYER_NAME, "gst"), TALLY_OK);
    assert_int_equal(put(TALLY_M_CONTENT_TITLE, "Tatort"), TALLY_OK);
    assert_string_equal(text_of(TALLY_M_CONTENT_TITLE), "Tatort");
    assert_int_equal(put(TALLY_M_CONTENT_TITLE, "Sendung ohne Namen"), TALLY_OK);
    assert_string_equal(text_of(TALLY_M_CONTENT_TITLE), "Sendung ohne Namen");
    assert_int_equal(put(TALLY_M_CONTENT_TITLE, ""), TALLY_OK);
    assert_string_equal(text_of(TALLY_M_CONTENT_TITLE), "");
    assert_string_equal(text_of(TALLY_M_PLAYER_NAME), "gst");
}

static void test_dimensions_texts_that_change_for_ever_need_no_more_room(void **state) {
    (void)state;
    assert_int_equal(put(TALLY_M_PLAYER_NAME, "gst"), TALLY_OK);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(put(TALLY_M_CONTENT_TITLE, i % 2 == 0 ? "News" : "A long film"), TALLY_OK);
        assert_int_equal(put(TALLY_M_CONTENT_ID, i % 3 == 0 ? "a" : "channel/9"), TALLY_OK);
    }
    assert_string_equal(text_of(TALLY_M_CONTENT_TITLE), "A long film");
    assert_string_equal(text_of(TALLY_M_CONTENT_ID), "a");
    assert_string_equal(text_of(TALLY_M_PLAYER_NAME), "gst");
    assert_int_equal(dimensions.used, 13 + 3 + 5);
}

/* Texts that leave exactly `room` bytes of the session's 192. */
static void fill_but_for(uint32_t room) {
    _Static_assert(TALLY_SESSION_TEXT_BYTES == 192, "the lengths below are worked out for 192");
    char text[64] = {0};
    memset(text, 'x', 62); /* with its head and its end: 64 bytes */
    assert_int_equal(put(TALLY_M_CONTENT_ID, text), TALLY_OK);
    assert_int_equal(put(TALLY_M_CONTENT_TITLE, text), TALLY_OK);
    text[62 - room] = '\0';
    assert_int_equal(put(TALLY_M_VIEWER, text), TALLY_OK);
}

static void test_dimensions_text_may_take_the_last_byte(void **state) {
    (void)state;
    fill_but_for(5);
    assert_int_equal(put(TALLY_M_PLAYER_NAME, "gst"), TALLY_OK);
    assert_string_equal(text_of(TALLY_M_PLAYER_NAME), "gst");
    assert_int_equal(put(TALLY_M_PLAYER_VERSION, ""), TALLY_E_FULL);
}

static void test_dimensions_number_may_take_the_last_byte(void **state) {
    (void)state;
    fill_but_for(5);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DELIVERY, TALLY_DELIVERY_RTP), 0);
    assert_int_equal(number_of(TALLY_M_DELIVERY), 3);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_HDCP, 1), TALLY_E_FULL);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DELIVERY, 4), TALLY_OK);
    assert_int_equal(number_of(TALLY_M_DELIVERY), 4);
}

static void test_dimensions_text_without_room_is_refused_and_harms_nothing(void **state) {
    (void)state;
    fill_but_for(4);
    assert_int_equal(put(TALLY_M_PLAYER_NAME, "gst"), TALLY_E_FULL);
    assert_int_equal(tally_dimensions_set(&dimensions, TALLY_M_DELIVERY, 4), TALLY_E_FULL);
    assert_int_equal(present(), TALLY_CAN(DIMENSION, CONTENT_ID) |
                                    TALLY_CAN(DIMENSION, CONTENT_TITLE) |
                                    TALLY_CAN(DIMENSION, VIEWER));
    assert_int_equal(strlen(text_of(TALLY_M_VIEWER)), 58);
    /* One too long leaves what was there. */
    char text[64] = {0};
    memset(text, 'y', 63); /* 58 and the 4 that are free, and one more */
    assert_int_equal(put(TALLY_M_VIEWER, text), TALLY_E_FULL);
    assert_int_equal(strlen(text_of(TALLY_M_VIEWER)), 58);
    text[62] = '\0';
    assert_int_equal(put(TALLY_M_VIEWER, text), TALLY_OK);
    assert_string_equal(text_of(TALLY_M_VIEWER), text);
    /* A shorter text in the place of its old one needs no room. */
    assert_int_equal(put(TALLY_M_VIEWER, "nobody"), TALLY_OK);
    assert_string_equal(text_of(TALLY_M_VIEWER), "nobody");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_dimensions_number_is_there_once_it_is_set, set_up),
        cmocka_unit_test_setup(test_dimensions_number_gives_way_to_another, set_up),
        cmocka_unit_test_setup(test_dimensions_text_is_copied, set_up),
        cmocka_unit_test_setup(test_dimensions_text_gives_way_to_a_shorter_one_and_a_longer_one,
                               set_up),
        cmocka_unit_test_setup(test_dimensions_texts_that_change_for_ever_need_no_more_room,
                               set_up),
        cmocka_unit_test_setup(test_dimensions_text_may_take_the_last_byte, set_up),
        cmocka_unit_test_setup(test_dimensions_number_may_take_the_last_byte, set_up),
        cmocka_unit_test_setup(test_dimensions_text_without_room_is_refused_and_harms_nothing,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
