/* SPDX-License-Identifier: Apache-2.0 */
/* WebRTC tracks under measurement, from attach to their last record. */
#include "device.h"
#include "test.h"

static device_t device;
static tally_session_id_t session;
static tally_webrtc_t track;
static tally_webrtc_inbound_t in;
static tally_webrtc_pair_t pair;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    session = device_play(&device);
    (void)device_wait(&device, 0);
    tally_webrtc_no_inbound(&in);
    tally_webrtc_no_pair(&pair);
    return tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 64);
}

/* What the stack says now. */
static void receive(int64_t packets, int64_t bytes) {
    in.packets_received = packets;
    in.bytes_received = bytes;
    assert_int_equal(tally_webrtc_inbound(&track, &in, &pair, (uint32_t)device.port.now_ms),
                     TALLY_OK);
}

static void attach(void) {
    assert_int_equal(tally_attach_webrtc(&device.agent, session, &track), TALLY_OK);
}

static int32_t detach(void) {
    return tally_detach_webrtc(&device.agent, &track);
}

static void test_agent_track_is_reported_with_each_heartbeat(void **state) {
    (void)state;
    in.media = TALLY_MEDIA_AUDIO;
    in.mime_type = "audio/opus";
    in.mid = "1";
    in.track_identifier = "voice";
    in.jitter_us = 4000;
    in.packets_lost = 0;
    pair.total_round_trip_us = 31000;
    pair.round_trip_us = 5000;
    pair.available_outgoing_bps = 300000;
    pair.candidate = TALLY_CANDIDATE_PRFLX;
    attach();
    receive(0, 0);
    device.port.now_ms += 1880;
    receive(94, 23460);
    (void)device_wait(&device, 58120);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsehjhj");
    const record_t record = device_last(&device, 'j');
    assert_int_equal(record_number(record, "s"), session);
    assert_int_equal(record_number(record, "j.jb"), 23460);
    assert_int_equal(record_number(record, "j.jp"), 94);
    assert_int_equal(record_number(record, "j.jl"), 0);
    assert_int_equal(record_number(record, "j.jj"), 4000);
    assert_int_equal(record_number(record, "j.j4"), 99829);
    assert_int_equal(record_number(record, "j.j5"), 0);
    assert_int_equal(record_number(record, "j.j6"), TALLY_MEDIA_AUDIO);
    record_expect_text(record, "j.j7", "audio/opus");
    record_expect_text(record, "j.j8", "1");
    record_expect_text(record, "j.j9", "voice");
    assert_int_equal(record_keys(record, "j"), 10);
    assert_int_equal(record_number(record, "x.xt"), 31000);
    assert_int_equal(record_number(record, "x.xr"), 5000);
    assert_int_equal(record_number(record, "x.xa"), 300000);
    assert_int_equal(record_number(record, "x.xc"), TALLY_CANDIDATE_PRFLX);
    assert_int_equal(record_keys(record, "x"), 4);
}

static void test_agent_sent_track_has_a_record_of_its_own(void **state) {
    (void)state;
    tally_webrtc_t sent;
    tally_webrtc_outbound_t out;
    assert_int_equal(tally_webrtc_init(&sent, TALLY_G_WEBRTC_OUTBOUND, 64), TALLY_OK);
    tally_webrtc_no_outbound(&out);
    out.bytes_sent = 256532;
    out.packets_sent = 1057;
    out.remote_packets_lost = -1;
    out.limitation = TALLY_LIMITATION_CPU;
    out.mime_type = "video/H264";
    assert_int_equal(tally_webrtc_outbound(&sent, &out, NULL, 0), TALLY_OK);
    assert_int_equal(tally_attach_webrtc(&device.agent, session, &sent), TALLY_OK);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bseho");
    const record_t record = device_last(&device, 'o');
    assert_int_equal(record_number(record, "o.ob"), 256532);
    assert_int_equal(record_number(record, "o.op"), 1057);
    assert_int_equal(record_number(record, "o.ol"), -1);
    assert_int_equal(record_number(record, "o.og"), TALLY_LIMITATION_CPU);
    record_expect_text(record, "o.ok", "video/H264");
    assert_false(record_has(record, "x"));
}

static void test_agent_detached_track_is_reported_once_more(void **state) {
    (void)state;
    attach();
    receive(100, 100000);
    assert_int_equal(detach(), 1);
    assert_int_equal(detach(), 1);
    (void)device_wait(&device, 20);
    assert_int_equal(detach(), 0);
    receive(200, 200000); /* nobody looks any more */
    device_expect_kinds(&device, "bsej");
    assert_int_equal(record_number(device_last(&device, 'j'), "j.jp"), 100);
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsejh");
}

static void test_agent_end_of_a_session_lets_go_of_its_tracks(void **state) {
    (void)state;
    tally_webrtc_t other = track;
    const tally_session_id_t second = device_play(&device);
    (void)device_wait(&device, 0);
    assert_int_equal(tally_attach_webrtc(&device.agent, second, &other), TALLY_OK);
    attach();
    receive(100, 100000);
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bsesejx");
    assert_int_equal(record_number(device_last(&device, 'j'), "s"), session);
    assert_int_equal(detach(), 0);
    assert_int_equal(tally_detach_webrtc(&device.agent, &other), 1);
    (void)device_wait(&device, 0);
    assert_int_equal(record_number(device_last(&device, 'j'), "s"), second);
}

