/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "sealed_rig.h"

#include <stdio.h>
#include <string.h>

enum {
    BLOCK_BYTES = 1024,
    BLOCKS = 6,
    GRANULARITY = 4,
    SLOTS = 8,
    SLOT = TALLY_SEALED_SLOT_BYTES,
    TABLE_AT = BLOCK_BYTES - SLOTS * SLOT,
    NONCE_AT = 5,
    NONCE_BYTES = 11,
    LARGEST = 400,
};

static uint8_t memory[BLOCKS][BLOCK_BYTES];
static uint8_t buffer[LARGEST + TALLY_SEALED_TAG_BYTES];
static tally_ram_store_t ram;
static tally_sealed_store_t sealed;
static const tally_store_t *store;
static psa_key_id_t key;

/* What a reboot does: nothing is left but what lies in the lower store. */
static void boot_with(psa_key_id_t with) {
    memset(&sealed, 0x5A, sizeof sealed);
    memset(buffer, 0x5A, sizeof buffer);
    assert_int_equal(tally_ram_store_init(&ram, memory[0], BLOCK_BYTES, BLOCKS, GRANULARITY),
                     TALLY_OK);
    assert_int_equal(
        tally_sealed_store_init(&sealed, tally_ram_store(&ram), with, SLOTS, buffer, sizeof buffer),
        TALLY_OK);
    store = tally_sealed_store(&sealed);
}

static void boot(void) {
    boot_with(key);
}

