/* SPDX-License-Identifier: Apache-2.0 */
/* The driver on chips that fail, are late, or were left in the midst of something. */
#include <string.h>

#include "scene.h"

static const uint8_t record[] =
    "A record that is worth the flash it is written to, as they all are.";
enum { RECORD_BYTES = 64, RECORD_AT = 500 };

static enum chip_family family_of(void **state) {
    return *(enum chip_family *)*state;
}

static void open_family(void **state) {
    const chip_shape_t shape = scene_shape(family_of(state));
    scene_open(&shape);
}

static void check_record(uint32_t block) {
    uint8_t read[RECORD_BYTES];
    assert_int_equal(scene_read(block, RECORD_AT, read, RECORD_BYTES), TALLY_OK);
    assert_memory_equal(read, record, RECORD_BYTES);
}

/* Whatever was, the store is good for all it should be. */
static void check_good(uint32_t block) {
    assert_int_equal(scene_erase(block), TALLY_OK);
    assert_true(scene_is_erased(SCENE_FIRST + block));
    assert_int_equal(scene_program(block, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
    check_record(block);
    scene_check_rest();
}

/* ---- failures that the chips report ---------------------------------------------------------- */

static void test_one_chip_cannot_program(void **state) {
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        open_family(state);
        pair.chips[i].faults.program_fails = true;
        assert_int_equal(scene_program(0, RECORD_AT, record, RECORD_BYTES), TALLY_E_IO);
        scene_check_rest();
        assert_int_equal(scene_program(1, 0, record, 4), TALLY_OK);
        pair.chips[i].faults.program_fails = true;
        assert_int_equal(scene_program(1, 4, record, 4), TALLY_E_IO);
        scene_check_rest();
        check_good(0);
    }
}

static void test_one_chip_cannot_erase(void **state) {
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        open_family(state);
        assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
        pair.chips[i].faults.erase_fails = true;
        assert_int_equal(scene_erase(0), TALLY_E_IO);
        scene_check_rest();
        check_record(1);
        check_good(0);
    }
}

static void test_nothing_is_written_behind_a_buffer_that_failed(void **state) {
    static const uint8_t zeros[SCENE_SECTOR_BYTES];
    open_family(state);
    pair.chips[1].faults.program_fails = true;
    assert_int_equal(scene_program(0, 0, zeros, sizeof zeros), TALLY_E_IO);
    assert_int_equal(pair.chips[1].programs, 0);
    for (uint32_t at = scene.nor.buffer_bytes; at < SCENE_SECTOR_BYTES; at++) {
        assert_int_equal(scene_cell(SCENE_FIRST, at), 0xFF);
    }
    scene_check_rest();
}

static void test_low_voltage(void **state) {
    open_family(state);
    pair.chips[0].faults.low_voltage = true;
    assert_int_equal(scene_program(0, RECORD_AT, record, RECORD_BYTES), TALLY_E_IO);
    scene_check_rest();
    assert_int_equal(scene_program(0, RECORD_AT, record, 4), TALLY_E_IO);
    scene_check_rest();
    assert_int_equal(scene_erase(1), TALLY_E_IO);
    scene_check_rest();
    pair.chips[0].faults.low_voltage = false;
    check_good(0);
}

static void test_a_sector_that_is_locked_down(void **state) {
    (void)state;
    const chip_shape_t shape = scene_shape(CHIP_P30);
    scene_power_up(&shape);
    pair.chips[1].locked_down[SCENE_FIRST + 1] = true;
    scene_start_driver();
    assert_int_equal(scene_erase(1), TALLY_E_IO);
    scene_check_rest();
    assert_int_equal(scene_program(1, 0, record, RECORD_BYTES), TALLY_E_IO);
    scene_check_rest();
    check_good(0);
}

/* ---- chips that are late --------------------------------------------------------------------- */

static void test_the_slower_chip_is_waited_for(void **state) {
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        open_family(state);
        pair.chips[i].faults.slower = 2; /* as long as its table allows */
        check_good(0);
    }
}

static void test_a_buffer_that_is_not_free_yet_is_waited_for(void **state) {
    open_family(state);
    pair.chips[1].faults.buffer_after_us = 200;
    check_good(0);
}

