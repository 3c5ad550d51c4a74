/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of received tracks, told twice: to the engine as a stack tells it, with counters that
 * restart, wrap at 32 bits and are absent at times, and to a model that knows what truly happened.
 */
#include <string.h>

#include "dice.h"
#include "test.h"
#include "webrtc.h"

enum { LIVES = 300, POLLS = 300 };

/* One counter: what the stack has counted since it last began, and all that was ever counted. */
typedef struct {
    int64_t stack;
    int64_t truth;
    int64_t told; /* the truth when the engine last heard of it */
} counter_t;

typedef struct {
    counter_t packets;
    counter_t lost;
    counter_t bytes;
    counter_t frames;
    int64_t resets;
    uint32_t time_ms;
    /* since the interval began */
    uint32_t interval_ms;
    int64_t interval_packets;
    int64_t interval_lost;
    int64_t interval_bytes;
    bool is_timed;
} model_t;

static dice_t dice;
static model_t model;
static tally_webrtc_t track;
static bool is_32_bits;

static int64_t as_told(const counter_t *counter) {
    return is_32_bits ? (int64_t)(uint32_t)counter->stack : counter->stack;
}

static void count(counter_t *counter, int64_t amount) {
    counter->stack += amount;
    counter->truth += amount;
}

/* Some packets come, some are lost, and now and then one that was lost comes after all. */
static void let_packets_come(void) {
    const int64_t packets = dice_roll(&dice, 4) == 0 ? 0 : dice_roll(&dice, 40000);
    count(&model.packets, packets);
    count(&model.bytes, packets * dice_roll(&dice, 1400));
    count(&model.frames, packets / 10);
    count(&model.lost, (int64_t)dice_roll(&dice, 50) - (int64_t)dice_roll(&dice, 30));
}

/* A new source: its counters begin at 0, and the engine sees that packets are fewer. */
static void renegotiate(void) {
    const int64_t packets = as_told(&model.packets);
    counter_t *const counters[] = {&model.packets, &model.lost, &model.bytes, &model.frames};
    if (packets == 0 || (is_32_bits && packets >= INT64_C(0xF0000000))) {
        return;
    }
    for (uint32_t i = 0; i < 4; i++) {
        counters[i]->stack = 0;
    }
    const int64_t now = dice_roll(&dice, packets < UINT16_MAX ? (uint32_t)packets : UINT16_MAX);
    count(&model.packets, now);
    count(&model.bytes, now * 1400);
    count(&model.frames, dice_roll(&dice, 3));
    count(&model.lost, dice_roll(&dice, 3));
    model.resets++;
}

static void pass_time(void) {
    const uint32_t kind = dice_roll(&dice, 20);
    model.time_ms += kind == 0 ? 0 : kind == 1 ? (uint32_t)-5 : dice_roll(&dice, 5000);
}

static void tell(bool all) {
    tally_webrtc_inbound_t stats;
    tally_webrtc_no_inbound(&stats);
    stats.packets_received = as_told(&model.packets);
    stats.packets_lost = model.lost.stack;
    stats.bytes_received = as_told(&model.bytes);
    if (all || dice_roll(&dice, 5) != 0) {
        stats.frames_received = as_told(&model.frames);
        model.frames.told = model.frames.truth;
    }
    assert_int_equal(tally_webrtc_inbound(&track, &stats, NULL, model.time_ms), TALLY_OK);
}

static int64_t number(const tally_webrtc_image_t *image, enum tally_metric metric) {
    return image->values[(uint32_t)metric - (uint32_t)TALLY_M_WEBRTC_INBOUND_FIRST].number;
}

static void expect_rates(const tally_webrtc_image_t *image) {
    const int64_t packets = model.packets.truth - model.interval_packets;
    const int64_t lost = model.lost.truth - model.interval_lost;
    const int64_t bytes = model.bytes.truth - model.interval_bytes;
    const int32_t elapsed_ms = (int32_t)(model.time_ms - model.interval_ms);
    const bool is_lossy = (image->present & TALLY_CAN(WEBRTC_INBOUND, IN_LOSS)) != 0;
    const bool is_rated = (image->present & TALLY_CAN(WEBRTC_INBOUND, IN_BITRATE)) != 0;
    if (model.is_timed && elapsed_ms == 0) {
        return;
    }
    assert_int_equal(is_rated, model.is_timed && elapsed_ms > 0);
    assert_int_equal(is_lossy, is_rated && (packets != 0 || lost != 0));
    if (is_rated) {
        assert_int_equal(number(image, TALLY_M_IN_BITRATE), bytes * 8000 / elapsed_ms);
    }
    if (is_lossy) {
        const int64_t loss = lost <= 0 ? 0 : lost * 1000000 / (lost + packets);
        assert_int_equal(number(image, TALLY_M_IN_LOSS), loss);
    }
    model.is_timed = true;
    model.interval_ms = model.time_ms;
    model.interval_packets = model.packets.truth;
    model.interval_lost = model.lost.truth;
    model.interval_bytes = model.bytes.truth;
}

static void expect_what_happened(void) {
    tally_webrtc_image_t image;
    assert_true(tally_webrtc_read(&track, &image));
    assert_int_equal(number(&image, TALLY_M_IN_PACKETS), model.packets.truth);
    assert_int_equal(number(&image, TALLY_M_IN_LOST), model.lost.truth);
    assert_int_equal(number(&image, TALLY_M_IN_BYTES), model.bytes.truth);
    assert_int_equal(number(&image, TALLY_M_IN_FRAMES_RECEIVED), model.frames.told);
    assert_int_equal(number(&image, TALLY_M_IN_RESETS), model.resets);
    expect_rates(&image);
}

/* Before each restart the engine hears of everything, so that nothing is lost to it. */
static void live(void) {
    memset(&model, 0, sizeof model);
    model.time_ms = (uint32_t)dice_bits(&dice);
    is_32_bits = dice_roll(&dice, 2) != 0;
    assert_int_equal(tally_webrtc_init(&track, TALLY_G_WEBRTC_INBOUND, is_32_bits ? 32 : 64),
                     TALLY_OK);
    if (dice_roll(&dice, 2) != 0) {
        /* They wrap soon, but not before the engine has heard of them. */
        count(&model.packets, UINT32_MAX - 50000 - dice_roll(&dice, 1000000));
        count(&model.bytes, UINT32_MAX - 60000000 - dice_roll(&dice, 1000000));
    }
    for (uint32_t poll = 0; poll < POLLS; poll++) {
        const bool is_whole = model.frames.told == model.frames.truth;
        const bool restarts = poll > 0 && is_whole && dice_roll(&dice, 30) == 0;
        if (restarts) {
            renegotiate();
        } else {
            let_packets_come();
        }
        pass_time();
        tell(restarts);
        expect_what_happened();
    }
}

static void test_webrtc_totals_and_rates_are_what_happened(void **state) {
    (void)state;
    dice = dice_from_environment();
    for (uint32_t i = dice_share(LIVES); i > 0; i--) {
        live();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webrtc_totals_and_rates_are_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
