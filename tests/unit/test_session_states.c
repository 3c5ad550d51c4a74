/* SPDX-License-Identifier: Apache-2.0 */
/* Every state, every event in every state, and where the time goes. */
#include "session_scene.h"
#include "test.h"

/* --- all transitions ------------------------------------------------------------------------ */

enum { EVENTS = 22, SCRIPT_MOST = 4 };

static const struct {
    enum tally_hook hook;
    const char *name;
} events[EVENTS] = {
    {TALLY_HOOK_PLAY, "play"},
    {TALLY_HOOK_FIRST_FRAME, "first_frame"},
    {TALLY_HOOK_PAUSE, "pause"},
    {TALLY_HOOK_RESUME, "resume"},
    {TALLY_HOOK_BUFFERING_BEGIN, "buffering_begin"},
    {TALLY_HOOK_BUFFERING_END, "buffering_end"},
    {TALLY_HOOK_SEEK_BEGIN, "seek_begin"},
    {TALLY_HOOK_SEEK_END, "seek_end"},
    {TALLY_HOOK_ERROR, "error"},
    {TALLY_HOOK_FATAL, "fatal"},
    {TALLY_HOOK_RENDITION, "rendition"},
    {TALLY_HOOK_END, "end"},
    {TALLY_HOOK_CLOSE, "close"},
    {TALLY_HOOK_REFUSED, "refused"},
    {TALLY_HOOK_REPLAY, "replay"},
    {TALLY_HOOK_LIVE_EDGE, "live_edge"},
    {TALLY_HOOK_AD_BREAK_BEGIN, "ad_break_begin"},
    {TALLY_HOOK_AD_BREAK_END, "ad_break_end"},
    {TALLY_HOOK_AD_START, "ad_start"},
    {TALLY_HOOK_AD_END, "ad_end"},
    {TALLY_HOOK_SUSPEND, "suspend"},
    {TALLY_HOOK_WAKE, "wake"},
};

#define IDLE  TALLY_STATE_IDLE
#define JOIN  TALLY_STATE_JOINING
#define ZAP__ TALLY_STATE_ZAPPING
#define PLAY  TALLY_STATE_PLAYING
#define PAUSE TALLY_STATE_PAUSED
#define STALL TALLY_STATE_STALLED
#define P_STA TALLY_STATE_PAUSED_STALLED
#define SEEK  TALLY_STATE_SEEKING
#define A_JOI TALLY_STATE_AD_JOINING
#define A_PLA TALLY_STATE_AD_PLAYING
#define A_STA TALLY_STATE_AD_STALLED
#define A_PAU TALLY_STATE_AD_PAUSED
#define SUSP  TALLY_STATE_SUSPENDED
#define ENDED TALLY_STATE_ENDED
#define STOP  TALLY_STATE_STOPPED
#define FAIL  TALLY_STATE_FAILED
#define _____ 99 /* the event makes no sense here */

#define H(hook) TALLY_HOOK_##hook

