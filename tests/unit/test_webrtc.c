/* SPDX-License-Identifier: Apache-2.0 */
/* A WebRTC track by itself: what becomes of a stack's cumulative values. */
#include <string.h>

#include "test.h"
#include "webrtc.h"

#define MOST (INT64_C(1) << 53)

static tally_webrtc_t track;
static tally_webrtc_inbound_t in;
static tally_webrtc_outbound_t out;
static tally_webrtc_pair_t pair;
static tally_webrtc_image_t image;

static int set_up_as(enum tally_group group, uint32_t counter_bits) {
    tally_webrtc_no_inbound(&in);
    tally_webrtc_no_outbound(&out);
    tally_webrtc_no_pair(&pair);
    return tally_webrtc_init(&track, group, counter_bits);
}

static int set_up(void **state) {
    (void)state;
    return set_up_as(TALLY_G_WEBRTC_INBOUND, 64);
}

static int set_up_outbound(void **state) {
    (void)state;
    return set_up_as(TALLY_G_WEBRTC_OUTBOUND, 64);
}

static int set_up_32_bits(void **state) {
    (void)state;
    return set_up_as(TALLY_G_WEBRTC_INBOUND, 32);
}

static void receive(uint32_t time_ms) {
    assert_int_equal(tally_webrtc_inbound(&track, &in, &pair, time_ms), TALLY_OK);
    assert_true(tally_webrtc_read(&track, &image));
}

static void send(uint32_t time_ms) {
    assert_int_equal(tally_webrtc_outbound(&track, &out, &pair, time_ms), TALLY_OK);
    assert_true(tally_webrtc_read(&track, &image));
}

/* So many packets of 1,000 bytes received and so many lost, as the stack counts them. */
static void receive_packets(int64_t packets, int64_t lost, uint32_t time_ms) {
    in.packets_received = packets;
    in.packets_lost = lost;
    in.bytes_received = 1000 * packets;
    receive(time_ms);
}

static bool is_of_pair(enum tally_metric metric) {
    return metric >= TALLY_M_WEBRTC_PAIR_FIRST && metric < TALLY_M_WEBRTC_PAIR_END;
}

static uint32_t place_of(enum tally_metric metric) {
    return (uint32_t)metric - tally_group_infos[tally_metrics_group(metric)].first;
}

static tally_value_t value_of(enum tally_metric metric) {
    const uint32_t at = place_of(metric);
    return is_of_pair(metric) ? image.pair[at] : image.values[at];
}

static bool has(enum tally_metric metric) {
    const uint64_t present = is_of_pair(metric) ? image.pair_present : image.present;
    return (present >> place_of(metric) & 1) != 0;
}

static void expect(enum tally_metric metric, int64_t number) {
    assert_true(has(metric));
    assert_int_equal(value_of(metric).number, number);
}

/* --- values --------------------------------------------------------------------------------- */

/* A viewer's sample of Datazoom with Millicast: both tracks after 1,880 ms. */
static void test_webrtc_sample_of_a_viewer(void **state) {
    (void)state;
    tally_webrtc_t video;
    assert_int_equal(tally_webrtc_init(&video, TALLY_G_WEBRTC_INBOUND, 64), TALLY_OK);
    pair.total_round_trip_us = 31000;
    pair.round_trip_us = 5000;
    pair.responses_received = 6;
    pair.available_outgoing_bps = 300000;
    pair.candidate = TALLY_CANDIDATE_PRFLX;
    in.media = TALLY_MEDIA_AUDIO;
    in.mime_type = "audio/opus";
    in.mid = "1";
    in.track_identifier = "0c8a2f64-7d0b-4c8e-9d0a-3f1f8f0f6a11";
    in.packets_received = 0;
    in.bytes_received = 0;
    receive(4294966296); /* 1 s before this clock wraps */
    in.bytes_received = 23460;
    in.packets_received = 94;
    in.packets_lost = 0;
    in.jitter_us = 4000;
    receive(880);
    expect(TALLY_M_IN_BYTES, 23460);
    expect(TALLY_M_IN_PACKETS, 94);
    expect(TALLY_M_IN_LOST, 0);
    expect(TALLY_M_IN_JITTER, 4000);
    expect(TALLY_M_IN_MEDIA, TALLY_MEDIA_AUDIO);
    expect(TALLY_M_IN_BITRATE, 99829); /* 187,680 bits in 1,880 ms */
    expect(TALLY_M_IN_LOSS, 0);
    expect(TALLY_M_PAIR_ROUND_TRIPS, 31000);
    expect(TALLY_M_PAIR_ROUND_TRIP, 5000);
    expect(TALLY_M_PAIR_RESPONSES, 6);
    expect(TALLY_M_PAIR_AVAILABLE_BITRATE, 300000);
    expect(TALLY_M_PAIR_CANDIDATE, TALLY_CANDIDATE_PRFLX);
    assert_string_equal(value_of(TALLY_M_IN_MIME_TYPE).text, "audio/opus");
    assert_string_equal(value_of(TALLY_M_IN_MID).text, "1");
    assert_string_equal(value_of(TALLY_M_IN_TRACK).text, "0c8a2f64-7d0b-4c8e-9d0a-3f1f8f0f6a11");
    assert_false(has(TALLY_M_IN_WIDTH));

    tally_webrtc_no_inbound(&in);
    in.media = TALLY_MEDIA_VIDEO;
    in.bytes_received = 256532;
    in.packets_received = 1057;
    in.packets_lost = 0;
    in.jitter_us = 3000;
    assert_int_equal(tally_webrtc_inbound(&video, &in, NULL, 880), TALLY_OK);
    assert_true(tally_webrtc_read(&video, &image));
    expect(TALLY_M_IN_BYTES, 256532);
    expect(TALLY_M_IN_PACKETS, 1057);
    expect(TALLY_M_IN_JITTER, 3000);
    assert_false(has(TALLY_M_IN_BITRATE)); /* no interval yet */
    assert_false(has(TALLY_M_PAIR_ROUND_TRIP));
}

