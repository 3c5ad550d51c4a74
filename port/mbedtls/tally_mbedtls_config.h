/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_MBEDTLS_CONFIG_H
#define TALLY_MBEDTLS_CONFIG_H
/*
 * Mbed TLS 3.6 as tally needs it and no more: a client that shows a certificate. Two profiles:
 *
 *   small     P-256, SHA-256: the operator's own CA, on a device that counts its bytes
 *   webpki    RSA and P-384 as well, SHA-384 and SHA-512: what public CAs issue
 *
 * README.md has them side by side. A board changes the sizes and options below in its
 * tally_config.h.
 */
#include "tally_config.h"

/* 1: the profile `webpki`. 0: `small`. */
#ifndef TALLY_TLS_WEBPKI
#define TALLY_TLS_WEBPKI 0
#endif

/* 1: servers that have no TLS 1.3 are met with TLS 1.2. Nothing is ever met with less. */
#ifndef TALLY_TLS_1_2
#define TALLY_TLS_1_2 TALLY_TLS_WEBPKI
#endif

/* 1: connections after the first are resumed with a ticket, where the server gives any. A ticket is
 * kept in the heap: OpenSSL's of TLS 1.3 hold the device's certificate and take 1 KB. */
#ifndef TALLY_TLS_TICKETS
#define TALLY_TLS_TICKETS 1
#endif

/* The largest TLS record in bytes that can be received. TLS 1.3 gives a client no way to ask for
 * smaller ones that servers honour, and a server's whole Certificate message must fit too, at 400
 * to 800 B for each certificate of its chain. */
#ifndef TALLY_TLS_IN_BYTES
#define TALLY_TLS_IN_BYTES (TALLY_TLS_WEBPKI ? 16384 : 4096)
#endif

/* The largest TLS record in bytes that is sent. The device's own Certificate message must fit. */
#ifndef TALLY_TLS_OUT_BYTES
#define TALLY_TLS_OUT_BYTES 1024
#endif

/* 1: credentials are PEM texts, as on a file system. 0: DER, used where it lies, no copy. */
#ifndef TALLY_TLS_PEM
#define TALLY_TLS_PEM 0
#endif

/* 1 adds AES-128-GCM, for servers without ChaCha20-Poly1305 (those in FIPS mode), and AES-256-GCM
 * in the profile `webpki`. */
#ifndef TALLY_TLS_AES
#define TALLY_TLS_AES TALLY_TLS_WEBPKI
#endif

/* 1 adds persistent PSA keys, kept in the settings (tally_its.h). */
#ifndef TALLY_TLS_KEY_STORE
#define TALLY_TLS_KEY_STORE 0
#endif

#if TALLY_TLS_IN_BYTES < 1024 || TALLY_TLS_IN_BYTES > 16384
#error "TALLY_TLS_IN_BYTES: 1024 to 16384"
#endif
#if TALLY_TLS_OUT_BYTES < 512 || TALLY_TLS_OUT_BYTES > 16384
#error "TALLY_TLS_OUT_BYTES: 512 to 16384"
#endif

/* ---- platform: nothing of the C library but mem* and str* ---------------------------------- */

/* All memory comes from the caller's buffer, also before it is there: NO_STD_FUNCTIONS keeps the C
 * library's heap from being linked as the default. MEMORY_DEBUG counts what is in use. */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_DEBUG
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8

/* The functions that print names of certificates fail; nothing calls them. */
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO(...) (-1)

/* What MEMORY_DEBUG would print about a broken heap is dropped, and the exit() that follows it is
 * a trap: no code may go on with that heap, and a fault handler or a core file tells where. */
#define MBEDTLS_PLATFORM_FPRINTF_MACRO(...) ((void)0)
#define MBEDTLS_PLATFORM_EXIT_MACRO(status) __builtin_trap()

/* Time is the port's (tally_tls_time.c), for the dates of certificates and the age of tickets. */
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO int64_t
#define MBEDTLS_PLATFORM_TIME_MACRO      tally_tls_unix_s
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_GMTIME_R_ALT

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_DEPRECATED_REMOVED

/* ---- cryptography -------------------------------------------------------------------------- */

#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_USE_PSA_CRYPTO

/* tally_port_t.random is a cryptographic source by contract, so it is used as it is: neither an
 * entropy pool nor a DRBG (with AES) is linked. A board with a raw noise source conditions it in
 * its port. */
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG

#if !TALLY_TLS_WEBPKI
/* P-256 in 3 KB of code and constant time, instead of the general bignum and ECP modules. */
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
#endif

/* Arguments of PSA calls are not copied first. Sound, as no other security domain can change them
 * during a call; saves 1.7 KB of heap at its peak on a 64-bit host. */
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS

#if TALLY_TLS_KEY_STORE
#define MBEDTLS_PSA_CRYPTO_STORAGE_C
#endif

/* A handshake has at most 6 keys in use at once, one of them the device key. */
#define MBEDTLS_PSA_KEY_SLOT_COUNT 10

#if TALLY_TLS_WEBPKI
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_AESNI_C
#else
/* Speed is of no concern at one handshake in minutes; flash is. */
#define MBEDTLS_SHA256_SMALLER
#if TALLY_TLS_AES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_ONLY_128_BIT_KEY_LENGTH
#endif
#endif
#if TALLY_TLS_AES
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
#endif

/* ---- certificates -------------------------------------------------------------------------- */

#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_REMOVE_INFO
#if TALLY_TLS_WEBPKI
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#endif
#if TALLY_TLS_PEM
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_BASE64_C
#endif

/* ---- TLS ----------------------------------------------------------------------------------- */

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN

#if TALLY_TLS_TICKETS
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#endif

/* Forward secrecy and authenticated encryption only, and no renegotiation. Without the extended
 * master secret a session of TLS 1.2 could be resumed with a stranger in the middle. */
#if TALLY_TLS_1_2
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#if TALLY_TLS_WEBPKI
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#else
/* Mbed TLS 3.6 overlooks curves that only a driver has: its hello would name none, and its union of
 * premaster secrets has one byte for a curve's. A second member makes that 32. */
#define MBEDTLS_SSL_TLS1_2_SOME_ECC
#define _pms_ecdh _pms_p256[32], _pms_ecdh /* NOLINT(bugprone-reserved-identifier) */
#endif
#endif

/* Looks like TLS 1.2 to middleboxes, which drop what they do not know; 6 bytes and no round trip.
 */
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE

/* All suites of `small`, in Mbed TLS's own order; what is not compiled in is passed over. Its list
 * names every suite there is, and is filtered in RAM. */
#if !TALLY_TLS_WEBPKI
#define MBEDTLS_SSL_CIPHERSUITES                                                                   \
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS1_3_AES_128_GCM_SHA256,                    \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,                                     \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
#endif

/* TLS 1.3 verifies the server's signature with the certificate it kept. */
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE

#define MBEDTLS_SSL_IN_CONTENT_LEN  TALLY_TLS_IN_BYTES
#define MBEDTLS_SSL_OUT_CONTENT_LEN TALLY_TLS_OUT_BYTES

/* Mbed TLS has no header of its own for this one. */
#include <stdint.h>
#ifdef __cplusplus
extern "C"
#endif
    int64_t
    tally_tls_unix_s(int64_t *out);

#endif