static int setup(void **state) {
    (void)state;
    key = sealed_key(PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305, 1);
    boot();
    for (uint32_t block = BLOCKS; block-- > 0;) { /* the first ones last: these it remembers */
        assert_int_equal(store->erase(store->ctx, block), TALLY_OK);
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    return psa_destroy_key(key) == PSA_SUCCESS ? 0 : -1;
}

/* An entry whose bytes differ from place to place, and never are 0 or 0xFF. */
static void fill(uint8_t *out, uint32_t size, uint8_t seed) {
    for (uint32_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(1 + (seed * 89u + i * 37u) % 253u);
    }
}

static int32_t program(uint32_t block, uint32_t offset, uint32_t size, uint8_t seed) {
    uint8_t data[LARGEST + GRANULARITY];
    fill(data, size, seed);
    return store->program(store->ctx, block, offset, data, size);
}

static void programmed(uint32_t block, uint32_t offset, uint32_t size, uint8_t seed) {
    assert_int_equal(program(block, offset, size, seed), TALLY_OK);
}

static void assert_entry(uint32_t block, uint32_t offset, uint32_t size, uint8_t seed) {
    uint8_t data[LARGEST];
    uint8_t out[LARGEST];
    fill(data, size, seed);
    assert_int_equal(store->read(store->ctx, block, offset, out, size), TALLY_OK);
    assert_memory_equal(out, data, size);
}

/* There is something, and what it was cannot be seen. */
static void assert_hidden(uint32_t block, uint32_t offset, uint32_t size) {
    uint8_t out[LARGEST];
    uint32_t not_erased = 0;
    assert_int_equal(store->read(store->ctx, block, offset, out, size), TALLY_OK);
    for (uint32_t i = 0; i < size; i++) {
        assert_true(out[i] == 0 || out[i] == 0xFF);
        not_erased += out[i] == 0;
    }
    assert_true(not_erased > size / 2);
}

static void assert_all(uint32_t block, uint32_t offset, uint32_t size, uint8_t value) {
    uint8_t out[BLOCK_BYTES];
    assert_int_equal(store->read(store->ctx, block, offset, out, size), TALLY_OK);
    for (uint32_t i = 0; i < size; i++) {
        assert_int_equal(out[i], value);
    }
}

/* --- the contract of port.h ----------------------------------------------------------------- */

static void reads_back_what_was_programmed_also_after_a_reboot(void **state) {
    (void)state;
    programmed(0, 0, 48, 1);
    programmed(0, 48, LARGEST, 2);
    programmed(5, TABLE_AT - 4, 4, 3);
    for (int boots = 0; boots < 2; boots++) {
        assert_entry(0, 0, 48, 1);
        assert_entry(0, 48, LARGEST, 2);
        assert_entry(5, TABLE_AT - 4, 4, 3);
        boot();
    }
}

static void any_range_shows_entries_gaps_and_zeros(void **state) {
    (void)state;
    enum { RANGE = 120 };
    static const uint8_t zeros[8];
    uint8_t model[RANGE];
    uint8_t out[RANGE];
    memset(model, 0xFF, sizeof model);
    fill(model + 8, 20, 1);
    fill(model + 28, 24, 2);
    fill(model + 64, 32, 3);
    memset(model + 100, 0, sizeof zeros);
    programmed(1, 8, 20, 1);
    programmed(1, 28, 24, 2);
    programmed(1, 64, 32, 3);
    assert_int_equal(store->program(store->ctx, 1, 100, zeros, sizeof zeros), TALLY_OK);
    for (uint32_t offset = 0; offset < RANGE; offset++) {
        for (uint32_t size = 0; size <= RANGE - offset; size++) {
            assert_int_equal(store->read(store->ctx, 1, offset, out, size), TALLY_OK);
            assert_memory_equal(out, model + offset, size);
        }
    }
}

static void an_erased_block_reads_erased_and_is_used_anew(void **state) {
    (void)state;
    programmed(2, 0, 100, 1);
    assert_entry(2, 0, 100, 1);
    assert_int_equal(store->erase(store->ctx, 2), TALLY_OK);
    assert_all(2, 0, 100, 0xFF);
    assert_all(2, 0, TABLE_AT, 0xFF);
    programmed(2, 0, 100, 2);
    assert_entry(2, 0, 100, 2);
}

static void zeros_go_over_anything_and_take_no_slot(void **state) {
    (void)state;
    static const uint8_t zeros[16];
    programmed(0, 0, 64, 1);
    assert_entry(0, 0, 64, 1);
    for (uint32_t i = 0; i < 3 * SLOTS; i++) {
        assert_int_equal(store->program(store->ctx, 0, 32, zeros, sizeof zeros), TALLY_OK);
    }
    assert_all(0, 32, sizeof zeros, 0);
    assert_hidden(0, 0, 64);
    for (uint32_t i = 1; i < SLOTS; i++) {
        programmed(0, 64 * i, 64, 2);
    }
}

static void keeps_to_the_granularity_and_shape_of_the_store_below(void **state) {
    (void)state;
    uint8_t out[8];
    assert_int_equal(store->blocks, BLOCKS);
    assert_int_equal(store->program_bytes, GRANULARITY);
    assert_int_equal(store->block_bytes, TABLE_AT);
    assert_int_equal(store->sync(store->ctx), TALLY_OK);
    assert_int_equal(program(0, 2, 4, 1), TALLY_E_IO);
    assert_int_equal(program(0, TABLE_AT - 4, 8, 1), TALLY_E_IO);
    assert_int_equal(program(BLOCKS, 0, 8, 1), TALLY_E_IO);
    assert_int_equal(store->read(store->ctx, 0, TABLE_AT - 4, out, 8), TALLY_E_IO);
    assert_int_equal(store->read(store->ctx, 0, 4, out, UINT32_MAX), TALLY_E_IO);
    assert_int_equal(store->erase(store->ctx, BLOCKS), TALLY_E_IO);
}

static flash_t flash;

static void boot_on_flash(void) {
    assert_int_equal(
        tally_sealed_store_init(&sealed, &flash.store, key, SLOTS, buffer, sizeof buffer),
        TALLY_OK);
}

static void failures_of_the_store_below_are_told(void **state) {
    (void)state;
    uint8_t out[16] = {1};
    flash_init(&flash, GRANULARITY);
    boot_on_flash();
    assert_int_equal(store->erase(store->ctx, 0), TALLY_OK);
    programmed(0, 0, 64, 1);
    flash.is_off = true;
    assert_int_equal(store->read(store->ctx, 0, 0, out, sizeof out), TALLY_E_IO);
    assert_int_equal(program(0, 64, 16, 1), TALLY_E_IO);
    assert_int_equal(program(1, 0, 16, 1), TALLY_E_IO);
    assert_int_equal(store->erase(store->ctx, 0), TALLY_E_IO);
    assert_int_equal(store->sync(store->ctx), TALLY_E_IO);
}

static void a_failed_erase_or_read_puts_no_entry_at_risk(void **state) {
    (void)state;
    uint8_t out[8];
    flash_init(&flash, GRANULARITY);
    boot_on_flash();
    assert_int_equal(store->erase(store->ctx, 0), TALLY_OK);
    programmed(0, 0, 64, 1);
    boot_on_flash();
    flash.is_off = true;
    assert_int_equal(store->erase(store->ctx, 0), TALLY_E_IO);
    flash.is_off = false;
    flash.unreadable = 40;
    assert_int_equal(store->read(store->ctx, 0, 0, out, sizeof out), TALLY_E_IO);
    assert_int_equal(program(0, 64, 16, 2), TALLY_E_IO);
    flash.unreadable = UINT32_MAX;
    programmed(0, 64, 16, 2);
    assert_entry(0, 0, 64, 1);
    assert_entry(0, 64, 16, 2);
    assert_int_equal(flash.offences, 0);
}

static void a_key_that_goes_away_puts_no_entry_at_risk(void **state) {
    (void)state;
    uint8_t out[8];
    programmed(0, 0, 64, 1);
    boot();
    assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
    assert_int_equal(store->read(store->ctx, 0, 0, out, sizeof out), TALLY_E_IO);
    assert_int_equal(program(0, 64, 16, 2), TALLY_E_IO);
    key = sealed_key(PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305, 1);
    boot();
    assert_entry(0, 0, 64, 1);
}

/* --- what lies in the store below ----------------------------------------------------------- */

static void plaintext_is_nowhere_in_the_store_below(void **state) {
    (void)state;
    enum { SIZE = 200, WINDOW = 8 };
    uint8_t data[SIZE];
    for (uint8_t seed = 0; seed < SLOTS; seed++) {
        programmed(seed % 3, seed / 3 * SIZE, SIZE, seed);
        assert_entry(seed % 3, seed / 3 * SIZE, SIZE, seed);
        fill(data, SIZE, seed);
        for (uint32_t i = 0; i + WINDOW <= SIZE; i++) {
            assert_null(memmem(memory, sizeof memory, data + i, WINDOW));
        }
    }
}

static void a_single_flipped_bit_hides_its_entry_and_no_other(void **state) {
    (void)state;
    programmed(0, 0, 48, 1);
    programmed(0, 48, 60, 2);
    for (uint32_t bit = 0; bit < BLOCK_BYTES * 8; bit++) {
        const uint32_t at = bit / 8;
        memory[0][at] ^= (uint8_t)(1u << bit % 8);
        boot();
        if (at < 48 || (at >= TABLE_AT && at < TABLE_AT + SLOT)) {
            assert_hidden(0, 0, 48);
        } else {
            assert_entry(0, 0, 48, 1);
        }
        if ((at >= 48 && at < 108) || (at >= TABLE_AT + SLOT && at < TABLE_AT + 2 * SLOT)) {
            assert_hidden(0, 48, 60);
        } else {
            assert_entry(0, 48, 60, 2);
        }
        memory[0][at] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_damaged_entry_does_not_disturb_the_one_read_before(void **state) {
    (void)state;
    programmed(0, 0, 48, 1);
    programmed(0, 48, 60, 2);
    memory[0][50] ^= 1;
    assert_entry(0, 0, 48, 1);
    assert_hidden(0, 48, 60);
    assert_entry(0, 0, 48, 1);
}

static void an_entry_moved_to_another_block_or_place_is_refused(void **state) {
    (void)state;
    programmed(0, 0, 48, 1);
    memcpy(memory[1], memory[0], BLOCK_BYTES);
    assert_hidden(1, 0, 48);
    memcpy(memory[0] + 48, memory[0], 48);
    memcpy(memory[0] + TABLE_AT + SLOT, memory[0] + TABLE_AT, SLOT);
    memory[0][TABLE_AT + SLOT] = 48; /* the slot's offset */
    assert_hidden(0, 48, 48);
    assert_entry(0, 0, 48, 1);
}

static void an_entry_cut_short_is_refused(void **state) {
    (void)state;
    programmed(0, 0, 48, 1);
    memory[0][TABLE_AT + 3] = 44; /* the slot's length */
    boot();
    assert_hidden(0, 0, 48);
}

static void what_somebody_wrote_without_the_key_is_not_shown(void **state) {
    (void)state;
    fill(memory[0], 300, 1);
    assert_hidden(0, 0, 300);
    for (uint32_t block = 0; block < BLOCKS; block++) {
        for (uint32_t i = 0; i < BLOCK_BYTES; i++) {
            memory[block][i] = (uint8_t)dice_roll(&sealed_dice, 256);
        }
        assert_hidden(block, 0, LARGEST);
    }
}

static void another_key_shows_nothing(void **state) {
    (void)state;
    programmed(0, 0, 48, 1);
    const psa_key_id_t other = sealed_key(PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305, 2);
    boot_with(other);
    assert_hidden(0, 0, 48);
    assert_int_equal(psa_destroy_key(other), PSA_SUCCESS);
    boot();
    assert_entry(0, 0, 48, 1);
}

/* --- nonces --------------------------------------------------------------------------------- */

static uint8_t nonces[20000][NONCE_BYTES];
static uint32_t nonce_count;

/* Those of all slots of a block; zeros are no slot. */
static void collect_nonces(uint32_t block) {
    for (uint32_t i = 0; i < SLOTS; i++) {
        const uint8_t *const nonce = memory[block] + TABLE_AT + i * SLOT + NONCE_AT;
        if (memcmp(nonce, (const uint8_t[NONCE_BYTES]){0}, NONCE_BYTES) != 0) {
            assert_true(nonce_count < sizeof nonces / NONCE_BYTES);
            memcpy(nonces[nonce_count++], nonce, NONCE_BYTES);
        }
    }
}

static int compare_nonces(const void *one, const void *other) {
    return memcmp(one, other, NONCE_BYTES);
}

static void assert_nonces_differ(void) {
    qsort(nonces, nonce_count, NONCE_BYTES, compare_nonces);
    for (uint32_t i = 1; i < nonce_count; i++) {
        assert_memory_not_equal(nonces[i], nonces[i - 1], NONCE_BYTES);
    }
}

static void no_nonce_comes_twice_in_many_programs_and_reboots(void **state) {
    (void)state;
    nonce_count = 0;
    for (uint32_t round = 0; round < 2000; round++) {
        const uint32_t block = round % BLOCKS;
        assert_int_equal(store->erase(store->ctx, block), TALLY_OK);
        for (uint32_t i = 0; i < SLOTS; i++) {
            if (dice_roll(&sealed_dice, 12) == 0) {
                boot();
            }
            (void)program(block, i * 64, 16, 7);
        }
        collect_nonces(block);
    }
    assert_true(nonce_count > 2000 * SLOTS / 2);
    assert_nonces_differ();
}

static void numbers_that_wrap_around_come_with_a_new_draw(void **state) {
    (void)state;
    nonce_count = 0;
    programmed(0, 0, 16, 1);
    sealed.nonces = 0; /* as after 2^24 programs */
    sealed_let_random_fail(true);
    assert_int_equal(program(0, 16, 16, 2), TALLY_E_IO);
    sealed_let_random_fail(false);
    programmed(0, 16, 16, 2);
    programmed(0, 32, 16, 3);
    collect_nonces(0);
    assert_memory_not_equal(nonces[0], nonces[1], TALLY_SEALED_DRAW_BYTES);
    assert_memory_equal(nonces[1], nonces[2], TALLY_SEALED_DRAW_BYTES);
    sealed.nonces = 0xFFFFFF;
    programmed(0, 48, 16, 4);
    assert_int_equal(sealed.nonces, 0);
    assert_entry(0, 48, 16, 4);
}

static void a_program_that_failed_has_used_up_its_nonce(void **state) {
    (void)state;
    const uint32_t used = sealed.nonces;
    assert_int_equal(program(0, 2, 4, 1), TALLY_E_IO); /* refused below: off the granularity */
    assert_int_equal(sealed.nonces, used + 1);
}

/* --- slots ---------------------------------------------------------------------------------- */

static void a_block_without_slots_refuses_until_it_is_erased(void **state) {
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++) {
        programmed(0, i * 16, 16, (uint8_t)i);
    }
    assert_int_equal(program(0, SLOTS * 16, 16, 1), TALLY_E_IO);
    assert_all(0, SLOTS * 16, 16, 0xFF);
    programmed(1, 0, 16, 1);
    boot();
    assert_int_equal(program(0, SLOTS * 16, 16, 1), TALLY_E_IO);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_entry(0, i * 16, 16, (uint8_t)i);
    }
    assert_int_equal(store->erase(store->ctx, 0), TALLY_OK);
    programmed(0, 0, 16, 1);
}

/* How many more programs a block takes, and makes them. */
static uint32_t slots_left(uint32_t block) {
    uint32_t left = 0;
    while (program(block, 256 + left * 16, 16, 1) == TALLY_OK) {
        left++;
    }
    return left;
}

static void a_reboot_costs_one_slot_of_a_block_that_is_written_again(void **state) {
    (void)state;
    programmed(0, 0, 16, 1);
    boot();
    programmed(0, 16, 16, 2);
    assert_int_equal(slots_left(0), SLOTS - 3);
    assert_entry(0, 0, 16, 1);
    assert_entry(0, 16, 16, 2);
}

static void two_blocks_in_turns_cost_no_slots(void **state) {
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++) {
        programmed(0, i * 16, 16, 1);
        programmed(1, i * 16, 16, 2);
        assert_int_equal(store->erase(store->ctx, 2), TALLY_OK);
    }
}

