/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmocka_suite.h"
#include "fake_hooks.h"
#include "receiver.h"
#include "ts_build.h"

#define RTP_BYTES 12u
#define STEP_US   UINT64_C(20000)

_Static_assert(sizeof(receiver_t) < 1024, "a Cortex-M3 with 38 KiB has it in RAM");

static const receiver_config_t config = {
    .start_buffer_ms = 100,
    .resume_buffer_ms = 60,
    .end_after_ms = 2000,
    .bitrate_kbps = 5000,
    .content_id = "news",
    .title = "Nine",
    .player_name = "rx",
};

/* A channel that sends one packet of video with a clock every STEP_US. */
typedef struct {
    receiver_t receiver;
    uint64_t now_us;
    uint64_t clock;
    uint16_t sequence;
    bool is_rtp;
} scene_t;

static int32_t send_packet(scene_t *scene, const uint8_t *packet) {
    uint8_t datagram[RTP_BYTES + TS_PACKET_BYTES] = {
        0x80, 33, (uint8_t)(scene->sequence >> 8), (uint8_t)scene->sequence, 0, 0, 0, 0, 1, 2, 3, 4,
    };
    memcpy(datagram + RTP_BYTES, packet, TS_PACKET_BYTES);
    scene->sequence++;
    if (scene->is_rtp) {
        return receiver_datagram(&scene->receiver, datagram, sizeof datagram, scene->now_us);
    }
    return receiver_datagram(&scene->receiver, packet, TS_PACKET_BYTES, scene->now_us);
}

/* As the main loop of a board does: never past the moment receiver_tick() asked for. */
static void pass_us(scene_t *scene, uint64_t us) {
    const uint64_t end_us = scene->now_us + us;
    while (scene->now_us < end_us) {
        const uint64_t wait_us = receiver_tick(&scene->receiver, scene->now_us) * UINT64_C(1000);
        assert_true(wait_us > 0 && wait_us <= RECEIVER_TICK_MS * 1000);
        scene->now_us = scene->now_us + wait_us < end_us ? scene->now_us + wait_us : end_us;
    }
    (void)receiver_tick(&scene->receiver, scene->now_us);
}

static void stream_us(scene_t *scene, uint64_t us) {
    uint8_t packet[TS_PACKET_BYTES];
    for (uint64_t sent_us = 0; sent_us < us; sent_us += STEP_US) {
        pass_us(scene, STEP_US);
        scene->clock += STEP_US * 9 / 100;
        ts_clock(packet, scene->clock, false);
        assert_int_equal(send_packet(scene, packet), TALLY_OK);
    }
}

static void begin(scene_t *scene, bool is_rtp) {
    uint8_t packet[TS_PACKET_BYTES];
    fake_reset();
    *scene = (scene_t){.now_us = 1000000, .sequence = 65530, .is_rtp = is_rtp};
    receiver_init(&scene->receiver, NULL, &config);
    assert_int_equal(receiver_join(&scene->receiver), TALLY_OK);
    ts_pat(packet);
    assert_int_equal(send_packet(scene, packet), TALLY_OK);
    ts_pmt(packet);
    assert_int_equal(send_packet(scene, packet), TALLY_OK);
    ts_clock(packet, scene->clock, true);
    assert_int_equal(send_packet(scene, packet), TALLY_OK);
}

static uint32_t rtp_value(const scene_t *scene, enum tally_metric metric) {
    return scene->receiver.rtp.values[metric - TALLY_M_RTP_FIRST];
}

static uint32_t ts_value(const scene_t *scene, enum tally_metric metric) {
    return scene->receiver.ts.values[metric - TALLY_M_TS_FIRST];
}

static void test_a_channel_is_told_from_join_to_leave(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    assert_string_equal(fake_told(),
                        "open dy=3 pl=1 ci=news ct=Nine pn=rx play +ts +rtp first_picture");
    stream_us(&scene, 80000);
    assert_string_equal(fake_told(), "");
    stream_us(&scene, 20000);
    assert_string_equal(fake_told(), "first_frame rendition=5000");
    stream_us(&scene, 3000000);
    assert_string_equal(fake_told(), "");
    receiver_leave(&scene.receiver, TALLY_STOP_USER);
    assert_string_equal(fake_told(), "- - close=1");
    assert_false(receiver_joined(&scene.receiver));
    receiver_leave(&scene.receiver, TALLY_STOP_USER);
    assert_string_equal(fake_told(), "");
}

