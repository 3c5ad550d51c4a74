/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loss events and bursts (RFC 3611 4.7.2, TR-135), before and after error correction.
 *
 * A stream is drawn: '.' is a packet that comes, 'x' one that is lost. Two packets come before each
 * drawing; 64 come after it, which is when what is missing is given up.
 */
#include "tally/stats.h"
#include "test.h"

#define DOTS_15 "..............."
#define DOTS_16 "................"

enum { WINDOW = 64 };

static tally_rtp_t rtp;
static uint16_t next; /* sequence number */

static int32_t packet(uint16_t sequence) {
    const tally_rtp_header_t header = {.ssrc = 7, .sequence = sequence};
    return tally_rtp_packet(&rtp, &header, 0);
}

static void come(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        (void)packet(next);
        next++;
    }
}

static int set_up(void **state) {
    (void)state;
    const int32_t status = tally_rtp_init(&rtp, 90000);
    next = 65500; /* the sequence wraps on the way */
    come(2);
    return status;
}

static void draw(const char *stream) {
    for (const char *at = stream; *at != '\0'; at++) {
        if (*at == '.') {
            (void)packet(next);
        }
        next++;
    }
}

static void draw_all(const char *stream) {
    draw(stream);
    come(WINDOW);
}

static void lose(uint32_t count) {
    next = (uint16_t)(next + count);
}

static uint32_t value(enum tally_metric metric) {
    return rtp.values[(uint32_t)metric - (uint32_t)TALLY_M_RTP_FIRST];
}

static void expect_events(uint32_t events, uint32_t longest) {
    assert_int_equal(value(TALLY_M_RTP_LOSS_EVENTS), events);
    assert_int_equal(value(TALLY_M_RTP_LOSS_LONGEST), longest);
}

static void expect_bursts(uint32_t bursts, uint32_t packets, uint32_t lost) {
    assert_int_equal(value(TALLY_M_RTP_BURSTS), bursts);
    assert_int_equal(value(TALLY_M_RTP_BURST_PACKETS), packets);
    assert_int_equal(value(TALLY_M_RTP_BURST_LOST), lost);
}

static void expect_distances(uint32_t least, uint32_t sum) {
    assert_int_equal(value(TALLY_M_RTP_LOSS_DISTANCE_LEAST), least);
    assert_int_equal(value(TALLY_M_RTP_LOSS_DISTANCE), sum);
}

static void expect_correction(uint32_t events_before, uint32_t events, int32_t lost) {
    assert_int_equal(value(TALLY_M_RTP_LOSS_EVENTS_BEFORE), events_before);
    assert_int_equal(value(TALLY_M_RTP_LOSS_EVENTS), events);
    assert_int_equal((int32_t)value(TALLY_M_RTP_LOST), lost);
}

/* --- loss events ---------------------------------------------------------------------------- */

static void test_rtp_loss_events_are_runs(void **state) {
    (void)state;
    draw_all("x.xxx..xx");
    expect_events(3, 3);
    assert_int_equal(value(TALLY_M_RTP_LOST), 6);
}

static void test_rtp_loss_distance_is_what_was_received_between(void **state) {
    (void)state;
    draw_all("...x");
    expect_distances(TALLY_NO_VALUE, 0); /* it takes two */
    draw_all("x..xx.....x");
    expect_distances(2, 64 + 2 + 5);
    expect_events(4, 2);
}

static void test_rtp_stream_without_loss_has_no_events(void **state) {
    (void)state;
    come(200000);
    expect_events(0, 0);
    expect_bursts(0, 0, 0);
    expect_distances(TALLY_NO_VALUE, 0);
}

static void test_rtp_loss_longer_than_the_window_is_one_event(void **state) {
    (void)state;
    static const uint32_t lengths[] = {62, 63, 64, 65, 2998};
    for (uint32_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        lose(lengths[i]);
        come(WINDOW);
        expect_events(i + 1, lengths[i]);
    }
    expect_bursts(5, 62 + 63 + 64 + 65 + 2998, 62 + 63 + 64 + 65 + 2998);
    expect_distances(64, 4 * 64);
}

static void test_rtp_loss_that_one_packet_interrupts_is_two_events(void **state) {
    (void)state;
    lose(70);
    come(1);
    lose(80);
    come(WINDOW);
    expect_events(2, 80);
    expect_distances(1, 1);
    expect_bursts(1, 151, 150);
}

static void test_rtp_loss_is_given_up_after_64_packets(void **state) {
    (void)state;
    draw("x");
    come(63);
    expect_events(0, 0);
    assert_int_equal(value(TALLY_M_RTP_LOST), 1); /* A.3 does not wait */
    come(1);
    expect_events(1, 1);
}

/* --- reordering ----------------------------------------------------------------------------- */

