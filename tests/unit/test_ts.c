/* SPDX-License-Identifier: Apache-2.0 */
/* Transport stream packets against ISO/IEC 13818-1 2.4.3.3 and TR 101 290. */
#include <stdbool.h>
#include <string.h>

#include "tally/stats.h"
#include "test.h"

enum {
    VIDEO = 0x100,
    PAYLOAD = 0x10,
    ADAPTATION = 0x20,
    BOTH = 0x30,
    DISCONTINUITY = 0x80, /* flag of the adaptation field */
    TRANSPORT_ERROR = 0x80,
    OTHERS = TALLY_TS_PIDS - 2, /* beside PAT and CAT */

};

typedef struct {
    uint8_t bytes[TALLY_TS_BYTES];
} packet_t;

static packet_t packet(uint16_t pid, uint8_t control, uint8_t counter) {
    packet_t packet;
    memset(packet.bytes, 0xFF, sizeof packet.bytes);
    packet.bytes[0] = 0x47;
    packet.bytes[1] = (uint8_t)(pid >> 8);
    packet.bytes[2] = (uint8_t)pid;
    packet.bytes[3] = (uint8_t)(control | counter);
    packet.bytes[4] = 1; /* length of the adaptation field, if there is one, */
    packet.bytes[5] = 0; /* and its flags */
    return packet;
}

static packet_t noise(void) {
    packet_t packet;
    memset(packet.bytes, 0xAA, sizeof packet.bytes);
    return packet;
}

static tally_ts_t new_stream(void) {
    tally_ts_t ts;
    tally_ts_init(&ts);
    return ts;
}

static void send(tally_ts_t *ts, packet_t packet, bool in_sync) {
    assert_int_equal(tally_ts_packets(ts, packet.bytes, sizeof packet.bytes, 0), in_sync ? 1 : 0);
}

static void send_video(tally_ts_t *ts, const uint8_t *counters, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        send(ts, packet(VIDEO, PAYLOAD, counters[i]), true);
    }
}

static uint32_t value(const tally_ts_t *ts, enum tally_metric metric) {
    return ts->values[(uint32_t)metric - (uint32_t)TALLY_M_TS_FIRST];
}

static uint32_t continuity_errors(const tally_ts_t *ts) {
    return value(ts, TALLY_M_TS_CONTINUITY_ERRORS);
}

/* --- continuity ----------------------------------------------------------------------------- */

static void test_ts_continuity_counts_round_its_16_values(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    for (uint32_t i = 0; i < 40; i++) {
        send(&ts, packet(VIDEO, PAYLOAD, (9 + i) & 0xF), true);
    }
    assert_int_equal(continuity_errors(&ts), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 40);
}

static void test_ts_gap_is_one_continuity_error(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send_video(&ts, (const uint8_t[]){0, 1, 5, 6}, 4);
    assert_int_equal(continuity_errors(&ts), 1);
}

static void test_ts_one_repetition_is_allowed(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send_video(&ts, (const uint8_t[]){0, 1, 1, 2, 2, 3}, 6);
    assert_int_equal(continuity_errors(&ts), 0);
}

static void test_ts_repetitions_are_counted(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send_video(&ts, (const uint8_t[]){0, 1, 1, 2, 2, 3}, 6);
    assert_int_equal(value(&ts, TALLY_M_TS_DUPLICATES), 2);
}

static void test_ts_second_repetition_is_an_error(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send_video(&ts, (const uint8_t[]){0, 1, 1, 1, 2}, 5);
    assert_int_equal(continuity_errors(&ts), 1);
}

static void test_ts_each_pid_counts_by_itself(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    for (uint8_t i = 0; i < 8; i++) {
        send(&ts, packet(VIDEO, PAYLOAD, i), true);
        send(&ts, packet(VIDEO + 1, PAYLOAD, 15 - i), true);
    }
    assert_int_equal(continuity_errors(&ts), 7); /* the second one runs backwards */
}

static void test_ts_packets_without_payload_stand_still(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send(&ts, packet(VIDEO, PAYLOAD, 4), true);
    send(&ts, packet(VIDEO, ADAPTATION, 4), true);
    send(&ts, packet(VIDEO, ADAPTATION, 4), true);
    send(&ts, packet(VIDEO, ADAPTATION, 4), true);
    send(&ts, packet(VIDEO, PAYLOAD, 5), true);
    assert_int_equal(continuity_errors(&ts), 0);
    send(&ts, packet(VIDEO, ADAPTATION, 6), true);
    assert_int_equal(continuity_errors(&ts), 1);
}

