/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad input, function by function of tally/hook.h and tally/tally.h: what is refused says so and
 * leaves no trace, what only the agent task can notice is counted. What tally_init() refuses is in
 * test_agent_init.c and test_agent_capabilities.c, of streams in test_agent_streams.c, of queries
 * in test_agent_query.c.
 */
#include <string.h>

#include "device.h"
#include "test.h"

#define MOST 9007199254740992 /* 2^53 */

static device_t device;
static tally_session_id_t film;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    film = device_play(&device);
    (void)device_wait(&device, 0);
    return 0;
}

/* Nothing of what was refused reached the ring. */
static void expect_no_trace(void) {
    const record_t agent = device_tell_agent(&device);
    assert_false(record_has(agent, "a.ae"));
    assert_false(record_has(agent, "a.ai"));
    assert_false(record_has(agent, "a.ax"));
    assert_false(record_has(agent, "a.ay"));
    device_expect_kinds(&device, "bseav");
    assert_int_equal(record_number(device_last(&device, 'v'), "g.gs"), 2); /* play, first frame */
}

/* --- numbers of events ---------------------------------------------------------------------- */

static void refused(enum tally_hook hook, int32_t code, int32_t detail) {
    assert_int_equal(tally_hook_tell(&device.agent, film, hook, code, detail), TALLY_E_ARGUMENT);
}

static void accepted(enum tally_hook hook, int32_t code, int32_t detail) {
    assert_int_equal(tally_hook_tell(&device.agent, 99, hook, code, detail), TALLY_OK);
    (void)device_wait(&device, 0);
}

static void test_agent_refuses_hooks_that_are_none_or_have_calls_of_their_own(void **state) {
    (void)state;
    refused(TALLY_HOOK_OPEN, 0, 0);
    refused(TALLY_HOOK_SET, 0, 0);
    refused(TALLY_HOOK_ADD, 0, 0);
    refused(TALLY_HOOK_TEXT, 0, 0);
    refused((enum tally_hook)(TALLY_HOOK_TEXT + 1), 0, 0);
    refused((enum tally_hook)1000000, 0, 0);
    refused((enum tally_hook) - 1, 0, 0);
    expect_no_trace();
}

static void test_agent_refuses_events_of_no_session(void **state) {
    (void)state;
    for (uint32_t hook = TALLY_HOOK_LOADED; hook < TALLY_HOOK_SET; hook++) {
        assert_int_equal(tally_hook_tell(&device.agent, 0, (enum tally_hook)hook, 1, 0),
                         TALLY_E_ARGUMENT);
    }
    expect_no_trace();
}

static void test_agent_refuses_codes_out_of_range(void **state) {
    (void)state;
    refused(TALLY_HOOK_CLOSE, -1, 0);
    refused(TALLY_HOOK_CLOSE, 19, 0);
    refused(TALLY_HOOK_SWITCH, -1, 0);
    refused(TALLY_HOOK_SWITCH, 6, 0);
    refused(TALLY_HOOK_AD_END, -1, 0);
    refused(TALLY_HOOK_AD_END, 3, 0);
    refused(TALLY_HOOK_AD_MILESTONE, -1, 0);
    refused(TALLY_HOOK_AD_MILESTONE, 101, 0);
    refused(TALLY_HOOK_ERROR, 0, -1);
    refused(TALLY_HOOK_ERROR, 0, 8);
    refused(TALLY_HOOK_FATAL, 0, -1);
    refused(TALLY_HOOK_FATAL, 0, 8);
    refused(TALLY_HOOK_RENDITION, 0, TALLY_CAUSE_AUTO);
    refused(TALLY_HOOK_RENDITION, INT32_MIN, TALLY_CAUSE_AUTO);
    refused(TALLY_HOOK_RENDITION, 3000, -1);
    refused(TALLY_HOOK_RENDITION, 3000, 2);
    expect_no_trace();
}

