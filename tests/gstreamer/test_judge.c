/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge makes of facts: begin, end, seeks, and whatever comes in whatever order. */
#include "judge_scene.h"

/* ---- begin and end -------------------------------------------------------------------------- */

static void test_judge_plays_from_request_to_end(void **state) {
    (void)state;
    play();
    note(FACT_END, 3010, 0);
    ask(3020, RUNG_NULL);
    expect("end@3010 completed@3020");
}

static void test_judge_leaving_in_the_middle_is_the_viewers(void **state) {
    (void)state;
    play();
    ask(3020, RUNG_READY);
    expect("left@3020");
}

static void test_judge_preroll_before_play_is_preloading(void **state) {
    (void)state;
    note(FACT_SINK, 900, ROLE_VIEWED);
    ask(1000, RUNG_PAUSED);
    note(FACT_SHOWN, 1300, 0);
    nothing(1400, 5000);
    ask(5050, RUNG_PLAYING);
    note(FACT_STATE, 5051, RUNG_PLAYING);
    frames(5052, 5300);
    expect("open@1000 source@1000 play@5050 playing@5051 first@5052");
}

static void test_judge_pipeline_into_a_file_is_not_playback(void **state) {
    (void)state;
    note(FACT_SINK, 900, ROLE_OTHER);
    ask(1000, RUNG_PLAYING);
    note(FACT_FATAL, 1500, 3);
    ask(1600, RUNG_NULL);
    expect("");
}

static void test_judge_sinks_on_the_clock_are_playback_once_play_is_asked_for(void **state) {
    (void)state;
    note(FACT_SINK, 900, ROLE_TIMED);
    ask(1000, RUNG_PAUSED);
    expect("");
    ask(2000, RUNG_PLAYING);
    expect("open@1000 source@1000 play@2000");
}

static void test_judge_sink_that_comes_late_opens_from_the_begin(void **state) {
    (void)state;
    ask(1000, RUNG_PLAYING);
    nothing(1100, 4000);
    expect("");
    note(FACT_SINK, 4010, ROLE_VIEWED);
    frames(4100, 4300);
    expect("open@1000 source@1000 play@1000 first@4100");
}

static void test_judge_failure_before_any_sink_is_a_failure_to_start(void **state) {
    (void)state;
    ask(1000, RUNG_PAUSED);
    ask(1001, RUNG_PLAYING);
    take(&(fact_t){
        .kind = FACT_FATAL, .at_ms = 1500, .value = 3003, .detail = (int32_t)TALLY_ERROR_STREAM});
    ask(1600, RUNG_NULL);
    expect("open@1000 source@1000 play@1001 fatal@1500 failed@1600");
}

static void test_judge_failure_without_play_and_sinks_is_nobodys(void **state) {
    (void)state;
    ask(1000, RUNG_PAUSED);
    note(FACT_FATAL, 1500, 3003);
    ask(1600, RUNG_NULL);
    expect("");
}

static void test_judge_failure_in_preroll_was_on_its_way_to_play(void **state) {
    (void)state;
    note(FACT_SINK, 900, ROLE_VIEWED);
    ask(1000, RUNG_PAUSED);
    note(FACT_FATAL, 1500, 3003);
    ask(1501, RUNG_PLAYING);
    ask(1600, RUNG_NULL);
    expect("open@1000 source@1000 play@1000 fatal@1500 failed@1600");
}

static void test_judge_tells_one_fatal_error(void **state) {
    (void)state;
    play();
    note(FACT_FATAL, 3100, 4001);
    note(FACT_FATAL, 3101, 4001);
    note(FACT_END, 3150, 0);
    ask(3200, RUNG_NULL);
    expect("fatal@3100 failed@3200");
}

static void test_judge_warning_leaves_it_playing(void **state) {
    (void)state;
    play();
    note(FACT_ERROR, 3000, 4007);
    frames(3000, 3300);
    ask(3310, RUNG_NULL);
    expect("error@3000 left@3310");
}

static void test_judge_pipeline_that_goes_while_it_plays_is_destroyed(void **state) {
    (void)state;
    play();
    note(FACT_GONE, 3100, 0);
    expect("destroyed@3100");
}

