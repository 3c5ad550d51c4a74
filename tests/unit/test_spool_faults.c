/* SPDX-License-Identifier: Apache-2.0 */
/* A store that forgets bits, refuses work or breaks off in the middle of it: what is damaged is
 * never sent, what is not damaged is never lost. */
#include <string.h>

#include "dice.h"
#include "spool_rig.h"
#include "test.h"

static spool_rig_t rig;

static int two_rings(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    return 0;
}

/* --- damage --------------------------------------------------------------------------------- */

enum { CHECKPOINT_4 = 52, RECORD_4 = 32 }; /* in a store that programs 4 bytes at once */

/* Three records of 21 bytes behind two checkpoints; bit `bit` of the ring, of the first record on,
 * flips. */
static void keep_three_and_flip(uint32_t bit) {
    spool_rig_init(&rig, 4096, 8, 4);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 21);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 21);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', 21);
    *spool_rig_at(&rig, 3, 2 * CHECKPOINT_4 + bit / 8) ^= (uint8_t)(1u << bit % 8);
}

static void test_spool_any_flipped_bit_costs_one_record_and_no_other(void **state) {
    (void)state;
    static const char *const survivors[] = {"bc", "ac", "ab"};
    for (uint32_t record = 0; record < 3; record++) {
        for (uint32_t bit = 0; bit < 29 * 8; bit += dice_stride(29 * 8)) {
            keep_three_and_flip(record * RECORD_4 * 8 + bit);
            assert_uploaded(&rig, survivors[record]);
            assert_int_equal(rig.spool.damaged, 1);
        }
    }
}

static void test_spool_flipped_bits_outside_of_records_cost_none(void **state) {
    (void)state;
    for (uint32_t bit = 0; bit < 3 * 8; bit++) { /* the padding of the first record */
        keep_three_and_flip(29 * 8 + bit);
        assert_uploaded(&rig, "abc");
        assert_int_equal(rig.spool.damaged, 0);
    }
    for (uint32_t bit = 0; bit < 64 * 8;
         bit += dice_stride(64 * 8)) { /* the place of the next ones */
        keep_three_and_flip(3 * RECORD_4 * 8 + bit);
        assert_planned(&rig, UINT32_MAX, "abc");
        spool_rig_reboot(&rig, RIG_BOOT + 1);
        assert_uploaded_of(&rig, RIG_BOOT, "abc");
        assert_int_equal(rig.spool.damaged, 0);
    }
}

/* In the `record`th record of that block of the ring, which are of half a block. */
static void damage(uint32_t block_of_ring, uint32_t record, uint32_t offset) {
    const uint32_t checkpoints = block_of_ring == 0 ? 2 : 1;
    const uint32_t at =
        checkpoints * RIG_CHECKPOINT + record * (RIG_HEADER + RIG_HALF_BLOCK) + offset;
    *spool_rig_at(&rig, 3 + block_of_ring, at) ^= 1;
}

static void test_spool_damaged_record_is_passed_over(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    damage(0, 0, 0);   /* a, in its length */
    damage(1, 0, 100); /* c */
    damage(1, 1, 100); /* d */
    assert_uploaded(&rig, "bef");
    assert_int_equal(rig.spool.damaged, 3);
}

static void test_spool_block_that_lost_all_is_passed_over(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    memset(spool_rig_at(&rig, 4, 0), 0, RIG_BLOCK);
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
    *spool_rig_at(&rig, 0, 2 * RIG_CHECKPOINT + 20) ^= 1;
    assert_planned(&rig, UINT32_MAX, "a");
    assert_int_equal(rig.spool.damaged, 1);
}

static void test_spool_damaged_record_is_not_counted_as_dropped(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    damage(0, 0, 0);                               /* a, in its length */
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k"); /* drives out b */
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 1);
    assert_uploaded(&rig, "cdefghijk");
    assert_int_equal(rig.spool.damaged, 1);
}

/* --- program -------------------------------------------------------------------------------- */

