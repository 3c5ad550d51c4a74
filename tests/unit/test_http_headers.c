/* SPDX-License-Identifier: Apache-2.0 */
/* What replies say besides their status: when to come again, what time it is, a message; and
 * headers made to be read in two ways. */
#include "http.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define NOON_S  1792324800u /* Sun, 18 Oct 2026 12:00:00 GMT */
#define NOON    "Date: Sun, 18 Oct 2026 12:00:00 GMT\r\n"
#define ROOM    8u
#define MESSAGE "Content-Type: application/cose\r\n"
#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define BUSY    "HTTP/1.1 503 Busy\r\n"
#define GUARDED 0xA5

static uint8_t room[ROOM + 1];

static int32_t take_into(tally_http_reply_t *reply, const char *text, uint32_t bytes) {
    memset(room, GUARDED, sizeof room);
    tally_http_reply_begin(reply);
    reply->body = room;
    reply->body_room = ROOM;
    return tally_http_reply_take(reply, (const uint8_t *)text, bytes);
}

static int32_t take(tally_http_reply_t *reply, const char *text) {
    return take_into(reply, text, (uint32_t)strlen(text));
}

/* --- when to come again --------------------------------------------------------------------- */

static void assert_retry_after(const char *headers, uint32_t seconds) {
    char text[512];
    tally_http_reply_t reply;
    (void)snprintf(text, sizeof text, BUSY "%s\r\n", headers);
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_true(reply.done);
    assert_int_equal(reply.retry_after_s, seconds);
}

static void test_http_retry_after_in_seconds(void **state) {
    (void)state;
    assert_retry_after("Retry-After: 120\r\n", 120);
    assert_retry_after("retry-after:120 \r\n", 120);
    assert_retry_after("Retry-After: 0\r\n", 0);
    assert_retry_after("Retry-After: 99999999\r\n", 99999999);
}

static void test_http_retry_after_that_is_very_late_is_late(void **state) {
    (void)state;
    assert_retry_after("Retry-After: 100000000\r\n", 99999999);
    assert_retry_after("Retry-After: 4294967297\r\n", 99999999);
    assert_retry_after("Retry-After: 18446744073709551617\r\n", 99999999);
}

static void test_http_retry_after_that_says_nothing(void **state) {
    (void)state;
    assert_retry_after("Retry-After:\r\n", 0);
    assert_retry_after("Retry-After: -5\r\n", 0);
    assert_retry_after("Retry-After: 5 s\r\n", 0);
    assert_retry_after("Retry-After: soon\r\n", 0);
}

static void test_http_retry_after_as_a_date_counts_from_the_servers_own(void **state) {
    (void)state;
    assert_retry_after(NOON "Retry-After: Sun, 18 Oct 2026 12:10:07 GMT\r\n", 607);
    assert_retry_after("Retry-After: Sun, 18 Oct 2026 12:10:07 GMT\r\n" NOON, 607);
    assert_retry_after(NOON "Retry-After: Mon, 19 Oct 2026 12:00:00 GMT\r\n", 86400);
}

static void test_http_retry_after_as_a_date_without_the_servers_own_says_nothing(void **state) {
    (void)state;
    assert_retry_after("Retry-After: Sun, 18 Oct 2026 12:10:07 GMT\r\n", 0);
    assert_retry_after("Date: today\r\nRetry-After: Sun, 18 Oct 2026 12:10:07 GMT\r\n", 0);
}

static void test_http_retry_after_a_date_that_is_past_says_nothing(void **state) {
    (void)state;
    assert_retry_after(NOON "Retry-After: Sun, 18 Oct 2026 12:00:00 GMT\r\n", 0);
    assert_retry_after(NOON "Retry-After: Sun, 18 Oct 2026 11:59:59 GMT\r\n", 0);
}

/* --- what time it is ------------------------------------------------------------------------ */

static void test_http_date_of_the_reply(void **state) {
    (void)state;
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, "HTTP/1.1 204 No Content\r\n" NOON "\r\n"), TALLY_OK);
    assert_int_equal(reply.date_s, NOON_S);
    assert_int_equal(take(&reply, "HTTP/1.1 204 No Content\r\nX-" NOON "\r\n"), TALLY_OK);
    assert_int_equal(reply.date_s, 0);
}

