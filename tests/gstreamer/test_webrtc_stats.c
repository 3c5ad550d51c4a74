/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from replies of webrtcbin, as GStreamer 1.22 makes them and as nobody does. */
#include "webrtc_stats.h"

#include "test.h"

enum { VIDEO = 1001, AUDIO = 1002, RECEIVER = 2001 };

static GstStructure *reply;

static int set_up(void **state) {
    (void)state;
    reply = gst_structure_new_empty("application/x-webrtc-stats");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    gst_structure_free(reply);
    return 0;
}

static void put(const char *field, GstStructure *report) {
    gst_structure_set(reply, field, GST_TYPE_STRUCTURE, report, NULL);
    gst_structure_free(report);
}

static void put_text(const char *field, const char *text) {
    GstStructure *const report = gst_structure_new_from_string(text);
    assert_non_null(report);
    put(field, report);
}

static GstStructure *sent(guint ssrc, guint64 packets, gint clock_rate) {
    GstStructure *const source =
        gst_structure_new("source", "clock-rate", G_TYPE_INT, clock_rate, NULL);
    GstStructure *const report =
        gst_structure_new("outbound-rtp", "ssrc", G_TYPE_UINT, ssrc, "packets-sent", G_TYPE_UINT64,
                          packets, "bytes-sent", G_TYPE_UINT64, packets * 100,
                          "gst-rtpsource-stats", GST_TYPE_STRUCTURE, source, NULL);
    gst_structure_free(source);
    return report;
}

static GstStructure *reported(guint ssrc, guint last_ssrc, gint64 lost, double round_trip_s) {
    GstStructure *const source = gst_structure_new("source", "rb-ssrc", G_TYPE_UINT, last_ssrc,
                                                   "rb-jitter", G_TYPE_UINT, 480u, NULL);
    GstStructure *const report = gst_structure_new(
        "remote-inbound-rtp", "ssrc", G_TYPE_UINT, ssrc, "packets-lost", G_TYPE_INT64, lost,
        "fraction-lost", G_TYPE_DOUBLE, 0.25, "round-trip-time", G_TYPE_DOUBLE, round_trip_s,
        "gst-rtpsource-stats", GST_TYPE_STRUCTURE, source, NULL);
    gst_structure_free(source);
    return report;
}

static tally_webrtc_outbound_t outbound_of(uint32_t ssrc) {
    tally_webrtc_outbound_t stats;
    tally_webrtc_no_outbound(&stats);
    webrtc_stats_outbound(reply, ssrc, &stats);
    return stats;
}

static tally_webrtc_inbound_t inbound_of(uint32_t ssrc) {
    tally_webrtc_inbound_t stats;
    tally_webrtc_no_inbound(&stats);
    webrtc_stats_inbound(reply, ssrc, &stats);
    return stats;
}

static void test_webrtc_stats_of_a_bundle_are_told_apart_by_ssrc(void **state) {
    (void)state;
    put("a", sent(VIDEO, 70, 90000));
    put("b", sent(AUDIO, 50, 48000));
    assert_int_equal(outbound_of(VIDEO).packets_sent, 70);
    assert_int_equal(outbound_of(AUDIO).packets_sent, 50);
    assert_int_equal(outbound_of(AUDIO).bytes_sent, 5000);
    assert_true(outbound_of(RECEIVER).packets_sent == TALLY_WEBRTC_ABSENT);
}

static void test_webrtc_stats_of_a_receiver_are_in_the_units_of_the_registry(void **state) {
    (void)state;
    put("a", sent(AUDIO, 50, 48000));
    put("r", reported(AUDIO, AUDIO, -1, 0.0125));
    const tally_webrtc_outbound_t stats = outbound_of(AUDIO);
    assert_int_equal(stats.remote_packets_lost, -1);
    assert_int_equal(stats.remote_loss_ppm, 250000);
    assert_int_equal(stats.remote_round_trip_us, 12500);
    assert_int_equal(stats.remote_jitter_us, 10000);
}

static void test_webrtc_stats_report_on_another_track_is_not_taken(void **state) {
    (void)state;
    put("a", sent(VIDEO, 70, 90000));
    put("r", reported(VIDEO, AUDIO, 7, 0.0125));
    const tally_webrtc_outbound_t stats = outbound_of(VIDEO);
    assert_true(stats.remote_packets_lost == TALLY_WEBRTC_ABSENT);
    assert_true(stats.remote_round_trip_us == TALLY_WEBRTC_ABSENT);
    assert_int_equal(stats.packets_sent, 70);
}

