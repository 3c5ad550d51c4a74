/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <string.h>

#include "tally_tls_internal.h"

#if defined(MBEDTLS_PEM_PARSE_C)

static int parse_chain(mbedtls_x509_crt *chain, const uint8_t *pem, uint32_t size) {
    const int ret = mbedtls_x509_crt_parse(chain, pem, size);
    /* Positive: so many of several certificates did not parse. */
    return ret > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : ret;
}

#else

static int parse_chain(mbedtls_x509_crt *chain, const uint8_t *der, uint32_t size) {
    while (size > 0) {
        const int ret = mbedtls_x509_crt_parse_der_nocopy(chain, der, size);
        if (ret != 0) {
            return ret;
        }
        const mbedtls_x509_crt *last = chain;
        while (last->next != NULL) {
            last = last->next;
        }
        der += last->raw.len;
        size -= (uint32_t)last->raw.len;
    }
    return 0;
}

#endif

static int parse_key(mbedtls_pk_context *key, const tally_tls_config_t *config) {
    if (config->key == NULL) {
        return mbedtls_pk_setup_opaque(key, config->key_id);
    }
    return mbedtls_pk_parse_key(key, config->key, config->key_size, NULL, 0, mbedtls_psa_get_random,
                                MBEDTLS_PSA_RANDOM_STATE);
}

int tally_tls_credentials_parse(tally_tls_t *tls, const tally_tls_config_t *config) {
    int ret = config->ca != NULL ? parse_chain(&tls->ca, config->ca, config->ca_size) : 0;
    if (ret != 0 || config->certificate == NULL) {
        return ret;
    }
    ret = parse_chain(&tls->certificate, config->certificate, config->certificate_size);
    if (ret != 0) {
        return ret;
    }
    ret = parse_key(&tls->key, config);
    if (ret != 0) {
        return ret;
    }
    return mbedtls_pk_check_pair(&tls->certificate.pk, &tls->key, mbedtls_psa_get_random,
                                 MBEDTLS_PSA_RANDOM_STATE);
}

static bool names_address(const mbedtls_x509_crt *crt, const uint32_t *address, size_t bytes) {
    for (const mbedtls_x509_sequence *name = &crt->subject_alt_names; name != NULL;
         name = name->next) {
        const int kind = name->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
        if (kind == MBEDTLS_X509_SAN_IP_ADDRESS && name->buf.len == bytes &&
            memcmp(name->buf.p, address, bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_pinned(const tally_tls_t *tls, const mbedtls_x509_crt *crt) {
    uint8_t hash[TALLY_TLS_PIN_BYTES];
    size_t bytes;
    if (psa_hash_compute(PSA_ALG_SHA_256, crt->pk_raw.p, crt->pk_raw.len, hash, sizeof hash,
                         &bytes) != PSA_SUCCESS) {
        return false;
    }
    for (uint32_t i = 0; i < tls->pin_count; i++) {
        if (memcmp(tls->pins + (size_t)i * TALLY_TLS_PIN_BYTES, hash, sizeof hash) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_ca(const tally_tls_t *tls) {
    return tls->ca.raw.len != 0;
}

static uint32_t judge_server(tally_tls_t *tls, const mbedtls_x509_crt *crt, uint32_t flags) {
    if (tls->address_bytes != 0 && !names_address(crt, tls->address, tls->address_bytes)) {
        flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
    if (!has_ca(tls)) {
        flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    }
    if (tls->pin_count > 0 && !is_pinned(tls, crt)) {
        flags |= MBEDTLS_X509_BADCERT_OTHER;
    }
    if (crt->issuer_raw.len == crt->subject_raw.len &&
        memcmp(crt->issuer_raw.p, crt->subject_raw.p, crt->issuer_raw.len) == 0) {
        tls->verify_flags |= TALLY_TLS_BADCERT_SELF_SIGNED;
    }
    return flags;
}

/* Narrows down when the chain is valid by one more certificate. */
static void note_dates(tally_tls_validity_t *validity, const mbedtls_x509_crt *crt) {
    const uint32_t from_s = tally_tls_seconds(&crt->valid_from);
    const uint32_t to_s = tally_tls_seconds(&crt->valid_to);
    validity->from_s = from_s > validity->from_s ? from_s : validity->from_s;
    validity->to_s = to_s < validity->to_s ? to_s : validity->to_s;
}

int tally_tls_credentials_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags) {
    tally_tls_t *tls = ctx;
    int64_t unix_ms;
    if (!tls->verified) {
        tls->validity = (tally_tls_validity_t){.to_s = UINT32_MAX};
    }
    tls->verified = true;
    if (depth > 0 && !has_ca(tls)) {
        *flags = 0; /* who signed a pinned key does not matter */
        return 0;
    }
    if (!tally_tls_wall(&unix_ms)) {
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_FUTURE;
    }
    if (depth == 0) {
        *flags = judge_server(tls, crt, *flags);
    }
    tls->verify_flags |= *flags;
    note_dates(&tls->validity, crt);
    return 0;
}