static void test_http_what_an_interim_reply_tells_is_not_the_replys(void **state) {
    (void)state;
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, "HTTP/1.1 103 Early\r\n" NOON MESSAGE
                                  "Retry-After: 7\r\nConnection: close\r\n"
                                  "Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n" OK_LINE
                                  "Content-Length: 2\r\n\r\nok"),
                     TALLY_OK);
    assert_true(reply.done);
    assert_false(reply.close);
    assert_false(reply.is_message);
    assert_int_equal(reply.date_s, 0);
    assert_int_equal(reply.retry_after_s, 0);
}

/* --- a message ------------------------------------------------------------------------------ */

/* The reply brings these bytes. */
static void assert_message(const char *text, const char *message) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_true(reply.done);
    assert_true(reply.is_message);
    assert_int_equal(reply.body_bytes, strlen(message));
    assert_memory_equal(room, message, strlen(message));
    assert_int_equal(room[ROOM], GUARDED);
}

/* The reply is complete and brings none. */
static void assert_no_message(const char *text) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_true(reply.done);
    assert_false(reply.is_message);
    assert_int_equal(reply.body_bytes, 0);
    assert_int_equal(room[0], GUARDED);
}

static void test_http_message_is_a_body_of_cose(void **state) {
    (void)state;
    assert_message(OK_LINE MESSAGE "Content-Length: 3\r\n\r\nabc", "abc");
    assert_message(OK_LINE "content-type:Application/COSE \r\nContent-Length: 3\r\n\r\nabc", "abc");
    assert_message(OK_LINE "Content-Type: application/cose; cose-type=\"cose-sign1\"\r\n"
                           "Content-Length: 8\r\n\r\nabcdefgh",
                   "abcdefgh");
    assert_message(OK_LINE MESSAGE "Content-Length: 0\r\n\r\n", "");
}

static void test_http_message_that_does_not_fit_is_skipped(void **state) {
    (void)state;
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, OK_LINE MESSAGE "Content-Length: 9\r\n\r\nabcdefghi"), TALLY_OK);
    assert_true(reply.done);
    assert_true(reply.is_message);
    assert_int_equal(reply.body_bytes, 0);
    assert_int_equal(room[0], GUARDED);
}

static void test_http_message_without_a_room_is_skipped(void **state) {
    (void)state;
    static const char text[] = OK_LINE MESSAGE "Content-Length: 3\r\n\r\nabc";
    tally_http_reply_t reply;
    tally_http_reply_begin(&reply);
    assert_int_equal(tally_http_reply_take(&reply, (const uint8_t *)text, sizeof text - 1),
                     TALLY_OK);
    assert_true(reply.done);
    assert_int_equal(reply.body_bytes, 0);
}

static void test_http_other_bodies_are_no_message(void **state) {
    (void)state;
    assert_no_message(OK_LINE "Content-Type: text/html\r\nContent-Length: 3\r\n\r\nabc");
    assert_no_message(OK_LINE "Content-Type: application/cose-key\r\nContent-Length: 3\r\n\r\nabc");
    assert_no_message(OK_LINE "Content-Type: application/cos\r\nContent-Length: 3\r\n\r\nabc");
    assert_no_message(OK_LINE "Content-Length: 3\r\n\r\nabc");
    assert_no_message(OK_LINE MESSAGE "\r\n"); /* of unknown length */
    assert_no_message(OK_LINE MESSAGE "Transfer-Encoding: chunked\r\n\r\n");
    assert_no_message("HTTP/1.1 201 Created\r\n" MESSAGE "Content-Length: 3\r\n\r\nabc");
    assert_no_message("HTTP/1.1 404 Not Found\r\n" MESSAGE "Content-Length: 3\r\n\r\nabc");
}

static void test_http_content_type_told_twice_must_agree(void **state) {
    (void)state;
    assert_message(OK_LINE MESSAGE MESSAGE "Content-Length: 3\r\n\r\nabc", "abc");
    assert_no_message(OK_LINE MESSAGE "Content-Type: text/html\r\nContent-Length: 3\r\n\r\nabc");
    assert_no_message(OK_LINE "Content-Type: text/html\r\n" MESSAGE "Content-Length: 3\r\n\r\nabc");
}

/* --- made to be read in two ways ------------------------------------------------------------ */

static void assert_refused(const char *text) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_E_HTTP);
    assert_false(reply.done);
}

/* A success that may not count as one with an empty body, and ends the connection. */
static void assert_open_end(const char *text) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_true(reply.done);
    assert_true(reply.has_body);
    assert_true(reply.close);
}

