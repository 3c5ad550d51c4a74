/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever goes wrong on the way: it is counted under its cause, the record stays, and the next
 * try waits its time. */
#include <string.h>

#include "test.h"
#include "uplink_rig.h"

static uplink_rig_t rig;

/* One record waits; its upload is due now. */
static int one_record(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    uplink_rig_keep(&rig, 'x', 4);
    return 0;
}

/* --- deadlines ------------------------------------------------------------------------------ */

/* The upload hangs where it is for exactly this long. */
static void assert_deadline(uint32_t ms) {
    assert_int_equal(uplink_rig_run(&rig), ms);
    assert_int_equal(uplink_rig_run_after(&rig, ms - 1), 1);
    assert_true(rig.wire.is_open);
    assert_int_equal(uplink_rig_run_after(&rig, 1), RIG_RETRY_MS);
    assert_failed(&rig, 1, TALLY_E_TIMEOUT);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
}

static void test_uplink_resolving_has_10_seconds(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_OPENING_RESOLVE;
    assert_deadline(10000);
}

static void test_uplink_connecting_has_15_seconds_of_its_own(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_OPENING_RESOLVE;
    (void)uplink_rig_run(&rig);
    rig.port.now_ms += 9999;
    rig.wire.open_says = TALLY_OPENING_CONNECT;
    assert_deadline(15000);
}

static void test_uplink_handshake_has_30_seconds_of_its_own(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_OPENING_CONNECT;
    (void)uplink_rig_run(&rig);
    rig.port.now_ms += 14999;
    rig.wire.open_says = TALLY_OPENING_SECURE;
    assert_deadline(30000);
}

static void test_uplink_sending_has_30_seconds_without_a_byte_taken(void **state) {
    (void)state;
    rig.wire.send_most = 0;
    assert_deadline(30000);
}

static void test_uplink_sending_goes_on_as_long_as_bytes_are_taken(void **state) {
    (void)state;
    rig.wire.send_most = 0;
    (void)uplink_rig_run(&rig);
    for (uint32_t i = 0; i < 4; i++) {
        rig.port.now_ms += 29000;
        rig.wire.send_most = 1;
        uplink_rig_steps(&rig, 1);
        rig.wire.send_most = 0;
    }
    assert_deadline(30000);
}

static void test_uplink_reply_has_30_seconds(void **state) {
    (void)state;
    assert_deadline(30000);
}

static void test_uplink_reply_in_drips_has_30_seconds_from_each(void **state) {
    (void)state;
    (void)uplink_rig_run(&rig);
    rig.port.now_ms += 29000;
    rig.wire.reply = "HTTP/1.1 2";
    assert_deadline(30000);
}

/* Addresses that are tried in turn begin each phase again. */
static void test_uplink_opening_has_90_seconds_whatever_it_waits_for(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_OPENING_CONNECT;
    (void)uplink_rig_run(&rig);
    for (uint32_t i = 0; i < 8; i++) {
        rig.port.now_ms += 10000;
        rig.wire.open_says = i % 2 == 0 ? TALLY_OPENING_SECURE : TALLY_OPENING_CONNECT;
        (void)uplink_rig_run(&rig);
    }
    assert_deadline(10000);
}

/* A server that takes a few bytes each 20 s is never late for the next ones. */
static void test_uplink_exchange_has_10_minutes_whatever_moves(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    uplink_rig_keep(&rig, 'x', 1000);
    rig.wire.send_most = 0;
    (void)uplink_rig_run(&rig);
    for (uint32_t i = 0; i < 29; i++) {
        rig.port.now_ms += 20000;
        rig.wire.send_most = 1;
        uplink_rig_steps(&rig, 1);
        rig.wire.send_most = 0;
    }
    assert_deadline(20000);
}

static void test_uplink_is_served_byte_by_byte_within_10_minutes(void **state) {
    (void)state;
    rig.wire.replies[0] = REPLY_OK;
    rig.wire.stutters = true;
    rig.wire.send_most = 1;
    rig.wire.give_most = 1;
    uint32_t ms = 0;
    while (rig.uplink.stats.accepted == 0 && ms < 600000) {
        uplink_rig_steps(&rig, 1);
        rig.port.now_ms += 1000;
        ms += 1000;
    }
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_in_range(ms, 10000, 599000);
}

