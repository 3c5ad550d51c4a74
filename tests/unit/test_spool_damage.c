/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that changed while the power was off: whatever they say, no record is invented, and one of
 * them costs one record at the most. */
#include <string.h>

#include "dice.h"
#include "spool_rig.h"
#include "test.h"

enum { BOOT_A = 11, BOOT_B = 22, BOOT_C = 33, SMALL = 100, ROUTINE_AT = 3, BLOCKS = 8 };

static spool_rig_t rig;

static void damage(uint32_t block, uint32_t offset) {
    *spool_rig_at(&rig, block, offset) ^= 0x10;
}

static void damage_entry(uint32_t block, uint32_t offset) {
    damage(block, offset + RIG_HEADER + 20);
}

/* --- the first checkpoint of a block -------------------------------------------------------- */

/* Blocks 3 to 5 have ab, cd and ef of the first boot, block 6 has gh of the second. */
static void keep_four_blocks(void) {
    fake_store_init(&rig.store, RIG_BLOCK, BLOCKS, 1);
    spool_rig_reboot(&rig, BOOT_A);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    spool_rig_reboot(&rig, BOOT_B);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "gh");
}

static void test_spool_block_without_its_first_checkpoint_keeps_its_records(void **state) {
    (void)state;
    for (uint32_t block = 3; block <= 6; block++) {
        keep_four_blocks();
        damage_entry(block, 0);
        spool_rig_reboot(&rig, BOOT_C);
        assert_int_equal(tally_spool_waiting(&rig.spool), 8);
        assert_uploaded_of(&rig, BOOT_A, "abcdef");
        assert_uploaded_of(&rig, BOOT_B, "gh");
        assert_int_equal(rig.spool.damaged, 0);
        assert_int_equal(rig.spool.foreign_blocks, 0);
    }
}

static void test_spool_newest_block_learns_from_the_one_before_whose_it_is(void **state) {
    (void)state;
    fake_store_init(&rig.store, RIG_BLOCK, BLOCKS, 1);
    spool_rig_reboot(&rig, BOOT_A);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcd");
    damage_entry(4, 0); /* its only checkpoint */
    spool_rig_reboot(&rig, BOOT_B);
    assert_int_equal(tally_spool_waiting(&rig.spool), 4);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "e");
    assert_uploaded_of(&rig, BOOT_A, "abcd");
    assert_uploaded_of(&rig, BOOT_B, "e");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_two_newest_blocks_may_have_lost_their_first_checkpoints(void **state) {
    (void)state;
    fake_store_init(&rig.store, RIG_BLOCK, BLOCKS, 1);
    spool_rig_reboot(&rig, BOOT_A);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdef");
    damage_entry(4, 0);
    damage_entry(5, 0);
    spool_rig_reboot(&rig, BOOT_B);
    assert_uploaded_of(&rig, BOOT_A, "abcdef");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_first_block_of_all_may_have_lost_its_first_checkpoint(void **state) {
    (void)state;
    for (uint32_t class = 0; class < TALLY_CLASSES; class ++) {
        fake_store_init(&rig.store, RIG_BLOCK, BLOCKS, 1);
        spool_rig_reboot(&rig, BOOT_A);
        spool_rig_keep_word(&rig, (enum tally_class) class, "ab");
        damage_entry(class == TALLY_URGENT ? 0 : ROUTINE_AT, 0);
        spool_rig_reboot(&rig, BOOT_B);
        assert_int_equal(tally_spool_waiting(&rig.spool), 2);
        assert_uploaded_of(&rig, BOOT_A, "ab");
    }
}

static void test_spool_goes_on_behind_a_block_without_its_first_checkpoint(void **state) {
    (void)state;
    keep_four_blocks();
    damage_entry(6, 0);
    spool_rig_reboot(&rig, BOOT_C);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ij");
    spool_rig_reboot(&rig, BOOT_C + 1);
    assert_uploaded_of(&rig, BOOT_A, "abcdef");
    assert_uploaded_of(&rig, BOOT_B, "gh");
    assert_uploaded_of(&rig, BOOT_C, "ij");
}

/* --- checkpoints in mid-block --------------------------------------------------------------- */

enum {
    CHECKPOINT_4 = 52, /* in a store that programs 4 bytes at once */
    RECORD_4 = 108,
    GAP_4 = 8 + 2024 + 8, /* between zeros */
    SECOND_BOOT_AT = 2 * CHECKPOINT_4 + 2 * RECORD_4 + GAP_4,
    NOTE_AT = SECOND_BOOT_AT + 2 * CHECKPOINT_4 + 2 * RECORD_4,
};

/* In one block: ab of the first boot, cd of the second, and a note that a was accepted. */
static void keep_two_boots_in_a_block(bool with_note) {
    fake_store_init(&rig.store, 4096, BLOCKS, 4);
    spool_rig_reboot(&rig, BOOT_A);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', SMALL);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', SMALL);
    spool_rig_reboot(&rig, BOOT_B);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'c', SMALL);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'd', SMALL);
    if (with_note) {
        assert_planned(&rig, SMALL, "a");
        tally_spool_accept(&rig.spool, &rig.batch);
        assert_int_equal(rig.spool.rings[TALLY_ROUTINE].head.offset, NOTE_AT + CHECKPOINT_4);
    }
}

