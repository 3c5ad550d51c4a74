/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_suite.h"
#include "playout.h"

#define START_MS  500u
#define RESUME_MS 300u
#define STEP_MS   20u /* between two clocks of the stream */
#define CLOCK_END (UINT64_C(1) << 33)

/* A sender in real time, a viewer with a stop watch. */
typedef struct {
    playout_t playout;
    uint64_t now_ms;
    uint64_t clock;
    uint32_t started_ms;
    uint32_t stalls;
    uint32_t froze_ms;
    uint32_t moved_ms;
} scene_t;

static void watch(scene_t *scene) {
    switch (playout_advance(&scene->playout, scene->now_ms * 1000)) {
    case PLAYOUT_SAME: break;
    case PLAYOUT_STARTED: scene->started_ms = (uint32_t)scene->now_ms; break;
    case PLAYOUT_FROZE:
        scene->stalls++;
        scene->froze_ms = (uint32_t)scene->now_ms;
        break;
    case PLAYOUT_MOVED: scene->moved_ms = (uint32_t)scene->now_ms; break;
    }
}

static void wait_ms(scene_t *scene, uint32_t ms) {
    for (uint32_t i = 0; i < ms; i++) {
        scene->now_ms++;
        watch(scene);
    }
}

static void clock_arrives(scene_t *scene) {
    watch(scene);
    playout_clock(&scene->playout, scene->clock & (CLOCK_END - 1), scene->now_ms * 1000);
    watch(scene);
}

static void send_ms(scene_t *scene, uint32_t ms) {
    for (uint32_t sent = 0; sent < ms; sent += STEP_MS) {
        wait_ms(scene, STEP_MS);
        scene->clock += STEP_MS * 90u;
        clock_arrives(scene);
    }
}

static scene_t scene_from(uint64_t clock) {
    scene_t scene = {.clock = clock};
    playout_init(&scene.playout, START_MS, RESUME_MS);
    clock_arrives(&scene);
    return scene;
}

static scene_t playing_scene(void) {
    scene_t scene = scene_from(90000);
    playout_picture(&scene.playout);
    send_ms(&scene, 2000);
    assert_int_equal(scene.playout.state, PLAYOUT_PLAYING);
    return scene;
}

static void test_joining_waits_for_the_first_picture(void **state) {
    (void)state;
    scene_t scene = scene_from(90000);
    send_ms(&scene, 5000);
    assert_int_equal(scene.playout.state, PLAYOUT_JOINING);
    playout_picture(&scene.playout);
    send_ms(&scene, 1000);
    assert_int_equal(scene.started_ms, 5000 + START_MS);
    assert_int_equal(playout_position_ms(&scene.playout, scene.now_ms * 1000), 1000 - START_MS);
}

static void test_joining_waits_for_the_clock_behind_the_picture(void **state) {
    (void)state;
    scene_t scene = {.clock = 0};
    playout_init(&scene.playout, START_MS, RESUME_MS);
    playout_picture(&scene.playout);
    wait_ms(&scene, 1000);
    assert_int_equal(scene.playout.state, PLAYOUT_JOINING);
    clock_arrives(&scene);
    send_ms(&scene, START_MS);
    assert_int_equal(scene.started_ms, 1000 + START_MS);
}

static void test_joining_is_no_stall_however_long(void **state) {
    (void)state;
    scene_t scene = scene_from(90000);
    playout_picture(&scene.playout);
    send_ms(&scene, START_MS - STEP_MS);
    wait_ms(&scene, 10000);
    assert_int_equal(scene.playout.state, PLAYOUT_JOINING);
    assert_int_equal(scene.stalls, 0);
}

static void test_playout_pause_becomes_one_stall_of_its_length_less_the_buffer(void **state) {
    (void)state;
    const uint32_t pause_ms = 3000;
    scene_t scene = playing_scene();
    const uint32_t last_media_ms = (uint32_t)scene.now_ms;
    wait_ms(&scene, pause_ms - STEP_MS);
    send_ms(&scene, 2000);
    assert_int_equal(scene.stalls, 1);
    assert_int_equal(scene.froze_ms, last_media_ms + START_MS);
    /* The first clock behind the pause brings STEP_MS of media, so that much less is missing. */
    assert_int_equal(scene.moved_ms, last_media_ms + pause_ms + RESUME_MS - STEP_MS);
}

