/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever players say, in whatever order, some things hold. */
#include <stdbool.h>
#include <string.h>

#include "dice.h"
#include "session.h"
#include "test.h"

enum { EVENTS_A_LIFE = 16 };

#ifndef LIVES
#define LIVES 20000u
#endif

#define P(look, metric)     tally_figures_get((look), TALLY_PLAYBACK_AT(metric))
#define ADS(look, metric)   tally_figures_get((look), TALLY_ADS_AT(metric))
#define MEDIA(look, metric) tally_figures_get((look), TALLY_MEDIA_AT(metric))
#define CLOSED              TALLY_PLAYBACK_AT(STOP_REASON)

/* One session, all sessions of its device, and what the player told it. */
typedef struct {
    dice_t *dice;
    tally_viewing_t viewing;
    tally_session_t session;
    uint64_t opened_ms;
    uint64_t now_ms;
    int64_t renditions;
} life_t;

/* Where the counters and durations stand: they never fall. */
static uint8_t growing[TALLY_FIGURES];
static uint32_t growing_count;

static int find_the_growing(void **state) {
    (void)state;
    for (uint32_t metric = 0; metric < TALLY_METRICS; metric++) {
        const int32_t at = tally_figures_place((enum tally_metric)metric);
        if (at >= 0 && tally_metric_infos[metric].kind <= TALLY_KIND_DURATION) {
            growing[growing_count++] = (uint8_t)at;
        }
    }
    return 0;
}

static tally_figures_t look_at(const tally_session_t *session, uint64_t now_ms) {
    tally_figures_t look;
    tally_session_figures(session, now_ms, &look);
    return look;
}

/* --- what holds ----------------------------------------------------------------------------- */

static void check_times(const tally_figures_t *look, uint64_t elapsed_ms) {
    const int64_t buffering_ms = P(look, JOINING_TIME) + P(look, ZAPPING_TIME) +
                                 P(look, SEEKING_TIME) + P(look, STALLED_TIME) +
                                 P(look, PAUSED_STALLED_TIME);
    const int64_t sum_ms = P(look, IDLE_TIME) + P(look, PLAY_TIME) + P(look, PAUSED_TIME) +
                           buffering_ms + P(look, SUSPENDED_TIME) + P(look, TERMINAL_TIME);
    assert_int_equal(sum_ms, elapsed_ms);
    assert_int_equal(P(look, ELAPSED_TIME), elapsed_ms);
    assert_int_equal(P(look, BUFFERING_TIME), buffering_ms);
    assert_true(P(look, STALLED_TIME) <= P(look, BUFFERING_TIME));
    assert_true(P(look, STALL_LONGEST) <= P(look, STALLED_TIME));
    assert_true(P(look, PRELOAD_TIME) <= P(look, IDLE_TIME));
    assert_true(MEDIA(look, FULLSCREEN_TIME) <= P(look, PLAY_TIME));
    /* A stall may take no time, but time stalled is that of a stall. */
    assert_true(P(look, STALLS) > 0 || P(look, STALLED_TIME) == 0);
}

/* What ads take is part of the whole, so that the content, the rest, is never negative. */
static void check_ads(const tally_figures_t *look) {
    assert_true(ADS(look, AD_JOINING_TIME) <= P(look, JOINING_TIME));
    assert_true(ADS(look, AD_PLAY_TIME) <= P(look, PLAY_TIME));
    assert_true(ADS(look, AD_PAUSED_TIME) <= P(look, PAUSED_TIME));
    assert_true(ADS(look, AD_STALLED_TIME) <= P(look, STALLED_TIME));
    assert_int_equal(ADS(look, AD_BUFFERING_TIME),
                     ADS(look, AD_JOINING_TIME) + ADS(look, AD_STALLED_TIME));
    assert_true(ADS(look, AD_STALLS) <= P(look, STALLS));
    assert_true(ADS(look, AD_STALLS) > 0 || ADS(look, AD_STALLED_TIME) == 0);
    assert_true(P(look, STALLS) > ADS(look, AD_STALLS) ||
                P(look, STALLED_TIME) == ADS(look, AD_STALLED_TIME));
    assert_true(ADS(look, AD_ERRORS) <= P(look, ERRORS));
    assert_true(ADS(look, AD_PAUSES) <= P(look, PAUSES));
    assert_true(ADS(look, AD_RESUMES) <= P(look, RESUMES));
    assert_true(ADS(look, AD_RENDITION_CHANGES) <= P(look, RENDITION_CHANGES));
    assert_true(ADS(look, AD_COMPLETES) + ADS(look, AD_SKIPS) <= ADS(look, AD_PLAYS));
}

