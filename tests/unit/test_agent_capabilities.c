/* SPDX-License-Identifier: Apache-2.0 */
/* What is declared may be told; what is not declared was not measured and is never told. */
#include <string.h>

#include "device.h"
#include "test.h"

static device_t device;

static int set_up(void **state) {
    (void)state;
    device_prepare(&device);
    memset(device.options.capabilities, 0, sizeof device.options.capabilities);
    return 0;
}

/* Both directions, with more than one value in each group. */
static void tell_of_tracks(tally_webrtc_t *received, tally_webrtc_t *sent) {
    tally_webrtc_inbound_t in;
    tally_webrtc_outbound_t out;
    tally_webrtc_pair_t pair;
    tally_webrtc_no_inbound(&in);
    tally_webrtc_no_outbound(&out);
    tally_webrtc_no_pair(&pair);
    in.packets_received = 94;
    in.mime_type = "audio/opus";
    out.packets_sent = 1057;
    out.mid = "0";
    pair.round_trip_us = 5000;
    pair.candidate = TALLY_CANDIDATE_PRFLX;
    assert_int_equal(tally_webrtc_init(received, TALLY_G_WEBRTC_INBOUND, 64), TALLY_OK);
    assert_int_equal(tally_webrtc_init(sent, TALLY_G_WEBRTC_OUTBOUND, 64), TALLY_OK);
    assert_int_equal(tally_webrtc_inbound(received, &in, &pair, 0), TALLY_OK);
    assert_int_equal(tally_webrtc_outbound(sent, &out, &pair, 0), TALLY_OK);
}

/* Something of every kind of record, as eventful as can be, without a wall time. */
static void live_a_life(void) {
    tally_t *const agent = &device.agent;
    static tally_rtp_t rtp; /* attached beyond the return */
    static tally_ts_t ts;
    static tally_frames_t frames;
    static tally_webrtc_t received;
    static tally_webrtc_t sent;
    assert_int_equal(device_init(&device), TALLY_OK);
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    tally_ts_init(&ts);
    tally_frames_init(&frames);
    tell_of_tracks(&received, &sent);
    const tally_session_id_t film = tally_hook_open(agent);
    assert_int_equal(tally_hook_text(agent, film, TALLY_M_CONTENT_ID, "film"), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_DELIVERY, TALLY_DELIVERY_DASH), TALLY_OK);
    assert_int_equal(tally_hook_play(agent, film), TALLY_OK);
    assert_int_equal(tally_hook_first_frame(agent, film), TALLY_OK);
    assert_int_equal(tally_attach_rtp(agent, film, &rtp), TALLY_OK);
    assert_int_equal(tally_attach_ts(agent, film, &ts), TALLY_OK);
    assert_int_equal(tally_attach_frames(agent, film, &frames), TALLY_OK);
    assert_int_equal(tally_attach_webrtc(agent, film, &received), TALLY_OK);
    assert_int_equal(tally_attach_webrtc(agent, film, &sent), TALLY_OK);
    tally_rtp_invalid(&rtp);
    const uint8_t noise[TALLY_TS_BYTES] = {0};
    (void)tally_ts_packets(&ts, noise, sizeof noise, 0);
    tally_frames_received(&frames, 5);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_VOLUME, 50), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_LATENCY, 2000), TALLY_OK);
    assert_int_equal(tally_hook_set(agent, film, TALLY_M_POSITION, 1000), TALLY_OK);
    assert_int_equal(tally_hook_add(agent, film, TALLY_M_DOWNLOADS, 7), TALLY_OK);
    assert_int_equal(tally_hook_ad_start(agent, film), TALLY_OK);
    assert_int_equal(tally_hook_ad_break_end(agent, film), TALLY_OK);
    assert_int_equal(tally_hook_buffering_begin(agent, film), TALLY_OK);
    device.port.now_ms += 500;
    assert_int_equal(tally_hook_buffering_end(agent, film), TALLY_OK);
    (void)device_wait(&device, 60000);
    assert_int_equal(tally_hook_error(agent, film, 1, TALLY_ERROR_DRM), TALLY_OK);
    assert_int_equal(tally_hook_close(agent, film, TALLY_STOP_USER), TALLY_OK);
    assert_int_equal(tally_note(agent, TALLY_M_NET_UDP_HIGH, 3), TALLY_OK);
    assert_int_equal(tally_note(agent, TALLY_M_STACK_HIGH, 800), TALLY_OK);
    (void)device_tell_agent(&device);
}

