/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that players update in place: their words extended to totals. */
#include <string.h>

#include "metrics.h"
#include "tally/enums.h"
#include "test.h"

/* A stream of group RTP, written by hand. */
typedef struct {
    uint32_t version;
    uint32_t words[TALLY_RTP_METRICS];
} writer_t;

static uint32_t at(enum tally_metric metric) {
    return (uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST;
}

static writer_t new_writer(void) {
    writer_t writer = {.version = 0};
    writer.words[at(TALLY_M_RTP_JITTER)] = TALLY_NO_VALUE;
    return writer;
}

static tally_stream_t attached_to(const writer_t *writer) {
    tally_stream_t stream;
    tally_stream_attach(&stream, 1, 7, TALLY_G_RTP, &writer->version, writer->words);
    return stream;
}

static int64_t total(const tally_stream_t *stream, enum tally_metric metric) {
    return stream->totals[at(metric)].number;
}

static bool has(const tally_stream_t *stream, enum tally_metric metric) {
    return (stream->present >> at(metric) & 1) != 0;
}

/* The writer sets a word and the agent samples. */
static void becomes(writer_t *writer, tally_stream_t *stream, enum tally_metric metric,
                    uint32_t word) {
    writer->words[at(metric)] = word;
    writer->version += 2;
    assert_true(tally_stream_sample(stream));
}

/* --- totals --------------------------------------------------------------------------------- */

static void test_metrics_counter_goes_on_beyond_32_bits(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    becomes(&writer, &stream, TALLY_M_RTP_BYTES, UINT32_C(4000000000));
    assert_int_equal(total(&stream, TALLY_M_RTP_BYTES), 4000000000);
    becomes(&writer, &stream, TALLY_M_RTP_BYTES, 705032704); /* 5,000,000,000 less 2^32 */
    assert_int_equal(total(&stream, TALLY_M_RTP_BYTES), 5000000000);
    becomes(&writer, &stream, TALLY_M_RTP_BYTES, UINT32_MAX); /* 2^33 - 1 */
    assert_int_equal(total(&stream, TALLY_M_RTP_BYTES), 8589934591);
    becomes(&writer, &stream, TALLY_M_RTP_BYTES, 0);
    assert_int_equal(total(&stream, TALLY_M_RTP_BYTES), 8589934592);
}

static void test_metrics_counter_begins_with_what_is_there(void **state) {
    (void)state;
    writer_t writer = new_writer();
    writer.words[at(TALLY_M_RTP_RECEIVED)] = 1000;
    tally_stream_t stream = attached_to(&writer);
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 1000);
    becomes(&writer, &stream, TALLY_M_RTP_RECEIVED, 1007);
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 1007);
}

static void test_metrics_counter_without_news_stands(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    becomes(&writer, &stream, TALLY_M_RTP_RECEIVED, 7);
    assert_true(tally_stream_sample(&stream));
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 7);
}

static void test_metrics_signed_goes_below_0_and_back(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    becomes(&writer, &stream, TALLY_M_RTP_LOST, 2);
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), 2);
    becomes(&writer, &stream, TALLY_M_RTP_LOST, (uint32_t)-3);
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), -3);
    becomes(&writer, &stream, TALLY_M_RTP_LOST, 4);
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), 4);
}

static void test_metrics_signed_is_there_from_the_first_sample(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    assert_false(has(&stream, TALLY_M_RTP_LOST));
    assert_true(tally_stream_sample(&stream));
    assert_true(has(&stream, TALLY_M_RTP_LOST));
    assert_int_equal(total(&stream, TALLY_M_RTP_LOST), 0);
}

static void test_metrics_gauge_is_absent_until_it_has_a_value(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    assert_true(tally_stream_sample(&stream));
    assert_false(has(&stream, TALLY_M_RTP_JITTER));
    becomes(&writer, &stream, TALLY_M_RTP_JITTER, 0);
    assert_true(has(&stream, TALLY_M_RTP_JITTER));
    assert_int_equal(total(&stream, TALLY_M_RTP_JITTER), 0);
    becomes(&writer, &stream, TALLY_M_RTP_JITTER, 900);
    becomes(&writer, &stream, TALLY_M_RTP_JITTER, 250); /* the last value, no sum */
    assert_int_equal(total(&stream, TALLY_M_RTP_JITTER), 250);
}

static void test_metrics_gauge_that_loses_its_value_keeps_the_last(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    becomes(&writer, &stream, TALLY_M_RTP_JITTER, 250);
    becomes(&writer, &stream, TALLY_M_RTP_JITTER, TALLY_NO_VALUE);
    assert_true(has(&stream, TALLY_M_RTP_JITTER));
    assert_int_equal(total(&stream, TALLY_M_RTP_JITTER), 250);
}

