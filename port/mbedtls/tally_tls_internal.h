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

/* Parses the configuration's credentials into `tls`. TALLY_OK, or an Mbed TLS error. */
int tally_tls_credentials_parse(tally_tls_t *tls, const tally_tls_config_t *config);

/* mbedtls_ssl_conf_verify() callback: checks an address literal and collects what is wrong. */
int tally_tls_credentials_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* Keeps the Mbed TLS error `ret` for the statistics and finds the enum tally_status that tells an
 * operator what to mend. */
int32_t tally_tls_error_map(tally_tls_t *tls, int ret);

/* Lets Mbed TLS draw from the port, NULL from nowhere. */
void tally_tls_random_use(const tally_port_t *port);

/* Whether the port gave no random numbers the last time it was asked; Mbed TLS gives up then. */
bool tally_tls_random_failed(void);

#endif
