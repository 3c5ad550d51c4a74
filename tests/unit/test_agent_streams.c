/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of packets under measurement, from attach to their final statistics. */
#include "device.h"
#include "test.h"

static device_t device;
static tally_session_id_t session;
static tally_rtp_t rtp;
static tally_ts_t ts;
static uint16_t sequence;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    session = device_play(&device);
    (void)device_wait(&device, 0);
    sequence = 0;
    tally_ts_init(&ts);
    return tally_rtp_init(&rtp, 90000);
}

static void receive(uint32_t packets) {
    for (uint32_t i = 0; i < packets; i++) {
        const tally_rtp_header_t header = {.sequence = sequence, .payload_bytes = 1000};
        (void)tally_rtp_packet(&rtp, &header, 0);
        sequence++;
    }
}

static void attach(void) {
    assert_int_equal(tally_attach_rtp(&device.agent, session, &rtp), TALLY_OK);
}

static void detach(void) {
    assert_int_equal(tally_detach(&device.agent, &rtp), TALLY_OK);
}

static void test_agent_stream_is_reported_with_each_heartbeat(void **state) {
    (void)state;
    attach();
    receive(100);
    (void)device_wait(&device, 60000);
    receive(50);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsehrhr");
    const record_t record = device_last(&device, 'r');
    assert_int_equal(record_number(record, "s"), session);
    assert_int_equal(record_number(record, "r.rr"), 150);
    assert_int_equal(record_number(record, "r.ry"), 150000);
    assert_int_equal(record_number(record, "r.rl"), 0);
}

static int64_t number_of_last(char kind) {
    return record_number(device_last(&device, kind), "sn");
}

static void test_agent_stream_keeps_its_number_beside_others(void **state) {
    (void)state;
    assert_int_equal(tally_attach_ts(&device.agent, session, &ts), TALLY_OK);
    attach();
    const uint8_t packet[TALLY_TS_BYTES] = {0x47, 0x01, 0x00, 0x10};
    assert_int_equal(tally_ts_packets(&ts, packet, sizeof packet, 0), 1);
    receive(100);
    for (uint32_t i = 0; i < 2; i++) {
        (void)device_wait(&device, 60000);
        assert_int_equal(number_of_last('t'), 1);
        assert_int_equal(number_of_last('r'), 2);
    }
}

static void test_agent_stream_that_is_attached_anew_is_another(void **state) {
    (void)state;
    attach();
    receive(100);
    detach();
    (void)device_wait(&device, 20);
    assert_int_equal(number_of_last('r'), 1);
    attach();
    detach();
    (void)device_wait(&device, 20);
    assert_int_equal(number_of_last('r'), 2);
}

static void test_agent_no_record_but_a_streams_has_such_a_number(void **state) {
    (void)state;
    attach();
    (void)device_wait(&device, 60000);
    for (const char *kind = "bseh"; *kind != '\0'; kind++) {
        assert_false(record_has(device_last(&device, *kind), "sn"));
    }
}

static void test_agent_stream_numbers_begin_again_behind_their_last(void **state) {
    (void)state;
    session = tally_hook_zap(&device.agent, session);
    for (uint32_t i = 1; i < UINT16_MAX; i++) { /* none is told: the session is too young */
        attach();
        detach();
        (void)device_wait(&device, 0);
    }
    (void)device_wait(&device, 6000);
    attach();
    detach();
    (void)device_wait(&device, 0);
    assert_int_equal(number_of_last('r'), UINT16_MAX);
    attach();
    detach();
    (void)device_wait(&device, 0);
    assert_int_equal(number_of_last('r'), 1);
}

static void test_agent_stream_counts_from_its_init(void **state) {
    (void)state;
    receive(100);
    attach();
    receive(7);
    (void)device_wait(&device, 60000);
    assert_int_equal(record_number(device_last(&device, 'r'), "r.rr"), 107);
}

static void test_agent_detached_stream_is_reported_once_more(void **state) {
    (void)state;
    attach();
    (void)device_wait(&device, 10000);
    receive(100);
    device.port.now_ms += 5000;
    detach();
    receive(11); /* nobody looks any more */
    (void)device_wait(&device, 20);
    device_expect_kinds(&device, "bser");
    const record_t record = device_last(&device, 'r');
    assert_int_equal(record_number(record, "r.rr"), 100);
    assert_int_equal(record_number(record, "u"), 15020); /* as its step found it */
    (void)device_wait(&device, 45000);
    device_expect_kinds(&device, "bserh");
}

static void test_agent_detached_stream_is_told_before_the_end(void **state) {
    (void)state;
    attach();
    receive(100);
    detach();
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bserx");
}

static uint32_t wakes;

