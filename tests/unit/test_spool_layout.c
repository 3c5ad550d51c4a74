/* SPDX-License-Identifier: Apache-2.0 */
/* Stores of all shapes: which the spool takes, and how many rings it makes of them. */
#include <string.h>

#include "spool_rig.h"
#include "test.h"

static spool_rig_t rig;

/* --- geometry ------------------------------------------------------------------------------- */

static int32_t init_with(uint32_t block_bytes, uint32_t blocks, uint32_t program_bytes) {
    fake_store_init(&rig.store, RIG_BLOCK, 3, 1);
    rig.store.store.block_bytes = block_bytes;
    rig.store.store.blocks = blocks;
    rig.store.store.program_bytes = program_bytes;
    return tally_spool_init(&rig.spool, &rig.store.store, 0, RIG_BOOT);
}

static void test_spool_refuses_stores_it_cannot_work_with(void **state) {
    (void)state;
    assert_int_equal(init_with(4096, 3, 16), TALLY_OK);
    assert_int_equal(init_with(4096, 2, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(4096, 0, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(4096, UINT16_MAX + 1, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(4096, 3, 0), TALLY_E_CONFIG);
    assert_int_equal(init_with(4096, 3, 2), TALLY_E_CONFIG);
    assert_int_equal(init_with(4096, 3, 32), TALLY_E_CONFIG);
    assert_int_equal(init_with(4098, 3, 4), TALLY_E_CONFIG);
    assert_int_equal(init_with(0, 3, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(1024 * 1024 + 1, 3, 1), TALLY_E_CONFIG);
}

/* A checkpoint takes 49 bytes, the largest record 2,024, both before padding. */
static void test_spool_block_must_hold_the_largest_record_and_a_checkpoint(void **state) {
    (void)state;
    assert_int_equal(init_with(49 + 2024, 3, 1), TALLY_OK);
    assert_int_equal(init_with(49 + 2023, 3, 1), TALLY_E_CONFIG);
    assert_int_equal(init_with(52 + 2024, 3, 4), TALLY_OK);
    assert_int_equal(init_with(52 + 2020, 3, 4), TALLY_E_CONFIG);
    assert_int_equal(init_with(64 + 2032, 3, 16), TALLY_OK);
    assert_int_equal(init_with(64 + 2016, 3, 16), TALLY_E_CONFIG);
    assert_int_equal(init_with(255, 3, 1), TALLY_E_CONFIG);
}

/* Three records of the largest size, of two boots and both classes, in blocks of any kind. */
static void keep_three(uint32_t block_bytes, uint32_t blocks, uint32_t program_bytes) {
    spool_rig_init(&rig, block_bytes, blocks, program_bytes);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', TALLY_RECORD_BYTES);
    spool_rig_reboot(&rig, RIG_BOOT + 1);
    spool_rig_keep(&rig, TALLY_URGENT, 'U', TALLY_RECORD_BYTES);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', TALLY_RECORD_BYTES);
    spool_rig_reboot(&rig, RIG_BOOT + 2);
}

static void assert_one_ring_works(uint32_t block_bytes, uint32_t blocks, uint32_t program_bytes) {
    keep_three(block_bytes, blocks, program_bytes);
    assert_int_equal(rig.spool.ring_count, 1);
    assert_uploaded_of(&rig, RIG_BOOT, "a");
    assert_uploaded_of(&rig, RIG_BOOT + 1, "Ub");
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void assert_two_rings_work(uint32_t block_bytes, uint32_t blocks, uint32_t program_bytes) {
    keep_three(block_bytes, blocks, program_bytes);
    assert_int_equal(rig.spool.ring_count, 2);
    assert_uploaded_of(&rig, RIG_BOOT + 1, "U");
    assert_uploaded_of(&rig, RIG_BOOT, "a");
    assert_uploaded_of(&rig, RIG_BOOT + 1, "b");
    assert_int_equal(tally_spool_waiting(&rig.spool), 0);
}

static void test_spool_works_with_every_granularity_and_block_size(void **state) {
    (void)state;
    static const uint32_t granularities[] = {1, 4, 8, 16};
    for (uint32_t i = 0; i < sizeof granularities / sizeof granularities[0]; i++) {
        assert_one_ring_works(2096, 5, granularities[i]);
        assert_one_ring_works(4096, 3, granularities[i]);
        assert_one_ring_works(65536, 3, granularities[i]);
        assert_two_rings_work(2096, 10, granularities[i]);
        assert_two_rings_work(4096, 6, granularities[i]);
        assert_two_rings_work(65536, 6, granularities[i]);
    }
}

/* --- rings ---------------------------------------------------------------------------------- */

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

static int32_t init_urgent(uint32_t blocks, uint32_t urgent_blocks) {
    fake_store_init(&rig.store, RIG_BLOCK, blocks, 1);
    return tally_spool_init(&rig.spool, &rig.store.store, urgent_blocks, RIG_BOOT);
}

static void test_spool_urgent_ring_is_as_large_as_it_is_told(void **state) {
    (void)state;
    for (uint32_t urgent_blocks = 3; urgent_blocks <= 9; urgent_blocks++) {
        assert_int_equal(init_urgent(12, urgent_blocks), TALLY_OK);
        assert_int_equal(rig.spool.ring_count, 2);
        assert_int_equal(rig.spool.rings[TALLY_URGENT].blocks, urgent_blocks);
        assert_int_equal(rig.spool.rings[TALLY_ROUTINE].blocks, 12 - urgent_blocks);
    }
}

static void test_spool_of_urgent_blocks_only_is_one_ring(void **state) {
    (void)state;
    assert_int_equal(init_urgent(12, 12), TALLY_OK);
    assert_int_equal(rig.spool.ring_count, 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "a");
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    assert_uploaded(&rig, "aU");
}

static void test_spool_refuses_rings_of_less_than_three_blocks(void **state) {
    (void)state;
    assert_int_equal(init_urgent(12, 1), TALLY_E_CONFIG);
    assert_int_equal(init_urgent(12, 2), TALLY_E_CONFIG);
    assert_int_equal(init_urgent(12, 10), TALLY_E_CONFIG);
    assert_int_equal(init_urgent(12, 11), TALLY_E_CONFIG);
    assert_int_equal(init_urgent(12, 13), TALLY_E_CONFIG);
    assert_int_equal(init_urgent(5, 3), TALLY_E_CONFIG);
    assert_int_equal(init_urgent(2, 2), TALLY_E_CONFIG);
}

static void test_spool_refuses_rings_that_no_store_has(void **state) {
    (void)state;
    for (uint32_t short_of = 0; short_of < 4; short_of++) {
        assert_int_equal(init_urgent(12, UINT32_MAX - short_of), TALLY_E_CONFIG);
    }
}

static void test_spool_keeps_the_rings_that_the_store_has(void **state) {
    (void)state;
    assert_int_equal(init_urgent(12, 5), TALLY_OK);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    assert_int_equal(tally_spool_init(&rig.spool, &rig.store.store, 9, RIG_BOOT + 1), TALLY_OK);
    assert_int_equal(rig.spool.rings[TALLY_URGENT].blocks, 5);
    assert_uploaded_of(&rig, RIG_BOOT, "ab");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_refuses_stores_it_cannot_work_with),
        cmocka_unit_test(test_spool_block_must_hold_the_largest_record_and_a_checkpoint),
        cmocka_unit_test(test_spool_works_with_every_granularity_and_block_size),
        cmocka_unit_test(test_spool_has_two_rings_from_six_blocks_on),
        cmocka_unit_test(test_spool_urgent_ring_is_as_large_as_it_is_told),
        cmocka_unit_test(test_spool_of_urgent_blocks_only_is_one_ring),
        cmocka_unit_test(test_spool_refuses_rings_of_less_than_three_blocks),
        cmocka_unit_test(test_spool_refuses_rings_that_no_store_has),
        cmocka_unit_test(test_spool_keeps_the_rings_that_the_store_has),
    };
    return cmocka_run_group_tests_name("spool_layout", tests, NULL, NULL);
}