static void test_ts_announced_discontinuity_is_no_error(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    packet_t jump = packet(VIDEO, BOTH, 12);
    jump.bytes[5] = DISCONTINUITY;
    send(&ts, packet(VIDEO, PAYLOAD, 4), true);
    send(&ts, jump, true);
    send(&ts, packet(VIDEO, PAYLOAD, 13), true);
    assert_int_equal(continuity_errors(&ts), 0);
}

static void test_ts_empty_adaptation_field_announces_nothing(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    packet_t jump = packet(VIDEO, BOTH, 12);
    jump.bytes[4] = 0;
    jump.bytes[5] = DISCONTINUITY; /* payload */
    send(&ts, packet(VIDEO, PAYLOAD, 4), true);
    send(&ts, jump, true);
    assert_int_equal(continuity_errors(&ts), 1);
}

static void test_ts_null_packets_have_no_continuity(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send(&ts, packet(0x1FFF, PAYLOAD, 0), true);
    send(&ts, packet(0x1FFF, PAYLOAD, 9), true);
    send(&ts, packet(0x1FFF, PAYLOAD, 3), true);
    assert_int_equal(continuity_errors(&ts), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 3);
}

static void test_ts_packet_with_transport_error_is_not_believed(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    packet_t broken = packet(VIDEO, PAYLOAD, 11);
    broken.bytes[1] |= TRANSPORT_ERROR;
    send(&ts, packet(VIDEO, PAYLOAD, 4), true);
    send(&ts, broken, true);
    send(&ts, packet(VIDEO, PAYLOAD, 5), true);
    assert_int_equal(value(&ts, TALLY_M_TS_TRANSPORT_ERRORS), 1);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 3);
    assert_int_equal(continuity_errors(&ts), 0);
}

static void test_ts_pid_beyond_the_table_is_counted_and_not_checked(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    for (uint16_t i = 0; i < OTHERS; i++) {
        send(&ts, packet(VIDEO + i, PAYLOAD, 0), true);
    }
    assert_int_equal(value(&ts, TALLY_M_TS_PIDS_UNTRACKED), 0);
    send(&ts, packet(VIDEO + OTHERS, PAYLOAD, 0), true);
    assert_int_equal(value(&ts, TALLY_M_TS_PIDS_UNTRACKED), 1);
    send(&ts, packet(VIDEO + OTHERS, PAYLOAD, 7), true);
    send(&ts, packet(VIDEO, PAYLOAD, 1), true);
    assert_int_equal(continuity_errors(&ts), 0);
}

/* --- sync ----------------------------------------------------------------------------------- */

static void test_ts_one_wrong_sync_byte_is_not_yet_a_loss(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send(&ts, packet(VIDEO, PAYLOAD, 0), true);
    send(&ts, noise(), false);
    send(&ts, packet(VIDEO, PAYLOAD, 1), true);
    send(&ts, noise(), false);
    send(&ts, packet(VIDEO, PAYLOAD, 2), true);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_BYTE_ERRORS), 2);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_LOSSES), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 3);
}

static void test_ts_sync_is_lost_after_2_and_regained_after_5(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send(&ts, noise(), false);
    send(&ts, noise(), false);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_LOSSES), 1);
    send(&ts, noise(), false); /* out of sync nothing more is counted */
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_BYTE_ERRORS), 2);
    for (uint8_t i = 0; i < 4; i++) {
        send(&ts, packet(VIDEO, PAYLOAD, i), false);
    }
    send(&ts, packet(VIDEO, PAYLOAD, 4), true);
    send(&ts, packet(VIDEO, PAYLOAD, 5), true);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 2);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_LOSSES), 1);
}

static void test_ts_five_right_sync_bytes_must_come_in_a_row(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    send(&ts, noise(), false);
    send(&ts, noise(), false);
    for (uint8_t i = 0; i < 4; i++) {
        send(&ts, packet(VIDEO, PAYLOAD, i), false);
    }
    send(&ts, noise(), false);
    for (uint8_t i = 4; i < 8; i++) {
        send(&ts, packet(VIDEO, PAYLOAD, i), false);
    }
    send(&ts, packet(VIDEO, PAYLOAD, 8), true);
}