/* Those that follow from others have no member. */
static void test_webrtc_every_member_has_its_metric(void **state) {
    (void)state;
    int64_t *const members = (void *)&in;
    for (uint32_t i = 0; i < offsetof(tally_webrtc_inbound_t, mime_type) / 8; i++) {
        members[i] = 1;
    }
    in.samples_concealed = 7;
    in.frame_rate_mhz = 29970;
    in.pause_time_ms = 11;
    in.key_frames_decoded = 13;
    in.mime_type = "video/H264";
    in.mid = "0";
    in.track_identifier = "t";
    receive(0);
    const uint64_t derived = TALLY_CAN(WEBRTC_INBOUND, IN_BITRATE) |
                             TALLY_CAN(WEBRTC_INBOUND, IN_LOSS) |
                             TALLY_CAN(WEBRTC_INBOUND, IN_RESETS);
    assert_int_equal(image.present, TALLY_CAN_ALL(WEBRTC_INBOUND) & ~derived);
    expect(TALLY_M_IN_CONCEALED_SAMPLES, 7);
    expect(TALLY_M_IN_FRAME_RATE, 29970);
    expect(TALLY_M_IN_PAUSE_TIME, 11);
    expect(TALLY_M_IN_KEY_FRAMES, 13);
    expect(TALLY_M_IN_DECODE_TIME, 1);
}

static void test_webrtc_every_member_of_a_sender_has_its_metric(void **state) {
    (void)state;
    int64_t *const members = (void *)&out;
    for (uint32_t i = 0; i < offsetof(tally_webrtc_outbound_t, mime_type) / 8; i++) {
        members[i] = 1;
    }
    int64_t *const pair_members = (void *)&pair;
    for (uint32_t i = 0; i < sizeof pair / 8; i++) {
        pair_members[i] = 2;
    }
    out.limitation = TALLY_LIMITATION_BANDWIDTH;
    out.limited_by_bandwidth_ms = 4000;
    out.target_bitrate_bps = 2500000;
    out.remote_loss_ppm = 3906;
    out.mime_type = "video/VP8";
    out.mid = "0";
    send(0);
    const uint64_t derived =
        TALLY_CAN(WEBRTC_OUTBOUND, OUT_BITRATE) | TALLY_CAN(WEBRTC_OUTBOUND, OUT_RESETS);
    assert_int_equal(image.present, TALLY_CAN_ALL(WEBRTC_OUTBOUND) & ~derived);
    assert_int_equal(image.pair_present, TALLY_CAN_ALL(WEBRTC_PAIR));
    expect(TALLY_M_OUT_LIMITATION, TALLY_LIMITATION_BANDWIDTH);
    expect(TALLY_M_OUT_LIMITED_BANDWIDTH, 4000);
    expect(TALLY_M_OUT_LIMITED_CPU, 1);
    expect(TALLY_M_OUT_TARGET_BITRATE, 2500000);
    expect(TALLY_M_OUT_REMOTE_LOSS, 3906);
    expect(TALLY_M_PAIR_BYTES_SENT, 2);
    assert_string_equal(value_of(TALLY_M_OUT_MIME_TYPE).text, "video/VP8");
    assert_string_equal(value_of(TALLY_M_OUT_MID).text, "0");
}

