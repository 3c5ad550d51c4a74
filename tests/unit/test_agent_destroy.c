/* SPDX-License-Identifier: Apache-2.0 */
/* Consent withdrawn: no byte of any record is left, whatever happens on the way. */
#include <string.h>

#include "lasting.h"
#include "log.h"
#include "test.h"

static lasting_t box;

/* Records of two boots, urgent and routine, accepted and waiting, are in the store. */
static int watched(void **state) {
    (void)state;
    lasting_prepare(&box);
    for (uint32_t boots = 0; boots < 2; boots++) {
        lasting_boot(&box);
        const tally_session_id_t film = device_play(&box.device);
        (void)device_wait(&box.device, 60000);
        assert_int_equal(tally_hook_close(&box.device.agent, film, TALLY_STOP_USER), TALLY_OK);
        (void)device_wait(&box.device, 0);
        if (boots == 0) {
            lasting_upload(&box);
        }
    }
    return 0;
}

static uint32_t blocks(void) {
    return box.device.store.store.blocks;
}

static bool is_blank(uint32_t block) {
    const uint32_t bytes = box.device.store.store.block_bytes;
    const uint8_t *const begin = box.device.store.memory + (size_t)block * bytes;
    for (uint32_t i = 0; i < bytes; i++) {
        if (begin[i] != 0xFF && begin[i] != 0) {
            return false;
        }
    }
    return true;
}

static uint32_t blank_blocks(void) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < blocks(); i++) {
        count += is_blank(i) ? 1 : 0;
    }
    return count;
}

static bool is_in_store(const uint8_t *bytes, uint32_t size) {
    const uint32_t all = box.device.store.store.block_bytes * blocks();
    for (uint32_t i = 0; i + size <= all; i++) {
        if (memcmp(box.device.store.memory + i, bytes, size) == 0) {
            return true;
        }
    }
    return false;
}

static void assert_state(enum tally_consent expected) {
    assert_int_equal(tally_consent_state(&box.device.agent), expected);
}

static void withdraw(void) {
    assert_int_equal(tally_consent(&box.device.agent, false), TALLY_OK);
}

/* How many steps until the agent sleeps. */
static uint32_t steps_to_rest(void) {
    uint32_t steps = 1;
    while (device_wait(&box.device, 0) != UINT32_MAX) {
        steps++;
        assert_true(steps < 100);
    }
    return steps;
}

static void assert_all_gone(void) {
    assert_state(TALLY_CONSENT_WITHDRAWN);
    assert_int_equal(blank_blocks(), blocks());
    assert_int_equal(tally_pending(&box.device.agent), 0);
}

/* --- what is gone --------------------------------------------------------------------------- */

static void test_destroy_leaves_no_byte_of_any_record(void **state) {
    (void)state;
    records_load(&box.device.records, &box.device.agent.spool);
    const records_t *const records = &box.device.records;
    assert_true(records->count >= 5);
    for (uint32_t i = 0; i < records->count; i++) {
        assert_true(is_in_store(records->list[i].bytes, records->list[i].size));
    }
    assert_true(is_in_store(box.last_boot_record.bytes, box.last_boot_record.size)); /* accepted */
    withdraw();
    (void)steps_to_rest();
    for (uint32_t i = 0; i < records->count; i++) {
        for (uint32_t at = 0; at + 8 <= records->list[i].size; at += 8) {
            assert_false(is_in_store(records->list[i].bytes + at, 8));
        }
    }
    assert_all_gone();
}

static void test_destroy_takes_a_step_for_each_block(void **state) {
    (void)state;
    withdraw();
    const uint32_t erases = box.device.store.erases;
    for (uint32_t i = 1; i <= blocks(); i++) {
        assert_state(TALLY_CONSENT_WITHDRAWING);
        assert_int_equal(box.logged[TALLY_LOG_ID_DESTROYED], 0);
        assert_int_equal(device_wait(&box.device, 0), 0);
        assert_int_equal(box.device.store.erases, erases + i);
    }
    assert_all_gone();
    assert_int_equal(box.logged[TALLY_LOG_ID_DESTROYED], 1);
    assert_int_equal(box.last_value, blocks());
    assert_int_equal(device_wait(&box.device, 0), UINT32_MAX);
    assert_int_equal(box.device.store.erases, erases + blocks());
}

/* --- power cuts ----------------------------------------------------------------------------- */

static void test_destroy_goes_on_behind_a_power_cut(void **state) {
    (void)state;
    for (uint32_t steps = 0; steps < 8; steps++) {
        (void)watched(NULL);
        withdraw();
        for (uint32_t i = 0; i < steps; i++) {
            (void)device_wait(&box.device, 0);
        }
        assert_int_equal(is_blank(3), steps > 3); /* the first with routine records */
        lasting_boot(&box);
        assert_state(TALLY_CONSENT_WITHDRAWING);
        assert_int_equal(box.device.agent.spool.made, 0);
        assert_int_equal(steps_to_rest(), blocks() + 1);
        assert_all_gone();
    }
}