/* --- snapshots ------------------------------------------------------------------------------ */

static void test_metrics_busy_writer_leaves_the_totals_as_they_were(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    becomes(&writer, &stream, TALLY_M_RTP_RECEIVED, 7);
    writer.version++; /* in the middle of an update */
    writer.words[at(TALLY_M_RTP_RECEIVED)] = 8;
    assert_false(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 7);
    writer.version++;
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 8);
}

static void test_metrics_stream_attached_in_mid_update_begins_at_the_next_sample(void **state) {
    (void)state;
    writer_t writer = new_writer();
    writer.version++;
    writer.words[at(TALLY_M_RTP_RECEIVED)] = 500;
    tally_stream_t stream = attached_to(&writer);
    assert_false(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 0);
    writer.words[at(TALLY_M_RTP_RECEIVED)] = 501;
    writer.version++;
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 501);
}

static void test_metrics_stream_without_a_writer_keeps_its_totals(void **state) {
    (void)state;
    writer_t writer = new_writer();
    tally_stream_t stream = attached_to(&writer);
    becomes(&writer, &stream, TALLY_M_RTP_RECEIVED, 7);
    stream.version = NULL;
    writer.words[at(TALLY_M_RTP_RECEIVED)] = 99;
    assert_true(tally_stream_sample(&stream));
    assert_int_equal(total(&stream, TALLY_M_RTP_RECEIVED), 7);
}

/* --- what players may set ------------------------------------------------------------------- */

/* 2^53, the largest integer on the wire. */
#define MOST 9007199254740992

static void test_metrics_players_set_what_no_event_tells(void **state) {
    (void)state;
    assert_true(tally_metrics_can_set(TALLY_M_POSITION, 0));
    assert_true(tally_metrics_can_set(TALLY_M_DELIVERY, 0));
    assert_true(tally_metrics_can_set(TALLY_M_PLAYBACK_TYPE, 0));
    assert_true(tally_metrics_can_set(TALLY_M_BUFFER_LENGTH, 0));
    assert_true(tally_metrics_can_set(TALLY_M_VOLUME, 0));
    assert_false(tally_metrics_can_set(TALLY_M_CONTENT_TITLE, 0)); /* a text */
    assert_false(tally_metrics_can_set(TALLY_M_SESSION_KIND, 0));  /* by how it was opened */
    assert_false(tally_metrics_can_set(TALLY_M_PLAY_TIME, 0));     /* follows from events, */
    assert_false(tally_metrics_can_set(TALLY_M_STATE, 0));         /* this, */
    assert_false(tally_metrics_can_set(TALLY_M_LOAD_TIME, 0));     /* and this */
    assert_false(tally_metrics_can_set(TALLY_M_DOWNLOADS, 0));     /* is added to */
    assert_false(tally_metrics_can_set(TALLY_M_AD_MILESTONE, 0));
    assert_false(tally_metrics_can_set(TALLY_M_RTP_RECEIVED, 0));
    assert_false(tally_metrics_can_set(TALLY_METRICS, 0));
}

static void test_metrics_of_event_phases_are_never_set(void **state) {
    (void)state;
    static const enum tally_metric phases[] = {
        TALLY_M_CONNECTED_AT, TALLY_M_FIRST_DATA_AT,  TALLY_M_PLAYABLE_AT,
        TALLY_M_LOAD_TIME,    TALLY_M_FIRST_FRAME_AT, TALLY_M_PLAYING_AT,
    };
    for (uint32_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        assert_false(tally_metrics_can_set(phases[i], 1));
    }
}

static void test_metrics_values_stay_within_their_units(void **state) {
    (void)state;
    assert_true(tally_metrics_can_set(TALLY_M_VOLUME, 100));
    assert_false(tally_metrics_can_set(TALLY_M_VOLUME, 101));
    assert_false(tally_metrics_can_set(TALLY_M_VOLUME, -1));
    assert_true(tally_metrics_can_set(TALLY_M_MUTED, 1));
    assert_false(tally_metrics_can_set(TALLY_M_MUTED, 2));
    assert_true(tally_metrics_can_set(TALLY_M_PRELOAD, TALLY_PRELOAD_AUTO));
    assert_false(tally_metrics_can_set(TALLY_M_PRELOAD, TALLY_PRELOAD_AUTO + 1));
    assert_true(tally_metrics_can_set(TALLY_M_DELIVERY, TALLY_DELIVERY_SRT));
    assert_false(tally_metrics_can_set(TALLY_M_DELIVERY, TALLY_DELIVERY_SRT + 1));
    assert_true(tally_metrics_can_set(TALLY_M_POSITION, MOST));
    assert_false(tally_metrics_can_set(TALLY_M_POSITION, MOST + 1));
    assert_false(tally_metrics_can_set(TALLY_M_POSITION, -1));
    assert_true(tally_metrics_can_set(TALLY_M_DOWNLOAD_ERROR, -MOST));
    assert_false(tally_metrics_can_set(TALLY_M_DOWNLOAD_ERROR, -MOST - 1));
}