static const enum fake_program_failure failures[] = {FAKE_NOTHING, FAKE_HALF, FAKE_ALL};
#define FAILURES (sizeof failures / sizeof failures[0])

static void assert_abcd_is_there(uint32_t store_failed) {
    assert_int_equal(rig.spool.made, 4);
    assert_int_equal(rig.spool.store_failed, store_failed);
    assert_next_sequence(&rig, 4);
    spool_rig_reboot(&rig, RIG_BOOT + 1);
    assert_int_equal(tally_spool_waiting(&rig.spool), 4);
    assert_uploaded_of(&rig, RIG_BOOT, "abcd");
    assert_int_equal(rig.spool.damaged, 0);
}

static void keep_small(const char *word) {
    for (; *word != '\0'; word++) {
        spool_rig_keep(&rig, TALLY_ROUTINE, *word, 100);
    }
}

static void test_spool_record_that_failed_is_written_again_in_the_next_block(void **state) {
    (void)state;
    for (uint32_t i = 0; i < FAILURES; i++) {
        spool_rig_init(&rig, 4096, 8, 16);
        keep_small("a");
        rig.store.program_failure = failures[i];
        rig.store.program_fails_in = 1;
        keep_small("bcd");
        assert_int_equal(*spool_rig_at(&rig, 4, 64 + RIG_HEADER), 'b');
        assert_abcd_is_there(1);
    }
}

static void test_spool_record_whose_sync_failed_is_written_again(void **state) {
    (void)state;
    keep_small("a");
    rig.store.sync_fails_in = 1;
    keep_small("bcd");
    assert_abcd_is_there(1);
}

/* One of the four reads that compare a record of 108 bytes with what was meant. */
static void test_spool_record_that_cannot_be_compared_is_written_again(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 4; call++) {
        spool_rig_init(&rig, RIG_BLOCK, 8, 1);
        keep_small("a");
        rig.store.read_fails_in = call;
        keep_small("bcd");
        assert_abcd_is_there(1);
    }
}

static void test_spool_failed_first_writes_of_a_boot_cost_nothing(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 4; call++) { /* zeros, two checkpoints, the record */
        for (uint32_t i = 0; i < FAILURES; i++) {
            spool_rig_init(&rig, 8192, 8, 16);
            keep_small("ab");
            spool_rig_reboot(&rig, RIG_BOOT + 1);
            rig.store.program_failure = failures[i];
            rig.store.program_fails_in = call;
            keep_small("cd");
            spool_rig_reboot(&rig, RIG_BOOT + 2);
            assert_uploaded_of(&rig, RIG_BOOT, "ab");
            assert_uploaded_of(&rig, RIG_BOOT + 1, "cd");
            assert_int_equal(rig.spool.damaged, 0);
        }
    }
}

/* Though the medium has kept what it said it could not keep. */
static void test_spool_place_that_failed_delivers_nothing_later(void **state) {
    (void)state;
    keep_small("a");
    rig.store.program_failure = FAKE_ALL;
    rig.store.program_fails_in = 1;
    keep_small("b");
    const uint32_t failed_at = 2 * RIG_CHECKPOINT + RIG_HEADER + 100;
    for (uint32_t i = 0; i < RIG_HEADER; i++) {
        assert_int_equal(*spool_rig_at(&rig, 3, failed_at + i), 0);
    }
    assert_uploaded(&rig, "ab");
}

/* A medium with ECC takes no zeros where something lies. What it says it could not keep may come
 * twice then; nothing that waits is forgotten for that. */
static void test_spool_failed_record_that_cannot_be_destroyed_hides_no_other(void **state) {
    (void)state;
    for (uint32_t boots = 0; boots < 2; boots++) {
        spool_rig_init(&rig, RIG_BLOCK, 8, 1);
        rig.store.zeros_are_refused = true;
        keep_small("a");
        rig.store.sync_fails_in = 1;
        keep_small("bcd");
        if (boots == 1) {
            spool_rig_reboot(&rig, RIG_BOOT + 1);
        }
        assert_int_equal(tally_spool_plan(&rig.spool, 400, &rig.batch), 4); /* abbc */
        tally_spool_accept(&rig.spool, &rig.batch);
        assert_int_equal(tally_spool_waiting(&rig.spool), 1);
        assert_uploaded(&rig, "d");
    }
}

