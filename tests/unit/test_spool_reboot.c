/* SPDX-License-Identifier: Apache-2.0 */
/* What waited when the power went waits when it is back, as records of the boot that made them. */
#include <string.h>

#include "dice.h"
#include "spool_rig.h"
#include "test.h"

#define BLOCK_BYTES 4096u
#define BLOCKS      8u /* 3 urgent, 5 routine */

enum { BOOT_A = 11, BOOT_B = 22, BOOT_C = 33, SMALL = 100, BOOT_RECORD = 250 };

static spool_rig_t rig;

static int first_boot(void **state) {
    (void)state;
    fake_store_init(&rig.store, BLOCK_BYTES, BLOCKS, 4);
    spool_rig_reboot(&rig, BOOT_A);
    return 0;
}

static void keep_small(enum tally_class class, const char *word) {
    for (; *word != '\0'; word++) {
        spool_rig_keep(&rig, class, *word, SMALL);
    }
}

/* --- records of an earlier boot ------------------------------------------------------------- */

static void test_spool_finds_what_waited_before_the_reboot(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "abc");
    keep_small(TALLY_URGENT, "UV");
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(tally_spool_waiting(&rig.spool), 5);
    assert_uploaded_of(&rig, BOOT_A, "UVabc");
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_finds_what_waited_before_many_reboots(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "abc");
    for (uint64_t boot = BOOT_B; boot < BOOT_B + 100; boot++) {
        spool_rig_reboot(&rig, boot);
    }
    assert_uploaded_of(&rig, BOOT_A, "abc");
}

static void test_spool_finds_full_rings_again(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, BLOCKS, 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghijk"); /* the last drives out a and b */
    spool_rig_keep_word(&rig, TALLY_URGENT, "UVWXYZ");
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(tally_spool_waiting(&rig.spool), 15);
    assert_uploaded_of(&rig, RIG_BOOT, "UVWXYZcdefghijk");
}

static void test_spool_batches_never_mix_boots(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "ab");
    spool_rig_reboot(&rig, BOOT_B);
    keep_small(TALLY_ROUTINE, "cd");
    spool_rig_reboot(&rig, BOOT_C);
    keep_small(TALLY_ROUTINE, "ef");
    assert_uploaded_of(&rig, BOOT_A, "ab");
    assert_uploaded_of(&rig, BOOT_B, "cd");
    assert_uploaded_of(&rig, BOOT_C, "ef");
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void test_spool_batch_of_a_boot_spans_both_classes(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "ab");
    keep_small(TALLY_URGENT, "U");
    spool_rig_reboot(&rig, BOOT_B);
    keep_small(TALLY_ROUTINE, "c");
    keep_small(TALLY_URGENT, "V");
    assert_uploaded_of(&rig, BOOT_A, "Uab");
    assert_uploaded_of(&rig, BOOT_B, "Vc");
}

static void
test_spool_urgent_records_of_this_boot_leave_before_routine_ones_of_the_last(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "ab");
    spool_rig_reboot(&rig, BOOT_B);
    keep_small(TALLY_ROUTINE, "c");
    keep_small(TALLY_URGENT, "U");
    assert_uploaded_of(&rig, BOOT_B, "U");
    assert_uploaded_of(&rig, BOOT_A, "ab");
    assert_uploaded_of(&rig, BOOT_B, "c");
}

static void test_spool_of_one_ring_keeps_its_order_over_reboots(void **state) {
    (void)state;
    spool_rig_init(&rig, 8192, 3, 1);
    keep_small(TALLY_ROUTINE, "a");
    keep_small(TALLY_URGENT, "U");
    spool_rig_reboot(&rig, BOOT_B);
    keep_small(TALLY_URGENT, "V");
    keep_small(TALLY_ROUTINE, "b");
    assert_uploaded_of(&rig, RIG_BOOT, "aU");
    assert_uploaded_of(&rig, BOOT_B, "Vb");
}