/* A zap that ended within 5 s has no records, nor have its tracks. */
static void test_agent_tracks_of_an_unannounced_session_are_not_told(void **state) {
    (void)state;
    session = tally_hook_zap(&device.agent, session);
    attach();
    receive(100, 100000);
    (void)device_wait(&device, 1000);
    assert_int_equal(detach(), 1);
    (void)device_wait(&device, 0);
    attach();
    assert_int_equal(tally_hook_close(&device.agent, session, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_int_equal(detach(), 0);
    assert_int_equal(device_count(&device, 'j'), 0);
}

static void test_agent_tracks_are_limited_and_their_slots_used_again(void **state) {
    (void)state;
    tally_webrtc_t tracks[TALLY_WEBRTC_TRACKS];
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS; i++) {
        assert_int_equal(tally_webrtc_init(&tracks[i], TALLY_G_WEBRTC_INBOUND, 64), TALLY_OK);
        assert_int_equal(tally_attach_webrtc(&device.agent, session, &tracks[i]), TALLY_OK);
    }
    assert_int_equal(tally_attach_webrtc(&device.agent, session, &track), TALLY_E_FULL);
    assert_int_equal(tally_detach_webrtc(&device.agent, &tracks[1]), 1);
    assert_int_equal(tally_attach_webrtc(&device.agent, session, &track), TALLY_E_FULL);
    (void)device_wait(&device, 0);
    attach();
    (void)device_wait(&device, 60000);
    assert_int_equal(device_count(&device, 'j'), 1 + TALLY_WEBRTC_TRACKS);
    assert_int_equal(record_number(device_last(&device, 'j'), "sn"), TALLY_WEBRTC_TRACKS);
}

static void test_agent_busy_track_is_counted_and_its_last_record_stands(void **state) {
    (void)state;
    device.agent.agent_due_ms = device.port.now_ms + 180000;
    attach();
    receive(100, 100000);
    (void)device_wait(&device, 60000);
    track.version++; /* a writer that is in the middle of an update all the time */
    (void)device_wait(&device, 60000);
    device_expect_kinds(&device, "bsehjh");
    assert_int_equal(detach(), 1);
    (void)device_wait(&device, 60000);
    assert_int_equal(detach(), 0);
    assert_int_equal(device_count(&device, 'j'), 1);
    assert_int_equal(record_number(device_last(&device, 'a'), "a.av"), 2);
}

static void test_agent_tells_of_tracks_what_is_declared(void **state) {
    (void)state;
    device_prepare(&device);
    device.options.capabilities[TALLY_G_WEBRTC_INBOUND] = TALLY_CAN(WEBRTC_INBOUND, IN_PACKETS);
    device.options.capabilities[TALLY_G_WEBRTC_PAIR] = 0;
    assert_int_equal(device_init(&device), TALLY_OK);
    session = device_play(&device);
    pair.round_trip_us = 5000;
    attach();
    receive(100, 100000);
    (void)device_wait(&device, 60000);
    const record_t record = device_last(&device, 'j');
    assert_int_equal(record_number(record, "j.jp"), 100);
    assert_int_equal(record_keys(record, "j"), 1);
    assert_false(record_has(record, "x"));
}

static uint32_t wakes;

static void count_wake(void *ctx) {
    (void)ctx;
    wakes++;
}

static void test_agent_detach_of_a_track_wakes_the_agent(void **state) {
    (void)state;
    attach();
    device.port.port.wake = count_wake;
    assert_int_equal(detach(), 1);
    assert_int_equal(wakes, 1);
}

static void test_agent_track_arguments_are_checked(void **state) {
    (void)state;
    assert_int_equal(tally_attach_webrtc(&device.agent, 0, &track), TALLY_E_ARGUMENT);
    assert_int_equal(tally_attach_webrtc(&device.agent, session, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_detach_webrtc(&device.agent, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(detach(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_track_is_reported_with_each_heartbeat, set_up),
        cmocka_unit_test_setup(test_agent_sent_track_has_a_record_of_its_own, set_up),
        cmocka_unit_test_setup(test_agent_detached_track_is_reported_once_more, set_up),
        cmocka_unit_test_setup(test_agent_end_of_a_session_lets_go_of_its_tracks, set_up),
        cmocka_unit_test_setup(test_agent_tracks_of_an_unannounced_session_are_not_told, set_up),
        cmocka_unit_test_setup(test_agent_tracks_are_limited_and_their_slots_used_again, set_up),
        cmocka_unit_test_setup(test_agent_busy_track_is_counted_and_its_last_record_stands, set_up),
        cmocka_unit_test_setup(test_agent_tells_of_tracks_what_is_declared, set_up),
        cmocka_unit_test_setup(test_agent_detach_of_a_track_wakes_the_agent, set_up),
        cmocka_unit_test_setup(test_agent_track_arguments_are_checked, set_up),
    };
    return cmocka_run_group_tests_name("agent_webrtc", tests, NULL, NULL);
}
