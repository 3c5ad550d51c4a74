/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder's and the dejitter buffer of a video (TR-135), its frame size and lip synchronism. */
#include <stdbool.h>

#include "dice.h"
#include "metrics.h"
#include "test.h"

enum { MS = 1000 };

static tally_frames_t frames;
static uint32_t now_us;

static int set_up(void **state) {
    (void)state;
    tally_frames_init(&frames);
    now_us = 5000000;
    return 0;
}

static uint32_t value(enum tally_metric metric) {
    assert_int_equal(frames.version % 2, 0);
    return frames.values[(uint32_t)metric - (uint32_t)TALLY_M_FRAMES_FIRST];
}

static void tell(enum tally_buffer which, enum tally_buffer_state state) {
    assert_int_equal(tally_frames_buffer(&frames, which, state, now_us), TALLY_OK);
}

/* The dejitter buffer is so, and stays so for this long. */
static void be(enum tally_buffer_state state, uint32_t time_us) {
    tell(TALLY_BUFFER_DEJITTER, state);
    now_us += time_us;
}

static void hold(bool on, uint32_t time_us) {
    tally_frames_hold(&frames, on, now_us);
    now_us += time_us;
}

static void expect_dejitter(uint32_t underruns, uint32_t overruns, uint32_t empty_ms) {
    assert_int_equal(value(TALLY_M_DEJITTER_UNDERRUNS), underruns);
    assert_int_equal(value(TALLY_M_DEJITTER_OVERRUNS), overruns);
    assert_int_equal(value(TALLY_M_DEJITTER_EMPTY_TIME), empty_ms);
}

/* --- underruns and overruns ------------------------------------------------------------------ */

static void test_frames_buffer_that_runs_empty_is_an_underrun(void **state) {
    (void)state;
    be(TALLY_BUFFER_FILLED, 900 * MS);
    be(TALLY_BUFFER_EMPTY, 250 * MS);
    expect_dejitter(1, 0, 0);
    be(TALLY_BUFFER_FILLED, 900 * MS);
    expect_dejitter(1, 0, 250);
    be(TALLY_BUFFER_EMPTY, 30 * MS);
    be(TALLY_BUFFER_FULL, 30 * MS);
    expect_dejitter(2, 1, 280);
}

static void test_frames_buffer_said_again_brings_its_time_up_to_date(void **state) {
    (void)state;
    be(TALLY_BUFFER_FULL, 0);
    be(TALLY_BUFFER_FULL, 0);
    be(TALLY_BUFFER_EMPTY, 100 * MS);
    be(TALLY_BUFFER_EMPTY, 100 * MS);
    be(TALLY_BUFFER_EMPTY, 100 * MS);
    expect_dejitter(1, 1, 200);
}

static void test_frames_buffer_before_its_first_filling_has_no_underrun(void **state) {
    (void)state;
    be(TALLY_BUFFER_EMPTY, 700 * MS);
    be(TALLY_BUFFER_EMPTY, 700 * MS);
    be(TALLY_BUFFER_FILLED, 700 * MS);
    expect_dejitter(0, 0, 0);
}

static void test_frames_buffers_are_counted_apart(void **state) {
    (void)state;
    tell(TALLY_BUFFER_DECODER, TALLY_BUFFER_FULL);
    tell(TALLY_BUFFER_DEJITTER, TALLY_BUFFER_FILLED);
    tell(TALLY_BUFFER_DECODER, TALLY_BUFFER_EMPTY);
    now_us += 40 * MS;
    tell(TALLY_BUFFER_DEJITTER, TALLY_BUFFER_EMPTY);
    now_us += 5 * MS;
    tell(TALLY_BUFFER_DECODER, TALLY_BUFFER_FILLED);
    now_us += 6 * MS;
    tell(TALLY_BUFFER_DEJITTER, TALLY_BUFFER_FILLED);
    assert_int_equal(value(TALLY_M_DECODER_UNDERRUNS), 1);
    assert_int_equal(value(TALLY_M_DECODER_OVERRUNS), 1);
    assert_int_equal(value(TALLY_M_DECODER_EMPTY_TIME), 45);
    expect_dejitter(1, 0, 11);
}

