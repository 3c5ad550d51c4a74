/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spool_rig.h"
#include "test.h"

/* Eight blocks make two rings: 3 urgent, which hold 6 records of half a block, and 5 routine, which
 * hold 10. Three blocks make one ring for both classes, of 6 records. */
static spool_rig_t rig;

static int two_rings(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    return 0;
}

static int one_ring(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 3, 1);
    return 0;
}

/* --- order ---------------------------------------------------------------------------------- */

static void test_spool_begins_empty(void **state) {
    (void)state;
    uint8_t byte;
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 0);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 0);
    assert_int_equal(tally_spool_read(&rig.spool, &rig.batch, &byte, 1), 0);
}

static void test_spool_records_of_a_class_leave_in_the_order_they_came(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "heartbeats");
    assert_int_equal(tally_spool_waiting(&rig.spool), 10);
    assert_uploaded(&rig, "heartbeats");
}

static void test_spool_urgent_records_leave_before_routine_ones(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "c");
    spool_rig_keep_word(&rig, TALLY_URGENT, "V");
    assert_uploaded(&rig, "UVabc");
}

static void test_spool_of_one_ring_keeps_one_order(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "b");
    assert_uploaded(&rig, "aUb");
}

static void test_spool_goes_round_its_rings_for_ever(void **state) {
    (void)state;
    for (uint32_t lap = 0; lap < 100; lap++) {
        spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefg");
        spool_rig_keep_word(&rig, TALLY_URGENT, "UV");
        assert_uploaded(&rig, "UVabcdefg");
    }
    assert_int_equal(rig.spool.made, 900);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    assert_int_equal(rig.spool.damaged, 0);
}

/* --- sequence numbers ----------------------------------------------------------------------- */

static void test_spool_numbers_records_of_both_classes_as_one(void **state) {
    (void)state;
    uint32_t sequence;
    (void)tally_spool_begin(&rig.spool, &sequence);
    assert_int_equal(sequence, 0);
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    (void)tally_spool_begin(&rig.spool, &sequence);
    assert_int_equal(sequence, 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    (void)tally_spool_begin(&rig.spool, &sequence);
    assert_int_equal(sequence, 2);
}

static void test_spool_record_that_is_not_committed_leaves_no_trace(void **state) {
    (void)state;
    static uint8_t before[8 * RIG_BLOCK];
    uint32_t sequence;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    memcpy(before, rig.store.memory, sizeof before);
    memset(tally_spool_begin(&rig.spool, &sequence), 'X', TALLY_RECORD_BYTES);
    (void)tally_spool_begin(&rig.spool, &sequence);
    assert_int_equal(sequence, 1);
    assert_memory_equal(rig.store.memory, before, sizeof before);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "b");
    assert_uploaded(&rig, "ab");
}

/* --- places --------------------------------------------------------------------------------- */

/* What a record takes with its header of 8 bytes. */
static void assert_takes(uint32_t program_bytes, uint32_t record_bytes, uint32_t bytes) {
    spool_rig_init(&rig, 4096, 8, program_bytes);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', record_bytes);
    const uint32_t before = rig.spool.bytes_high;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', record_bytes);
    assert_int_equal(rig.spool.bytes_high, before + bytes);
    assert_uploaded(&rig, "ab");
    assert_int_equal(rig.spool.bytes_high, before + bytes);
}

static void test_spool_pads_records_to_the_granularity_of_the_store(void **state) {
    (void)state;
    assert_takes(1, 5, 13);
    assert_takes(4, 4, 12);
    assert_takes(4, 5, 16);
    assert_takes(8, 5, 16);
    assert_takes(16, 8, 16);
    assert_takes(16, 9, 32);
}

static void test_spool_largest_record_may_fill_a_block(void **state) {
    (void)state;
    spool_rig_init(&rig, 52 + 2024, 8, 4); /* with the checkpoint that every block begins with */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 2016);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 2016);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 1);
    assert_uploaded(&rig, "abc");
}