static void test_webrtc_stats_report_of_the_calls_begin_is_not_taken(void **state) {
    (void)state;
    put("a", sent(AUDIO, 50, 48000));
    put("r", reported(AUDIO, AUDIO, -1, 0));
    const tally_webrtc_outbound_t stats = outbound_of(AUDIO);
    assert_true(stats.remote_round_trip_us == TALLY_WEBRTC_ABSENT);
    assert_true(stats.remote_packets_lost == TALLY_WEBRTC_ABSENT);
    assert_true(stats.remote_loss_ppm == TALLY_WEBRTC_ABSENT);
    assert_true(stats.remote_jitter_us == TALLY_WEBRTC_ABSENT);
    assert_int_equal(stats.packets_sent, 50);
}

static void test_webrtc_stats_of_what_is_received_are_what_was_asked_for(void **state) {
    (void)state;
    put("i", gst_structure_new("inbound-rtp", "ssrc", G_TYPE_UINT, (guint)VIDEO, "nack-count",
                               G_TYPE_UINT, 3u, "pli-count", G_TYPE_UINT64, G_GUINT64_CONSTANT(2),
                               "fir-count", G_TYPE_INT, 1, "packets-lost", G_TYPE_INT64,
                               G_GINT64_CONSTANT(-1), NULL));
    const tally_webrtc_inbound_t stats = inbound_of(VIDEO);
    assert_int_equal(stats.nacks, 3);
    assert_int_equal(stats.plis, 2);
    assert_int_equal(stats.firs, 1);
    assert_true(stats.packets_lost == TALLY_WEBRTC_ABSENT);
}

static void test_webrtc_stats_know_the_local_candidate_under_the_wrong_name(void **state) {
    (void)state;
    tally_webrtc_pair_t pair;
    tally_webrtc_no_pair(&pair);
    put_text("pair",
             "candidate-pair, local-candidate-id=(string)L, remote-candidate-id=(string)R;");
    put_text("L", "remote-candidate, candidate-type=(string)relay;");
    put_text("R", "local-candidate, candidate-type=(string)host;");
    webrtc_stats_pair(reply, &pair);
    assert_int_equal(pair.candidate, TALLY_CANDIDATE_RELAY);
}

static void test_webrtc_stats_of_no_sensible_type_are_absent(void **state) {
    (void)state;
    tally_webrtc_pair_t pair;
    tally_webrtc_no_pair(&pair);
    put_text("a",
             "outbound-rtp, ssrc=(uint)1001, packets-sent=(string)many, bytes-sent=(string)x;");
    put_text("r", "remote-inbound-rtp, ssrc=(uint)1001, gst-rtpsource-stats=(string)none;");
    put_text("i", "inbound-rtp, ssrc=(string)1001, nack-count=(uint)1;");
    put_text("pair", "candidate-pair, local-candidate-id=(string)L;");
    put_text("L", "local-candidate, candidate-type=(string)pigeon;");
    gst_structure_set(reply, "n", G_TYPE_INT, 1, NULL);
    webrtc_stats_pair(reply, &pair);
    assert_true(outbound_of(VIDEO).packets_sent == TALLY_WEBRTC_ABSENT);
    assert_true(outbound_of(VIDEO).bytes_sent == TALLY_WEBRTC_ABSENT);
    assert_true(inbound_of(VIDEO).nacks == TALLY_WEBRTC_ABSENT);
    assert_true(pair.candidate == TALLY_WEBRTC_ABSENT);
}

static void test_webrtc_stats_out_of_all_proportion_are_absent(void **state) {
    (void)state;
    put("a", sent(AUDIO, 50, 0));
    put("r", reported(AUDIO, AUDIO, 0, 1e300));
    assert_true(outbound_of(AUDIO).remote_round_trip_us == TALLY_WEBRTC_ABSENT);
    assert_true(outbound_of(AUDIO).remote_jitter_us == TALLY_WEBRTC_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        TEST(test_webrtc_stats_of_a_bundle_are_told_apart_by_ssrc),
        TEST(test_webrtc_stats_of_a_receiver_are_in_the_units_of_the_registry),
        TEST(test_webrtc_stats_report_on_another_track_is_not_taken),
        TEST(test_webrtc_stats_report_of_the_calls_begin_is_not_taken),
        TEST(test_webrtc_stats_of_what_is_received_are_what_was_asked_for),
        TEST(test_webrtc_stats_know_the_local_candidate_under_the_wrong_name),
        TEST(test_webrtc_stats_of_no_sensible_type_are_absent),
        TEST(test_webrtc_stats_out_of_all_proportion_are_absent),
    };
    gst_init(&argc, &argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
