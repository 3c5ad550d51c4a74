/* SPDX-License-Identifier: Apache-2.0 */
/* The line as a whole: what records hooks and time bring about. */
#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    return 0;
}

/* --- boot and clock ------------------------------------------------------------------------- */

static void test_agent_boot_record_is_the_first(void **state) {
    (void)state;
    device_prepare(&device);
    device.options.device_model = "M1";
    device.options.reset_reason = TALLY_RESET_POWER_ON;
    device.options.capabilities[TALLY_G_RTP] = TALLY_CAN(RTP, RTP_JITTER);
    assert_int_equal(device_init(&device), TALLY_OK);
    device_expect_kinds(&device, "b");
    const record_t boot = device_last(&device, 'b');
    assert_int_equal(record_number(boot, "q"), 0);
    assert_int_equal(record_number(boot, "u"), 0);
    assert_int_equal(record_number(boot, "b.re"), 1);
    assert_int_equal(record_number(boot, "c.r"), 32768); /* jitter is the 16th of its group */
    record_expect_text(boot, "b.dm", "M1");
    record_expect_text(boot, "b.gv", TALLY_VERSION);
    assert_true(record_has(boot, "b.rv"));
    assert_false(record_has(boot, "b.fw"));
    assert_false(record_has(boot, "s"));
    assert_false(record_has(boot, "w"));
}

static void test_agent_first_sync_makes_one_clock_record(void **state) {
    (void)state;
    (void)device_wait(&device, 5000);
    device_expect_kinds(&device, "b");
    device.port.wall =
        (tally_wall_t){.unix_ms = 1700000000000, .quality = TALLY_WALL_UNAUTHENTICATED};
    (void)device_wait(&device, 1000);
    (void)device_wait(&device, 1000);
    device.port.wall.quality = TALLY_WALL_AUTHENTICATED;
    (void)device_wait(&device, 1000);
    device_expect_kinds(&device, "bc");
    const record_t clock = device_last(&device, 'c');
    assert_int_equal(record_number(clock, "u"), 6000);
    assert_int_equal(record_number(clock, "w"), 1700000000000);
}

static void test_agent_clock_known_at_boot_needs_no_clock_record(void **state) {
    (void)state;
    device_prepare(&device);
    device.port.wall = (tally_wall_t){.unix_ms = 1700000000000, .quality = 2};
    assert_int_equal(device_init(&device), TALLY_OK);
    (void)device_wait(&device, 1000);
    device_expect_kinds(&device, "b");
    assert_int_equal(record_number(device_last(&device, 'b'), "w"), 1700000000000);
}

/* --- the life of a session ------------------------------------------------------------------ */

static void test_agent_session_from_open_to_close(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    device.port.now_ms += 1000;
    const tally_session_id_t session = tally_hook_open(agent);
    assert_int_equal(session, 1);
    assert_int_equal(tally_hook_text(agent, session, TALLY_M_CONTENT_ID, "channel-5"), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, session, TALLY_M_DELIVERY, TALLY_DELIVERY_RTP), 0);
    device.port.now_ms += 200;
    assert_int_equal(tally_hook_play(agent, session), TALLY_OK);
    device.port.now_ms += 300;
    assert_int_equal(tally_hook_first_frame(agent, session), TALLY_OK);
    (void)device_wait(&device, 10000);
    assert_int_equal(tally_hook_buffering_begin(agent, session), TALLY_OK);
    device.port.now_ms += 700;
    assert_int_equal(tally_hook_buffering_end(agent, session), TALLY_OK);
    (void)device_wait(&device, 50000);
    assert_int_equal(tally_hook_close(agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 40);
    device_expect_kinds(&device, "bseeehx");

    const record_t start = device_last(&device, 's');
    assert_int_equal(record_number(start, "u"), 1200); /* of the hook, not of the step */
    assert_int_equal(record_number(start, "s"), 1);
    assert_int_equal(record_number(start, "d.dy"), 3);
    record_expect_text(start, "d.ci", "channel-5");
    assert_true(record_has(start, "c"));

    const record_t stall_end = device_last(&device, 'e');
    assert_int_equal(record_number(stall_end, "u"), 12200);
    assert_int_equal(record_number(stall_end, "e.et"), TALLY_EVENT_STALL_END);
    assert_int_equal(record_number(stall_end, "e.ec"), 700);

    const record_t heartbeat = device_last(&device, 'h');
    assert_int_equal(record_number(heartbeat, "u"), 62200);
    assert_int_equal(record_number(heartbeat, "p.pt"), 60000);
    assert_int_equal(record_number(heartbeat, "p.se"), TALLY_STATE_PLAYING);
    assert_false(record_has(heartbeat, "p.sr"));

    const record_t end = device_last(&device, 'x');
    assert_int_equal(record_number(end, "u"), 62200);
    assert_int_equal(record_number(end, "p.it"), 200);
    assert_int_equal(record_number(end, "p.su"), 300);
    assert_int_equal(record_number(end, "p.pt"), 60000);
    assert_int_equal(record_number(end, "p.sd"), 700);
    assert_int_equal(record_number(end, "p.xe"), 61200);
    assert_int_equal(record_number(end, "p.sr"), TALLY_STOP_USER);
    record_expect_text(end, "d.ci", "channel-5");
}

