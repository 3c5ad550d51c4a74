/* SPDX-License-Identifier: Apache-2.0 */
/* A batch on its way to the server, while records come and go behind its back. */
#include <string.h>

#include "spool_rig.h"
#include "test.h"

static spool_rig_t rig; /* rings of 6 urgent and 10 routine records, two a block */

static int two_rings(void **state) {
    (void)state;
    spool_rig_init(&rig, RIG_BLOCK, 8, 1);
    return 0;
}

static int32_t read_bytes(uint32_t bytes) {
    static uint8_t out[2 * RIG_BLOCK];
    return tally_spool_read(&rig.spool, &rig.batch, out, bytes);
}

static int32_t read_to_the_end(void) {
    int32_t read = 1;
    while (read > 0) {
        read = read_bytes(100);
    }
    return read;
}

static void test_spool_batch_is_limited_in_bytes(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    assert_planned(&rig, 2 * RIG_HALF_BLOCK, "ab");
    assert_planned(&rig, 2 * RIG_HALF_BLOCK - 1, "a");
}

static void test_spool_batch_has_at_least_one_record(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    assert_planned(&rig, 0, "a");
}

static void test_spool_full_batch_takes_no_smaller_record_out_of_turn(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_URGENT, "UV");
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 1);
    assert_planned(&rig, RIG_HALF_BLOCK + 1, "U");
}

static void test_spool_batch_spans_both_classes(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    spool_rig_keep_word(&rig, TALLY_URGENT, "UV");
    assert_planned(&rig, 4 * RIG_HALF_BLOCK, "UVab");
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_uploaded(&rig, "c");
}

static void test_spool_planning_takes_nothing_away(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    assert_planned(&rig, UINT32_MAX, "abc");
    assert_planned(&rig, UINT32_MAX, "abc");
    assert_int_equal(tally_spool_waiting(&rig.spool), 3);
}

static void test_spool_records_made_since_are_not_in_the_batch(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "ab");
    (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "c");
    spool_rig_keep_word(&rig, TALLY_URGENT, "U");
    assert_int_equal(read_bytes(2 * RIG_BLOCK), 2 * RIG_HALF_BLOCK);
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_uploaded(&rig, "Uc");
}

static void test_spool_reads_the_same_in_parts_of_any_size(void **state) {
    (void)state;
    uint8_t expected[60];
    memset(expected, 'U', 30);
    memset(expected + 30, 'a', 20);
    memset(expected + 50, 'b', 10);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'a', 20);
    spool_rig_keep(&rig, TALLY_ROUTINE, 'b', 10);
    spool_rig_keep(&rig, TALLY_URGENT, 'U', 30);
    assert_int_equal(tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch), 3);
    for (uint32_t part = 1; part <= 61; part++) {
        uint8_t all[122];
        uint32_t done = 0;
        int32_t read = 0;
        tally_spool_rewind(&rig.batch);
        while ((read = tally_spool_read(&rig.spool, &rig.batch, all + done, part)) > 0) {
            done += (uint32_t)read;
        }
        assert_int_equal(read, 0);
        assert_int_equal(done, 60);
        assert_memory_equal(all, expected, 60);
    }
}

static void test_spool_read_tells_of_an_eviction_ahead(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k");
    assert_int_equal(read_to_the_end(), TALLY_E_GONE);
    assert_uploaded(&rig, "cdefghijk");
}

static void test_spool_read_tells_of_an_eviction_in_the_middle_of_a_record(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
    assert_int_equal(read_bytes(100), 100);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k");
    assert_int_equal(read_to_the_end(), TALLY_E_GONE);
}

static void test_spool_read_does_not_mind_an_eviction_behind_it(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    (void)tally_spool_plan(&rig.spool, UINT32_MAX, &rig.batch);
    assert_int_equal(read_bytes(2 * RIG_HALF_BLOCK + 1), 2 * RIG_HALF_BLOCK + 1);
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k");
    assert_int_equal(read_bytes(RIG_HALF_BLOCK), RIG_HALF_BLOCK);
}

static void test_spool_accept_after_eviction_of_a_part_of_the_batch(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    assert_planned(&rig, 3 * RIG_HALF_BLOCK, "abc");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "k"); /* drives out a and b */
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 2);
    assert_int_equal(tally_spool_waiting(&rig.spool), 8);
    assert_uploaded(&rig, "defghijk");
}

static void test_spool_accept_after_eviction_of_the_whole_batch_and_more(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abcdefghij");
    assert_planned(&rig, RIG_HALF_BLOCK, "a");
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "klm"); /* drives out a to d */
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_int_equal(rig.spool.dropped[TALLY_ROUTINE], 4);
    assert_int_equal(tally_spool_waiting(&rig.spool), 9);
    assert_uploaded(&rig, "efghijklm");
}

static void test_spool_accept_needs_nothing_of_the_store(void **state) {
    (void)state;
    spool_rig_keep_word(&rig, TALLY_ROUTINE, "abc");
    assert_planned(&rig, 2 * RIG_HALF_BLOCK, "ab");
    memset(rig.store.memory + 3 * RIG_BLOCK, 0, RIG_BLOCK); /* where a and b lie */
    tally_spool_accept(&rig.spool, &rig.batch);
    assert_int_equal(tally_spool_waiting(&rig.spool), 1);
    assert_uploaded(&rig, "c");
    assert_int_equal(rig.spool.damaged, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_spool_batch_is_limited_in_bytes, two_rings),
        cmocka_unit_test_setup(test_spool_batch_has_at_least_one_record, two_rings),
        cmocka_unit_test_setup(test_spool_full_batch_takes_no_smaller_record_out_of_turn,
                               two_rings),
        cmocka_unit_test_setup(test_spool_batch_spans_both_classes, two_rings),
        cmocka_unit_test_setup(test_spool_planning_takes_nothing_away, two_rings),
        cmocka_unit_test_setup(test_spool_records_made_since_are_not_in_the_batch, two_rings),
        cmocka_unit_test_setup(test_spool_reads_the_same_in_parts_of_any_size, two_rings),
        cmocka_unit_test_setup(test_spool_read_tells_of_an_eviction_ahead, two_rings),
        cmocka_unit_test_setup(test_spool_read_tells_of_an_eviction_in_the_middle_of_a_record,
                               two_rings),
        cmocka_unit_test_setup(test_spool_read_does_not_mind_an_eviction_behind_it, two_rings),
        cmocka_unit_test_setup(test_spool_accept_after_eviction_of_a_part_of_the_batch, two_rings),
        cmocka_unit_test_setup(test_spool_accept_after_eviction_of_the_whole_batch_and_more,
                               two_rings),
        cmocka_unit_test_setup(test_spool_accept_needs_nothing_of_the_store, two_rings),
    };
    return cmocka_run_group_tests_name("spool_batch", tests, NULL, NULL);
}
