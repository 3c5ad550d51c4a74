/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence, loss and sources (RFC 3550 A.1, A.3). */
#include "tally/stats.h"
#include "test.h"

static tally_rtp_t rtp;
static uint32_t ssrc;

static int set_up(void **state) {
    (void)state;
    ssrc = 0x1001;
    return tally_rtp_init(&rtp, 90000);
}

static int32_t packet(uint16_t sequence) {
    const tally_rtp_header_t header = {.ssrc = ssrc, .sequence = sequence, .payload_bytes = 1316};
    return tally_rtp_packet(&rtp, &header, 0);
}

static void send(uint16_t sequence, enum tally_rtp_order order) {
    assert_int_equal(packet(sequence), order);
}

/* Packets 10 and 11: the stream is believed. */
static void begin(void) {
    send(10, TALLY_RTP_UNSURE);
    send(11, TALLY_RTP_NEXT);
}

static uint32_t value(enum tally_metric metric) {
    return rtp.values[(uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST];
}

static void expect(uint32_t expected, uint32_t received, int32_t lost) {
    assert_int_equal(value(TALLY_M_RTP_EXPECTED), expected);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), received);
    assert_int_equal((int32_t)value(TALLY_M_RTP_LOST), lost);
    assert_int_equal(rtp.version % 2, 0);
}

/* --- sequence ------------------------------------------------------------------------------- */

static void test_rtp_clock_rate_has_limits(void **state) {
    (void)state;
    assert_int_equal(tally_rtp_init(&rtp, 999), TALLY_E_ARGUMENT);
    assert_int_equal(tally_rtp_init(&rtp, 1000001), TALLY_E_ARGUMENT);
    assert_int_equal(tally_rtp_init(&rtp, 1000), TALLY_OK);
    assert_int_equal(tally_rtp_init(&rtp, 1000000), TALLY_OK);
    assert_int_equal(value(TALLY_M_RTP_CLOCK_RATE), 1000000);
}

static void test_rtp_second_packet_is_believed_and_the_first_with_it(void **state) {
    (void)state;
    send(10, TALLY_RTP_UNSURE);
    expect(0, 0, 0);
    send(11, TALLY_RTP_NEXT);
    expect(2, 2, 0);
    send(12, TALLY_RTP_NEXT);
    expect(3, 3, 0);
}

static void test_rtp_probation_needs_two_packets_in_sequence(void **state) {
    (void)state;
    send(10, TALLY_RTP_UNSURE);
    send(20, TALLY_RTP_UNSURE);
    send(20, TALLY_RTP_UNSURE);
    expect(0, 0, 0);
    send(21, TALLY_RTP_NEXT);
    expect(2, 2, 0);
}

static void test_rtp_sequence_wraps(void **state) {
    (void)state;
    send(65534, TALLY_RTP_UNSURE);
    send(65535, TALLY_RTP_NEXT);
    send(0, TALLY_RTP_NEXT);
    send(1, TALLY_RTP_NEXT);
    expect(4, 4, 0);
}

static void test_rtp_sequence_wraps_many_times(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        (void)packet((uint16_t)i);
    }
    expect(200000, 200000, 0);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 0);
}

/* --- loss, duplicates, late packets --------------------------------------------------------- */

static void test_rtp_gap_is_loss(void **state) {
    (void)state;
    begin();
    send(15, TALLY_RTP_NEXT);
    expect(6, 3, 3);
}

static void test_rtp_gap_across_the_wrap_is_loss(void **state) {
    (void)state;
    send(65534, TALLY_RTP_UNSURE);
    send(65535, TALLY_RTP_NEXT);
    send(2, TALLY_RTP_NEXT);
    expect(5, 3, 2);
}

static void test_rtp_late_packet_is_not_lost(void **state) {
    (void)state;
    begin();
    send(13, TALLY_RTP_NEXT);
    expect(4, 3, 1);
    send(12, TALLY_RTP_LATE);
    expect(4, 4, 0);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 1);
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), 0);
}

static void test_rtp_duplicates_outnumber_losses(void **state) {
    (void)state;
    begin();
    send(11, TALLY_RTP_DUPLICATE);
    send(10, TALLY_RTP_DUPLICATE);
    expect(2, 4, -2);
    send(13, TALLY_RTP_NEXT);
    expect(4, 5, -1);
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), 2);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 0);
}

static void test_rtp_late_packet_may_come_twice(void **state) {
    (void)state;
    begin();
    send(13, TALLY_RTP_NEXT);
    send(12, TALLY_RTP_LATE);
    send(12, TALLY_RTP_DUPLICATE);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 1);
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), 1);
}

static void test_rtp_duplicates_are_known_among_the_last_64(void **state) {
    (void)state;
    for (uint16_t i = 0; i <= 70; i++) {
        (void)packet(i);
    }
    send(7, TALLY_RTP_DUPLICATE); /* 63 below the highest */
    send(6, TALLY_RTP_LATE);      /* 64: who knows */
    assert_int_equal(value(TALLY_M_RTP_DUPLICATES), 1);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 1);
}