static void test_the_first_packet_is_played_and_all_are_counted(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    assert_int_equal(ts_value(&scene, TALLY_M_TS_PACKETS), 3);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_RECEIVED), 3);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_LOST), 0);
}

static void test_a_pause_of_the_source_is_told_as_a_stall(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    (void)fake_told();
    pass_us(&scene, 99000);
    assert_string_equal(fake_told(), "");
    pass_us(&scene, 1000);
    assert_string_equal(fake_told(), "froze");
    pass_us(&scene, 900000);
    stream_us(&scene, 40000);
    assert_string_equal(fake_told(), "");
    stream_us(&scene, 20000);
    assert_string_equal(fake_told(), "moved");
}

static void test_a_freeze_is_told_before_the_datagram_that_was_late_for_it(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    (void)fake_told();
    scene.now_us += 500000; /* nobody ticked */
    uint8_t packet[TS_PACKET_BYTES];
    scene.clock += 500000 * 9 / 100;
    ts_clock(packet, scene.clock, false);
    (void)send_packet(&scene, packet);
    assert_string_equal(fake_told(), "froze moved");
}

static void test_late_and_double_packets_are_discarded(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 200000);
    const uint32_t played = ts_value(&scene, TALLY_M_TS_PACKETS);
    ts_clock(packet, scene.clock, false);
    scene.sequence += 2; /* two are missing */
    (void)send_packet(&scene, packet);
    scene.sequence -= 2; /* the one before comes late */
    (void)send_packet(&scene, packet);
    scene.sequence -= 1; /* and again */
    (void)send_packet(&scene, packet);
    assert_int_equal(ts_value(&scene, TALLY_M_TS_PACKETS), played + 1);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_OUT_OF_ORDER), 1);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_DUPLICATES), 1);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_DISCARDED), 2);
}

static void test_a_strangers_packet_is_not_played(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    scene_t scene;
    begin(&scene, true);
    const uint32_t played = ts_value(&scene, TALLY_M_TS_PACKETS);
    ts_clock(packet, scene.clock, false);
    scene.sequence = (uint16_t)(scene.sequence + 20000);
    assert_int_equal(send_packet(&scene, packet), TALLY_OK);
    assert_int_equal(ts_value(&scene, TALLY_M_TS_PACKETS), played);
}

static void test_rubbish_is_counted(void **state) {
    (void)state;
    static const uint8_t cut[] = {0x8F, 33, 0, 1};
    scene_t scene;
    begin(&scene, true);
    assert_int_equal(receiver_datagram(&scene.receiver, cut, sizeof cut, scene.now_us),
                     TALLY_E_CORRUPT);
    assert_int_equal(receiver_datagram(&scene.receiver, cut, 0, scene.now_us), TALLY_E_CORRUPT);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_INVALID), 2);
}

static void test_without_rtp_there_are_no_rtp_statistics(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, false);
    assert_string_equal(fake_told(), "open dy=3 pl=1 ci=news ct=Nine pn=rx play +ts first_picture");
    stream_us(&scene, 100000);
    assert_string_equal(fake_told(), "first_frame rendition=5000");
    receiver_leave(&scene.receiver, TALLY_STOP_SHUTDOWN);
    assert_string_equal(fake_told(), "- close=4");
}

static void test_silence_ends_the_session(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    (void)fake_told();
    pass_us(&scene, 1999000);
    assert_true(receiver_joined(&scene.receiver));
    pass_us(&scene, 1000);
    assert_false(receiver_joined(&scene.receiver));
    assert_string_equal(fake_told(), "froze - - close=3");
    const uint8_t packet[TS_PACKET_BYTES] = {0x47};
    assert_int_equal(receiver_datagram(&scene.receiver, packet, sizeof packet, scene.now_us),
                     TALLY_E_STATE);
}

/* A receiver report without blocks, then the BYE of the scene's source. */
static const uint8_t bye[] = {0x80, 201, 0, 1, 9, 9, 9, 9, 0x81, 203, 0, 1, 1, 2, 3, 4};