/* The record is its own fields alone: kind, sequence, uptime, and session or capabilities. */
static void expect_bare(char kind, uint32_t keys) {
    assert_int_equal(record_keys(device_last(&device, kind), ""), keys);
}

static void test_agent_that_declares_nothing_tells_of_itself_alone(void **state) {
    (void)state;
    live_a_life();
    expect_bare('b', 4); /* and c */
    expect_bare('s', 5); /* and s, c */
    expect_bare('h', 4); /* and s */
    expect_bare('x', 4);
    expect_bare('a', 4);
    device_expect_kinds(&device, "bshxa"); /* nothing that is nothing but its groups */
    assert_int_equal(record_keys(device_last(&device, 'b'), "c"), 2);
    assert_true(record_has(device_last(&device, 'b'), "c.a"));
    assert_false(record_has(device_last(&device, 'a'), "a.as"));
    assert_int_equal(record_number(device_last(&device, 'a'), "a.am"), 4);
}

/* Events without their type would say nothing: there are none, and none is missed. */
static void test_agent_that_declares_no_events_has_none(void **state) {
    (void)state;
    device.options.capabilities[TALLY_G_VIEWING] = TALLY_CAN_ALL(VIEWING);
    device.options.capabilities[TALLY_G_EVENT] =
        TALLY_CAN_ALL(EVENT) & ~TALLY_CAN(EVENT, EVENT_TYPE);
    live_a_life();
    const tally_session_id_t channel = tally_hook_zap(&device.agent, 0);
    assert_int_equal(tally_hook_first_frame(&device.agent, channel), TALLY_OK);
    (void)device_wait(&device, 0);
    assert_false(record_has(device_tell_viewing(&device), "g.gy"));
    assert_int_equal(device_count(&device, 'e'), 0);
}

/* The group of a record is this one metric. */
static void expect_only(char kind, const char *group, const char *metric) {
    const record_t record = device_last(&device, kind);
    assert_true(record_has(record, metric));
    assert_int_equal(record_keys(record, group), 1);
}

