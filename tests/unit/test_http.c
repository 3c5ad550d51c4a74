/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

/* --- request -------------------------------------------------------------------------------- */

static void assert_post(const tally_peer_t *peer, uint32_t body_bytes, const char *expected) {
    uint8_t out[512];
    const int32_t bytes = tally_http_post(out, sizeof out, peer, "/v1/records", body_bytes);
    assert_int_equal(bytes, strlen(expected));
    assert_memory_equal(out, expected, strlen(expected));
}

static void test_http_post_to_a_name(void **state) {
    (void)state;
    const tally_peer_t peer = {.host = "collector.example", .port = 8443};
    assert_post(&peer, 1234,
                "POST /v1/records HTTP/1.1\r\n"
                "Host: collector.example:8443\r\n"
                "Content-Type: application/cbor\r\n"
                "Content-Length: 1234\r\n"
                "\r\n");
}

static void test_http_post_to_an_ipv6_literal(void **state) {
    (void)state;
    const tally_peer_t peer = {.host = "2001:db8::7", .port = 65535};
    assert_post(&peer, 4294967295,
                "POST /v1/records HTTP/1.1\r\n"
                "Host: [2001:db8::7]:65535\r\n"
                "Content-Type: application/cbor\r\n"
                "Content-Length: 4294967295\r\n"
                "\r\n");
}

static void test_http_post_numbers_have_no_leading_zeros(void **state) {
    (void)state;
    const tally_peer_t peer = {.host = "10.0.0.1", .port = 1};
    assert_post(&peer, 0,
                "POST /v1/records HTTP/1.1\r\n"
                "Host: 10.0.0.1:1\r\n"
                "Content-Type: application/cbor\r\n"
                "Content-Length: 0\r\n"
                "\r\n");
}

static void test_http_post_that_does_not_fit_stays_within_its_room(void **state) {
    (void)state;
    const tally_peer_t peer = {.host = "h", .port = 80};
    uint8_t out[83]; /* the head for that peer has 82 bytes */
    memset(out, 0xA5, sizeof out);
    assert_int_equal(tally_http_post(out, 81, &peer, "/", 5), TALLY_E_TOO_BIG);
    assert_int_equal(out[81], 0xA5);
    assert_int_equal(tally_http_post(out, 82, &peer, "/", 5), 82);
    assert_int_equal(out[82], 0xA5);
}

/* --- replies that are understood ------------------------------------------------------------ */

static int32_t take(tally_http_reply_t *reply, const char *text) {
    tally_http_reply_begin(reply);
    return tally_http_reply_take(reply, (const uint8_t *)text, (uint32_t)strlen(text));
}

/* A complete reply of that status, after which the connection is kept. */
static void assert_kept(const char *text, uint16_t status) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_true(reply.done);
    assert_false(reply.close);
    assert_int_equal(reply.status, status);
}

/* A complete reply of that status, after which the connection is of no use. */
static void assert_closed(const char *text, uint16_t status) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_true(reply.done);
    assert_true(reply.close);
    assert_int_equal(reply.status, status);
}

static void assert_wants_more(const char *text) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), TALLY_OK);
    assert_false(reply.done);
}

static void assert_refused(const char *text, int32_t error) {
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, text), error);
    assert_false(reply.done);
}

#define NORMAL                                                                                     \
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nhello"

static void test_http_reply_is_the_same_at_every_split(void **state) {
    (void)state;
    const uint8_t *const bytes = (const uint8_t *)NORMAL;
    const uint32_t size = (uint32_t)strlen(NORMAL);
    for (uint32_t split = 0; split < size; split++) {
        tally_http_reply_t reply;
        tally_http_reply_begin(&reply);
        assert_int_equal(tally_http_reply_take(&reply, bytes, split), TALLY_OK);
        assert_false(reply.done);
        assert_int_equal(tally_http_reply_take(&reply, bytes + split, size - split), TALLY_OK);
        assert_true(reply.done);
        assert_false(reply.close);
        assert_int_equal(reply.status, 200);
        assert_int_equal(reply.retry_after_s, 7);
    }
}