static void test_frames_empty_times_add_up_below_the_millisecond(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        be(TALLY_BUFFER_FILLED, 7);
        be(TALLY_BUFFER_EMPTY, 1999);
    }
    be(TALLY_BUFFER_FILLED, 0);
    expect_dejitter(10, 0, 19);
}

static void test_frames_empty_time_may_wrap(void **state) {
    (void)state;
    now_us = UINT32_MAX - 99 * MS;
    be(TALLY_BUFFER_FILLED, 0);
    be(TALLY_BUFFER_EMPTY, 1800000 * MS);
    be(TALLY_BUFFER_EMPTY, 1800000 * MS);
    be(TALLY_BUFFER_FILLED, 0);
    expect_dejitter(1, 0, 3600000);
}

static void test_frames_empty_time_that_goes_back_is_none(void **state) {
    (void)state;
    be(TALLY_BUFFER_FILLED, 0);
    be(TALLY_BUFFER_EMPTY, 0);
    now_us -= 1000 * MS;
    be(TALLY_BUFFER_EMPTY, 50 * MS);
    be(TALLY_BUFFER_FILLED, 0);
    expect_dejitter(1, 0, 50);
}

static void test_frames_buffer_or_state_that_is_none_changes_nothing(void **state) {
    (void)state;
    const tally_frames_t before = frames;
    const volatile int two = 2;
    const volatile int three = 3;
    assert_int_equal(
        tally_frames_buffer(&frames, (enum tally_buffer)two, TALLY_BUFFER_FULL, now_us),
        TALLY_E_ARGUMENT);
    assert_int_equal(
        tally_frames_buffer(&frames, TALLY_BUFFER_DEJITTER, (enum tally_buffer_state)three, now_us),
        TALLY_E_ARGUMENT);
    assert_memory_equal(&before, &frames, sizeof before);
}

/* --- while held ------------------------------------------------------------------------------- */

static void test_frames_buffer_flushed_by_a_seek_is_no_underrun(void **state) {
    (void)state;
    be(TALLY_BUFFER_FILLED, 900 * MS);
    hold(true, 10 * MS);
    be(TALLY_BUFFER_EMPTY, 400 * MS);
    be(TALLY_BUFFER_FULL, 100 * MS);
    hold(false, 900 * MS);
    be(TALLY_BUFFER_FULL, 0);
    expect_dejitter(0, 0, 0);
}

static void test_frames_buffer_still_empty_after_a_seek_is_an_underrun_from_then_on(void **state) {
    (void)state;
    be(TALLY_BUFFER_FILLED, 900 * MS);
    hold(true, 0);
    be(TALLY_BUFFER_EMPTY, 400 * MS);
    hold(false, 60 * MS);
    expect_dejitter(1, 0, 0);
    be(TALLY_BUFFER_FILLED, 0);
    expect_dejitter(1, 0, 60);
}

static void test_frames_pause_in_an_underrun_stops_its_time_and_counts_no_second(void **state) {
    (void)state;
    be(TALLY_BUFFER_FILLED, 900 * MS);
    be(TALLY_BUFFER_EMPTY, 20 * MS);
    hold(true, 700 * MS);
    expect_dejitter(1, 0, 20);
    be(TALLY_BUFFER_EMPTY, 700 * MS);
    hold(false, 3 * MS);
    be(TALLY_BUFFER_FILLED, 0);
    expect_dejitter(1, 0, 23);
}