/* --- datagrams ------------------------------------------------------------------------------ */

static void test_ts_datagram_of_seven_packets(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    packet_t datagram[7];
    for (uint8_t i = 0; i < 7; i++) {
        datagram[i] = packet(VIDEO, PAYLOAD, i);
    }
    assert_int_equal(tally_ts_packets(&ts, datagram[0].bytes, sizeof datagram, 0), 7);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 7);
    assert_int_equal(continuity_errors(&ts), 0);
}

static void test_ts_remainder_is_a_wrong_sync_byte(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    packet_t datagram[2] = {packet(VIDEO, PAYLOAD, 0), packet(VIDEO, PAYLOAD, 1)};
    assert_int_equal(tally_ts_packets(&ts, datagram[0].bytes, TALLY_TS_BYTES + 187, 0), 1);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_BYTE_ERRORS), 1);
    assert_int_equal(tally_ts_packets(&ts, datagram[0].bytes, 1, 0), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_LOSSES), 1);
}

static void test_ts_empty_datagram_is_nothing(void **state) {
    (void)state;
    tally_ts_t ts = new_stream();
    const packet_t any = noise();
    assert_int_equal(tally_ts_packets(&ts, any.bytes, 0, 0), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_BYTE_ERRORS), 0);
    assert_int_equal(ts.version % 2, 0);
}

/* Two packets of so many bytes, each with so many before its sync byte. */
static void expect_two_of(uint32_t size, uint32_t before) {
    tally_ts_t ts;
    uint8_t bytes[2 * 204];
    memset(bytes, 0x47, sizeof bytes); /* what is around looks like a sync byte */
    for (uint8_t i = 0; i < 2; i++) {
        const packet_t one = packet(VIDEO, PAYLOAD, i);
        memcpy(bytes + i * size + before, one.bytes, sizeof one.bytes);
    }
    assert_int_equal(tally_ts_init_sized(&ts, size), TALLY_OK);
    assert_int_equal(tally_ts_packets(&ts, bytes, 2 * size, 0), 2);
    assert_int_equal(value(&ts, TALLY_M_TS_PACKETS), 2);
    assert_int_equal(continuity_errors(&ts), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_BYTE_ERRORS), 0);
    bytes[before] = 0;
    assert_int_equal(tally_ts_packets(&ts, bytes, size, 0), 0);
    assert_int_equal(tally_ts_packets(&ts, bytes + size, size - 1, 0), 0);
    assert_int_equal(value(&ts, TALLY_M_TS_SYNC_BYTE_ERRORS), 2);
}

static void test_ts_packets_of_192_and_204_bytes(void **state) {
    (void)state;
    tally_ts_t ts;
    expect_two_of(188, 0);
    expect_two_of(192, 4);
    expect_two_of(204, 0);
    assert_int_equal(tally_ts_init_sized(&ts, 208), TALLY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ts_continuity_counts_round_its_16_values),
        cmocka_unit_test(test_ts_gap_is_one_continuity_error),
        cmocka_unit_test(test_ts_one_repetition_is_allowed),
        cmocka_unit_test(test_ts_repetitions_are_counted),
        cmocka_unit_test(test_ts_second_repetition_is_an_error),
        cmocka_unit_test(test_ts_each_pid_counts_by_itself),
        cmocka_unit_test(test_ts_packets_without_payload_stand_still),
        cmocka_unit_test(test_ts_announced_discontinuity_is_no_error),
        cmocka_unit_test(test_ts_empty_adaptation_field_announces_nothing),
        cmocka_unit_test(test_ts_null_packets_have_no_continuity),
        cmocka_unit_test(test_ts_packet_with_transport_error_is_not_believed),
        cmocka_unit_test(test_ts_pid_beyond_the_table_is_counted_and_not_checked),
        cmocka_unit_test(test_ts_one_wrong_sync_byte_is_not_yet_a_loss),
        cmocka_unit_test(test_ts_sync_is_lost_after_2_and_regained_after_5),
        cmocka_unit_test(test_ts_five_right_sync_bytes_must_come_in_a_row),
        cmocka_unit_test(test_ts_datagram_of_seven_packets),
        cmocka_unit_test(test_ts_remainder_is_a_wrong_sync_byte),
        cmocka_unit_test(test_ts_empty_datagram_is_nothing),
        cmocka_unit_test(test_ts_packets_of_192_and_204_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
