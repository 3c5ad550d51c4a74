/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever players say, in whatever order, some things hold. */
#include <stdbool.h>

#include "dice.h"
#include "session.h"
#include "test.h"

enum { EVENTS_A_LIFE = 16 };

#ifndef LIVES
#define LIVES 1000000u
#endif

#define CLOSED TALLY_PLAYBACK_AT(STOP_REASON)

static int64_t value(const tally_figures_t *look, enum tally_metric metric) {
    return tally_figures_get(look, (uint32_t)tally_figures_place(metric));
}

#define VALUE(look, metric) value((look), TALLY_M_##metric)

static tally_figures_t look_at(const tally_session_t *session, uint64_t now_ms) {
    tally_figures_t look;
    tally_session_figures(session, now_ms, &look);
    return look;
}

static void check_times(const tally_figures_t *look, uint64_t elapsed_ms) {
    const int64_t sum_ms = VALUE(look, IDLE_TIME) + VALUE(look, JOINING_TIME) +
                           VALUE(look, ZAPPING_TIME) + VALUE(look, PLAY_TIME) +
                           VALUE(look, PAUSED_TIME) + VALUE(look, STALLED_TIME) +
                           VALUE(look, PAUSED_STALLED_TIME) + VALUE(look, SEEKING_TIME) +
                           VALUE(look, SUSPENDED_TIME) + VALUE(look, TERMINAL_TIME);
    assert_int_equal(sum_ms, elapsed_ms);
    assert_int_equal(VALUE(look, ELAPSED_TIME), elapsed_ms);
    assert_true(VALUE(look, STALLED_TIME) <= VALUE(look, BUFFERING_TIME));
    assert_true(VALUE(look, STALL_LONGEST) <= VALUE(look, STALLED_TIME));
    assert_true(VALUE(look, PRELOAD_TIME) <= VALUE(look, IDLE_TIME));
    assert_true(VALUE(look, FULLSCREEN_TIME) <= VALUE(look, PLAY_TIME));
    assert_true((VALUE(look, STALLS) == 0) <= (VALUE(look, STALLED_TIME) == 0));
}

/* What ads take is part of the whole, so that the content, the rest, is never negative. */
static void check_ads(const tally_figures_t *look) {
    assert_true(VALUE(look, AD_JOINING_TIME) <= VALUE(look, JOINING_TIME));
    assert_true(VALUE(look, AD_PLAY_TIME) <= VALUE(look, PLAY_TIME));
    assert_true(VALUE(look, AD_PAUSED_TIME) <= VALUE(look, PAUSED_TIME));
    assert_true(VALUE(look, AD_STALLED_TIME) <= VALUE(look, STALLED_TIME));
    assert_true(VALUE(look, AD_BUFFERING_TIME) <= VALUE(look, BUFFERING_TIME));
    assert_true(VALUE(look, AD_STALLED_TIME) <= VALUE(look, AD_BUFFERING_TIME));
    assert_true(VALUE(look, AD_STALLS) <= VALUE(look, STALLS));
    assert_true(VALUE(look, AD_ERRORS) <= VALUE(look, ERRORS));
    assert_true(VALUE(look, AD_PAUSES) <= VALUE(look, PAUSES));
    assert_true(VALUE(look, AD_RENDITION_CHANGES) <= VALUE(look, RENDITION_CHANGES));
    assert_true(VALUE(look, AD_COMPLETES) + VALUE(look, AD_SKIPS) <= VALUE(look, AD_PLAYS));
}

static void check_outcomes(const tally_figures_t *look) {
    const int64_t failures = VALUE(look, START_FAILURES) + VALUE(look, PLAYBACK_FAILURES);
    assert_true(failures + VALUE(look, EXITS_BEFORE_START) + VALUE(look, REFUSALS) <= 1);
    assert_true(failures <= VALUE(look, ERRORS));
    assert_int_equal(VALUE(look, RENDITION_CHANGES), VALUE(look, RENDITION_UPS) +
                                                         VALUE(look, RENDITION_DOWNS) +
                                                         VALUE(look, RENDITION_CHOICES));
    assert_true(VALUE(look, EXITS_BEFORE_START) == 0 || VALUE(look, FIRST_PLAYS) == 0);
    assert_true(VALUE(look, STARTUP_TIME) <= VALUE(look, STARTUP_WITH_ADS));
    if (tally_figures_has(look, TALLY_PLAYBACK_AT(STARTUP_TIME))) {
        assert_int_equal(VALUE(look, FIRST_PLAYS), 1);
        assert_int_equal(VALUE(look, STARTUPS_SPOILT), 0);
    }
}

