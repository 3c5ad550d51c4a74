/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All sessions of a boot together: what is summed up, and how values are spread.
 *
 * At scale 3 bucket i of a histogram counts values above 2^(i/8) up to 2^((i+1)/8):
 *
 *     i       61    65     71     79      95
 *     above  197.4 279.2  469.5  939.0   3756
 *     up to  215.3 304.4  512    1024    4096
 */
#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static void tell(tally_session_id_t session, enum tally_hook hook, int32_t code) {
    assert_int_equal(tally_hook_event(&device.agent, session, hook, code), TALLY_OK);
}

static void close_session(tally_session_id_t session) {
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
}

/* Opens a session whose first frame is on screen after so long. */
static tally_session_id_t start_in(uint32_t joining_ms) {
    const tally_session_id_t session = tally_hook_open(&device.agent);
    tell(session, TALLY_HOOK_PLAY, 0);
    device.port.now_ms += joining_ms;
    tell(session, TALLY_HOOK_FIRST_FRAME, 0);
    (void)device_wait(&device, 0);
    return session;
}

/* --- when ----------------------------------------------------------------------------------- */

static void test_agent_tells_of_all_sessions_every_upload_period(void **state) {
    (void)state;
    close_session(start_in(300));
    (void)device_wait(&device, 299699);
    assert_int_equal(device_count(&device, 'v'), 0);
    (void)device_wait(&device, 1);
    assert_int_equal(device_count(&device, 'v'), 1);
    close_session(start_in(0));
    (void)device_wait(&device, 299999);
    assert_int_equal(device_count(&device, 'v'), 1);
    (void)device_wait(&device, 1);
    assert_int_equal(device_count(&device, 'v'), 2);
    const record_t viewing = device_last(&device, 'v');
    assert_int_equal(record_number(viewing, "u"), 600000);
    assert_int_equal(record_number(viewing, "g.go"), 2); /* cumulative */
    assert_int_equal(record_number(viewing, "g.gd"), 600000);
    assert_false(record_has(viewing, "s"));
}

static void test_agent_without_sessions_tells_its_engaged_time_alone(void **state) {
    (void)state;
    (void)device_wait(&device, 1000);
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_keys(viewing, "g"), 1);
    assert_int_equal(record_number(viewing, "g.gd"), 1000);
    assert_false(record_has(viewing, "h"));
}

/* --- sums ----------------------------------------------------------------------------------- */

static void test_agent_sums_up_all_sessions_with_records_of_their_own_or_not(void **state) {
    (void)state;
    const tally_session_id_t film = start_in(300);
    tell(film, TALLY_HOOK_LOADED, 0);
    tell(film, TALLY_HOOK_AD_START, 0);
    tell(film, TALLY_HOOK_AD_ERROR, 303);
    tell(film, TALLY_HOOK_AD_END, TALLY_AD_FAILED);
    tell(film, TALLY_HOOK_AD_START, 0);
    assert_int_equal(tally_hook_error(&device.agent, film, 1, TALLY_ERROR_DRM), TALLY_OK);
    const tally_session_id_t channel = tally_hook_zap(&device.agent, film);
    tell(channel, TALLY_HOOK_FATAL, 2);
    const tally_session_id_t unplayed = tally_hook_open(&device.agent);
    (void)device_wait(&device, 0);
    close_session(unplayed);
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_number(viewing, "g.go"), 3);
    assert_int_equal(record_number(viewing, "g.gq"), 2);
    assert_int_equal(record_number(viewing, "g.gc"), 1);
    assert_int_equal(record_number(viewing, "g.gz"), 1);
    assert_int_equal(record_number(viewing, "g.gu"), 1);
    assert_int_equal(record_number(viewing, "g.ga"), 2);
    assert_int_equal(record_number(viewing, "g.ge"), 3);
    assert_false(record_has(viewing, "g.gi"));
}

/* Opening, values and texts are none; what makes no sense is one, what is for nobody or refused by
 * the hook is not. */
static void test_agent_counts_as_many_events_as_there_were(void **state) {
    (void)state;
    const tally_session_id_t film = start_in(300);
    tell(film, TALLY_HOOK_PAUSE, 0);
    tell(film, TALLY_HOOK_PAUSE, 0); /* illegal */
    tell(film, TALLY_HOOK_RESUME, 0);
    tell(film + 1, TALLY_HOOK_PAUSE, 0); /* stray */
    assert_int_equal(tally_hook_event(&device.agent, film, TALLY_HOOK_AD_END, 9), TALLY_E_ARGUMENT);
    assert_int_equal(tally_hook_set(&device.agent, film, TALLY_M_POSITION, 5), TALLY_OK);
    assert_int_equal(tally_hook_add(&device.agent, film, TALLY_M_DOWNLOADS, 1), TALLY_OK);
    assert_int_equal(tally_hook_text(&device.agent, film, TALLY_M_CONTENT_ID, "id"), TALLY_OK);
    close_session(film);
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_number(viewing, "g.gs"), 6); /* play, frame, 2 pauses, resume, close */
}

/* --- spread --------------------------------------------------------------------------------- */

