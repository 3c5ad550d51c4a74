/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport stream through a bad network, counted twice: by the engine, and by a model that knows
 * each packet's place in its PID's sequence and works with plain 64-bit times.
 */
#include <string.h>

#include "dice.h"
#include "test.h"
#include "ts_scene.h"

enum { ROUNDS = 300000, PIDS = 3, PTS_LATEST_MS = 700, PCR_LATEST_US = 100000 };

static const uint16_t pids[PIDS] = {VIDEO, AUDIO, 0x777};

typedef struct {
    bool has_come;
    bool has_pts;
    uint64_t pts_ms;
} model_pid_t;

static struct {
    uint64_t now_us;
    uint64_t pcr;
    uint64_t pcr_us;
    bool has_pcr;
    uint64_t sent_pcr;
    model_pid_t pids[PIDS];
    uint32_t packets, video, audio, null, psi;
    uint32_t gaps, duplicates, broken, transport, scrambled;
    uint32_t repetitions, discontinuities, pts_errors;
} model;

static ts_scene_t scene;

#define VALUE(metric) ts_value(&scene, TALLY_M_TS_##metric)

static void compare(void) {
    assert_int_equal(VALUE(PACKETS), model.packets);
    assert_int_equal(VALUE(VIDEO_PACKETS), model.video);
    assert_int_equal(VALUE(AUDIO_PACKETS), model.audio);
    assert_int_equal(VALUE(NULL_PACKETS), model.null);
    assert_int_equal(VALUE(PSI_PACKETS), model.psi);
    assert_int_equal(VALUE(CONTINUITY_ERRORS), model.gaps);
    assert_int_equal(VALUE(DUPLICATES), model.duplicates);
    assert_int_equal(VALUE(CRC_ERRORS), model.broken);
    assert_int_equal(VALUE(TRANSPORT_ERRORS), model.transport);
    assert_int_equal(VALUE(SCRAMBLED), model.scrambled);
    assert_int_equal(VALUE(PCR_REPETITIONS), model.repetitions);
    assert_int_equal(VALUE(PCR_DISCONTINUITIES), model.discontinuities);
    assert_int_equal(VALUE(PTS_ERRORS), model.pts_errors);
    assert_int_equal(VALUE(SYNC_BYTE_ERRORS), 0);
    assert_int_equal(VALUE(PIDS_UNTRACKED), 0);
}

static void count(uint32_t which) {
    model.packets++;
    model.video += pids[which] == VIDEO ? 1 : 0;
    model.audio += pids[which] == AUDIO ? 1 : 0;
    model.scrambled += scene.is_scrambled ? 1 : 0;
    model.pids[which].has_pts = model.pids[which].has_pts && !scene.is_scrambled;
    model.pids[which].has_come = true;
}

static void pass(dice_t *dice) {
    const uint32_t us = dice_roll(dice, 200) == 0 ? dice_roll(dice, 900000) : dice_roll(dice, 9000);
    model.now_us += us;
    model.sent_pcr += us * UINT64_C(27);
    scene.now_us += us;
}

static void send_payload(uint32_t which) {
    count(which);
    scene_payload(&scene, pids[which]);
}

/* Not a multiple of 16 packets, and not 15, which cannot be told from a repetition. */
static void send_behind_a_gap(uint32_t which, dice_t *dice) {
    scene_lose(&scene, pids[which], 1 + dice_roll(dice, 14));
    model.gaps += model.pids[which].has_come ? 1 : 0;
    send_payload(which);
}

static void send_twice(uint32_t which) {
    send_payload(which);
    scene_lose(&scene, pids[which], 15); /* the same counter again */
    scene_payload(&scene, pids[which]);
    model.packets++;
    model.video += pids[which] == VIDEO ? 1 : 0;
    model.audio += pids[which] == AUDIO ? 1 : 0;
    model.scrambled += scene.is_scrambled ? 1 : 0;
    model.duplicates++;
}

