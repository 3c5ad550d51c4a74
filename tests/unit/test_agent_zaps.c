/* SPDX-License-Identifier: Apache-2.0 */
/* A viewer who changes channels: what is short leaves figures and no records. */
#include "device.h"
#include "test.h"

static device_t device;
static tally_session_id_t channel;

static int set_up(void **state) {
    (void)state;
    device_boot(&device);
    channel = 0;
    return 0;
}

static void zap(void) {
    channel = tally_hook_zap(&device.agent, channel);
    assert_int_not_equal(channel, 0);
    (void)device_wait(&device, 0);
}

static void first_frame_after(uint32_t ms) {
    device.port.now_ms += ms;
    assert_int_equal(tally_hook_first_frame(&device.agent, channel), TALLY_OK);
    (void)device_wait(&device, 0);
}

static void stall(uint32_t ms) {
    assert_int_equal(tally_hook_buffering_begin(&device.agent, channel), TALLY_OK);
    device.port.now_ms += ms;
    assert_int_equal(tally_hook_buffering_end(&device.agent, channel), TALLY_OK);
    (void)device_wait(&device, 0);
}

static void leave(void) {
    assert_int_equal(tally_hook_close(&device.agent, channel, TALLY_STOP_USER), TALLY_OK);
    (void)device_wait(&device, 0);
    channel = 0;
}

/* --- short ones ----------------------------------------------------------------------------- */

/* 2 s each: 300 ms of zapping, 1 s of playing, a stall of 200 ms, 500 ms of playing. */
static void zap_often(uint32_t times) {
    for (uint32_t i = 0; i < times; i++) {
        zap();
        first_frame_after(300);
        (void)device_wait(&device, 1000);
        stall(200);
        (void)device_wait(&device, 500);
    }
}

static void test_agent_short_zaps_make_no_records_and_are_summed_up(void **state) {
    (void)state;
    zap_often(30);
    leave();
    const record_t viewing = device_tell_viewing(&device);
    device_expect_kinds(&device, "bav");
    assert_int_equal(record_number(viewing, "g.go"), 30); /* sessions */
    assert_int_equal(record_number(viewing, "g.gz"), 30); /* zaps */
    assert_int_equal(record_number(viewing, "g.gq"), 30); /* play requests */
    assert_int_equal(record_number(viewing, "g.gc"), 30); /* first frames */
    assert_int_equal(record_number(viewing, "g.gi"), 30); /* folded, and of them: */
    assert_int_equal(record_number(viewing, "g.gj"), 60000);
    assert_int_equal(record_number(viewing, "g.gk"), 45000);
    assert_int_equal(record_number(viewing, "g.gl"), 30);
    assert_int_equal(record_number(viewing, "g.gm"), 6000);
    assert_int_equal(record_number(viewing, "g.gp"), 30);
    assert_int_equal(record_number(viewing, "g.gt"), 9000);
    assert_false(record_has(viewing, "g.gn"));
    assert_false(record_has(viewing, "g.gx"));
    assert_int_equal(record_number(viewing, "g.gs"), 120); /* frame, begin, end, close */
    assert_int_equal(record_number(viewing, "g.gy"), 90);  /* frame, stall's begin and end */
}

/* At scale 3 bucket i is above 2^(i/8) up to 2^((i+1)/8): 279 < 300 <= 305, 197 < 200 <= 215. */
static void test_agent_short_zaps_are_in_the_histograms(void **state) {
    (void)state;
    zap_often(30);
    const record_t viewing = device_tell_viewing(&device);
    record_expect_integers(viewing, "h.he", (const int64_t[]){3, 0, 65, 30}, 4);
    record_expect_integers(viewing, "h.hb", (const int64_t[]){3, 0, 61, 30}, 4);
    assert_false(record_has(viewing, "h.ha")); /* a zap has no startup time */
    assert_false(record_has(viewing, "h.hc"));
}

static void test_agent_zap_left_before_its_first_frame_is_an_exit(void **state) {
    (void)state;
    zap();
    (void)device_wait(&device, 700);
    leave();
    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_number(viewing, "g.gi"), 1);
    assert_int_equal(record_number(viewing, "g.gx"), 1);
    assert_int_equal(record_number(viewing, "g.gt"), 700);
    assert_false(record_has(viewing, "g.gp"));
    assert_false(record_has(viewing, "h"));
}