static void test_rtp_reordering_is_no_loss_event(void **state) {
    (void)state;
    for (uint16_t i = 0; i < 100; i++) {
        const uint16_t first = next;
        assert_int_equal(packet((uint16_t)(first + 2)), TALLY_RTP_NEXT);
        assert_int_equal(packet((uint16_t)(first + 1)), TALLY_RTP_LATE);
        assert_int_equal(packet(first), TALLY_RTP_LATE);
        next = (uint16_t)(next + 3);
    }
    come(WINDOW);
    expect_events(0, 0);
    expect_correction(0, 0, 0);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 200);
}

static void test_rtp_packet_63_late_is_no_loss_event_and_64_late_is_one(void **state) {
    (void)state;
    const uint16_t held = next;
    draw("x");
    come(63);
    assert_int_equal(packet(held), TALLY_RTP_LATE);
    come(WINDOW);
    expect_correction(0, 0, 0);

    const uint16_t held_longer = next;
    draw("x");
    come(64);
    assert_int_equal(packet(held_longer), TALLY_RTP_LATE);
    come(WINDOW);
    expect_correction(1, 1, 0); /* A.3 forgives it */
}

static void test_rtp_another_source_settles_what_is_missing(void **state) {
    (void)state;
    draw("x.xx..");
    next = 20000;
    come(2);
    expect_events(2, 2);
    draw_all("...x");
    expect_events(3, 2);
    expect_distances(1, 1 + 2 + 2 + 3); /* across the restart */
    assert_int_equal(value(TALLY_M_RTP_RESTARTS), 1);
}

/* --- bursts and gaps ------------------------------------------------------------------------ */

static void test_rtp_single_loss_is_no_burst(void **state) {
    (void)state;
    draw_all("x" DOTS_16 "x" DOTS_16 "x");
    expect_events(3, 1);
    expect_bursts(0, 0, 0);
}

static void test_rtp_two_losses_in_a_row_are_a_burst(void **state) {
    (void)state;
    draw_all("xx");
    expect_bursts(1, 2, 2);
}

static void test_rtp_fewer_than_16_received_do_not_end_a_burst(void **state) {
    (void)state;
    draw_all("x" DOTS_15 "x");
    expect_bursts(1, 17, 2);
    draw_all("xx" DOTS_15 "x" DOTS_16 "x");
    expect_bursts(2, 17 + 18, 2 + 3);
}

static void test_rtp_16_received_end_a_burst(void **state) {
    (void)state;
    draw_all("xx" DOTS_16 "xxx");
    expect_bursts(2, 5, 5);
}

static void test_rtp_single_loss_before_a_burst_is_part_of_it(void **state) {
    (void)state;
    draw_all("x..xx.x");
    expect_bursts(1, 7, 4);
    expect_events(3, 2);
}

/* --- severe loss ---------------------------------------------------------------------------- */

static void test_rtp_severe_loss_as_it_is_after_init(void **state) {
    (void)state;
    lose(4);
    come(WINDOW);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_LENGTH), 0);
    come(36);
    lose(5); /* 100 after the one before */
    come(99);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_LENGTH), 1);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_DISTANCE), 0);
    lose(300); /* 99 after it */
    come(WINDOW);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_LENGTH), 2);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_DISTANCE), 1);
}

static void test_rtp_severe_loss_is_what_the_operator_says(void **state) {
    (void)state;
    tally_rtp_set_severe(&rtp, 3, 4);
    draw_all("xx...xxx....xxxx...x");
    assert_int_equal(value(TALLY_M_RTP_SEVERE_LENGTH), 2);
    assert_int_equal(value(TALLY_M_RTP_SEVERE_DISTANCE), 2);
}

/* --- error correction ----------------------------------------------------------------------- */

static void test_rtp_recovered_packet_was_lost_before_correction_only(void **state) {
    (void)state;
    const uint16_t lost = next;
    draw("x..");
    expect_correction(0, 0, 1);
    assert_int_equal(tally_rtp_recovered(&rtp, lost), TALLY_RTP_LATE);
    expect_correction(0, 0, 0);
    come(WINDOW);
    expect_correction(1, 0, 0);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), 1);
    assert_int_equal(value(TALLY_M_RTP_RECEIVED), 2 + 2 + 64 + 1);
    assert_int_equal(value(TALLY_M_RTP_OUT_OF_ORDER), 0);
    assert_int_equal(rtp.version % 2, 0);
}

static void test_rtp_recovery_in_the_middle_makes_two_events_of_one(void **state) {
    (void)state;
    const uint16_t first = next;
    draw("xxx");
    come(1);
    assert_int_equal(tally_rtp_recovered(&rtp, (uint16_t)(first + 1)), TALLY_RTP_LATE);
    come(WINDOW);
    expect_correction(1, 2, 2);
    expect_distances(1, 1);
}

