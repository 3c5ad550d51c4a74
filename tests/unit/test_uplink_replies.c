/* SPDX-License-Identifier: Apache-2.0 */
/* What servers answer, and what becomes of the records and of the next upload. */
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "uplink_rig.h"

static uplink_rig_t rig;

#define HOUR_MS            3600000u
#define REFUSED_AS(status) "HTTP/1.1 " status " No\r\nContent-Length: 0\r\n\r\n"

/* One record waits; its upload is due now. */
static int one_record(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    uplink_rig_keep(&rig, 'x', 4);
    return 0;
}

/* --- what waits how long -------------------------------------------------------------------- */

static void assert_answered(const char *reply, uint16_t status, uint32_t wait_ms, uint32_t portal) {
    (void)one_record(NULL);
    rig.wire.replies[0] = reply;
    assert_int_equal(uplink_rig_run(&rig), wait_ms);
    assert_failed(&rig, 1, TALLY_E_HTTP_STATUS);
    assert_int_equal(rig.uplink.stats.rejected, 1);
    assert_int_equal(rig.uplink.stats.last_status, status);
    assert_int_equal(rig.uplink.stats.portal, portal);
    assert_int_equal(rig.uplink.stats.refused, 0);
}

static void test_uplink_server_in_trouble_is_asked_again_as_after_a_failure(void **state) {
    (void)state;
    assert_answered("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nOops", 500, RIG_RETRY_MS, 0);
    assert_answered(REFUSED_AS("502"), 502, RIG_RETRY_MS, 0);
    assert_answered(REFUSED_AS("503"), 503, RIG_RETRY_MS, 0);
    assert_answered(REFUSED_AS("504"), 504, RIG_RETRY_MS, 0);
    assert_answered(REFUSED_AS("408"), 408, RIG_RETRY_MS, 0);
    assert_answered(REFUSED_AS("425"), 425, RIG_RETRY_MS, 0);
    assert_answered(REFUSED_AS("429"), 429, RIG_RETRY_MS, 0);
}

/* The rig draws the middle of 1 to 2 hours. */
static void test_uplink_server_that_wants_another_device_is_left_alone_for_long(void **state) {
    (void)state;
    static const uint32_t half_ms = HOUR_MS + HOUR_MS / 2;
    assert_answered(REFUSED_AS("401"), 401, half_ms, 0);
    assert_answered(REFUSED_AS("403"), 403, half_ms, 0);
    assert_answered(REFUSED_AS("404"), 404, half_ms, 0);
    assert_answered(REFUSED_AS("405"), 405, half_ms, 0);
    assert_answered(REFUSED_AS("410"), 410, half_ms, 0);
    assert_answered(REFUSED_AS("426"), 426, half_ms, 0);
    assert_answered(REFUSED_AS("451"), 451, half_ms, 0);
    assert_answered(REFUSED_AS("499"), 499, half_ms, 0);
}

static void test_uplink_retry_after_comes_before_the_wait(void **state) {
    (void)state;
    assert_answered("HTTP/1.1 429 Slow\r\nRetry-After: 600\r\n\r\n", 429, 600000 + RIG_RETRY_MS, 0);
    assert_answered("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n", 503, 1000 + RIG_RETRY_MS, 0);
    assert_answered("HTTP/1.1 408 Slow\r\nRetry-After: 60\r\n\r\n", 408, 60000 + RIG_RETRY_MS, 0);
    assert_answered("HTTP/1.1 425 Early\r\nRetry-After: 60\r\n\r\n", 425, 60000 + RIG_RETRY_MS, 0);
    assert_answered("HTTP/1.1 503 Busy\r\nDate: Sun, 18 Oct 2026 12:00:00 GMT\r\n"
                    "Retry-After: Sun, 18 Oct 2026 12:01:00 GMT\r\n\r\n",
                    503, 60000 + RIG_RETRY_MS, 0);
    assert_answered("HTTP/1.1 503 Busy\r\nRetry-After: 99999999\r\n\r\n", 503,
                    86400000 + RIG_RETRY_MS, 0);
}