static void test_metrics_dimensions_and_levels_have_32_bits(void **state) {
    (void)state;
    assert_true(tally_metrics_can_set(TALLY_M_DISPLAY_WIDTH, INT32_MAX));
    assert_false(tally_metrics_can_set(TALLY_M_DISPLAY_WIDTH, (int64_t)INT32_MAX + 1));
    assert_false(tally_metrics_can_set(TALLY_M_DISPLAY_WIDTH, -1));
    assert_true(tally_metrics_can_set(TALLY_M_PLAYBACK_RATE, INT32_MIN));
    assert_false(tally_metrics_can_set(TALLY_M_PLAYBACK_RATE, (int64_t)INT32_MIN - 1));
    assert_false(tally_metrics_can_set(TALLY_M_PLAYBACK_RATE, (int64_t)INT32_MAX + 1));
}

static void test_metrics_players_add_to_downloads_only(void **state) {
    (void)state;
    static const enum tally_metric downloads[] = {
        TALLY_M_DOWNLOADS,      TALLY_M_DOWNLOADS_FAILED, TALLY_M_VIDEO_DOWNLOADS_FAILED,
        TALLY_M_DOWNLOAD_BYTES, TALLY_M_DOWNLOAD_TIME,
    };
    for (uint32_t i = 0; i < sizeof downloads / sizeof downloads[0]; i++) {
        assert_true(tally_metrics_can_add(downloads[i], 0));
        assert_true(tally_metrics_can_add(downloads[i], MOST));
        assert_false(tally_metrics_can_add(downloads[i], MOST + 1));
        assert_false(tally_metrics_can_add(downloads[i], -1));
    }
    assert_false(tally_metrics_can_add(TALLY_M_FULLSCREEN_TIME, 1)); /* follows from events */
    assert_false(tally_metrics_can_add(TALLY_M_VOLUME, 1));          /* a gauge */
    assert_false(tally_metrics_can_add(TALLY_M_STALLS, 1));
    assert_false(tally_metrics_can_add(TALLY_M_BUFFER_LENGTH, 1));
    assert_false(tally_metrics_can_add(TALLY_METRICS, 1));
}

static void test_metrics_players_set_texts_of_dimensions(void **state) {
    (void)state;
    assert_true(tally_metrics_can_set_text(TALLY_M_CONTENT_ID));
    assert_true(tally_metrics_can_set_text(TALLY_M_VIEWER));
    assert_false(tally_metrics_can_set_text(TALLY_M_DELIVERY));
    assert_false(tally_metrics_can_set_text(TALLY_M_FIRMWARE)); /* the board's */
    assert_false(tally_metrics_can_set_text(TALLY_METRICS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_counter_goes_on_beyond_32_bits),
        cmocka_unit_test(test_metrics_counter_begins_with_what_is_there),
        cmocka_unit_test(test_metrics_counter_without_news_stands),
        cmocka_unit_test(test_metrics_signed_goes_below_0_and_back),
        cmocka_unit_test(test_metrics_signed_is_there_from_the_first_sample),
        cmocka_unit_test(test_metrics_gauge_is_absent_until_it_has_a_value),
        cmocka_unit_test(test_metrics_gauge_that_loses_its_value_keeps_the_last),
        cmocka_unit_test(test_metrics_busy_writer_leaves_the_totals_as_they_were),
        cmocka_unit_test(test_metrics_stream_attached_in_mid_update_begins_at_the_next_sample),
        cmocka_unit_test(test_metrics_stream_without_a_writer_keeps_its_totals),
        cmocka_unit_test(test_metrics_players_set_what_no_event_tells),
        cmocka_unit_test(test_metrics_of_event_phases_are_never_set),
        cmocka_unit_test(test_metrics_values_stay_within_their_units),
        cmocka_unit_test(test_metrics_dimensions_and_levels_have_32_bits),
        cmocka_unit_test(test_metrics_players_add_to_downloads_only),
        cmocka_unit_test(test_metrics_players_set_texts_of_dimensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
