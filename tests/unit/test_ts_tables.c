/* SPDX-License-Identifier: Apache-2.0 */
/* PAT, PMT and CAT against ISO/IEC 13818-1 2.4.4 and TR 101 290 1.3, 1.5, 1.6, 2.2, 2.6. */
#include <string.h>

#include "test.h"
#include "ts_scene.h"

static ts_scene_t scene;

#define VALUE(metric) ts_value(&scene, TALLY_M_TS_##metric)

static int begin(void **state) {
    (void)state;
    scene_begin(&scene);
    return 0;
}

/* So long, with tables each 100 ms if told, and video and audio each 20 ms. */
static void play_ms(uint32_t ms, bool tables, bool video) {
    for (uint32_t at = 0; at < ms; at += 20) {
        if (tables && at % 100 == 0) {
            scene_tables(&scene);
        }
        if (video) {
            scene_payload(&scene, VIDEO);
        }
        scene_payload(&scene, AUDIO);
        scene_wait_ms(&scene, 20);
    }
}

/* --- what the tables list ------------------------------------------------------------------- */

static void test_tables_tell_video_from_audio(void **state) {
    (void)state;
    scene_payload(&scene, VIDEO); /* nobody knows yet what this is */
    scene_tables(&scene);
    scene_payload(&scene, VIDEO);
    scene_payload(&scene, VIDEO);
    scene_payload(&scene, AUDIO);
    scene_payload(&scene, 0x1FFF);
    scene_payload(&scene, 17); /* SDT */
    assert_int_equal(VALUE(VIDEO_PACKETS), 2);
    assert_int_equal(VALUE(AUDIO_PACKETS), 1);
    assert_int_equal(VALUE(NULL_PACKETS), 1);
    assert_int_equal(VALUE(PSI_PACKETS), 3);
    assert_int_equal(VALUE(PACKETS), 8);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
    assert_int_equal(VALUE(CONTINUITY_ERRORS), 0);
}

static void test_radio_has_no_video(void **state) {
    (void)state;
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{0x04, AUDIO, 0}}, 1);
    scene_section(&scene, 0, &pat);
    scene_section(&scene, PMT, &pmt);
    scene_payload(&scene, AUDIO);
    assert_int_equal(VALUE(AUDIO_PACKETS), 1);
    assert_int_equal(VALUE(VIDEO_PACKETS), 0);
}

static void test_pmt_of_1000_bytes_spans_six_packets(void **state) {
    (void)state;
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{AAC, AUDIO, 960}, {AVC, VIDEO, 1}}, 2);
    assert_int_equal(pmt.size, 12 + 3 + 5 + 960 + 5 + 1 + 4);
    scene_section(&scene, 0, &pat);
    scene_section(&scene, PMT, &pmt);
    scene_payload(&scene, VIDEO);
    scene_payload(&scene, AUDIO);
    assert_int_equal(VALUE(PSI_PACKETS), 1 + 6);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
    assert_int_equal(VALUE(AUDIO_PACKETS), 1);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

static void test_section_may_begin_where_another_one_ends(void **state) {
    (void)state;
    uint8_t packet[TALLY_TS_BYTES];
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 200}}, 1);
    scene_section(&scene, 0, &pat);
    /* 183 bytes, then the rest behind a pointer_field, then the same section again */
    memset(packet, 0xFF, sizeof packet);
    memcpy(packet, (const uint8_t[]){0x47, 0x50, 0x00, 0x10, 0}, 5);
    memcpy(packet + 5, pmt.bytes, 183);
    scene_send(&scene, packet);
    const uint32_t rest = pmt.size - 183;
    memcpy(packet, (const uint8_t[]){0x47, 0x50, 0x00, 0x11, (uint8_t)rest}, 5);
    memcpy(packet + 5, pmt.bytes + 183, rest);
    memcpy(packet + 5 + rest, pmt.bytes, 183 - rest);
    scene_send(&scene, packet);
    memset(packet, 0xFF, sizeof packet);
    memcpy(packet, (const uint8_t[]){0x47, 0x10, 0x00, 0x12}, 4);
    memcpy(packet + 4, pmt.bytes + 183 - rest, pmt.size - 183 + rest);
    scene_send(&scene, packet);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