static void test_frames_underrun_that_ended_in_a_pause_is_another_one_afterwards(void **state) {
    (void)state;
    be(TALLY_BUFFER_FILLED, 0);
    be(TALLY_BUFFER_EMPTY, 20 * MS);
    hold(true, 1 * MS);
    be(TALLY_BUFFER_FILLED, 2 * MS);
    be(TALLY_BUFFER_EMPTY, 4 * MS);
    hold(false, 8 * MS);
    be(TALLY_BUFFER_FILLED, 0);
    expect_dejitter(2, 0, 28);
}

/* Time is cut into slices of 250 us; each is looked at by itself. */
typedef struct {
    uint8_t state;
    bool was_filled;
    bool told; /* this emptiness is counted */
    uint32_t underruns;
    uint32_t overruns;
    uint32_t slices;
} model_t;

static void model_slice(model_t *model, bool held) {
    if (model->state == TALLY_BUFFER_EMPTY && model->was_filled && !held) {
        model->slices++;
    }
}

static void model_look(model_t *model, bool held) {
    if (model->state != TALLY_BUFFER_EMPTY) {
        model->told = false;
        model->was_filled = true;
    } else if (model->was_filled && !held) {
        model->underruns += model->told ? 0 : 1;
        model->told = true;
    }
}

static void test_frames_buffers_follow_the_model(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    model_t models[TALLY_BUFFERS] = {{0}};
    bool held = false;
    now_us = (uint32_t)dice_bits(&dice);
    for (uint32_t i = 0; i < dice_share(20000); i++) {
        for (uint32_t slices = dice_roll(&dice, 40); slices > 0; slices--) {
            now_us += 250;
            model_slice(&models[TALLY_BUFFER_DECODER], held);
            model_slice(&models[TALLY_BUFFER_DEJITTER], held);
        }
        const uint32_t which = dice_roll(&dice, 3);
        if (which == TALLY_BUFFERS) {
            held = dice_roll(&dice, 3) == 0;
            tally_frames_hold(&frames, held, now_us);
        } else {
            const uint8_t was = models[which].state;
            models[which].state = (uint8_t)dice_roll(&dice, 3);
            models[which].overruns +=
                models[which].state == TALLY_BUFFER_FULL && was != TALLY_BUFFER_FULL && !held ? 1
                                                                                              : 0;
            tell((enum tally_buffer)which, (enum tally_buffer_state)models[which].state);
        }
        model_look(&models[TALLY_BUFFER_DECODER], held);
        model_look(&models[TALLY_BUFFER_DEJITTER], held);
        assert_int_equal(value(TALLY_M_DECODER_UNDERRUNS), models[TALLY_BUFFER_DECODER].underruns);
        assert_int_equal(value(TALLY_M_DECODER_OVERRUNS), models[TALLY_BUFFER_DECODER].overruns);
        assert_int_equal(value(TALLY_M_DEJITTER_UNDERRUNS),
                         models[TALLY_BUFFER_DEJITTER].underruns);
        assert_int_equal(value(TALLY_M_DEJITTER_OVERRUNS), models[TALLY_BUFFER_DEJITTER].overruns);
    }
    for (uint32_t i = 0; i < TALLY_BUFFERS; i++) {
        tell((enum tally_buffer)i, TALLY_BUFFER_FILLED);
    }
    assert_int_equal(value(TALLY_M_DECODER_EMPTY_TIME), models[TALLY_BUFFER_DECODER].slices / 4);
    assert_int_equal(value(TALLY_M_DEJITTER_EMPTY_TIME), models[TALLY_BUFFER_DEJITTER].slices / 4);
    assert_true(models[TALLY_BUFFER_DECODER].underruns > 0 &&
                models[TALLY_BUFFER_DEJITTER].overruns > 0);
}

/* --- size and lip synchronism, as the agent reads them ---------------------------------------- */

static tally_stream_t stream;

static void sample(void) {
    assert_true(tally_stream_sample(&stream));
}

static bool told(enum tally_metric metric) {
    return (stream.present >> ((uint32_t)metric - (uint32_t)TALLY_M_FRAMES_FIRST) & 1) != 0;
}

