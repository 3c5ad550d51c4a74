/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of records that nobody fetched: evicted, too old, destroyed; and the erasing that is
 * done for them ahead of time. */
#include <string.h>

#include "spool_rig.h"
#include "test.h"

enum { BOOT_B = 22, SMALL = 100, ROUTINE_AT = 3, LARGE_BLOCK = 8192 };

static spool_rig_t rig;

static int two_rings(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    return 0;
}

static int large_blocks(void **state) {
    (void)state;
    spool_rig_init(&rig, LARGE_BLOCK, 8, 4);
    return 0;
}

static uint32_t dropped_of_kind(char kind) {
    return rig.spool.dropped_kind[kind - 'a'];
}

/* --- counting what is lost ------------------------------------------------------------------ */

static void keep_kinds(enum tally_class class, const char *kinds) {
    for (; *kinds != '\0'; kinds++) {
        assert_int_equal(spool_rig_commit_kind(&rig, class, *kinds, *kinds, RIG_HALF_BLOCK),
                         TALLY_OK);
    }
}

static void test_spool_counts_evicted_records_by_kind(void **state) {
    (void)state;
    keep_kinds(TALLY_ROUTINE, "hxahhmnopq");
    keep_kinds(TALLY_ROUTINE, "rst"); /* drive out h, x, a and h */
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 4);
    assert_int_equal(dropped_of_kind('h'), 2);
    assert_int_equal(dropped_of_kind('x'), 1);
    assert_int_equal(dropped_of_kind('a'), 1);
    assert_int_equal(dropped_of_kind('m'), 0);
    assert_int_equal(rig.spool.expired, 0);
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_counts_evicted_records_of_earlier_boots(void **state) {
    (void)state;
    keep_kinds(TALLY_URGENT, "be");
    spool_rig_reboot(&rig, BOOT_B);
    keep_kinds(TALLY_URGENT, "smno");
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    keep_kinds(TALLY_URGENT, "p");
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 2);
    assert_int_equal(dropped_of_kind('b'), 1);
    assert_int_equal(dropped_of_kind('e'), 1);
    assert_uploaded_of(&rig, BOOT_B, "smnop");
}

/* --- too old -------------------------------------------------------------------------------- */

/* ab from 1000 s on, cd from 2000 s, ef from 3000 s; ef's block is still being filled. */
static void keep_three_blocks(uint32_t second_block_s) {
    rig.spool.unix_s = 1000;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    rig.spool.unix_s = second_block_s;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "cd");
    rig.spool.unix_s = 3000;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ef");
}

static void assert_expired(uint32_t unix_s, uint32_t records) {
    tally_spool_expire(&rig.spool, unix_s);
    assert_int_equal(rig.spool.expired, records);
}

static void test_spool_gives_up_blocks_of_records_that_are_too_old(void **state) {
    (void)state;
    keep_three_blocks(2000);
    assert_expired(2000, 0); /* b may have been made until then */
    assert_expired(2001, 2);
    assert_expired(3000, 2);
    assert_expired(3001, 4);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
    assert_uploaded(&rig, "ef");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_gives_up_several_blocks_at_once(void **state) {
    (void)state;
    keep_three_blocks(2000);
    assert_expired(3001, 4);
    assert_uploaded(&rig, "ef");
}

static void test_spool_never_gives_up_the_block_being_filled(void **state) {
    (void)state;
    keep_three_blocks(2000);
    assert_expired(UINT32_MAX, 4);
    assert_uploaded(&rig, "ef");
}

static void test_spool_knows_the_age_of_records_of_earlier_boots(void **state) {
    (void)state;
    keep_three_blocks(2000);
    spool_rig_reboot(&rig, BOOT_B);
    assert_expired(2001, 2);
    assert_uploaded_of(&rig, RIG_BOOT, "cdef");
}

static void test_spool_gives_up_old_urgent_records_as_well(void **state) {
    (void)state;
    rig.spool.unix_s = 1000;
    spool_rig_keep_word(&rig, TALLY_URGENT, "UVW");
    assert_expired(1001, 2);
    assert_uploaded(&rig, "W");
}

static void test_spool_does_not_guess_the_age_of_records(void **state) {
    (void)state;
    rig.spool.unix_s = 0;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    assert_expired(UINT32_MAX, 0);
    assert_uploaded(&rig, "abcdef");
}

/* A boot does not know the time at once. What it began then lies before what it began later. */
static void test_spool_block_begun_without_a_time_holds_up_no_other(void **state) {
    (void)state;
    keep_three_blocks(0);
    assert_expired(3001, 4);
    assert_uploaded(&rig, "ef");
}

static void test_spool_expired_records_do_not_come_again(void **state) {
    (void)state;
    keep_three_blocks(2000);
    assert_expired(2001, 2);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "gh"); /* the next block, and its checkpoint */
    spool_rig_reboot(&rig, BOOT_B);
    assert_uploaded_of(&rig, RIG_BOOT, "cdefgh");
}

