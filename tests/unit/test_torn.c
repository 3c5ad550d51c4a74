/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent reads while another thread writes it is whole. */
#include <pthread.h>

#include "atomic.h"
#include "metrics.h"
#include "test.h"
#include "webrtc.h"

/* --- streams -------------------------------------------------------------------------------- */

enum { STREAM_UPDATES = 300000 };

/* A stream of group RTP, written by hand. */
typedef struct {
    uint32_t version;
    uint32_t words[TALLY_RTP_METRICS];
} writer_t;

static uint32_t at(enum tally_metric metric) {
    return (uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST;
}

static int64_t total(const tally_stream_t *stream, enum tally_metric metric) {
    return stream->totals[at(metric)].number;
}

/* Counts packets received and expected alike, with a breath in between for a reader to look. */
static void *write_equal_words(void *argument) {
    writer_t *const writer = argument;
    for (uint32_t i = 0; i < STREAM_UPDATES; i++) {
        tally_atomic_update_begin(&writer->version);
        tally_atomic_add_owned(&writer->words[at(TALLY_M_RTP_RECEIVED)], 1);
        tally_atomic_add_owned(&writer->words[at(TALLY_M_RTP_EXPECTED)], 1);
        tally_atomic_update_end(&writer->version);
    }
    return NULL;
}

static void test_torn_are_no_snapshots_of_a_stream(void **state) {
    (void)state;
    writer_t writer = {.version = 0};
    tally_stream_t stream;
    tally_stream_attach(&stream, 1, 7, TALLY_G_RTP, &writer.version, writer.words);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_equal_words, &writer), 0);
    while (total(&stream, TALLY_M_RTP_RECEIVED) < STREAM_UPDATES) {
        (void)tally_stream_sample(&stream);
        assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED),
                         total(&stream, TALLY_M_RTP_EXPECTED));
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), STREAM_UPDATES);
}

/* --- tracks --------------------------------------------------------------------------------- */

enum { TRACK_UPDATES = 20000 };

static void *update_track(void *argument) {
    tally_webrtc_inbound_t stats;
    tally_webrtc_no_inbound(&stats);
    for (uint32_t i = 1; i <= TRACK_UPDATES; i++) {
        stats.packets_received = (int64_t)i << 20; /* both halves of the total change */
        stats.frames_decoded = (int64_t)i << 20;
        stats.mid = i % 2 != 0 ? "odd" : "even";
        (void)tally_webrtc_inbound(argument, &stats, NULL, i);
    }
    return NULL;
}

static tally_value_t received(const tally_webrtc_image_t *image, enum tally_metric metric) {
    return image->values[(uint32_t)metric - (uint32_t)TALLY_M_WEBRTC_INBOUND_FIRST];
}

static void test_torn_are_no_snapshots_of_a_track(void **state) {
    (void)state;
    static tally_webrtc_t track;
    static tally_webrtc_image_t image;
    pthread_t thread;
    int64_t packets = 0;
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, 64), TALLY_OK);
    assert_int_equal(pthread_create(&thread, NULL, update_track, &track), 0);
    while (packets >> 20 < TRACK_UPDATES) {
        if (tally_webrtc_read(&track, &image)) {
            packets = received(&image, TALLY_M_IN_PACKETS).number;
            assert_int_equal(received(&image, TALLY_M_IN_FRAMES_DECODED).number, packets);
            if (packets > 0) {
                assert_string_equal(received(&image, TALLY_M_IN_MID).text,
                                    (packets >> 20) % 2 != 0 ? "odd" : "even");
            }
        }
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_are_no_snapshots_of_a_stream),
        cmocka_unit_test(test_torn_are_no_snapshots_of_a_track),
    };
    return cmocka_run_group_tests_name("torn", tests, NULL, NULL);
}