/* A device that is cut off every few seconds gets there as long as one boot lives long enough. */
static void test_destroy_ends_behind_any_number_of_power_cuts(void **state) {
    (void)state;
    withdraw();
    for (uint32_t boots = 0; boots < 50; boots++) {
        (void)device_wait(&box.device, 0);
        lasting_boot(&box);
        assert_state(TALLY_CONSENT_WITHDRAWING);
    }
    (void)steps_to_rest();
    assert_all_gone();
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_WITHDRAWN);
}

/* The last block is gone, and the power before the settings knew. */
static void test_destroy_that_was_not_noted_is_done_again(void **state) {
    (void)state;
    withdraw();
    box.settings_memory.program_fails_in = 1;
    box.settings_memory.programs_fail_more = UINT32_MAX;
    (void)steps_to_rest();
    assert_all_gone();
    box.settings_memory.program_fails_in = 0;
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_WITHDRAWING);
    (void)steps_to_rest();
    assert_all_gone();
    lasting_boot(&box);
    assert_state(TALLY_CONSENT_WITHDRAWN);
}

/* --- worn stores ---------------------------------------------------------------------------- */

enum { WORN = 2 };

static void test_destroy_writes_zeros_where_it_cannot_erase(void **state) {
    (void)state;
    box.device.store.worn_block = WORN + 1;
    withdraw();
    (void)steps_to_rest();
    assert_all_gone();
    const uint8_t *const begin = box.device.store.memory + (size_t)WORN * 4096;
    for (uint32_t i = 0; i < 4096; i++) {
        assert_int_equal(begin[i], 0);
    }
    assert_int_equal(box.logged[TALLY_LOG_ID_DESTROY_FAILED], 0);
}

/* Block 0 has records: it is told, all others are destroyed, and each boot tries again. */
static void test_destroy_that_a_block_refuses_is_told_and_tried_again(void **state) {
    (void)state;
    assert_false(is_blank(0));
    box.device.store.worn_block = 1;
    box.device.store.zeros_are_refused = true;
    withdraw();
    (void)device_wait(&box.device, 0);
    assert_int_equal(box.logged[TALLY_LOG_ID_DESTROY_FAILED], 1);
    assert_int_equal(box.last_value, 0);
    for (uint32_t boots = 0; boots < 3; boots++) {
        (void)steps_to_rest();
        assert_state(TALLY_CONSENT_WITHDRAWING);
        assert_int_equal(box.logged[TALLY_LOG_ID_DESTROY_FAILED], 1);
        assert_int_equal(box.logged[TALLY_LOG_ID_DESTROYED], 0);
        assert_int_equal(blank_blocks(), blocks() - 1);
        assert_int_equal(tally_consent(&box.device.agent, true), TALLY_E_STATE);
        lasting_boot(&box);
        assert_state(TALLY_CONSENT_WITHDRAWING);
    }
    box.device.store.worn_block = 0;
    (void)steps_to_rest();
    assert_all_gone();
}

static void test_destroy_of_a_store_that_is_gone_ends_all_the_same(void **state) {
    (void)state;
    box.device.store.erase_fails_in = 1;
    box.device.store.erases_fail_more = UINT32_MAX;
    box.device.store.program_fails_in = 1;
    box.device.store.programs_fail_more = UINT32_MAX;
    withdraw();
    assert_int_equal(steps_to_rest(), blocks() + 1);
    assert_state(TALLY_CONSENT_WITHDRAWING);
    assert_int_equal(box.logged[TALLY_LOG_ID_DESTROY_FAILED], blocks());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_destroy_leaves_no_byte_of_any_record, watched),
        cmocka_unit_test_setup(test_destroy_takes_a_step_for_each_block, watched),
        cmocka_unit_test(test_destroy_goes_on_behind_a_power_cut),
        cmocka_unit_test_setup(test_destroy_ends_behind_any_number_of_power_cuts, watched),
        cmocka_unit_test_setup(test_destroy_that_was_not_noted_is_done_again, watched),
        cmocka_unit_test_setup(test_destroy_writes_zeros_where_it_cannot_erase, watched),
        cmocka_unit_test_setup(test_destroy_that_a_block_refuses_is_told_and_tried_again, watched),
        cmocka_unit_test_setup(test_destroy_of_a_store_that_is_gone_ends_all_the_same, watched),
    };
    return cmocka_run_group_tests_name("agent_destroy", tests, NULL, NULL);
}
