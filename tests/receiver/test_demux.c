/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmocka_suite.h"
#include "demux.h"
#include "ts_build.h"

static demux_t demux_with_tables(void) {
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_pat(packet);
    assert_int_equal(demux_packet(&demux, packet), 0);
    ts_pmt(packet);
    assert_int_equal(demux_packet(&demux, packet), 0);
    return demux;
}

static void test_tables_lead_to_clock_and_video(void **state) {
    (void)state;
    const demux_t demux = demux_with_tables();
    assert_int_equal(demux.pmt_pid, TS_PMT_PID);
    assert_int_equal(demux.pcr_pid, TS_VIDEO_PID);
    assert_int_equal(demux.video_pid, TS_VIDEO_PID);
    assert_int_equal(demux.tables_refused, 0);
}

static void test_clock_has_33_bits(void **state) {
    (void)state;
    const uint64_t clock = (UINT64_C(1) << 33) - 2;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux = demux_with_tables();
    ts_clock(packet, clock, false);
    assert_int_equal(demux_packet(&demux, packet), DEMUX_CLOCK);
    assert_true(demux.clock == clock);
    ts_clock(packet, 1, false);
    assert_int_equal(demux_packet(&demux, packet), DEMUX_CLOCK);
    assert_true(demux.clock == 1);
}

static void test_clock_and_picture_of_unknown_streams_are_not_ours(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_clock(packet, 5, true);
    assert_int_equal(demux_packet(&demux, packet), 0);
}

static void test_random_access_indicator_is_a_picture(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux = demux_with_tables();
    ts_clock(packet, 5, true);
    assert_int_equal(demux_packet(&demux, packet), DEMUX_CLOCK | DEMUX_PICTURE);
}

static void test_idr_is_found_across_packets(void **state) {
    (void)state;
    static const uint8_t pes[] = {0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21,
                                  0, 1, 0, 1,    0, 0, 0,    1,    9, 0xF0};
    static const uint8_t rest[] = {1, 0x65, 0x88};
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux = demux_with_tables();
    ts_unit(packet, TS_VIDEO_PID, pes, sizeof pes);
    packet[TS_PACKET_BYTES - 2] = 0;
    packet[TS_PACKET_BYTES - 1] = 0;
    assert_int_equal(demux_packet(&demux, packet), 0);
    ts_more(packet, TS_VIDEO_PID, rest, sizeof rest);
    assert_int_equal(demux_packet(&demux, packet), DEMUX_PICTURE);
}

static void test_other_slices_are_no_picture_to_begin_with(void **state) {
    (void)state;
    static const uint8_t slice[] = {0, 0, 1, 0x41, 0x9A, 0, 0, 1, 0x67, 0, 0, 1, 0x68};
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux = demux_with_tables();
    ts_unit(packet, TS_VIDEO_PID, slice, sizeof slice);
    assert_int_equal(demux_packet(&demux, packet), 0);
}

static void test_scrambled_video_is_not_scanned(void **state) {
    (void)state;
    static const uint8_t idr[] = {0, 0, 1, 0x65};
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux = demux_with_tables();
    ts_unit(packet, TS_VIDEO_PID, idr, sizeof idr);
    packet[3] |= 0x80;
    assert_int_equal(demux_packet(&demux, packet), 0);
}

static void test_damaged_packets_are_left_alone(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux = demux_with_tables();
    ts_clock(packet, 5, true);
    packet[1] |= 0x80; /* transport_error_indicator */
    assert_int_equal(demux_packet(&demux, packet), 0);
    ts_clock(packet, 5, true);
    packet[0] = 0x46;
    assert_int_equal(demux_packet(&demux, packet), 0);
    ts_clock(packet, 5, true);
    packet[4] = TS_PACKET_BYTES - 4; /* the adaptation field leads out of the packet */
    assert_int_equal(demux_packet(&demux, packet), 0);
    ts_clock(packet, 5, false);
    packet[4] = 6; /* too short for the PCR it announces */
    assert_int_equal(demux_packet(&demux, packet), 0);
    packet[4] = 0;
    assert_int_equal(demux_packet(&demux, packet), 0);
}

static void table_is_refused(const uint8_t *packet) {
    demux_t demux;
    demux_init(&demux);
    demux_packet(&demux, packet);
    assert_int_equal(demux.tables_refused, 1);
    assert_int_equal(demux.pmt_pid, DEMUX_NO_PID);
}

static void test_pointer_field_beyond_the_packet_is_refused(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    ts_pat(packet);
    packet[4] = 183;
    table_is_refused(packet);
    packet[4] = 255;
    table_is_refused(packet);
}

