/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge makes of facts: hooks and their times. All hooks go to a session of the agent as
 * well, to which each has to make sense.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "judge.h"
#include "session.h"
#include "story.h"

#define FRAME_MS 40u
#define TICK_MS  100u

/* ---- the scene ------------------------------------------------------------------------------ */

static char told[4096];
static judge_t judge;
static tally_session_t session;
static tally_viewing_t viewing;
static bool is_open;
static uint64_t ticked_ms;

static void write_told(const char *what, uint64_t at_ms) {
    const size_t used = strlen(told);
    (void)snprintf(told + used, sizeof told - used, "%s%s@%" PRIu64, used == 0 ? "" : " ", what,
                   at_ms);
}

static const char *name_of(enum tally_hook hook) {
    switch (hook) {
    case TALLY_HOOK_SOURCE: return "source";
    case TALLY_HOOK_PLAY: return "play";
    case TALLY_HOOK_FIRST_FRAME: return "first";
    case TALLY_HOOK_PLAYING: return "playing";
    case TALLY_HOOK_PAUSE: return "pause";
    case TALLY_HOOK_RESUME: return "resume";
    case TALLY_HOOK_BUFFERING_BEGIN: return "stall";
    case TALLY_HOOK_BUFFERING_END: return "goes_on";
    case TALLY_HOOK_SEEK_BEGIN: return "seek";
    case TALLY_HOOK_SEEK_END: return "sought";
    case TALLY_HOOK_REPLAY: return "replay";
    case TALLY_HOOK_ERROR: return "error";
    case TALLY_HOOK_FATAL: return "fatal";
    case TALLY_HOOK_END: return "end";
    default: return "?";
    }
}

static void on_open(void *ctx, enum tally_session_kind kind, uint64_t at_ms) {
    (void)ctx;
    assert_false(is_open);
    is_open = true;
    tally_session_open(&session, 1, kind, &viewing, at_ms);
    write_told(kind == TALLY_SESSION_PUBLISH ? "publish" : "open", at_ms);
}

static void on_tell(void *ctx, enum tally_hook hook, int32_t code, int32_t detail, uint64_t at_ms) {
    (void)ctx;
    assert_true(is_open);
    write_told(name_of(hook), at_ms);
    if (tally_session_apply(&session, hook, code, detail, at_ms).illegal) {
        fail_msg("makes no sense at its end: %s", told);
    }
}

static void on_close(void *ctx, enum tally_stop reason, uint64_t at_ms) {
    static const char *const names[] = {[TALLY_STOP_COMPLETED] = "completed",
                                        [TALLY_STOP_USER] = "left",
                                        [TALLY_STOP_ERROR] = "failed",
                                        [TALLY_STOP_DESTROYED] = "destroyed"};
    (void)ctx;
    assert_true(is_open);
    assert_false(
        tally_session_apply(&session, TALLY_HOOK_CLOSE, (int32_t)reason, 0, at_ms).illegal);
    is_open = false;
    write_told(names[reason], at_ms);
}

static const judge_out_t out = {.open = on_open, .tell = on_tell, .close = on_close};

static int set_up(void **state) {
    (void)state;
    judge_init(&judge, &out);
    memset(&viewing, 0, sizeof viewing);
    is_open = false;
    ticked_ms = 0;
    told[0] = '\0';
    return 0;
}

static void expect(const char *what) {
    assert_string_equal(told, what);
    told[0] = '\0';
}

/* ---- facts ---------------------------------------------------------------------------------- */

static void take(fact_t fact) {
    judge_take(&judge, &fact);
}

static void note(enum fact_kind kind, uint64_t at_ms, int32_t value) {
    take((fact_t){.kind = kind, .at_ms = at_ms, .value = value});
}

static void tick(uint64_t at_ms) {
    judge_tick(&judge, at_ms, false);
    ticked_ms = at_ms;
}

static void frame(uint64_t at_ms) {
    take((fact_t){.kind = FACT_FRAME, .at_ms = at_ms, .arrived_ms = at_ms, .length_ms = FRAME_MS});
}

/* Frames on time, and ticks between them. */
static void frames(uint64_t from_ms, uint64_t to_ms) {
    for (uint64_t at_ms = from_ms; at_ms < to_ms; at_ms += FRAME_MS) {
        frame(at_ms);
        if (at_ms - ticked_ms >= TICK_MS) {
            tick(at_ms);
        }
    }
}

static void nothing(uint64_t from_ms, uint64_t to_ms) {
    for (uint64_t at_ms = from_ms; at_ms <= to_ms; at_ms += TICK_MS) {
        tick(at_ms);
    }
}

static void ask(uint64_t at_ms, enum rung rung) {
    note(FACT_TARGET, at_ms, (int32_t)rung);
}

static void seek(uint64_t at_ms, int32_t number) {
    take((fact_t){.kind = FACT_SEEK, .at_ms = at_ms, .value = number, .detail = 1});
}

/* A screen, play asked for at 1000, first frame at 1200, played up to 3000. */
static void play(void) {
    note(FACT_SINK, 900, ROLE_VIEWED);
    ask(1000, RUNG_PAUSED);
    ask(1000, RUNG_PLAYING);
    note(FACT_SHOWN, 1190, 0);
    note(FACT_STATE, 1195, RUNG_PLAYING);
    frames(1200, 3000);
    expect("open@1000 source@1000 play@1000 playing@1195 first@1200");
}

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
    take((fact_t){
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
    take((fact_t){.kind = FACT_FRAME, .at_ms = 8000, .arrived_ms = 3010, .length_ms = FRAME_MS});
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
    take((fact_t){.kind = FACT_SEEK, .at_ms = 3002, .value = 9, .detail = 0});
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
            take((fact_t){.kind = kind,
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
#define TEST(name) cmocka_unit_test_setup(test_judge_##name, set_up)
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
