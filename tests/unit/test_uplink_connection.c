/* SPDX-License-Identifier: Apache-2.0 */
/* One connection for many uploads, and servers that end it when they like. */
#include "test.h"
#include "uplink_rig.h"

static uplink_rig_t rig;

/* Uploads follow each other soon enough to keep the connection. */
static int often(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    uplink_rig_restart(&rig, 10000);
    for (uint32_t i = 0; i < FAKE_REPLIES; i++) {
        rig.wire.replies[i] = REPLY_OK;
    }
    return 0;
}

static void upload_one(void) {
    uplink_rig_keep(&rig, 'x', 4);
    (void)uplink_rig_run(&rig);
}

static void upload_another(void) {
    uplink_rig_keep(&rig, 'y', 4);
    (void)uplink_rig_run_after(&rig, 10000);
}

static void assert_no_failure(void) {
    assert_int_equal(rig.uplink.stats.last_error, TALLY_OK);
    assert_int_equal(rig.uplink.stats.failed_net, 0);
    assert_int_equal(rig.uplink.stats.failed_http, 0);
}

static void test_uplink_keeps_the_connection_for_an_upload_that_is_near(void **state) {
    (void)state;
    upload_one();
    assert_true(rig.wire.is_open);
    upload_another();
    assert_int_equal(rig.uplink.stats.connects, 1);
    assert_int_equal(rig.uplink.stats.accepted, 2);
}

static void test_uplink_closes_the_connection_when_the_next_upload_is_far(void **state) {
    (void)state;
    uplink_rig_restart(&rig, 30001);
    upload_one();
    assert_false(rig.wire.is_open);
    assert_int_equal(rig.wire.closes, 1);
}

static void test_uplink_closes_the_connection_when_told(void **state) {
    (void)state;
    rig.wire.replies[0] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    upload_one();
    assert_false(rig.wire.is_open);
    upload_another();
    assert_int_equal(rig.uplink.stats.connects, 2);
    assert_no_failure();
}

static void test_uplink_notices_that_an_idle_connection_ended(void **state) {
    (void)state;
    upload_one();
    rig.wire.receive_says = TALLY_E_CLOSED;
    uplink_rig_steps(&rig, 1);
    assert_false(rig.wire.is_open);
    rig.wire.receive_says = 0;
    upload_another();
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_no_failure();
}

static void test_uplink_drops_a_connection_that_speaks_unasked(void **state) {
    (void)state;
    upload_one();
    rig.wire.reply = "HTTP/1.1 408 Request Timeout\r\n\r\n";
    uplink_rig_steps(&rig, 1);
    assert_false(rig.wire.is_open);
    assert_no_failure();
}

static void test_uplink_opens_a_stale_connection_anew_and_calls_it_no_failure(void **state) {
    (void)state;
    upload_one();
    rig.wire.send_most = 0;
    upload_another(); /* begins, and cannot go on */
    rig.wire.send_most = UINT32_MAX;
    rig.wire.stale = true;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.connects, 2);
    assert_int_equal(rig.uplink.stats.attempts, 2);
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_no_failure();
}

static void test_uplink_gives_a_stale_connection_one_more_chance_only(void **state) {
    (void)state;
    upload_one();
    rig.wire.send_says = TALLY_E_CLOSED;
    uplink_rig_keep(&rig, 'y', 4);
    assert_int_equal(uplink_rig_run_after(&rig, 10000), 5001); /* half the window */
    assert_int_equal(rig.uplink.stats.connects, 2);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
    assert_int_equal(rig.uplink.stats.last_error, TALLY_E_CLOSED);
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
}

static void test_uplink_takes_a_kept_connection_that_hangs_for_a_stale_one(void **state) {
    (void)state;
    upload_one();
    rig.wire.replies[1] = NULL; /* takes the request and says nothing */
    upload_another();
    (void)uplink_rig_run_after(&rig, 30000);
    assert_int_equal(rig.uplink.stats.connects, 2);
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_no_failure();
}

static void test_uplink_counts_a_failure_after_a_kept_connection_began_to_answer(void **state) {
    (void)state;
    upload_one();
    rig.wire.replies[1] = "HTTP/1.1 2";
    upload_another();
    rig.wire.receive_says = TALLY_E_CLOSED;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.connects, 1);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
    assert_int_equal(rig.uplink.stats.last_error, TALLY_E_CLOSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_uplink_keeps_the_connection_for_an_upload_that_is_near, often),
        cmocka_unit_test_setup(test_uplink_closes_the_connection_when_the_next_upload_is_far,
                               often),
        cmocka_unit_test_setup(test_uplink_closes_the_connection_when_told, often),
        cmocka_unit_test_setup(test_uplink_notices_that_an_idle_connection_ended, often),
        cmocka_unit_test_setup(test_uplink_drops_a_connection_that_speaks_unasked, often),
        cmocka_unit_test_setup(test_uplink_opens_a_stale_connection_anew_and_calls_it_no_failure,
                               often),
        cmocka_unit_test_setup(test_uplink_gives_a_stale_connection_one_more_chance_only, often),
        cmocka_unit_test_setup(test_uplink_takes_a_kept_connection_that_hangs_for_a_stale_one,
                               often),
        cmocka_unit_test_setup(test_uplink_counts_a_failure_after_a_kept_connection_began_to_answer,
                               often),
    };
    return cmocka_run_group_tests_name("uplink_connection", tests, NULL, NULL);
}