static void test_uplink_retry_after_counts_only_with_a_status_it_belongs_to(void **state) {
    (void)state;
    assert_answered("HTTP/1.1 403 No\r\nRetry-After: 60\r\n\r\n", 403, HOUR_MS + HOUR_MS / 2, 0);
    assert_answered("HTTP/1.1 302 Found\r\nRetry-After: 60\r\n\r\n", 302, RIG_RETRY_MS, 1);
    assert_answered("HTTP/1.1 511 Log in\r\nRetry-After: 60\r\n\r\n", 511, RIG_RETRY_MS, 1);
}

static void test_uplink_retry_after_of_the_reply_before_is_forgotten(void **state) {
    (void)state;
    assert_answered("HTTP/1.1 503 Busy\r\nRetry-After: 600\r\n\r\n", 503, 600000 + RIG_RETRY_MS, 0);
    rig.wire.open_says = TALLY_E_CONNECT;
    assert_int_equal(uplink_rig_run_after(&rig, 600000 + RIG_RETRY_MS), 300001);
}

/* --- portals -------------------------------------------------------------------------------- */

static void test_uplink_redirects_are_not_followed(void **state) {
    (void)state;
    assert_answered("HTTP/1.1 302 Found\r\nLocation: https://collector.example/\r\n"
                    "Content-Length: 0\r\n\r\n",
                    302, RIG_RETRY_MS, 1);
    assert_int_equal(rig.wire.requests, 1);
    assert_int_equal(rig.wire.opens, 1);
    assert_answered(REFUSED_AS("301"), 301, RIG_RETRY_MS, 1);
    assert_answered(REFUSED_AS("303"), 303, RIG_RETRY_MS, 1);
    assert_answered(REFUSED_AS("307"), 307, RIG_RETRY_MS, 1);
    assert_answered(REFUSED_AS("308"), 308, RIG_RETRY_MS, 1);
}

static void test_uplink_network_that_wants_a_login_is_a_portal(void **state) {
    (void)state;
    assert_answered("HTTP/1.1 511 Network Authentication Required\r\n\r\n<html>", 511, RIG_RETRY_MS,
                    1);
}

static void assert_page(const char *reply) {
    (void)one_record(NULL);
    rig.wire.replies[0] = reply;
    assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
    assert_failed(&rig, 1, TALLY_E_HTTP_BODY);
    assert_int_equal(rig.uplink.stats.failed_http, 1);
    assert_int_equal(rig.uplink.stats.portal, 1);
}

static void test_uplink_success_with_a_page_is_a_portals(void **state) {
    (void)state;
    assert_page("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
    assert_page("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>");
    assert_page("HTTP/1.1 200 OK\r\n\r\n<html>");
    assert_page("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_page("HTTP/1.1 202 Accepted\r\nContent-Type: application/cose\r\n"
                "Content-Length: 2\r\n\r\nab");
    assert_page("HTTP/1.1 200 OK\r\nContent-Type: application/cose\r\n\r\nab");
}

static void test_uplink_certificate_of_somebody_else_is_a_portals(void **state) {
    (void)state;
    static const struct {
        int32_t error;
        uint32_t portal;
    } cases[] = {
        {TALLY_E_TLS_CA, 1},      {TALLY_E_TLS_SELF_SIGNED, 1}, {TALLY_E_TLS_NAME, 1},
        {TALLY_E_TLS_PIN, 1},     {TALLY_E_TLS_DATE, 0},        {TALLY_E_TLS_EARLY, 0},
        {TALLY_E_TLS_WEAK, 0},    {TALLY_E_TLS_VERSION, 0},     {TALLY_E_TLS_ALERT, 0},
        {TALLY_E_TLS_REFUSED, 0}, {TALLY_E_TLS_MEMORY, 0},      {TALLY_E_TLS, 0},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)one_record(NULL);
        rig.wire.open_says = cases[i].error;
        (void)uplink_rig_run(&rig);
        assert_failed(&rig, 1, cases[i].error);
        assert_int_equal(rig.uplink.stats.failed_tls, 1);
        assert_int_equal(rig.uplink.stats.portal, cases[i].portal);
    }
}

/* --- refused records: half of them ---------------------------------------------------------- */