static void test_http_transfer_encoding_says_more_than_a_length(void **state) {
    (void)state;
    assert_open_end(OK_LINE "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n");
    assert_open_end(OK_LINE "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_open_end(OK_LINE "Content-Length: 0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
    assert_open_end(OK_LINE "Content-Length: 5\r\nTransfer-Encoding:\r\n\r\n");
}

static void test_http_success_without_a_body_whose_connection_is_in_doubt(void **state) {
    (void)state;
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
                     TALLY_OK);
    assert_true(reply.done);
    assert_false(reply.has_body);
    assert_true(reply.close);
}

static void test_http_space_before_the_colon_is_another_header(void **state) {
    (void)state;
    assert_open_end(OK_LINE "Content-Length : 0\r\n\r\n");
}

static void test_http_space_before_the_first_header_is_another_header(void **state) {
    (void)state;
    assert_open_end(OK_LINE " Content-Length: 0\r\n\r\n");
}

static void test_http_folded_headers_are_passed_over_or_refused_if_they_matter(void **state) {
    (void)state;
    assert_message(OK_LINE "X: a\r\n b\r\n\tc\r\n" MESSAGE "Content-Length: 3\r\n\r\nabc", "abc");
    assert_refused(OK_LINE "Content-Length: 0\r\n 5\r\n");
    assert_refused(OK_LINE "Content-Length:\r\n 0\r\n");
    assert_refused(OK_LINE MESSAGE " text/html\r\n");
    assert_refused(OK_LINE "Connection: x,\r\n close\r\n");
}

static void test_http_line_of_spaces_does_not_end_the_head(void **state) {
    (void)state;
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, OK_LINE "X: a\r\n \r\n\t\t\r\nContent-Length: 0\r\n"), TALLY_OK);
    assert_false(reply.done);
    assert_int_equal(tally_http_reply_take(&reply, (const uint8_t *)"\r\n", 2), TALLY_OK);
    assert_true(reply.done);
    assert_false(reply.has_body);
}

static void test_http_length_behind_what_is_looked_at_is_refused(void **state) {
    (void)state;
    char text[256];
    for (int spaces = 1; spaces < 60; spaces++) {
        tally_http_reply_t reply;
        (void)snprintf(text, sizeof text, OK_LINE "Content-Length:%*s0000005\r\n\r\n", spaces, "");
        const int32_t status = take(&reply, text);
        assert_true(status == TALLY_E_HTTP || (status == TALLY_OK && reply.body_left == 5));
        assert_false(reply.done);
    }
}

static void test_http_zero_bytes_are_refused(void **state) {
    (void)state;
    static const char length[] = OK_LINE "Content-Length: 0\0005\r\n\r\n";
    static const char line[] = "HTTP/1.1 200\0OK\r\n";
    tally_http_reply_t reply;
    assert_int_equal(take_into(&reply, length, sizeof length - 1), TALLY_E_HTTP);
    assert_int_equal(take_into(&reply, line, sizeof line - 1), TALLY_E_HTTP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_retry_after_in_seconds),
        cmocka_unit_test(test_http_retry_after_that_is_very_late_is_late),
        cmocka_unit_test(test_http_retry_after_that_says_nothing),
        cmocka_unit_test(test_http_retry_after_as_a_date_counts_from_the_servers_own),
        cmocka_unit_test(test_http_retry_after_as_a_date_without_the_servers_own_says_nothing),
        cmocka_unit_test(test_http_retry_after_a_date_that_is_past_says_nothing),
        cmocka_unit_test(test_http_date_of_the_reply),
        cmocka_unit_test(test_http_what_an_interim_reply_tells_is_not_the_replys),
        cmocka_unit_test(test_http_message_is_a_body_of_cose),
        cmocka_unit_test(test_http_message_that_does_not_fit_is_skipped),
        cmocka_unit_test(test_http_message_without_a_room_is_skipped),
        cmocka_unit_test(test_http_other_bodies_are_no_message),
        cmocka_unit_test(test_http_content_type_told_twice_must_agree),
        cmocka_unit_test(test_http_transfer_encoding_says_more_than_a_length),
        cmocka_unit_test(test_http_success_without_a_body_whose_connection_is_in_doubt),
        cmocka_unit_test(test_http_space_before_the_colon_is_another_header),
        cmocka_unit_test(test_http_space_before_the_first_header_is_another_header),
        cmocka_unit_test(test_http_folded_headers_are_passed_over_or_refused_if_they_matter),
        cmocka_unit_test(test_http_line_of_spaces_does_not_end_the_head),
        cmocka_unit_test(test_http_length_behind_what_is_looked_at_is_refused),
        cmocka_unit_test(test_http_zero_bytes_are_refused),
    };
    return cmocka_run_group_tests_name("http_headers", tests, NULL, NULL);
}
