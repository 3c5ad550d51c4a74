/* SPDX-License-Identifier: Apache-2.0 */
/* Packets counted at a pad: one by one, in lists, hostile ones, and while the watcher is at it. */
#include "rtp_pad.h"

#include <string.h>

#include "test.h"

#define RETRANSMITTED GST_BUFFER_FLAG_LAST

enum { HEADER_BYTES = 12, PAYLOAD_BYTES = 20, TICKS = 900, SSRC = 77 };

static GstPad *pad;
static rtp_pad_t *counted;
static uint16_t sequence;

static GstFlowReturn take(GstPad *sink, GstObject *parent, GstBuffer *buffer) {
    (void)sink;
    (void)parent;
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

static void send_caps(const char *text) {
    GstCaps *const caps = gst_caps_from_string(text);
    (void)gst_pad_send_event(pad, gst_event_new_caps(caps));
    gst_caps_unref(caps);
}

static int set_up(void **state) {
    GstSegment segment;
    (void)state;
    sequence = 65530; /* wraps soon */
    gst_segment_init(&segment, GST_FORMAT_TIME);
    pad = gst_pad_new("sink", GST_PAD_SINK);
    gst_pad_set_chain_function(pad, take);
    (void)gst_pad_set_active(pad, TRUE);
    counted = rtp_pad_new(pad);
    (void)gst_pad_send_event(pad, gst_event_new_stream_start("one"));
    send_caps("application/x-rtp, clock-rate=(int)48000");
    (void)gst_pad_send_event(pad, gst_event_new_segment(&segment));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    rtp_pad_free(counted);
    (void)gst_pad_set_active(pad, FALSE);
    gst_object_unref(pad);
    return 0;
}

static GstBuffer *packet(uint16_t number) {
    uint8_t bytes[HEADER_BYTES + PAYLOAD_BYTES] = {0x80, 96};
    const uint32_t timestamp = (uint32_t)number * TICKS;
    bytes[2] = (uint8_t)(number >> 8);
    bytes[3] = (uint8_t)number;
    for (int i = 0; i < 4; i++) {
        bytes[4 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
    }
    bytes[11] = SSRC;
    GstBuffer *const buffer = gst_buffer_new_memdup(bytes, sizeof bytes);
    GST_BUFFER_DTS(buffer) = (GstClockTime)number * 1000000u;
    return buffer;
}

static GstBuffer *next(void) {
    return packet(sequence++);
}

static void push(uint32_t packets) {
    for (uint32_t i = 0; i < packets; i++) {
        (void)gst_pad_chain(pad, next());
    }
}

static uint32_t value(enum tally_metric metric) {
    return rtp_pad_value(counted, metric);
}

static void push_list(uint32_t packets) {
    GstBufferList *const list = gst_buffer_list_new();
    for (uint32_t i = 0; i < packets; i++) {
        gst_buffer_list_add(list, next());
    }
    (void)gst_pad_chain_list(pad, list);
}

/* GStreamer takes the list apart, and probes see it twice. */
static void test_rtp_pad_counts_lists_once_where_only_buffers_are_taken(void **state) {
    (void)state;
    push(10);
    push_list(5);
    push(1);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 16);
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), 0);
}

static GstFlowReturn take_list(GstPad *sink, GstObject *parent, GstBufferList *list) {
    (void)sink;
    (void)parent;
    gst_buffer_list_unref(list);
    return GST_FLOW_OK;
}

static int set_up_lists(void **state) {
    (void)set_up(state);
    rtp_pad_free(counted);
    gst_pad_set_chain_list_function(pad, take_list);
    counted = rtp_pad_new(pad);
    return 0;
}

static void test_rtp_pad_counts_buffers_and_lists_alike(void **state) {
    (void)state;
    push(10);
    push_list(5);
    push(1);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 16);
    assert_int_equal(value(TALLY_M_RTP_LOST), 0);
    assert_int_equal(value(TALLY_M_RTP_BYTES), 16 * PAYLOAD_BYTES);
    assert_int_equal(rtp_pad_ssrc(counted), SSRC);
}

static void test_rtp_pad_takes_the_clock_from_caps_and_from_the_watcher(void **state) {
    (void)state;
    push(3);
    assert_int_equal(value(TALLY_M_RTP_CLOCK_RATE), 48000);
    rtp_pad_set_clock(counted, 0);
    push(1);
    assert_int_equal(value(TALLY_M_RTP_CLOCK_RATE), 48000);
    rtp_pad_set_clock(counted, 90000);
    push(1);
    assert_int_equal(value(TALLY_M_RTP_CLOCK_RATE), 90000);
    send_caps("application/x-rtp, clock-rate=(int)-5");
    send_caps("application/x-rtp, clock-rate=(int)2000000000");
    push(1);
    assert_int_equal(value(TALLY_M_RTP_CLOCK_RATE), 90000);
}

