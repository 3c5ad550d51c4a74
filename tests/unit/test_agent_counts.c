/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is lost in silence: what went wrong is in the record that the agent makes of itself. */
#include <string.h>

#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static void test_agent_record_about_itself_comes_with_each_upload_period(void **state) {
    (void)state;
    (void)device_wait(&device, 299998);
    device_expect_kinds(&device, "b");
    (void)device_wait(&device, 2);
    (void)device_wait(&device, 299999);
    device_expect_kinds(&device, "bav");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bavav");
}

static void test_agent_without_trouble_has_little_to_tell(void **state) {
    (void)state;
    const record_t record = device_tell_agent(&device);
    assert_int_equal(record_keys(record, "a"), 6);
    assert_int_equal(record_number(record, "a.a3"), 1000000);
    assert_int_equal(record_number(record, "a.al"), 0);
    assert_int_equal(record_number(record, "a.am"), 1); /* the boot record */
    assert_true(record_has(record, "a.ap"));
    assert_int_equal(record_number(record, "a.bk"), 0);
    assert_int_equal(record_number(record, "a.wq"), TALLY_WALL_UNKNOWN);
    assert_false(record_has(record, "n"));
}

static void test_agent_counts_stray_events(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_hook_play(agent, 5), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, 5, TALLY_M_POSITION, 0), TALLY_OK);
    assert_int_equal(tally_hook_text(agent, 5, TALLY_M_CONTENT_ID, "id"), TALLY_OK);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ay"), 3);
}

static void test_agent_events_after_close_are_stray(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    assert_int_equal(tally_hook_pause(&device.agent, session), TALLY_OK);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ay"), 2);
    device_expect_kinds(&device, "bsexav");
}

static void test_agent_counts_illegal_events(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    assert_int_equal(tally_hook_resume(&device.agent, session), TALLY_OK);
    assert_int_equal(tally_hook_first_frame(&device.agent, session), TALLY_OK);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ai"), 2);
}

static void test_agent_counts_sessions_beyond_its_pool(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        (void)device_play(&device);
        (void)device_wait(&device, 0);
    }
    const tally_session_id_t refused = device_play(&device);
    (void)device_wait(&device, 0);
    const record_t record = device_tell_agent(&device);
    assert_int_equal(record_number(record, "a.us"), 1);
    assert_int_equal(record_number(record, "a.ay"), 2); /* its play and its first frame */
    assert_int_equal(refused, TALLY_SESSIONS + 1);
}

static void test_agent_slot_of_a_closed_session_is_used_again(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 3 * TALLY_SESSIONS; i++) {
        const tally_session_id_t session = device_play(&device);
        assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
        (void)device_wait(&device, 0);
    }
    assert_false(record_has(device_tell_agent(&device), "a.us"));
}

static void test_agent_counts_dropped_events(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        assert_int_equal(tally_hook_play(&device.agent, 5), TALLY_OK);
    }
    assert_int_equal(tally_hook_play(&device.agent, 5), TALLY_E_FULL);
    assert_int_equal(tally_hook_open(&device.agent), 0);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ae"), 2);
}

static void test_agent_counts_lost_texts(void **state) {
    (void)state;
    /* Its kind takes 5 bytes of what a session has, and each of these one more than a slot. */
    const uint32_t fitting = (TALLY_SESSION_TEXT_BYTES - 5) / (TALLY_TEXT_BYTES + 1);
    char text[TALLY_TEXT_BYTES] = {0};
    memset(text, 'x', sizeof text - 1);
    const tally_session_id_t session = device_play(&device);
    assert_int_equal(tally_hook_text(&device.agent, session, TALLY_M_CONTENT_ID, "\xFF"),
                     TALLY_E_TEXT);
    for (uint32_t i = 0; i <= fitting; i++) {
        const enum tally_metric metric = (enum tally_metric)(TALLY_M_CUSTOM_1 + i);
        (void)device_wait(&device, 0);
        assert_int_equal(tally_hook_text(&device.agent, session, metric, text), TALLY_OK);
    }
    assert_int_equal(record_number(device_tell_agent(&device), "a.ax"), 2); /* not UTF-8, no room */
}

