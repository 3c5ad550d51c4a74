/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from outside while it runs, what a day may cost, and how often it wakes the device.
 */
#include <string.h>

#include "test.h"
#include "uplink_rig.h"

static uplink_rig_t rig;

#define DAY_MS    UINT64_C(86400000)
#define MORNING_S 1792310400 /* 2026-10-18 08:00 UTC */

static const tally_endpoint_t elsewhere = {
    .peer = {.host = "collector.example", .port = 443},
    .path = "/elsewhere",
};

/* One record waits; its upload is due now. */
static int one_record(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    uplink_rig_keep(&rig, 'x', 4);
    return 0;
}

/* --- endpoint ------------------------------------------------------------------------------- */

static void assert_sent_to(const char *beginning) {
    assert_memory_equal(rig.wire.sent + rig.wire.opened_at, beginning, strlen(beginning));
}

static void test_uplink_goes_to_another_endpoint_from_the_next_upload_on(void **state) {
    (void)state;
    rig.wire.replies[0] = REPLY_OK;
    tally_uplink_set_endpoint(&rig.uplink, &elsewhere);
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_sent_to("POST /elsewhere HTTP/1.1\r\nHost: collector.example:443\r\n");
}

static void test_uplink_breaks_off_what_is_under_way_to_the_endpoint_before(void **state) {
    (void)state;
    rig.wire.takes_most = 100;
    (void)uplink_rig_run(&rig);
    assert_false(tally_uplink_is_idle(&rig.uplink));
    tally_uplink_set_endpoint(&rig.uplink, &elsewhere);
    assert_true(tally_uplink_is_idle(&rig.uplink));
    assert_false(rig.wire.is_open);
    rig.wire.takes_most = UINT32_MAX;
    rig.wire.replies[0] = REPLY_OK;
    (void)uplink_rig_run(&rig);
    assert_sent_to("POST /elsewhere HTTP/1.1\r\n");
    assert_int_equal(rig.uplink.stats.attempts, 1);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(rig.uplink.stats.failed_net, 0);
}

static void test_uplink_does_not_keep_a_connection_to_the_endpoint_before(void **state) {
    (void)state;
    uplink_rig_restart(&rig, 10000);
    rig.wire.replies[0] = REPLY_OK;
    rig.wire.replies[1] = REPLY_OK;
    (void)uplink_rig_run(&rig);
    assert_true(rig.wire.is_open);
    tally_uplink_set_endpoint(&rig.uplink, &elsewhere);
    assert_false(rig.wire.is_open);
    uplink_rig_keep(&rig, 'y', 4);
    (void)uplink_rig_run_after(&rig, 10000);
    assert_sent_to("POST /elsewhere HTTP/1.1\r\n");
}

static void test_uplink_wait_after_a_failure_holds_for_another_endpoint(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run(&rig);
    tally_uplink_set_endpoint(&rig.uplink, &elsewhere);
    assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
}

/* --- period --------------------------------------------------------------------------------- */

static void test_uplink_shorter_period_holds_from_now_on(void **state) {
    (void)state;
    rig.wire.replies[0] = REPLY_OK;
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    tally_uplink_set_period(&rig.uplink, 60000, rig.port.now_ms);
    assert_int_equal(uplink_rig_run(&rig), 60000);
    assert_int_equal(uplink_rig_run_after(&rig, 60000), 60000);
}

static void test_uplink_longer_period_holds_after_the_next_upload(void **state) {
    (void)state;
    rig.wire.replies[0] = REPLY_OK;
    (void)uplink_rig_run(&rig);
    tally_uplink_set_period(&rig.uplink, 2 * RIG_PERIOD_MS, rig.port.now_ms);
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(uplink_rig_run_after(&rig, RIG_PERIOD_MS), 2 * RIG_PERIOD_MS);
}

static void test_uplink_period_is_the_window_of_retries(void **state) {
    (void)state;
    tally_uplink_set_period(&rig.uplink, 60000, rig.port.now_ms);
    rig.wire.open_says = TALLY_E_CONNECT;
    assert_int_equal(uplink_rig_run(&rig), 30001);
}

static void test_uplink_wait_after_a_failure_holds_for_another_period(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run(&rig);
    tally_uplink_set_period(&rig.uplink, 60000, rig.port.now_ms);
    assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
}

/* --- hold ----------------------------------------------------------------------------------- */

static void test_uplink_held_begins_nothing(void **state) {
    (void)state;
    tally_uplink_hold(&rig.uplink, true);
    assert_int_equal(uplink_rig_run(&rig), UINT32_MAX);
    tally_uplink_flush(&rig.uplink, rig.port.now_ms);
    (void)uplink_rig_run_after(&rig, RIG_PERIOD_MS);
    while (tally_spool_fill_percent(&rig.spool) < 60) {
        uplink_rig_keep(&rig, 'y', 1000);
    }
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.wire.opens, 0);
    rig.wire.replies[0] = REPLY_OK;
    tally_uplink_hold(&rig.uplink, false);
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