static void test_agent_startup_times_are_spread_over_a_histogram(void **state) {
    (void)state;
    close_session(start_in(300));
    close_session(start_in(1000));
    close_session(start_in(290));
    close_session(start_in(0));
    const int64_t spread[] = {3, 1, 65, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    record_expect_integers(device_tell_viewing(&device), "h.ha", spread,
                           sizeof spread / sizeof spread[0]);
}

static void test_agent_spoilt_startup_is_in_no_histogram(void **state) {
    (void)state;
    const tally_session_id_t film = tally_hook_open(&device.agent);
    tell(film, TALLY_HOOK_PLAY, 0);
    tell(film, TALLY_HOOK_SEEK_BEGIN, 0);
    (void)device_wait(&device, 300);
    tell(film, TALLY_HOOK_SEEK_END, 0);
    tell(film, TALLY_HOOK_FIRST_FRAME, 0);
    const record_t viewing = device_tell_viewing(&device);
    assert_false(record_has(viewing, "h.ha"));
    record_expect_integers(viewing, "h.hc", (const int64_t[]){3, 0, 65, 1}, 4);
}

static void test_agent_publisher_has_no_startup_in_the_histogram_of_viewers(void **state) {
    (void)state;
    const tally_session_id_t camera = tally_hook_open_publish(&device.agent);
    tell(camera, TALLY_HOOK_PLAY, 0);
    device.port.now_ms += 300;
    tell(camera, TALLY_HOOK_FIRST_FRAME, 0);
    close_session(camera);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.su"), 300);
    assert_int_equal(record_number(device_last(&device, 's'), "d.ki"), TALLY_SESSION_PUBLISH);
    assert_false(record_has(device_tell_viewing(&device), "h"));
}

static void test_agent_stalls_and_seeks_are_spread_over_histograms(void **state) {
    (void)state;
    const tally_session_id_t film = start_in(0);
    for (uint32_t i = 0; i < 3; i++) {
        tell(film, TALLY_HOOK_BUFFERING_BEGIN, 0);
        device.port.now_ms += 200;
        tell(film, TALLY_HOOK_BUFFERING_END, 0);
        tell(film, TALLY_HOOK_SEEK_BEGIN, 0);
        device.port.now_ms += 500;
        tell(film, TALLY_HOOK_SEEK_END, 0);
        (void)device_wait(&device, 1000);
    }
    const record_t viewing = device_tell_viewing(&device);
    record_expect_integers(viewing, "h.hb", (const int64_t[]){3, 0, 61, 3}, 4);
    record_expect_integers(viewing, "h.hc", (const int64_t[]){3, 0, 71, 3}, 4);
}

/* A stall that goes on is in no histogram yet: its length is not known. */
static void test_agent_stall_is_in_the_histogram_when_it_is_over(void **state) {
    (void)state;
    const tally_session_id_t film = start_in(300);
    tell(film, TALLY_HOOK_BUFFERING_BEGIN, 0);
    (void)device_wait(&device, 200);
    assert_false(record_has(device_tell_viewing(&device), "h.hb"));
    close_session(film);
    record_expect_integers(device_tell_viewing(&device), "h.hb", (const int64_t[]){3, 0, 61, 1}, 4);
}

/* 4 s of buffer for 2.5 s of playing, a pause that does not count, 0.5 s more: 3 seconds; then none
 * for 2 s of a stall. */
static void test_agent_buffer_is_counted_by_the_second_that_it_held(void **state) {
    (void)state;
    const tally_session_id_t film = start_in(300);
    assert_int_equal(tally_hook_set(&device.agent, film, TALLY_M_BUFFER_LENGTH, 4000), TALLY_OK);
    (void)device_wait(&device, 2500);
    tell(film, TALLY_HOOK_PAUSE, 0);
    (void)device_wait(&device, 60000);
    tell(film, TALLY_HOOK_RESUME, 0);
    (void)device_wait(&device, 500);
    assert_int_equal(tally_hook_set(&device.agent, film, TALLY_M_BUFFER_LENGTH, 0), TALLY_OK);
    tell(film, TALLY_HOOK_BUFFERING_BEGIN, 0);
    (void)device_wait(&device, 2000);
    close_session(film);
    record_expect_integers(device_tell_viewing(&device), "h.hg", (const int64_t[]){3, 2, 95, 3}, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_tells_of_all_sessions_every_upload_period, set_up),
        cmocka_unit_test_setup(test_agent_without_sessions_tells_its_engaged_time_alone, set_up),
        cmocka_unit_test_setup(test_agent_sums_up_all_sessions_with_records_of_their_own_or_not,
                               set_up),
        cmocka_unit_test_setup(test_agent_counts_as_many_events_as_there_were, set_up),
        cmocka_unit_test_setup(test_agent_startup_times_are_spread_over_a_histogram, set_up),
        cmocka_unit_test_setup(test_agent_spoilt_startup_is_in_no_histogram, set_up),
        cmocka_unit_test_setup(test_agent_publisher_has_no_startup_in_the_histogram_of_viewers,
                               set_up),
        cmocka_unit_test_setup(test_agent_stalls_and_seeks_are_spread_over_histograms, set_up),
        cmocka_unit_test_setup(test_agent_stall_is_in_the_histogram_when_it_is_over, set_up),
        cmocka_unit_test_setup(test_agent_buffer_is_counted_by_the_second_that_it_held, set_up),
    };
    return cmocka_run_group_tests_name("agent_viewing", tests, NULL, NULL);
}