/* clang-format off */
static const struct {
    const char *name;
    enum tally_session_kind kind;
    enum tally_hook script[SCRIPT_MOST]; /* brings a new session there; 0 ends it */
    uint8_t state;
    uint8_t after[EVENTS];
} rows[] = {
    /* after: play   first  pause  resume buf_b  buf_e  seek_b seek_e error  fatal  rendit end    close
              refuse replay live   brk_b  brk_e  ad_st  ad_end susp   wake */
    {"idle", TALLY_SESSION_PLAYBACK, {0}, IDLE,
             {JOIN,  _____, _____, _____, IDLE,  _____, _____, _____, IDLE,  FAIL,  IDLE,  ENDED, STOP,
              STOP,  _____, _____, _____, _____, _____, _____, SUSP,  _____}},
    {"joining", TALLY_SESSION_PLAYBACK, {H(PLAY)}, JOIN,
             {_____, PLAY,  PAUSE, _____, JOIN,  _____, SEEK,  _____, JOIN,  FAIL,  JOIN,  ENDED, STOP,
              STOP,  _____, _____, A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"zapping", TALLY_SESSION_ZAP, {0}, ZAP__,
             {_____, PLAY,  PAUSE, _____, ZAP__, _____, SEEK,  _____, ZAP__, FAIL,  ZAP__, ENDED, STOP,
              STOP,  _____, _____, A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"paused while joining", TALLY_SESSION_PLAYBACK, {H(PLAY), H(PAUSE)}, PAUSE,
             {_____, PAUSE, _____, JOIN,  PAUSE, _____, SEEK,  _____, PAUSE, FAIL,  PAUSE, ENDED, STOP,
              STOP,  _____, _____, A_PAU, _____, A_PAU, _____, SUSP,  _____}},
    {"seeking while joining", TALLY_SESSION_PLAYBACK, {H(PLAY), H(SEEK_BEGIN)}, SEEK,
             {_____, SEEK,  SEEK,  _____, SEEK,  _____, SEEK,  JOIN,  SEEK,  FAIL,  SEEK,  ENDED, STOP,
              STOP,  _____, _____, A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"playing", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME)}, PLAY,
             {_____, _____, PAUSE, _____, STALL, _____, SEEK,  _____, PLAY,  FAIL,  PLAY,  ENDED, STOP,
              STOP,  _____, PLAY,  A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"paused", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(PAUSE)}, PAUSE,
             {_____, _____, _____, PLAY,  P_STA, _____, SEEK,  _____, PAUSE, FAIL,  PAUSE, ENDED, STOP,
              STOP,  _____, PAUSE, A_PAU, _____, A_PAU, _____, SUSP,  _____}},
    {"stalled", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(BUFFERING_BEGIN)}, STALL,
             {_____, _____, P_STA, _____, _____, PLAY,  SEEK,  _____, STALL, FAIL,  STALL, ENDED, STOP,
              STOP,  _____, STALL, A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"paused in a stall", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(BUFFERING_BEGIN), H(PAUSE)}, P_STA,
             {_____, _____, _____, STALL, _____, PAUSE, SEEK,  _____, P_STA, FAIL,  P_STA, ENDED, STOP,
              STOP,  _____, P_STA, A_PAU, _____, A_PAU, _____, SUSP,  _____}},
    {"seeking", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(SEEK_BEGIN)}, SEEK,
             {_____, _____, SEEK,  _____, SEEK,  _____, SEEK,  PLAY,  SEEK,  FAIL,  SEEK,  ENDED, STOP,
              STOP,  _____, SEEK,  A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"seeking in a pause", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(PAUSE), H(SEEK_BEGIN)}, SEEK,
             {_____, _____, _____, SEEK,  SEEK,  _____, SEEK,  PAUSE, SEEK,  FAIL,  SEEK,  ENDED, STOP,
              STOP,  _____, SEEK,  A_PAU, _____, A_PAU, _____, SUSP,  _____}},
    {"before an ad", TALLY_SESSION_PLAYBACK, {H(PLAY), H(AD_BREAK_BEGIN)}, A_JOI,
             {_____, _____, A_PAU, _____, A_JOI, _____, _____, _____, A_JOI, FAIL,  A_JOI, _____, STOP,
              STOP,  _____, _____, _____, JOIN,  A_PLA, _____, SUSP,  _____}},
    {"in an ad", TALLY_SESSION_PLAYBACK, {H(PLAY), H(AD_START)}, A_PLA,
             {_____, _____, A_PAU, _____, A_STA, _____, _____, _____, A_PLA, FAIL,  A_PLA, _____, STOP,
              STOP,  _____, _____, _____, JOIN,  _____, A_JOI, SUSP,  _____}},
    {"stalled in an ad", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(AD_START), H(BUFFERING_BEGIN)}, A_STA,
             {_____, _____, A_PAU, _____, _____, A_PLA, _____, _____, A_STA, FAIL,  A_STA, _____, STOP,
              STOP,  _____, _____, _____, PLAY,  _____, A_JOI, SUSP,  _____}},
    {"paused in an ad", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(AD_START), H(PAUSE)}, A_PAU,
             {_____, _____, _____, A_PLA, A_PAU, _____, _____, _____, A_PAU, FAIL,  A_PAU, _____, STOP,
              STOP,  _____, _____, _____, PAUSE, _____, A_PAU, SUSP,  _____}},
    {"in an ad after the end", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(END), H(AD_START)}, A_PLA,
             {_____, _____, A_PAU, _____, A_STA, _____, _____, _____, A_PLA, FAIL,  A_PLA, _____, ENDED,
              STOP,  _____, _____, _____, ENDED, _____, A_JOI, SUSP,  _____}},
    {"suspended", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(SUSPEND)}, SUSP,
             {_____, _____, SUSP,  _____, SUSP,  _____, SUSP,  _____, SUSP,  SUSP,  SUSP,  SUSP,  STOP,
              SUSP,  _____, SUSP,  SUSP,  _____, SUSP,  _____, _____, PLAY}},
    {"ended", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(END)}, ENDED,
             {_____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, ENDED,
              _____, SEEK,  _____, A_JOI, _____, A_PLA, _____, SUSP,  _____}},
    {"ended, never asked for", TALLY_SESSION_PLAYBACK, {H(END)}, ENDED,
             {_____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, ENDED,
              _____, _____, _____, _____, _____, _____, _____, SUSP,  _____}},
    {"failed", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(FATAL)}, FAIL,
             {_____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, FAIL,
              _____, _____, _____, _____, _____, _____, _____, SUSP,  _____}},
    {"refused", TALLY_SESSION_PLAYBACK, {H(PLAY), H(REFUSED)}, STOP,
             {_____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, STOP,
              _____, _____, _____, _____, _____, _____, _____, SUSP,  _____}},
    {"stopped", TALLY_SESSION_PLAYBACK, {H(PLAY), H(FIRST_FRAME), H(CLOSE)}, STOP,
             {_____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, _____, STOP,
              _____, _____, _____, _____, _____, _____, _____, SUSP,  _____}},
};
/* clang-format on */