static void test_uplink_held_finishes_what_is_under_way(void **state) {
    (void)state;
    rig.wire.takes_most = 100;
    (void)uplink_rig_run(&rig);
    tally_uplink_hold(&rig.uplink, true);
    rig.wire.takes_most = UINT32_MAX;
    rig.wire.replies[0] = REPLY_OK;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

/* --- a day's bytes -------------------------------------------------------------------------- */

/* So many bytes a day, at 08:00. */
static int budget(uint32_t daily_bytes) {
    (void)one_record(NULL);
    rig.port.wall =
        (tally_wall_t){.unix_ms = MORNING_S * INT64_C(1000), .quality = TALLY_WALL_AUTHENTICATED};
    rig.config.daily_bytes = daily_bytes;
    uplink_rig_restart(&rig, RIG_PERIOD_MS);
    for (uint32_t i = 0; i < FAKE_REPLIES; i++) {
        rig.wire.replies[i] = REPLY_OK;
    }
    return 0;
}

static uint32_t wait_with_wall(uint64_t ms) {
    rig.port.now_ms += ms;
    rig.port.wall.unix_ms += (int64_t)ms;
    return uplink_rig_run(&rig);
}

static void test_uplink_counts_bytes_both_ways_and_connections(void **state) {
    (void)state;
    (void)budget(1000000);
    (void)uplink_rig_run(&rig);
    const tally_uplink_stats_t *const stats = &rig.uplink.stats;
    assert_int_equal(stats->accepted, 1);
    assert_int_equal(rig.uplink.budget.used, 4000 + stats->bytes + stats->received);
}

static void test_uplink_counts_a_handshake_that_fails(void **state) {
    (void)state;
    (void)budget(1000000);
    rig.wire.open_says = TALLY_OPENING_SECURE;
    (void)uplink_rig_run(&rig);
    rig.wire.open_says = TALLY_E_TLS_CA;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.budget.used, 4000);
}

/* However many steps the handshake takes. */
static void test_uplink_counts_a_handshake_once(void **state) {
    (void)state;
    (void)budget(1000000);
    rig.wire.open_says = TALLY_OPENING_SECURE;
    for (uint32_t i = 0; i < 5; i++) {
        (void)uplink_rig_run_after(&rig, 100);
    }
    rig.wire.open_says = TALLY_OPEN;
    rig.wire.send_most = 0;
    (void)uplink_rig_run_after(&rig, 100);
    assert_int_equal(rig.uplink.stats.connects, 1);
    assert_int_equal(rig.uplink.budget.used, 4000);
}

static void test_uplink_does_not_count_a_server_that_is_not_there(void **state) {
    (void)state;
    (void)budget(1000000);
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.budget.used, 0);
}

/* The rest of 16 hours, and half the period that chance gives. */
static void test_uplink_bytes_used_up_wait_for_the_next_day_and_spread(void **state) {
    (void)state;
    (void)budget(4100);
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    uplink_rig_keep(&rig, 'y', 4);
    const uint32_t day_ms = 16 * 3600000;
    assert_int_equal(wait_with_wall(RIG_PERIOD_MS), day_ms - RIG_PERIOD_MS + RIG_PERIOD_MS / 2);
    assert_int_equal(rig.uplink.stats.deferred, 1);
    assert_int_equal(wait_with_wall(day_ms - RIG_PERIOD_MS), RIG_PERIOD_MS / 2);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    (void)wait_with_wall(RIG_PERIOD_MS / 2);
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_int_equal(rig.uplink.stats.deferred, 1);
}