/* --- on the network ------------------------------------------------------------------------- */

static void test_uplink_errors_of_the_network(void **state) {
    (void)state;
    static const int32_t errors[] = {TALLY_E_RESOLVE, TALLY_E_CONNECT, TALLY_E_IO, TALLY_E_CLOSED};
    for (uint32_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        (void)one_record(NULL);
        rig.wire.open_says = errors[i];
        assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
        assert_failed(&rig, 1, errors[i]);
        assert_int_equal(rig.uplink.stats.failed_net, 1);
        assert_int_equal(rig.uplink.stats.connects, 0);
    }
}

static void test_uplink_errors_of_tls(void **state) {
    (void)state;
    static const int32_t errors[] = {TALLY_E_TLS,      TALLY_E_TLS_MEMORY, TALLY_E_TLS_CA,
                                     TALLY_E_TLS_NAME, TALLY_E_TLS_DATE,   TALLY_E_TLS_REFUSED};
    for (uint32_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        (void)one_record(NULL);
        rig.wire.open_says = errors[i];
        (void)uplink_rig_run(&rig);
        assert_failed(&rig, 1, errors[i]);
        assert_int_equal(rig.uplink.stats.failed_tls, 1);
    }
}

static void test_uplink_client_certificate_refused_after_the_handshake(void **state) {
    (void)state;
    rig.wire.receive_says = TALLY_E_TLS_REFUSED; /* TLS 1.3 tells with the first read */
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, TALLY_E_TLS_REFUSED);
    assert_int_equal(rig.uplink.stats.failed_tls, 1);
}

static void test_uplink_server_that_leaves_without_a_reply(void **state) {
    (void)state;
    rig.wire.receive_says = TALLY_E_CLOSED;
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, TALLY_E_CLOSED);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
    assert_int_equal(rig.uplink.stats.last_status, 0);
}

static void test_uplink_server_that_leaves_in_the_middle_of_a_reply(void **state) {
    (void)state;
    rig.wire.replies[0] = "HTTP/1.1 204 No Content\r\n";
    rig.wire.receive_says = TALLY_E_CLOSED;
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, TALLY_E_CLOSED);
}

static void test_uplink_send_that_fails(void **state) {
    (void)state;
    rig.wire.send_says = TALLY_E_IO;
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, TALLY_E_IO);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
}

/* --- what a server answers ------------------------------------------------------------------ */

/* The server answers once it has 60 bytes, and takes no more. */
static void answer_early(const char *reply) {
    rig.wire.replies[0] = reply;
    rig.wire.reply_after = 60;
    rig.wire.takes_most = 60;
    (void)uplink_rig_run(&rig);
}

static void test_uplink_server_may_refuse_before_it_has_all(void **state) {
    (void)state;
    answer_early("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    assert_failed(&rig, 1, TALLY_E_HTTP_STATUS);
    assert_int_equal(rig.uplink.stats.rejected, 1);
    assert_int_equal(rig.uplink.stats.last_status, 503);
}

static void test_uplink_server_cannot_accept_before_it_has_all(void **state) {
    (void)state;
    answer_early(REPLY_OK);
    assert_failed(&rig, 1, TALLY_E_HTTP);
    assert_int_equal(rig.uplink.stats.failed_http, 1);
}

static void test_uplink_reason_for_a_failed_send_may_lie_in_the_reply(void **state) {
    (void)state;
    rig.wire.takes_most = 60;
    uplink_rig_steps(&rig, 1);
    rig.wire.send_says = TALLY_E_CLOSED;
    rig.wire.reply = "HTTP/1.1 403 Forbidden\r\n\r\n";
    rig.wire.give_most = 1;
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, TALLY_E_HTTP_STATUS);
    assert_int_equal(rig.uplink.stats.last_status, 403);
}

static void assert_no_answer(const char *reply, int32_t error) {
    (void)one_record(NULL);
    rig.wire.replies[0] = reply;
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, error);
    assert_int_equal(rig.uplink.stats.failed_http, 1);
}