static void test_judge_plays_again_as_another_session(void **state) {
    (void)state;
    play();
    ask(3020, RUNG_READY);
    expect("left@3020");
    ask(4000, RUNG_PLAYING);
    frames(4100, 4300);
    expect("open@4000 source@4000 play@4000 first@4100");
}

static void test_judge_next_of_a_list_is_another_session(void **state) {
    (void)state;
    play();
    note(FACT_NEXT, 3000, 0);
    frames(3000, 3300);
    expect("end@3000 completed@3000 open@3000 source@3000 play@3000 playing@3000 first@3000");
}

static void test_judge_publishing_begins_with_what_is_sent(void **state) {
    (void)state;
    ask(1000, RUNG_PLAYING);
    note(FACT_STATE, 1010, RUNG_PLAYING);
    note(FACT_PUBLISHES, 2000, 0);
    note(FACT_SENT, 1500, 0);
    nothing(2100, 5000);
    ask(5100, RUNG_NULL);
    expect("publish@1000 source@1000 play@1000 playing@2000 first@1500 left@5100");
}

/* ---- seeks ---------------------------------------------------------------------------------- */

static void test_judge_seek_lasts_until_its_frame(void **state) {
    (void)state;
    play();
    seek(3000, 77);
    note(FACT_FLUSH, 3002, 77);
    nothing(3100, 3500);
    note(FACT_SHOWN, 3550, 0);
    frames(3560, 4000);
    expect("seek@3000 sought@3560");
}

static void test_judge_seek_counts_once_though_each_sink_sees_it(void **state) {
    (void)state;
    play();
    seek(3000, 77);
    seek(3000, 77);
    note(FACT_FLUSH, 3002, 77);
    note(FACT_FLUSH, 3003, 77);
    frames(3560, 4000);
    expect("seek@3000 sought@3560");
}

static void test_judge_buffering_of_a_seek_is_seeking(void **state) {
    (void)state;
    play();
    seek(3000, 77);
    note(FACT_FLUSH, 3002, 77);
    note(FACT_BUFFERING, 3010, 0);
    ask(3011, RUNG_PAUSED);
    note(FACT_SHOWN, 3100, 0);
    nothing(3200, 5000);
    note(FACT_BUFFERING, 5000, 100);
    ask(5001, RUNG_PLAYING);
    frames(5010, 5300);
    expect("seek@3000 sought@5010");
    assert_int_equal(get(&session, P(STALLS)), 0);
}

static void test_judge_seek_ends_a_stall(void **state) {
    (void)state;
    play();
    nothing(3100, 3500);
    seek(3600, 78);
    note(FACT_FLUSH, 3601, 78);
    frames(3700, 4000);
    expect("stall@3000 goes_on@3600 seek@3600 sought@3700");
}

static void test_judge_seek_in_a_pause_ends_with_the_frame_that_waits(void **state) {
    (void)state;
    play();
    ask(3000, RUNG_PAUSED);
    seek(4000, 79);
    note(FACT_FLUSH, 4001, 79);
    note(FACT_SHOWN, 4100, 0);
    nothing(4200, 6000);
    ask(6000, RUNG_PLAYING);
    frames(6010, 6100);
    expect("pause@3000 seek@4000 sought@4100 resume@6000");
}

static void test_judge_seek_that_is_refused_has_no_effect(void **state) {
    (void)state;
    play();
    seek(3000, 77);
    frames(3000, 6000);
    expect("");
}

static void test_judge_flush_that_nobody_asked_for_is_a_seek_of_its_own_time(void **state) {
    (void)state;
    play();
    note(FACT_FLUSH, 3000, 5);
    frames(3200, 3300);
    expect("seek@3000 sought@3200");
}

static void test_judge_seek_after_the_end_is_a_replay(void **state) {
    (void)state;
    play();
    note(FACT_END, 3000, 0);
    seek(4000, 80);
    note(FACT_FLUSH, 4001, 80);
    frames(4100, 4500);
    note(FACT_END, 4500, 0);
    ask(4600, RUNG_NULL);
    expect("end@3000 replay@4000 sought@4100 end@4500 completed@4600");
}