static void a_block_that_was_forgotten_costs_one_slot(void **state) {
    (void)state;
    programmed(0, 0, 16, 1);
    for (uint32_t block = BLOCKS - 1; block > 0; block--) {
        assert_int_equal(store->erase(store->ctx, block), TALLY_OK);
    }
    assert_int_equal(slots_left(0), SLOTS - 2);
}

static void an_entry_larger_than_the_buffer_is_refused_and_not_shown(void **state) {
    (void)state;
    assert_int_equal(program(0, 0, LARGEST + GRANULARITY, 1), TALLY_E_IO);
    programmed(0, 0, 40, 1);
    programmed(0, 40, LARGEST, 2);
    assert_int_equal(tally_sealed_store_init(&sealed, tally_ram_store(&ram), key, SLOTS, buffer,
                                             40 + TALLY_SEALED_TAG_BYTES),
                     TALLY_OK);
    assert_entry(0, 0, 40, 1);
    assert_hidden(0, 40, LARGEST);
    programmed(0, LARGEST + 40, 40, 3);
    boot();
    assert_entry(0, 40, LARGEST, 2);
    assert_entry(0, LARGEST + 40, 40, 3);
}

/* --- init ----------------------------------------------------------------------------------- */

static int32_t init(psa_key_id_t with, uint32_t slots, uint32_t bytes) {
    return tally_sealed_store_init(&sealed, tally_ram_store(&ram), with, slots, buffer, bytes);
}

