/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_GSTREAMER_JUDGE_SCENE_H
#define TALLY_TESTS_GSTREAMER_JUDGE_SCENE_H
/*
 * A judge, what it tells, and a session of the agent to which each hook has to make sense.
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

static inline void write_told(const char *what, uint64_t at_ms) {
    const size_t used = strlen(told);
    (void)snprintf(told + used, sizeof told - used, "%s%s@%" PRIu64, used == 0 ? "" : " ", what,
                   at_ms);
}

static inline const char *name_of(enum tally_hook hook) {
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

static inline void on_open(void *ctx, enum tally_session_kind kind, uint64_t at_ms) {
    (void)ctx;
    assert_false(is_open);
    is_open = true;
    tally_session_open(&session, 1, kind, &viewing, at_ms);
    write_told(kind == TALLY_SESSION_PUBLISH ? "publish" : "open", at_ms);
}

static inline void on_tell(void *ctx, enum tally_hook hook, int32_t code, int32_t detail,
                           uint64_t at_ms) {
    (void)ctx;
    assert_true(is_open);
    write_told(name_of(hook), at_ms);
    if (tally_session_apply(&session, hook, code, detail, at_ms).illegal) {
        fail_msg("makes no sense at its end: %s", told);
    }
}

static inline void on_close(void *ctx, enum tally_stop reason, uint64_t at_ms) {
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

static inline int set_up(void **state) {
    (void)state;
    judge_init(&judge, &out);
    memset(&viewing, 0, sizeof viewing);
    is_open = false;
    ticked_ms = 0;
    told[0] = '\0';
    return 0;
}

static inline void expect(const char *what) {
    assert_string_equal(told, what);
    told[0] = '\0';
}

/* ---- facts ---------------------------------------------------------------------------------- */

/* fact_t ends in a text of any length, which no call by value has. */
static inline void take(const fact_t *fact) {
    judge_take(&judge, fact);
}

static inline void note(enum fact_kind kind, uint64_t at_ms, int32_t value) {
    take(&(fact_t){.kind = kind, .at_ms = at_ms, .value = value});
}

static inline void tick(uint64_t at_ms) {
    judge_tick(&judge, at_ms, false);
    ticked_ms = at_ms;
}

static inline void frame(uint64_t at_ms) {
    take(&(fact_t){.kind = FACT_FRAME, .at_ms = at_ms, .arrived_ms = at_ms, .length_ms = FRAME_MS});
}

/* Frames on time, and ticks between them. */
static inline void frames(uint64_t from_ms, uint64_t to_ms) {
    for (uint64_t at_ms = from_ms; at_ms < to_ms; at_ms += FRAME_MS) {
        frame(at_ms);
        if (at_ms - ticked_ms >= TICK_MS) {
            tick(at_ms);
        }
    }
}

static inline void nothing(uint64_t from_ms, uint64_t to_ms) {
    for (uint64_t at_ms = from_ms; at_ms <= to_ms; at_ms += TICK_MS) {
        tick(at_ms);
    }
}

static inline void ask(uint64_t at_ms, enum rung rung) {
    note(FACT_TARGET, at_ms, (int32_t)rung);
}

static inline void seek(uint64_t at_ms, int32_t number) {
    take(&(fact_t){.kind = FACT_SEEK, .at_ms = at_ms, .value = number, .detail = 1});
}

/* A screen, play asked for at 1000, first frame at 1200, played up to 3000. */
static inline void play(void) {
    note(FACT_SINK, 900, ROLE_VIEWED);
    ask(1000, RUNG_PAUSED);
    ask(1000, RUNG_PLAYING);
    note(FACT_SHOWN, 1190, 0);
    note(FACT_STATE, 1195, RUNG_PLAYING);
    frames(1200, 3000);
    expect("open@1000 source@1000 play@1000 playing@1195 first@1200");
}

#define TEST(name) cmocka_unit_test_setup(test_judge_##name, set_up)

#endif