static void test_uplink_answers_that_are_none(void **state) {
    (void)state;
    assert_no_answer("SSH-2.0-OpenSSH_9.6\r\n", TALLY_E_HTTP);
    assert_no_answer("HTTP/1.1 204 No\r\nContent-Length: ?\r\n\r\n", TALLY_E_HTTP);
    assert_no_answer("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", TALLY_E_HTTP_SIZE);
    assert_no_answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", TALLY_E_HTTP_BODY);
    assert_no_answer("HTTP/1.1 200 OK\r\n\r\n<html>", TALLY_E_HTTP_BODY);
}

static void test_uplink_endless_answer(void **state) {
    (void)state;
    static char headers[5000] = "HTTP/1.1 200 OK\r\nX: ";
    memset(headers + strlen(headers), 'x', sizeof headers - strlen(headers) - 1);
    assert_no_answer(headers, TALLY_E_HTTP_SIZE);
}

/* --- on the device -------------------------------------------------------------------------- */

/* For good, or from the request on: planning needs one read. */
static void assert_store_is_waited_for(uint32_t read_fails_in) {
    uplink_rig_init(&rig);
    uplink_rig_keep(&rig, 'x', 4);
    rig.wire.replies[0] = REPLY_OK;
    rig.store.read_fails_in = read_fails_in;
    rig.store.reads_fail_more = UINT32_MAX;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 0);
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
    rig.store.read_fails_in = 0;
    (void)uplink_rig_run_after(&rig, RIG_PERIOD_MS + RIG_RETRY_MS);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_uplink_waits_for_a_store_that_cannot_be_read(void **state) {
    (void)state;
    assert_store_is_waited_for(1);
    assert_store_is_waited_for(2);
}

static void test_uplink_does_not_mind_a_store_that_is_read_at_the_third_try(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 2; call++) {
        uplink_rig_init(&rig);
        uplink_rig_keep(&rig, 'x', 4);
        rig.wire.replies[0] = REPLY_OK;
        rig.store.read_fails_in = call;
        rig.store.reads_fail_more = 1;
        (void)uplink_rig_run(&rig);
        assert_int_equal(rig.uplink.stats.attempts, 1);
        assert_int_equal(rig.uplink.stats.accepted, 1);
    }
}

static void test_uplink_starts_over_at_once_when_records_are_evicted_under_way(void **state) {
    (void)state;
    rig.wire.send_most = 0;
    (void)uplink_rig_run(&rig);
    while (rig.spool.dropped[TALLY_ROUTINE] == 0) {
        uplink_rig_keep(&rig, 'y', 1000);
    }
    rig.wire.send_most = UINT32_MAX;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.last_error, TALLY_E_GONE);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
    assert_int_equal(rig.uplink.stats.connects, 2);
}

/* --- the next try --------------------------------------------------------------------------- */

static void test_uplink_tries_again_within_a_window_that_grows(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    assert_int_equal(uplink_rig_run(&rig), 150001);
    assert_int_equal(uplink_rig_run_after(&rig, 150000), 1);
    assert_failed(&rig, 1, TALLY_E_CONNECT);
    assert_int_equal(uplink_rig_run_after(&rig, 1), 300001);
    assert_failed(&rig, 2, TALLY_E_CONNECT);
    assert_int_equal(uplink_rig_run_after(&rig, 300001), 600001);
    assert_int_equal(uplink_rig_run_after(&rig, 600001), 600001);
    assert_failed(&rig, 4, TALLY_E_CONNECT);
}

static void test_uplink_success_ends_the_growing(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run(&rig);
    (void)uplink_rig_run_after(&rig, 150001);
    rig.wire.open_says = TALLY_OPEN;
    rig.wire.replies[0] = REPLY_OK;
    assert_int_equal(uplink_rig_run_after(&rig, 300001), RIG_PERIOD_MS);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(rig.uplink.stats.failed_net, 2);
    rig.wire.open_says = TALLY_E_CONNECT;
    uplink_rig_keep(&rig, 'y', 4);
    assert_int_equal(uplink_rig_run_after(&rig, RIG_PERIOD_MS), 150001);
}

