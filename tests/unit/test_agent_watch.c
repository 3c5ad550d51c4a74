/* SPDX-License-Identifier: Apache-2.0 */
/* Thresholds: what rises by so much since the last heartbeat is told within 10 s. */
#include <string.h>

#include "configuration.h"
#include "device.h"
#include "test.h"

static device_t device;
static signer_t signer;
static tally_session_id_t film;

static int set_up(void **state) {
    (void)state;
    device_prepare(&device);
    signer_init(&signer);
    device.options.verifier = &signer.verifier;
    assert_int_equal(device_init(&device), TALLY_OK);
    return 0;
}

static tally_t *agent(void) {
    return &device.agent;
}

/* A session, and half a second later a threshold. */
static void watch(const char *key, uint32_t rise) {
    film = device_play(&device);
    (void)device_wait(&device, 0);
    configuration_t made = configuration(agent()->policy.version_seen + 1);
    configuration_threshold(&made, key, rise);
    uint8_t *const message = configuration_message(&made);
    (void)device_wait(&device, 500);
    tally_policy_take(agent(), message, made.size);
    (void)device_wait(&device, 0);
}

static void download(uint32_t times) {
    assert_int_equal(tally_hook_add(agent(), film, TALLY_M_DOWNLOADS, times), TALLY_OK);
}

/* Steps whenever the agent wants to. */
static void wait_as_told(uint32_t ms) {
    const uint64_t end_ms = device.port.now_ms + ms;
    while (device.port.now_ms < end_ms) {
        const uint32_t wait_ms = device_wait(&device, 0);
        const uint64_t left_ms = end_ms - device.port.now_ms;
        assert_true(wait_ms > 0);
        device.port.now_ms += wait_ms < left_ms ? wait_ms : left_ms;
    }
    (void)device_wait(&device, 0);
}

static void expect_beats(uint32_t count) {
    assert_int_equal(device_count(&device, 'h'), count);
}

static void test_watch_without_thresholds_costs_no_wake_up(void **state) {
    (void)state;
    film = device_play(&device);
    assert_int_equal(device_wait(&device, 0), 60000);
    download(1000);
    wait_as_told(59999);
    expect_beats(0);
}

static void test_watch_tells_of_a_rise_within_10_seconds(void **state) {
    (void)state;
    watch("mq", 5);
    wait_as_told(9000);
    download(5);
    wait_as_told(999);
    expect_beats(0);
    agent()->uplink.due_ms = UINT64_MAX;
    wait_as_told(1);
    expect_beats(1);
    assert_int_equal(record_number(device_last(&device, 'h'), "m.mq"), 5);
    assert_int_equal(record_number(device_last(&device, 'h'), "u"), 10500);
    assert_true(agent()->uplink.due_ms <= device.port.now_ms ||
                !tally_uplink_is_idle(&agent()->uplink)); /* and asks for an upload */
    wait_as_told(59999); /* the clock of heartbeats has begun anew */
    expect_beats(1);
    wait_as_told(1);
    expect_beats(2);
}

static void test_watch_counts_from_the_last_heartbeat(void **state) {
    (void)state;
    watch("mq", 5);
    download(4);
    wait_as_told(59400);
    expect_beats(0);
    wait_as_told(600); /* the usual one */
    expect_beats(1);
    download(4);
    wait_as_told(30000);
    expect_beats(1);
    download(1);
    wait_as_told(10000);
    expect_beats(2);
    wait_as_told(20000);
    expect_beats(2);
}

static void test_watch_does_not_count_what_was_before_the_threshold(void **state) {
    (void)state;
    film = device_play(&device);
    download(100);
    watch("mq", 5);
    wait_as_told(30000);
    expect_beats(0);
}

static void test_watch_tells_no_more_often_than_every_10_seconds(void **state) {
    (void)state;
    watch("mq", 1);
    for (uint32_t tenth = 0; tenth < 600; tenth++) {
        download(3);
        (void)device_wait(&device, 100);
    }
    assert_in_range(device_count(&device, 'h'), 5, 6);
}

/* A duration rises while nothing else happens. */
static void test_watch_sees_the_time_of_what_is_going_on(void **state) {
    (void)state;
    watch("sd", 15000);
    assert_int_equal(tally_hook_buffering_begin(agent(), film), TALLY_OK);
    wait_as_told(10000);
    expect_beats(0);
    wait_as_told(10000);
    expect_beats(1);
    assert_int_equal(record_number(device_last(&device, 'h'), "p.sd"), 20000);
}