static void check_outcomes(const tally_figures_t *look) {
    const int64_t failures = P(look, START_FAILURES) + P(look, PLAYBACK_FAILURES);
    assert_true(failures + P(look, EXITS_BEFORE_START) + P(look, REFUSALS) <= 1);
    assert_true(failures <= P(look, ERRORS));
    assert_true(P(look, PLAY_ATTEMPTS) <= 1);
    assert_true(P(look, FIRST_PLAYS) <= P(look, PLAY_ATTEMPTS));
    assert_true(P(look, EXITS_BEFORE_START) == 0 || P(look, FIRST_PLAYS) == 0);
    assert_true(P(look, STARTUP_TIME) <= P(look, STARTUP_WITH_ADS));
    if (tally_figures_has(look, TALLY_PLAYBACK_AT(STARTUP_TIME)) ||
        tally_figures_has(look, TALLY_PLAYBACK_AT(ZAP_TIME))) {
        assert_int_equal(P(look, FIRST_PLAYS), 1);
        assert_int_equal(P(look, STARTUPS_SPOILT), 0);
    }
}

/* A change needs two different renditions. */
static void check_renditions(const tally_figures_t *look, int64_t told) {
    const int64_t changes = P(look, RENDITION_CHANGES);
    assert_int_equal(changes, P(look, RENDITION_UPS) + P(look, RENDITION_DOWNS) +
                                  P(look, RENDITION_CHOICES));
    assert_true(changes == 0 || changes < told);
}

/* All sessions of a device that had but one. */
static void check_viewing(const life_t *life, const tally_figures_t *look) {
    const tally_value_t *const all = life->viewing.values;
    const tally_histogram_t *const stalls =
        &life->viewing.histograms[TALLY_M_STALL_HISTOGRAM - TALLY_M_HISTOGRAM_FIRST];
    int64_t ended = stalls->zeros;
    for (uint32_t i = 0; i < stalls->used; i++) {
        ended += stalls->counts[i];
    }
    assert_int_equal(ended + (life->session.stall_counted ? 1 : 0), P(look, STALLS));
    assert_int_equal(all[TALLY_M_VIEWING_ERRORS - TALLY_M_VIEWING_FIRST].number, P(look, ERRORS));
    assert_int_equal(all[TALLY_M_VIEWING_PLAYS - TALLY_M_VIEWING_FIRST].number,
                     P(look, FIRST_PLAYS));
    assert_int_equal(all[TALLY_M_VIEWING_AD_PLAYS - TALLY_M_VIEWING_FIRST].number,
                     ADS(look, AD_PLAYS));
}

/* Counters and durations never fall and stay within what every JSON reader keeps; nor does the
 * longest stall, and what was there stays there. */
static void check_growth(const tally_figures_t *before, const tally_figures_t *now) {
    bool beyond = false;
    bool fell = P(before, STALL_LONGEST) > P(now, STALL_LONGEST);
    for (uint32_t i = 0; i < growing_count; i++) {
        fell |= before->values[growing[i]].number > now->values[growing[i]].number;
        beyond |= now->values[growing[i]].number > INT64_C(9007199254740992); /* 2^53 */
    }
    assert_false(fell);
    assert_false(beyond);
    for (uint32_t i = 0; i < TALLY_FIGURE_WORDS; i++) {
        assert_int_equal(before->present[i] & ~now->present[i], 0);
    }
}

