/* SPDX-License-Identifier: Apache-2.0 */
/* What an application may ask: the open sessions and their figures as of now. */
#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

static void expect(tally_session_id_t session, enum tally_metric metric, int64_t expected) {
    int64_t value = -1;
    assert_int_equal(tally_query(&device.agent, session, metric, &value), TALLY_OK);
    assert_int_equal(value, expected);
}

static void expect_status(tally_session_id_t session, enum tally_metric metric, int32_t status) {
    int64_t value = 77;
    assert_int_equal(tally_query(&device.agent, session, metric, &value), status);
    assert_int_equal(value, 77); /* left alone */
}

/* --- sessions ------------------------------------------------------------------------------- */

static void test_agent_without_sessions_lists_none(void **state) {
    (void)state;
    tally_session_id_t numbers[TALLY_SESSIONS] = {0};
    assert_int_equal(tally_sessions(&device.agent, numbers, TALLY_SESSIONS), 0);
    assert_int_equal(numbers[0], 0);
    assert_int_equal(tally_sessions(&device.agent, NULL, 0), 0);
}

static void test_agent_lists_its_open_sessions(void **state) {
    (void)state;
    tally_session_id_t numbers[TALLY_SESSIONS] = {0};
    const tally_session_id_t first = device_play(&device);
    const tally_session_id_t second = device_play(&device);
    const tally_session_id_t third = device_play(&device);
    assert_int_equal(tally_sessions(&device.agent, numbers, TALLY_SESSIONS), 0); /* in the ring */
    (void)device_wait(&device, 0);
    assert_int_equal(tally_hook_close(&device.agent, second, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_sessions(&device.agent, numbers, TALLY_SESSIONS), 2);
    assert_int_equal(numbers[0], first);
    assert_int_equal(numbers[1], third);
}

static void test_agent_lists_no_more_sessions_than_asked_for(void **state) {
    (void)state;
    tally_session_id_t numbers[2] = {0, 99};
    const tally_session_id_t first = device_play(&device);
    (void)device_play(&device);
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_sessions(&device.agent, numbers, 1), 3);
    assert_int_equal(numbers[0], first);
    assert_int_equal(numbers[1], 99);
    assert_int_equal(tally_sessions(&device.agent, NULL, 0), 3);
}

/* --- figures -------------------------------------------------------------------------------- */

static void test_agent_figure_counts_what_goes_on(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    (void)device_wait(&device, 10000);
    assert_int_equal(tally_hook_buffering_begin(&device.agent, film), TALLY_OK);
    (void)device_wait(&device, 0);
    device.port.now_ms += 1500; /* no step since */
    expect(film, TALLY_M_PLAY_TIME, 10000);
    expect(film, TALLY_M_STALLED_TIME, 1500);
    expect(film, TALLY_M_STALL_LONGEST, 1500);
    expect(film, TALLY_M_STALLS, 1);
    expect(film, TALLY_M_STATE, TALLY_STATE_STALLED);
    expect(film, TALLY_M_ELAPSED_TIME, 11500);
    expect(film, TALLY_M_SINCE_STALL, 1500);
    expect(film, TALLY_M_SINCE_REQUEST, 11500);
    device.port.now_ms += 500;
    expect(film, TALLY_M_STALLED_TIME, 2000);
    expect(film, TALLY_M_SINCE_STALL, 2000);
}

static void test_agent_figures_of_each_group(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    const tally_session_id_t film = device_play(&device);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_LATENCY, -3), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_VOLUME, 40), TALLY_OK);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOAD_BYTES, 5000000000), TALLY_OK);
    assert_int_equal(tally_hook_ad_start(agent, film), TALLY_OK);
    (void)device_wait(&device, 0);
    device.port.now_ms += 4000;
    expect(film, TALLY_M_LATENCY, -3);
    expect(film, TALLY_M_VOLUME, 40);
    expect(film, TALLY_M_DOWNLOAD_BYTES, 5000000000);
    expect(film, TALLY_M_AD_PLAYS, 1);
    expect(film, TALLY_M_AD_PLAY_TIME, 4000);
    expect(film, TALLY_M_SINCE_AD_START, 4000);
    expect(film, TALLY_M_STATE, TALLY_STATE_AD_PLAYING);
}

static void test_agent_figures_are_of_the_session_asked_for(void **state) {
    (void)state;
    const tally_session_id_t first = device_play(&device);
    (void)device_wait(&device, 3000);
    const tally_session_id_t second = device_play(&device);
    (void)device_wait(&device, 2000);
    expect(first, TALLY_M_PLAY_TIME, 5000);
    expect(second, TALLY_M_PLAY_TIME, 2000);
}