static void test_spool_record_lies_within_one_block(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 1600); /* 1608, and two checkpoints: 1706 */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 409);  /* 417: one byte too many for 2122 */
    assert_int_equal(*spool_rig_at(&rig, 4, RIG_CHECKPOINT + RIG_HEADER), 'b');
    assert_uploaded(&rig, "ab");
}

static void test_spool_room_left_may_be_too_small_for_a_header(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 2009); /* 7 bytes are left behind 98 and 2017 */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 2008); /* behind 49 and 2016 there are 57, */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 41);   /* of which this leaves 8 */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'd', 1);
    assert_uploaded(&rig, "abcd");
}

static void test_spool_is_as_full_as_its_fullest_ring(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcd"); /* 2 of 5 blocks but for 49 bytes */
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 39);
    spool_rig_keep_word(&rig, TALLY_URGENT, "UV"); /* 1 of 3 */
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 39);
    spool_rig_keep_word(&rig, TALLY_URGENT, "WX"); /* 2 of 3 */
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 66);
    assert_uploaded(&rig, "UVWXabcd");
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 0);
}

/* --- eviction ------------------------------------------------------------------------------- */

static void test_spool_full_ring_gives_up_its_oldest_block(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k");
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 2);
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    assert_uploaded(&rig, "cdefghijk");
}

static void test_spool_routine_records_never_drive_out_urgent_ones(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghijklmnopqrstuvwxyz");
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 16);
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    assert_uploaded(&rig, "Uqrstuvwxyz");
}

static void test_spool_urgent_ring_counts_its_own_losses(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    spool_rig_keep_word(&rig, TALLY_URGENT, "RSTUVWX");
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 2);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
    assert_uploaded(&rig, "TUVWXa");
}

static void test_spool_of_one_ring_counts_losses_by_class(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 1);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 1);
    assert_uploaded(&rig, "bcdef");
}

static void test_spool_accepted_records_are_not_counted_as_dropped(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    assert_planned(&rig, RIG_HALF_BLOCK, "a");
    tally_spool_accept(&rig.spool, &rig.batch);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k");
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 1); /* b, in the block of a */
    assert_uploaded(&rig, "cdefghijk");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_spool_begins_empty, two_rings),
        cmocka_unit_test_setup(test_spool_records_of_a_class_leave_in_the_order_they_came,
                               two_rings),
        cmocka_unit_test_setup(test_spool_urgent_records_leave_before_routine_ones, two_rings),
        cmocka_unit_test_setup(test_spool_of_one_ring_keeps_one_order, one_ring),
        cmocka_unit_test_setup(test_spool_goes_round_its_rings_for_ever, two_rings),
        cmocka_unit_test_setup(test_spool_numbers_records_of_both_classes_as_one, two_rings),
        cmocka_unit_test_setup(test_spool_record_that_is_not_committed_leaves_no_trace, two_rings),
        cmocka_unit_test(test_spool_pads_records_to_the_granularity_of_the_store),
        cmocka_unit_test(test_spool_largest_record_may_fill_a_block),
        cmocka_unit_test_setup(test_spool_record_lies_within_one_block, two_rings),
        cmocka_unit_test_setup(test_spool_room_left_may_be_too_small_for_a_header, two_rings),
        cmocka_unit_test_setup(test_spool_is_as_full_as_its_fullest_ring, two_rings),
        cmocka_unit_test_setup(test_spool_full_ring_gives_up_its_oldest_block, two_rings),
        cmocka_unit_test_setup(test_spool_routine_records_never_drive_out_urgent_ones, two_rings),
        cmocka_unit_test_setup(test_spool_urgent_ring_counts_its_own_losses, two_rings),
        cmocka_unit_test_setup(test_spool_of_one_ring_counts_losses_by_class, one_ring),
        cmocka_unit_test_setup(test_spool_accepted_records_are_not_counted_as_dropped, two_rings),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
