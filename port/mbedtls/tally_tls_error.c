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

/* The first reason in this order counts. A signature by a hash that is no longer believed proves
 * nothing, so it is the cause of what follows; whoever has no CA in common with the server, or
 * meets another key than the pinned one, cannot believe name or dates either. */
static int32_t map_verify_flags(uint32_t flags) {
    if (flags & MBEDTLS_X509_BADCERT_BAD_MD) {
        return TALLY_E_TLS_WEAK;
    }
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
        return flags & TALLY_TLS_BADCERT_SELF_SIGNED ? TALLY_E_TLS_SELF_SIGNED : TALLY_E_TLS_CA;
    }
    if (flags & MBEDTLS_X509_BADCERT_OTHER) {
        return TALLY_E_TLS_PIN;
    }
    if (flags & (MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK)) {
        return TALLY_E_TLS_WEAK;
    }
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
        return TALLY_E_TLS_NAME;
    }
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED) {
        return TALLY_E_TLS_DATE;
    }
    return flags & MBEDTLS_X509_BADCERT_FUTURE ? TALLY_E_TLS_EARLY : TALLY_E_TLS;
}

/* TLS 1.2 has no alert for a certificate that is missing: a server that has shown its own, and then
 * finds no way to shake hands, means the device's. */
static int32_t map_alert(const tally_tls_t *tls, uint8_t alert) {
    if (refuses_certificate(alert) ||
        (alert == MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE && tls->verified)) {
        return TALLY_E_TLS_REFUSED;
    }
    return alert == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION ? TALLY_E_TLS_VERSION
                                                           : TALLY_E_TLS_ALERT;
}

/* A certificate that does not parse because its key or hash is not compiled in. Mbed TLS adds a
 * module's low-level code, below 0x80, to the high-level one. */
static bool is_unknown_algorithm(int ret) {
    switch (-(-ret & 0xFF80)) {
    case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
    case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
    case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
    case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE: return true;
    default: return false;
    }
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
    if (is_unknown_algorithm(ret)) {
        return TALLY_E_TLS_WEAK;
    }
    switch (ret) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: return map_verify_flags(tls->verify_flags);
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION: return TALLY_E_TLS_VERSION;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        /* 3.6 has no accessor for the alert it stopped at. */
        return map_alert(tls, tls->ssl.MBEDTLS_PRIVATE(in_msg)[1]);
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return TALLY_E_CLOSED;
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return tls->phase == TALLY_TLS_OPEN ? TALLY_E_IO : TALLY_E_CLOSED;
    default: return tls->lower_error != 0 ? tls->lower_error : TALLY_E_TLS;
    }
}