static void other_algorithms_serve_as_well(void **state) {
    (void)state;
    const psa_key_id_t gcm = sealed_key(PSA_KEY_TYPE_AES, PSA_ALG_GCM, 3);
    boot_with(gcm);
    programmed(0, 0, 200, 1);
    boot_with(gcm);
    assert_entry(0, 0, 200, 1);
    memory[0][7] ^= 1;
    boot_with(gcm);
    assert_hidden(0, 0, 200);
    assert_int_equal(psa_destroy_key(gcm), PSA_SUCCESS);
}

static void init_names_what_is_wrong_with_its_arguments(void **state) {
    (void)state;
    const tally_store_t *const lower = tally_ram_store(&ram);
    assert_int_equal(tally_sealed_store_init(NULL, lower, key, 1, buffer, 64), TALLY_E_ARGUMENT);
    assert_int_equal(tally_sealed_store_init(&sealed, NULL, key, 1, buffer, 64), TALLY_E_ARGUMENT);
    assert_int_equal(tally_sealed_store_init(&sealed, lower, key, 1, NULL, 64), TALLY_E_ARGUMENT);
    assert_int_equal(init(key, 0, 64), TALLY_E_ARGUMENT);
    assert_int_equal(init(key, 24, 64), TALLY_OK); /* 256 B are left of a block */
    assert_int_equal(init(key, 25, 64), TALLY_E_ARGUMENT);
    assert_int_equal(init(key, UINT32_MAX / SLOT + 1, 64), TALLY_E_ARGUMENT);
    assert_int_equal(init(key, 1, TALLY_SEALED_TAG_BYTES), TALLY_E_ARGUMENT);
    assert_int_equal(init(key, 1, TALLY_SEALED_TAG_BYTES + 1), TALLY_OK);
}