static void test_agent_records_carry_the_wall_time_of_their_event(void **state) {
    (void)state;
    device.port.wall = (tally_wall_t){.unix_ms = 1700000000000, .quality = 2};
    const tally_session_id_t session = device_play(&device);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_hook_error(&device.agent, session, -5, TALLY_ERROR_MEDIA), TALLY_OK);
    device.port.wall.unix_ms += 300;
    (void)device_wait(&device, 300);
    assert_int_equal(record_number(device_last(&device, 'e'), "w"), 1700000000000);
    assert_int_equal(record_number(device_last(&device, 'e'), "e.ec"), -5);
    assert_int_equal(record_number(device_last(&device, 'e'), "e.ed"), TALLY_ERROR_MEDIA);
}

static void test_agent_stamps_survive_the_wrap_of_32_bits(void **state) {
    (void)state;
    device_prepare(&device);
    device.port.now_ms = 0x6FFFFFF00; /* 256 ms before the lower half wraps */
    assert_int_equal(device_init(&device), TALLY_OK);
    const tally_session_id_t session = device_play(&device);
    device.port.now_ms += 400;
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 100);
    assert_int_equal(record_number(device_last(&device, 's'), "u"), 0);
    assert_int_equal(record_number(device_last(&device, 'x'), "u"), 400);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.pt"), 400);
}

static void test_agent_session_that_never_plays_has_its_start_with_its_end(void **state) {
    (void)state;
    const tally_session_id_t session = tally_hook_open(&device.agent);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bsx");
}

static void test_agent_second_play_makes_no_second_start(void **state) {
    (void)state;
    const tally_session_id_t session = device_play(&device);
    assert_int_equal(tally_hook_play(&device.agent, session), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bse");
}

/* With a ring for each, urgent records are read first: the boot, the start, then these. */
static void test_agent_errors_and_stalls_are_urgent_and_pauses_are_not(void **state) {
    (void)state;
    static const enum tally_event_type order[] = {TALLY_EVENT_STALL_BEGIN, TALLY_EVENT_STALL_END,
                                                  TALLY_EVENT_ERROR, TALLY_EVENT_FIRST_FRAME,
                                                  TALLY_EVENT_PAUSE};
    device_prepare(&device);
    fake_store_init(&device.store, 4096, 12, 4);
    assert_int_equal(device_init(&device), TALLY_OK);
    const tally_session_id_t session = device_play(&device);
    assert_int_equal(tally_hook_buffering_begin(&device.agent, session), TALLY_OK);
    assert_int_equal(tally_hook_buffering_end(&device.agent, session), TALLY_OK);
    assert_int_equal(tally_hook_pause(&device.agent, session), TALLY_OK);
    assert_int_equal(tally_hook_error(&device.agent, session, 1, TALLY_ERROR_DRM), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bseeeee");
    for (uint32_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        assert_int_equal(record_number(device.records.list[2 + i], "e.et"), order[i]);
    }
}

/* --- heartbeats ----------------------------------------------------------------------------- */

static void test_agent_heartbeats_come_with_their_interval(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 59999);
    device_expect_kinds(&device, "bse");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bseh");
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsehh");
    assert_int_equal(record_number(device_last(&device, 'h'), "p.pt"), 120000);
}

static void test_agent_heartbeats_slept_through_are_not_made_up(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 0);
    device.agent.agent_due_ms = UINT64_MAX; /* not the subject here */
    (void)device_wait(&device, 36000000);   /* ten hours of standby */
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 59999);
    device_expect_kinds(&device, "bseh");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bsehh");
}

static void test_agent_session_that_waits_for_play_has_no_heartbeat(void **state) {
    (void)state;
    const tally_session_id_t preload = tally_hook_open(&device.agent);
    (void)device_wait(&device, 0);
    (void)device_wait(&device, 60000);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "b");
    assert_int_equal(tally_hook_play(&device.agent, preload), TALLY_OK);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsh");
}

