/* SPDX-License-Identifier: Apache-2.0 */
/* The frame that spool and settings share: what is believed, what is not, and where a reader goes
 * on. Bytes are literals, computed from SPEC.md with Python's zlib. */
#include "entry.h"

#include <string.h>

#include "fakes.h"
#include "test.h"

enum { BLOCK_BYTES = 1024, BLOCKS = 3, TAG = 0x28, OWN = 0x80 };

#define OWNER UINT64_C(0x1F0123456789AB)

static fake_store_t store;
static uint8_t buffer[300];
static tally_window_t window;

static int set_up(void **state) {
    (void)state;
    fake_store_init(&store, BLOCK_BYTES, BLOCKS, 4);
    window = (tally_window_t){.store = &store.store, .buffer = buffer, .size = sizeof buffer};
    return 0;
}

/* What an entry of that many times `letter` takes. */
static uint32_t put(uint32_t block, uint32_t offset, uint8_t tag, char letter, uint32_t bytes) {
    static uint8_t entry[TALLY_ENTRY_HEADER_BYTES + TALLY_ENTRY_PAYLOAD_MOST + 16];
    memset(entry + TALLY_ENTRY_HEADER_BYTES, letter, bytes);
    const tally_place_t place = {.sequence = 40 + block, .offset = offset};
    const tally_cursor_t at = {.owner = OWNER, .place = place};
    const uint32_t size = tally_entry_seal(&store.store, entry, tag, bytes, &at);
    assert_int_equal(tally_entry_program(&store.store, block, offset, entry, size), TALLY_OK);
    return size;
}

static void go_to(uint32_t block, uint32_t offset) {
    tally_window_move(&window, block);
    window.bytes = 0;
    window.cursor =
        (tally_cursor_t){.owner = OWNER, .place = {.sequence = 40 + block, .offset = offset}};
}

static bool is_sound(uint32_t block, uint32_t offset) {
    go_to(block, offset);
    return tally_entry_at(&window, BLOCK_BYTES);
}

/* --- bytes ---------------------------------------------------------------------------------- */

static void test_entry_numbers_are_little_endian(void **state) {
    (void)state;
    uint8_t bytes[5] = {9, 9, 9, 9, 9};
    tally_le_put(bytes, 0x01020304, 4);
    assert_memory_equal(bytes, "\x04\x03\x02\x01\x09", 5);
    tally_le_put(bytes, 0xAABBCC, 2);
    assert_memory_equal(bytes, "\xCC\xBB\x02\x01\x09", 5);
    assert_int_equal(tally_le_get(bytes, 1), 0xCC);
    assert_int_equal(tally_le_get(bytes, 3), 0x02BBCC);
    tally_le_put(bytes, UINT32_MAX, 4);
    assert_int_equal(tally_le_get(bytes, 4), UINT32_MAX);
}

static void test_entry_lies_in_the_store_as_documented(void **state) {
    (void)state;
    static const uint8_t owned[] = {0x03, 0x00, 0x28, 0x83, 0x4C, 0xF7,
                                    0x99, 0x47, 'a',  'a',  'a',  0xFF};
    static const uint8_t unowned[] = {0x04, 0x00, 0x80, 0x51, 0x48, 0x9C,
                                      0xA8, 0x43, 'b',  'b',  'b',  'b'};
    assert_int_equal(put(1, 100, TAG, 'a', 3), sizeof owned);
    assert_memory_equal(store.memory + BLOCK_BYTES + 100, owned, sizeof owned);
    assert_int_equal(put(1, 112, OWN, 'b', 4), sizeof unowned);
    assert_memory_equal(store.memory + BLOCK_BYTES + 112, unowned, sizeof unowned);
}

static void test_entry_takes_header_payload_and_padding(void **state) {
    (void)state;
    static const uint32_t expected[][3] = {{1, 0, 8},  {1, 5, 13}, {4, 0, 8},   {4, 5, 16},
                                           {8, 8, 16}, {8, 9, 24}, {16, 0, 16}, {16, 9, 32}};
    for (uint32_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        store.store.program_bytes = expected[i][0];
        assert_int_equal(tally_entry_stored_bytes(&store.store, expected[i][1]), expected[i][2]);
    }
}

/* --- what is believed ----------------------------------------------------------------------- */