static void test_stream_that_left_the_pmt_is_neither_counted_nor_missed(void **state) {
    (void)state;
    scene_tables(&scene);
    scene_payload(&scene, AUDIO);
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 0}}, 1);
    for (uint32_t i = 0; i < 60; i++) {
        const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
        scene_section(&scene, 0, &pat);
        scene_section(&scene, PMT, &pmt);
        scene_payload(&scene, VIDEO);
        scene_wait_ms(&scene, 100);
    }
    scene_payload(&scene, AUDIO);
    assert_int_equal(VALUE(AUDIO_PACKETS), 1);
    assert_int_equal(VALUE(VIDEO_PACKETS), 60);
    assert_int_equal(VALUE(PID_ERRORS), 0);
}

static void test_programme_that_left_the_pat_is_not_missed(void **state) {
    (void)state;
    scene_tables(&scene);
    scene_payload(&scene, VIDEO);
    const section_t pat = pat_of((const entry_t[]){{0, 16, 0}}, 1); /* the network's table alone */
    for (uint32_t i = 0; i < 60; i++) {
        scene_section(&scene, 0, &pat);
        scene_wait_ms(&scene, 100);
    }
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(PMT_ERRORS), 0);
    assert_int_equal(VALUE(PID_ERRORS), 0);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
}

static void test_fifth_programme_is_told_as_untracked(void **state) {
    (void)state;
    const section_t pat = pat_of(
        (const entry_t[]){{1, 0x30, 0}, {2, 0x31, 0}, {3, 0x32, 0}, {4, 0x33, 0}, {5, 0x34, 0}}, 5);
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 0}}, 1);
    scene_section(&scene, 0, &pat);
    scene_section(&scene, 0x34, &pmt);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(PIDS_UNTRACKED), 1);
    assert_int_equal(VALUE(PSI_PACKETS), 2);
    assert_int_equal(VALUE(VIDEO_PACKETS), 0);
    scene_section(&scene, 0x33, &pmt);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
}

static void test_maps_that_share_a_pid_do_not_strike_out_each_other(void **state) {
    (void)state;
    const section_t pat = pat_of((const entry_t[]){{1, PMT, 0}, {2, PMT, 0}}, 2);
    const section_t first = pmt_of((const entry_t[]){{AVC, VIDEO, 0}}, 1);
    section_t second = pmt_of((const entry_t[]){{AVC, VIDEO + 8, 0}}, 1);
    second.bytes[4] = 2;
    second.size -= 4;
    seal(&second);
    scene_section(&scene, 0, &pat);
    scene_section(&scene, PMT, &first);
    scene_section(&scene, PMT, &second);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

/* --- what is wrong with them ---------------------------------------------------------------- */

static void test_broken_pmt_is_one_crc_error_and_changes_nothing(void **state) {
    (void)state;
    scene_tables(&scene);
    section_t broken = pmt_of((const entry_t[]){{AAC, VIDEO, 0}}, 1);
    broken.bytes[broken.size - 1] ^= 1;
    scene_section(&scene, PMT, &broken);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(CRC_ERRORS), 1);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
    assert_int_equal(VALUE(AUDIO_PACKETS), 0);
}

static void test_broken_tables_do_not_use_up_the_table_of_pids(void **state) {
    (void)state;
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    scene_section(&scene, 0, &pat);
    for (uint16_t i = 0; i < 100; i++) {
        section_t broken = pmt_of((const entry_t[]){{AVC, 0x200 + i, 0}}, 1);
        broken.bytes[broken.size - 1] ^= 1;
        scene_section(&scene, PMT, &broken);
    }
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(CRC_ERRORS), 100);
    assert_int_equal(VALUE(PIDS_UNTRACKED), 0);
}

static void test_lost_packet_of_a_section_is_no_crc_error(void **state) {
    (void)state;
    uint8_t packet[TALLY_TS_BYTES] = {0x47, 0x50, 0x00, 0x1F, 0};
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 300}}, 1);
    scene_tables(&scene);
    packet[3] = (uint8_t)(0x10 | ((scene.counters[PMT] + 1) & 0x0F));
    memcpy(packet + 5, pmt.bytes, 183);
    scene_send(&scene, packet);
    scene_lose(&scene, PMT, 2);
    scene_payload(&scene, PMT); /* the middle is lost, this is the end */
    assert_int_equal(VALUE(CONTINUITY_ERRORS), 1);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

