/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>
#include <string.h>

#include "tally_its.h"
#include "tally_ram_store.h"
#include "tally_tls_heap.h"
#include "tally_tls_internal.h"

enum { BLOCK_BYTES = 4096, KEY_ID = 7, KEYS = TALLY_SETTING_KEY_END - TALLY_SETTING_KEY_FIRST };

static uint8_t memory[2 * BLOCK_BYTES]; /* outlives the power */
static uint8_t heap[16384];
static tally_ram_store_t ram;
static tally_settings_t settings;

static int32_t count_up(void *ctx, uint8_t *out, uint32_t size) {
    uint8_t *const count = ctx;
    for (uint32_t i = 0; i < size; i++) {
        out[i] = (*count)++;
    }
    return TALLY_OK;
}

static uint8_t count;
static const tally_port_t port = {.ctx = &count, .random = count_up};

static void power_on(void) {
    assert_true(tally_tls_heap_take(heap, sizeof heap));
    tally_tls_random_use(&port);
    assert_int_equal(tally_ram_store_init(&ram, memory, BLOCK_BYTES, 2, 4), TALLY_OK);
    assert_int_equal(tally_settings_init(&settings, tally_ram_store(&ram)), TALLY_OK);
    tally_its_init(&settings);
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
}

static void power_off(void) {
    mbedtls_psa_crypto_free();
    tally_its_init(NULL);
    tally_tls_heap_release();
    memset(&settings, 0xA5, sizeof settings);
    memset(&ram, 0xA5, sizeof ram);
}

static void power_cycle(void) {
    power_off();
    power_on();
}

static int setup(void **state) {
    (void)state;
    memset(memory, 0xFF, sizeof memory);
    power_on();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    power_off();
    return 0;
}

/* --- keys ----------------------------------------------------------------------------------- */

static psa_status_t generate(psa_key_id_t id) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_id(&attributes, id);
    psa_set_key_lifetime(&attributes, PSA_KEY_LIFETIME_PERSISTENT);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_VERIFY_HASH);
    psa_key_id_t made = 0;
    const psa_status_t status = psa_generate_key(&attributes, &made);
    assert_true(status != PSA_SUCCESS || made == id);
    return status;
}

static const uint8_t hash[32] = "the hash of what is to be signed";

static psa_status_t sign(psa_key_id_t id, uint8_t *signature) {
    size_t bytes = 0;
    return psa_sign_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), hash, sizeof hash, signature, 64,
                         &bytes);
}

static psa_status_t verify(psa_key_id_t id, const uint8_t *signature) {
    return psa_verify_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), hash, sizeof hash, signature, 64);
}

static void a_key_signs_and_verifies_by_its_id_after_a_power_cycle(void **state) {
    (void)state;
    uint8_t before[64];
    uint8_t after[64];
    assert_int_equal(generate(KEY_ID), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, before), PSA_SUCCESS);
    power_cycle();
    assert_int_equal(verify(KEY_ID, before), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, after), PSA_SUCCESS);
    assert_int_equal(verify(KEY_ID, after), PSA_SUCCESS);
    after[5] ^= 1;
    assert_int_equal(verify(KEY_ID, after), PSA_ERROR_INVALID_SIGNATURE);
    assert_int_equal(generate(KEY_ID), PSA_ERROR_ALREADY_EXISTS);
}

static void a_destroyed_key_is_gone_for_good(void **state) {
    (void)state;
    uint8_t signature[64];
    assert_int_equal(generate(KEY_ID), PSA_SUCCESS);
    assert_int_equal(psa_destroy_key(KEY_ID), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, signature), PSA_ERROR_INVALID_HANDLE);
    power_cycle();
    assert_int_equal(sign(KEY_ID, signature), PSA_ERROR_INVALID_HANDLE);
    assert_int_equal(generate(KEY_ID), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, signature), PSA_SUCCESS);
}

static void sixteen_keys_are_full(void **state) {
    (void)state;
    uint8_t signature[64];
    for (psa_key_id_t id = 1; id <= KEYS; id++) {
        assert_int_equal(generate(id), PSA_SUCCESS);
    }
    assert_int_equal(psa_its_set(100, 4, "full", 0), PSA_ERROR_INSUFFICIENT_STORAGE);
    assert_int_not_equal(generate(KEYS + 1), PSA_SUCCESS);
    power_cycle();
    for (psa_key_id_t id = 1; id <= KEYS; id++) {
        assert_int_equal(sign(id, signature), PSA_SUCCESS);
        assert_int_equal(psa_purge_key(id), PSA_SUCCESS);
    }
    assert_int_equal(psa_destroy_key(3), PSA_SUCCESS);
    assert_int_equal(generate(KEYS + 1), PSA_SUCCESS);
}

static void a_key_damaged_in_the_store_is_not_there(void **state) {
    (void)state;
    uint8_t signature[64];
    assert_int_equal(generate(KEY_ID), PSA_SUCCESS);
    memory[100] ^= 1; /* in the middle of the first value */
    power_cycle();
    assert_int_equal(sign(KEY_ID, signature), PSA_ERROR_INVALID_HANDLE);
    assert_int_equal(generate(KEY_ID), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, signature), PSA_SUCCESS);
}

static void a_value_that_is_no_key_is_named_corrupt(void **state) {
    (void)state;
    uint8_t signature[64];
    const uint8_t cut_short[11] = {KEY_ID};
    assert_int_equal(tally_settings_set(&settings, TALLY_SETTING_KEY_FIRST, cut_short, 11), 0);
    assert_int_equal(sign(KEY_ID, signature), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(psa_its_remove(KEY_ID), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, signature), PSA_ERROR_INVALID_HANDLE);
    assert_int_equal(psa_its_set(KEY_ID, 11, cut_short, 0), PSA_SUCCESS);
    assert_int_equal(sign(KEY_ID, signature), PSA_ERROR_DATA_INVALID);
}