/* A server with an opinion of what is in a request. It answers at once. */
static uint32_t limit_bytes; /* of a request, 0: none */
static char refused_letter;  /* a record with it is refused, 0: none */
static const char *refusal;
static uint32_t largest_accepted;
static uint32_t refusals;

static void hear(const char *request, uint32_t bytes) {
    const bool is_bad = refused_letter != 0 &&
                        memchr(strstr(request, "\r\n\r\n"), refused_letter, bytes - 100) != NULL;
    const bool is_large = limit_bytes != 0 && bytes > limit_bytes;
    refusals += is_bad || is_large ? 1 : 0;
    if (!is_bad && !is_large && bytes > largest_accepted) {
        largest_accepted = bytes;
    }
    rig.wire.replied = 0;
    rig.wire.replies[0] = is_bad || is_large ? refusal : REPLY_OK;
}

static int opinions(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    rig.wire.hears = hear;
    limit_bytes = 0;
    refused_letter = 0;
    refusal = REFUSED_AS("413");
    largest_accepted = 0;
    refusals = 0;
    return 0;
}

static void keep(uint32_t records, uint32_t bytes) {
    for (uint32_t i = 0; i < records; i++) {
        uplink_rig_keep(&rig, 'x', bytes);
    }
}

static void test_uplink_batch_too_large_is_halved_at_once(void **state) {
    (void)state;
    limit_bytes = 2000;
    keep(16, 500);
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.uplink.stats.refused, 0);
    assert_int_equal(rig.uplink.stats.connects, 1); /* the connection was kept */
    assert_int_equal(rig.uplink.stats.rejected, refusals);
    assert_in_range(refusals, 3, 5);
    assert_int_equal(rig.uplink.stats.attempts,
                     rig.uplink.stats.accepted + rig.uplink.stats.rejected);
}

static void test_uplink_batch_too_large_for_a_server_that_hangs_up(void **state) {
    (void)state;
    refusal = "HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n";
    limit_bytes = 2000;
    keep(16, 500);
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.uplink.stats.connects, 1 + refusals);
}

/* Also if it says so before it has all; the rest is not sent then. */
static void test_uplink_batch_too_large_may_be_refused_early(void **state) {
    (void)state;
    rig.wire.hears = NULL;
    rig.wire.replies[0] = refusal;
    rig.wire.replies[1] = REPLY_OK;
    rig.wire.replies[2] = REPLY_OK;
    rig.wire.reply_after = 160;
    rig.wire.takes_most = 160;
    rig.wire.give_most = 0;
    keep(2, 20);
    uplink_rig_steps(&rig, 1);
    rig.wire.give_most = UINT32_MAX;
    rig.wire.open_says = TALLY_OPENING_CONNECT; /* the next connection takes its time */
    uplink_rig_steps(&rig, 1);
    assert_int_equal(rig.uplink.stats.rejected, 1);
    rig.wire.open_says = TALLY_OPEN;
    rig.wire.reply_after = 0;
    rig.wire.takes_most = UINT32_MAX;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.rejected, 1);
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_int_equal(rig.uplink.stats.connects, 2);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

/* The limit stays: most uploads keep below it, and it is tried from time to time. */
static void test_uplink_steady_limit_of_a_server_costs_few_refusals(void **state) {
    (void)state;
    limit_bytes = 6000;
    for (uint32_t i = 0; i < 40; i++) {
        fake_transport_forget(&rig.wire);
        keep(40, 500);
        (void)uplink_rig_run_after(&rig, RIG_PERIOD_MS);
    }
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.uplink.stats.refused, 0);
    assert_true(refusals * 4 <= rig.uplink.stats.accepted);
    assert_true(largest_accepted > 4500);
}

static void test_uplink_limit_that_is_gone_is_forgotten(void **state) {
    (void)state;
    limit_bytes = 1000;
    keep(16, 500);
    (void)uplink_rig_run(&rig);
    limit_bytes = 0;
    for (uint32_t i = 0; i < 40; i++) {
        fake_transport_forget(&rig.wire);
        keep(32, 500);
        (void)uplink_rig_run_after(&rig, RIG_PERIOD_MS);
    }
    assert_true(largest_accepted > 15500);
    assert_int_equal(rig.uplink.batch_most, TALLY_BATCH_BYTES);
}