static void test_agent_takes_codes_to_the_edge_of_their_range(void **state) {
    (void)state;
    accepted(TALLY_HOOK_CLOSE, 0, 0);
    accepted(TALLY_HOOK_CLOSE, 18, 0);
    accepted(TALLY_HOOK_SWITCH, 5, 0);
    accepted(TALLY_HOOK_AD_END, 2, 0);
    accepted(TALLY_HOOK_AD_MILESTONE, 0, 0);
    accepted(TALLY_HOOK_AD_MILESTONE, 100, 0);
    accepted(TALLY_HOOK_ERROR, INT32_MIN, 7);
    accepted(TALLY_HOOK_FATAL, INT32_MAX, 7);
    accepted(TALLY_HOOK_RENDITION, 1, 0);
    accepted(TALLY_HOOK_RENDITION, INT32_MAX, 1);
    accepted(TALLY_HOOK_CUSTOM, INT32_MIN, INT32_MAX);
    accepted(TALLY_HOOK_SUBTITLE, -1, 0);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ay"), 12);
}

/* --- values --------------------------------------------------------------------------------- */

static void test_agent_refuses_values_out_of_range(void **state) {
    (void)state;
    static const struct {
        enum tally_metric metric;
        int64_t value;
    } values[] = {
        {TALLY_M_POSITION, -1},
        {TALLY_M_POSITION, MOST + 1},
        {TALLY_M_MEDIA_DURATION, -1},
        {TALLY_M_VOLUME, 101},
        {TALLY_M_MUTED, 2},
        {TALLY_M_DOWNLOAD_ERROR, -MOST - 1},
        {TALLY_M_BUFFER_LENGTH, (int64_t)INT32_MAX + 1},
        {TALLY_M_LATENCY, (int64_t)INT32_MIN - 1},
        {TALLY_M_DISPLAY_WIDTH, (int64_t)INT32_MAX + 1},
        {TALLY_M_DISPLAY_WIDTH, -1},
        {TALLY_M_DELIVERY, TALLY_DELIVERY_SRT + 1},
        {TALLY_M_DELIVERY, -1},
        {TALLY_M_HDCP, TALLY_HDCP_V2 + 1},
        {TALLY_M_POSITION, INT64_MAX},
        {TALLY_M_POSITION, INT64_MIN},
    };
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(tally_hook_set(&device.agent, film, values[i].metric, values[i].value),
                         TALLY_E_ARGUMENT);
    }
    expect_no_trace();
}

static void test_agent_refuses_to_set_what_is_not_the_players(void **state) {
    (void)state;
    static const enum tally_metric metrics[] = {
        TALLY_M_DOWNLOADS /* a counter */,
        TALLY_M_DOWNLOAD_TIME,
        TALLY_M_STATE,
        TALLY_M_PLAY_TIME,
        TALLY_M_LOAD_TIME,
        TALLY_M_SESSION_KIND,
        TALLY_M_CONTENT_ID /* a text */,
        TALLY_M_AD_MILESTONE,
        TALLY_M_SINCE_START,
        TALLY_M_STARTUP_HISTOGRAM,
        TALLY_M_FIRMWARE,
        TALLY_M_CPU_LOAD,
        (enum tally_metric)TALLY_METRICS,
        (enum tally_metric) - 1,
    };
    for (uint32_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        assert_int_equal(tally_hook_set(&device.agent, film, metrics[i], 1), TALLY_E_ARGUMENT);
    }
    assert_int_equal(tally_hook_set(&device.agent, 0, TALLY_M_POSITION, 1), TALLY_E_ARGUMENT);
    expect_no_trace();
}

static void test_agent_refuses_to_add_what_cannot_be_added(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_hook_add(agent, 0, TALLY_M_DOWNLOADS, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOADS, -1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOADS, MOST + 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_VOLUME, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_STALLS, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_BUFFER_LENGTH, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_add(agent, film, TALLY_METRICS, 1), TALLY_E_ARGUMENT);
    expect_no_trace();
}

static void test_agent_sums_stay_within_what_the_wire_can_hold(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOAD_BYTES, MOST), TALLY_OK);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOAD_BYTES, MOST), TALLY_OK);
    assert_int_equal(tally_hook_close(agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'x'), "m.mb"), MOST);
}

