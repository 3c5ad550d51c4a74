/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TLS_H
#define TALLY_TLS_H
/*
 * TLS 1.3, and 1.2 where the board wants it, with mutual authentication as a tally_transport_t on
 * top of another one. README.md has the two profiles, what each refuses, and what was tested.
 *
 * The server is always verified. Its certificate must name the peer's host, a DNS name or an
 * address (subjectAltName), and be valid now as far as now is known. It is trusted because its
 * chain leads to a CA of the configuration, or its key is pinned; with both, for both reasons.
 *
 * Dates. Wall time that the port calls authenticated judges them; no other does. Until there is
 * some a certificate may be valid from any date, and is expired if it was when this was built, at
 * the last known time in the settings, or at `least_unix_s`, whichever is latest. Once open, the
 * transport says from when to when all of the chain is valid that was verified, so that no server
 * with a wrong clock can make the device refuse its certificate.
 *
 * Mbed TLS keeps its heap and its key store in global variables, so one tally_tls_t at a time can
 * be initialised, and no other part of the program may use the same copy of Mbed TLS.
 */
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"
#include "tally/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TALLY_TLS_PIN_BYTES = 32 };

/*
 * Credentials are DER, or PEM with TALLY_TLS_PEM, where the size counts the closing NUL. Several
 * certificates follow one another. DER certificates are used where they lie and must live as long
 * as the tally_tls_t, as must the pins; the rest is copied.
 */
typedef struct {
    const uint8_t *ca; /* the CAs that may have signed the server; NULL: the pins decide alone */
    uint32_t ca_size;
    const uint8_t *pins;        /* SHA-256 of each SubjectPublicKeyInfo that the server may have */
    uint32_t pin_count;         /* 0: its key is not pinned */
    const uint8_t *certificate; /* the device's, then intermediates; NULL: shows none */
    uint32_t certificate_size;
    const uint8_t *key; /* of the device's certificate: SEC 1 or PKCS #8; NULL: it is in PSA */
    uint32_t key_size;
    psa_key_id_t key_id; /* looked at if `key` is NULL: may sign hashes with ECDSA and SHA-256 */
    tally_settings_t
        *settings;         /* have the last known time, keep a session over reboots; nullable */
    uint32_t least_unix_s; /* it is not earlier than this, in seconds since 1970; 0: unknown */
    uint8_t *heap;         /* all memory of Mbed TLS; lives as long as the tally_tls_t */
    uint32_t heap_bytes;
} tally_tls_config_t;

typedef struct {
    uint32_t heap_bytes;      /* what Mbed TLS was given */
    uint32_t heap_used;       /* bytes in use now, with the allocator's own headers */
    uint32_t heap_high_water; /* the most bytes ever in use at once */
    uint32_t heap_failed;     /* allocations refused */
    uint32_t handshakes;      /* completed */
    uint32_t resumed;         /* of those: with a ticket instead of certificates */
    int32_t last_error;       /* Mbed TLS's own code of the last failure, 0 before any */
} tally_tls_stats_t;

/* When a chain is valid: the latest beginning and the earliest end of its certificates, in seconds
 * since 1970. */
typedef struct {
    uint32_t from_s;
    uint32_t to_s;
} tally_tls_validity_t;

typedef struct {
    tally_transport_t transport;
    const tally_transport_t *lower;
    const tally_port_t *port;
    const uint8_t *pins;
    uint32_t pin_count;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    uint8_t phase;             /* enum tally_tls_phase */
    bool starved;              /* the lower stream had nothing to give or took nothing */
    bool unsent;               /* a record counts as sent but still waits for the lower stream */
    bool verified;             /* the server has shown certificates in this session */
    uint8_t address_bytes;     /* 4 or 16 when the peer is an address literal, else 0 */
    uint32_t address[4];       /* network byte order */
    uint32_t verify_flags;     /* MBEDTLS_X509_BADCERT_* of the session's chain */
    uint32_t heap_failed_then; /* heap_failed as the session began */
    int32_t lower_error;       /* what the lower stream failed with, else 0 */
    tally_tls_validity_t validity; /* of the chain that the session goes back to */
    uint32_t handshakes;
    uint32_t resumed;
    int32_t last_error;
#if TALLY_TLS_TICKETS
    tally_settings_t *settings;
    tally_peer_t peer; /* of the session */
    uint8_t *kept;     /* the last session that can be resumed, in the heap, or NULL */
    uint32_t kept_bytes;
    bool recalled; /* the settings were asked for one: it is offered once */
#endif
} tally_tls_t;

