/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_PSA_CONFIG_H
#define TALLY_PSA_CONFIG_H
/*
 * The algorithms of tally_mbedtls_config.h's profiles. Read by Mbed TLS after that file.
 */

/* Certificates and key exchange. ECDSA is the randomised one: with the deterministic variant
 * enabled the PK layer would sign with it always, and a key in a secure element whose policy
 * allows only randomised ECDSA would fail. */
#define PSA_WANT_ALG_ECDSA                      1
#define PSA_WANT_ALG_ECDH                       1
#define PSA_WANT_ECC_SECP_R1_256                1
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY        1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC    1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_IMPORT   1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_EXPORT   1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1

/* The key schedule. */
#define PSA_WANT_ALG_SHA_256      1
#define PSA_WANT_ALG_HMAC         1
#define PSA_WANT_ALG_HKDF_EXTRACT 1
#define PSA_WANT_ALG_HKDF_EXPAND  1
#define PSA_WANT_KEY_TYPE_DERIVE  1
#define PSA_WANT_KEY_TYPE_HMAC    1
#if TALLY_TLS_1_2
#define PSA_WANT_ALG_TLS12_PRF 1
#endif

/* What public CAs sign with, and keys they sign. SHA-1 is there to be told by its name: the
 * certificate profile refuses it, and no handshake offers it. */
#if TALLY_TLS_WEBPKI
#define PSA_WANT_ECC_SECP_R1_384         1
#define PSA_WANT_ECC_MONTGOMERY_255      1
#define PSA_WANT_KEY_TYPE_RSA_PUBLIC_KEY 1
#define PSA_WANT_ALG_RSA_PKCS1V15_SIGN   1
#define PSA_WANT_ALG_RSA_PSS             1
#define PSA_WANT_ALG_SHA_384             1
#define PSA_WANT_ALG_SHA_512             1
#define PSA_WANT_ALG_SHA_1               1
#endif

/* Records. ChaCha20-Poly1305 is small, constant time without AES hardware, and on by default in
 * OpenSSL, BoringSSL, Go and Java. */
#define PSA_WANT_ALG_CHACHA20_POLY1305 1
#define PSA_WANT_KEY_TYPE_CHACHA20     1
#if TALLY_TLS_AES
#define PSA_WANT_ALG_GCM      1
#define PSA_WANT_KEY_TYPE_AES 1
#endif

#endif