static void test_webrtc_what_is_absent_stands(void **state) {
    (void)state;
    in.jitter_us = 4000;
    in.nacks = 3;
    in.mid = "voice";
    receive(0);
    tally_webrtc_no_inbound(&in);
    receive(500);
    expect(TALLY_M_IN_JITTER, 4000);
    expect(TALLY_M_IN_NACKS, 3);
    assert_string_equal(value_of(TALLY_M_IN_MID).text, "voice");
    in.nacks = 5;
    in.mid = "v2";
    receive(1000);
    expect(TALLY_M_IN_NACKS, 5);
    assert_string_equal(value_of(TALLY_M_IN_MID).text, "v2");
}

static void test_webrtc_a_track_without_values_has_none(void **state) {
    (void)state;
    receive(0);
    assert_int_equal(image.present, 0);
    assert_int_equal(image.pair_present, 0);
    assert_int_equal(value_of(TALLY_M_IN_BYTES).number, 0);
}

/* --- rates ---------------------------------------------------------------------------------- */

static void test_webrtc_rates_are_of_the_time_that_went_by(void **state) {
    (void)state;
    receive_packets(100, 0, 10000);
    receive_packets(200, 25, 14000); /* 800,000 bits in 4 s */
    expect(TALLY_M_IN_BITRATE, 200000);
    expect(TALLY_M_IN_LOSS, 200000); /* 25 of 125 */
    receive_packets(250, 25, 14250); /* 400,000 bits in 250 ms */
    expect(TALLY_M_IN_BITRATE, 1600000);
    expect(TALLY_M_IN_LOSS, 0);
}

static void test_webrtc_sent_bitrate(void **state) {
    (void)state;
    out.packets_sent = 0;
    out.bytes_sent = 0;
    send(0);
    out.bytes_sent = 125000;
    send(2000);
    expect(TALLY_M_OUT_BITRATE, 500000);
}

static void test_webrtc_nothing_expected_is_no_loss_of_0(void **state) {
    (void)state;
    receive_packets(100, 10, 0);
    receive_packets(200, 10, 1000);
    expect(TALLY_M_IN_LOSS, 0);
    receive_packets(200, 10, 2000);
    assert_false(has(TALLY_M_IN_LOSS));
    expect(TALLY_M_IN_BITRATE, 0);
    receive_packets(200, 20, 3000);
    expect(TALLY_M_IN_LOSS, 1000000);
}

/* Duplicates: more packets received than expected (RFC 3550 A.3). */
static void test_webrtc_lost_may_fall_and_be_negative(void **state) {
    (void)state;
    receive_packets(100, 10, 0);
    receive_packets(200, 4, 1000);
    expect(TALLY_M_IN_LOST, 4);
    expect(TALLY_M_IN_LOSS, 0);
    receive_packets(203, -7, 2000);
    expect(TALLY_M_IN_LOST, -7);
    expect(TALLY_M_IN_LOSS, 0);
    receive_packets(206, -4, 3000); /* 3 of 6, though the sum is below 0 */
    expect(TALLY_M_IN_LOSS, 500000);
    assert_int_equal(value_of(TALLY_M_IN_RESETS).number, 0);
}

static void test_webrtc_an_update_at_the_same_time_is_of_the_next_interval(void **state) {
    (void)state;
    receive_packets(0, 0, 1000);
    receive_packets(100, 0, 2000);
    receive_packets(150, 0, 2000);
    expect(TALLY_M_IN_PACKETS, 150);
    expect(TALLY_M_IN_BITRATE, 800000);
    receive_packets(200, 0, 3000); /* 100 since 2000 */
    expect(TALLY_M_IN_BITRATE, 800000);
}

static void test_webrtc_time_that_goes_back_ends_the_rates(void **state) {
    (void)state;
    receive_packets(0, 0, 5000);
    receive_packets(100, 1, 6000);
    receive_packets(200, 1, 5999);
    expect(TALLY_M_IN_PACKETS, 200);
    assert_false(has(TALLY_M_IN_BITRATE));
    assert_false(has(TALLY_M_IN_LOSS));
    receive_packets(300, 2, 6999);
    expect(TALLY_M_IN_BITRATE, 800000);
    expect(TALLY_M_IN_LOSS, 9900); /* 1 of 101 */
}