static void test_spool_one_damaged_checkpoint_hides_no_boot(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        keep_two_boots_in_a_block(false);
        damage_entry(ROUTINE_AT, SECOND_BOOT_AT + i * CHECKPOINT_4);
        spool_rig_reboot(&rig, BOOT_C);
        assert_uploaded_of(&rig, BOOT_A, "ab");
        assert_uploaded_of(&rig, BOOT_B, "cd");
        assert_int_equal(rig.spool.damaged, 0);
    }
}

static void test_spool_two_damaged_checkpoints_cost_their_boot_and_no_other(void **state) {
    (void)state;
    keep_two_boots_in_a_block(true);
    damage_entry(ROUTINE_AT, SECOND_BOOT_AT);
    damage_entry(ROUTINE_AT, SECOND_BOOT_AT + CHECKPOINT_4);
    spool_rig_reboot(&rig, BOOT_C);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'e', SMALL);
    assert_uploaded_of(&rig, BOOT_A, "b");
    assert_uploaded_of(&rig, BOOT_C, "e");
    assert_int_equal(rig.spool.damaged, 2); /* the note behind them had counted */
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void test_spool_first_checkpoint_and_one_in_mid_block_cost_no_record(void **state) {
    (void)state;
    keep_two_boots_in_a_block(true);
    damage_entry(ROUTINE_AT, 0);
    damage_entry(ROUTINE_AT, SECOND_BOOT_AT);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'e', 2000); /* the next block: this is not the newest */
    spool_rig_reboot(&rig, BOOT_C);
    assert_uploaded_of(&rig, BOOT_A, "b");
    assert_uploaded_of(&rig, BOOT_B, "cde");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_damaged_note_brings_accepted_records_again(void **state) {
    (void)state;
    keep_two_boots_in_a_block(true);
    damage_entry(ROUTINE_AT, NOTE_AT);
    spool_rig_reboot(&rig, BOOT_C);
    assert_int_equal(tally_spool_waiting(&rig.spool), 4);
    assert_uploaded_of(&rig, BOOT_A, "ab");
    assert_uploaded_of(&rig, BOOT_B, "cd");
    assert_int_equal(rig.spool.damaged, 0);
}

static void test_spool_damaged_note_costs_nothing_when_another_one_follows(void **state) {
    (void)state;
    keep_two_boots_in_a_block(true);
    assert_uploaded_of(&rig, BOOT_A, "b");
    damage_entry(ROUTINE_AT, NOTE_AT);
    spool_rig_reboot(&rig, BOOT_C);
    assert_uploaded_of(&rig, BOOT_B, "cd");
}