static void init_names_what_is_wrong_with_its_key(void **state) {
    (void)state;
    const psa_key_id_t shortened =
        sealed_key(PSA_KEY_TYPE_AES, PSA_ALG_AEAD_WITH_SHORTENED_TAG(PSA_ALG_GCM, 12), 1);
    const psa_key_id_t no_aead = sealed_key(PSA_KEY_TYPE_HMAC, PSA_ALG_HMAC(PSA_ALG_SHA_256), 1);
    const psa_key_id_t not_built = sealed_key(PSA_KEY_TYPE_AES, PSA_ALG_CCM, 1);
    assert_int_equal(init(shortened, 1, 64), TALLY_E_CONFIG);
    assert_int_equal(init(no_aead, 1, 64), TALLY_E_CONFIG);
    assert_int_equal(init(not_built, 1, 64), TALLY_E_CONFIG);
    assert_int_equal(init(0, 1, 64), TALLY_E_CONFIG);
    assert_int_equal(psa_destroy_key(shortened), PSA_SUCCESS);
    assert_int_equal(psa_destroy_key(no_aead), PSA_SUCCESS);
    assert_int_equal(psa_destroy_key(not_built), PSA_SUCCESS);
    assert_int_equal(init(not_built, 1, 64), TALLY_E_CONFIG);
}