static scene_t scene_of_row(uint32_t row) {
    scene_t scene = scene_opened_as(rows[row].kind);
    for (uint32_t i = 0; i < SCRIPT_MOST && rows[row].script[i] != 0; i++) {
        scene_tell(&scene, rows[row].script[i]);
        scene_wait(&scene, 10);
    }
    assert_int_equal(scene_state(&scene), rows[row].state);
    return scene;
}

static void check_transition(uint32_t row, uint32_t event) {
    scene_t scene = scene_of_row(row);
    scene_try(&scene, events[event].hook, events[event].hook == H(RENDITION) ? 1500 : 0, 0);
    const uint8_t wanted = rows[row].after[event];
    const uint8_t state = (uint8_t)scene_state(&scene);
    const bool right = wanted == _____ ? scene.outcome.illegal && state == rows[row].state
                                       : !scene.outcome.illegal && state == wanted;
    if (!right) {
        fail_msg("%s while %s: state %u, illegal %u", events[event].name, rows[row].name, state,
                 scene.outcome.illegal);
    }
}

static void test_session_every_event_in_every_state(void **state) {
    (void)state;
    for (uint32_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        for (uint32_t event = 0; event < EVENTS; event++) {
            check_transition(row, event);
        }
    }
}

static void test_session_hooks_with_a_call_of_their_own_are_no_events(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_tell_nonsense(&scene, TALLY_HOOK_OPEN);
    scene_tell_nonsense(&scene, TALLY_HOOK_SET);
    scene_tell_nonsense(&scene, TALLY_HOOK_ADD);
    scene_tell_nonsense(&scene, TALLY_HOOK_TEXT);
}