/* --- erasing ahead of time ------------------------------------------------------------------ */

/* Erases at most once a call; how often until there is nothing left to do. */
static uint32_t prepare_all(void) {
    for (uint32_t calls = 0; calls < 10; calls++) {
        const uint32_t erases = rig.store.erases;
        const bool has_erased = tally_spool_prepare(&rig.spool);
        assert_int_equal(rig.store.erases, erases + (has_erased ? 1 : 0));
        if (!has_erased) {
            return calls;
        }
    }
    fail_msg("there is no end to it");
    return 0;
}

static void test_spool_prepares_nothing_before_this_boot_has_written(void **state) {
    (void)state;
    assert_int_equal(prepare_all(), 0);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', SMALL);
    assert_int_equal(prepare_all(), 1);
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(prepare_all(), 0);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', SMALL);
    assert_int_equal(prepare_all(), 1);
}

static void test_spool_prepares_one_block_of_each_ring(void **state) {
    (void)state;
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', SMALL);
    spool_rig_keep(&rig, TALLY_URGENT, 'U', SMALL);
    assert_int_equal(prepare_all(), 2);
    assert_int_equal(prepare_all(), 0);
}

static void test_spool_opens_a_prepared_block_without_an_erase(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    assert_int_equal(prepare_all(), 1);
    const uint32_t erases = rig.store.erases;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "cd");
    assert_int_equal(rig.store.erases, erases);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "e"); /* nobody prepared this one */
    assert_int_equal(rig.store.erases, erases + 1);
    assert_uploaded(&rig, "abcde");
}

static void test_spool_goes_round_on_prepared_blocks_only(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    for (uint32_t lap = 0; lap < 30; lap++) {
        assert_int_equal(prepare_all(), 1);
        const uint32_t erases = rig.store.erases;
        spool_rig_keep_word(&rig, TALLY_ROUTINE, "cd");
        assert_int_equal(rig.store.erases, erases);
        assert_uploaded(&rig, lap == 0 ? "abcd" : "cd");
    }
}

/* The routine ring is full but for its last block, where one record lies. */
static void fill_up_to_the_last_block(void) {
    for (uint32_t i = 0; rig.spool.rings[TALLY_ROUTINE].head.sequence < 9; i++) {
        spool_rig_keep(&rig, TALLY_ROUTINE, i % 2 == 0 ? 'a' : 'b', 1000);
    }
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
}

static void test_spool_prepares_a_full_ring_only_when_a_record_may_not_fit(void **state) {
    (void)state;
    fill_up_to_the_last_block();
    while (rig.spool.rings[TALLY_ROUTINE].head.offset <= LARGE_BLOCK - 2024) {
        assert_int_equal(prepare_all(), 0);
        assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 0);
        spool_rig_keep(&rig, TALLY_ROUTINE, 'c', SMALL);
    }
    assert_int_equal(prepare_all(), 1);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 8); /* all of the first block */
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    assert_int_equal(prepare_all(), 0);
}

static void test_spool_what_was_prepared_away_does_not_come_again(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    assert_int_equal(prepare_all(), 1);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 2);
    spool_rig_reboot(&rig, BOOT_B); /* nothing was written since */
    assert_int_equal(tally_spool_waiting(&rig.spool), 8);
    assert_uploaded_of(&rig, RIG_BOOT, "cdefghij");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_of_one_ring_is_never_prepared(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 5, 1);
    for (uint32_t i = 0; i < 30; i++) {
        spool_rig_keep(&rig, TALLY_ROUTINE, 'a', RIG_HALF_BLOCK);
        assert_int_equal(prepare_all(), 0);
    }
}

static void test_spool_tries_once_to_prepare_what_cannot_be_erased(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    rig.store.worn_block = ROUTINE_AT + 1 + 1;
    assert_int_equal(prepare_all(), 1);
    assert_int_equal(rig.spool.store_failed, 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "cd"); /* in the block behind it */
    assert_uploaded(&rig, "abcd");
}

/* --- destroying ----------------------------------------------------------------------------- */

static void assert_all_bytes(uint32_t block, uint8_t expected) {
    for (uint32_t at = 0; at < rig.store.store.block_bytes; at++) {
        assert_int_equal(*spool_rig_at(&rig, block, at), expected);
    }
}