static void test_uplink_finishes_the_upload_that_uses_up_the_day(void **state) {
    (void)state;
    (void)budget(1);
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

static void test_uplink_day_that_is_used_up_is_not_told_while_nothing_waits(void **state) {
    (void)state;
    (void)budget(1);
    (void)uplink_rig_run(&rig);
    assert_int_equal(wait_with_wall(RIG_PERIOD_MS), RIG_PERIOD_MS);
    assert_int_equal(rig.uplink.stats.deferred, 0);
}

static void test_uplink_closes_its_connection_for_the_rest_of_the_day(void **state) {
    (void)state;
    (void)budget(4100);
    uplink_rig_restart(&rig, 10000);
    (void)uplink_rig_run(&rig);
    assert_true(rig.wire.is_open);
    uplink_rig_keep(&rig, 'y', 4);
    (void)wait_with_wall(10000);
    assert_false(rig.wire.is_open);
    assert_int_equal(rig.uplink.stats.deferred, 1);
}

/* --- sleep ---------------------------------------------------------------------------------- */

/* Steps in 24 hours if nobody wakes it but itself. */
static uint32_t steps_of_a_day(void) {
    uint32_t steps = 0;
    for (uint64_t passed_ms = 0; passed_ms < DAY_MS; steps++) {
        const uint32_t wait_ms = tally_uplink_step(&rig.uplink, rig.port.now_ms, &rig.port.wall);
        rig.port.now_ms += wait_ms;
        rig.port.wall.unix_ms += wait_ms;
        passed_ms += wait_ms;
        assert_true(steps < 10000);
    }
    return steps;
}

static void test_uplink_sleeps_through_the_periods_with_nothing_to_send(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    assert_in_range(steps_of_a_day(), 1, 288 + 1);
}

/* Behind a server that is away each try takes one step; every second one on average, for chance
 * gives half of 4 periods. */
static void test_uplink_sleeps_through_the_waits_after_failures(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    assert_in_range(steps_of_a_day(), 100, 288 / 2 + 3);
    assert_int_equal(rig.wire.opens, 0);
}

/* A deadline each, and the wait behind it: two steps a try. */
static void test_uplink_sleeps_until_a_deadline(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_OPENING_CONNECT;
    const uint32_t steps = steps_of_a_day();
    assert_int_equal(steps, 2 * rig.uplink.stats.attempts);
    assert_in_range(steps, 200, 288 + 6);
}

static void test_uplink_sleeps_through_a_day_that_is_used_up(void **state) {
    (void)state;
    (void)budget(1);
    (void)uplink_rig_run(&rig);
    uplink_rig_keep(&rig, 'y', 4);
    (void)wait_with_wall(RIG_PERIOD_MS);
    assert_int_equal(rig.uplink.stats.deferred, 1);
    uint32_t steps = 0;
    const uint64_t end_ms = rig.port.now_ms + 15 * 3600000;
    while (rig.port.now_ms < end_ms) {
        rig.port.now_ms += tally_uplink_step(&rig.uplink, rig.port.now_ms, &rig.port.wall);
        steps++;
    }
    assert_int_equal(steps, 1);
}

static void test_uplink_sleeps_while_it_is_held(void **state) {
    (void)state;
    tally_uplink_hold(&rig.uplink, true);
    assert_int_equal(steps_of_a_day(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_uplink_goes_to_another_endpoint_from_the_next_upload_on,
                               one_record),
        cmocka_unit_test_setup(test_uplink_breaks_off_what_is_under_way_to_the_endpoint_before,
                               one_record),
        cmocka_unit_test_setup(test_uplink_does_not_keep_a_connection_to_the_endpoint_before,
                               one_record),
        cmocka_unit_test_setup(test_uplink_wait_after_a_failure_holds_for_another_endpoint,
                               one_record),
        cmocka_unit_test_setup(test_uplink_shorter_period_holds_from_now_on, one_record),
        cmocka_unit_test_setup(test_uplink_longer_period_holds_after_the_next_upload, one_record),
        cmocka_unit_test_setup(test_uplink_period_is_the_window_of_retries, one_record),
        cmocka_unit_test_setup(test_uplink_wait_after_a_failure_holds_for_another_period,
                               one_record),
        cmocka_unit_test_setup(test_uplink_held_begins_nothing, one_record),
        cmocka_unit_test_setup(test_uplink_held_finishes_what_is_under_way, one_record),
        cmocka_unit_test_setup(test_uplink_counts_bytes_both_ways_and_connections, one_record),
        cmocka_unit_test_setup(test_uplink_counts_a_handshake_that_fails, one_record),
        cmocka_unit_test_setup(test_uplink_counts_a_handshake_once, one_record),
        cmocka_unit_test_setup(test_uplink_does_not_count_a_server_that_is_not_there, one_record),
        cmocka_unit_test_setup(test_uplink_bytes_used_up_wait_for_the_next_day_and_spread,
                               one_record),
        cmocka_unit_test_setup(test_uplink_finishes_the_upload_that_uses_up_the_day, one_record),
        cmocka_unit_test_setup(test_uplink_day_that_is_used_up_is_not_told_while_nothing_waits,
                               one_record),
        cmocka_unit_test_setup(test_uplink_closes_its_connection_for_the_rest_of_the_day,
                               one_record),
        cmocka_unit_test_setup(test_uplink_sleeps_through_the_periods_with_nothing_to_send,
                               one_record),
        cmocka_unit_test_setup(test_uplink_sleeps_through_the_waits_after_failures, one_record),
        cmocka_unit_test_setup(test_uplink_sleeps_until_a_deadline, one_record),
        cmocka_unit_test_setup(test_uplink_sleeps_through_a_day_that_is_used_up, one_record),
        cmocka_unit_test_setup(test_uplink_sleeps_while_it_is_held, one_record),
    };
    return cmocka_run_group_tests_name("uplink_changes", tests, NULL, NULL);
}