static void test_spool_batch_under_way_is_not_disturbed_by_what_comes(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "ab");
    spool_rig_reboot(&rig, BOOT_B);
    assert_planned(&rig, UINT32_MAX, "ab");
    keep_small(TALLY_ROUTINE, "c");
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_uploaded_of(&rig, BOOT_B, "c");
}

static void test_spool_numbers_records_from_0_in_each_boot(void **state) {
    (void)state;
    assert_next_sequence(&rig, 0);
    keep_small(TALLY_ROUTINE, "abc");
    assert_next_sequence(&rig, 3);
    spool_rig_reboot(&rig, BOOT_B);
    assert_next_sequence(&rig, 0);
    keep_small(TALLY_URGENT, "U");
    assert_next_sequence(&rig, 1);
}

static void test_spool_knows_the_boot_before(void **state) {
    (void)state;
    assert_int_equal(rig.spool.boot_before, 0);
    keep_small(TALLY_URGENT, "U");
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(rig.spool.boot_before, BOOT_A);
    spool_rig_reboot(&rig, BOOT_C); /* the second wrote nothing */
    assert_int_equal(rig.spool.boot_before, BOOT_A);
    keep_small(TALLY_URGENT, "V");
    spool_rig_reboot(&rig, BOOT_C + 1);
    assert_int_equal(rig.spool.boot_before, BOOT_C);
}

static void test_spool_routine_flood_of_many_boots_evicts_no_urgent_record(void **state) {
    (void)state;
    keep_small(TALLY_URGENT, "UV");
    for (uint64_t boot = BOOT_B; boot < BOOT_B + 50; boot++) {
        spool_rig_reboot(&rig, boot);
        keep_small(TALLY_ROUTINE, "abcdefghijklmnopqrstuvwxyz");
        assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    }
    assert_uploaded_of(&rig, BOOT_A, "UV");
}

/* --- accepted ------------------------------------------------------------------------------- */

static void test_spool_accepted_records_do_not_come_again(void **state) {
    (void)state;
    keep_small(TALLY_ROUTINE, "abcd");
    keep_small(TALLY_URGENT, "UV");
    assert_planned(&rig, 4 * SMALL, "UVab");
    tally_spool_accept(&rig.spool, &rig.batch);
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(tally_spool_waiting(&rig.spool), 2);
    assert_uploaded_of(&rig, BOOT_A, "cd");
    spool_rig_reboot(&rig, BOOT_C);
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 0);
}

static void test_spool_accepting_is_durable_over_many_boots_and_laps(void **state) {
    (void)state;
    for (uint64_t boot = BOOT_B; boot < BOOT_B + 200; boot++) {
        spool_rig_reboot(&rig, boot);
        assert_int_equal(tally_spool_waiting(&rig.spool), boot == BOOT_B ? 0 : 2);
        if (boot > BOOT_B) {
            assert_uploaded_of(&rig, boot - 1, "Uc");
        }
        keep_small(TALLY_ROUTINE, "ab");
        assert_uploaded_of(&rig, boot, "ab");
        keep_small(TALLY_ROUTINE, "c");
        keep_small(TALLY_URGENT, "U");
    }
    assert_int_equal(rig.spool.dropped[TALLY_URGENT] + rig.spool.dropped[TALLY_ROUTINE], 0);
}

/* Two checkpoints and records fill the blocks of this ring to the last byte: no note fits. */
static void test_spool_accepting_without_room_pushes_nothing_out(void **state) {
    (void)state;
    enum { THIRD = (RIG_BLOCK - RIG_CHECKPOINT) / 3 - RIG_HEADER };
    spool_rig_init(&rig, RIG_BLOCK, BLOCKS, 1);
    spool_rig_keep_word(&rig, TALLY_URGENT, "ab");
    for (const char *letter = "cdefgh"; *letter != '\0'; letter++) {
        spool_rig_keep(&rig, TALLY_URGENT, *letter, THIRD);
    }
    assert_int_equal(rig.spool.rings[TALLY_URGENT].head.offset, RIG_BLOCK);
    assert_planned(&rig, RIG_HALF_BLOCK, "a");
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
    assert_int_equal(tally_spool_waiting(&rig.spool), 7);
    spool_rig_reboot(&rig, BOOT_B); /* sent again rather than lost */
    assert_uploaded_of(&rig, RIG_BOOT, "abcdefgh");
}

