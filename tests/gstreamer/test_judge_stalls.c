/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge makes of facts: pauses, buffering and starvation. */
#include "judge_scene.h"

/* ---- buffering ------------------------------------------------------------------------------ */

static void test_judge_initial_buffering_is_joining(void **state) {
    (void)state;
    note(FACT_SINK, 900, ROLE_VIEWED);
    ask(1000, RUNG_PLAYING);
    note(FACT_BUFFERING, 1200, 0);
    ask(1205, RUNG_PAUSED);
    note(FACT_SHOWN, 1300, 0);
    nothing(1400, 3000);
    note(FACT_BUFFERING, 3050, 100);
    ask(3051, RUNG_PLAYING);
    note(FACT_STATE, 3060, RUNG_PLAYING);
    frames(3070, 3300);
    expect("open@1000 source@1000 play@1000 playing@3060 first@3070");
}

static void test_judge_pause_to_buffer_is_a_stall_from_pause_to_frame(void **state) {
    (void)state;
    play();
    note(FACT_BUFFERING, 3000, 8);
    ask(3001, RUNG_PAUSED);
    nothing(3100, 5000);
    note(FACT_BUFFERING, 5010, 100);
    ask(5011, RUNG_PLAYING);
    frames(5020, 5300);
    expect("stall@3001 goes_on@5020");
    assert_int_equal(get(&session, P(STALLS)), 1);
    assert_int_equal(get(&session, P(STALLED_TIME)), 2019);
    assert_int_equal(get(&session, P(PAUSES)), 0);
}

static void test_judge_dip_of_five_milliseconds_is_no_stall(void **state) {
    (void)state;
    play();
    note(FACT_BUFFERING, 3000, 99);
    ask(3001, RUNG_PAUSED);
    note(FACT_BUFFERING, 3005, 100);
    ask(3006, RUNG_PLAYING);
    frames(3010, 4000);
    expect("");
}

static void test_judge_application_that_hears_late_of_a_dip_pauses_to_buffer(void **state) {
    (void)state;
    play();
    note(FACT_BUFFERING, 3000, 60);
    note(FACT_BUFFERING, 3010, 100);
    ask(3050, RUNG_PAUSED);
    ask(3060, RUNG_PLAYING);
    frames(3070, 4000);
    expect("");
}

static void test_judge_viewer_who_pauses_right_after_a_dip_has_paused(void **state) {
    (void)state;
    play();
    note(FACT_BUFFERING, 3000, 60);
    note(FACT_BUFFERING, 3010, 100);
    ask(3050, RUNG_PAUSED);
    nothing(3100, 5000);
    ask(5000, RUNG_PLAYING);
    frames(5010, 5100);
    expect("pause@3050 resume@5000");
}

static void test_judge_pause_of_the_viewer_is_no_stall(void **state) {
    (void)state;
    play();
    ask(3000, RUNG_PAUSED);
    nothing(3100, 9000);
    ask(9010, RUNG_PLAYING);
    frames(9015, 9300);
    expect("pause@3000 resume@9010");
}

static void test_judge_pause_long_after_the_buffer_fell_is_the_viewers(void **state) {
    (void)state;
    play();
    note(FACT_BUFFERING, 3000, 50);
    frames(3000, 4000);
    ask(4000, RUNG_PAUSED);
    expect("pause@4000");
}

static void test_judge_viewer_pauses_while_it_buffers(void **state) {
    (void)state;
    play();
    note(FACT_BUFFERING, 3000, 8);
    ask(3001, RUNG_PAUSED);
    nothing(3100, 5000);
    note(FACT_BUFFERING, 5010, 100);
    nothing(5100, 6000);
    ask(6010, RUNG_PLAYING);
    frames(6020, 6300);
    expect("stall@3001 goes_on@5010 pause@5010 resume@6010");
}

static void test_judge_viewer_pauses_in_a_stall_that_nobody_paused_for(void **state) {
    (void)state;
    play();
    nothing(3100, 3400);
    ask(3500, RUNG_PAUSED);
    note(FACT_BUFFERING, 4000, 100);
    ask(5000, RUNG_PLAYING);
    frames(5010, 5200);
    expect("stall@3000 pause@3500 goes_on@4000 resume@5000");
}

static void test_judge_percentages_without_a_pause_say_nothing(void **state) {
    (void)state;
    play();
    for (uint32_t i = 0; i < 50; i++) {
        note(FACT_BUFFERING, 3000 + i * 20, (int32_t)(i % 101));
        frame(3000 + i * 20);
    }
    note(FACT_BUFFERING, 4000, 100);
    expect("");
}

/* ---- starvation ----------------------------------------------------------------------------- */

static void test_judge_starvation_is_told_from_when_it_began(void **state) {
    (void)state;
    play();
    nothing(3050, 3150);
    expect("");
    nothing(3250, 4000);
    expect("stall@3000");
    frames(4100, 4300);
    expect("goes_on@4100");
}

static void test_judge_starvation_between_two_ticks_is_told_all_the_same(void **state) {
    (void)state;
    play();
    frames(3500, 3700);
    expect("stall@3000 goes_on@3500");
}

static void test_judge_frame_a_little_late_is_no_stall(void **state) {
    (void)state;
    play();
    nothing(3050, 3150);
    frames(3190, 3500);
    expect("");
}

static void test_judge_frame_that_waits_for_its_time_is_no_stall(void **state) {
    (void)state;
    play();
    for (uint64_t at_ms = 3100; at_ms < 8000; at_ms += TICK_MS) {
        judge_tick(&judge, at_ms, true);
    }
    take(&(fact_t){.kind = FACT_FRAME, .at_ms = 8000, .arrived_ms = 3010, .length_ms = FRAME_MS});
    expect("");
}

static void test_judge_pause_to_buffer_after_starvation_is_one_stall(void **state) {
    (void)state;
    play();
    nothing(3100, 3300);
    note(FACT_BUFFERING, 3400, 0);
    ask(3401, RUNG_PAUSED);
    nothing(3500, 5000);
    note(FACT_BUFFERING, 5010, 100);
    ask(5011, RUNG_PLAYING);
    frames(5020, 5300);
    expect("stall@3000 goes_on@5020");
    assert_int_equal(get(&session, P(STALLS)), 1);
}

static void test_judge_silence_after_the_end_is_no_stall(void **state) {
    (void)state;
    play();
    note(FACT_END, 3000, 0);
    nothing(3100, 9000);
    expect("end@3000");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(initial_buffering_is_joining),
        TEST(pause_to_buffer_is_a_stall_from_pause_to_frame),
        TEST(dip_of_five_milliseconds_is_no_stall),
        TEST(application_that_hears_late_of_a_dip_pauses_to_buffer),
        TEST(viewer_who_pauses_right_after_a_dip_has_paused),
        TEST(pause_of_the_viewer_is_no_stall),
        TEST(pause_long_after_the_buffer_fell_is_the_viewers),
        TEST(viewer_pauses_while_it_buffers),
        TEST(viewer_pauses_in_a_stall_that_nobody_paused_for),
        TEST(percentages_without_a_pause_say_nothing),
        TEST(starvation_is_told_from_when_it_began),
        TEST(starvation_between_two_ticks_is_told_all_the_same),
        TEST(frame_a_little_late_is_no_stall),
        TEST(frame_that_waits_for_its_time_is_no_stall),
        TEST(pause_to_buffer_after_starvation_is_one_stall),
        TEST(silence_after_the_end_is_no_stall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
