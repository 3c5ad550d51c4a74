/* SPDX-License-Identifier: Apache-2.0 */
/* Standby: the time asleep counts as nothing else, however long it is. */
#include "device.h"
#include "test.h"

#define NIGHT_MS 28800000 /* 8 hours */

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static void suspend(void) {
    assert_int_equal(tally_suspend(&device.agent), TALLY_OK);
}

static void resume(void) {
    assert_int_equal(tally_resume(&device.agent), TALLY_OK);
}

static record_t end_of(tally_session_id_t session) {
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    return device_last(&device, 'x');
}

static void test_agent_night_in_standby_is_suspended_time(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    suspend();
    device.port.now_ms += NIGHT_MS;
    resume();
    (void)device_wait(&device, 7000);
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "p.zd"), NIGHT_MS);
    assert_int_equal(record_number(end, "p.ss"), 1);
    assert_int_equal(record_number(end, "p.pt"), 17000);
    assert_int_equal(record_number(end, "p.xe"), NIGHT_MS + 17000);
}

static void test_agent_standby_is_told_as_it_begins_and_ends(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_play(&device);
    (void)device_wait(&device, 10000);
    suspend();
    assert_int_equal(device_count_events(&device, TALLY_EVENT_SUSPEND), 2);
    assert_int_equal(record_number(device_last(&device, 'e'), "u"), 10000);
    device.port.now_ms += NIGHT_MS;
    resume();
    assert_int_equal(device_count_events(&device, TALLY_EVENT_WAKE), 2);
    const record_t wake = device_last(&device, 'e');
    assert_int_equal(record_number(wake, "u"), NIGHT_MS + 10000);
    assert_int_equal(record_number(wake, "e.ec"), NIGHT_MS);
}

static void test_agent_standby_twice_is_a_mistake(void **state) {
    (void)state;
    assert_int_equal(tally_resume(&device.agent), TALLY_E_STATE);
    suspend();
    assert_int_equal(tally_suspend(&device.agent), TALLY_E_STATE);
    resume();
    assert_int_equal(tally_resume(&device.agent), TALLY_E_STATE);
    suspend();
}

/* --- heartbeats ----------------------------------------------------------------------------- */

static void test_agent_has_no_heartbeat_in_standby(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 10000);
    suspend();
    device.agent.agent_due_ms = UINT64_MAX; /* not the subject here */
    for (uint32_t minutes = 0; minutes < 480; minutes++) {
        (void)device_wait(&device, 60000); /* a board that steps all the same */
    }
    resume();
    (void)device_wait(&device, 59999);
    assert_int_equal(device_count(&device, 'h'), 0);
    (void)device_wait(&device, 1);
    assert_int_equal(device_count(&device, 'h'), 1);
    assert_int_equal(record_number(device_last(&device, 'h'), "p.zd"), NIGHT_MS);
}

static void test_agent_makes_up_for_no_heartbeat_after_standby(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 10000);
    suspend();
    device.port.now_ms += NIGHT_MS; /* a board that sleeps deeply: no step in between */
    resume();
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 59999);
    assert_int_equal(device_count(&device, 'h'), 0);
    (void)device_wait(&device, 1);
    assert_int_equal(device_count(&device, 'h'), 1);
    (void)device_wait(&device, 59999);
    assert_int_equal(device_count(&device, 'h'), 1);
}

static void test_agent_player_that_wakes_itself_makes_up_for_no_heartbeat(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    assert_int_equal(tally_hook_suspend(&device.agent, film), TALLY_OK);
    (void)device_wait(&device, 0);
    device.port.now_ms += NIGHT_MS;
    assert_int_equal(tally_hook_wake(&device.agent, film), TALLY_OK);
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 59999);
    assert_int_equal(device_count(&device, 'h'), 0);
    (void)device_wait(&device, 1);
    assert_int_equal(device_count(&device, 'h'), 1);
}

static void test_agent_tells_once_of_itself_after_standby(void **state) {
    (void)state;
    suspend();
    device.port.now_ms += NIGHT_MS;
    resume();
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 1000);
    device_expect_kinds(&device, "bav");
}