/* --- refused records: one of them ----------------------------------------------------------- */

static void assert_bad_one_is_set_aside(const char *told) {
    (void)opinions(NULL);
    refusal = told;
    refused_letter = 'z';
    keep(9, 100);
    uplink_rig_keep(&rig, 'z', 100);
    keep(10, 100);
    (void)uplink_rig_run(&rig);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.uplink.stats.refused, 1);
    assert_in_range(refusals, 3, 8); /* log2(20), and once more behind each success */
}

static void test_uplink_bad_record_does_not_block_the_others(void **state) {
    (void)state;
    assert_bad_one_is_set_aside(REFUSED_AS("400"));
    assert_bad_one_is_set_aside(REFUSED_AS("413"));
    assert_bad_one_is_set_aside(REFUSED_AS("415"));
    assert_bad_one_is_set_aside(REFUSED_AS("422"));
}

static void test_uplink_other_refusals_set_nothing_aside(void **state) {
    (void)state;
    opinions(NULL);
    refusal = REFUSED_AS("403");
    refused_letter = 'x';
    keep(2, 100);
    for (uint32_t i = 0; i < 5; i++) {
        (void)uplink_rig_run_after(&rig, 2 * HOUR_MS);
    }
    assert_int_equal(rig.uplink.stats.refused, 0);
    assert_int_equal(tally_spool_waiting(&rig.spool), 2);
}