static void check_since(const life_t *life) {
    tally_value_t values[TALLY_SINCE_METRICS];
    const tally_view_t view = tally_session_since(&life->session, life->now_ms, values);
    const int64_t elapsed_ms = (int64_t)(life->now_ms - life->opened_ms);
    for (uint32_t i = 0; i < TALLY_SINCE_METRICS; i++) {
        assert_true((view.present >> i & 1) == 0 || values[i].number <= elapsed_ms);
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

/* --- what players say ----------------------------------------------------------------------- */

/* Time mostly goes on; sometimes it stands, and sometimes a stamp is older than the last event's.
 */
static uint64_t next_ms(life_t *life) {
    const bool at_an_event = life->session.figures.at_ms == life->now_ms;
    switch (dice_roll(life->dice, 8)) {
    case 0: return life->now_ms;
    case 1: return life->now_ms - (at_an_event ? dice_roll(life->dice, 3) : 0);
    default: return life->now_ms + dice_roll(life->dice, 5000);
    }
}

/* Mostly what a player may say, and all that an integer can be. */
static int64_t any_number(dice_t *dice) {
    static const int64_t corners[] = {
        -1, 0, 1, 2, 3, 100, 101, INT32_MAX, INT32_MIN, 1LL << 53, -(1LL << 53), (1LL << 53) + 1};
    return dice_roll(dice, 4) == 0 ? corners[dice_roll(dice, sizeof corners / sizeof corners[0])]
                                   : (int64_t)dice_roll(dice, 100) * 1000;
}

static tally_outcome_t set_anything(life_t *life, uint64_t at_ms) {
    const enum tally_metric metric =
        dice_roll(life->dice, 2) == 0 ? TALLY_M_POSITION
                                      : (enum tally_metric)dice_roll(life->dice, TALLY_METRICS + 1);
    const int64_t value = any_number(life->dice);
    bool full = false;
    if (!tally_metrics_can_set(metric, value)) {
        return (tally_outcome_t){.count = 0}; /* the front door refuses it */
    }
    return tally_session_set(&life->session, metric, value, at_ms, &full);
}

static void add_anything(life_t *life) {
    const enum tally_metric metric =
        dice_roll(life->dice, 2) == 0 ? TALLY_M_DOWNLOAD_BYTES
                                      : (enum tally_metric)dice_roll(life->dice, TALLY_METRICS + 1);
    const int64_t amount = any_number(life->dice);
    if (tally_metrics_can_add(metric, amount)) {
        tally_session_add(&life->session, metric, amount);
    }
}

static void say_anything(life_t *life) {
    char text[TALLY_TEXT_BYTES] = {0};
    const enum tally_metric metric = (enum tally_metric)dice_roll(life->dice, TALLY_METRICS + 1);
    memset(text, 'x', dice_roll(life->dice, TALLY_TEXT_BYTES));
    if (tally_metrics_can_set_text(metric)) {
        (void)tally_session_set_text(&life->session, metric, text);
    }
}

static tally_outcome_t tell(life_t *life, uint64_t at_ms) {
    const enum tally_hook hook = (enum tally_hook)(
        TALLY_HOOK_LOADED + dice_roll(life->dice, TALLY_HOOK_TEXT + 1 - TALLY_HOOK_LOADED));
    const int32_t code = (int32_t)any_number(life->dice);
    const int32_t detail =
        dice_roll(life->dice, 8) == 0 ? -1 : (int32_t)dice_roll(life->dice, TALLY_ERROR_TUNER + 2);
    tally_outcome_t outcome = {.count = 0};
    if (hook == TALLY_HOOK_SET) {
        outcome = set_anything(life, at_ms);
    } else if (hook == TALLY_HOOK_ADD) {
        add_anything(life);
    } else if (hook == TALLY_HOOK_TEXT) {
        say_anything(life);
    } else if (tally_session_takes(hook, code, detail)) {
        outcome = tally_session_apply(&life->session, hook, code, detail, at_ms);
        life->renditions += hook == TALLY_HOOK_RENDITION && !outcome.illegal ? 1 : 0;
    }
    return outcome;
}

/* --- lives ---------------------------------------------------------------------------------- */

static void open(life_t *life) {
    life->opened_ms = 1000000 + dice_roll(life->dice, UINT32_MAX);
    life->now_ms = life->opened_ms;
    life->renditions = 0;
    tally_viewing_init(&life->viewing);
    tally_session_open(&life->session, 1, (enum tally_session_kind)dice_roll(life->dice, 3),
                       &life->viewing, life->opened_ms);
    /* By chance alone few would come to play; the rest begin as they like. */
    if (dice_roll(life->dice, 4) != 0) {
        (void)tally_session_apply(&life->session, TALLY_HOOK_PLAY, 0, 0, life->now_ms);
    }
    if (dice_roll(life->dice, 2) == 0) {
        (void)tally_session_apply(&life->session, TALLY_HOOK_FIRST_FRAME, 0, 0, life->now_ms);
    }
}

static void live(life_t *life) {
    open(life);
    tally_figures_t before = look_at(&life->session, life->now_ms);
    /* Closing is the last thing that a session hears. */
    for (uint32_t i = 0; i < EVENTS_A_LIFE && !tally_figures_has(&before, CLOSED); i++) {
        const uint64_t at_ms = next_ms(life);
        life->now_ms = at_ms > life->now_ms ? at_ms : life->now_ms;
        const tally_session_t twin = life->session;
        const tally_outcome_t outcome = tell(life, at_ms);
        assert_true(outcome.count <= TALLY_NOTICES_MOST);
        if (outcome.illegal) {
            assert_int_equal(outcome.count, 0);
            check_no_effect(&twin, &life->session, life->now_ms);
        }
        const tally_figures_t look = look_at(&life->session, life->now_ms);
        check_times(&look, life->now_ms - life->opened_ms);
        check_ads(&look);
        check_outcomes(&look);
        check_renditions(&look, life->renditions);
        check_viewing(life, &look);
        check_growth(&before, &look);
        check_since(life);
        before = look;
    }
}

static void test_session_whatever_happens_the_times_add_up(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    life_t life = {.dice = &dice};
    const uint32_t lives = dice_share(LIVES);
    for (uint32_t i = 0; i < lives; i++) {
        live(&life);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_whatever_happens_the_times_add_up),
    };
    return cmocka_run_group_tests(tests, find_the_growing, NULL);
}
