/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever players say, in whatever order, some things hold. */
#include <stdbool.h>

#include "dice.h"
#include "session.h"
#include "test.h"

enum { LIVES = 100000, EVENTS_A_LIFE = 24 };

#define AT(metric) ((uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_PLAYBACK_FIRST)

typedef struct {
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    uint64_t present;
} look_t;

static look_t look_at(const tally_session_t *session, uint64_t now_ms) {
    look_t look;
    look.present = tally_session_playback(session, now_ms, look.values).present;
    return look;
}

static int64_t value(const look_t *look, uint32_t at) {
    return look->values[at].number;
}

static void check_times(const look_t *look, uint64_t elapsed_ms) {
    const int64_t sum_ms = value(look, AT(IDLE_TIME)) + value(look, AT(JOINING_TIME)) +
                           value(look, AT(PLAY_TIME)) + value(look, AT(PAUSED_TIME)) +
                           value(look, AT(STALLED_TIME)) + value(look, AT(PAUSED_STALLED_TIME)) +
                           value(look, AT(SEEKING_TIME)) + value(look, AT(TERMINAL_TIME));
    assert_int_equal(sum_ms, elapsed_ms);
    assert_int_equal(value(look, AT(ELAPSED_TIME)), elapsed_ms);
    assert_true(value(look, AT(STALLED_TIME)) <= value(look, AT(BUFFERING_TIME)));
    assert_true(value(look, AT(BITRATE_TIME)) <= value(look, AT(PLAY_TIME)));
    assert_true(value(look, AT(STALL_LONGEST)) <= value(look, AT(STALLED_TIME)));
}

/* Counters and durations never fall, nor does the longest stall, and what was there stays there. */
static void check_growth(const look_t *before, const look_t *now) {
    for (uint32_t i = 0; i < TALLY_PLAYBACK_METRICS; i++) {
        if (tally_metric_infos[TALLY_M_PLAYBACK_FIRST + i].kind <= TALLY_KIND_DURATION) {
            assert_true(value(before, i) <= value(now, i));
        }
    }
    assert_true(value(before, AT(STALL_LONGEST)) <= value(now, AT(STALL_LONGEST)));
    assert_int_equal(before->present & ~now->present, 0);
}

static void check_same(const look_t *a, const look_t *b) {
    assert_int_equal(a->present, b->present);
    for (uint32_t i = 0; i < TALLY_PLAYBACK_METRICS; i++) {
        assert_int_equal(value(a, i), value(b, i));
    }
}

/* Against a twin that never heard of it: the same now, and after more time. */
static void check_no_effect(const tally_session_t *twin, const tally_session_t *session,
                            uint64_t now_ms) {
    for (uint64_t later_ms = 0; later_ms <= 1000; later_ms += 1000) {
        const look_t a = look_at(twin, now_ms + later_ms);
        const look_t b = look_at(session, now_ms + later_ms);
        check_same(&a, &b);
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

static void live(dice_t *dice) {
    const uint64_t opened_ms = 1000000 + dice_roll(dice, UINT32_MAX);
    uint64_t now_ms = opened_ms;
    tally_session_t session;
    tally_session_open(&session, 1, opened_ms);
    look_t before = look_at(&session, now_ms);
    for (uint32_t i = 0; i < EVENTS_A_LIFE; i++) {
        const uint64_t at_ms = next_ms(dice, now_ms);
        now_ms = at_ms > now_ms ? at_ms : now_ms;
        const tally_session_t twin = session;
        const enum tally_hook hook = (enum tally_hook)dice_roll(dice, TALLY_HOOK_TEXT + 1);
        const int32_t code = (int32_t)dice_roll(dice, 4) * 1000;
        const tally_outcome_t outcome = tally_session_apply(&session, hook, code, at_ms);
        assert_true(outcome.count <= TALLY_NOTICES_MOST);
        if (outcome.illegal) {
            assert_int_equal(outcome.count, 0);
            check_no_effect(&twin, &session, now_ms);
        }
        const look_t look = look_at(&session, now_ms);
        check_times(&look, now_ms - opened_ms);
        check_growth(&before, &look);
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