static int64_t total(enum tally_metric metric) {
    return stream.totals[(uint32_t)metric - (uint32_t)TALLY_M_FRAMES_FIRST].number;
}

static void test_frames_size_and_offset_are_absent_until_told(void **state) {
    (void)state;
    tally_stream_attach(&stream, 1, 1, TALLY_G_FRAMES, &frames.version, frames.values);
    sample();
    assert_false(told(TALLY_M_AV_OFFSET));
    assert_false(told(TALLY_M_FRAME_WIDTH_NOW));
    assert_false(told(TALLY_M_FRAME_HEIGHT_NOW));
    tally_frames_av_offset(&frames, 0);
    tally_frames_size(&frames, 1920, 1080);
    tally_frames_size(&frames, 1280, 720);
    sample();
    assert_true(told(TALLY_M_AV_OFFSET));
    assert_true(told(TALLY_M_FRAME_WIDTH_NOW));
    assert_true(told(TALLY_M_FRAME_HEIGHT_NOW));
    assert_int_equal(total(TALLY_M_AV_OFFSET), 0);
    assert_int_equal(total(TALLY_M_FRAME_WIDTH_NOW), 1280);
    assert_int_equal(total(TALLY_M_FRAME_HEIGHT_NOW), 720);
}

static void test_frames_offset_is_the_last_one_whatever_its_sign(void **state) {
    (void)state;
    static const int32_t offsets_ms[] = {40, -45, -1, 0, INT32_MIN, INT32_MAX, -7};
    static const int32_t told_ms[] = {40, -45, -1, 0, -1073741824, 1073741823, -7};
    tally_stream_attach(&stream, 1, 1, TALLY_G_FRAMES, &frames.version, frames.values);
    for (uint32_t i = 0; i < sizeof offsets_ms / sizeof offsets_ms[0]; i++) {
        tally_frames_av_offset(&frames, offsets_ms[i]);
        sample();
        assert_int_equal(total(TALLY_M_AV_OFFSET), told_ms[i]);
    }
    tally_frames_av_resync(&frames);
    tally_frames_av_resync(&frames);
    sample();
    assert_int_equal(total(TALLY_M_AV_RESYNCS), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_frames_buffer_that_runs_empty_is_an_underrun, set_up),
        cmocka_unit_test_setup(test_frames_buffer_said_again_brings_its_time_up_to_date, set_up),
        cmocka_unit_test_setup(test_frames_buffer_before_its_first_filling_has_no_underrun, set_up),
        cmocka_unit_test_setup(test_frames_buffers_are_counted_apart, set_up),
        cmocka_unit_test_setup(test_frames_empty_times_add_up_below_the_millisecond, set_up),
        cmocka_unit_test_setup(test_frames_empty_time_may_wrap, set_up),
        cmocka_unit_test_setup(test_frames_empty_time_that_goes_back_is_none, set_up),
        cmocka_unit_test_setup(test_frames_buffer_or_state_that_is_none_changes_nothing, set_up),
        cmocka_unit_test_setup(test_frames_buffer_flushed_by_a_seek_is_no_underrun, set_up),
        cmocka_unit_test_setup(
            test_frames_buffer_still_empty_after_a_seek_is_an_underrun_from_then_on, set_up),
        cmocka_unit_test_setup(test_frames_pause_in_an_underrun_stops_its_time_and_counts_no_second,
                               set_up),
        cmocka_unit_test_setup(test_frames_underrun_that_ended_in_a_pause_is_another_one_afterwards,
                               set_up),
        cmocka_unit_test_setup(test_frames_buffers_follow_the_model, set_up),
        cmocka_unit_test_setup(test_frames_size_and_offset_are_absent_until_told, set_up),
        cmocka_unit_test_setup(test_frames_offset_is_the_last_one_whatever_its_sign, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