static void test_agent_error_alone_does_not_announce_a_zap(void **state) {
    (void)state;
    zap();
    assert_int_equal(tally_hook_error(&device.agent, channel, 7, TALLY_ERROR_NETWORK), TALLY_OK);
    (void)device_wait(&device, 100);
    leave();
    const record_t viewing = device_tell_viewing(&device);
    device_expect_kinds(&device, "bav");
    assert_int_equal(record_number(viewing, "g.ge"), 1);
    assert_int_equal(record_number(viewing, "g.gy"), 1);
}

static void test_agent_zap_closes_the_session_before_it(void **state) {
    (void)state;
    channel = device_play(&device);
    (void)device_wait(&device, 9000);
    zap();
    device_expect_kinds(&device, "bsex");
    assert_int_equal(record_number(device_last(&device, 'x'), "p.sr"), TALLY_STOP_ZAP);
    tally_session_id_t open = 0;
    assert_int_equal(tally_sessions(&device.agent, &open, 1), 1);
    assert_int_equal(open, channel);
}

/* --- long ones ------------------------------------------------------------------------------ */

static void test_agent_zap_that_lasts_is_announced_once_with_its_dimensions(void **state) {
    (void)state;
    zap_often(3);
    zap();
    assert_int_equal(tally_hook_text(&device.agent, channel, TALLY_M_CONTENT_ID, "ard"), 0);
    first_frame_after(400);
    assert_int_equal(device_wait(&device, 4599), 1); /* asks to be called when it is 5 s old */
    device_expect_kinds(&device, "b");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bs");
    (void)device_wait(&device, 1000);
    stall(250);
    leave();
    device_expect_kinds(&device, "bseex");

    const record_t start = device_last(&device, 's');
    assert_int_equal(record_number(start, "s"), 4);
    assert_int_equal(record_number(start, "u"), 11000);
    assert_int_equal(record_number(start, "d.ki"), TALLY_SESSION_ZAP);
    record_expect_text(start, "d.ci", "ard");

    const record_t end = device_last(&device, 'x');
    assert_int_equal(record_number(end, "s"), 4);
    assert_int_equal(record_number(end, "p.xe"), 6250);
    assert_int_equal(record_number(end, "p.zt"), 400);
    assert_int_equal(record_number(end, "p.zp"), 400);
    assert_int_equal(record_number(end, "p.pt"), 5600);
    assert_int_equal(record_number(end, "p.sc"), 1);
    assert_int_equal(record_number(end, "p.sd"), 250);
    assert_int_equal(record_number(end, "p.fp"), 1);
    assert_false(record_has(end, "p.su"));
    assert_false(record_has(end, "p.jt"));
    record_expect_text(end, "d.ci", "ard");

    const record_t viewing = device_tell_viewing(&device);
    assert_int_equal(record_number(viewing, "g.gi"), 3);
    assert_int_equal(record_number(viewing, "g.gz"), 4);
    assert_int_equal(record_number(viewing, "g.gy"), 10); /* 3 of each short one, its first frame */
}

static void test_agent_zap_that_lasts_has_heartbeats_from_its_opening(void **state) {
    (void)state;
    zap();
    first_frame_after(300);
    (void)device_wait(&device, 4700);
    (void)device_wait(&device, 54999);
    device_expect_kinds(&device, "bs");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bsh");
}

static void test_agent_zap_is_announced_by_an_event_that_comes_late_enough(void **state) {
    (void)state;
    zap();
    first_frame_after(300);
    device.port.now_ms += 4700;
    leave(); /* 5 s old, and no step in between */
    device_expect_kinds(&device, "bsx");
    assert_int_equal(record_number(device_last(&device, 's'), "u"), 5000);
}