static void test_agent_query_says_why_it_has_no_answer(void **state) {
    (void)state;
    const tally_session_id_t film = device_play(&device);
    expect_status(film, TALLY_M_PLAY_TIME, TALLY_E_STATE); /* still in the ring */
    (void)device_wait(&device, 0);
    expect_status(0, TALLY_M_PLAY_TIME, TALLY_E_STATE);
    expect_status(film + 1, TALLY_M_PLAY_TIME, TALLY_E_STATE);

    expect(film, TALLY_M_STALLS, 0); /* a counter always has a value */
    expect(film, TALLY_M_AD_PAUSED_TIME, 0);
    expect_status(film, TALLY_M_POSITION, TALLY_E_EMPTY);
    expect_status(film, TALLY_M_BITRATE, TALLY_E_EMPTY);
    expect_status(film, TALLY_M_DOWNLOAD_ERROR, TALLY_E_EMPTY);
    expect_status(film, TALLY_M_BUFFER_LENGTH, TALLY_E_EMPTY);
    expect_status(film, TALLY_M_SINCE_SEEK, TALLY_E_EMPTY);

    expect_status(film, TALLY_M_EVENTS_DROPPED, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_FIRMWARE, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_CONTENT_ID, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_DELIVERY, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_EVENT_CODE, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_ZAPS, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_STARTUP_HISTOGRAM, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_M_RTP_LOST, TALLY_E_ARGUMENT);
    expect_status(film, TALLY_METRICS, TALLY_E_ARGUMENT);

    assert_int_equal(tally_hook_close(&device.agent, film, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    expect_status(film, TALLY_M_PLAY_TIME, TALLY_E_STATE);
}

/* --- asking changes nothing ----------------------------------------------------------------- */

static void ask_everything(tally_session_id_t session) {
    for (uint32_t metric = 0; metric < TALLY_METRICS; metric++) {
        int64_t value;
        (void)tally_query(&device.agent, session, (enum tally_metric)metric, &value);
    }
}

/* Plays, stalls in a pause, seeks and is closed; 100 ms pass between two events. */
static void watch(bool curious) {
    static const enum tally_hook story[] = {
        TALLY_HOOK_PLAY,          TALLY_HOOK_FIRST_FRAME, TALLY_HOOK_BUFFERING_BEGIN,
        TALLY_HOOK_PAUSE,         TALLY_HOOK_RESUME,      TALLY_HOOK_BUFFERING_END,
        TALLY_HOOK_SEEK_BEGIN,    TALLY_HOOK_SEEK_END,    TALLY_HOOK_AD_START,
        TALLY_HOOK_AD_BREAK_END,  TALLY_HOOK_SUSPEND,     TALLY_HOOK_WAKE,
        TALLY_HOOK_BUFFERING_END, TALLY_HOOK_CLOSE,
    };
    device_boot(&device);
    const tally_session_id_t film = tally_hook_open(&device.agent);
    assert_int_equal(tally_hook_set(&device.agent, film, TALLY_M_BUFFER_LENGTH, 900), TALLY_OK);
    for (uint32_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        assert_int_equal(tally_hook_event(&device.agent, film, story[i], 0), TALLY_OK);
        (void)device_wait(&device, 0);
        device.port.now_ms += 50;
        if (curious) {
            ask_everything(film);
        }
        device.port.now_ms += 50;
    }
    (void)device_tell_viewing(&device);
}

static void test_agent_asking_changes_no_record(void **state) {
    (void)state;
    static records_t unasked;
    watch(false);
    records_load(&unasked, &device.agent.spool);
    watch(true);
    records_load(&device.records, &device.agent.spool);
    assert_in_range(unasked.count, 15, 20);
    assert_int_equal(device.records.count, unasked.count);
    for (uint32_t i = 0; i < unasked.count; i++) {
        assert_int_equal(device.records.list[i].size, unasked.list[i].size);
        assert_memory_equal(device.records.list[i].bytes, unasked.list[i].bytes,
                            unasked.list[i].size);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_without_sessions_lists_none, set_up),
        cmocka_unit_test_setup(test_agent_lists_its_open_sessions, set_up),
        cmocka_unit_test_setup(test_agent_lists_no_more_sessions_than_asked_for, set_up),
        cmocka_unit_test_setup(test_agent_figure_counts_what_goes_on, set_up),
        cmocka_unit_test_setup(test_agent_figures_of_each_group, set_up),
        cmocka_unit_test_setup(test_agent_figures_are_of_the_session_asked_for, set_up),
        cmocka_unit_test_setup(test_agent_query_says_why_it_has_no_answer, set_up),
        cmocka_unit_test(test_agent_asking_changes_no_record),
    };
    return cmocka_run_group_tests_name("agent_query", tests, NULL, NULL);
}