static void test_agent_board_notes_no_value_out_of_range(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_note(agent, TALLY_M_STACK_HIGH, -1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_note(agent, TALLY_M_NET_UDP_HIGH, -1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_note(agent, TALLY_M_NET_UDP_HIGH, MOST + 1), TALLY_E_ARGUMENT);
    assert_false(record_has(device_tell_agent(&device), "a.as"));
    assert_false(record_has(device_last(&device, 'a'), "n"));
    assert_int_equal(tally_note(agent, TALLY_M_NET_UDP_HIGH, MOST), TALLY_OK);
    assert_int_equal(record_number(device_tell_agent(&device), "n.uh"), MOST);
}

/* --- texts ---------------------------------------------------------------------------------- */

static int32_t set_text(const char *text) {
    return tally_hook_text(&device.agent, film, TALLY_M_CONTENT_TITLE, text);
}

static void expect_lost_texts(int64_t count) {
    assert_int_equal(record_number(device_tell_agent(&device), "a.ax"), count);
}

static void test_agent_refuses_what_is_no_text_of_a_player(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(set_text(NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, 0, TALLY_M_CONTENT_TITLE, "t"), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, film, TALLY_M_DELIVERY, "rtp"), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, film, TALLY_M_FIRMWARE, "1"), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, film, TALLY_METRICS, "1"), TALLY_E_ARGUMENT);
    expect_no_trace();
}

static void test_agent_counts_a_text_that_is_too_long(void **state) {
    (void)state;
    char text[TALLY_TEXT_BYTES + 1] = {0};
    memset(text, 'x', TALLY_TEXT_BYTES);
    assert_int_equal(set_text(text), TALLY_E_TOO_BIG);
    text[TALLY_TEXT_BYTES - 1] = '\0';
    assert_int_equal(set_text(text), TALLY_OK);
    expect_lost_texts(1);
}

static void test_agent_counts_a_text_that_is_not_utf_8(void **state) {
    (void)state;
    assert_int_equal(set_text("\xC3"), TALLY_E_TEXT);         /* cut short */
    assert_int_equal(set_text("\xC0\x80"), TALLY_E_TEXT);     /* longer than it need be */
    assert_int_equal(set_text("\xED\xA0\x80"), TALLY_E_TEXT); /* half of a surrogate pair */
    assert_int_equal(set_text("\xC3\xA9"), TALLY_OK);
    expect_lost_texts(3);
}

static void test_agent_counts_texts_beyond_its_slots(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_TEXT_SLOTS; i++) {
        assert_int_equal(set_text("t"), TALLY_OK);
    }
    assert_int_equal(set_text("t"), TALLY_E_FULL);
    expect_lost_texts(1);
    assert_int_equal(set_text("t"), TALLY_OK);
}

static void test_agent_counts_a_text_that_the_ring_has_no_room_for(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        assert_int_equal(tally_hook_pause(&device.agent, 99), TALLY_OK);
    }
    assert_int_equal(set_text("t"), TALLY_E_FULL);
    expect_lost_texts(1);
    for (uint32_t i = 0; i < TALLY_TEXT_SLOTS; i++) {
        assert_int_equal(set_text("t"), TALLY_OK); /* its slot is free again */
    }
}