static void test_no_buffer_to_be_had(void **state) {
    open_family(state);
    assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
    pair.chips[1].faults.buffer_after_us = 1000000000;
    assert_int_equal(scene_program(0, RECORD_AT, record, RECORD_BYTES), TALLY_E_IO);
    pair.chips[1].faults.buffer_after_us = 0;
    check_record(1);
    check_good(0);
}

/* An operation that hangs in one chip ends in time, gives garbage to nobody, and the store works
 * again once the chip does. */
static void check_hang(void **state, uint32_t chip, bool is_erase) {
    uint8_t read[RECORD_BYTES];
    open_family(state);
    assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
    pair.chips[chip].faults.hangs = true;
    const uint64_t begun_ns = pair.now_ns;
    assert_int_equal(is_erase ? scene_erase(0) : scene_program(0, 0, record, RECORD_BYTES),
                     TALLY_E_IO);
    const uint64_t most_us = is_erase ? scene.nor.erase_us : scene.nor.buffer_us;
    assert_in_range((pair.now_ns - begun_ns) / 1000, most_us, most_us + 50);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(scene_read(1, RECORD_AT, read, RECORD_BYTES), TALLY_E_IO);
        assert_int_equal(scene_program(2, 0, record, RECORD_BYTES), TALLY_E_IO);
        assert_int_equal(scene_erase(3), TALLY_E_IO);
    }
    pair.chips[chip].faults.hangs = false;
    chip_end(&pair.chips[chip]);
    check_record(1);
    scene_check_rest();
    check_good(0);
}

static void test_a_program_that_hangs(void **state) {
    check_hang(state, 0, false);
    check_hang(state, 1, false);
}

static void test_an_erase_that_hangs(void **state) {
    check_hang(state, 0, true);
    check_hang(state, 1, true);
}

static void test_time_that_nobody_waited_is_not_held_against_the_chips(void **state) {
    /* The processor stood still between its look at the clock and that at the status. */
    open_family(state);
    pair.stands_still_ns = 2000000000;
    assert_int_equal(scene_erase(0), TALLY_OK);
    scene_check_rest();
}

static void test_an_erase_that_fails_late_is_told_no_second_time(void **state) {
    open_family(state);
    pair.chips[0].faults.hangs = true;
    assert_int_equal(scene_erase(0), TALLY_E_IO);
    pair.chips[0].faults.hangs = false;
    pair.chips[0].faults.erase_fails = true;
    chip_end(&pair.chips[0]);
    check_good(1);
    check_good(0);
}

/* ---- resets and power ------------------------------------------------------------------------ */

enum { OP_WORD, OP_BUFFER, OP_BUFFERS, OP_ERASE, OP_UNLOCK, OP_INIT, OPS };

static void run(uint32_t op) {
    static const uint8_t data[300] = {0};
    cfi_nor_store_t store;
    switch (op) {
    case OP_WORD: (void)scene_program(0, 8, data, 4); break;
    case OP_BUFFER: (void)scene_program(0, 8, data, 40); break;
    case OP_BUFFERS: (void)scene_program(0, 8, data, 300); break;
    case OP_ERASE: (void)scene_erase(0); break;
    case OP_UNLOCK: (void)cfi_nor_store(&store, &scene.nor, 0, 2); break;
    case OP_INIT:
    default: (void)cfi_nor_init(&scene.nor, PAIR_BASE, pair_now_us); break;
    }
}

/* Block 0 is where operations go; elsewhere nothing may have changed. */
static void check_after_reset(void) {
    scene_start_driver();
    check_record(1);
    for (uint32_t sector = 0; sector < SCENE_BLOCKS; sector++) {
        assert_true(sector == SCENE_FIRST || sector == SCENE_FIRST + 1 || scene_is_erased(sector));
    }
    check_good(0);
}

/* Runs an operation up to its n-th write; false if it has fewer. */
static bool run_up_to(uint32_t op, uint32_t writes) {
    if (setjmp(pair.reset) == 0) {
        pair.writes_left = writes;
        run(op);
        return false;
    }
    return true;
}