static void test_repeated_packet_of_a_section_is_read_once(void **state) {
    (void)state;
    uint8_t packet[TALLY_TS_BYTES];
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 200}}, 1);
    scene_section(&scene, 0, &pat);
    memcpy(packet, (const uint8_t[]){0x47, 0x50, 0x00, 0x10, 0}, 5);
    memcpy(packet + 5, pmt.bytes, 183);
    scene_send(&scene, packet);
    scene_send(&scene, packet);
    memset(packet, 0xFF, sizeof packet);
    memcpy(packet, (const uint8_t[]){0x47, 0x10, 0x00, 0x11}, 4);
    memcpy(packet + 4, pmt.bytes + 183, pmt.size - 183);
    scene_send(&scene, packet);
    scene_send(&scene, packet);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(DUPLICATES), 2);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
    assert_int_equal(VALUE(VIDEO_PACKETS), 1);
}

static void test_pat_with_another_table_id_is_a_pat_error(void **state) {
    (void)state;
    section_t stranger = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    stranger.bytes[0] = 0x42;
    scene_section(&scene, 0, &stranger);
    scene_section(&scene, 1, &stranger);
    assert_int_equal(VALUE(PAT_ERRORS), 1);
    assert_int_equal(VALUE(CAT_ERRORS), 1);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

static void test_section_too_short_or_too_long_is_broken(void **state) {
    (void)state;
    section_t bad = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    bad.bytes[2] = 8;
    scene_section(&scene, 0, &bad);
    assert_int_equal(VALUE(CRC_ERRORS), 1);
    bad.bytes[1] = 0xB3;
    bad.bytes[2] = 0xFE; /* 1,022 */
    scene_section(&scene, 0, &bad);
    assert_int_equal(VALUE(CRC_ERRORS), 2);
}

static void test_table_not_yet_in_force_is_not_read(void **state) {
    (void)state;
    section_t next = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    next.bytes[5] = 0xC0;
    next.size -= 4;
    seal(&next);
    const section_t pmt = pmt_of((const entry_t[]){{AVC, VIDEO, 0}}, 1);
    scene_section(&scene, 0, &next);
    scene_section(&scene, PMT, &pmt);
    scene_payload(&scene, VIDEO);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
    assert_int_equal(VALUE(PSI_PACKETS), 1);
    assert_int_equal(VALUE(VIDEO_PACKETS), 0);
}

/* --- what is missing ------------------------------------------------------------------------ */

static void test_tables_every_100_ms_are_no_error(void **state) {
    (void)state;
    play_ms(70000, true, true); /* longer than 16 bits of milliseconds */
    assert_int_equal(VALUE(PAT_ERRORS), 0);
    assert_int_equal(VALUE(PMT_ERRORS), 0);
    assert_int_equal(VALUE(PID_ERRORS), 0);
}

static void test_tables_missing_for_800_ms_are_an_error_each(void **state) {
    (void)state;
    play_ms(1000, true, true);
    play_ms(800, false, true); /* 900 in all */
    play_ms(1000, true, true);
    assert_int_equal(VALUE(PAT_ERRORS), 1);
    assert_int_equal(VALUE(PMT_ERRORS), 1);
}

static void test_500_ms_between_tables_are_allowed_and_501_not(void **state) {
    (void)state;
    scene_tables(&scene);
    scene_wait_ms(&scene, 500);
    scene_tables(&scene);
    assert_int_equal(VALUE(PAT_ERRORS) + VALUE(PMT_ERRORS), 0);
    scene_wait_ms(&scene, 501);
    scene_tables(&scene);
    assert_int_equal(VALUE(PAT_ERRORS), 1);
    assert_int_equal(VALUE(PMT_ERRORS), 1);
}

static void test_pat_on_its_pid_is_missed_though_packets_come(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 7; i++) {
        scene_payload(&scene, 0); /* no section begins in it */
        scene_wait_ms(&scene, 100);
    }
    assert_int_equal(VALUE(PAT_ERRORS), 1);
}

