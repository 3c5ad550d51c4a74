/* SPDX-License-Identifier: Apache-2.0 */
/* A store that forgets bits, refuses work or breaks off in the middle of it: what is damaged is
 * never sent, what is not damaged is never lost. */
#include <string.h>

#include "spool_rig.h"
#include "test.h"

#define ROUTINE_AT (3 * RIG_BLOCK) /* where the routine ring begins */

static spool_rig_t rig;

static int two_rings(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    return 0;
}

/* --- damage --------------------------------------------------------------------------------- */

/* Three records of 21 bytes, 36 each in a store that programs 4 bytes at once; bit `bit` of the
 * ring, of the first record on, flips. */
static void keep_three_and_flip(uint32_t bit) {
    spool_rig_init(&rig, RIG_BLOCK, 8, 4);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 21);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 21);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 21);
    rig.store.memory[ROUTINE_AT + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void test_spool_any_flipped_bit_costs_one_record_and_no_other(void **state) {
    (void)state;
    static const char *const survivors[] = {"bc", "ac", "ab"};
    for (uint32_t record = 0; record < 3; record++) {
        for (uint32_t bit = 0; bit < 33 * 8; bit++) {
            keep_three_and_flip(record * 36 * 8 + bit);
            assert_uploaded(&rig, survivors[record]);
            assert_int_equal(rig.spool.damaged, 1);
        }
    }
}

static void test_spool_flipped_bits_outside_of_records_cost_none(void **state) {
    (void)state;
    for (uint32_t bit = 0; bit < 3 * 8; bit++) { /* the padding of the first record */
        keep_three_and_flip(33 * 8 + bit);
        assert_uploaded(&rig, "abc");
        assert_int_equal(rig.spool.damaged, 0);
    }
    for (uint32_t bit = 0; bit < 64 * 8; bit++) { /* the place of the next ones */
        keep_three_and_flip(3 * 36 * 8 + bit);
        assert_uploaded(&rig, "abc");
        assert_int_equal(rig.spool.damaged, 0);
    }
}

static void damage(uint32_t block_of_ring, uint32_t offset) {
    rig.store.memory[ROUTINE_AT + block_of_ring * RIG_BLOCK + offset] ^= 1;
}

static void test_spool_damaged_record_is_passed_over(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    damage(0, 0);    /* a, in its length */
    damage(1, 100);  /* c */
    damage(1, 1116); /* d */
    assert_uploaded(&rig, "bef");
    assert_int_equal(rig.spool.damaged, 3);
}

static void test_spool_block_that_lost_all_is_passed_over(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    memset(rig.store.memory + ROUTINE_AT + RIG_BLOCK, 0, RIG_BLOCK);
    assert_uploaded(&rig, "abef");
    assert_int_equal(rig.spool.damaged, 2);
}

static void test_spool_store_that_lost_all_is_an_empty_one(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    memset(rig.store.memory, 0xFF, 8 * RIG_BLOCK);
    assert_uploaded(&rig, "");
    assert_int_equal(rig.spool.damaged, 6);
    assert_int_equal(tally_spool_fill_percent(&rig.spool), 0);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "gh");
    assert_uploaded(&rig, "gh");
}

static void test_spool_damaged_urgent_record_holds_nobody_up(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    rig.store.memory[20] ^= 1;
    assert_planned(&rig, UINT32_MAX, "a");
    assert_int_equal(rig.spool.damaged, 1);
}

static void test_spool_damaged_record_is_not_counted_as_dropped(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    damage(0, 0);                                  /* a, in its length */
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k"); /* drives out b */
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 1);
    assert_uploaded(&rig, "cdefghijk");
    assert_int_equal(rig.spool.damaged, 1);
}

/* --- program -------------------------------------------------------------------------------- */

static void assert_next_sequence(uint32_t expected) {
    uint32_t sequence;
    (void)tally_spool_begin(&rig.spool, &sequence);
    assert_int_equal(sequence, expected);
}

/* b is lost to a failure that leaves so much of it behind. */
static void assert_program_failure_costs_its_record_only(enum fake_program_failure failure) {
    spool_rig_init(&rig, RIG_BLOCK, 8, 16);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    rig.store.program_failure = failure;
    rig.store.program_fails_in = 1;
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'b', 100), TALLY_E_IO);
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
    assert_next_sequence(1);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 100);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'd', 100);
    assert_uploaded(&rig, "acd");
    assert_int_equal(rig.spool.made, 3);
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_failed_program_costs_its_record_only(void **state) {
    (void)state;
    assert_program_failure_costs_its_record_only(FAKE_NOTHING);
    assert_program_failure_costs_its_record_only(FAKE_HALF);
}

/* b is kept as the store shows it: with its number, which no other record may have. */
static void assert_b_is_kept(void) {
    assert_next_sequence(2);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 100);
    assert_uploaded(&rig, "abc");
    assert_int_equal(rig.spool.made, 3);
}

static void test_spool_record_that_is_there_after_a_failure_is_kept(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    rig.store.program_failure = FAKE_ALL;
    rig.store.program_fails_in = 1;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
    assert_b_is_kept();
}

static void test_spool_record_that_is_there_after_a_failed_sync_is_kept(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    rig.store.sync_fails_in = 1;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
    assert_b_is_kept();
}