static void test_rtp_long_gap_forgets_what_was_seen(void **state) {
    (void)state;
    begin();
    send(74, TALLY_RTP_NEXT); /* 63 further */
    send(11, TALLY_RTP_DUPLICATE);
    send(12, TALLY_RTP_LATE);
    send(200, TALLY_RTP_NEXT);
    send(199, TALLY_RTP_LATE);
    send(137, TALLY_RTP_LATE);
    send(137, TALLY_RTP_DUPLICATE);
    expect(191, 9, 182);
}

/* --- restarts and sources ------------------------------------------------------------------- */

static void test_rtp_gap_of_less_than_3000_is_loss(void **state) {
    (void)state;
    begin();
    send(11 + 2999, TALLY_RTP_NEXT);
    expect(3001, 3, 2998);
}

static void test_rtp_restart_of_the_sender_is_not_loss(void **state) {
    (void)state;
    begin();
    send(11 + 3000, TALLY_RTP_UNSURE);
    expect(2, 2, 0);
    send(11 + 3001, TALLY_RTP_NEXT);
    expect(4, 4, 0);
    send(11 + 3003, TALLY_RTP_NEXT);
    expect(6, 5, 1);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 1);
    assert_int_equal(value(TALLY_M_RTP_RESTARTS), 1);
}

static void test_rtp_restart_keeps_what_was_lost_before(void **state) {
    (void)state;
    begin();
    send(15, TALLY_RTP_NEXT);
    send(65535, TALLY_RTP_LATE); /* 16 behind: still this sequence */
    send(40000, TALLY_RTP_UNSURE);
    send(40001, TALLY_RTP_NEXT);
    expect(8, 6, 2);
}

static void test_rtp_restart_across_the_wrap(void **state) {
    (void)state;
    send(30000, TALLY_RTP_UNSURE);
    send(30001, TALLY_RTP_NEXT);
    send(65535, TALLY_RTP_UNSURE);
    send(0, TALLY_RTP_NEXT);
    send(1, TALLY_RTP_NEXT);
    expect(5, 5, 0);
}

static void test_rtp_stray_packet_changes_nothing(void **state) {
    (void)state;
    begin();
    send(40000, TALLY_RTP_UNSURE);
    send(12, TALLY_RTP_NEXT);
    expect(3, 3, 0);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 0);
}

static void test_rtp_two_strays_apart_are_no_restart(void **state) {
    (void)state;
    begin();
    send(40000, TALLY_RTP_UNSURE);
    send(12, TALLY_RTP_NEXT);
    send(40001, TALLY_RTP_UNSURE);
    send(13, TALLY_RTP_NEXT);
    expect(4, 4, 0);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 0);
}

static void test_rtp_packet_far_behind_is_a_stray(void **state) {
    (void)state;
    for (uint16_t i = 0; i < 1000; i++) {
        (void)packet(i);
    }
    send(999 - 99, TALLY_RTP_LATE);
    send(999 - 100, TALLY_RTP_UNSURE);
    send(1000, TALLY_RTP_NEXT);
    expect(1001, 1002, -1);
}

static void test_rtp_new_source_keeps_what_was_expected_of_the_old(void **state) {
    (void)state;
    begin();
    send(15, TALLY_RTP_NEXT);
    expect(6, 3, 3);
    ssrc = 0x2002;
    send(500, TALLY_RTP_UNSURE);
    expect(6, 3, 3);
    send(501, TALLY_RTP_NEXT);
    expect(8, 5, 3);
    send(503, TALLY_RTP_NEXT);
    expect(10, 6, 4);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 1);
    assert_int_equal(value(TALLY_M_RTP_RESTARTS), 0);
}

static void foreign(uint16_t sequence, enum tally_rtp_order order) {
    const uint32_t ours = ssrc;
    ssrc = 0x2002;
    send(sequence, order);
    ssrc = ours;
}

/* A receiver asks whose farewell ends the stream. */
static void test_rtp_source_is_known_by_name_from_its_first_packet(void **state) {
    (void)state;
    send(10, TALLY_RTP_UNSURE);
    assert_int_equal(rtp.ssrc, 0x1001);
    send(11, TALLY_RTP_NEXT);
    foreign(500, TALLY_RTP_UNSURE);
    assert_int_equal(rtp.ssrc, 0x1001);
    foreign(501, TALLY_RTP_NEXT);
    assert_int_equal(rtp.ssrc, 0x2002);
}

static void test_rtp_foreign_packet_hides_no_loss(void **state) {
    (void)state;
    begin();
    foreign(500, TALLY_RTP_UNSURE);
    send(15, TALLY_RTP_NEXT); /* 12, 13 and 14 are lost */
    foreign(12, TALLY_RTP_UNSURE);
    send(16, TALLY_RTP_NEXT);
    expect(7, 4, 3);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 0);
}