static void test_video_missing_for_6_s_is_one_pid_error(void **state) {
    (void)state;
    play_ms(1000, true, true);
    play_ms(6000, true, false);
    play_ms(1000, true, true);
    assert_int_equal(VALUE(PID_ERRORS), 1);
}

static void test_pid_that_never_came_is_missed_too(void **state) {
    (void)state;
    play_ms(5200, true, false);
    assert_int_equal(VALUE(PID_ERRORS), 1);
}

static void test_data_may_rest(void **state) {
    (void)state;
    const section_t pat = pat_of((const entry_t[]){{PROGRAMME, PMT, 0}}, 1);
    const section_t pmt = pmt_of((const entry_t[]){{0x86, 0x120, 0}}, 1); /* SCTE 35 */
    for (uint32_t i = 0; i < 80; i++) {
        scene_section(&scene, 0, &pat);
        scene_section(&scene, PMT, &pmt);
        scene_wait_ms(&scene, 100);
    }
    assert_int_equal(VALUE(PID_ERRORS), 0);
}

/* --- scrambling ----------------------------------------------------------------------------- */

static void test_scrambled_tables_are_errors(void **state) {
    (void)state;
    scene_tables(&scene);
    scene.is_scrambled = true;
    scene_tables(&scene);
    assert_int_equal(VALUE(SCRAMBLED), 2);
    assert_int_equal(VALUE(PAT_ERRORS), 1);
    assert_int_equal(VALUE(PMT_ERRORS), 1);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

static void test_scrambled_video_without_a_cat_is_a_cat_error_a_second(void **state) {
    (void)state;
    scene_tables(&scene);
    scene.is_scrambled = true;
    for (uint32_t i = 0; i < 21; i++) {
        scene_payload(&scene, VIDEO);
        scene_wait_ms(&scene, 100);
    }
    assert_int_equal(VALUE(SCRAMBLED), 21);
    assert_int_equal(VALUE(VIDEO_PACKETS), 21);
    assert_int_equal(VALUE(CAT_ERRORS), 2);
    assert_int_equal(VALUE(CONTINUITY_ERRORS), 0);
}

static void test_scrambled_video_with_a_cat_is_right(void **state) {
    (void)state;
    section_t cat = pat_of(NULL, 0);
    cat.bytes[0] = 1;
    cat.size -= 4;
    seal(&cat);
    scene_tables(&scene);
    scene_section(&scene, 1, &cat);
    scene.is_scrambled = true;
    for (uint32_t i = 0; i < 21; i++) {
        scene_payload(&scene, VIDEO);
        scene_wait_ms(&scene, 100);
    }
    assert_int_equal(VALUE(CAT_ERRORS), 0);
    assert_int_equal(VALUE(CRC_ERRORS), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(test_##name, begin)
    const struct CMUnitTest tests[] = {
        TEST(tables_tell_video_from_audio),
        TEST(radio_has_no_video),
        TEST(pmt_of_1000_bytes_spans_six_packets),
        TEST(section_may_begin_where_another_one_ends),
        TEST(stream_that_left_the_pmt_is_neither_counted_nor_missed),
        TEST(programme_that_left_the_pat_is_not_missed),
        TEST(fifth_programme_is_told_as_untracked),
        TEST(maps_that_share_a_pid_do_not_strike_out_each_other),
        TEST(broken_pmt_is_one_crc_error_and_changes_nothing),
        TEST(broken_tables_do_not_use_up_the_table_of_pids),
        TEST(lost_packet_of_a_section_is_no_crc_error),
        TEST(repeated_packet_of_a_section_is_read_once),
        TEST(pat_with_another_table_id_is_a_pat_error),
        TEST(section_too_short_or_too_long_is_broken),
        TEST(table_not_yet_in_force_is_not_read),
        TEST(tables_every_100_ms_are_no_error),
        TEST(tables_missing_for_800_ms_are_an_error_each),
        TEST(500_ms_between_tables_are_allowed_and_501_not),
        TEST(pat_on_its_pid_is_missed_though_packets_come),
        TEST(video_missing_for_6_s_is_one_pid_error),
        TEST(pid_that_never_came_is_missed_too),
        TEST(data_may_rest),
        TEST(scrambled_tables_are_errors),
        TEST(scrambled_video_without_a_cat_is_a_cat_error_a_second),
        TEST(scrambled_video_with_a_cat_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
