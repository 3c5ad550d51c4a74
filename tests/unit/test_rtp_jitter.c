/* SPDX-License-Identifier: Apache-2.0 */
/* Interarrival jitter (RFC 3550 A.8), in microseconds. */
#include <stdbool.h>

#include "metrics.h"
#include "tally/stats.h"
#include "test.h"

/* A telephone: 8,000 Hz, a packet every 20 ms, so that one tick is 125 us and nothing is rounded.
 */
enum { CLOCK_RATE = 8000, TICKS = 160, SPACING_US = 20000 };

typedef struct {
    tally_rtp_t rtp;
    uint32_t ssrc;
    uint16_t sequence;
    uint32_t timestamp; /* of the next packet */
    uint32_t due_us;    /* its arrival if the network takes its usual time */
} call_t;

static call_t call_from(uint32_t timestamp, uint32_t due_us) {
    call_t call = {.ssrc = 0x1001, .sequence = 10, .timestamp = timestamp, .due_us = due_us};
    assert_int_equal(tally_rtp_init(&call.rtp, CLOCK_RATE), TALLY_OK);
    return call;
}

static void receive(call_t *call, uint16_t sequence, uint32_t timestamp, uint32_t arrival_us) {
    const tally_rtp_header_t header = {
        .ssrc = call->ssrc, .sequence = sequence, .timestamp = timestamp, .payload_bytes = 160};
    (void)tally_rtp_packet(&call->rtp, &header, arrival_us);
}

/* The next packet, so many microseconds later than usual. */
static void packet(call_t *call, uint32_t late_us) {
    receive(call, call->sequence, call->timestamp, call->due_us + late_us);
    call->sequence++;
    call->timestamp += TICKS;
    call->due_us += SPACING_US;
}

static void packets(call_t *call, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        packet(call, 0);
    }
}

static uint32_t jitter_us(const call_t *call) {
    return call->rtp.values[TALLY_M_RTP_JITTER - TALLY_M_RTP_FIRST];
}

/* The worked example below: 227 us after its fifth packet. */
static call_t worked_example(void) {
    call_t call = call_from(0, 0);
    packet(&call, 0);
    packet(&call, 0);
    packet(&call, 2000);
    packet(&call, 0);
    packet(&call, 0);
    return call;
}

static void test_rtp_jitter_needs_two_packets(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), TALLY_NO_VALUE);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 0);
}

/*
 * D changes by 0, 0, +2000, -2000, 0 us; J gains (|D| - J) / 16:
 *
 *     J = 0    J = 2000 / 16 = 125    J = 125 + (2000 - 125) / 16 = 242.2    J = 242.2 - 15.1
 */
static void test_rtp_jitter_of_a_worked_example(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packet(&call, 0);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 0);
    packet(&call, 2000);
    assert_int_equal(jitter_us(&call), 125);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 242);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 227);
}