static void test_watch_sees_streams_and_tells_of_them(void **state) {
    (void)state;
    static tally_rtp_t rtp[2];
    watch("ri", 3);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(tally_rtp_init(&rtp[i], 90000), TALLY_OK);
        assert_int_equal(tally_attach_rtp(agent(), film, &rtp[i]), TALLY_OK);
    }
    tally_rtp_invalid(&rtp[0]);
    tally_rtp_invalid(&rtp[1]);
    wait_as_told(10000);
    expect_beats(0);
    tally_rtp_invalid(&rtp[1]); /* three, both together */
    wait_as_told(10000);
    expect_beats(1);
    assert_int_equal(device_count(&device, 'r'), 2);
    assert_int_equal(tally_detach(agent(), &rtp[1]), TALLY_OK);
    wait_as_told(50000);
    expect_beats(1); /* what falls does not rise */
    wait_as_told(10000);
    expect_beats(2);
    for (uint32_t i = 0; i < 3; i++) {
        tally_rtp_invalid(&rtp[0]);
    }
    wait_as_told(10000);
    expect_beats(3);
    assert_int_equal(tally_detach(agent(), &rtp[0]), TALLY_OK);
}

static void test_watch_sees_received_tracks(void **state) {
    (void)state;
    static tally_webrtc_t track;
    tally_webrtc_inbound_t stats;
    tally_webrtc_no_inbound(&stats);
    stats.nacks = 10;
    watch("jn", 7);
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 64), TALLY_OK);
    assert_int_equal(tally_attach_webrtc(agent(), film, &track), TALLY_OK);
    assert_int_equal(tally_webrtc_inbound(&track, &stats, NULL, 0), TALLY_OK);
    wait_as_told(9000);
    stats.nacks = 17;
    assert_int_equal(tally_webrtc_inbound(&track, &stats, NULL, 1000), TALLY_OK);
    wait_as_told(1000);
    expect_beats(1);
    assert_true(tally_detach_webrtc(agent(), &track) >= 0);
    (void)device_wait(&device, 0);
}

static void test_watch_leaves_alone_what_sleeps_and_what_has_no_records(void **state) {
    (void)state;
    watch("mq", 1);
    assert_int_equal(tally_suspend(agent()), TALLY_OK);
    download(5);
    wait_as_told(30000);
    expect_beats(0);
    assert_int_equal(tally_resume(agent()), TALLY_OK);
    assert_int_equal(tally_hook_close(agent(), film, TALLY_STOP_USER), TALLY_OK);
    agent()->policy.active.sampling_ppm = 0;
    film = device_play(&device);
    download(5);
    wait_as_told(30000);
    expect_beats(0);
}

/* Four sessions at once, each with counts of its own. */
static void test_watch_keeps_sessions_apart(void **state) {
    (void)state;
    watch("mq", 5);
    const tally_session_id_t first = film;
    tally_session_id_t others[3];
    for (uint32_t i = 0; i < 3; i++) {
        others[i] = device_play(&device);
    }
    film = others[1];
    download(5);
    film = others[2];
    download(4);
    film = first;
    download(4);
    wait_as_told(10000);
    expect_beats(1);
    assert_int_equal(record_number(device_last(&device, 'h'), "s"), others[1]);
}

/* A rise of more than 2^30 counts as one of 2^30: counters are watched by their lower halves. */
static void test_watch_of_a_huge_rise(void **state) {
    (void)state;
    watch("mq", UINT32_MAX);
    download((1u << 30) - 1);
    wait_as_told(10000);
    expect_beats(0);
    download(1);
    wait_as_told(10000);
    expect_beats(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_watch_without_thresholds_costs_no_wake_up, set_up),
        cmocka_unit_test_setup(test_watch_tells_of_a_rise_within_10_seconds, set_up),
        cmocka_unit_test_setup(test_watch_counts_from_the_last_heartbeat, set_up),
        cmocka_unit_test_setup(test_watch_does_not_count_what_was_before_the_threshold, set_up),
        cmocka_unit_test_setup(test_watch_tells_no_more_often_than_every_10_seconds, set_up),
        cmocka_unit_test_setup(test_watch_sees_the_time_of_what_is_going_on, set_up),
        cmocka_unit_test_setup(test_watch_sees_streams_and_tells_of_them, set_up),
        cmocka_unit_test_setup(test_watch_sees_received_tracks, set_up),
        cmocka_unit_test_setup(test_watch_leaves_alone_what_sleeps_and_what_has_no_records, set_up),
        cmocka_unit_test_setup(test_watch_keeps_sessions_apart, set_up),
        cmocka_unit_test_setup(test_watch_of_a_huge_rise, set_up),
    };
    return cmocka_run_group_tests_name("agent_watch", tests, NULL, NULL);
}
