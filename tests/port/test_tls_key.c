/* SPDX-License-Identifier: Apache-2.0 */
/* The device key lies in PSA: made in place, in the settings, and never exported. And the verifier
 * of remote configuration, which shares the heap. */
#include "test.h"

#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally_its.h"
#include "tally_ram_store.h"
#include "tally_verify.h"
#include "tls_device.h"
#include "tls_server.h"

enum { BLOCK_BYTES = 4096, KEY_ID = 9 };

static uint8_t memory[2 * BLOCK_BYTES];
static tally_ram_store_t ram;
static tally_settings_t settings;
static tls_device_t device;

static void power_on(void) {
    assert_int_equal(tally_ram_store_init(&ram, memory, BLOCK_BYTES, 2, 4), TALLY_OK);
    assert_int_equal(tally_settings_init(&settings, tally_ram_store(&ram)), TALLY_OK);
    tally_its_init(&settings);
}

static int setup(void **state) {
    (void)state;
    memset(memory, 0xFF, sizeof memory);
    power_on();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    tally_its_init(NULL);
    return 0;
}

/* --- a key made in place -------------------------------------------------------------------- */

static void generate(psa_key_id_t id, psa_algorithm_t algorithm, uint8_t *point) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    size_t bytes = 0;
    psa_set_key_id(&attributes, id);
    psa_set_key_lifetime(&attributes, PSA_KEY_LIFETIME_PERSISTENT);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, algorithm);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
    assert_int_equal(psa_generate_key(&attributes, &id), PSA_SUCCESS);
    assert_int_equal(psa_export_public_key(id, point, 65, &bytes), PSA_SUCCESS);
    assert_int_equal(bytes, 65);
}

static void shell(const char *command) {
    if (system(command) != 0) {
        fail_msg("failed: %s", command);
    }
}