/* --- any byte ------------------------------------------------------------------------------- */

/* Reads all that waits as letters with the number of their boot: "a1b1c2". */
static void read_all(char *all, size_t size) {
    uint8_t bytes[SMALL];
    size_t length = 0;
    while (tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch) > 0) {
        while (tally_spool_read(&rig.spool, &rig.batch, bytes, SMALL) > 0) {
            assert_in_range(rig.batch.boot, 1, 3);
            assert_true(length + 3 < size);
            for (uint32_t i = 1; i < SMALL; i++) {
                assert_int_equal(bytes[i], bytes[0]);
            }
            all[length++] = (char)bytes[0];
            all[length++] = (char)('0' + (char)rig.batch.boot);
        }
        tally_spool_accept(&rig.spool, &rig.batch);
    }
    all[length] = '\0';
}

/* Whether `got` is `expected` but for one record that is not there; a0 was accepted. */
static bool is_at_most_one_short(const char *got, const char *expected) {
    size_t same = 0;
    while (got[same] != '\0' && got[same] == expected[same]) {
        same++;
    }
    same -= same % 2;
    return strcmp(got + same, expected + same) == 0 ||
           (expected[same] != '\0' && strcmp(got + same, expected + same + 2) == 0);
}

static void keep_three_boots(void) {
    fake_store_init(&rig.store, 4096, BLOCKS, 16);
    for (uint64_t boot = 1; boot <= 3; boot++) {
        spool_rig_reboot(&rig, boot);
        for (uint32_t i = 0; i < 3; i++) {
            spool_rig_keep(&rig, TALLY_ROUTINE, (char)('a' + i), SMALL);
        }
        if (boot == 2) {
            assert_planned(&rig, SMALL, "a");
            tally_spool_accept(&rig.spool, &rig.batch);
        }
    }
}

static void test_spool_any_damaged_byte_costs_one_record_at_the_most(void **state) {
    (void)state;
    static uint8_t image[BLOCKS * 4096];
    keep_three_boots();
    memcpy(image, rig.store.memory, sizeof image);
    for (uint32_t at = ROUTINE_AT * 4096; at < sizeof image; at += dice_stride(sizeof image)) {
        char all[32];
        if (image[at] == 0xFF && at % 8 != 0) {
            continue;
        }
        memcpy(rig.store.memory, image, sizeof image);
        rig.store.memory[at] ^= 0x10;
        spool_rig_reboot(&rig, 4);
        read_all(all, sizeof all);
        if (!is_at_most_one_short(all, "b1c1a2b2c2a3b3c3") &&
            !is_at_most_one_short(all, "a1b1c1a2b2c2a3b3c3")) {
            fail_msg("byte %u of block %u: %s", at % 4096, at / 4096, all);
        }
        assert_int_equal(tally_spool_waiting(&rig.spool), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_block_without_its_first_checkpoint_keeps_its_records),
        cmocka_unit_test(test_spool_newest_block_learns_from_the_one_before_whose_it_is),
        cmocka_unit_test(test_spool_two_newest_blocks_may_have_lost_their_first_checkpoints),
        cmocka_unit_test(test_spool_first_block_of_all_may_have_lost_its_first_checkpoint),
        cmocka_unit_test(test_spool_goes_on_behind_a_block_without_its_first_checkpoint),
        cmocka_unit_test(test_spool_one_damaged_checkpoint_hides_no_boot),
        cmocka_unit_test(test_spool_two_damaged_checkpoints_cost_their_boot_and_no_other),
        cmocka_unit_test(test_spool_first_checkpoint_and_one_in_mid_block_cost_no_record),
        cmocka_unit_test(test_spool_damaged_note_brings_accepted_records_again),
        cmocka_unit_test(test_spool_damaged_note_costs_nothing_when_another_one_follows),
        cmocka_unit_test(test_spool_any_damaged_byte_costs_one_record_at_the_most),
    };
    return cmocka_run_group_tests_name("spool_damage", tests, NULL, NULL);
}
