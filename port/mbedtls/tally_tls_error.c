/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/error.h>

#include "tally_tls_heap.h"
#include "tally_tls_internal.h"

/* RFC 8446 B.2: with these a server refuses the client's certificate. */
static bool refuses_certificate(uint8_t alert) {
    enum { CERTIFICATE_REQUIRED = 116 }; /* has no name in Mbed TLS 3.6 */
    switch (alert) {
    case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
    case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
    case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
    case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
    case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
    case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
    case CERTIFICATE_REQUIRED: return true;
    default: return false;
    }
}

/* Only the first reason in this order counts: whoever has no CA in common with the server cannot
 * believe its name or dates either. */
static int32_t map_verify_flags(uint32_t flags) {
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
        return TALLY_E_TLS_CA;
    }
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
        return TALLY_E_TLS_NAME;
    }
    if (flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) {
        return TALLY_E_TLS_DATE;
    }
    return TALLY_E_TLS;
}

int32_t tally_tls_error_map(tally_tls_t *tls, int ret) {
    tls->last_error = ret;
    /* First, because a failed allocation has many faces: a signature that could not be checked
     * for want of memory looks like an untrusted certificate. */
    if (tally_tls_heap_failed() != tls->heap_failed_then) {
        return TALLY_E_TLS_MEMORY;
    }
    if (tally_tls_random_failed()) {
        return TALLY_E_RANDOM;
    }
    switch (ret) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: return map_verify_flags(tls->verify_flags);
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        /* 3.6 has no accessor for the alert it stopped at. */
        return refuses_certificate(tls->ssl.MBEDTLS_PRIVATE(in_msg)[1]) ? TALLY_E_TLS_REFUSED
                                                                        : TALLY_E_TLS;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return TALLY_E_CLOSED;
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return tls->phase == TALLY_TLS_OPEN ? TALLY_E_IO : TALLY_E_CLOSED;
    default: return tls->lower_error != 0 ? tls->lower_error : TALLY_E_TLS;
    }
}