/* The processor is reset and the chips are not: they wait for more, or are busy, or in a mode. */
static void test_a_processor_that_is_reset_anywhere(void **state) {
    uint32_t cases = 0;
    for (volatile uint32_t op = 0; op < OPS; op++) {
        for (volatile uint32_t writes = 1;; writes++) {
            open_family(state);
            assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
            if (!run_up_to(op, writes)) {
                break;
            }
            check_after_reset();
            cases++;
        }
    }
    assert_true(cases > 100);
}

/* The same again, with the processor reset in its first steps after a reset. */
static void test_a_processor_that_is_reset_twice(void **state) {
    for (volatile uint32_t writes = 1; writes < 8; writes++) {
        for (volatile uint32_t again = 1; again < 5; again++) {
            open_family(state);
            assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
            assert_true(run_up_to(OP_BUFFER, writes));
            (void)run_up_to(OP_INIT, again);
            check_after_reset();
        }
    }
}

static void test_a_reset_while_one_chip_erases_and_the_other_is_done(void **state) {
    for (uint32_t i = 0; i < PAIR_CHIPS; i++) {
        open_family(state);
        assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
        pair.chips[i].faults.slower = 2;
        assert_true(run_up_to(OP_ERASE, 2));
        const uint64_t begun_ns = pair.now_ns;
        while (pair.chips[0].is_busy && pair.chips[1].is_busy) {
            (void)pair_now_us();
        }
        pair.chips[i].faults.slower = 0;
        check_after_reset();
        assert_true(pair.now_ns - begun_ns >= 8000000);
    }
}

static void test_chips_that_never_end_an_erase_are_given_up_at_the_start(void **state) {
    cfi_nor_t nor;
    open_family(state);
    pair.access_ns = 1000;
    pair.chips[1].faults.hangs = true;
    assert_true(run_up_to(OP_ERASE, 2));
    const uint64_t begun_ns = pair.now_ns;
    assert_int_equal(cfi_nor_init(&nor, PAIR_BASE, pair_now_us), TALLY_E_IO);
    assert_true((pair.now_ns - begun_ns) / 1000000u < CFI_NOR_ANSWER_MS + 100);
}

static void test_power_that_goes_in_the_midst_of_an_operation(void **state) {
    for (uint32_t op = OP_WORD; op <= OP_ERASE; op++) {
        for (volatile uint32_t writes = 1;; writes++) {
            open_family(state);
            assert_int_equal(scene_program(1, RECORD_AT, record, RECORD_BYTES), TALLY_OK);
            if (!run_up_to(op, writes)) {
                break;
            }
            pair_power_cycle();
            check_after_reset();
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_BOTH(test_one_chip_cannot_program),
        SCENE_BOTH(test_one_chip_cannot_erase),
        SCENE_BOTH(test_nothing_is_written_behind_a_buffer_that_failed),
        SCENE_BOTH(test_low_voltage),
        cmocka_unit_test(test_a_sector_that_is_locked_down),
        SCENE_BOTH(test_the_slower_chip_is_waited_for),
        SCENE_BOTH(test_a_buffer_that_is_not_free_yet_is_waited_for),
        SCENE_BOTH(test_no_buffer_to_be_had),
        SCENE_BOTH(test_a_program_that_hangs),
        SCENE_BOTH(test_an_erase_that_hangs),
        SCENE_BOTH(test_time_that_nobody_waited_is_not_held_against_the_chips),
        SCENE_BOTH(test_an_erase_that_fails_late_is_told_no_second_time),
        SCENE_BOTH(test_a_processor_that_is_reset_anywhere),
        SCENE_BOTH(test_a_processor_that_is_reset_twice),
        SCENE_BOTH(test_a_reset_while_one_chip_erases_and_the_other_is_done),
        SCENE_BOTH(test_chips_that_never_end_an_erase_are_given_up_at_the_start),
        SCENE_BOTH(test_power_that_goes_in_the_midst_of_an_operation),
    };
    return cmocka_run_group_tests_name("cfi_nor_faults", tests, NULL, NULL);
}