static void init_needs_psa_and_random_numbers(void **state) {
    sealed_let_random_fail(true);
    assert_int_equal(init(key, 1, 64), TALLY_E_RANDOM);
    sealed_let_random_fail(false);
    (void)sealed_psa_down(state);
    assert_int_equal(init(key, 1, 64), TALLY_E_STATE);
    assert_int_equal(sealed_psa_up(state), 0);
    key = sealed_key(PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305, 1);
}

int main(void) {
#define SEALED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SEALED_TEST(reads_back_what_was_programmed_also_after_a_reboot),
        SEALED_TEST(any_range_shows_entries_gaps_and_zeros),
        SEALED_TEST(an_erased_block_reads_erased_and_is_used_anew),
        SEALED_TEST(zeros_go_over_anything_and_take_no_slot),
        SEALED_TEST(keeps_to_the_granularity_and_shape_of_the_store_below),
        SEALED_TEST(failures_of_the_store_below_are_told),
        SEALED_TEST(a_failed_erase_or_read_puts_no_entry_at_risk),
        SEALED_TEST(a_key_that_goes_away_puts_no_entry_at_risk),
        SEALED_TEST(plaintext_is_nowhere_in_the_store_below),
        SEALED_TEST(a_single_flipped_bit_hides_its_entry_and_no_other),
        SEALED_TEST(a_damaged_entry_does_not_disturb_the_one_read_before),
        SEALED_TEST(an_entry_moved_to_another_block_or_place_is_refused),
        SEALED_TEST(an_entry_cut_short_is_refused),
        SEALED_TEST(what_somebody_wrote_without_the_key_is_not_shown),
        SEALED_TEST(another_key_shows_nothing),
        SEALED_TEST(no_nonce_comes_twice_in_many_programs_and_reboots),
        SEALED_TEST(numbers_that_wrap_around_come_with_a_new_draw),
        SEALED_TEST(a_program_that_failed_has_used_up_its_nonce),
        SEALED_TEST(a_block_without_slots_refuses_until_it_is_erased),
        SEALED_TEST(a_reboot_costs_one_slot_of_a_block_that_is_written_again),
        SEALED_TEST(two_blocks_in_turns_cost_no_slots),
        SEALED_TEST(a_block_that_was_forgotten_costs_one_slot),
        SEALED_TEST(an_entry_larger_than_the_buffer_is_refused_and_not_shown),
        SEALED_TEST(other_algorithms_serve_as_well),
        SEALED_TEST(init_names_what_is_wrong_with_its_arguments),
        SEALED_TEST(init_names_what_is_wrong_with_its_key),
        SEALED_TEST(init_needs_psa_and_random_numbers),
    };
    return cmocka_run_group_tests(tests, sealed_psa_up, sealed_psa_down);
}