static void test_entry_is_found_where_it_was_put(void **state) {
    (void)state;
    (void)put(1, 100, TAG, 'a', 50);
    go_to(1, 100);
    assert_true(tally_entry_at(&window, BLOCK_BYTES));
    assert_int_equal(window.entry.tag, TAG);
    assert_int_equal(window.entry.bytes, 50);
}

static void test_entry_with_any_bit_flipped_is_none(void **state) {
    (void)state;
    const uint32_t size = TALLY_ENTRY_HEADER_BYTES + 50;
    (void)put(1, 100, TAG, 'a', 50);
    for (uint32_t bit = 0; bit < size * 8; bit++) {
        uint8_t *const byte = &store.memory[BLOCK_BYTES + 100 + bit / 8];
        *byte ^= (uint8_t)(1u << bit % 8);
        assert_false(is_sound(1, 100));
        *byte ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(is_sound(1, 100));
}

static void test_entry_is_none_in_another_place(void **state) {
    (void)state;
    const uint32_t size = put(1, 100, TAG, 'a', 50);
    memcpy(store.memory + BLOCK_BYTES + 200, store.memory + BLOCK_BYTES + 100, size);
    memcpy(store.memory + 100, store.memory + BLOCK_BYTES + 100, size);
    assert_false(is_sound(1, 200));
    assert_false(is_sound(0, 100));
}

static void test_entry_is_none_in_another_lap(void **state) {
    (void)state;
    (void)put(1, 100, TAG, 'a', 50);
    go_to(1, 100);
    window.cursor.place.sequence += BLOCKS;
    assert_false(tally_entry_at(&window, BLOCK_BYTES));
}

static void test_entry_of_another_owner_is_none(void **state) {
    (void)state;
    (void)put(1, 100, TAG, 'a', 50);
    for (uint32_t bit = 0; bit < 64; bit++) {
        go_to(1, 100);
        window.cursor.owner ^= UINT64_C(1) << bit;
        assert_false(tally_entry_at(&window, BLOCK_BYTES));
    }
}

static void test_entry_without_an_owner_is_anybodys(void **state) {
    (void)state;
    (void)put(1, 100, OWN, 'a', 50);
    go_to(1, 100);
    window.cursor.owner = 7;
    assert_true(tally_entry_at(&window, BLOCK_BYTES));
}

static void test_entry_ends_before_the_end(void **state) {
    (void)state;
    (void)put(1, 100, TAG, 'a', 50);
    go_to(1, 100);
    assert_true(tally_entry_at(&window, 158));
    assert_false(tally_entry_at(&window, 157));
}

static void test_entry_larger_than_the_window_is_read_in_parts(void **state) {
    (void)state;
    (void)put(1, 100, TAG, 'a', 900);
    assert_true(is_sound(1, 100));
    store.memory[BLOCK_BYTES + 100 + TALLY_ENTRY_HEADER_BYTES + 899] ^= 1;
    assert_false(is_sound(1, 100));
}

static void test_entry_is_none_in_erased_and_in_zeroed_blocks(void **state) {
    (void)state;
    memset(store.memory, 0, BLOCK_BYTES);
    for (uint32_t offset = 0; offset + TALLY_ENTRY_HEADER_BYTES <= BLOCK_BYTES; offset++) {
        assert_false(is_sound(0, offset));
        assert_false(is_sound(1, offset));
    }
}

/* --- finding -------------------------------------------------------------------------------- */

static void test_entry_is_found_behind_damage(void **state) {
    (void)state;
    const uint32_t size = put(1, 0, TAG, 'a', 50);
    (void)put(1, size, TAG, 'b', 20);
    store.memory[BLOCK_BYTES] ^= 1;
    go_to(1, 0);
    assert_true(tally_entry_find(&window, BLOCK_BYTES));
    assert_int_equal(window.cursor.place.offset, size);
    assert_int_equal(window.entry.bytes, 20);
    tally_entry_pass(&window);
    assert_int_equal(window.cursor.place.offset, size + 28);
    assert_false(tally_entry_find(&window, BLOCK_BYTES));
    assert_int_equal(window.cursor.place.offset, BLOCK_BYTES);
}

static void test_entry_writing_ended_behind_the_last_byte_that_is_not_erased(void **state) {
    (void)state;
    go_to(1, 0);
    assert_int_equal(tally_entry_written_end(&window, 0), 0);
    assert_int_equal(tally_entry_written_end(&window, 100), 100);
    store.memory[BLOCK_BYTES + 200] = 0;
    go_to(1, 0);
    assert_int_equal(tally_entry_written_end(&window, 0), 204);
    assert_int_equal(tally_entry_written_end(&window, 204), 204);
    store.memory[BLOCK_BYTES + BLOCK_BYTES - 1] = 0xFE;
    go_to(1, 0);
    assert_int_equal(tally_entry_written_end(&window, 0), BLOCK_BYTES);
}

/* --- a store that fails --------------------------------------------------------------------- */

static void test_entry_reading_is_tried_three_times(void **state) {
    (void)state;
    (void)put(1, 100, TAG, 'a', 50);
    store.read_fails_in = 1;
    store.reads_fail_more = 1;
    assert_true(is_sound(1, 100));
    assert_false(window.failed);
    store.read_fails_in = 1;
    store.reads_fail_more = 2;
    assert_false(is_sound(1, 100));
    assert_true(window.failed);
}

static void test_entry_what_cannot_be_read_counts_as_written(void **state) {
    (void)state;
    store.dead_block = 1 + 1;
    go_to(1, 0);
    assert_int_equal(tally_entry_written_end(&window, 8), BLOCK_BYTES);
}

static void test_entry_is_programmed_only_if_it_reads_back(void **state) {
    (void)state;
    uint8_t bytes[100] = {0};
    assert_int_equal(tally_entry_program(&store.store, 0, 0, bytes, 100), TALLY_OK);
    store.sync_fails_in = 1;
    assert_int_equal(tally_entry_program(&store.store, 0, 100, bytes, 100), TALLY_E_IO);
    store.program_fails_in = 1;
    assert_int_equal(tally_entry_program(&store.store, 0, 200, bytes, 100), TALLY_E_IO);
    store.dead_block = 0 + 1;
    assert_int_equal(tally_entry_program(&store.store, 0, 300, bytes, 100), TALLY_E_IO);
}

/* Says it has programmed, and one bit stays. */
static int32_t program_badly(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    memcpy(store.memory + (size_t)block * BLOCK_BYTES + offset, data, size);
    store.memory[(size_t)block * BLOCK_BYTES + offset + size - 1] ^= 1;
    return ctx == &store ? TALLY_OK : TALLY_E_IO;
}

static void test_entry_program_finds_a_bit_that_stayed(void **state) {
    (void)state;
    const uint8_t bytes[100] = {0};
    store.store.program = program_badly;
    for (uint32_t size = 4; size <= 100; size += 4) {
        assert_int_equal(tally_entry_program(&store.store, 0, 0, bytes, size), TALLY_E_IO);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_entry_numbers_are_little_endian, set_up),
        cmocka_unit_test_setup(test_entry_lies_in_the_store_as_documented, set_up),
        cmocka_unit_test_setup(test_entry_takes_header_payload_and_padding, set_up),
        cmocka_unit_test_setup(test_entry_is_found_where_it_was_put, set_up),
        cmocka_unit_test_setup(test_entry_with_any_bit_flipped_is_none, set_up),
        cmocka_unit_test_setup(test_entry_is_none_in_another_place, set_up),
        cmocka_unit_test_setup(test_entry_is_none_in_another_lap, set_up),
        cmocka_unit_test_setup(test_entry_of_another_owner_is_none, set_up),
        cmocka_unit_test_setup(test_entry_without_an_owner_is_anybodys, set_up),
        cmocka_unit_test_setup(test_entry_ends_before_the_end, set_up),
        cmocka_unit_test_setup(test_entry_larger_than_the_window_is_read_in_parts, set_up),
        cmocka_unit_test_setup(test_entry_is_none_in_erased_and_in_zeroed_blocks, set_up),
        cmocka_unit_test_setup(test_entry_is_found_behind_damage, set_up),
        cmocka_unit_test_setup(test_entry_writing_ended_behind_the_last_byte_that_is_not_erased,
                               set_up),
        cmocka_unit_test_setup(test_entry_reading_is_tried_three_times, set_up),
        cmocka_unit_test_setup(test_entry_what_cannot_be_read_counts_as_written, set_up),
        cmocka_unit_test_setup(test_entry_is_programmed_only_if_it_reads_back, set_up),
        cmocka_unit_test_setup(test_entry_program_finds_a_bit_that_stayed, set_up),
    };
    return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
