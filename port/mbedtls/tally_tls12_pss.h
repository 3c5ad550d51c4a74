/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TLS12_PSS_H
#define TALLY_TLS12_PSS_H
/*
 * Read before Mbed TLS's ssl_tls12_client.c, see cmake/mbedtls.cmake. The client of 3.6.6 refuses
 * in TLS 1.2 the RSA-PSS signatures that it offers and can verify; servers that follow their own
 * order, not the client's, make them. Later releases take them again (Mbed TLS pull request 10674).
 */
#include "common.h"
#include "ssl_misc.h"

/* The name within the macro is the function's own. */
#define mbedtls_ssl_sig_alg_is_supported(ssl, sig_alg)                                             \
    (((sig_alg) >= MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256 &&                                       \
      (sig_alg) <= MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512) ||                                      \
     mbedtls_ssl_sig_alg_is_supported(ssl, sig_alg))

#endif
