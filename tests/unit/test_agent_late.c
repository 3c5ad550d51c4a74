/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are told later than they were. */
#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static tally_t *agent(void) {
    return &device.agent;
}

static void tell_late(tally_session_id_t session, enum tally_hook hook, uint64_t ago_ms) {
    assert_int_equal(tally_hook_tell_at(agent(), session, hook, 0, 0, device.port.now_ms - ago_ms),
                     TALLY_OK);
}

static record_t end_of(tally_session_id_t session) {
    assert_int_equal(tally_hook_close(agent(), session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    return device_last(&device, 'x');
}

static void test_agent_counts_a_stall_from_when_it_began(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    tell_late(film, TALLY_HOOK_BUFFERING_BEGIN, 200);
    (void)device_wait(&device, 800);
    assert_int_equal(record_number(device_last(&device, 'e'), "u"), 9800);
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "p.pt"), 9800);
    assert_int_equal(record_number(end, "p.sd"), 1000);
}

static void test_agent_takes_an_event_to_come_for_now(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    assert_int_equal(tally_hook_tell_at(agent(), film, TALLY_HOOK_PAUSE, 0, 0, UINT64_MAX),
                     TALLY_OK);
    (void)device_wait(&device, 500);
    assert_int_equal(record_number(device_last(&device, 'e'), "u"), 10000);
}

static void test_agent_goes_back_no_further_than_the_last_event(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 300000);
    assert_int_equal(tally_hook_pause(agent(), film), TALLY_OK);
    (void)device_wait(&device, 1000);
    tell_late(film, TALLY_HOOK_RESUME, 200000);
    (void)device_wait(&device, 1000);
    const record_t resumed = device_last(&device, 'e');
    assert_int_equal(record_number(resumed, "u"), 300000);
    assert_int_equal(record_number(resumed, "y.yp"), 0);
    assert_int_equal(record_number(end_of(film), "p.pt"), 302000);
}

/* What a heartbeat has told may be taken back by so much, and no more. */
static void test_agent_goes_back_behind_a_heartbeat_but_for_its_last_moments(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 60000);
    (void)device_wait(&device, 5000);
    assert_int_equal(device_count(&device, 'h'), 1);
    tell_late(film, TALLY_HOOK_PAUSE, 30000);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'e'), "u"), 60000 - TALLY_LATE_MS);
}

static void test_agent_goes_back_by_weeks_and_not_to_come(void **state) {
    (void)state;
    device.port.now_ms += UINT64_C(3) << 31;
    const uint64_t opened_ms = device.port.now_ms - (UINT64_C(1) << 31) - 5;
    const tally_session_id_t film = tally_hook_open_at(agent(), TALLY_SESSION_PLAYBACK, opened_ms);
    (void)device_wait(&device, 0);
    int64_t elapsed_ms = 0;
    assert_int_equal(tally_query(agent(), film, TALLY_M_ELAPSED_TIME, &elapsed_ms), TALLY_OK);
    assert_int_equal(elapsed_ms, (INT64_C(1) << 31) - 3600000); /* what 32 bits can tell */
}

static void test_agent_opens_a_session_that_turns_out_late(void **state) {
    (void)state;
    (void)device_wait(&device, 20000);
    const uint64_t began_ms = device.port.now_ms - 4000;
    const tally_session_id_t film = tally_hook_open_at(agent(), TALLY_SESSION_PUBLISH, began_ms);
    (void)device_wait(&device, 0); /* it may be looked at before it is told of */
    tell_late(film, TALLY_HOOK_PLAY, 4000);
    tell_late(film, TALLY_HOOK_FIRST_FRAME, 1500);
    (void)device_wait(&device, 0);
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "d.ki"), TALLY_SESSION_PUBLISH);
    assert_int_equal(record_number(end, "p.su"), 2500);
    assert_int_equal(record_number(end, "p.xe"), 4000);
}

static void test_agent_refuses_late_what_it_refuses_at_once(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    assert_int_equal(tally_hook_tell_at(agent(), 0, TALLY_HOOK_PAUSE, 0, 0, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_tell_at(agent(), film, TALLY_HOOK_OPEN, 0, 0, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_tell_at(agent(), film, TALLY_HOOK_SET, 0, 0, 0), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_tell_at(agent(), film, TALLY_HOOK_RENDITION, 0, 0, 0),
                     TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_open_at(agent(), TALLY_SESSION_ZAP, 0), 0);
    assert_int_equal(tally_hook_open_at(agent(), (enum tally_session_kind)9, 0), 0);
    uint32_t room = 0;
    while (tally_hook_tell_at(agent(), film, TALLY_HOOK_PAUSE, 0, 0, 0) == TALLY_OK) {
        room++;
    }
    assert_in_range(room, 1, TALLY_EVENTS);
    assert_int_equal(tally_hook_open_at(agent(), TALLY_SESSION_PLAYBACK, 0), 0);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ae"), 2);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_agent_counts_a_stall_from_when_it_began),
        TEST(test_agent_takes_an_event_to_come_for_now),
        TEST(test_agent_goes_back_no_further_than_the_last_event),
        TEST(test_agent_goes_back_behind_a_heartbeat_but_for_its_last_moments),
        TEST(test_agent_goes_back_by_weeks_and_not_to_come),
        TEST(test_agent_opens_a_session_that_turns_out_late),
        TEST(test_agent_refuses_late_what_it_refuses_at_once),
    };
    return cmocka_run_group_tests_name("agent_late", tests, NULL, NULL);
}