static void test_spool_accepting_all_of_the_oldest_block_makes_room_for_the_note(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, BLOCKS, 1);
    spool_rig_keep_word(&rig, TALLY_URGENT, "abcdef");
    assert_planned(&rig, 2 * RIG_HALF_BLOCK, "ab");
    tally_spool_accept(&rig.spool, &rig.batch);
    spool_rig_reboot(&rig, BOOT_B);
    assert_uploaded_of(&rig, RIG_BOOT, "cdef");
}

/* --- boot loops ----------------------------------------------------------------------------- */

/* A thousand boots that tell of themselves and die. */
static uint32_t loop_boots(uint64_t first) {
    uint32_t kept = 0;
    for (uint64_t boot = first; boot < first + dice_share(1000); boot++) {
        spool_rig_reboot(&rig, boot);
        const int32_t status = spool_rig_commit_kind(&rig, TALLY_URGENT, 'b', 'B', BOOT_RECORD);
        assert_true(status == TALLY_OK || status == TALLY_E_FULL);
        assert_int_equal(rig.spool.dropped[TALLY_URGENT], 0);
        kept += status == TALLY_OK ? 1 : 0;
    }
    return kept;
}

static void test_spool_boot_loop_pushes_out_nothing(void **state) {
    (void)state;
    keep_small(TALLY_URGENT, "UV");
    const uint32_t kept = loop_boots(BOOT_B);
    assert_true(kept >= 2);
    assert_int_equal(tally_spool_waiting(&rig.spool), 2 + kept);
    assert_uploaded_of(&rig, BOOT_A, "UV");
    assert_uploaded_of(&rig, BOOT_B, "B");
    assert_uploaded_of(&rig, BOOT_B + 1, "B");
}

static void test_spool_of_one_ring_survives_a_boot_loop(void **state) {
    (void)state;
    fake_store_init(&rig.store, BLOCK_BYTES, 3, 4);
    spool_rig_reboot(&rig, BOOT_A);
    keep_small(TALLY_ROUTINE, "ab");
    keep_small(TALLY_URGENT, "U");
    (void)loop_boots(BOOT_B);
    assert_uploaded_of(&rig, BOOT_A, "abU");
}

static void test_spool_boot_record_that_would_evict_gives_its_number_to_the_next(void **state) {
    (void)state;
    keep_small(TALLY_URGENT, "U");
    (void)loop_boots(BOOT_B);
    assert_int_equal(spool_rig_commit_kind(&rig, TALLY_URGENT, 'b', 'B', BOOT_RECORD),
                     TALLY_E_FULL);
    assert_next_sequence(&rig, 0);
    assert_int_equal(rig.spool.made, 0);
    keep_small(TALLY_URGENT, "V"); /* may evict: it is no boot record */
    assert_next_sequence(&rig, 1);
    assert_true(rig.spool.dropped[TALLY_URGENT] > 0);
    assert_int_equal(rig.spool.made, 1);
}

static void test_spool_boot_loop_is_over_when_a_server_accepts(void **state) {
    (void)state;
    const uint32_t kept = loop_boots(BOOT_B);
    for (uint32_t i = 0; i < kept; i++) {
        assert_uploaded_of(&rig, BOOT_B + i, "B");
    }
    assert_int_equal(spool_rig_commit_kind(&rig, TALLY_URGENT, 'b', 'C', BOOT_RECORD), TALLY_OK);
    spool_rig_reboot(&rig, BOOT_A);
    assert_uploaded_of(&rig, BOOT_B + dice_share(1000) - 1, "C");
}

static uint8_t quiet_boots(void) {
    return rig.spool.rings[TALLY_URGENT].quiet_boots;
}