/* The options that the size of a tally_tls_t depends on are in the name, as in tally/linked.h. */
#define tally_tls_init                                                                             \
    TALLY_TLS_LINKED_BY(tally_tls_init, TALLY_TLS_WEBPKI, TALLY_TLS_1_2, TALLY_TLS_TICKETS)
#define TALLY_TLS_LINKED_BY(...) TALLY_TLS_LINKED_NAME(__VA_ARGS__)
#define TALLY_TLS_LINKED_NAME(name, webpki, tls_1_2, tickets)                                      \
    name##__by_tally_config_h__webpki_##webpki##_tls_1_2_##tls_1_2##_tickets_##tickets

/*
 * Takes the heap, parses the credentials once and makes a closed transport over `lower`.
 *
 * Returns TALLY_OK; TALLY_E_ARGUMENT for a NULL, neither CA nor pins, or a heap under 1 KB;
 * TALLY_E_STATE when another tally_tls_t is initialised; TALLY_E_CONFIG for credentials that do not
 * parse, or a key that is not there or does not belong to the certificate; TALLY_E_TLS_MEMORY;
 * TALLY_E_TLS. Nothing is held after an error.
 * Agent task or before it. Does not block; costs one scalar multiplication.
 * `tls` must not move; it, `port` and `lower` live until tally_tls_deinit().
 */
int32_t tally_tls_init(tally_tls_t *tls, const tally_tls_config_t *config, const tally_port_t *port,
                       const tally_transport_t *lower);

/* Closes the stream and gives everything back. Another tally_tls_init() may follow. Agent task. */
void tally_tls_deinit(tally_tls_t *tls);

/*
 * The transport for tally_init(). Valid as long as `tls`.
 *
 *   open     drives the lower stream, then the handshake by one message a call, meanwhile
 *            TALLY_OPENING_SECURE; calls the port's wake() while it need not wait for the lower
 *            stream. The longest call verifies the server's certificates, one signature each.
 *            Of the server's certificate the first that holds: TALLY_E_TLS_MEMORY, _WEAK for the
 *            hash of a signature, _SELF_SIGNED, _CA, _PIN, _WEAK for a key, _NAME, _DATE, _EARLY.
 *            Else TALLY_E_TLS_VERSION, _REFUSED, _ALERT; TALLY_E_CLOSED when the server ends the
 *            stream in mid-handshake; TALLY_E_RANDOM; errors of the lower stream; TALLY_E_TLS for
 *            the rest. README.md says what lies behind each.
 *   send     what it returns as taken may still wait for the lower stream; the next send or
 *            receive goes on with it.
 *   receive  0 only once the lower stream is drained too. TALLY_E_CLOSED after the server's
 *            close_notify; TALLY_E_IO when the stream ends without one, which may be a cut.
 *            In TLS 1.3 a server judges the device's certificate after the handshake, so
 *            TALLY_E_TLS_REFUSED comes from send or receive as a rule.
 *            TALLY_E_TLS_ALERT for any other alert.
 *   close    sends close_notify if that needs no waiting, and frees all memory of the session but
 *            for a ticket, which stays in the heap. It is also written to the settings, when it
 *            comes or here, at most once a day; that blocks as long as their store does.
 */
const tally_transport_t *tally_tls_transport(const tally_tls_t *tls);

/* The counters as they are now. Agent task. Does not block. */
tally_tls_stats_t tally_tls_stats(const tally_tls_t *tls);

#ifdef __cplusplus
}
#endif

#endif