/* --- where the time goes -------------------------------------------------------------------- */

static void test_session_each_state_has_its_time(void **state) {
    (void)state;
    scene_t scene = scene_opened();
    scene_wait(&scene, 1);
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, 20);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 4000);
    scene_tell(&scene, TALLY_HOOK_RESUME);
    scene_tell(&scene, TALLY_HOOK_BUFFERING_BEGIN);
    scene_wait(&scene, 50000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    scene_wait(&scene, 600000);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 7000000);
    scene_tell(&scene, TALLY_HOOK_END);
    scene_wait(&scene, 80000000);
    scene_tell(&scene, TALLY_HOOK_CLOSE);
    assert_int_equal(VALUE(&scene, IDLE_TIME), 1);
    assert_int_equal(VALUE(&scene, JOINING_TIME), 20);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 300);
    assert_int_equal(VALUE(&scene, PAUSED_TIME), 4000);
    assert_int_equal(VALUE(&scene, STALLED_TIME), 50000);
    assert_int_equal(VALUE(&scene, PAUSED_STALLED_TIME), 600000);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 7000000);
    assert_int_equal(VALUE(&scene, TERMINAL_TIME), 80000000);
    assert_int_equal(VALUE(&scene, ELAPSED_TIME), 87654321);
    /* joining 20, stalled 50,000, paused in the stall 600,000, seeking 7,000,000 */
    assert_int_equal(VALUE(&scene, BUFFERING_TIME), 7650020);
}

static void test_session_second_seek_goes_on_from_the_first(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN);
    scene_wait(&scene, 700);
    scene_tell(&scene, TALLY_HOOK_SEEK_BEGIN); /* the viewer presses the key again */
    scene_wait(&scene, 300);
    scene_tell(&scene, TALLY_HOOK_SEEK_END);
    scene_wait(&scene, 2000);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 3000);
    assert_int_equal(VALUE(&scene, SEEKING_TIME), 1000);
    assert_int_equal(VALUE(&scene, SEEKS), 2);
}

/* --- reports in the middle ------------------------------------------------------------------ */

static void test_session_look_before_the_last_event_adds_nothing(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    tally_figures_t figures;
    tally_session_figures(&scene.session, scene.now_ms - 400, &figures);
    assert_int_equal(tally_figures_get(&figures, TALLY_PLAYBACK_AT(PLAY_TIME)), 1000);
    assert_int_equal(tally_figures_get(&figures, TALLY_PLAYBACK_AT(ELAPSED_TIME)), 1000);
}

static void test_session_time_does_not_run_backwards(void **state) {
    (void)state;
    scene_t scene = scene_playing();
    scene_wait(&scene, 1000);
    scene_tell(&scene, TALLY_HOOK_PAUSE);
    /* Another producer's event, stamped 3 ms before, lost the race for the ring. */
    scene.session.viewing = &scene.viewing;
    scene.outcome = tally_session_apply(&scene.session, TALLY_HOOK_RESUME, 0, 0, scene.now_ms - 3);
    assert_false(scene.outcome.illegal);
    assert_int_equal(scene_state(&scene), TALLY_STATE_PLAYING);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1000);
    assert_int_equal(VALUE(&scene, PAUSED_TIME), 0);
    scene_wait(&scene, 500);
    assert_int_equal(VALUE(&scene, PLAY_TIME), 1500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_every_event_in_every_state),
        cmocka_unit_test(test_session_hooks_with_a_call_of_their_own_are_no_events),
        cmocka_unit_test(test_session_each_state_has_its_time),
        cmocka_unit_test(test_session_second_seek_goes_on_from_the_first),
        cmocka_unit_test(test_session_look_before_the_last_event_adds_nothing),
        cmocka_unit_test(test_session_time_does_not_run_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