static void boot_quietly(uint64_t boot) {
    spool_rig_reboot(&rig, boot);
    assert_int_equal(spool_rig_commit_kind(&rig, TALLY_URGENT, 'b', 'B', BOOT_RECORD), TALLY_OK);
}

static void test_spool_counts_boots_that_kept_nothing_but_boot_records(void **state) {
    (void)state;
    for (uint8_t boots = 1; boots <= 3; boots++) {
        boot_quietly(BOOT_B + boots);
        assert_int_equal(quiet_boots(), boots);
    }
    keep_small(TALLY_URGENT, "U"); /* this boot is not quiet any more */
    assert_int_equal(quiet_boots(), 0);
    spool_rig_reboot(&rig, BOOT_C);
    assert_int_equal(quiet_boots(), 1);
}

static void test_spool_boot_that_wrote_nothing_is_not_counted_as_quiet(void **state) {
    (void)state;
    boot_quietly(BOOT_B);
    spool_rig_reboot(&rig, BOOT_B + 1);
    assert_int_equal(quiet_boots(), 2);
    spool_rig_reboot(&rig, BOOT_B + 2);
    assert_int_equal(quiet_boots(), 2);
}

static void test_spool_counts_quiet_boots_to_255(void **state) {
    (void)state;
    for (uint32_t boots = 1; boots <= 300; boots++) {
        boot_quietly(BOOT_B + boots);
        assert_int_equal(quiet_boots(), boots < 255 ? boots : 255);
        assert_uploaded_of(&rig, BOOT_B + boots, "B");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_spool_finds_what_waited_before_the_reboot, first_boot),
        cmocka_unit_test_setup(test_spool_finds_what_waited_before_many_reboots, first_boot),
        cmocka_unit_test(test_spool_finds_full_rings_again),
        cmocka_unit_test_setup(test_spool_batches_never_mix_boots, first_boot),
        cmocka_unit_test_setup(test_spool_batch_of_a_boot_spans_both_classes, first_boot),
        cmocka_unit_test_setup(
            test_spool_urgent_records_of_this_boot_leave_before_routine_ones_of_the_last,
            first_boot),
        cmocka_unit_test(test_spool_of_one_ring_keeps_its_order_over_reboots),
        cmocka_unit_test_setup(test_spool_batch_under_way_is_not_disturbed_by_what_comes,
                               first_boot),
        cmocka_unit_test_setup(test_spool_numbers_records_from_0_in_each_boot, first_boot),
        cmocka_unit_test_setup(test_spool_knows_the_boot_before, first_boot),
        cmocka_unit_test_setup(test_spool_routine_flood_of_many_boots_evicts_no_urgent_record,
                               first_boot),
        cmocka_unit_test_setup(test_spool_accepted_records_do_not_come_again, first_boot),
        cmocka_unit_test_setup(test_spool_accepting_is_durable_over_many_boots_and_laps,
                               first_boot),
        cmocka_unit_test(test_spool_accepting_without_room_pushes_nothing_out),
        cmocka_unit_test(test_spool_accepting_all_of_the_oldest_block_makes_room_for_the_note),
        cmocka_unit_test_setup(test_spool_boot_loop_pushes_out_nothing, first_boot),
        cmocka_unit_test(test_spool_of_one_ring_survives_a_boot_loop),
        cmocka_unit_test_setup(test_spool_boot_record_that_would_evict_gives_its_number_to_the_next,
                               first_boot),
        cmocka_unit_test_setup(test_spool_boot_loop_is_over_when_a_server_accepts, first_boot),
        cmocka_unit_test_setup(test_spool_counts_boots_that_kept_nothing_but_boot_records,
                               first_boot),
        cmocka_unit_test_setup(test_spool_boot_that_wrote_nothing_is_not_counted_as_quiet,
                               first_boot),
        cmocka_unit_test_setup(test_spool_counts_quiet_boots_to_255, first_boot),
    };
    return cmocka_run_group_tests_name("spool_reboot", tests, NULL, NULL);
}
