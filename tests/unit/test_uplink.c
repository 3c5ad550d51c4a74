/* SPDX-License-Identifier: Apache-2.0 */
#include "dice.h"
#include "uplink.h"

#include <string.h>

#include "test.h"
#include "uplink_rig.h"

static uplink_rig_t rig;

static int online(void **state) {
    (void)state;
    uplink_rig_init(&rig);
    for (uint32_t i = 0; i < FAKE_REPLIES; i++) {
        rig.wire.replies[i] = REPLY_OK;
    }
    return 0;
}

/* --- what is sent --------------------------------------------------------------------------- */

#define HEAD                                                                                       \
    "POST /v1/records HTTP/1.1\r\n"                                                                \
    "Host: collector.example:8443\r\n"                                                             \
    "Content-Type: application/cbor\r\n"

/* Two records at 2023-11-14 22:13:20 UTC, 10 s after boot. The 'a' before each key is 0x61, the
 * head of a text of one byte. */
static const char upload[] = HEAD "Content-Length: 51\r\n\r\n"
                                  "\xA7"
                                  "av\x05"
                                  "ad\x65stb-1"
                                  "ao\x62op"
                                  "ab\x1A\x00\xBC\x61\x4E"
                                  "am\x19\x27\x10"
                                  "at\x1B\x00\x00\x01\x8B\xCF\xE5\x68\x00"
                                  "ar\x9F"
                                  "xxxxyyy"
                                  "\xFF";

static void keep_two_records(void) {
    rig.port.wall = (tally_wall_t){.unix_ms = 1700000000000, .quality = TALLY_WALL_UNAUTHENTICATED};
    uplink_rig_keep(&rig, 'x', 4);
    uplink_rig_keep(&rig, 'y', 3);
}