static int32_t send_rtcp(scene_t *scene, const uint8_t *datagram, uint32_t bytes) {
    return receiver_datagram(&scene->receiver, datagram, bytes, scene->now_us);
}

static void test_a_source_that_says_goodbye_is_shown_to_its_end(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    (void)fake_told();
    assert_int_equal(send_rtcp(&scene, bye, sizeof bye), TALLY_OK);
    pass_us(&scene, 80000);
    assert_true(receiver_joined(&scene.receiver));
    assert_string_equal(fake_told(), "");
    pass_us(&scene, 40000);
    assert_false(receiver_joined(&scene.receiver));
    assert_string_equal(fake_told(), "end - - close=0");
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_INVALID), 0);
}

static void test_a_source_that_goes_on_after_its_goodbye_can_stall_again(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    assert_int_equal(send_rtcp(&scene, bye, sizeof bye), TALLY_OK);
    stream_us(&scene, 40000);
    (void)fake_told();
    pass_us(&scene, 200000);
    assert_string_equal(fake_told(), "froze");
}

static void test_a_goodbye_that_is_not_the_sources_changes_nothing(void **state) {
    (void)state;
    static const uint8_t strangers[] = {0x81, 203, 0, 1, 4, 3, 2, 1};
    static const uint8_t counts_too_many[] = {0x9F, 203, 0, 0, 1, 2, 3, 4};
    static const uint8_t longer_than_it_is[] = {0x81, 203, 0, 2, 1, 2, 3, 4};
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    (void)fake_told();
    assert_int_equal(send_rtcp(&scene, strangers, sizeof strangers), TALLY_OK);
    assert_int_equal(send_rtcp(&scene, counts_too_many, sizeof counts_too_many), TALLY_OK);
    assert_int_equal(send_rtcp(&scene, longer_than_it_is, sizeof longer_than_it_is), TALLY_OK);
    pass_us(&scene, 200000);
    assert_string_equal(fake_told(), "froze");
}

static void test_a_channel_that_never_sent_is_waited_for(void **state) {
    (void)state;
    scene_t scene = {.now_us = 5};
    fake_reset();
    receiver_init(&scene.receiver, NULL, &config);
    assert_int_equal(receiver_join(&scene.receiver), TALLY_OK);
    pass_us(&scene, 60000000);
    assert_true(receiver_joined(&scene.receiver));
}

static void test_a_second_join_measures_from_zero(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    assert_int_equal(receiver_join(&scene.receiver), TALLY_E_STATE);
    receiver_leave(&scene.receiver, TALLY_STOP_USER);
    assert_int_equal(receiver_join(&scene.receiver), TALLY_OK);
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_RECEIVED), 0);
    assert_int_equal(ts_value(&scene, TALLY_M_TS_PACKETS), 0);
}

static void test_a_zap_ends_one_session_and_measures_the_next_from_zero(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 1000000);
    (void)fake_told();
    assert_int_equal(receiver_zap(&scene.receiver), TALLY_OK);
    assert_string_equal(fake_told(), "- - zap dy=3 pl=1 ci=news ct=Nine pn=rx");
    assert_true(receiver_joined(&scene.receiver));
    assert_int_equal(rtp_value(&scene, TALLY_M_RTP_RECEIVED), 0);
    stream_us(&scene, 20000);
    assert_string_equal(fake_told(), "+ts +rtp");
    receiver_leave(&scene.receiver, TALLY_STOP_USER);
    (void)fake_told();
    assert_int_equal(receiver_zap(&scene.receiver), TALLY_OK);
    assert_string_equal(fake_told(), "zap dy=3 pl=1 ci=news ct=Nine pn=rx");
}

static void test_a_zap_that_is_not_taken_leaves_no_session(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    (void)fake_told();
    fake_refuse_open();
    assert_int_equal(receiver_zap(&scene.receiver), TALLY_E_FULL);
    assert_string_equal(fake_told(), "- - zap close=5");
    assert_false(receiver_joined(&scene.receiver));
    assert_int_equal(receiver_zap(&scene.receiver), TALLY_E_FULL);
    assert_string_equal(fake_told(), "zap");
}