static void test_agent_text_slots_are_free_after_each_step(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 3 * TALLY_TEXT_SLOTS; i++) {
        assert_int_equal(tally_hook_text(&device.agent, 5, TALLY_M_CONTENT_ID, "id"), TALLY_OK);
        (void)device_wait(&device, 0);
    }
    assert_false(record_has(device_tell_agent(&device), "a.ax"));
}

static void test_agent_counts_records_that_the_store_refused(void **state) {
    (void)state;
    device.store.program_fails_in = 1;
    device.store.programs_fail_more = UINT32_MAX;
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    device.store.program_fails_in = 0;
    device.store.programs_fail_more = 0;
    assert_int_equal(record_number(device_tell_agent(&device), "a.ao"), 2); /* start, event */
}

static void test_agent_counts_records_that_the_store_spoilt(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    device.store.memory[116] ^= 1; /* in the boot record, behind two checkpoints */
    device.transport.open_says = TALLY_OPEN;
    device.transport.replies[0] = "HTTP/1.1 204 No Content\r\n\r\n";
    tally_flush(&device.agent);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ao"), 1);
}

static void test_agent_tells_why_uploads_failed(void **state) {
    (void)state;
    device.transport.open_says = TALLY_E_CONNECT;
    tally_flush(&device.agent);
    (void)device_wait(&device, 0);
    const record_t record = device_tell_agent(&device);
    assert_int_equal(record_number(record, "a.an"), 1);
    assert_int_equal(record_number(record, "a.le"), TALLY_E_CONNECT);
    assert_false(record_has(record, "a.lh"));
}

static void test_agent_tells_how_uploads_went(void **state) {
    (void)state;
    device.transport.open_says = TALLY_OPEN;
    device.transport.reply_after = UINT32_MAX; /* no answer yet */
    tally_flush(&device.agent);
    (void)device_wait(&device, 0);
    record_t record = device_tell_agent(&device);
    assert_int_equal(record_number(record, "a.az"), 1);
    assert_false(record_has(record, "a.aj"));
    assert_false(record_has(record, "a.ak"));
    device.transport.reply = "HTTP/1.1 204 No Content\r\n\r\n";
    (void)device_wait(&device, 350);
    record = device_tell_agent(&device);
    assert_int_equal(record_number(record, "a.az"), 2); /* the record above is on its way */
    assert_int_equal(record_number(record, "a.au"), 1);
    assert_int_equal(record_number(record, "a.lh"), 204);
    assert_int_equal(record_number(record, "a.ak"), 0); /* all at once */
    assert_int_equal(record_number(record, "a.aj"), 350);
}

static uint32_t wall_takes_ms;

/* A clock chip behind a slow bus: time passes in the middle of a step. */
static tally_wall_t slow_wall(void *ctx) {
    (void)ctx;
    device.port.now_ms += wall_takes_ms;
    return device.port.wall;
}

static void test_agent_tells_its_longest_step(void **state) {
    (void)state;
    device.port.port.wall = slow_wall;
    wall_takes_ms = 37;
    (void)device_wait(&device, 1000);
    wall_takes_ms = 12;
    (void)device_wait(&device, 1000);
    assert_int_equal(record_number(device_tell_agent(&device), "a.al"), 37);
}

/* All 46 of the group but aq (bit 20), which is not measured, and ah (bit 11), as (bit 22) and w0
 * (bit 43) where the board does not note them. */
static void test_agent_declares_of_itself_what_it_measures(void **state) {
    (void)state;
    assert_int_equal(record_number(device_last(&device, 'b'), "c.a"), 70368743129087);
    device_prepare(&device);
    device.options.capabilities[TALLY_G_AGENT] = 0;
    assert_int_equal(device_init(&device), TALLY_OK);
    assert_int_equal(record_number(device_last(&device, 'b'), "c.a"), 61572645910527);
}

/* --- what the board notes ------------------------------------------------------------------- */