/* Counters and durations never fall, nor does the longest stall, and what was there stays there. */
static void check_growth(const tally_figures_t *before, const tally_figures_t *now) {
    for (uint32_t metric = 0; metric < TALLY_METRICS; metric++) {
        const int32_t at = tally_figures_place((enum tally_metric)metric);
        if (at >= 0 && tally_metric_infos[metric].kind <= TALLY_KIND_DURATION) {
            assert_true(tally_figures_get(before, (uint32_t)at) <=
                        tally_figures_get(now, (uint32_t)at));
        }
    }
    assert_true(VALUE(before, STALL_LONGEST) <= VALUE(now, STALL_LONGEST));
    for (uint32_t i = 0; i < TALLY_FIGURE_WORDS; i++) {
        assert_int_equal(before->present[i] & ~now->present[i], 0);
    }
}

static void check_since(const tally_session_t *session, uint64_t now_ms, uint64_t elapsed_ms) {
    tally_value_t values[TALLY_SINCE_METRICS];
    const tally_view_t view = tally_session_since(session, now_ms, values);
    for (uint32_t i = 0; i < TALLY_SINCE_METRICS; i++) {
        assert_true((view.present >> i & 1) == 0 || values[i].number <= (int64_t)elapsed_ms);
    }
}

/* Against a twin that never heard of it: the same now, and after more time. */
static void check_no_effect(const tally_session_t *twin, const tally_session_t *session,
                            uint64_t now_ms) {
    for (uint64_t later_ms = 0; later_ms <= 1000; later_ms += 1000) {
        const tally_figures_t a = look_at(twin, now_ms + later_ms);
        const tally_figures_t b = look_at(session, now_ms + later_ms);
        assert_memory_equal(a.values, b.values, sizeof a.values);
        assert_memory_equal(a.present, b.present, sizeof a.present);
    }
}

/* Time mostly goes on; sometimes it stands, and sometimes a stamp is a little old. */
static uint64_t next_ms(dice_t *dice, uint64_t now_ms) {
    switch (dice_roll(dice, 8)) {
    case 0: return now_ms;
    case 1: return now_ms - dice_roll(dice, 3);
    default: return now_ms + dice_roll(dice, 5000);
    }
}

static tally_outcome_t tell(dice_t *dice, tally_session_t *session, uint64_t at_ms) {
    const enum tally_hook hook =
        (enum tally_hook)(TALLY_HOOK_LOADED + dice_roll(dice, TALLY_HOOK_SET - TALLY_HOOK_LOADED));
    const int32_t code = (int32_t)dice_roll(dice, 4) * 1000;
    const int32_t detail = (int32_t)dice_roll(dice, 3);
    if (tally_session_takes(hook, code, detail)) {
        return tally_session_apply(session, hook, code, detail, at_ms);
    }
    /* The front door refuses it; what comes in its place is a second in the media. */
    bool full = false;
    return tally_session_set(session, TALLY_M_POSITION, (int64_t)dice_roll(dice, 100000), at_ms,
                             &full);
}

static void live(dice_t *dice) {
    const uint64_t opened_ms = 1000000 + dice_roll(dice, UINT32_MAX);
    uint64_t now_ms = opened_ms;
    tally_viewing_t viewing;
    tally_session_t session;
    tally_viewing_init(&viewing);
    tally_session_open(&session, 1, (enum tally_session_kind)dice_roll(dice, 3), &viewing,
                       opened_ms);
    tally_figures_t before = look_at(&session, now_ms);
    /* Closing is the last thing that a session hears. */
    for (uint32_t i = 0; i < EVENTS_A_LIFE && !tally_figures_has(&before, CLOSED); i++) {
        const uint64_t at_ms = next_ms(dice, now_ms);
        now_ms = at_ms > now_ms ? at_ms : now_ms;
        const tally_session_t twin = session;
        const tally_outcome_t outcome = tell(dice, &session, at_ms);
        assert_true(outcome.count <= TALLY_NOTICES_MOST);
        if (outcome.illegal) {
            assert_int_equal(outcome.count, 0);
            check_no_effect(&twin, &session, now_ms);
        }
        const tally_figures_t look = look_at(&session, now_ms);
        check_times(&look, now_ms - opened_ms);
        check_ads(&look);
        check_outcomes(&look);
        check_growth(&before, &look);
        check_since(&session, now_ms, now_ms - opened_ms);
        before = look;
    }
}

static void test_session_whatever_happens_the_times_add_up(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    const uint32_t lives = dice_share(LIVES);
    for (uint32_t i = 0; i < lives; i++) {
        live(&dice);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_whatever_happens_the_times_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
