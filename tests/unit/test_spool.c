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

static void test_spool_record_lies_in_the_store_as_documented(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        3,    0,                      /* bytes */
        'h',  1,                      /* kind, class */
        0,    0,    0,    0,          /* sequence */
        0x1F, 0x6C, 0x11, 0x13,       /* CRC of the eight bytes before and the record */
        'a',  'b',  'c',  0xFF, 0xFF, /* record, then nothing */
    };
    uint32_t sequence;
    memcpy(tally_spool_begin(&rig.spool, &sequence), "abc", 3);
    assert_int_equal(tally_spool_commit(&rig.spool, TALLY_ROUTINE, 'h', 3), TALLY_OK);
    const uint8_t *const first_routine_block = rig.store.memory + 3 * RIG_BLOCK;
    assert_memory_equal(first_routine_block, expected, sizeof expected);
}

/* What a record takes with its header of 12 bytes. */
static void assert_takes(uint32_t program_bytes, uint32_t record_bytes, uint32_t bytes) {
    spool_rig_init(&rig, RIG_BLOCK, 8, program_bytes);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', record_bytes);
    assert_int_equal(rig.spool.bytes_high, bytes);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', record_bytes);
    assert_int_equal(rig.spool.bytes_high, 2 * bytes);
    assert_uploaded(&rig, "ab");
    assert_int_equal(rig.spool.bytes_high, 2 * bytes);
}

static void test_spool_pads_records_to_the_granularity_of_the_store(void **state) {
    (void)state;
    assert_takes(1, 5, 17);
    assert_takes(4, 4, 16);
    assert_takes(4, 5, 20);
    assert_takes(8, 5, 24);
    assert_takes(16, 4, 16);
    assert_takes(16, 5, 32);
}

static void test_spool_largest_record_may_fill_a_block(void **state) {
    (void)state;
    spool_rig_init(&rig, 2028, 8, 4);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 2016);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 2016);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 1);
    assert_uploaded(&rig, "abc");
}

static void test_spool_record_lies_within_one_block(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 1592); /* 1604 */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 417);  /* 429: one byte too many for 2032 */
    assert_int_equal(rig.store.memory[4 * RIG_BLOCK], 417 & 0xFF);
    assert_uploaded(&rig, "ab");
}

static void test_spool_room_left_may_be_too_small_for_a_header(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 2009); /* 11 bytes are left */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 2008); /* 12 */
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 1);
    assert_uploaded(&rig, "abc");
}

static void test_spool_is_as_full_as_its_fullest_ring(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcd"); /* 2 of 5 blocks */
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 40);
    spool_rig_keep_word(&rig, TALLY_URGENT, "UV"); /* 1 of 3 */
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 40);
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

/* --- geometry ------------------------------------------------------------------------------- */

static int32_t init_with(uint32_t block_bytes, uint32_t blocks, uint32_t program_bytes) {
    static fake_store_t store;
    static tally_spool_t spool;
    fake_store_init(&store, RIG_BLOCK, 3, 1);
    store.store.block_bytes = block_bytes;
    store.store.blocks = blocks;
    store.store.program_bytes = program_bytes;
    return tally_spool_init(&spool, &store.store, 0, RIG_BOOT);
}

static void test_spool_refuses_stores_it_cannot_work_with(void **state) {
    (void)state;
    assert_int_equal(init_with(2032, 3, 16), TALLY_OK);
    assert_int_equal(init_with(2032, 2, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(2032, 0, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(2032, 3, 0), TALLY_E_CONFIG);
    assert_int_equal(init_with(2032, 3, 2), TALLY_E_CONFIG);
    assert_int_equal(init_with(2048, 3, 32), TALLY_E_CONFIG);
    assert_int_equal(init_with(2034, 3, 4), TALLY_E_CONFIG);
    assert_int_equal(init_with(0, 3, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(1024 * 1024 + 1, 3, 1), TALLY_E_CONFIG);
}

static void test_spool_block_must_hold_the_largest_record(void **state) {
    (void)state;
    assert_int_equal(init_with(2028, 3, 1), TALLY_OK);
    assert_int_equal(init_with(2027, 3, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(255, 3, 1), TALLY_E_CONFIG);
}

static void test_spool_has_two_rings_from_six_blocks_on(void **state) {
    (void)state;
    static const uint32_t urgent_blocks[][2] = {{6, 3}, {8, 3}, {15, 3}, {16, 4}, {60, 15}};
    spool_rig_init(&rig, RIG_BLOCK, 5, 1);
    assert_int_equal(rig.spool.ring_count, 1);
    for (uint32_t i = 0; i < sizeof urgent_blocks / sizeof urgent_blocks[0]; i++) {
        spool_rig_init(&rig, RIG_BLOCK, urgent_blocks[i][0], 1);
        assert_int_equal(rig.spool.ring_count, 2);
        assert_int_equal(rig.spool.rings[TALLY_URGENT].blocks, urgent_blocks[i][1]);
    }
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
        cmocka_unit_test_setup(test_spool_record_lies_in_the_store_as_documented, two_rings),
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
        cmocka_unit_test(test_spool_refuses_stores_it_cannot_work_with),
        cmocka_unit_test(test_spool_block_must_hold_the_largest_record),
        cmocka_unit_test(test_spool_has_two_rings_from_six_blocks_on),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
