/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Players that flap. Of each kind of record as many are made as tally/config.h says, what is left
 * out is counted, and one kind of trouble does not hide another.
 *
 * Each flood brings one thing a millisecond and steps after each.
 */
#include "device.h"
#include "test.h"

_Static_assert(TALLY_START_BURST == 20 && TALLY_START_REFILL_MS == 3000, "worked out for these");
_Static_assert(TALLY_EVENT_BURST == 20 && TALLY_EVENT_REFILL_MS == 5000, "worked out for these");

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static void flash_sessions(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const tally_session_id_t session = device_play(&device);
        assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
        (void)device_wait(&device, 1);
    }
}

static void flood_errors(tally_session_id_t session, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(tally_hook_error(&device.agent, session, 5, TALLY_ERROR_NETWORK), 0);
        (void)device_wait(&device, 1);
    }
}

static void flood_stalls(tally_session_id_t session, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(tally_hook_buffering_begin(&device.agent, session), TALLY_OK);
        (void)device_wait(&device, 1);
        assert_int_equal(tally_hook_buffering_end(&device.agent, session), TALLY_OK);
        (void)device_wait(&device, 1);
    }
}

static void flood_pauses(tally_session_id_t session, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(tally_hook_pause(&device.agent, session), TALLY_OK);
        (void)device_wait(&device, 1);
        assert_int_equal(tally_hook_resume(&device.agent, session), TALLY_OK);
        (void)device_wait(&device, 1);
    }
}

static int64_t untold(void) {
    const record_t viewing = device_tell_viewing(&device);
    return record_has(viewing, "g.gy") ? record_number(viewing, "g.gy") : 0;
}

/* --- sessions ------------------------------------------------------------------------------- */

static void test_agent_flood_of_sessions_has_few_starts_and_the_rest_is_folded(void **state) {
    (void)state;
    flash_sessions(1000);
    assert_int_equal(device_count(&device, 's'), 20);
    assert_int_equal(device_count(&device, 'x'), 20);
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_number(viewing, "g.go"), 1000);
    assert_int_equal(record_number(viewing, "g.gi"), 980);
    assert_int_equal(record_number(viewing, "g.gp"), 980); /* each had a first frame */
    assert_int_equal(device_count_events(&device, TALLY_EVENT_FIRST_FRAME), 20);
    assert_int_equal(record_number(viewing, "g.gy"), 980);
}

static void test_agent_long_flood_of_sessions_has_one_start_each_refill(void **state) {
    (void)state;
    flash_sessions(10000); /* 9,999 ms from the first to the last */
    assert_int_equal(device_count(&device, 's'), 23);
    assert_int_equal(device_count(&device, 'x'), 23);
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gi"), 9977);
}

static void test_agent_starts_come_again_after_the_flood(void **state) {
    (void)state;
    flash_sessions(1000);
    (void)device_wait(&device, 1999); /* 2,999 ms after the first start */
    flash_sessions(1);
    assert_int_equal(device_count(&device, 's'), 20);
    flash_sessions(1);
    assert_int_equal(device_count(&device, 's'), 21);
    flash_sessions(1);
    assert_int_equal(device_count(&device, 's'), 21);
    (void)device_wait(&device, 60000); /* the whole burst is back */
    flash_sessions(21);
    assert_int_equal(device_count(&device, 's'), 41);
}

static void test_agent_long_session_of_a_flood_is_announced_later(void **state) {
    (void)state;
    flash_sessions(100);
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_hook_text(&device.agent, film, TALLY_M_CONTENT_ID, "film"), TALLY_OK);
    (void)device_wait(&device, 2899);
    assert_int_equal(device_count(&device, 's'), 20);
    (void)device_wait(&device, 1); /* 3 s after the first start */
    assert_int_equal(device_count(&device, 's'), 21);
    record_expect_text(device_last(&device, 's'), "d.ci", "film");
    (void)device_wait(&device, 57100);
    assert_int_equal(device_count(&device, 'h'), 1);
    assert_int_equal(tally_hook_close(&device.agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(device_count(&device, 's'), 21);
    assert_int_equal(device_count(&device, 'x'), 21);
    assert_int_equal(record_number(device_last(&device, 'x'), "s"), film);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.pt"), 60000);
    assert_int_equal(record_number(device_tell_viewing(&device), "g.gi"), 80);
}

static void test_agent_failures_beyond_the_limit_are_counted(void **state) {
    (void)state;
    flash_sessions(20);
    for (uint32_t i = 0; i < 50; i++) {
        const tally_session_id_t session = device_play(&device);
        assert_int_equal(tally_hook_fatal(&device.agent, session, 1, TALLY_ERROR_DRM), TALLY_OK);
        assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_ERROR), TALLY_OK);
        (void)device_wait(&device, 1);
    }
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(device_count(&device, 's'), 20);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_FATAL), 0);
    assert_int_equal(record_number(viewing, "g.gi"), 50);
    assert_int_equal(record_number(viewing, "g.gn"), 50);
    assert_int_equal(record_number(viewing, "g.ge"), 50);
    assert_int_equal(record_number(viewing, "g.gy"), 100); /* first frame and fatal of each */
}