static void test_agent_tells_of_each_group_what_is_declared(void **state) {
    (void)state;
    uint64_t *const can = device.options.capabilities;
    can[TALLY_G_BOOT] = TALLY_CAN(BOOT, AGENT_VERSION);
    can[TALLY_G_DIMENSION] = TALLY_CAN(DIMENSION, DELIVERY);
    can[TALLY_G_EVENT] = TALLY_CAN(EVENT, EVENT_TYPE);
    can[TALLY_G_FRAMES] = TALLY_CAN(FRAMES, FRAMES_RECEIVED);
    can[TALLY_G_VIEWING] = TALLY_CAN(VIEWING, VIEWING_PLAYS);
    can[TALLY_G_HISTOGRAM] = TALLY_CAN(HISTOGRAM, STALL_HISTOGRAM);
    can[TALLY_G_ADS] = TALLY_CAN(ADS, AD_PLAYS);
    can[TALLY_G_LEVEL] = TALLY_CAN(LEVEL, LATENCY);
    can[TALLY_G_MEDIA] = TALLY_CAN(MEDIA, DOWNLOADS);
    can[TALLY_G_NETWORK] = TALLY_CAN(NETWORK, NET_UDP_HIGH);
    can[TALLY_G_PLAYBACK] = TALLY_CAN(PLAYBACK, PLAY_TIME);
    can[TALLY_G_RTP] = TALLY_CAN(RTP, RTP_INVALID);
    can[TALLY_G_TS] = TALLY_CAN(TS, TS_SYNC_BYTE_ERRORS);
    can[TALLY_G_WEBRTC_INBOUND] = TALLY_CAN(WEBRTC_INBOUND, IN_MIME_TYPE);
    can[TALLY_G_WEBRTC_OUTBOUND] = TALLY_CAN(WEBRTC_OUTBOUND, OUT_PACKETS);
    can[TALLY_G_WEBRTC_PAIR] = TALLY_CAN(WEBRTC_PAIR, PAIR_ROUND_TRIP);
    can[TALLY_G_SINCE] = TALLY_CAN(SINCE, SINCE_REQUEST);
    live_a_life();
    expect_only('b', "b", "b.gv");
    expect_only('s', "d", "d.dy");
    expect_only('e', "e", "e.et");
    expect_only('e', "y", "y.yu");
    expect_only('f', "f", "f.fv");
    expect_only('v', "g", "g.gc");
    expect_only('v', "h", "h.hb");
    expect_only('a', "n", "n.uh");
    expect_only('r', "r", "r.ri");
    expect_only('t', "t", "t.ty");
    expect_only('j', "j", "j.j7");
    expect_only('j', "x", "x.xr");
    expect_only('o', "o", "o.op");
    expect_only('o', "x", "x.xr");
    static const char of_sessions[] = {'h', 'x'};
    for (uint32_t i = 0; i < sizeof of_sessions; i++) {
        expect_only(of_sessions[i], "i", "i.ip");
        expect_only(of_sessions[i], "l", "l.lt");
        expect_only(of_sessions[i], "m", "m.mq");
        expect_only(of_sessions[i], "p", "p.pt");
    }
    expect_only('x', "d", "d.dy");
    expect_only('x', "y", "y.yu");
}

static void test_agent_tells_what_is_declared_at_boot_and_with_each_start(void **state) {
    (void)state;
    device.options.capabilities[TALLY_G_TS] = TALLY_CAN(TS, TS_PACKETS); /* the 21st */
    device.options.capabilities[TALLY_G_LEVEL] = TALLY_CAN_ALL(LEVEL);   /* eight */
    live_a_life();
    static const char kinds[] = {'b', 's'};
    for (uint32_t i = 0; i < sizeof kinds; i++) {
        const record_t record = device_last(&device, kinds[i]);
        assert_int_equal(record_keys(record, "c"), 4);
        assert_int_equal(record_number(record, "c.t"), 1 << 20);
        assert_int_equal(record_number(record, "c.l"), 255);
        assert_true(record_has(record, "c.a"));
    }
}

static void test_agent_refuses_capabilities_that_are_no_metrics(void **state) {
    (void)state;
    uint64_t *const can = device.options.capabilities;
    for (uint32_t group = 0; group < TALLY_GROUPS; group++) {
        const uint32_t metrics = tally_group_infos[group].end - tally_group_infos[group].first;
        (void)set_up(NULL);
        can[group] = UINT64_C(1) << metrics;
        assert_int_equal(device_init(&device), TALLY_E_CONFIG);
        can[group] = UINT64_C(1) << 63;
        assert_int_equal(device_init(&device), TALLY_E_CONFIG);
        can[group] = (UINT64_C(1) << metrics) - 1;
        assert_int_equal(device_init(&device), TALLY_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_that_declares_nothing_tells_of_itself_alone, set_up),
        cmocka_unit_test_setup(test_agent_that_declares_no_events_has_none, set_up),
        cmocka_unit_test_setup(test_agent_tells_of_each_group_what_is_declared, set_up),
        cmocka_unit_test_setup(test_agent_tells_what_is_declared_at_boot_and_with_each_start,
                               set_up),
        cmocka_unit_test_setup(test_agent_refuses_capabilities_that_are_no_metrics, set_up),
    };
    return cmocka_run_group_tests_name("agent_capabilities", tests, NULL, NULL);
}