static void test_section_that_ends_before_its_head_is_refused(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    ts_pat(packet);
    memmove(packet + TS_PACKET_BYTES - 7, packet + 5, 7);
    packet[4] = TS_PACKET_BYTES - 4 - 1 - 7;
    table_is_refused(packet);
}

static void test_impossible_section_lengths_are_refused(void **state) {
    (void)state;
    static const uint16_t lengths[] = {0, 8, 1022, 4095};
    uint8_t packet[TS_PACKET_BYTES];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        ts_pat(packet);
        packet[6] = (uint8_t)(0xB0 | lengths[i] >> 8);
        packet[7] = (uint8_t)lengths[i];
        table_is_refused(packet);
    }
}

static void test_section_longer_than_its_packet_is_read_as_far_as_it_goes(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_pat(packet);
    packet[6] = 0xB3;
    packet[7] = 0xFD; /* 1021 */
    demux_packet(&demux, packet);
    assert_int_equal(demux.pmt_pid, TS_PMT_PID);
}

static void test_tables_not_in_force_are_ignored(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_pat(packet);
    packet[10] = 0xC0; /* current_next_indicator */
    demux_packet(&demux, packet);
    assert_int_equal(demux.pmt_pid, DEMUX_NO_PID);
    assert_int_equal(demux.tables_refused, 0);
}

static void test_pat_may_not_point_at_reserved_pids(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_pat(packet);
    packet[15] = 0xE0;
    packet[16] = 0x00;
    demux_packet(&demux, packet);
    assert_int_equal(demux.pmt_pid, DEMUX_NO_PID);
}

static void test_pmt_without_streams_has_a_clock_and_no_video(void **state) {
    (void)state;
    static const uint8_t section[] = {0,    0x02, 0xB0, 13, 0, TS_PROGRAM, 0xC1, 0, 0,
                                      0xE1, 0x01, 0xF0, 0,  1, 2,          3,    4};
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_pat(packet);
    demux_packet(&demux, packet);
    ts_unit(packet, TS_PMT_PID, section, sizeof section);
    demux_packet(&demux, packet);
    assert_int_equal(demux.pcr_pid, TS_VIDEO_PID);
    assert_int_equal(demux.video_pid, DEMUX_NO_PID);
}

static void test_lying_lengths_in_a_pmt_end_its_reading(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    for (uint32_t at = 4; at < 24; at++) {
        for (uint32_t value = 0; value < 256; value++) {
            demux_t demux;
            demux_init(&demux);
            ts_pat(packet);
            demux_packet(&demux, packet);
            ts_pmt(packet);
            packet[at] = (uint8_t)value;
            /* The sanitizers are the judges of what is read. */
            assert_int_equal(demux_packet(&demux, packet), 0);
        }
    }
}

static void test_pmt_of_another_program_is_not_read(void **state) {
    (void)state;
    uint8_t packet[TS_PACKET_BYTES];
    demux_t demux;
    demux_init(&demux);
    ts_pat(packet);
    demux_packet(&demux, packet);
    ts_pmt(packet);
    packet[9] = 2;
    demux_packet(&demux, packet);
    assert_int_equal(demux.video_pid, DEMUX_NO_PID);
}

int demux_suite(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_lead_to_clock_and_video),
        cmocka_unit_test(test_clock_has_33_bits),
        cmocka_unit_test(test_clock_and_picture_of_unknown_streams_are_not_ours),
        cmocka_unit_test(test_random_access_indicator_is_a_picture),
        cmocka_unit_test(test_idr_is_found_across_packets),
        cmocka_unit_test(test_other_slices_are_no_picture_to_begin_with),
        cmocka_unit_test(test_scrambled_video_is_not_scanned),
        cmocka_unit_test(test_damaged_packets_are_left_alone),
        cmocka_unit_test(test_pointer_field_beyond_the_packet_is_refused),
        cmocka_unit_test(test_section_that_ends_before_its_head_is_refused),
        cmocka_unit_test(test_impossible_section_lengths_are_refused),
        cmocka_unit_test(test_section_longer_than_its_packet_is_read_as_far_as_it_goes),
        cmocka_unit_test(test_tables_not_in_force_are_ignored),
        cmocka_unit_test(test_pat_may_not_point_at_reserved_pids),
        cmocka_unit_test(test_pmt_without_streams_has_a_clock_and_no_video),
        cmocka_unit_test(test_lying_lengths_in_a_pmt_end_its_reading),
        cmocka_unit_test(test_pmt_of_another_program_is_not_read),
    };
    return cmocka_run_group_tests_name("demux", tests, NULL, NULL);
}