static void test_uplink_sends_the_same_records_again(void **state) {
    (void)state;
    rig.wire.replies[0] = "HTTP/1.1 500 Oops\r\n\r\n";
    rig.wire.replies[1] = REPLY_OK;
    (void)uplink_rig_run(&rig);
    const uint32_t end = rig.wire.sent_bytes;
    (void)uplink_rig_run_after(&rig, RIG_RETRY_MS);
    assert_memory_equal(rig.wire.sent + end - 7, "r\x9Fxxxx\xFF", 7);
    assert_memory_equal(rig.wire.sent + rig.wire.sent_bytes - 7, "r\x9Fxxxx\xFF", 7);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

static void test_uplink_wait_after_a_failure_holds_against_a_flush(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run(&rig);
    tally_uplink_flush(&rig.uplink, rig.port.now_ms);
    assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
    assert_failed(&rig, 1, TALLY_E_CONNECT);
}

static void test_uplink_wait_after_a_failure_holds_against_a_full_spool(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run(&rig);
    while (tally_spool_fill_percent(&rig.spool) < 60) {
        uplink_rig_keep(&rig, 'y', 1000);
    }
    assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
}

static void test_uplink_without_random_numbers_waits_longest(void **state) {
    (void)state;
    rig.wire.open_says = TALLY_E_CONNECT;
    rig.port.random_fails = true;
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_failed(&rig, 1, TALLY_E_CONNECT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_uplink_resolving_has_10_seconds, one_record),
        cmocka_unit_test_setup(test_uplink_connecting_has_15_seconds_of_its_own, one_record),
        cmocka_unit_test_setup(test_uplink_handshake_has_30_seconds_of_its_own, one_record),
        cmocka_unit_test_setup(test_uplink_sending_has_30_seconds_without_a_byte_taken, one_record),
        cmocka_unit_test_setup(test_uplink_sending_goes_on_as_long_as_bytes_are_taken, one_record),
        cmocka_unit_test_setup(test_uplink_reply_has_30_seconds, one_record),
        cmocka_unit_test_setup(test_uplink_reply_in_drips_has_30_seconds_from_each, one_record),
        cmocka_unit_test_setup(test_uplink_opening_has_90_seconds_whatever_it_waits_for,
                               one_record),
        cmocka_unit_test_setup(test_uplink_exchange_has_10_minutes_whatever_moves, one_record),
        cmocka_unit_test_setup(test_uplink_is_served_byte_by_byte_within_10_minutes, one_record),
        cmocka_unit_test_setup(test_uplink_errors_of_the_network, one_record),
        cmocka_unit_test_setup(test_uplink_errors_of_tls, one_record),
        cmocka_unit_test_setup(test_uplink_client_certificate_refused_after_the_handshake,
                               one_record),
        cmocka_unit_test_setup(test_uplink_server_that_leaves_without_a_reply, one_record),
        cmocka_unit_test_setup(test_uplink_server_that_leaves_in_the_middle_of_a_reply, one_record),
        cmocka_unit_test_setup(test_uplink_send_that_fails, one_record),
        cmocka_unit_test_setup(test_uplink_server_may_refuse_before_it_has_all, one_record),
        cmocka_unit_test_setup(test_uplink_server_cannot_accept_before_it_has_all, one_record),
        cmocka_unit_test_setup(test_uplink_reason_for_a_failed_send_may_lie_in_the_reply,
                               one_record),
        cmocka_unit_test_setup(test_uplink_answers_that_are_none, one_record),
        cmocka_unit_test_setup(test_uplink_endless_answer, one_record),
        cmocka_unit_test(test_uplink_waits_for_a_store_that_cannot_be_read),
        cmocka_unit_test(test_uplink_does_not_mind_a_store_that_is_read_at_the_third_try),
        cmocka_unit_test_setup(test_uplink_starts_over_at_once_when_records_are_evicted_under_way,
                               one_record),
        cmocka_unit_test_setup(test_uplink_tries_again_within_a_window_that_grows, one_record),
        cmocka_unit_test_setup(test_uplink_success_ends_the_growing, one_record),
        cmocka_unit_test_setup(test_uplink_sends_the_same_records_again, one_record),
        cmocka_unit_test_setup(test_uplink_wait_after_a_failure_holds_against_a_flush, one_record),
        cmocka_unit_test_setup(test_uplink_wait_after_a_failure_holds_against_a_full_spool,
                               one_record),
        cmocka_unit_test_setup(test_uplink_without_random_numbers_waits_longest, one_record),
    };
    return cmocka_run_group_tests_name("uplink_failures", tests, NULL, NULL);
}