static void test_webrtc_rates_of_absurd_values_stay_in_range(void **state) {
    (void)state;
    in.bytes_received = 0;
    in.packets_received = 0;
    receive(0);
    in.bytes_received = MOST;
    in.packets_received = MOST;
    in.packets_lost = MOST;
    receive(1);
    assert_true(value_of(TALLY_M_IN_BITRATE).number > 0);
    assert_in_range(value_of(TALLY_M_IN_LOSS).number, 0, 1000000);
}

/* --- restarts and wraps --------------------------------------------------------------------- */

static void test_webrtc_a_restart_counts_on_top(void **state) {
    (void)state;
    in.plis = 1;
    receive_packets(1000, 50, 0);
    in.plis = 2; /* more than before, all of them new */
    receive_packets(30, 5, 1000);
    expect(TALLY_M_IN_PACKETS, 1030);
    expect(TALLY_M_IN_BYTES, 1030000);
    expect(TALLY_M_IN_LOST, 55);
    expect(TALLY_M_IN_PLIS, 3);
    assert_int_equal(value_of(TALLY_M_IN_RESETS).number, 1);
    expect(TALLY_M_IN_BITRATE, 240000);
    expect(TALLY_M_IN_LOSS, 142857); /* 5 of 35 */
    in.plis = 3;
    receive_packets(40, 5, 2000);
    expect(TALLY_M_IN_PACKETS, 1040);
    expect(TALLY_M_IN_PLIS, 4);
    assert_int_equal(value_of(TALLY_M_IN_RESETS).number, 1);
}

/* Implementations have had counters of their own that fell: no other counts twice for that. */
static void test_webrtc_one_counter_that_restarts_is_alone(void **state) {
    (void)state;
    in.packets_discarded = 8;
    in.frames_decoded = 500;
    receive_packets(1000, 50, 0);
    in.packets_discarded = 3;
    in.frames_decoded = 525;
    receive_packets(1100, 40, 1000);
    expect(TALLY_M_IN_DISCARDED, 11);
    expect(TALLY_M_IN_FRAMES_DECODED, 525);
    expect(TALLY_M_IN_PACKETS, 1100);
    expect(TALLY_M_IN_LOST, 40);
    assert_int_equal(value_of(TALLY_M_IN_RESETS).number, 1);
}

static void test_webrtc_another_pair_is_a_restart(void **state) {
    (void)state;
    out.packets_sent = 10;
    pair.bytes_received = 700;
    pair.responses_received = 4;
    send(0);
    pair.bytes_received = 100;
    pair.responses_received = 5;
    send(1000);
    expect(TALLY_M_PAIR_BYTES_RECEIVED, 800);
    expect(TALLY_M_PAIR_RESPONSES, 9);
    expect(TALLY_M_OUT_PACKETS, 10);
    assert_int_equal(value_of(TALLY_M_OUT_RESETS).number, 1);
}

static void expect_after(int64_t last, int64_t now, int64_t advance, int64_t resets) {
    in.bytes_received = last;
    receive(0);
    const int64_t before = value_of(TALLY_M_IN_BYTES).number;
    const int64_t resets_before = value_of(TALLY_M_IN_RESETS).number;
    in.bytes_received = now;
    receive(1000);
    assert_int_equal(value_of(TALLY_M_IN_BYTES).number - before, advance);
    assert_int_equal(value_of(TALLY_M_IN_RESETS).number - resets_before, resets);
}

static void test_webrtc_wraps_of_32_bits_are_told_from_restarts(void **state) {
    (void)state;
    expect_after(4294967295, 0, 1, 0);
    expect_after(4026531840, 268435455, 536870911, 0); /* 2^32 - 2^28 to 2^28 - 1 */
    expect_after(4026531839, 268435455, 268435455, 1); /* not near the end */
    expect_after(4294967295, 268435456, 268435456, 1); /* not near 0 */
    expect_after(4294967296, 5, 5, 1);                 /* no 32-bit counter at all */
}

static void test_webrtc_64_bits_do_not_wrap(void **state) {
    (void)state;
    expect_after(4294967295, 0, 0, 1);
    expect_after(4294967295, 4294967297, 2, 0);
}

static void test_webrtc_totals_end_at_what_the_wire_carries(void **state) {
    (void)state;
    expect_after(MOST, MOST - 1, 0, 1);
    expect(TALLY_M_IN_BYTES, MOST);
}

/* --- what is refused ------------------------------------------------------------------------ */