/* --- storage -------------------------------------------------------------------------------- */

static void data_comes_back_whole_and_in_part(void **state) {
    (void)state;
    uint8_t data[8];
    size_t bytes = 0;
    struct psa_storage_info_t info;
    const psa_storage_uid_t uid = UINT64_C(0xFEDCBA9876543210);
    assert_int_equal(psa_its_set(uid, 8, "abcdefgh", 0), PSA_SUCCESS);
    assert_int_equal(psa_its_get_info(uid, &info), PSA_SUCCESS);
    assert_int_equal(info.size, 8);
    assert_int_equal(info.flags, 0);
    assert_int_equal(psa_its_get(uid, 0, 8, data, &bytes), PSA_SUCCESS);
    assert_int_equal(bytes, 8);
    assert_memory_equal(data, "abcdefgh", 8);
    assert_int_equal(psa_its_get(uid, 5, 8, data, &bytes), PSA_SUCCESS);
    assert_int_equal(bytes, 3);
    assert_memory_equal(data, "fgh", 3);
    assert_int_equal(psa_its_get(uid, 8, 8, data, &bytes), PSA_SUCCESS);
    assert_int_equal(bytes, 0);
    assert_int_equal(psa_its_get(uid, 9, 0, data, &bytes), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_its_set(uid, 2, "xy", 0), PSA_SUCCESS);
    assert_int_equal(psa_its_get(uid, 0, 8, data, &bytes), PSA_SUCCESS);
    assert_int_equal(bytes, 2);
    assert_int_equal(psa_its_get_info(uid ^ 1, &info), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(psa_its_remove(uid ^ 1), PSA_ERROR_DOES_NOT_EXIST);
}

static void data_to_be_written_once_is(void **state) {
    (void)state;
    struct psa_storage_info_t info;
    assert_int_equal(psa_its_set(9, 4, "once", PSA_STORAGE_FLAG_WRITE_ONCE), PSA_SUCCESS);
    power_cycle();
    assert_int_equal(psa_its_set(9, 4, "more", 0), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_its_remove(9), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_its_get_info(9, &info), PSA_SUCCESS);
    assert_int_equal(info.flags, PSA_STORAGE_FLAG_WRITE_ONCE);
}

static void what_cannot_be_kept_is_refused_by_name(void **state) {
    (void)state;
    static const uint8_t data[TALLY_ITS_DATA_MOST + 1];
    size_t bytes;
    assert_int_equal(psa_its_set(0, 1, data, 0), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_its_set(1, 1, NULL, 0), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_its_set(1, 1, data, 2), PSA_ERROR_NOT_SUPPORTED);
    assert_int_equal(psa_its_set(1, sizeof data, data, 0), PSA_ERROR_INSUFFICIENT_STORAGE);
    assert_int_equal(psa_its_set(1, sizeof data - 1, data, 0), PSA_SUCCESS);
    assert_int_equal(psa_its_set(2, 0, NULL, 0), PSA_SUCCESS);
    assert_int_equal(psa_its_get(2, 0, 0, NULL, &bytes), PSA_SUCCESS);
    assert_int_equal(bytes, 0);
    assert_int_equal(psa_its_get(1, 0, 1, NULL, &bytes), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_its_get_info(1, NULL), PSA_ERROR_INVALID_ARGUMENT);
    for (uint32_t id = TALLY_SETTING_BOARD_FIRST; id < TALLY_SETTING_BOARD_FIRST + 2; id++) {
        static const uint8_t large[1900] = {1};
        (void)tally_settings_set(&settings, id, large, sizeof large - 250);
    }
    assert_int_equal(psa_its_set(3, 240, data, 0), PSA_SUCCESS);
    assert_int_equal(psa_its_set(4, 240, data, 0), PSA_ERROR_INSUFFICIENT_STORAGE);
}

static int32_t fail_to_erase(void *ctx, uint32_t block) {
    (void)ctx;
    (void)block;
    return TALLY_E_IO;
}

static void a_store_that_fails_is_a_storage_failure(void **state) {
    (void)state;
    struct psa_storage_info_t info;
    tally_store_t broken = *tally_ram_store(&ram);
    broken.erase = fail_to_erase;
    assert_int_equal(tally_settings_init(&settings, &broken), TALLY_OK);
    assert_int_equal(psa_its_set(1, 1, "a", 0), PSA_ERROR_STORAGE_FAILURE);
    tally_its_init(NULL);
    assert_int_equal(psa_its_set(1, 1, "a", 0), PSA_ERROR_STORAGE_FAILURE);
    assert_int_equal(psa_its_get_info(1, &info), PSA_ERROR_STORAGE_FAILURE);
    assert_int_equal(psa_its_remove(1), PSA_ERROR_STORAGE_FAILURE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_signs_and_verifies_by_its_id_after_a_power_cycle,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_destroyed_key_is_gone_for_good, setup, teardown),
        cmocka_unit_test_setup_teardown(sixteen_keys_are_full, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_damaged_in_the_store_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_that_is_no_key_is_named_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(data_comes_back_whole_and_in_part, setup, teardown),
        cmocka_unit_test_setup_teardown(data_to_be_written_once_is, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_kept_is_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_that_fails_is_a_storage_failure, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