static void assert_uploaded_as(const char *expected, uint32_t bytes) {
    assert_int_equal(rig.wire.sent_bytes, bytes);
    assert_memory_equal(rig.wire.sent, expected, bytes);
    assert_int_equal(rig.wire.requests, 1);
    assert_int_equal(rig.uplink.stats.bytes, bytes);
    assert_int_equal(rig.uplink.stats.connects, 1);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(rig.uplink.stats.last_status, 204);
    assert_int_equal(rig.uplink.stats.last_error, TALLY_OK);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void test_uplink_sends_head_envelope_and_records(void **state) {
    (void)state;
    keep_two_records();
    (void)uplink_rig_run(&rig);
    assert_uploaded_as(upload, sizeof upload - 1);
}

static void test_uplink_leaves_out_a_wall_time_it_does_not_know(void **state) {
    (void)state;
    static const char expected[] = HEAD "Content-Length: 40\r\n\r\n"
                                        "\xA6"
                                        "av\x05"
                                        "ad\x65stb-1"
                                        "ao\x62op"
                                        "ab\x1A\x00\xBC\x61\x4E"
                                        "am\x19\x27\x10"
                                        "ar\x9F"
                                        "xxxxyyy"
                                        "\xFF";
    keep_two_records();
    rig.port.wall.quality = TALLY_WALL_UNKNOWN;
    (void)uplink_rig_run(&rig);
    assert_uploaded_as(expected, sizeof expected - 1);
}

/* What the clocks say now belongs to this boot. */
static void test_uplink_says_no_time_of_an_earlier_boot(void **state) {
    (void)state;
    static const char earlier[] = HEAD "Content-Length: 35\r\n\r\n"
                                       "\xA5"
                                       "av\x05"
                                       "ad\x65stb-1"
                                       "ao\x62op"
                                       "ab\x1A\x00\xBC\x61\x4E"
                                       "ar\x9F"
                                       "xxxxyyy"
                                       "\xFF";
    keep_two_records();
    rig.config.boot_id++;
    uplink_rig_restart(&rig, RIG_PERIOD_MS);
    (void)uplink_rig_run(&rig);
    assert_uploaded_as(earlier, sizeof earlier - 1);
}

static void reboot(uint64_t boot) {
    rig.config.boot_id = boot;
    assert_int_equal(tally_spool_init(&rig.spool, &rig.store.store, 0, boot), TALLY_OK);
    uplink_rig_restart(&rig, RIG_PERIOD_MS);
}

enum { ENVELOPE_TO_BOOT = 1 + 3 + 8 + 5 }; /* its head, v, d and o */

/* However small they are, records of two boots are two uploads, the older first, on one
 * connection. */
static void test_uplink_uploads_each_boot_apart(void **state) {
    (void)state;
    uplink_rig_keep(&rig, 'x', 4);
    reboot(RIG_BOOT + 1);
    uplink_rig_keep(&rig, 'y', 4);
    reboot(RIG_BOOT + 2);
    uplink_rig_keep(&rig, 'z', 4);
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(rig.wire.requests, 3);
    assert_int_equal(rig.uplink.stats.accepted, 3);
    assert_int_equal(rig.uplink.stats.connects, 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    uint32_t found = 0;
    for (uint32_t at = ENVELOPE_TO_BOOT; at < rig.wire.sent_bytes && found < 3; at++) {
        const uint8_t id[] = {'a', 'b', 0x1A, 0x00, 0xBC, 0x61, (uint8_t)(0x4E + found)};
        if (memcmp(rig.wire.sent + at, id, sizeof id) == 0) {
            assert_int_equal(rig.wire.sent[at - ENVELOPE_TO_BOOT], found < 2 ? 0xA5 : 0xA6);
            found++;
        }
    }
    assert_int_equal(found, 3);
}

/* An earlier boot's records are tried again as they were, and stay until they are accepted. */
static void test_uplink_keeps_an_earlier_boot_until_it_is_accepted(void **state) {
    (void)state;
    uplink_rig_keep(&rig, 'x', 4);
    reboot(RIG_BOOT + 1);
    rig.wire.replies[0] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    (void)uplink_rig_run(&rig);
    assert_failed(&rig, 1, TALLY_E_HTTP_STATUS);
    const uint32_t bytes = rig.wire.sent_bytes;
    (void)uplink_rig_run_after(&rig, RIG_RETRY_MS);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(rig.wire.sent_bytes, 2 * bytes);
    assert_memory_equal(rig.wire.sent, rig.wire.sent + bytes, bytes);
}

static void test_uplink_that_is_stopped_begins_anew(void **state) {
    (void)state;
    keep_two_records();
    rig.wire.takes_most = 100;
    (void)uplink_rig_run(&rig);
    assert_false(tally_uplink_is_idle(&rig.uplink));
    tally_uplink_stop(&rig.uplink);
    assert_true(tally_uplink_is_idle(&rig.uplink));
    assert_false(rig.wire.is_open);
    tally_uplink_stop(&rig.uplink); /* closes nothing twice */
    assert_int_equal(rig.wire.closes, 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 2);
    rig.wire.takes_most = UINT32_MAX;
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_memory_equal(rig.wire.sent + 100, upload, sizeof upload - 1);
}

static void test_uplink_sends_the_same_byte_by_byte(void **state) {
    (void)state;
    keep_two_records();
    rig.wire.send_most = 1;
    rig.wire.give_most = 1;
    (void)uplink_rig_run(&rig);
    assert_uploaded_as(upload, sizeof upload - 1);
}

static void test_uplink_sends_the_same_when_every_call_would_block_first(void **state) {
    (void)state;
    keep_two_records();
    rig.wire.stutters = true;
    rig.wire.send_most = 1;
    rig.wire.give_most = 1;
    uplink_rig_steps(&rig, 1000);
    assert_uploaded_as(upload, sizeof upload - 1);
}

/* The fake server takes a request for complete when its Content-Length is there, and fails the
 * test for a byte too many. Around 511 and 1022 the end of the array is staged alone. */
static void test_uplink_content_length_is_right_for_every_size(void **state) {
    (void)state;
    for (uint32_t bytes = 1; bytes <= 1024; bytes += dice_stride(1024)) {
        (void)online(NULL);
        uplink_rig_keep(&rig, 'x', bytes);
        (void)uplink_rig_run(&rig);
        assert_int_equal(rig.uplink.stats.accepted, 1);
        assert_int_equal(rig.wire.sent[rig.wire.sent_bytes - 2], 'x');
        assert_int_equal(rig.wire.sent[rig.wire.sent_bytes - 1], 0xFF);
    }
}

static void test_uplink_goes_on_until_nothing_waits(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        uplink_rig_keep(&rig, 'x', 1000); /* 16 of them are below 16384 */
    }
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(rig.wire.requests, 2);
    assert_int_equal(rig.uplink.stats.accepted, 2);
    assert_int_equal(rig.uplink.stats.connects, 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void test_uplink_does_a_bounded_piece_of_work_in_one_step(void **state) {
    (void)state;
    uplink_rig_keep(&rig, 'x', 1000);
    rig.wire.send_most = 1;
    assert_int_equal(tally_uplink_step(&rig.uplink, rig.port.now_ms, &rig.port.wall), 0);
    assert_in_range(rig.wire.sent_bytes, 1, 16);
}

/* --- how it went ---------------------------------------------------------------------------- */

static void test_uplink_counts_each_upload_begun(void **state) {
    (void)state;
    (void)uplink_rig_run(&rig); /* nothing to send */
    assert_int_equal(rig.uplink.stats.attempts, 0);
    uplink_rig_keep(&rig, 'x', 4);
    rig.wire.replies[0] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    (void)uplink_rig_run_after(&rig, RIG_PERIOD_MS);
    assert_int_equal(rig.uplink.stats.attempts, 1);
    assert_int_equal(rig.uplink.stats.rejected, 1);
    rig.wire.open_says = TALLY_E_CONNECT;
    (void)uplink_rig_run_after(&rig, RIG_RETRY_MS);
    assert_int_equal(rig.uplink.stats.attempts, 2);
    assert_int_equal(rig.uplink.stats.failed_net, 1);
    rig.wire.open_says = TALLY_OPENING_CONNECT;
    (void)uplink_rig_run_after(&rig, 2 * RIG_PERIOD_MS);
    assert_int_equal(rig.uplink.stats.attempts, 3); /* under way */
    rig.wire.open_says = TALLY_OPEN;
    (void)uplink_rig_run_after(&rig, 10);
    assert_int_equal(rig.uplink.stats.attempts, 3);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

/* A request of 100 bytes and more: begun at 0, its last byte goes after 250 ms, the answer comes
 * 400 ms later. */
static void test_uplink_measures_how_long_an_upload_took(void **state) {
    (void)state;
    uplink_rig_keep(&rig, 'x', 4);
    rig.wire.reply_after = UINT32_MAX; /* says nothing yet */
    rig.wire.takes_most = 100;
    (void)uplink_rig_run(&rig);
    rig.wire.takes_most = UINT32_MAX;
    (void)uplink_rig_run_after(&rig, 250);
    assert_int_equal(rig.wire.requests, 1);
    assert_int_equal(rig.uplink.stats.last_status, 0);
    rig.wire.reply = REPLY_OK;
    (void)uplink_rig_run_after(&rig, 400);
    assert_int_equal(rig.uplink.stats.accepted, 1);
    assert_int_equal(rig.uplink.stats.send_ms, 250);
    assert_int_equal(rig.uplink.stats.call_ms, 650);
}

static void test_uplink_that_is_not_answered_leaves_the_times_of_the_last_one(void **state) {
    (void)state;
    test_uplink_measures_how_long_an_upload_took(NULL);
    uplink_rig_keep(&rig, 'y', 4);
    rig.wire.takes_most = 100;
    (void)uplink_rig_run_after(&rig, RIG_PERIOD_MS);
    (void)uplink_rig_run_after(&rig, 30000); /* no byte more for so long */
    assert_int_equal(rig.uplink.stats.last_error, TALLY_E_TIMEOUT);
    assert_int_equal(rig.uplink.stats.send_ms, 250);
    assert_int_equal(rig.uplink.stats.call_ms, 650);
}

/* --- what a server accepts ------------------------------------------------------------------ */

static void test_uplink_forgets_records_after_any_success_without_a_body(void **state) {
    (void)state;
    static const char *const replies[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.0 204 No Content\r\n\r\n",
    };
    for (uint32_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        uplink_rig_init(&rig);
        rig.wire.replies[0] = replies[i];
        uplink_rig_keep(&rig, 'x', 4);
        (void)uplink_rig_run(&rig);
        assert_int_equal(rig.uplink.stats.accepted, 1);
        assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    }
}

/* --- when ----------------------------------------------------------------------------------- */

static void test_uplink_first_upload_is_due_at_a_random_time_of_the_period(void **state) {
    (void)state;
    rig.port.random = UINT32_C(3) << 30; /* three quarters */
    assert_int_equal(tally_uplink_init(&rig.uplink, &rig.config, &rig.port.port,
                                       &rig.wire.transport, &rig.spool, rig.port.now_ms),
                     TALLY_OK);
    uplink_rig_keep(&rig, 'x', 4);
    assert_int_equal(uplink_rig_run(&rig), 225000);
    assert_int_equal(uplink_rig_run_after(&rig, 224999), 1);
    assert_int_equal(rig.wire.opens, 0);
    (void)uplink_rig_run_after(&rig, 1);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

static void test_uplink_with_nothing_to_send_does_not_connect(void **state) {
    (void)state;
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    assert_int_equal(rig.wire.opens, 0);
}

static void test_uplink_waits_a_period_after_an_upload(void **state) {
    (void)state;
    uplink_rig_keep(&rig, 'x', 4);
    assert_int_equal(uplink_rig_run(&rig), RIG_PERIOD_MS);
    uplink_rig_keep(&rig, 'y', 4);
    assert_int_equal(uplink_rig_run_after(&rig, RIG_PERIOD_MS - 1), 1);
    assert_int_equal(rig.wire.requests, 1);
    (void)uplink_rig_run_after(&rig, 1);
    assert_int_equal(rig.wire.requests, 2);
}

static void test_uplink_flush_uploads_now(void **state) {
    (void)state;
    (void)uplink_rig_run(&rig);
    uplink_rig_keep(&rig, 'x', 4);
    tally_uplink_flush(&rig.uplink, rig.port.now_ms);
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 1);
}

static void test_uplink_half_full_spool_uploads_now(void **state) {
    (void)state;
    (void)uplink_rig_run(&rig);
    while (tally_spool_fill_percent(&rig.spool) < 49) {
        uplink_rig_keep(&rig, 'x', 200);
    }
    (void)uplink_rig_run(&rig);
    assert_int_equal(rig.uplink.stats.accepted, 0);
    while (tally_spool_fill_percent(&rig.spool) < 50) {
        uplink_rig_keep(&rig, 'x', 200);
    }
    (void)uplink_rig_run(&rig);
    assert_true(rig.uplink.stats.accepted > 0);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void test_uplink_needs_random_numbers_to_begin(void **state) {
    (void)state;
    rig.port.random_fails = true;
    assert_int_equal(tally_uplink_init(&rig.uplink, &rig.config, &rig.port.port,
                                       &rig.wire.transport, &rig.spool, rig.port.now_ms),
                     TALLY_E_RANDOM);
}

static void test_uplink_refuses_a_head_that_does_not_fit(void **state) {
    (void)state;
    static char path[TALLY_TX_BYTES];
    memset(path, '/', sizeof path - 1);
    rig.endpoint.path = path;
    assert_int_equal(tally_uplink_init(&rig.uplink, &rig.config, &rig.port.port,
                                       &rig.wire.transport, &rig.spool, rig.port.now_ms),
                     TALLY_E_CONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_uplink_sends_head_envelope_and_records, online),
        cmocka_unit_test_setup(test_uplink_leaves_out_a_wall_time_it_does_not_know, online),
        cmocka_unit_test_setup(test_uplink_says_no_time_of_an_earlier_boot, online),
        cmocka_unit_test_setup(test_uplink_uploads_each_boot_apart, online),
        cmocka_unit_test_setup(test_uplink_keeps_an_earlier_boot_until_it_is_accepted, online),
        cmocka_unit_test_setup(test_uplink_that_is_stopped_begins_anew, online),
        cmocka_unit_test_setup(test_uplink_sends_the_same_byte_by_byte, online),
        cmocka_unit_test_setup(test_uplink_sends_the_same_when_every_call_would_block_first,
                               online),
        cmocka_unit_test(test_uplink_content_length_is_right_for_every_size),
        cmocka_unit_test_setup(test_uplink_counts_each_upload_begun, online),
        cmocka_unit_test_setup(test_uplink_measures_how_long_an_upload_took, online),
        cmocka_unit_test_setup(test_uplink_that_is_not_answered_leaves_the_times_of_the_last_one,
                               online),
        cmocka_unit_test_setup(test_uplink_goes_on_until_nothing_waits, online),
        cmocka_unit_test_setup(test_uplink_does_a_bounded_piece_of_work_in_one_step, online),
        cmocka_unit_test(test_uplink_forgets_records_after_any_success_without_a_body),
        cmocka_unit_test_setup(test_uplink_first_upload_is_due_at_a_random_time_of_the_period,
                               online),
        cmocka_unit_test_setup(test_uplink_with_nothing_to_send_does_not_connect, online),
        cmocka_unit_test_setup(test_uplink_waits_a_period_after_an_upload, online),
        cmocka_unit_test_setup(test_uplink_flush_uploads_now, online),
        cmocka_unit_test_setup(test_uplink_half_full_spool_uploads_now, online),
        cmocka_unit_test_setup(test_uplink_needs_random_numbers_to_begin, online),
        cmocka_unit_test_setup(test_uplink_refuses_a_head_that_does_not_fit, online),
    };
    return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
