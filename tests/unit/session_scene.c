/* SPDX-License-Identifier: Apache-2.0 */
#include "session_scene.h"

#include "test.h"

#define AT(metric) ((uint32_t)(metric) - (uint32_t)TALLY_M_PLAYBACK_FIRST)

static tally_view_t look(const scene_t *scene, tally_value_t values[TALLY_PLAYBACK_METRICS]) {
    static const enum tally_metric states[] = {TALLY_M_IDLE_TIME,    TALLY_M_JOINING_TIME,
                                               TALLY_M_PLAY_TIME,    TALLY_M_PAUSED_TIME,
                                               TALLY_M_STALLED_TIME, TALLY_M_PAUSED_STALLED_TIME,
                                               TALLY_M_SEEKING_TIME, TALLY_M_TERMINAL_TIME};
    const tally_view_t view = tally_session_playback(&scene->session, scene->now_ms, values);
    int64_t sum_ms = 0;
    for (uint32_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        sum_ms += values[AT(states[i])].number;
    }
    assert_int_equal(sum_ms, scene->now_ms - scene->opened_ms);
    assert_int_equal(values[AT(TALLY_M_ELAPSED_TIME)].number, sum_ms);
    return view;
}

scene_t scene_opened(void) {
    const uint64_t opened_ms = 5000000000; /* more than 32 bits */
    scene_t scene = {.opened_ms = opened_ms, .now_ms = opened_ms};
    tally_session_open(&scene.session, 1, opened_ms);
    return scene;
}

scene_t scene_playing(void) {
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    return scene;
}

void scene_wait(scene_t *scene, uint32_t ms) {
    scene->now_ms += ms;
}

static void apply(scene_t *scene, enum tally_hook hook, int32_t code) {
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    scene->outcome = tally_session_apply(&scene->session, hook, code, scene->now_ms);
    (void)look(scene, values);
}

void scene_tell(scene_t *scene, enum tally_hook hook) {
    scene_tell_code(scene, hook, 0);
}

void scene_tell_code(scene_t *scene, enum tally_hook hook, int32_t code) {
    apply(scene, hook, code);
    assert_false(scene->outcome.illegal);
}

void scene_tell_nonsense(scene_t *scene, enum tally_hook hook) {
    apply(scene, hook, 0);
    assert_true(scene->outcome.illegal);
    scene_expect_no_notice(scene);
}

enum tally_state scene_state(const scene_t *scene) {
    return (enum tally_state)scene_value(scene, TALLY_M_STATE);
}

int64_t scene_value(const scene_t *scene, enum tally_metric metric) {
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    (void)look(scene, values);
    return values[AT(metric)].number;
}

bool scene_has(const scene_t *scene, enum tally_metric metric) {
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    return (look(scene, values).present >> AT(metric) & 1) != 0;
}

void scene_expect_notice(const scene_t *scene, enum tally_event_type type, int32_t code) {
    assert_int_equal(scene->outcome.count, 1);
    assert_int_equal(scene->outcome.notices[0].type, type);
    assert_int_equal(scene->outcome.notices[0].code, code);
}

void scene_expect_no_notice(const scene_t *scene) {
    assert_int_equal(scene->outcome.count, 0);
}
