/* SPDX-License-Identifier: Apache-2.0 */
#include "session_scene.h"

#include "test.h"

static int64_t sum(const tally_figures_t *figures, const enum tally_metric *metrics,
                   uint32_t count) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += tally_figures_get(figures, (uint32_t)tally_figures_place(metrics[i]));
    }
    return sum;
}

/* The figures as of now; whatever the test is about, the times in all states add up. */
static tally_figures_t look(const scene_t *scene) {
    static const enum tally_metric states[] = {TALLY_M_IDLE_TIME,     TALLY_M_JOINING_TIME,
                                               TALLY_M_ZAPPING_TIME,  TALLY_M_PLAY_TIME,
                                               TALLY_M_PAUSED_TIME,   TALLY_M_STALLED_TIME,
                                               TALLY_M_SEEKING_TIME,  TALLY_M_PAUSED_STALLED_TIME,
                                               TALLY_M_TERMINAL_TIME, TALLY_M_SUSPENDED_TIME};
    tally_figures_t figures;
    tally_session_figures(&scene->session, scene->now_ms, &figures);
    assert_int_equal(sum(&figures, states, sizeof states / sizeof states[0]),
                     scene->now_ms - scene->opened_ms);
    assert_int_equal(tally_figures_get(&figures, TALLY_PLAYBACK_AT(ELAPSED_TIME)),
                     scene->now_ms - scene->opened_ms);
    return figures;
}

scene_t scene_opened_as(enum tally_session_kind kind) {
    const uint64_t opened_ms = 5000000000; /* more than 32 bits */
    scene_t scene = {.opened_ms = opened_ms, .now_ms = opened_ms};
    tally_viewing_init(&scene.viewing);
    tally_session_open(&scene.session, 1, kind, &scene.viewing, opened_ms);
    return scene;
}

scene_t scene_opened(void) {
    return scene_opened_as(TALLY_SESSION_PLAYBACK);
}

scene_t scene_playing(void) {
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_tell(&scene, TALLY_HOOK_FIRST_FRAME);
    return scene;
}

scene_t scene_joining(uint32_t ms) {
    scene_t scene = scene_opened();
    scene_tell(&scene, TALLY_HOOK_PLAY);
    scene_wait(&scene, ms);
    return scene;
}

void scene_wait(scene_t *scene, uint32_t ms) {
    scene->now_ms += ms;
}

void scene_try(scene_t *scene, enum tally_hook hook, int32_t code, int32_t detail) {
    scene->session.viewing = &scene->viewing; /* scenes are copied */
    scene->outcome = tally_session_apply(&scene->session, hook, code, detail, scene->now_ms);
    (void)look(scene);
}

void scene_tell(scene_t *scene, enum tally_hook hook) {
    scene_tell_both(scene, hook, 0, 0);
}

void scene_tell_code(scene_t *scene, enum tally_hook hook, int32_t code) {
    scene_tell_both(scene, hook, code, 0);
}

void scene_tell_both(scene_t *scene, enum tally_hook hook, int32_t code, int32_t detail) {
    scene_try(scene, hook, code, detail);
    assert_false(scene->outcome.illegal);
}

void scene_close(scene_t *scene, enum tally_stop reason) {
    scene_tell_code(scene, TALLY_HOOK_CLOSE, (int32_t)reason);
}

void scene_tell_nonsense(scene_t *scene, enum tally_hook hook) {
    scene_try(scene, hook, 0, 0);
    assert_true(scene->outcome.illegal);
    scene_expect_no_notice(scene);
}

void scene_set(scene_t *scene, enum tally_metric metric, int64_t value) {
    bool full = false;
    assert_true(tally_metrics_can_set(metric, value));
    scene->session.viewing = &scene->viewing;
    scene->outcome = tally_session_set(&scene->session, metric, value, scene->now_ms, &full);
    assert_false(full);
    (void)look(scene);
}

enum tally_state scene_state(const scene_t *scene) {
    return (enum tally_state)scene_value(scene, TALLY_M_STATE);
}

int64_t scene_value(const scene_t *scene, enum tally_metric metric) {
    const tally_figures_t figures = look(scene);
    return tally_figures_get(&figures, (uint32_t)tally_figures_place(metric));
}

bool scene_has(const scene_t *scene, enum tally_metric metric) {
    const tally_figures_t figures = look(scene);
    return tally_figures_has(&figures, (uint32_t)tally_figures_place(metric));
}

tally_level_t scene_level(const scene_t *scene, enum tally_metric metric) {
    const tally_figures_t figures = look(scene);
    return figures.levels[metric - TALLY_M_LEVEL_FIRST];
}

int64_t scene_since(const scene_t *scene, enum tally_metric metric) {
    tally_value_t values[TALLY_SINCE_METRICS];
    const tally_view_t view = tally_session_since(&scene->session, scene->now_ms, values);
    const uint32_t at = (uint32_t)metric - (uint32_t)TALLY_M_SINCE_FIRST;
    return (view.present >> at & 1) != 0 ? values[at].number : SCENE_NEVER;
}

int64_t scene_viewing(const scene_t *scene, enum tally_metric metric) {
    return scene->viewing.values[metric - TALLY_M_VIEWING_FIRST].number;
}

uint32_t scene_sampled(const scene_t *scene, enum tally_metric metric) {
    const tally_histogram_t *const histogram =
        &scene->viewing.histograms[metric - TALLY_M_HISTOGRAM_FIRST];
    uint32_t count = histogram->zeros;
    for (uint32_t i = 0; i < histogram->used; i++) {
        count += histogram->counts[i];
    }
    return count;
}

void scene_expect_samples(const scene_t *scene, enum tally_metric metric, const uint64_t *values,
                          uint32_t count) {
    tally_histogram_t wanted;
    tally_histogram_init(&wanted);
    for (uint32_t i = 0; i < count; i++) {
        tally_histogram_add(&wanted, values[i]);
    }
    assert_memory_equal(&wanted, &scene->viewing.histograms[metric - TALLY_M_HISTOGRAM_FIRST],
                        sizeof wanted);
}

void scene_expect_notice(const scene_t *scene, enum tally_event_type type, int32_t code) {
    assert_int_equal(scene->outcome.count, 1);
    scene_expect_notice_at(scene, 0, type, code);
}

void scene_expect_notice_at(const scene_t *scene, uint32_t at, enum tally_event_type type,
                            int32_t code) {
    assert_true(at < scene->outcome.count);
    assert_int_equal(scene->outcome.notices[at].type, type);
    assert_int_equal(scene->outcome.notices[at].code, code);
}

void scene_expect_no_notice(const scene_t *scene) {
    assert_int_equal(scene->outcome.count, 0);
}