static void test_a_pause_within_the_buffer_is_no_stall(void **state) {
    (void)state;
    scene_t scene = playing_scene();
    wait_ms(&scene, START_MS - 2 * STEP_MS);
    send_ms(&scene, 5000);
    assert_int_equal(scene.stalls, 0);
}

static void test_loss_without_pause_is_no_stall(void **state) {
    (void)state;
    scene_t scene = playing_scene();
    for (uint32_t i = 0; i < 20; i++) {
        /* Every other clock is lost: the next one brings its media as well. */
        wait_ms(&scene, STEP_MS);
        scene.clock += STEP_MS * 90u;
        send_ms(&scene, STEP_MS);
    }
    assert_int_equal(scene.stalls, 0);
    assert_int_equal(scene.playout.jumps, 0);
}

static void test_the_clock_may_wrap(void **state) {
    (void)state;
    scene_t scene = scene_from(CLOCK_END - 90000);
    playout_picture(&scene.playout);
    send_ms(&scene, 4000);
    assert_true(scene.clock > CLOCK_END);
    assert_int_equal(scene.playout.jumps, 0);
    assert_int_equal(scene.stalls, 0);
    assert_int_equal(playout_position_ms(&scene.playout, scene.now_ms * 1000), 4000 - START_MS);
}

static void jump_is_survived(int64_t jump_ms) {
    scene_t scene = playing_scene();
    const uint64_t before_ms = playout_position_ms(&scene.playout, scene.now_ms * 1000);
    scene.clock = (scene.clock + (uint64_t)(jump_ms * 90)) & (CLOCK_END - 1);
    send_ms(&scene, 2000);
    assert_int_equal(scene.playout.jumps, 1);
    assert_int_equal(scene.stalls, 0);
    assert_int_equal(playout_position_ms(&scene.playout, scene.now_ms * 1000), before_ms + 2000);
}

static void test_a_jump_of_the_clock_neither_adds_nor_takes_media(void **state) {
    (void)state;
    jump_is_survived(1001);
    jump_is_survived(3600000);
    jump_is_survived(-100);
    jump_is_survived(-3600000);
}

static void test_due_is_the_moment_it_freezes(void **state) {
    (void)state;
    scene_t scene = playing_scene();
    const uint64_t due_us = playout_due_us(&scene.playout);
    assert_int_equal(playout_advance(&scene.playout, due_us - 12), PLAYOUT_SAME);
    assert_int_equal(playout_advance(&scene.playout, due_us), PLAYOUT_FROZE);
    assert_true(playout_due_us(&scene.playout) == PLAYOUT_NEVER_US);
}

static void drift_is_followed(int32_t ppm) {
    scene_t scene = playing_scene();
    for (uint32_t s = 0; s < 24 * 3600; s++) {
        const uint64_t wanted = scene.clock + 90000 + (uint64_t)(90000 * ppm / 1000000);
        for (uint32_t ms = 0; ms < 1000; ms += 40) {
            scene.now_ms += 40;
            scene.clock += 3600;
            watch(&scene);
            scene.clock = ms == 960 ? wanted : scene.clock;
            clock_arrives(&scene);
        }
    }
    assert_int_equal(scene.stalls, 0);
    const uint64_t due_us = playout_due_us(&scene.playout);
    assert_in_range(due_us - scene.now_ms * 1000, (START_MS - 60) * 1000, (START_MS + 60) * 1000);
}

static void test_a_sender_with_another_crystal_is_followed_for_a_day(void **state) {
    (void)state;
    drift_is_followed(80);
    drift_is_followed(-80);
}

int playout_suite(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joining_waits_for_the_first_picture),
        cmocka_unit_test(test_joining_waits_for_the_clock_behind_the_picture),
        cmocka_unit_test(test_joining_is_no_stall_however_long),
        cmocka_unit_test(test_playout_pause_becomes_one_stall_of_its_length_less_the_buffer),
        cmocka_unit_test(test_a_pause_within_the_buffer_is_no_stall),
        cmocka_unit_test(test_loss_without_pause_is_no_stall),
        cmocka_unit_test(test_the_clock_may_wrap),
        cmocka_unit_test(test_a_jump_of_the_clock_neither_adds_nor_takes_media),
        cmocka_unit_test(test_due_is_the_moment_it_freezes),
        cmocka_unit_test(test_a_sender_with_another_crystal_is_followed_for_a_day),
    };
    return cmocka_run_group_tests_name("playout", tests, NULL, NULL);
}
