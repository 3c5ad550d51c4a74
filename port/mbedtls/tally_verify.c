/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_verify.h"

#include <psa/crypto.h>
#include <stddef.h>

#define SIGNATURE_BYTES 64u
#define UNCOMPRESSED    0x04u

static int32_t status_of(psa_status_t status) {
    switch (status) {
    case PSA_SUCCESS: return TALLY_OK;
    case PSA_ERROR_INSUFFICIENT_MEMORY: return TALLY_E_TLS_MEMORY;
    case PSA_ERROR_BAD_STATE: return TALLY_E_STATE;
    default: return TALLY_E_SIGNATURE;
    }
}

/* The key is imported for each call: one comes in days, and would hold a slot in between. */
static int32_t verify_message(void *ctx, const uint8_t *message, uint32_t bytes,
                              const uint8_t signature[64]) {
    const tally_verify_t *verify = ctx;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = PSA_KEY_ID_NULL;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_MESSAGE);
    psa_status_t status = psa_import_key(&attributes, verify->key, TALLY_VERIFY_KEY_BYTES, &key);
    if (status == PSA_SUCCESS) {
        status = psa_verify_message(key, PSA_ALG_ECDSA(PSA_ALG_SHA_256), message, bytes, signature,
                                    SIGNATURE_BYTES);
        (void)psa_destroy_key(key);
    }
    return status_of(status);
}

int32_t tally_verify_init(tally_verify_t *verify, const uint8_t key[TALLY_VERIFY_KEY_BYTES]) {
    if (verify == NULL || key == NULL) {
        return TALLY_E_ARGUMENT;
    }
    if (key[0] != UNCOMPRESSED) {
        return TALLY_E_CONFIG;
    }
    *verify = (tally_verify_t){.verifier = {.ctx = verify, .verify = verify_message}, .key = key};
    return TALLY_OK;
}

const tally_verifier_t *tally_verify_verifier(const tally_verify_t *verify) {
    return &verify->verifier;
}
