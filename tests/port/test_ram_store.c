/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "tally_ram_store.h"

enum { BLOCK_BYTES = 256, BLOCKS = 3, PROGRAM_BYTES = 4 };

/* One block more than the store knows of: writes beyond its end would show there. */
static uint8_t memory[BLOCK_BYTES * (BLOCKS + 1)];
static tally_ram_store_t ram;

static int setup(void **state) {
    (void)state;
    memset(memory, 0x5A, sizeof memory);
    return tally_ram_store_init(&ram, memory, BLOCK_BYTES, BLOCKS, PROGRAM_BYTES);
}

static int teardown(void **state) {
    (void)state;
    for (uint32_t i = 0; i < BLOCK_BYTES; i++) {
        if (memory[BLOCK_BYTES * BLOCKS + i] != 0x5A) {
            return -1;
        }
    }
    return 0;
}

static void keeps_what_was_there(void **state) {
    (void)state;
    uint8_t out[4];
    const tally_store_t *store = tally_ram_store(&ram);
    assert_int_equal(store->read(store->ctx, 2, 252, out, 4), TALLY_OK);
    assert_memory_equal(out, "\x5A\x5A\x5A\x5A", 4);
}

static void erases_one_block_only(void **state) {
    (void)state;
    const tally_store_t *store = tally_ram_store(&ram);
    assert_int_equal(store->erase(store->ctx, 1), TALLY_OK);
    for (uint32_t i = 0; i < BLOCK_BYTES * BLOCKS; i++) {
        assert_int_equal(memory[i], i / BLOCK_BYTES == 1 ? 0xFF : 0x5A);
    }
}

static void reads_back_what_was_programmed(void **state) {
    (void)state;
    static const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t out[8];
    const tally_store_t *store = tally_ram_store(&ram);
    assert_int_equal(store->erase(store->ctx, 2), TALLY_OK);
    assert_int_equal(store->program(store->ctx, 2, 248, data, 8), TALLY_OK);
    assert_int_equal(store->sync(store->ctx), TALLY_OK);
    assert_int_equal(store->read(store->ctx, 2, 248, out, 8), TALLY_OK);
    assert_memory_equal(out, data, 8);
}

static void refuses_places_outside(void **state) {
    (void)state;
    uint8_t data[8] = {0};
    const tally_store_t *store = tally_ram_store(&ram);
    assert_int_equal(store->read(store->ctx, BLOCKS, 0, data, 1), TALLY_E_IO);
    assert_int_equal(store->read(store->ctx, 0, 250, data, 8), TALLY_E_IO);
    assert_int_equal(store->read(store->ctx, 0, 4, data, UINT32_MAX), TALLY_E_IO);
    assert_int_equal(store->program(store->ctx, BLOCKS, 0, data, 4), TALLY_E_IO);
    assert_int_equal(store->program(store->ctx, 2, 252, data, 8), TALLY_E_IO);
    assert_int_equal(store->erase(store->ctx, BLOCKS), TALLY_E_IO);
}

static void refuses_to_program_off_the_granularity(void **state) {
    (void)state;
    const uint8_t data[8] = {0};
    const tally_store_t *store = tally_ram_store(&ram);
    assert_int_equal(store->program(store->ctx, 0, 4, data, 4), TALLY_OK);
    assert_int_equal(store->program(store->ctx, 0, 2, data, 4), TALLY_E_IO);
    assert_int_equal(store->program(store->ctx, 0, 4, data, 3), TALLY_E_IO);
}

static void refuses_sizes_the_contract_forbids(void **state) {
    (void)state;
    tally_ram_store_t other;
    assert_int_equal(tally_ram_store_init(NULL, memory, 256, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_ram_store_init(&other, NULL, 256, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_ram_store_init(&other, memory, 128, 3, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_ram_store_init(&other, memory, 260, 3, 8), TALLY_E_ARGUMENT);
    assert_int_equal(tally_ram_store_init(&other, memory, 256, 0, 1), TALLY_E_ARGUMENT);
    assert_int_equal(tally_ram_store_init(&other, memory, 256, 3, 2), TALLY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_what_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(erases_one_block_only, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_back_what_was_programmed, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_places_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_to_program_off_the_granularity, setup, teardown),
        cmocka_unit_test(refuses_sizes_the_contract_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
