/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/psa_util.h>
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

int tally_tls_credentials_parse(tally_tls_t *tls, const tally_tls_config_t *config) {
    int ret = parse_chain(&tls->ca, config->ca, config->ca_size);
    if (ret != 0 || config->certificate == NULL) {
        return ret;
    }
    ret = parse_chain(&tls->certificate, config->certificate, config->certificate_size);
    if (ret != 0) {
        return ret;
    }
    ret = mbedtls_pk_parse_key(&tls->key, config->key, config->key_size, NULL, 0,
                               mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
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

int tally_tls_credentials_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags) {
    tally_tls_t *tls = ctx;
    if (depth == 0 && tls->address_bytes != 0 &&
        !names_address(crt, tls->address, tls->address_bytes)) {
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
    tls->verify_flags |= *flags;
    return 0;
}