/* --- what belongs where --------------------------------------------------------------------- */

static void test_agent_events_before_standby_belong_to_the_time_before(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    assert_int_equal(tally_hook_pause(&device.agent, film), TALLY_OK); /* waits in the ring */
    device.port.now_ms += 500;
    suspend();
    device.port.now_ms += NIGHT_MS;
    resume();
    (void)device_wait(&device, 2000);
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "p.pt"), 10000);
    assert_int_equal(record_number(end, "p.pd"), 2500);
    assert_int_equal(record_number(end, "p.zd"), NIGHT_MS);
}

static void test_agent_stall_ends_with_standby(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    assert_int_equal(tally_hook_buffering_begin(&device.agent, film), TALLY_OK);
    device.port.now_ms += 300;
    suspend();
    device.port.now_ms += NIGHT_MS;
    resume();
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "p.sd"), 300);
    assert_int_equal(record_number(end, "p.mx"), 300);
}

static void test_agent_standby_is_not_engaged_time(void **state) {
    (void)state;
    (void)device_wait(&device, 10000);
    suspend();
    device.port.now_ms += NIGHT_MS;
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gd"), 10000);
    resume();
    (void)device_wait(&device, 5000);
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gd"), 15000);
    suspend();
    device.port.now_ms += 1000;
    resume();
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gd"), 15000);
}

static void test_agent_session_closed_in_standby_has_its_end(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    suspend();
    device.port.now_ms += 4000;
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "p.pt"), 10000);
    assert_int_equal(record_number(end, "p.zd"), 4000);
}

/* A recording that starts at night plays; waking the device is no event of it. */
static void test_agent_session_opened_in_standby_is_not_woken(void **state) {
    (void)state;
    suspend();
    const tally_session_id_t recording = device_play(&device);
    (void)device_wait(&device, 3000);
    resume();
    (void)device_wait(&device, 2000);
    assert_false(record_has(device_tell_agent(&device), "a.ai"));
    assert_int_equal(device_count_events(&device, TALLY_EVENT_WAKE), 0);
    const record_t end = end_of(recording);
    assert_int_equal(record_number(end, "p.pt"), 5000);
    assert_false(record_has(end, "p.zd"));
}

static void test_agent_session_put_away_by_its_player_is_in_standby_once(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    assert_int_equal(tally_hook_suspend(&device.agent, film), TALLY_OK);
    (void)device_wait(&device, 1000);
    suspend();
    device.port.now_ms += 4000;
    resume();
    (void)device_wait(&device, 0);
    assert_false(record_has(device_tell_agent(&device), "a.ai"));
    const record_t end = end_of(film);
    assert_int_equal(record_number(end, "p.ss"), 1);
    assert_int_equal(record_number(end, "p.zd"), 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_night_in_standby_is_suspended_time, set_up),
        cmocka_unit_test_setup(test_agent_standby_is_told_as_it_begins_and_ends, set_up),
        cmocka_unit_test_setup(test_agent_standby_twice_is_a_mistake, set_up),
        cmocka_unit_test_setup(test_agent_has_no_heartbeat_in_standby, set_up),
        cmocka_unit_test_setup(test_agent_makes_up_for_no_heartbeat_after_standby, set_up),
        cmocka_unit_test_setup(test_agent_player_that_wakes_itself_makes_up_for_no_heartbeat,
                               set_up),
        cmocka_unit_test_setup(test_agent_tells_once_of_itself_after_standby, set_up),
        cmocka_unit_test_setup(test_agent_events_before_standby_belong_to_the_time_before, set_up),
        cmocka_unit_test_setup(test_agent_stall_ends_with_standby, set_up),
        cmocka_unit_test_setup(test_agent_standby_is_not_engaged_time, set_up),
        cmocka_unit_test_setup(test_agent_session_closed_in_standby_has_its_end, set_up),
        cmocka_unit_test_setup(test_agent_session_opened_in_standby_is_not_woken, set_up),
        cmocka_unit_test_setup(test_agent_session_put_away_by_its_player_is_in_standby_once,
                               set_up),
    };
    return cmocka_run_group_tests_name("agent_standby", tests, NULL, NULL);
}