static void fail_all(bool fail) {
    rig.store.program_fails_in = fail ? 1 : 0;
    rig.store.programs_fail_more = UINT32_MAX;
}

static void test_spool_record_that_nothing_keeps_is_lost_with_its_number(void **state) {
    (void)state;
    keep_small("a");
    assert_uploaded(&rig, "a");
    fail_all(true);
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'b', 100), TALLY_E_IO);
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'c', 100), TALLY_E_IO);
    fail_all(false);
    assert_next_sequence(&rig, 3);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_true(rig.spool.store_failed >= 4);
    keep_small("d");
    assert_int_equal(rig.spool.made, 2);
    spool_rig_reboot(&rig, RIG_BOOT + 1);
    assert_uploaded_of(&rig, RIG_BOOT, "d");
    assert_int_equal(rig.spool.damaged, 0);
}

/* What waits is worth more than what cannot be kept anyway. */
static void test_spool_store_that_fails_altogether_costs_one_block_at_the_most(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    fail_all(true);
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'k', 100), TALLY_E_IO);
    fail_all(false);
    assert_in_range(rig.spool.dropped[TALLY_ROUTINE], 0, 2);
    assert_in_range(tally_spool_waiting(&rig.spool), 8, 10);
}

static void test_spool_boot_record_that_failed_keeps_its_number(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_URGENT, "abcde"); /* the last block of the ring has room */
    rig.store.program_fails_in = 1;
    const int32_t status = spool_rig_commit_kind(&rig, TALLY_URGENT, 'b', 'B', 100);
    assert_true(status == TALLY_E_IO || status == TALLY_E_FULL);
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    assert_next_sequence(&rig, 6); /* something of it may lie there */
}

/* --- erase ---------------------------------------------------------------------------------- */

static void test_spool_block_that_cannot_be_erased_is_passed_over(void **state) {
    (void)state;
    rig.store.worn_block = 4 + 1;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    assert_int_equal(rig.spool.store_failed, 1);
    assert_int_equal(*spool_rig_at(&rig, 4, 0), 0xFF);
    spool_rig_reboot(&rig, RIG_BOOT + 1);
    assert_uploaded_of(&rig, RIG_BOOT, "abcdef");
}