static void count_wake(void *ctx) {
    (void)ctx;
    wakes++;
}

static void test_agent_detach_wakes_the_agent(void **state) {
    (void)state;
    attach();
    device.port.port.wake = count_wake;
    detach();
    assert_int_equal(wakes, 1);
}

static void test_agent_transport_stream_is_reported_too(void **state) {
    (void)state;
    assert_int_equal(tally_attach_ts(&device.agent, session, &ts), TALLY_OK);
    const uint8_t packet[TALLY_TS_BYTES] = {0x47, 0x01, 0x00, 0x10};
    assert_int_equal(tally_ts_packets(&ts, packet, sizeof packet, 0), 1);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bseht");
    assert_int_equal(record_number(device_last(&device, 't'), "t.tp"), 1);
}

static void test_agent_frames_are_reported_too(void **state) {
    (void)state;
    tally_frames_t frames;
    tally_frames_init(&frames);
    for (uint32_t i = 0; i < 10; i++) {
        tally_frames_rendered(&frames, i * 40000);
    }
    tally_frames_rendered(&frames, 1000000); /* 640 ms after the last one */
    assert_int_equal(tally_attach_frames(&device.agent, session, &frames), TALLY_OK);
    tally_frames_rendered(&frames, 1800000);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsehf");
    const record_t record = device_last(&device, 'f');
    assert_int_equal(record_number(record, "f.fr"), 12);
    assert_int_equal(record_number(record, "f.fn"), 2);
    assert_int_equal(record_number(record, "f.fo"), 640 + 800);
}

static void test_agent_streams_are_limited_and_their_slots_used_again(void **state) {
    (void)state;
    tally_ts_t streams[TALLY_STREAMS];
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        tally_ts_init(&streams[i]);
        assert_int_equal(tally_attach_ts(&device.agent, session, &streams[i]), TALLY_OK);
    }
    assert_int_equal(tally_attach_rtp(&device.agent, session, &rtp), TALLY_E_FULL);
    assert_int_equal(tally_detach(&device.agent, &streams[1]), TALLY_OK);
    assert_int_equal(tally_attach_rtp(&device.agent, session, &rtp), TALLY_E_FULL);
    (void)device_wait(&device, 0); /* the final statistics are reported, the slot is free */
    attach();
}

static void test_agent_busy_writer_is_counted_and_the_last_figures_stand(void **state) {
    (void)state;
    device.agent.agent_due_ms = device.port.now_ms + 60000;
    attach();
    receive(100);
    (void)device_wait(&device, 30000);
    receive(50);
    rtp.version++; /* an ISR that is in the middle of an update all the time */
    (void)device_wait(&device, 30000);
    assert_int_equal(record_number(device_last(&device, 'r'), "r.rr"), 100);
    assert_int_equal(record_number(device_last(&device, 'a'), "a.av"), 1);
}

static void test_agent_stream_arguments_are_checked(void **state) {
    (void)state;
    tally_t *const agent = &device.agent;
    assert_int_equal(tally_attach_rtp(agent, 0, &rtp), TALLY_E_ARGUMENT);
    assert_int_equal(tally_attach_rtp(agent, session, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_attach_ts(agent, session, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_attach_frames(agent, session, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_detach(agent, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_detach(agent, &rtp), TALLY_E_EMPTY);
    attach();
    detach();
    assert_int_equal(tally_detach(agent, &rtp), TALLY_E_EMPTY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_stream_is_reported_with_each_heartbeat, set_up),
        cmocka_unit_test_setup(test_agent_stream_keeps_its_number_beside_others, set_up),
        cmocka_unit_test_setup(test_agent_stream_that_is_attached_anew_is_another, set_up),
        cmocka_unit_test_setup(test_agent_no_record_but_a_streams_has_such_a_number, set_up),
        cmocka_unit_test_setup(test_agent_stream_numbers_begin_again_behind_their_last, set_up),
        cmocka_unit_test_setup(test_agent_stream_counts_from_its_init, set_up),
        cmocka_unit_test_setup(test_agent_detached_stream_is_reported_once_more, set_up),
        cmocka_unit_test_setup(test_agent_detached_stream_is_told_before_the_end, set_up),
        cmocka_unit_test_setup(test_agent_detach_wakes_the_agent, set_up),
        cmocka_unit_test_setup(test_agent_transport_stream_is_reported_too, set_up),
        cmocka_unit_test_setup(test_agent_frames_are_reported_too, set_up),
        cmocka_unit_test_setup(test_agent_streams_are_limited_and_their_slots_used_again, set_up),
        cmocka_unit_test_setup(test_agent_busy_writer_is_counted_and_the_last_figures_stand,
                               set_up),
        cmocka_unit_test_setup(test_agent_stream_arguments_are_checked, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
