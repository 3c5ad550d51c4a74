/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TLS_INTERNAL_H
#define TALLY_TLS_INTERNAL_H
/* What the files of port/mbedtls share. Private to port/mbedtls. */
#include "tally_tls.h"

enum tally_tls_phase {
    TALLY_TLS_CLOSED = 0,
    TALLY_TLS_HANDSHAKE = 1, /* the lower stream is open, the session's memory is held */
    TALLY_TLS_OPEN = 2,
};

/* In verify_flags beside those of Mbed TLS: the untrusted certificate names itself as its issuer.
 */
#define TALLY_TLS_BADCERT_SELF_SIGNED 0x40000000u

/* Parses the configuration's credentials into `tls`. TALLY_OK, or an Mbed TLS error. */
int tally_tls_credentials_parse(tally_tls_t *tls, const tally_tls_config_t *config);

/* mbedtls_ssl_conf_verify() callback: checks pins and an address literal, judges dates as far as
 * the time is known, and collects what is wrong. */
int tally_tls_credentials_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* Keeps the Mbed TLS error `ret` for the statistics and finds the enum tally_status that tells an
 * operator what to mend. */
int32_t tally_tls_error_map(tally_tls_t *tls, int ret);

/* Lets Mbed TLS take the time from the port, and this one while the port knows none that can be
 * believed. */
void tally_tls_time_use(const tally_port_t *port, uint32_t least_unix_s);

/* Seconds since 1970, or the nearest number to it that has 32 bits. */
uint32_t tally_tls_seconds(const mbedtls_x509_time *date);

/* The wall time in ms since 1970, and whether it may judge a certificate. */
bool tally_tls_wall(int64_t *unix_ms);

#if TALLY_TLS_TICKETS

/* Offers the session that was kept, if it was made with this peer and this configuration and its
 * certificates are still valid; it is kept no longer. Before the handshake. */
void tally_tls_session_offer(tally_tls_t *tls);

/* Keeps the open session if the server gave a ticket for it. */
void tally_tls_session_keep(tally_tls_t *tls);

/* Forgets the session that was kept. */
void tally_tls_session_drop(tally_tls_t *tls);

#endif

/* Lets Mbed TLS draw from the port, NULL from nowhere. */
void tally_tls_random_use(const tally_port_t *port);

/* Whether the port gave no random numbers the last time it was asked; Mbed TLS gives up then. */
bool tally_tls_random_failed(void);

#endif