static void test_spool_goes_round_past_a_worn_block_for_ever(void **state) {
    (void)state;
    rig.store.worn_block = 4 + 1;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    for (uint64_t boot = 1; boot < 60; boot++) {
        spool_rig_reboot(&rig, boot);
        spool_rig_keep_word(&rig, TALLY_ROUTINE, "cd");
        assert_uploaded_of(&rig, boot == 1 ? RIG_BOOT : boot - 1, boot == 1 ? "ab" : "cd");
    }
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_failed_erase_brings_no_old_record_back(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij"); /* once around */
    assert_uploaded(&rig, "abcdefghij");
    rig.store.erase_fails_in = 1;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "klm");
    spool_rig_reboot(&rig, RIG_BOOT + 1);
    assert_uploaded_of(&rig, RIG_BOOT, "klm");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_store_that_erases_nothing_is_tried_again(void **state) {
    (void)state;
    rig.store.erase_fails_in = 1;
    rig.store.erases_fail_more = UINT32_MAX;
    assert_int_equal(spool_rig_commit(&rig, TALLY_ROUTINE, 'a', 100), TALLY_E_IO);
    assert_next_sequence(&rig, 1);
    rig.store.erase_fails_in = 0;
    keep_small("b");
    spool_rig_reboot(&rig, RIG_BOOT + 1);
    assert_uploaded_of(&rig, RIG_BOOT, "b");
}

/* --- read ----------------------------------------------------------------------------------- */

static void test_spool_reads_that_fail_twice_in_a_row_cost_nothing(void **state) {
    (void)state;
    for (uint32_t call = 1; call <= 12; call++) {
        spool_rig_init(&rig, RIG_BLOCK, 8, 1);
        spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
        spool_rig_keep_word(&rig, TALLY_URGENT, "U");
        rig.store.read_fails_in = call;
        rig.store.reads_fail_more = 1;
        spool_rig_reboot(&rig, RIG_BOOT + 1);
        assert_int_equal(tally_spool_waiting(&rig.spool), 4);
        rig.store.read_fails_in = call;
        rig.store.reads_fail_more = 1;
        assert_uploaded_of(&rig, RIG_BOOT, "Uabc");
        assert_int_equal(rig.spool.damaged, 0);
    }
}

static void test_spool_waits_for_a_store_that_cannot_be_read(void **state) {
    (void)state;
    uint8_t byte;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    assert_planned(&rig, UINT32_MAX, "Uabc");
    rig.store.read_fails_in = 1;
    rig.store.reads_fail_more = UINT32_MAX;
    tally_spool_rewind(&rig.batch);
    assert_int_equal(tally_spool_read(&rig.spool, &rig.batch, &byte, 1), TALLY_E_GONE);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 0);
    assert_int_equal(tally_spool_waiting(&rig.spool), 4);
    rig.store.read_fails_in = 0;
    assert_uploaded(&rig, "Uabc");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_delivers_what_can_be_read_beside_a_dead_block(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    rig.store.dead_block = 4 + 1;
    assert_uploaded(&rig, "abef");
    assert_int_equal(rig.spool.damaged, 2);
}

/* A read that fails may take a medium milliseconds: not one for each byte of a block. */
static void test_spool_gives_a_dead_block_up_soon(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    rig.store.dead_block = 4 + 1;
    const uint32_t reads = rig.store.reads;
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 4);
    assert_in_range(rig.store.reads - reads, 1, RIG_BLOCK / 4);
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
        cmocka_unit_test(test_spool_record_that_failed_is_written_again_in_the_next_block),
        cmocka_unit_test_setup(test_spool_record_whose_sync_failed_is_written_again, two_rings),
        cmocka_unit_test(test_spool_record_that_cannot_be_compared_is_written_again),
        cmocka_unit_test(test_spool_failed_first_writes_of_a_boot_cost_nothing),
        cmocka_unit_test_setup(test_spool_place_that_failed_delivers_nothing_later, two_rings),
        cmocka_unit_test(test_spool_failed_record_that_cannot_be_destroyed_hides_no_other),
        cmocka_unit_test_setup(test_spool_record_that_nothing_keeps_is_lost_with_its_number,
                               two_rings),
        cmocka_unit_test_setup(test_spool_store_that_fails_altogether_costs_one_block_at_the_most,
                               two_rings),
        cmocka_unit_test_setup(test_spool_boot_record_that_failed_keeps_its_number, two_rings),
        cmocka_unit_test_setup(test_spool_block_that_cannot_be_erased_is_passed_over, two_rings),
        cmocka_unit_test_setup(test_spool_goes_round_past_a_worn_block_for_ever, two_rings),
        cmocka_unit_test_setup(test_spool_failed_erase_brings_no_old_record_back, two_rings),
        cmocka_unit_test_setup(test_spool_store_that_erases_nothing_is_tried_again, two_rings),
        cmocka_unit_test(test_spool_reads_that_fail_twice_in_a_row_cost_nothing),
        cmocka_unit_test_setup(test_spool_waits_for_a_store_that_cannot_be_read, two_rings),
        cmocka_unit_test_setup(test_spool_delivers_what_can_be_read_beside_a_dead_block, two_rings),
        cmocka_unit_test_setup(test_spool_gives_a_dead_block_up_soon, two_rings),
    };
    return cmocka_run_group_tests_name("spool_faults", tests, NULL, NULL);
}