static void test_agent_each_session_has_its_heartbeat(void **state) {
    (void)state;
    (void)device_play(&device);
    (void)device_wait(&device, 20000);
    (void)device_play(&device);
    assert_int_equal(device_wait(&device, 0), 40000);
    assert_int_equal(device_wait(&device, 40000), 20000);
    assert_int_equal(record_number(device_last(&device, 'h'), "s"), 1);
    assert_int_equal(device_wait(&device, 20000), 40000);
    assert_int_equal(record_number(device_last(&device, 'h'), "s"), 2);
    device_expect_kinds(&device, "bsesehh");
}

/* --- when to step --------------------------------------------------------------------------- */

static void test_agent_step_tells_when_the_next_thing_is_due(void **state) {
    (void)state;
    /* the upload, drawn as late as can be, a millisecond before the record about the agent */
    assert_int_equal(device_wait(&device, 0), 299999);
    assert_int_equal(device_wait(&device, 1000), 298999);
    const tally_session_id_t session = device_play(&device);
    assert_int_equal(device_wait(&device, 0), 60000); /* its heartbeat */
    assert_int_equal(device_wait(&device, 59000), 1000);
    assert_int_equal(device_wait(&device, 1000), 60000);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    assert_int_equal(device_wait(&device, 0), 238999);
}

static void test_agent_flush_uploads_what_waits(void **state) {
    (void)state;
    device.transport.open_says = TALLY_OPEN;
    device.transport.replies[0] = "HTTP/1.1 204 No Content\r\n\r\n";
    assert_int_equal(tally_pending(&device.agent), 1);
    (void)device_wait(&device, 0);
    assert_int_equal(device.transport.opens, 0);
    tally_flush(&device.agent);
    (void)device_wait(&device, 0);
    assert_int_equal(device.transport.requests, 1);
    assert_int_equal(tally_pending(&device.agent), 0);
}

/* A session refused is logged; this log opens the next one, for ever. */
static void open_another(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                         int32_t value) {
    (void)ctx;
    (void)level;
    (void)id;
    (void)text;
    (void)value;
    (void)tally_hook_open(&device.agent);
}

static void test_agent_flood_of_events_is_bounded_in_each_step(void **state) {
    (void)state;
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        (void)tally_hook_open(&device.agent);
    }
    (void)device_wait(&device, 0);
    device.port.port.log = open_another;
    (void)tally_hook_open(&device.agent);
    assert_int_equal(device_wait(&device, 0), 0); /* wants to go on at once */
    assert_int_equal(device.agent.sessions_refused, 2 * TALLY_EVENTS);
    assert_int_equal(device_wait(&device, 0), 0);
    assert_int_equal(device.agent.sessions_refused, 4 * TALLY_EVENTS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_boot_record_is_the_first, set_up),
        cmocka_unit_test_setup(test_agent_first_sync_makes_one_clock_record, set_up),
        cmocka_unit_test_setup(test_agent_clock_known_at_boot_needs_no_clock_record, set_up),
        cmocka_unit_test_setup(test_agent_session_from_open_to_close, set_up),
        cmocka_unit_test_setup(test_agent_records_carry_the_wall_time_of_their_event, set_up),
        cmocka_unit_test_setup(test_agent_stamps_survive_the_wrap_of_32_bits, set_up),
        cmocka_unit_test_setup(test_agent_session_that_never_plays_has_its_start_with_its_end,
                               set_up),
        cmocka_unit_test_setup(test_agent_second_play_makes_no_second_start, set_up),
        cmocka_unit_test_setup(test_agent_errors_and_stalls_are_urgent_and_pauses_are_not, set_up),
        cmocka_unit_test_setup(test_agent_heartbeats_come_with_their_interval, set_up),
        cmocka_unit_test_setup(test_agent_heartbeats_slept_through_are_not_made_up, set_up),
        cmocka_unit_test_setup(test_agent_session_that_waits_for_play_has_no_heartbeat, set_up),
        cmocka_unit_test_setup(test_agent_each_session_has_its_heartbeat, set_up),
        cmocka_unit_test_setup(test_agent_step_tells_when_the_next_thing_is_due, set_up),
        cmocka_unit_test_setup(test_agent_flush_uploads_what_waits, set_up),
        cmocka_unit_test_setup(test_agent_flood_of_events_is_bounded_in_each_step, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