static void test_agent_zap_that_fails_is_announced_however_short(void **state) {
    (void)state;
    zap();
    device.port.now_ms += 800;
    assert_int_equal(tally_hook_fatal(&device.agent, channel, 17, TALLY_ERROR_TUNER), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bse");
    assert_int_equal(record_number(device_last(&device, 'e'), "e.ec"), 17);
    assert_int_equal(record_number(device_last(&device, 'e'), "e.ed"), TALLY_ERROR_TUNER);
    (void)device_wait(&device, 100);
    zap();
    device_expect_kinds(&device, "bsex");
    assert_int_equal(record_number(device_last(&device, 'x'), "p.sf"), 1);
    assert_int_equal(record_number(device_last(&device, 'x'), "p.sr"), TALLY_STOP_ERROR);
    assert_false(record_has(device_tell_viewing(&device), "g.gi"));
}

/* --- at the edges --------------------------------------------------------------------------- */

/* The player's thread zaps while the agent task is in the middle of a step. */
static tally_wall_t wall_with_a_zap(void *ctx) {
    (void)ctx;
    if (channel == 0) {
        device.port.now_ms += 3;
        channel = tally_hook_zap(&device.agent, 0);
    }
    return device.port.wall;
}

static void test_agent_zap_in_the_middle_of_a_step_is_not_taken_for_an_old_one(void **state) {
    (void)state;
    device.port.port.wall = wall_with_a_zap;
    (void)device_wait(&device, 1000);
    assert_int_not_equal(channel, 0);
    device_expect_kinds(&device, "b");
    (void)device_wait(&device, 4999);
    device_expect_kinds(&device, "b");
    (void)device_wait(&device, 1);
    device_expect_kinds(&device, "bs");
}

static void test_agent_short_zap_tells_nothing_of_its_streams(void **state) {
    (void)state;
    tally_ts_t ts;
    const uint8_t packet[TALLY_TS_BYTES] = {0x47, 0x01, 0x00, 0x10};
    tally_ts_init(&ts);
    zap();
    assert_int_equal(tally_attach_ts(&device.agent, channel, &ts), TALLY_OK);
    (void)tally_ts_packets(&ts, packet, sizeof packet, 0);
    (void)device_wait(&device, 2000);
    assert_int_equal(tally_detach(&device.agent, &ts), TALLY_OK);
    zap();
    device_expect_kinds(&device, "b");
    tally_ts_init(&ts);
    assert_int_equal(tally_attach_ts(&device.agent, channel, &ts), TALLY_OK);
    (void)tally_ts_packets(&ts, packet, sizeof packet, 0);
    (void)device_wait(&device, 5000);
    assert_int_equal(tally_detach(&device.agent, &ts), TALLY_OK);
    (void)device_wait(&device, 0);
    device_expect_kinds(&device, "bst");
    assert_int_equal(record_number(device_last(&device, 't'), "s"), channel);
    assert_int_equal(record_number(device_last(&device, 't'), "t.tp"), 1);
}

static void test_agent_zap_without_room_leaves_the_old_channel_open(void **state) {
    (void)state;
    channel = device_play(&device);
    (void)device_wait(&device, 0);
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        assert_int_equal(tally_hook_pause(&device.agent, 99), TALLY_OK);
    }
    assert_int_equal(tally_hook_zap(&device.agent, channel), 0);
    assert_int_equal(record_number(device_tell_agent(&device), "a.ae"), 1);
    tally_session_id_t open = 0;
    assert_int_equal(tally_sessions(&device.agent, &open, 1), 1);
    assert_int_equal(open, channel);
    zap();
    assert_int_equal(record_number(device_last(&device, 'x'), "p.sr"), TALLY_STOP_ZAP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_agent_short_zaps_make_no_records_and_are_summed_up, set_up),
        cmocka_unit_test_setup(test_agent_short_zaps_are_in_the_histograms, set_up),
        cmocka_unit_test_setup(test_agent_zap_left_before_its_first_frame_is_an_exit, set_up),
        cmocka_unit_test_setup(test_agent_error_alone_does_not_announce_a_zap, set_up),
        cmocka_unit_test_setup(test_agent_zap_closes_the_session_before_it, set_up),
        cmocka_unit_test_setup(test_agent_zap_that_lasts_is_announced_once_with_its_dimensions,
                               set_up),
        cmocka_unit_test_setup(test_agent_zap_that_lasts_has_heartbeats_from_its_opening, set_up),
        cmocka_unit_test_setup(test_agent_zap_is_announced_by_an_event_that_comes_late_enough,
                               set_up),
        cmocka_unit_test_setup(test_agent_zap_that_fails_is_announced_however_short, set_up),
        cmocka_unit_test_setup(test_agent_zap_in_the_middle_of_a_step_is_not_taken_for_an_old_one,
                               set_up),
        cmocka_unit_test_setup(test_agent_short_zap_tells_nothing_of_its_streams, set_up),
        cmocka_unit_test_setup(test_agent_zap_without_room_leaves_the_old_channel_open, set_up),
    };
    return cmocka_run_group_tests_name("agent_zaps", tests, NULL, NULL);
}