static void test_judge_loop_of_a_segment_is_a_replay(void **state) {
    (void)state;
    play();
    note(FACT_SEGMENT_DONE, 3000, 0);
    take(&(fact_t){.kind = FACT_SEEK, .at_ms = 3002, .value = 9, .detail = 0});
    frames(3010, 3300);
    expect("end@3002 replay@3002 sought@3002");
}

static void test_judge_seek_before_play_is_asked_for_is_not_told(void **state) {
    (void)state;
    note(FACT_SINK, 900, ROLE_VIEWED);
    ask(1000, RUNG_PAUSED);
    seek(1200, 3);
    note(FACT_FLUSH, 1201, 3);
    ask(1300, RUNG_PLAYING);
    frames(1400, 1500);
    expect("open@1000 source@1000 play@1300 first@1400");
}

/* ---- doubt ---------------------------------------------------------------------------------- */

static void test_judge_is_unsettled_while_something_may_be_told_of_before(void **state) {
    (void)state;
    play();
    assert_true(judge_is_settled(&judge, 3010));
    note(FACT_STATE, 3010, RUNG_PLAYING);
    assert_false(judge_is_settled(&judge, 3150));
    tick(3250);
    expect("stall@3000");
    assert_true(judge_is_settled(&judge, 3250));
}

/* ---- any order ------------------------------------------------------------------------------ */

/* Whatever comes in whatever order makes sense to the session; on_tell() sees to that. */
static void test_judge_tells_only_what_makes_sense(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    for (uint32_t run = 0; run < 300; run++) {
        uint64_t at_ms = 1000;
        (void)set_up(NULL);
        note(FACT_SINK, at_ms, ROLE_VIEWED);
        for (uint32_t i = 0; i < 200; i++) {
            const enum fact_kind kind = (enum fact_kind)dice_roll(&dice, FACT_GONE + 1);
            at_ms += dice_roll(&dice, 200);
            take(&(fact_t){.kind = kind,
                           .at_ms = at_ms,
                           .arrived_ms = at_ms - dice_roll(&dice, 100),
                           .length_ms = dice_roll(&dice, 100),
                           .value = kind == FACT_BUFFERING ? (int32_t)dice_roll(&dice, 101)
                                                           : 1 + (int32_t)dice_roll(&dice, 4),
                           .detail = (int32_t)dice_roll(&dice, 2)});
            judge_tick(&judge, at_ms, dice_roll(&dice, 2) == 0);
            if (strlen(told) > sizeof told / 2) {
                told[0] = '\0';
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(plays_from_request_to_end),
        TEST(leaving_in_the_middle_is_the_viewers),
        TEST(preroll_before_play_is_preloading),
        TEST(pipeline_into_a_file_is_not_playback),
        TEST(sinks_on_the_clock_are_playback_once_play_is_asked_for),
        TEST(sink_that_comes_late_opens_from_the_begin),
        TEST(failure_before_any_sink_is_a_failure_to_start),
        TEST(failure_without_play_and_sinks_is_nobodys),
        TEST(failure_in_preroll_was_on_its_way_to_play),
        TEST(tells_one_fatal_error),
        TEST(warning_leaves_it_playing),
        TEST(pipeline_that_goes_while_it_plays_is_destroyed),
        TEST(plays_again_as_another_session),
        TEST(next_of_a_list_is_another_session),
        TEST(publishing_begins_with_what_is_sent),
        TEST(seek_lasts_until_its_frame),
        TEST(seek_counts_once_though_each_sink_sees_it),
        TEST(buffering_of_a_seek_is_seeking),
        TEST(seek_ends_a_stall),
        TEST(seek_in_a_pause_ends_with_the_frame_that_waits),
        TEST(seek_that_is_refused_has_no_effect),
        TEST(flush_that_nobody_asked_for_is_a_seek_of_its_own_time),
        TEST(seek_after_the_end_is_a_replay),
        TEST(loop_of_a_segment_is_a_replay),
        TEST(seek_before_play_is_asked_for_is_not_told),
        TEST(is_unsettled_while_something_may_be_told_of_before),
        TEST(tells_only_what_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