/* One at once; then each costs a wait: 5 records and 4 waits of which none is shorter. */
static void test_uplink_server_that_refuses_all_does_not_eat_the_spool(void **state) {
    (void)state;
    refused_letter = 'x';
    keep(6, 100);
    assert_int_equal(uplink_rig_run(&rig), RIG_RETRY_MS);
    assert_int_equal(rig.uplink.stats.refused, 1);
    assert_int_equal(uplink_rig_run_after(&rig, RIG_RETRY_MS), 300001);
    assert_int_equal(rig.uplink.stats.refused, 2);
    assert_int_equal(uplink_rig_run_after(&rig, 300001), 600001);
    assert_int_equal(rig.uplink.stats.refused, 3);
    for (uint32_t i = 4; i <= 5; i++) {
        assert_int_equal(uplink_rig_run_after(&rig, 600001), 600001);
        assert_int_equal(rig.uplink.stats.refused, i);
    }
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
    refused_letter = 0;
    (void)uplink_rig_run_after(&rig, 600001);
    assert_int_equal(rig.uplink.stats.refused, 5);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

static void test_uplink_success_lets_the_next_bad_record_go_at_once(void **state) {
    (void)state;
    refused_letter = 'z';
    for (uint32_t i = 0; i < 3; i++) {
        keep(1, 100);
        uplink_rig_keep(&rig, 'z', 100);
    }
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(rig.uplink.stats.refused, 3);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

/* --- what else a reply brings --------------------------------------------------------------- */

#define DATE "Date: Sun, 18 Oct 2026 12:00:00 GMT\r\n"
#define COSE "HTTP/1.1 200 OK\r\nContent-Type: application/cose\r\n"

static int authenticated(void **state) {
    (void)one_record(state);
    rig.wire.transport.is_authenticated = true;
    return 0;
}

static bool takes_time(void) {
    int64_t unix_ms = 0;
    uint64_t at_ms = 0;
    const bool is_there = tally_uplink_take_time(&rig.uplink, &unix_ms, &at_ms);
    assert_true(!is_there || (unix_ms == 1792324800500 && at_ms == rig.port.now_ms));
    return is_there;
}

static void test_uplink_takes_the_time_of_an_accepted_upload_once(void **state) {
    (void)state;
    rig.wire.replies[0] = "HTTP/1.1 204 No Content\r\n" DATE "\r\n";
    assert_false(takes_time());
    (void)uplink_rig_run(&rig);
    assert_true(takes_time());
    assert_false(takes_time());
}

static void test_uplink_believes_no_time_of_a_stranger(void **state) {
    (void)state;
    rig.wire.transport.is_authenticated = false;
    rig.wire.replies[0] = "HTTP/1.1 204 No Content\r\n" DATE "\r\n";
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_false(takes_time());
}

static void test_uplink_takes_no_time_of_an_upload_that_was_not_accepted(void **state) {
    (void)state;
    rig.wire.replies[0] = "HTTP/1.1 503 Busy\r\n" DATE "\r\n";
    (void)uplink_rig_run(&rig);
    assert_false(takes_time());
}

static void test_uplink_brings_a_message_with_room_in_front(void **state) {
    (void)state;
    uplink_rig_keep(&rig, 'y', 4);
    rig.wire.replies[0] = COSE "Content-Length: 5\r\n\r\nhello";
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    uint32_t bytes = 0;
    uint8_t *const message = tally_uplink_take_message(&rig.uplink, &bytes);
    assert_int_equal(bytes, 5);
    assert_memory_equal(message, "hello", 5);
    assert_true(message - rig.uplink.staging >= TALLY_REMOTE_ROOM);
    assert_null(tally_uplink_take_message(&rig.uplink, &bytes));
    assert_int_equal(bytes, 0);
}

/* Two batches wait; the message of the first is there when the step returns. */
static void test_uplink_stops_at_a_message_so_that_it_can_be_taken(void **state) {
    (void)state;
    keep(20, 1000);
    rig.wire.replies[0] = COSE "Content-Length: 5\r\n\r\nhello";
    rig.wire.replies[1] = REPLY_OK;
    uint32_t bytes = 0;
    while (rig.uplink.stats.accepted == 0) {
        uplink_rig_steps(&rig, 1);
    }
    assert_int_equal(rig.wire.requests, 1);
    assert_true(tally_uplink_is_idle(&rig.uplink));
    assert_non_null(tally_uplink_take_message(&rig.uplink, &bytes));
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_null(tally_uplink_take_message(&rig.uplink, &bytes));
}

static void test_uplink_message_is_gone_with_the_next_step(void **state) {
    (void)state;
    rig.wire.replies[0] = COSE "Content-Length: 5\r\n\r\nhello";
    (void)uplink_rig_run(&rig);
    uplink_rig_steps(&rig, 1);
    uint32_t bytes = 0;
    assert_null(tally_uplink_take_message(&rig.uplink, &bytes));
}

static void assert_accepted_without_message(const char *reply) {
    rig.wire.replies[0] = reply;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    uint32_t bytes = 1;
    assert_null(tally_uplink_take_message(&rig.uplink, &bytes));
    assert_int_equal(bytes, 0);
}

static void test_uplink_takes_no_message_of_a_stranger(void **state) {
    (void)state;
    rig.wire.transport.is_authenticated = false;
    assert_accepted_without_message(COSE "Content-Length: 5\r\n\r\nhello");
}

static void test_uplink_accepts_with_an_empty_message(void **state) {
    (void)state;
    assert_accepted_without_message(COSE "Content-Length: 0\r\n\r\n");
}

/* The largest is taken whole, one byte more not at all; the upload is accepted either way. */
static void test_uplink_takes_messages_up_to_their_limit(void **state) {
    for (uint32_t size = TALLY_REMOTE_MESSAGE_MOST; size <= TALLY_REMOTE_MESSAGE_MOST + 1; size++) {
        static char reply[2048];
        (void)authenticated(state);
        const int head =
            snprintf(reply, sizeof reply, COSE "Content-Length: %u\r\n\r\n", (unsigned)size);
        memset(reply + head, 'm', size);
        reply[(uint32_t)head + size] = '\0';
        rig.wire.replies[0] = reply;
        (void)uplink_rig_run(&rig);
        assert_int_equal(rig.uplink.stats.accepted, 1);
        uint32_t bytes = 0;
        const uint8_t *const message = tally_uplink_take_message(&rig.uplink, &bytes);
        assert_int_equal(bytes, size <= TALLY_REMOTE_MESSAGE_MOST ? size : 0);
        assert_true(bytes == 0 || (message[0] == 'm' && message[bytes - 1] == 'm'));
    }
}

/* What is not sent yet lies where a message would go. */
static void test_uplink_reply_that_comes_early_does_not_touch_what_is_sent(void **state) {
    (void)state;
    (void)authenticated(NULL);
    uplink_rig_keep(&rig, 'y', 900);
    rig.wire.reply_after = 60;
    rig.wire.replies[0] = COSE "Content-Length: 16\r\n\r\nMMMMMMMMMMMMMMMM";
    rig.wire.takes_most = 300;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.last_error, TALLY_E_HTTP);
    assert_int_equal(rig.uplink.stats.accepted, 0);
    assert_null(memchr(rig.uplink.staging, 'M', sizeof rig.uplink.staging));
}

static void test_uplink_counts_what_it_receives(void **state) {
    (void)state;
    rig.wire.replies[0] = REPLY_OK;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.received, strlen(REPLY_OK));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_uplink_server_in_trouble_is_asked_again_as_after_a_failure,
                               one_record),
        cmocka_unit_test_setup(test_uplink_server_that_wants_another_device_is_left_alone_for_long,
                               one_record),
        cmocka_unit_test_setup(test_uplink_retry_after_comes_before_the_wait, one_record),
        cmocka_unit_test_setup(test_uplink_retry_after_counts_only_with_a_status_it_belongs_to,
                               one_record),
        cmocka_unit_test_setup(test_uplink_retry_after_of_the_reply_before_is_forgotten,
                               one_record),
        cmocka_unit_test_setup(test_uplink_redirects_are_not_followed, one_record),
        cmocka_unit_test_setup(test_uplink_network_that_wants_a_login_is_a_portal, one_record),
        cmocka_unit_test_setup(test_uplink_success_with_a_page_is_a_portals, one_record),
        cmocka_unit_test_setup(test_uplink_certificate_of_somebody_else_is_a_portals, one_record),
        cmocka_unit_test_setup(test_uplink_batch_too_large_is_halved_at_once, opinions),
        cmocka_unit_test_setup(test_uplink_batch_too_large_for_a_server_that_hangs_up, opinions),
        cmocka_unit_test_setup(test_uplink_batch_too_large_may_be_refused_early, opinions),
        cmocka_unit_test_setup(test_uplink_steady_limit_of_a_server_costs_few_refusals, opinions),
        cmocka_unit_test_setup(test_uplink_limit_that_is_gone_is_forgotten, opinions),
        cmocka_unit_test_setup(test_uplink_bad_record_does_not_block_the_others, opinions),
        cmocka_unit_test_setup(test_uplink_other_refusals_set_nothing_aside, opinions),
        cmocka_unit_test_setup(test_uplink_server_that_refuses_all_does_not_eat_the_spool,
                               opinions),
        cmocka_unit_test_setup(test_uplink_success_lets_the_next_bad_record_go_at_once, opinions),
        cmocka_unit_test_setup(test_uplink_takes_the_time_of_an_accepted_upload_once,
                               authenticated),
        cmocka_unit_test_setup(test_uplink_believes_no_time_of_a_stranger, authenticated),
        cmocka_unit_test_setup(test_uplink_takes_no_time_of_an_upload_that_was_not_accepted,
                               authenticated),
        cmocka_unit_test_setup(test_uplink_brings_a_message_with_room_in_front, authenticated),
        cmocka_unit_test_setup(test_uplink_stops_at_a_message_so_that_it_can_be_taken,
                               authenticated),
        cmocka_unit_test_setup(test_uplink_message_is_gone_with_the_next_step, authenticated),
        cmocka_unit_test_setup(test_uplink_takes_no_message_of_a_stranger, authenticated),
        cmocka_unit_test_setup(test_uplink_accepts_with_an_empty_message, authenticated),
        cmocka_unit_test_setup(test_uplink_takes_messages_up_to_their_limit, authenticated),
        cmocka_unit_test_setup(test_uplink_reply_that_comes_early_does_not_touch_what_is_sent,
                               authenticated),
        cmocka_unit_test_setup(test_uplink_counts_what_it_receives, authenticated),
    };
    return cmocka_run_group_tests_name("uplink_replies", tests, NULL, NULL);
}