static void expect_refused(int32_t status) {
    const tally_webrtc_t before = track;
    assert_int_equal(tally_webrtc_inbound(&track, &in, &pair, 1000), status);
    assert_memory_equal(&track, &before, sizeof track);
    tally_webrtc_no_inbound(&in);
    tally_webrtc_no_pair(&pair);
    in.packets_received = 5;
    in.mid = "other";
}

static void test_webrtc_nonsense_is_refused_as_a_whole(void **state) {
    (void)state;
    static const char longest[] = "video/abcdefghijklmnopqrstuvwxy";   /* 31 */
    static const char too_long[] = "video/abcdefghijklmnopqrstuvwxyz"; /* 32 */
    in.mime_type = longest;
    receive(0);
    assert_string_equal(value_of(TALLY_M_IN_MIME_TYPE).text, longest);
    in.bytes_received = -1;
    expect_refused(TALLY_E_ARGUMENT);
    in.bytes_received = MOST + 1;
    expect_refused(TALLY_E_ARGUMENT);
    in.packets_lost = -MOST - 1;
    expect_refused(TALLY_E_ARGUMENT);
    in.media = TALLY_MEDIA_VIDEO + 1;
    expect_refused(TALLY_E_ARGUMENT);
    pair.candidate = TALLY_CANDIDATE_RELAY + 1;
    expect_refused(TALLY_E_ARGUMENT);
    pair.bytes_sent = -1;
    expect_refused(TALLY_E_ARGUMENT);
    in.mime_type = too_long;
    expect_refused(TALLY_E_TOO_BIG);
    in.mid = "\xC0\x80";
    expect_refused(TALLY_E_TEXT);
    in.track_identifier = "\xFF";
    expect_refused(TALLY_E_TEXT);
    assert_int_equal(tally_webrtc_outbound(&track, &out, NULL, 0), TALLY_E_STATE);
}

static void test_webrtc_init_checks_its_arguments(void **state) {
    (void)state;
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_PAIR, 64), TALLY_E_ARGUMENT);
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 16), TALLY_E_ARGUMENT);
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_OUTBOUND, 32), TALLY_OK);
    assert_int_equal(tally_webrtc_inbound(&track, &in, NULL, 0), TALLY_E_STATE);
}

static void test_webrtc_a_busy_writer_is_told(void **state) {
    (void)state;
    receive_packets(5, 0, 0);
    track.version++;
    assert_false(tally_webrtc_read(&track, &image));
    track.version++;
    assert_true(tally_webrtc_read(&track, &image));
    expect(TALLY_M_IN_PACKETS, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_webrtc_sample_of_a_viewer, set_up),
        cmocka_unit_test_setup(test_webrtc_every_member_has_its_metric, set_up),
        cmocka_unit_test_setup(test_webrtc_every_member_of_a_sender_has_its_metric,
                               set_up_outbound),
        cmocka_unit_test_setup(test_webrtc_what_is_absent_stands, set_up),
        cmocka_unit_test_setup(test_webrtc_a_track_without_values_has_none, set_up),
        cmocka_unit_test_setup(test_webrtc_rates_are_of_the_time_that_went_by, set_up),
        cmocka_unit_test_setup(test_webrtc_sent_bitrate, set_up_outbound),
        cmocka_unit_test_setup(test_webrtc_nothing_expected_is_no_loss_of_0, set_up),
        cmocka_unit_test_setup(test_webrtc_lost_may_fall_and_be_negative, set_up),
        cmocka_unit_test_setup(test_webrtc_an_update_at_the_same_time_is_of_the_next_interval,
                               set_up),
        cmocka_unit_test_setup(test_webrtc_time_that_goes_back_ends_the_rates, set_up),
        cmocka_unit_test_setup(test_webrtc_rates_of_absurd_values_stay_in_range, set_up),
        cmocka_unit_test_setup(test_webrtc_a_restart_counts_on_top, set_up),
        cmocka_unit_test_setup(test_webrtc_one_counter_that_restarts_is_alone, set_up),
        cmocka_unit_test_setup(test_webrtc_another_pair_is_a_restart, set_up_outbound),
        cmocka_unit_test_setup(test_webrtc_wraps_of_32_bits_are_told_from_restarts, set_up_32_bits),
        cmocka_unit_test_setup(test_webrtc_64_bits_do_not_wrap, set_up),
        cmocka_unit_test_setup(test_webrtc_totals_end_at_what_the_wire_carries, set_up),
        cmocka_unit_test_setup(test_webrtc_nonsense_is_refused_as_a_whole, set_up),
        cmocka_unit_test_setup(test_webrtc_init_checks_its_arguments, set_up),
        cmocka_unit_test_setup(test_webrtc_a_busy_writer_is_told, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