static void test_rtp_jitter_of_constant_transit_is_0(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packets(&call, 1000);
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_of_constant_transit_is_0_at_90_khz(void **state) {
    (void)state;
    call_t call = call_from(0, 0); /* a tick is 11.1 us: what is rounded must not add up */
    assert_int_equal(tally_rtp_init(&call.rtp, 90000), TALLY_OK);
    for (uint32_t i = 0; i < 100000; i++) {
        receive(&call, (uint16_t)i, i * 3600, i * 40000);
    }
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_settles_at_what_comes_and_goes(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        packet(&call, i % 2 == 0 ? 0 : 500); /* each D is 500 us */
    }
    assert_in_range(jitter_us(&call), 498, 500);
}

static void test_rtp_jitter_of_a_loss_is_none(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packets(&call, 10);
    call.sequence = (uint16_t)(call.sequence + 5);
    call.timestamp += 5 * TICKS;
    call.due_us += 5 * SPACING_US;
    packets(&call, 10);
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_is_not_disturbed_by_a_stray_packet(void **state) {
    (void)state;
    call_t call = worked_example();
    receive(&call, 40000, 123456, call.due_us);
    assert_int_equal(jitter_us(&call), 227);
    packet(&call, 0);
    /* 227.05 less a sixteenth; the transit before the stray counts on */
    assert_int_equal(jitter_us(&call), 212);
}

static void test_rtp_jitter_lives_through_a_wrap_of_the_arrival_clock(void **state) {
    (void)state;
    call_t call = call_from(0, UINT32_MAX - 5 * SPACING_US + 1234);
    packets(&call, 10);
    assert_true(call.due_us < 10 * SPACING_US);
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_lives_through_a_wrap_of_the_timestamp(void **state) {
    (void)state;
    call_t call = call_from(UINT32_MAX - 5 * TICKS + 123, 0);
    packets(&call, 10);
    assert_true(call.timestamp < 10 * TICKS);
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_leaves_out_a_new_programme(void **state) {
    (void)state;
    call_t call = worked_example();
    call.timestamp += 1000000000;
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 227);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 212);
}

static void test_rtp_jitter_does_not_compare_two_sources(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packets(&call, 10);
    call.ssrc = 0x2002;
    call.timestamp += CLOCK_RATE; /* its clock is a second ahead */
    packets(&call, 10);
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_does_not_compare_across_a_restart(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packets(&call, 10);
    call.sequence = 40000;
    call.timestamp += CLOCK_RATE;
    packets(&call, 10);
    assert_int_equal(jitter_us(&call), 0);
}

static void test_rtp_jitter_begins_anew_with_another_clock(void **state) {
    (void)state;
    call_t call = worked_example();
    assert_int_equal(tally_rtp_set_clock(&call.rtp, CLOCK_RATE), TALLY_OK);
    assert_int_equal(jitter_us(&call), 227);
    assert_int_equal(tally_rtp_set_clock(&call.rtp, 16000), TALLY_OK);
    assert_int_equal(jitter_us(&call), TALLY_NO_VALUE);
    assert_int_equal(call.rtp.values[TALLY_M_RTP_CLOCK_RATE - TALLY_M_RTP_FIRST], 16000);
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), TALLY_NO_VALUE);
    call.timestamp += TICKS; /* twice the ticks for the same 20 ms */
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 0);
    call.timestamp += TICKS;
    packet(&call, 2000);
    assert_int_equal(jitter_us(&call), 125);
    assert_int_equal(call.rtp.values[TALLY_M_RTP_RECEIVED - TALLY_M_RTP_FIRST], 8);
    assert_int_equal(call.rtp.values[TALLY_M_RTP_LOST - TALLY_M_RTP_FIRST], 0);
    assert_int_equal(tally_rtp_set_clock(&call.rtp, 999), TALLY_E_ARGUMENT);
    assert_int_equal(jitter_us(&call), 125);
}

static void test_rtp_jitter_does_not_compare_two_clocks(void **state) {
    (void)state;
    call_t call = call_from(0, 0);
    packet(&call, 0);
    assert_int_equal(tally_rtp_set_clock(&call.rtp, 16000), TALLY_OK);
    packet(&call, 0); /* believed with one packet of each clock */
    assert_int_equal(jitter_us(&call), TALLY_NO_VALUE);
}

static void test_rtp_jitter_of_a_new_source_begins_at_0(void **state) {
    (void)state;
    call_t call = worked_example();
    call.ssrc = 0x2002;
    packet(&call, 0);
    assert_int_equal(jitter_us(&call), 227); /* not believed yet */
    packet(&call, 2000);
    assert_int_equal(jitter_us(&call), 125);
}

static void test_rtp_jitter_of_a_restart_goes_on(void **state) {
    (void)state;
    call_t call = worked_example();
    call.sequence = 40000;
    packet(&call, 1000000);
    packet(&call, 1000000);
    assert_int_equal(jitter_us(&call), 212);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtp_jitter_needs_two_packets),
        cmocka_unit_test(test_rtp_jitter_of_a_worked_example),
        cmocka_unit_test(test_rtp_jitter_of_constant_transit_is_0),
        cmocka_unit_test(test_rtp_jitter_of_constant_transit_is_0_at_90_khz),
        cmocka_unit_test(test_rtp_jitter_settles_at_what_comes_and_goes),
        cmocka_unit_test(test_rtp_jitter_of_a_loss_is_none),
        cmocka_unit_test(test_rtp_jitter_is_not_disturbed_by_a_stray_packet),
        cmocka_unit_test(test_rtp_jitter_lives_through_a_wrap_of_the_arrival_clock),
        cmocka_unit_test(test_rtp_jitter_lives_through_a_wrap_of_the_timestamp),
        cmocka_unit_test(test_rtp_jitter_leaves_out_a_new_programme),
        cmocka_unit_test(test_rtp_jitter_does_not_compare_two_sources),
        cmocka_unit_test(test_rtp_jitter_does_not_compare_across_a_restart),
        cmocka_unit_test(test_rtp_jitter_begins_anew_with_another_clock),
        cmocka_unit_test(test_rtp_jitter_does_not_compare_two_clocks),
        cmocka_unit_test(test_rtp_jitter_of_a_new_source_begins_at_0),
        cmocka_unit_test(test_rtp_jitter_of_a_restart_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