static void test_rtp_recovered_packet_may_be_the_newest(void **state) {
    (void)state;
    const uint16_t newest = next;
    draw("x");
    assert_int_equal(tally_rtp_recovered(&rtp, newest), TALLY_RTP_NEXT);
    come(WINDOW);
    expect_correction(1, 0, 0);
    assert_int_equal(value(TALLY_M_RTP_EXPECTED), 2 + 1 + 64);
}

static void test_rtp_recovery_of_what_had_come_changes_nothing(void **state) {
    (void)state;
    assert_int_equal(tally_rtp_recovered(&rtp, (uint16_t)(next - 1)), TALLY_RTP_DUPLICATE);
    come(WINDOW);
    expect_correction(0, 0, 0);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), 0);
}

static void test_rtp_packet_that_was_recovered_and_comes_too_is_a_duplicate(void **state) {
    (void)state;
    const uint16_t held = next;
    draw("x.");
    assert_int_equal(tally_rtp_recovered(&rtp, held), TALLY_RTP_LATE);
    assert_int_equal(packet(held), TALLY_RTP_DUPLICATE);
    come(WINDOW);
    expect_correction(0, 0, -1); /* lost before correction: -1 + 1 recovered */
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), 1);
}

static void test_rtp_recovery_after_64_packets_leaves_the_event(void **state) {
    (void)state;
    const uint16_t lost = next;
    draw_all("x");
    assert_int_equal(tally_rtp_recovered(&rtp, lost), TALLY_RTP_LATE);
    expect_correction(1, 1, 0);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), 1);
}

static void test_rtp_recovery_of_what_was_never_expected_is_refused(void **state) {
    (void)state;
    assert_int_equal(tally_rtp_recovered(&rtp, (uint16_t)(next - 3)), TALLY_RTP_UNSURE);
    assert_int_equal(tally_rtp_recovered(&rtp, (uint16_t)(next + 3000)), TALLY_RTP_UNSURE);
    come(3000);
    assert_int_equal(tally_rtp_recovered(&rtp, (uint16_t)(next - 1 - 3000)), TALLY_RTP_UNSURE);
    assert_int_equal(tally_rtp_init(&rtp, 90000), TALLY_OK);
    assert_int_equal(tally_rtp_recovered(&rtp, next), TALLY_RTP_UNSURE);
    come(1);
    assert_int_equal(tally_rtp_recovered(&rtp, next), TALLY_RTP_UNSURE);
    expect_correction(0, 0, 0);
    assert_int_equal(value(TALLY_M_RTP_RECOVERED), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rtp_loss_events_are_runs, set_up),
        cmocka_unit_test_setup(test_rtp_loss_distance_is_what_was_received_between, set_up),
        cmocka_unit_test_setup(test_rtp_stream_without_loss_has_no_events, set_up),
        cmocka_unit_test_setup(test_rtp_loss_longer_than_the_window_is_one_event, set_up),
        cmocka_unit_test_setup(test_rtp_loss_that_one_packet_interrupts_is_two_events, set_up),
        cmocka_unit_test_setup(test_rtp_loss_is_given_up_after_64_packets, set_up),
        cmocka_unit_test_setup(test_rtp_reordering_is_no_loss_event, set_up),
        cmocka_unit_test_setup(test_rtp_packet_63_late_is_no_loss_event_and_64_late_is_one, set_up),
        cmocka_unit_test_setup(test_rtp_another_source_settles_what_is_missing, set_up),
        cmocka_unit_test_setup(test_rtp_single_loss_is_no_burst, set_up),
        cmocka_unit_test_setup(test_rtp_two_losses_in_a_row_are_a_burst, set_up),
        cmocka_unit_test_setup(test_rtp_fewer_than_16_received_do_not_end_a_burst, set_up),
        cmocka_unit_test_setup(test_rtp_16_received_end_a_burst, set_up),
        cmocka_unit_test_setup(test_rtp_single_loss_before_a_burst_is_part_of_it, set_up),
        cmocka_unit_test_setup(test_rtp_severe_loss_as_it_is_after_init, set_up),
        cmocka_unit_test_setup(test_rtp_severe_loss_is_what_the_operator_says, set_up),
        cmocka_unit_test_setup(test_rtp_recovered_packet_was_lost_before_correction_only, set_up),
        cmocka_unit_test_setup(test_rtp_recovery_in_the_middle_makes_two_events_of_one, set_up),
        cmocka_unit_test_setup(test_rtp_recovered_packet_may_be_the_newest, set_up),
        cmocka_unit_test_setup(test_rtp_recovery_of_what_had_come_changes_nothing, set_up),
        cmocka_unit_test_setup(test_rtp_packet_that_was_recovered_and_comes_too_is_a_duplicate,
                               set_up),
        cmocka_unit_test_setup(test_rtp_recovery_after_64_packets_leaves_the_event, set_up),
        cmocka_unit_test_setup(test_rtp_recovery_of_what_was_never_expected_is_refused, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