/* The failure and one of the three reads that are to tell what it left. */
static void test_spool_record_that_cannot_be_looked_at_after_a_failure_is_kept(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 3; call++) {
        spool_rig_init(&rig, RIG_BLOCK, 8, 1);
        spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
        rig.store.sync_fails_in = 1;
        rig.store.read_fails_in = call;
        spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
        assert_b_is_kept();
        assert_int_equal(rig.spool.damaged, 0);
    }
}

static void test_spool_half_a_record_that_could_not_be_looked_at_counts_as_damaged(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 100);
    rig.store.program_failure = FAKE_HALF;
    rig.store.program_fails_in = 1;
    rig.store.read_fails_in = 1;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 100);
    assert_next_sequence(2);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 100);
    assert_uploaded(&rig, "ac");
    assert_int_equal(rig.spool.damaged, 1);
}

static void test_spool_failed_record_is_not_counted_when_evicted(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    rig.store.program_failure = FAKE_HALF;
    rig.store.program_fails_in = 1;
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'b', 500), TALLY_E_IO);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "cdefghijk"); /* the last drives out a */
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 1);
    assert_uploaded(&rig, "cdefghijk");
    assert_int_equal(rig.spool.damaged, 0);
}

/* --- erase ---------------------------------------------------------------------------------- */

static void test_spool_failed_erase_costs_its_record_only(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    rig.store.erase_fails_in = 1;
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'c', 500), TALLY_E_IO);
    assert_next_sequence(2);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "de");
    assert_uploaded(&rig, "abde");
}

static void test_spool_failed_erase_brings_no_old_record_back(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij"); /* once around */
    assert_uploaded(&rig, "abcdefghij");
    rig.store.erase_fails_in = 1;
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'k', 500), TALLY_E_IO);
    assert_uploaded(&rig, "");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "lmn");
    assert_uploaded(&rig, "lmn");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_needs_its_first_erases(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 2; call++) {
        fake_store_init(&rig.store, RIG_BLOCK, 8, 1);
        rig.store.erase_fails_in = call;
        assert_int_equal(tally_spool_init(&rig.spool, &rig.store.store, 0, RIG_BOOT), TALLY_E_IO);
    }
}

/* --- read ----------------------------------------------------------------------------------- */

static void test_spool_failed_read_ends_the_reading_not_the_batch(void **state) {
    (void)state;
    uint8_t out[2 * RIG_BLOCK];
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
    for (uint32_t call = 1; call <= 6; call++) { /* header and content of three records */
        tally_spool_rewind(&rig.batch);
        rig.store.read_fails_in = call;
        assert_int_equal(tally_spool_read(&rig.spool, &rig.batch, out, sizeof out), TALLY_E_IO);
    }
    assert_uploaded(&rig, "abc");
}

/* Planning "abc" makes 9 reads for each record: its header and 8 parts. */
static void plan_with_failing_read(uint32_t call) {
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    rig.store.read_fails_in = call;
    (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
    assert_int_equal(rig.store.read_fails_in, 0);
}

static void test_spool_record_that_cannot_be_read_in_its_turn_is_given_up(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 17; call++) {
        plan_with_failing_read(call);
        assert_uploaded(&rig, "bc");
        assert_int_equal(rig.spool.damaged, 1);
    }
}

static void test_spool_record_that_cannot_be_read_ahead_of_its_turn_is_tried_again(void **state) {
    (void)state;
    for (uint32_t call = 18; call <= 51; call++) {
        plan_with_failing_read(call);
        assert_uploaded(&rig, "abc");
        assert_int_equal(rig.spool.damaged, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_any_flipped_bit_costs_one_record_and_no_other),
        cmocka_unit_test(test_spool_flipped_bits_outside_of_records_cost_none),
        cmocka_unit_test_setup(test_spool_damaged_record_is_passed_over, two_rings),
        cmocka_unit_test_setup(test_spool_block_that_lost_all_is_passed_over, two_rings),
        cmocka_unit_test_setup(test_spool_store_that_lost_all_is_an_empty_one, two_rings),
        cmocka_unit_test_setup(test_spool_damaged_urgent_record_holds_nobody_up, two_rings),
        cmocka_unit_test_setup(test_spool_damaged_record_is_not_counted_as_dropped, two_rings),
        cmocka_unit_test(test_spool_failed_program_costs_its_record_only),
        cmocka_unit_test(test_spool_record_that_cannot_be_looked_at_after_a_failure_is_kept),
        cmocka_unit_test_setup(
            test_spool_half_a_record_that_could_not_be_looked_at_counts_as_damaged, two_rings),
        cmocka_unit_test_setup(test_spool_record_that_is_there_after_a_failure_is_kept, two_rings),
        cmocka_unit_test_setup(test_spool_record_that_is_there_after_a_failed_sync_is_kept,
                               two_rings),
        cmocka_unit_test_setup(test_spool_failed_record_is_not_counted_when_evicted, two_rings),
        cmocka_unit_test_setup(test_spool_failed_erase_costs_its_record_only, two_rings),
        cmocka_unit_test_setup(test_spool_failed_erase_brings_no_old_record_back, two_rings),
        cmocka_unit_test(test_spool_needs_its_first_erases),
        cmocka_unit_test_setup(test_spool_failed_read_ends_the_reading_not_the_batch, two_rings),
        cmocka_unit_test(test_spool_record_that_cannot_be_read_in_its_turn_is_given_up),
        cmocka_unit_test(test_spool_record_that_cannot_be_read_ahead_of_its_turn_is_tried_again),
    };
    return cmocka_run_group_tests_name("spool_faults", tests, NULL, NULL);
}