static void test_rtp_pad_tells_what_was_sent_again_from_what_was_not_lost(void **state) {
    (void)state;
    push(10);
    const uint16_t lost = sequence++;
    push(5);
    assert_int_equal((int32_t)value(TALLY_M_RTP_LOST), 1);
    GstBuffer *const again = packet(lost);
    GST_BUFFER_FLAG_SET(again, RETRANSMITTED);
    (void)gst_pad_chain(pad, again);
    assert_int_equal((int32_t)value(TALLY_M_RTP_LOST), 0);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), 1);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 0);
}

static void test_rtp_pad_counts_what_is_no_rtp(void **state) {
    (void)state;
    static const uint8_t padded[HEADER_BYTES] = {0xA0, 96, [11] = SSRC};
    push(2);
    (void)gst_pad_chain(pad, gst_buffer_new());
    (void)gst_pad_chain(pad, gst_buffer_new_memdup("GET /", 5));
    (void)gst_pad_chain(pad, gst_buffer_new_memdup(padded, sizeof padded));
    assert_int_equal(value(TALLY_M_RTP_INVALID), 3);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 2);
}

static void test_rtp_pad_counts_what_was_discarded_once(void **state) {
    (void)state;
    push(40);
    rtp_pad_set_discarded(counted, 30);
    push(1);
    rtp_pad_set_discarded(counted, 30);
    push(2);
    assert_int_equal(value(TALLY_M_RTP_DISCARDED), 30);
    rtp_pad_set_discarded(counted, 33);
    rtp_pad_rest(counted); /* nothing comes any more to take it along */
    assert_int_equal(value(TALLY_M_RTP_DISCARDED), 33);
}

static void test_rtp_pad_never_discards_more_than_came(void **state) {
    (void)state;
    push(4);
    rtp_pad_set_discarded(counted, UINT32_MAX);
    rtp_pad_rest(counted);
    assert_int_equal(value(TALLY_M_RTP_DISCARDED), 4);
}

static void test_rtp_pad_rests_and_begins_anew(void **state) {
    (void)state;
    push(10);
    rtp_pad_rest(counted);
    push(10);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 10);
    rtp_pad_restart(counted);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 0);
    push(5);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 5);
    assert_int_equal(value(TALLY_M_RTP_CLOCK_RATE), 48000);
}

/* ---- two threads ---------------------------------------------------------------------------- */

enum { ROUNDS = 300 };

static gint is_over;

static gpointer stream(gpointer unused) {
    (void)unused;
    while (g_atomic_int_get(&is_over) == 0) {
        push(1);
    }
    return NULL;
}

static void test_rtp_pad_at_rest_is_not_written(void **state) {
    (void)state;
    g_atomic_int_set(&is_over, 0);
    GThread *const thread = g_thread_new("stream", stream, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        tally_rtp_t before;
        rtp_pad_rest(counted);
        memcpy(&before, rtp_pad_stream(counted), sizeof before);
        g_usleep(50);
        assert_memory_equal(&before, rtp_pad_stream(counted), sizeof before);
        assert_int_equal(before.version & 1, 0);
        rtp_pad_restart(counted);
        g_usleep(50);
    }
    rtp_pad_free(counted); /* while packets come */
    counted = NULL;
    g_usleep(1000);
    g_atomic_int_set(&is_over, 1);
    (void)g_thread_join(thread);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        TEST(test_rtp_pad_counts_lists_once_where_only_buffers_are_taken),
        cmocka_unit_test_setup_teardown(test_rtp_pad_counts_buffers_and_lists_alike, set_up_lists,
                                        tear_down),
        TEST(test_rtp_pad_takes_the_clock_from_caps_and_from_the_watcher),
        TEST(test_rtp_pad_tells_what_was_sent_again_from_what_was_not_lost),
        TEST(test_rtp_pad_counts_what_is_no_rtp),
        TEST(test_rtp_pad_counts_what_was_discarded_once),
        TEST(test_rtp_pad_never_discards_more_than_came),
        TEST(test_rtp_pad_rests_and_begins_anew),
        TEST(test_rtp_pad_at_rest_is_not_written),
    };
    gst_init(&argc, &argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