static void test_http_reply_without_a_body(void **state) {
    (void)state;
    assert_kept("HTTP/1.1 204 No Content\r\n\r\n", 204);
    assert_kept("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304);
    assert_kept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200);
}

static void test_http_reply_needs_its_whole_body(void **state) {
    (void)state;
    assert_wants_more("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
    assert_kept("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200);
}

static void test_http_reply_tells_whether_it_has_a_body(void **state) {
    (void)state;
    tally_http_reply_t reply;
    (void)take(&reply, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    assert_true(reply.has_body);
    (void)take(&reply, "HTTP/1.1 200 OK\r\n\r\n"); /* one of unknown length */
    assert_true(reply.has_body);
    (void)take(&reply, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_false(reply.has_body);
    (void)take(&reply, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_false(reply.has_body);
}

static void test_http_interim_replies_come_before_the_final_one(void **state) {
    (void)state;
    assert_wants_more("HTTP/1.1 100 Continue\r\n\r\n");
    assert_kept("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n"
                "HTTP/1.1 204 No Content\r\n\r\n",
                204);
}

static void test_http_reply_of_unknown_length_ends_the_connection(void **state) {
    (void)state;
    assert_closed("HTTP/1.1 200 OK\r\n\r\n", 200);
    assert_closed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200);
}

static void test_http_server_may_end_the_connection(void **state) {
    (void)state;
    assert_closed("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 204);
    assert_closed("HTTP/1.1 204 No Content\r\nConnection: Close \r\n\r\n", 204);
    assert_kept("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n", 204);
    assert_closed("HTTP/1.0 204 No Content\r\n\r\n", 204);
}

static void test_http_header_names_in_any_case_and_values_in_any_space(void **state) {
    (void)state;
    assert_kept("HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 2\r\n\r\nok", 200);
    assert_kept("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok", 200);
    assert_kept("HTTP/1.1 200 OK\r\nContent-Length: \t 2 \t\r\n\r\nok", 200);
}

static void test_http_lines_may_end_in_a_bare_line_feed(void **state) {
    (void)state;
    assert_kept("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200);
}

static void test_http_reason_may_be_absent(void **state) {
    (void)state;
    assert_kept("HTTP/1.1 204 \r\n\r\n", 204);
    assert_kept("HTTP/1.1 204\r\n\r\n", 204);
}

static void test_http_content_length_may_be_told_twice(void **state) {
    (void)state;
    assert_kept("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
                   TALLY_E_HTTP);
}

static void test_http_bytes_behind_a_reply_end_the_connection(void **state) {
    (void)state;
    assert_closed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", 200);
    tally_http_reply_t reply;
    assert_int_equal(take(&reply, "HTTP/1.1 204 No Content\r\n\r\n"), TALLY_OK);
    assert_false(reply.close);
    assert_int_equal(tally_http_reply_take(&reply, (const uint8_t *)"!", 1), TALLY_OK);
    assert_true(reply.close);
}

static void test_http_long_header_lines_are_passed_over(void **state) {
    (void)state;
    for (int length = 60; length <= 70; length++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "HTTP/1.1 200 %0*d\r\nX: %0*d\r\nContent-Length: 2\r\n\r\nok", length, 0,
                       length, 0);
        assert_kept(text, 200);
    }
}

/* --- replies that are refused --------------------------------------------------------------- */

static void test_http_garbage_is_refused_at_its_first_line(void **state) {
    (void)state;
    assert_refused("SSH-2.0-OpenSSH_9.6\r\n", TALLY_E_HTTP);
    assert_refused("\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/2 200 OK\r\n", TALLY_E_HTTP);
    assert_refused("http/1.1 200 OK\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 20 OK\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 2000 OK\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 099 ?\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 600 ?\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1\r\n", TALLY_E_HTTP);
}

static void test_http_content_length_must_be_a_number(void **state) {
    (void)state;
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length:\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: two\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 2 2\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n", TALLY_E_HTTP);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 2\r2\r\n", TALLY_E_HTTP);
}

static void test_http_body_has_a_limit(void **state) {
    (void)state;
    assert_wants_more("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", TALLY_E_HTTP_SIZE);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n", TALLY_E_HTTP_SIZE);
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n",
                   TALLY_E_HTTP_SIZE);
}

/* Takes `count` times the same byte, one by one; how many were taken without an error. */
static uint32_t bytes_taken(tally_http_reply_t *reply, char byte, uint32_t count, int32_t *error) {
    for (uint32_t i = 0; i < count; i++) {
        *error = tally_http_reply_take(reply, (const uint8_t *)&byte, 1);
        if (*error < 0) {
            return i;
        }
    }
    return count;
}

static void test_http_endless_status_line_is_cut_at_the_limit(void **state) {
    (void)state;
    tally_http_reply_t reply;
    int32_t error = TALLY_OK;
    tally_http_reply_begin(&reply);
    assert_int_equal(bytes_taken(&reply, 'H', 5000, &error), 4096);
    assert_int_equal(error, TALLY_E_HTTP_SIZE);
}

static void test_http_endless_headers_are_cut_at_the_limit(void **state) {
    (void)state;
    tally_http_reply_t reply;
    int32_t error = TALLY_OK;
    assert_int_equal(take(&reply, "HTTP/1.1 200 OK\r\n"), TALLY_OK); /* 17 bytes */
    for (uint32_t i = 0; i < 815; i++) {                             /* 4075 */
        assert_int_equal(tally_http_reply_take(&reply, (const uint8_t *)"A: b\n", 5), TALLY_OK);
    }
    tally_http_reply_t exact = reply;
    assert_int_equal(tally_http_reply_take(&exact, (const uint8_t *)"A:\n\n", 4), TALLY_OK);
    assert_true(exact.done);
    assert_int_equal(bytes_taken(&reply, 'A', 5, &error), 4);
    assert_int_equal(error, TALLY_E_HTTP_SIZE);
}

static void test_http_endless_interim_replies_are_cut_at_the_limit(void **state) {
    (void)state;
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n"; /* 25 bytes */
    tally_http_reply_t reply;
    int32_t error = TALLY_OK;
    uint32_t whole = 0;
    tally_http_reply_begin(&reply);
    while (error == TALLY_OK) {
        error = tally_http_reply_take(&reply, (const uint8_t *)interim, 25);
        whole += error == TALLY_OK ? 1 : 0;
    }
    assert_int_equal(error, TALLY_E_HTTP_SIZE);
    assert_int_equal(whole, 163); /* 4096 / 25 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_post_to_a_name),
        cmocka_unit_test(test_http_post_to_an_ipv6_literal),
        cmocka_unit_test(test_http_post_numbers_have_no_leading_zeros),
        cmocka_unit_test(test_http_post_that_does_not_fit_stays_within_its_room),
        cmocka_unit_test(test_http_reply_is_the_same_at_every_split),
        cmocka_unit_test(test_http_reply_without_a_body),
        cmocka_unit_test(test_http_reply_needs_its_whole_body),
        cmocka_unit_test(test_http_reply_tells_whether_it_has_a_body),
        cmocka_unit_test(test_http_interim_replies_come_before_the_final_one),
        cmocka_unit_test(test_http_reply_of_unknown_length_ends_the_connection),
        cmocka_unit_test(test_http_server_may_end_the_connection),
        cmocka_unit_test(test_http_header_names_in_any_case_and_values_in_any_space),
        cmocka_unit_test(test_http_lines_may_end_in_a_bare_line_feed),
        cmocka_unit_test(test_http_reason_may_be_absent),
        cmocka_unit_test(test_http_content_length_may_be_told_twice),
        cmocka_unit_test(test_http_bytes_behind_a_reply_end_the_connection),
        cmocka_unit_test(test_http_long_header_lines_are_passed_over),
        cmocka_unit_test(test_http_garbage_is_refused_at_its_first_line),
        cmocka_unit_test(test_http_content_length_must_be_a_number),
        cmocka_unit_test(test_http_body_has_a_limit),
        cmocka_unit_test(test_http_endless_status_line_is_cut_at_the_limit),
        cmocka_unit_test(test_http_endless_headers_are_cut_at_the_limit),
        cmocka_unit_test(test_http_endless_interim_replies_are_cut_at_the_limit),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