static void test_position_is_told_about_once_a_second(void **state) {
    (void)state;
    scene_t scene;
    begin(&scene, true);
    stream_us(&scene, 80000);
    assert_int_equal(fake_position_ms(), -1);
    stream_us(&scene, 10020000);
    assert_in_range(fake_position_ms(), 9000, 10000);
    receiver_leave(&scene.receiver, TALLY_STOP_USER);
    assert_int_equal(fake_position_ms(), 10000);
}

static void test_a_full_agent_is_said(void **state) {
    (void)state;
    static const uint8_t packet[TS_PACKET_BYTES] = {0x47};
    receiver_t receiver;
    fake_reset();
    receiver_init(&receiver, NULL, &config);
    fake_refuse_open();
    assert_int_equal(receiver_join(&receiver), TALLY_E_FULL);
    assert_false(receiver_joined(&receiver));
    fake_reset();
    assert_int_equal(receiver_join(&receiver), TALLY_OK);
    fake_refuse_attach();
    assert_int_equal(receiver_datagram(&receiver, packet, sizeof packet, 1), TALLY_E_FULL);
    (void)fake_told();
    receiver_leave(&receiver, TALLY_STOP_USER);
    assert_string_equal(fake_told(), "close=1");
}

static void test_only_what_is_measured_is_declared(void **state) {
    (void)state;
    const receiver_config_t bare = {.start_buffer_ms = 100};
    uint64_t groups[TALLY_GROUPS] = {0};
    receiver_capabilities(&bare, groups);
    assert_true((groups[TALLY_G_PLAYBACK] & TALLY_CAN(PLAYBACK, STALLS)) != 0);
    assert_true((groups[TALLY_G_PLAYBACK] & TALLY_CAN(PLAYBACK, PAUSES)) == 0);
    assert_true((groups[TALLY_G_PLAYBACK] & TALLY_CAN(PLAYBACK, BITRATE)) == 0);
    assert_true((groups[TALLY_G_DIMENSION] & TALLY_CAN(DIMENSION, CONTENT_ID)) == 0);
    receiver_capabilities(&config, groups);
    assert_true((groups[TALLY_G_PLAYBACK] & TALLY_CAN(PLAYBACK, BITRATE)) != 0);
    assert_true((groups[TALLY_G_DIMENSION] & TALLY_CAN(DIMENSION, CONTENT_ID)) != 0);
    assert_true((groups[TALLY_G_DIMENSION] & TALLY_CAN(DIMENSION, VIEWER)) == 0);
}

int receiver_suite(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_channel_is_told_from_join_to_leave),
        cmocka_unit_test(test_the_first_packet_is_played_and_all_are_counted),
        cmocka_unit_test(test_a_pause_of_the_source_is_told_as_a_stall),
        cmocka_unit_test(test_a_freeze_is_told_before_the_datagram_that_was_late_for_it),
        cmocka_unit_test(test_late_and_double_packets_are_discarded),
        cmocka_unit_test(test_a_strangers_packet_is_not_played),
        cmocka_unit_test(test_rubbish_is_counted),
        cmocka_unit_test(test_without_rtp_there_are_no_rtp_statistics),
        cmocka_unit_test(test_silence_ends_the_session),
        cmocka_unit_test(test_a_source_that_says_goodbye_is_shown_to_its_end),
        cmocka_unit_test(test_a_source_that_goes_on_after_its_goodbye_can_stall_again),
        cmocka_unit_test(test_a_goodbye_that_is_not_the_sources_changes_nothing),
        cmocka_unit_test(test_a_channel_that_never_sent_is_waited_for),
        cmocka_unit_test(test_a_second_join_measures_from_zero),
        cmocka_unit_test(test_a_zap_ends_one_session_and_measures_the_next_from_zero),
        cmocka_unit_test(test_a_zap_that_is_not_taken_leaves_no_session),
        cmocka_unit_test(test_position_is_told_about_once_a_second),
        cmocka_unit_test(test_a_full_agent_is_said),
        cmocka_unit_test(test_only_what_is_measured_is_declared),
    };
    return cmocka_run_group_tests_name("receiver", tests, NULL, NULL);
}