static void send_pts(uint32_t which) {
    model_pid_t *const pid = &model.pids[which];
    const uint64_t now_ms = model.now_us / 1000;
    count(which);
    scene_pts(&scene, pids[which]);
    if (which == 2 || scene.is_scrambled) {
        return; /* nobody knows what it is, or can read it */
    }
    model.pts_errors += pid->has_pts && now_ms - pid->pts_ms > PTS_LATEST_MS ? 1 : 0;
    pid->has_pts = true;
    pid->pts_ms = now_ms;
}

static void send_pcr(dice_t *dice) {
    const bool jumps = dice_roll(dice, 20) == 0;
    const bool announced = dice_roll(dice, 20) == 0;
    model.sent_pcr += jumps ? 27 * UINT64_C(100000) + dice_roll(dice, 1u << 31) : 0;
    const uint64_t step = model.sent_pcr - model.pcr;
    count(0);
    scene_pcr(&scene, VIDEO, model.sent_pcr % (300 * (UINT64_C(1) << 33)), announced);
    if (model.has_pcr) {
        model.repetitions += model.now_us - model.pcr_us > PCR_LATEST_US ? 1 : 0;
        model.discontinuities += !announced && step > 27 * UINT64_C(100000) ? 1 : 0;
    }
    /* a clock is forgotten for another one only: there is none */
    model.has_pcr = true;
    model.pcr = model.sent_pcr;
    model.pcr_us = model.now_us;
}

static void send_tables(dice_t *dice) {
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 0}, {AAC, AUDIO, 300}}, 2);
    const bool was_scrambled = scene.is_scrambled;
    if (dice_roll(dice, 4) == 0) {
        pmt.bytes[3 + dice_roll(dice, pmt.size - 3)] ^= (uint8_t)(1 + dice_roll(dice, 255));
        model.broken++;
    }
    scene.is_scrambled = false;
    scene_section(&scene, 0, &pat);
    scene_section(&scene, PMT, &pmt);
    scene.is_scrambled = was_scrambled;
    model.packets += 3;
    model.psi += 3;
}

static void send_strange(dice_t *dice) {
    static const uint8_t damaged[TALLY_TS_BYTES] = {0x47, 0x80 | VIDEO >> 8, 0, 0x1F};
    model.packets++;
    if (dice_roll(dice, 2) == 0) {
        scene_send(&scene, damaged);
        model.transport++;
    } else {
        const bool was_scrambled = scene.is_scrambled;
        scene.is_scrambled = false;
        scene_payload(&scene, 0x1FFF);
        scene.is_scrambled = was_scrambled;
        model.null++;
    }
}

static void play(dice_t *dice) {
    const uint32_t which = dice_roll(dice, PIDS);
    pass(dice);
    switch (dice_roll(dice, 20)) {
    case 0: send_tables(dice); break;
    case 1: send_behind_a_gap(which, dice); break;
    case 2: send_twice(which); break;
    case 3: send_strange(dice); break;
    case 4: scene.is_scrambled = dice_roll(dice, 4) == 0; break;
    case 5:
    case 6: send_pcr(dice); break;
    case 7:
    case 8: send_pts(which); break;
    default: send_payload(which); break;
    }
}

static void test_ts_counts_as_the_model_does(void **state) {
    (void)state;
    dice_t dice = dice_from_environment();
    scene_begin(&scene);
    memset(&model, 0, sizeof model);
    scene_tables(&scene);
    model.packets = 2;
    model.psi = 2;
    const uint32_t rounds = dice_share(ROUNDS);
    for (uint32_t i = 0; i < rounds; i++) {
        play(&dice);
        compare();
    }
    assert_true(model.gaps > 0 && model.duplicates > 0 && model.broken > 0);
    assert_true(model.repetitions > 0 && model.discontinuities > 0 && model.pts_errors > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ts_counts_as_the_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