static void test_agent_counts_a_dimension_that_the_session_has_no_room_for(void **state) {
    (void)state;
    char text[TALLY_TEXT_BYTES] = {0};
    memset(text, 'x', TALLY_TEXT_BYTES - 1);
    for (uint32_t i = 0; i < TALLY_SESSION_TEXT_BYTES / TALLY_TEXT_BYTES; i++) {
        const enum tally_metric metric = (enum tally_metric)(TALLY_M_CUSTOM_1 + i);
        assert_int_equal(tally_hook_text(&device.agent, film, metric, text), TALLY_OK);
        (void)device_wait(&device, 0);
    }
    assert_int_equal(tally_hook_set(&device.agent, film, TALLY_M_DELIVERY, 1), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_hook_set(&device.agent, film, TALLY_M_DISPLAY_WIDTH, 1920), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_in_range(record_number(device_tell_agent(&device), "a.ax"), 1, 3);
}

/* --- time and order ------------------------------------------------------------------------- */

/* A clock that goes back, against port.h: nothing is negative, nothing counts twice. */
static void test_agent_time_that_goes_back_counts_as_standing_still(void **state) {
    (void)state;
    device.port.now_ms += 10000;
    assert_int_equal(tally_hook_qualified_view(&device.agent, film, 0), TALLY_OK);
    (void)device_wait(&device, 0);
    device.port.now_ms -= 4000;
    assert_int_equal(tally_hook_pause(&device.agent, film), TALLY_OK);
    (void)device_wait(&device, 0);
    device.port.now_ms += 6000;
    assert_int_equal(tally_hook_close(&device.agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    const record_t end = device_last(&device, 'x');
    assert_int_equal(record_number(end, "p.pt"), 10000);
    assert_int_equal(record_number(end, "p.pd"), 2000);
    assert_int_equal(record_number(end, "p.xe"), 12000);
    assert_int_equal(record_number(end, "y.yp"), 2000);
}

static void test_agent_counts_what_makes_no_sense_and_does_nothing(void **state) {
    (void)state;
    static const enum tally_hook hooks[] = {
        TALLY_HOOK_PLAY,          TALLY_HOOK_FIRST_FRAME,   TALLY_HOOK_RESUME,
        TALLY_HOOK_SEEK_END,      TALLY_HOOK_BUFFERING_END, TALLY_HOOK_REPLAY,
        TALLY_HOOK_AD_END,        TALLY_HOOK_AD_BREAK_END,  TALLY_HOOK_AD_CLICK,
        TALLY_HOOK_AD_IMPRESSION, TALLY_HOOK_WAKE,          TALLY_HOOK_FIRST_PICTURE,
    };
    const uint32_t count = sizeof hooks / sizeof hooks[0];
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(tally_hook_event(&device.agent, film, hooks[i], 0), TALLY_OK);
    }
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bse");
    assert_int_equal(record_number(device_tell_agent(&device), "a.ai"), count);
    int64_t state_now = 0;
    assert_int_equal(tally_query(&device.agent, film, TALLY_M_STATE, &state_now), TALLY_OK);
    assert_int_equal(state_now, TALLY_STATE_PLAYING);
}

static void test_agent_ring_without_room_refuses_every_kind_of_event(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        assert_int_equal(tally_hook_pause(agent, 99), TALLY_OK);
    }
    assert_int_equal(tally_hook_open(agent), 0);
    assert_int_equal(tally_hook_open_publish(agent), 0);
    assert_int_equal(tally_hook_zap(agent, 0), 0);
    assert_int_equal(tally_hook_pause(agent, film), TALLY_E_FULL);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_POSITION, 1), TALLY_E_FULL);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOADS, 1), TALLY_E_FULL);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ae"), 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_refuses_hooks_that_are_none_or_have_calls_of_their_own,
                               set_up),
        cmocka_unit_test_setup(test_agent_refuses_events_of_no_session, set_up),
        cmocka_unit_test_setup(test_agent_refuses_codes_out_of_range, set_up),
        cmocka_unit_test_setup(test_agent_takes_codes_to_the_edge_of_their_range, set_up),
        cmocka_unit_test_setup(test_agent_refuses_values_out_of_range, set_up),
        cmocka_unit_test_setup(test_agent_refuses_to_set_what_is_not_the_players, set_up),
        cmocka_unit_test_setup(test_agent_refuses_to_add_what_cannot_be_added, set_up),
        cmocka_unit_test_setup(test_agent_sums_stay_within_what_the_wire_can_hold, set_up),
        cmocka_unit_test_setup(test_agent_board_notes_no_value_out_of_range, set_up),
        cmocka_unit_test_setup(test_agent_refuses_what_is_no_text_of_a_player, set_up),
        cmocka_unit_test_setup(test_agent_counts_a_text_that_is_too_long, set_up),
        cmocka_unit_test_setup(test_agent_counts_a_text_that_is_not_utf_8, set_up),
        cmocka_unit_test_setup(test_agent_counts_texts_beyond_its_slots, set_up),
        cmocka_unit_test_setup(test_agent_counts_a_text_that_the_ring_has_no_room_for, set_up),
        cmocka_unit_test_setup(test_agent_counts_a_dimension_that_the_session_has_no_room_for,
                               set_up),
        cmocka_unit_test_setup(test_agent_time_that_goes_back_counts_as_standing_still, set_up),
        cmocka_unit_test_setup(test_agent_counts_what_makes_no_sense_and_does_nothing, set_up),
        cmocka_unit_test_setup(test_agent_ring_without_room_refuses_every_kind_of_event, set_up),
    };
    return cmocka_run_group_tests_name("agent_input", tests, NULL, NULL);
}