static void destroy_all(void) {
    for (uint32_t block = 0; block < rig.store.store.blocks; block++) {
        assert_int_equal(tally_spool_destroy(&rig.store.store, block), TALLY_OK);
    }
}

static void assert_nothing_is_left(void) {
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.spool.foreign_blocks, 0);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 0);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', SMALL);
    assert_uploaded_of(&rig, BOOT_B, "c");
}

static void test_spool_destroys_what_it_holds(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    destroy_all();
    assert_all_bytes(0, 0xFF);
    assert_all_bytes(ROUTINE_AT, 0xFF);
    assert_nothing_is_left();
}

static void test_spool_destroys_one_block_and_no_other(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    assert_int_equal(tally_spool_destroy(&rig.store.store, ROUTINE_AT + 1), TALLY_OK);
    spool_rig_reboot(&rig, BOOT_B);
    assert_uploaded_of(&rig, RIG_BOOT, "abef");
    assert_int_equal(rig.spool.damaged, 2);
}

static void test_spool_overwrites_with_zeros_what_cannot_be_erased(void **state) {
    (void)state;
    static const uint32_t granularities[] = {1, 4, 8, 16};
    for (uint32_t i = 0; i < sizeof granularities / sizeof granularities[0]; i++) {
        spool_rig_init(&rig, 4096, 8, granularities[i]);
        spool_rig_keep(&rig, TALLY_ROUTINE, 'a', SMALL);
        rig.store.worn_block = ROUTINE_AT + 1;
        destroy_all();
        assert_all_bytes(ROUTINE_AT, 0);
        assert_nothing_is_left();
    }
}

static void test_spool_says_when_it_cannot_destroy(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    rig.store.worn_block = ROUTINE_AT + 1;
    rig.store.zeros_are_refused = true;
    assert_int_equal(tally_spool_destroy(&rig.store.store, ROUTINE_AT), TALLY_E_IO);
    rig.store.zeros_are_refused = false;
    rig.store.sync_fails_in = 1;
    assert_int_equal(tally_spool_destroy(&rig.store.store, ROUTINE_AT), TALLY_E_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_spool_counts_evicted_records_by_kind, two_rings),
        cmocka_unit_test_setup(test_spool_counts_evicted_records_of_earlier_boots, two_rings),
        cmocka_unit_test_setup(test_spool_gives_up_blocks_of_records_that_are_too_old, two_rings),
        cmocka_unit_test_setup(test_spool_gives_up_several_blocks_at_once, two_rings),
        cmocka_unit_test_setup(test_spool_never_gives_up_the_block_being_filled, two_rings),
        cmocka_unit_test_setup(test_spool_knows_the_age_of_records_of_earlier_boots, two_rings),
        cmocka_unit_test_setup(test_spool_gives_up_old_urgent_records_as_well, two_rings),
        cmocka_unit_test_setup(test_spool_does_not_guess_the_age_of_records, two_rings),
        cmocka_unit_test_setup(test_spool_block_begun_without_a_time_holds_up_no_other, two_rings),
        cmocka_unit_test_setup(test_spool_expired_records_do_not_come_again, two_rings),
        cmocka_unit_test_setup(test_spool_prepares_nothing_before_this_boot_has_written, two_rings),
        cmocka_unit_test_setup(test_spool_prepares_one_block_of_each_ring, two_rings),
        cmocka_unit_test_setup(test_spool_opens_a_prepared_block_without_an_erase, two_rings),
        cmocka_unit_test_setup(test_spool_goes_round_on_prepared_blocks_only, two_rings),
        cmocka_unit_test_setup(test_spool_prepares_a_full_ring_only_when_a_record_may_not_fit,
                               large_blocks),
        cmocka_unit_test(test_spool_what_was_prepared_away_does_not_come_again),
        cmocka_unit_test(test_spool_of_one_ring_is_never_prepared),
        cmocka_unit_test_setup(test_spool_tries_once_to_prepare_what_cannot_be_erased, two_rings),
        cmocka_unit_test_setup(test_spool_destroys_what_it_holds, two_rings),
        cmocka_unit_test_setup(test_spool_destroys_one_block_and_no_other, two_rings),
        cmocka_unit_test(test_spool_overwrites_with_zeros_what_cannot_be_erased),
        cmocka_unit_test_setup(test_spool_says_when_it_cannot_destroy, two_rings),
    };
    return cmocka_run_group_tests_name("spool_upkeep", tests, NULL, NULL);
}