/* --- events --------------------------------------------------------------------------------- */

static void test_agent_flood_of_errors_is_told_as_often_as_allowed(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    flood_errors(session, 1000);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_ERROR), 20);
    assert_int_equal(untold(), 980);
    flood_errors(session, 9000); /* 10 s in all: one more at 5 s */
    assert_int_equal(device_count_events(&device, TALLY_EVENT_ERROR), 21);
    assert_int_equal(untold(), 9979);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.er"), 10000);
    assert_int_equal(record_number(device_tell_viewing(&device), "g.ge"), 10000);
}

static void test_agent_flood_of_stalls_is_told_as_often_as_allowed(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    flood_stalls(session, 1000); /* 2 s */
    assert_int_equal(device_count_events(&device, TALLY_EVENT_STALL_BEGIN), 10);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_STALL_END), 10);
    assert_int_equal(untold(), 1980);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.sc"), 1000);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.sd"), 1000);
}

static void test_agent_flood_of_pauses_is_told_as_often_as_allowed(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    flood_pauses(session, 1000);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_FIRST_FRAME), 1);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_PAUSE), 10);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_RESUME), 9);
    assert_int_equal(untold(), 1981);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.pc"), 1000);
}

static void test_agent_errors_of_several_sessions_share_one_limit(void **state) {
    (void)state;
    const tally_session_id_t first = device_play(&device);
    const tally_session_id_t second = device_play(&device);
    flood_errors(first, 15);
    flood_errors(second, 15);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_ERROR), 20);
    assert_int_equal(untold(), 10);
}

static void test_agent_flood_of_one_class_hides_no_other(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    flood_errors(session, 500);
    flood_stalls(session, 3);
    flood_pauses(session, 3);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_STALL_BEGIN), 3);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_STALL_END), 3);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_PAUSE), 3);
    assert_int_equal(untold(), 480);
    flood_stalls(session, 250);
    flood_pauses(session, 250);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    flash_sessions(3); /* their starts and ends are told */
    assert_int_equal(device_count(&device, 's'), 4);
    assert_int_equal(device_count(&device, 'x'), 4);
}

static void test_agent_fatal_error_counts_among_the_errors(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    flood_errors(session, 500);
    assert_int_equal(tally_hook_fatal(&device.agent, session, 9, TALLY_ERROR_MEDIA), TALLY_OK);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_ERROR), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_FATAL), 0);
    assert_int_equal(untold(), 481);
    /* the end tells it */
    assert_int_equal(record_number(device_last(&device, 'x'), "p.pf"), 1);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.eo"), 9);
}

static void test_agent_events_come_again_after_the_flood(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    flood_errors(session, 1000);
    (void)device_wait(&device, 3999); /* 4,999 ms after the first of them */
    flood_errors(session, 1);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_ERROR), 20);
    flood_errors(session, 1);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_ERROR), 21);
    (void)device_wait(&device, 100000); /* the whole burst is back */
    flood_errors(session, 21);
    assert_int_equal(device_count_events(&device, TALLY_EVENT_ERROR), 41);
    assert_int_equal(untold(), 982);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_flood_of_sessions_has_few_starts_and_the_rest_is_folded,
                               set_up),
        cmocka_unit_test_setup(test_agent_long_flood_of_sessions_has_one_start_each_refill, set_up),
        cmocka_unit_test_setup(test_agent_starts_come_again_after_the_flood, set_up),
        cmocka_unit_test_setup(test_agent_long_session_of_a_flood_is_announced_later, set_up),
        cmocka_unit_test_setup(test_agent_failures_beyond_the_limit_are_counted, set_up),
        cmocka_unit_test_setup(test_agent_flood_of_errors_is_told_as_often_as_allowed, set_up),
        cmocka_unit_test_setup(test_agent_flood_of_stalls_is_told_as_often_as_allowed, set_up),
        cmocka_unit_test_setup(test_agent_flood_of_pauses_is_told_as_often_as_allowed, set_up),
        cmocka_unit_test_setup(test_agent_errors_of_several_sessions_share_one_limit, set_up),
        cmocka_unit_test_setup(test_agent_flood_of_one_class_hides_no_other, set_up),
        cmocka_unit_test_setup(test_agent_fatal_error_counts_among_the_errors, set_up),
        cmocka_unit_test_setup(test_agent_events_come_again_after_the_flood, set_up),
    };
    return cmocka_run_group_tests_name("agent_limits", tests, NULL, NULL);
}