static void test_agent_tells_what_the_board_noted(void **state) {
    (void)state;
    assert_int_equal(tally_note(&device.agent, TALLY_M_TLS_HEAP_HIGH, 41000), TALLY_OK);
    assert_int_equal(tally_note(&device.agent, TALLY_M_NET_UDP_HIGH, 0), TALLY_OK);
    assert_int_equal(tally_note(&device.agent, TALLY_M_NET_TCP_FAILED, 3), TALLY_OK);
    const record_t record = device_tell_agent(&device);
    assert_int_equal(record_number(record, "a.ah"), 41000);
    assert_int_equal(record_number(record, "n.uh"), 0);
    assert_int_equal(record_number(record, "n.cf"), 3);
}

static void test_agent_board_notes_nothing_else(void **state) {
    (void)state;
    assert_int_equal(tally_note(&device.agent, TALLY_M_PLAY_TIME, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_note(&device.agent, TALLY_M_EVENTS_DROPPED, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_note(&device.agent, TALLY_M_SPOOL_HIGH, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_note(&device.agent, TALLY_M_RTP_JITTER, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_note(&device.agent, TALLY_METRICS, 1), TALLY_E_ARGUMENT);
}

/* --- arguments of hooks --------------------------------------------------------------------- */

static void test_agent_hooks_refuse_what_is_no_event(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_hook_event(agent, 0, TALLY_HOOK_PLAY, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_event(agent, 1, TALLY_HOOK_OPEN, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_event(agent, 1, TALLY_HOOK_SET, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_event(agent, 1, TALLY_HOOK_TEXT, 0), TALLY_E_ARGUMENT);
}

static void test_agent_hooks_refuse_what_cannot_be_set(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    const int64_t most = 9007199254740992; /* 2^53 */
    assert_int_equal(tally_hook_set(agent, 0, TALLY_M_POSITION, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, 1, TALLY_M_PLAY_TIME, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, 1, TALLY_M_CONTENT_ID, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, 1, TALLY_M_POSITION, most + 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(agent, 1, TALLY_M_POSITION, most), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, 1, TALLY_M_POSITION, -1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, 0, TALLY_M_CONTENT_ID, "id"), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, 1, TALLY_M_DELIVERY, "rtp"), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_text(agent, 1, TALLY_M_CONTENT_ID, NULL), TALLY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_record_about_itself_comes_with_each_upload_period,
                               set_up),
        cmocka_unit_test_setup(test_agent_without_trouble_has_little_to_tell, set_up),
        cmocka_unit_test_setup(test_agent_counts_stray_events, set_up),
        cmocka_unit_test_setup(test_agent_events_after_close_are_stray, set_up),
        cmocka_unit_test_setup(test_agent_counts_illegal_events, set_up),
        cmocka_unit_test_setup(test_agent_counts_sessions_beyond_its_pool, set_up),
        cmocka_unit_test_setup(test_agent_slot_of_a_closed_session_is_used_again, set_up),
        cmocka_unit_test_setup(test_agent_counts_dropped_events, set_up),
        cmocka_unit_test_setup(test_agent_counts_lost_texts, set_up),
        cmocka_unit_test_setup(test_agent_text_slots_are_free_after_each_step, set_up),
        cmocka_unit_test_setup(test_agent_counts_records_that_the_store_refused, set_up),
        cmocka_unit_test_setup(test_agent_counts_records_that_the_store_spoilt, set_up),
        cmocka_unit_test_setup(test_agent_tells_why_uploads_failed, set_up),
        cmocka_unit_test_setup(test_agent_tells_how_uploads_went, set_up),
        cmocka_unit_test_setup(test_agent_tells_its_longest_step, set_up),
        cmocka_unit_test_setup(test_agent_declares_of_itself_what_it_measures, set_up),
        cmocka_unit_test_setup(test_agent_tells_what_the_board_noted, set_up),
        cmocka_unit_test_setup(test_agent_board_notes_nothing_else, set_up),
        cmocka_unit_test_setup(test_agent_hooks_refuse_what_is_no_event, set_up),
        cmocka_unit_test_setup(test_agent_hooks_refuse_what_cannot_be_set, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