/* The factory signs the public key: opaque-NAME.pem. */
static void certify(const char *name, const uint8_t *point) {
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                   0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                   0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
    char text[2048];
    (void)snprintf(text, sizeof text, CERTS_DIR "/opaque-%s.der", name);
    FILE *file = fopen(text, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    assert_int_equal(fwrite(point, 1, 65, file), 65);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(text, sizeof text,
                   "cd '" CERTS_DIR "' && exec 2>/dev/null && "
                   "'" OPENSSL_PROGRAM "' pkey -pubin -inform DER -in opaque-%s.der "
                   "-out opaque-%s.pub && "
                   "'" OPENSSL_PROGRAM "' x509 -new -force_pubkey opaque-%s.pub -subj /CN=opaque "
                   "-CA pki/factory-ca.pem -CAkey pki/factory-ca.key -days 30 -out opaque-%s.pem",
                   name, name, name, name);
    shell(text);
}

/* A device with its CA only: TLS has to be there before PSA is. */
static void make_key(const char *name, psa_key_id_t id, psa_algorithm_t algorithm) {
    uint8_t point[65];
    tls_device_options_t options = tls_device_good;
    options.certificate = NULL;
    options.key = NULL;
    assert_int_equal(tls_device_start(&device, &options), TALLY_OK);
    generate(id, algorithm, point);
    tls_device_stop(&device);
    certify(name, point);
}

static tls_device_options_t opaque_device(const char *certificate) {
    tls_device_options_t options = tls_device_good;
    options.certificate = certificate;
    options.key = NULL;
    options.key_id = KEY_ID;
    return options;
}

static int32_t meet(const tls_device_options_t *options, const char *client_ca,
                    const char *version) {
    tls_server_options_t server_options = tls_server_good;
    server_options.client_ca = client_ca;
    server_options.option[0] = version;
    const tls_server_t server = tls_server_start(&server_options);
    assert_int_equal(tls_device_start(&device, options), TALLY_OK);
    const int32_t status = tls_device_talk(&device, "localhost", server.port);
    tls_device_stop(&device);
    tls_server_stop(&server);
    return status;
}

static void a_key_that_never_leaves_psa_opens_connections(void **state) {
    (void)state;
    make_key("device", KEY_ID, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    const tls_device_options_t options = opaque_device("opaque-device");
    static const char *const versions[] = {"-tls1_3", "-tls1_2"};
    for (size_t i = 0; i < 2; i++) {
        power_on();
        assert_int_equal(meet(&options, "pki/factory-ca", versions[i]), TALLY_OK);
        assert_int_equal(meet(&options, "ca", versions[i]), TALLY_E_TLS_REFUSED);
    }
}

static void it_can_not_be_exported(void **state) {
    (void)state;
    uint8_t out[128];
    size_t bytes = 0;
    make_key("device", KEY_ID, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    const tls_device_options_t options = opaque_device("opaque-device");
    assert_int_equal(tls_device_start(&device, &options), TALLY_OK);
    assert_int_equal(psa_export_key(KEY_ID, out, sizeof out, &bytes), PSA_ERROR_NOT_PERMITTED);
    tls_device_stop(&device);
}

static void a_key_that_is_not_there_or_not_the_certificates_is_refused(void **state) {
    (void)state;
    tls_device_options_t options = opaque_device("device");
    assert_int_equal(tls_device_start(&device, &options), TALLY_E_CONFIG);
    make_key("device", KEY_ID, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    assert_int_equal(tls_device_start(&device, &options), TALLY_E_CONFIG);
    options = opaque_device("opaque-device");
    assert_int_equal(tls_device_start(&device, &options), TALLY_OK);
    tls_device_stop(&device);
    options.key_id = 0;
    assert_int_equal(tls_device_start(&device, &options), TALLY_E_ARGUMENT);
}

/* --- the verifier --------------------------------------------------------------------------- */

static const uint8_t message[] = "interval 300000, version 7";

static void sign(uint8_t *point, uint8_t *signature) {
    size_t bytes = 0;
    uint8_t hash[32];
    generate(KEY_ID, PSA_ALG_ECDSA(PSA_ALG_SHA_256), point);
    assert_int_equal(
        psa_hash_compute(PSA_ALG_SHA_256, message, sizeof message, hash, sizeof hash, &bytes),
        PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(KEY_ID, PSA_ALG_ECDSA(PSA_ALG_SHA_256), hash, sizeof hash,
                                   signature, 64, &bytes),
                     PSA_SUCCESS);
    assert_int_equal(bytes, 64);
}

static void signatures_verify_and_nothing_else_does(void **state) {
    (void)state;
    uint8_t point[65];
    uint8_t signature[64];
    uint8_t changed[sizeof message];
    tally_verify_t verify;
    assert_int_equal(tls_device_start(&device, &tls_device_good), TALLY_OK);
    sign(point, signature);
    assert_int_equal(tally_verify_init(&verify, point), TALLY_OK);
    const tally_verifier_t *verifier = tally_verify_verifier(&verify);
    const uint32_t bytes = sizeof message;
    const uint32_t before = tally_tls_stats(&device.tls).heap_used;
    assert_int_equal(verifier->verify(verifier->ctx, message, bytes, signature), TALLY_OK);
    assert_int_equal(tally_tls_stats(&device.tls).heap_used, before);
    assert_int_equal(verifier->verify(verifier->ctx, message, bytes - 1, signature),
                     TALLY_E_SIGNATURE);
    for (uint32_t bit = 0; bit < 64 * 8; bit += 17) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verifier->verify(verifier->ctx, message, bytes, signature),
                         TALLY_E_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    memcpy(changed, message, bytes);
    changed[3] ^= 1;
    assert_int_equal(verifier->verify(verifier->ctx, changed, bytes, signature), TALLY_E_SIGNATURE);
    point[7] ^= 1; /* no point of the curve any more */
    assert_int_equal(verifier->verify(verifier->ctx, message, bytes, signature), TALLY_E_SIGNATURE);
    tls_device_stop(&device);
    point[7] ^= 1;
    assert_int_equal(verifier->verify(verifier->ctx, message, bytes, signature), TALLY_E_STATE);
}

static void a_verifier_needs_a_whole_key(void **state) {
    (void)state;
    tally_verify_t verify;
    uint8_t point[65] = {0x03};
    assert_int_equal(tally_verify_init(&verify, point), TALLY_E_CONFIG);
    assert_int_equal(tally_verify_init(&verify, NULL), TALLY_E_ARGUMENT);
    assert_int_equal(tally_verify_init(NULL, point), TALLY_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_that_never_leaves_psa_opens_connections, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(it_can_not_be_exported, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_is_not_there_or_not_the_certificates_is_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(signatures_verify_and_nothing_else_does, setup, teardown),
        cmocka_unit_test_setup_teardown(a_verifier_needs_a_whole_key, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
