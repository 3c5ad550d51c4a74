/* SPDX-License-Identifier: Apache-2.0 */
/* The traps of packet statistics, each by its number; what the agent makes of them included. */
#include <string.h>

#include "metrics.h"
#include "tally/stats.h"
#include "test.h"

static int64_t total(const tally_stream_t *stream, enum tally_metric metric) {
    return stream->totals[metric - TALLY_M_RTP_FIRST].number;
}

static tally_stream_t attached_to(const tally_rtp_t *rtp) {
    tally_stream_t stream;
    tally_stream_attach(&stream, 1, 1, TALLY_G_RTP, &rtp->version, rtp->values);
    return stream;
}

static void receive(tally_rtp_t *rtp, uint32_t first, uint32_t last) {
    for (uint32_t i = first; i <= last; i++) {
        const tally_rtp_header_t header = {
            .ssrc = 7, .sequence = (uint16_t)i, .payload_bytes = 1316};
        (void)tally_rtp_packet(rtp, &header, 0);
    }
}

static void test_trap_20_wraps_are_no_resets_and_resets_no_wraps(void **state) {
    (void)state;
    tally_rtp_t rtp;
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    tally_stream_t stream = attached_to(&rtp);

    /* 16 bits of sequence, three times round: nothing lost (RFC 3550 A.1) */
    receive(&rtp, 65000, 65000 + 199999);
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_EXPECTED), 200000);
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), 0);
    assert_int_equal(total(&stream, TALLY_M_RTP_SOURCE_CHANGES), 0);

    /* the sender starts anew, lower: neither 65,536 less something lost nor forgotten */
    receive(&rtp, 100, 104);
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_EXPECTED), 200005);
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), 0);
    assert_int_equal(total(&stream, TALLY_M_RTP_SOURCE_CHANGES), 1);

    /* and anew, higher: no loss of 29,895 packets */
    receive(&rtp, 30000, 30004);
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_EXPECTED), 200010);
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), 0);
    assert_int_equal(total(&stream, TALLY_M_RTP_SOURCE_CHANGES), 2);

    /* 32 bits of bytes: 200,010 x 1,316 = 263,213,160 so far, then beyond 2^32 */
    assert_int_equal(total(&stream, TALLY_M_RTP_BYTES), 263213160);
    rtp.values[TALLY_M_RTP_BYTES - TALLY_M_RTP_FIRST] = UINT32_MAX - 99;
    assert_true(tally_stream_sample(&stream));
    rtp.values[TALLY_M_RTP_BYTES - TALLY_M_RTP_FIRST] = 400;
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_BYTES), 4294967696); /* 2^32 + 400 */
}

static void
test_trap_21_loss_may_be_negative_and_is_told_before_and_after_correction(void **state) {
    (void)state;
    tally_rtp_t before; /* as the packets come */
    tally_rtp_t after;  /* with those that the error correction made good */
    assert_int_equal(tally_rtp_init(&before, 90000), TALLY_OK);
    assert_int_equal(tally_rtp_init(&after, 90000), TALLY_OK);
    tally_stream_t raw = attached_to(&before);
    tally_stream_t corrected = attached_to(&after);

    receive(&before, 10, 13);
    receive(&before, 16, 19); /* 14 and 15 are lost */
    receive(&after, 10, 19);
    assert_true(tally_stream_sample(&raw) && tally_stream_sample(&corrected));
    assert_int_equal(total(&raw, TALLY_M_RTP_LOST), 2);
    assert_int_equal(total(&corrected, TALLY_M_RTP_LOST), 0);

    receive(&before, 17, 19); /* sent twice by the network: 10 expected, 8 + 3 received */
    assert_true(tally_stream_sample(&raw) && tally_stream_sample(&corrected));
    assert_int_equal(total(&raw, TALLY_M_RTP_LOST), -1);
    assert_int_equal(total(&raw, TALLY_M_RTP_DUPLICATES), 3);
    assert_int_equal(total(&corrected, TALLY_M_RTP_LOST), 0);
}

/* --- transport streams ---------------------------------------------------------------------- */

enum { PAYLOAD = 0x10, ADAPTATION = 0x20, DISCONTINUITY = 0x80 };

static tally_ts_t ts;

static int32_t send(uint8_t control, uint8_t flags, uint8_t counter) {
    uint8_t packet[TALLY_TS_BYTES];
    memset(packet, 0xFF, sizeof packet);
    packet[0] = 0x47;
    packet[1] = 0x01; /* PID 0x100 */
    packet[2] = 0x00;
    packet[3] = (uint8_t)(control | counter);
    packet[4] = 1; /* length of the adaptation field, if there is one, */
    packet[5] = flags;
    return tally_ts_packets(&ts, packet, sizeof packet, 0);
}

static int32_t send_noise(void) {
    uint8_t packet[TALLY_TS_BYTES];
    memset(packet, 0xAA, sizeof packet);
    return tally_ts_packets(&ts, packet, sizeof packet, 0);
}

static void expect_ts(enum tally_metric metric, uint32_t value) {
    assert_int_equal(ts.values[metric - TALLY_M_TS_FIRST], value);
}

static void test_trap_25_continuity_and_sync_by_the_letter(void **state) {
    (void)state;
    tally_ts_init(&ts);
    (void)send(PAYLOAD, 0, 0);
    (void)send(PAYLOAD, 0, 1);
    (void)send(PAYLOAD, 0, 1); /* one duplicate */
    (void)send(ADAPTATION, 0, 1);
    (void)send(ADAPTATION, 0, 1); /* without payload, the counter stands */
    (void)send(PAYLOAD, 0, 2);
    (void)send(PAYLOAD | ADAPTATION, DISCONTINUITY, 9); /* announced */
    (void)send(PAYLOAD, 0, 10);
    expect_ts(TALLY_M_TS_CONTINUITY_ERRORS, 0);
    (void)send(PAYLOAD, 0, 10);
    (void)send(PAYLOAD, 0, 10); /* a second duplicate */
    expect_ts(TALLY_M_TS_CONTINUITY_ERRORS, 1);
    (void)send(PAYLOAD | ADAPTATION, 0, 3); /* not announced */
    expect_ts(TALLY_M_TS_CONTINUITY_ERRORS, 2);

    assert_int_equal(send_noise(), 0);
    expect_ts(TALLY_M_TS_SYNC_LOSSES, 0); /* one bad is none */
    (void)send(PAYLOAD, 0, 4);
    (void)send_noise();
    (void)send_noise();
    expect_ts(TALLY_M_TS_SYNC_LOSSES, 1);
    for (uint8_t i = 0; i < 4; i++) {
        assert_int_equal(send(PAYLOAD, 0, i), 0);
    }
    assert_int_equal(send(PAYLOAD, 0, 4), 1); /* the fifth good one */
    expect_ts(TALLY_M_TS_SYNC_LOSSES, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trap_20_wraps_are_no_resets_and_resets_no_wraps),
        cmocka_unit_test(test_trap_21_loss_may_be_negative_and_is_told_before_and_after_correction),
        cmocka_unit_test(test_trap_25_continuity_and_sync_by_the_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