static void test_rtp_two_sources_in_turn_are_the_first_one(void **state) {
    (void)state;
    begin();
    for (uint16_t i = 0; i < 100; i++) {
        foreign((uint16_t)(500 + i), TALLY_RTP_UNSURE);
        send((uint16_t)(12 + i), TALLY_RTP_NEXT);
    }
    expect(102, 102, 0);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 0);
}

static void test_rtp_sources_may_come_and_go(void **state) {
    (void)state;
    begin();
    foreign(500, TALLY_RTP_UNSURE);
    foreign(501, TALLY_RTP_NEXT);
    ssrc = 0x2002;
    send(502, TALLY_RTP_NEXT);
    ssrc = 0x1001;
    send(20, TALLY_RTP_UNSURE);
    send(21, TALLY_RTP_NEXT);
    expect(7, 7, 0);
    assert_int_equal(value(TALLY_M_RTP_SOURCE_CHANGES), 2);
    assert_int_equal(value(TALLY_M_RTP_RESTARTS), 0);
}

static void test_rtp_jump_of_another_source_is_no_restart_of_ours(void **state) {
    (void)state;
    begin();
    send(40000, TALLY_RTP_UNSURE);
    foreign(40001, TALLY_RTP_UNSURE);
    send(40002, TALLY_RTP_UNSURE);
    send(12, TALLY_RTP_NEXT);
    expect(3, 3, 0);
}

/* --- the rest ------------------------------------------------------------------------------- */

static void test_rtp_payload_is_counted_from_the_first_packet(void **state) {
    (void)state;
    begin();
    assert_int_equal(value(TALLY_M_RTP_BYTES), 2632);
}

static void test_rtp_discarded_and_invalid_are_counted_as_told(void **state) {
    (void)state;
    begin();
    tally_rtp_discard(&rtp);
    tally_rtp_discard(&rtp);
    tally_rtp_invalid(&rtp);
    assert_int_equal(value(TALLY_M_RTP_DISCARDED), 2);
    assert_int_equal(value(TALLY_M_RTP_INVALID), 1);
    expect(2, 2, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rtp_clock_rate_has_limits, set_up),
        cmocka_unit_test_setup(test_rtp_second_packet_is_believed_and_the_first_with_it, set_up),
        cmocka_unit_test_setup(test_rtp_probation_needs_two_packets_in_sequence, set_up),
        cmocka_unit_test_setup(test_rtp_sequence_wraps, set_up),
        cmocka_unit_test_setup(test_rtp_sequence_wraps_many_times, set_up),
        cmocka_unit_test_setup(test_rtp_gap_is_loss, set_up),
        cmocka_unit_test_setup(test_rtp_gap_across_the_wrap_is_loss, set_up),
        cmocka_unit_test_setup(test_rtp_late_packet_is_not_lost, set_up),
        cmocka_unit_test_setup(test_rtp_duplicates_outnumber_losses, set_up),
        cmocka_unit_test_setup(test_rtp_late_packet_may_come_twice, set_up),
        cmocka_unit_test_setup(test_rtp_duplicates_are_known_among_the_last_64, set_up),
        cmocka_unit_test_setup(test_rtp_long_gap_forgets_what_was_seen, set_up),
        cmocka_unit_test_setup(test_rtp_gap_of_less_than_3000_is_loss, set_up),
        cmocka_unit_test_setup(test_rtp_restart_of_the_sender_is_not_loss, set_up),
        cmocka_unit_test_setup(test_rtp_restart_keeps_what_was_lost_before, set_up),
        cmocka_unit_test_setup(test_rtp_restart_across_the_wrap, set_up),
        cmocka_unit_test_setup(test_rtp_stray_packet_changes_nothing, set_up),
        cmocka_unit_test_setup(test_rtp_two_strays_apart_are_no_restart, set_up),
        cmocka_unit_test_setup(test_rtp_packet_far_behind_is_a_stray, set_up),
        cmocka_unit_test_setup(test_rtp_new_source_keeps_what_was_expected_of_the_old, set_up),
        cmocka_unit_test_setup(test_rtp_source_is_known_by_name_from_its_first_packet, set_up),
        cmocka_unit_test_setup(test_rtp_foreign_packet_hides_no_loss, set_up),
        cmocka_unit_test_setup(test_rtp_two_sources_in_turn_are_the_first_one, set_up),
        cmocka_unit_test_setup(test_rtp_sources_may_come_and_go, set_up),
        cmocka_unit_test_setup(test_rtp_jump_of_another_source_is_no_restart_of_ours, set_up),
        cmocka_unit_test_setup(test_rtp_payload_is_counted_from_the_first_packet, set_up),
        cmocka_unit_test_setup(test_rtp_discarded_and_invalid_are_counted_as_told, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
