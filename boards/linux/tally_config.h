/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* Linux: the defaults of tally/config.h and port/mbedtls, with memory to spare for TLS. */

/* Any record a server may send, any chain it may show. */
#define TALLY_TLS_IN_BYTES  16384
#define TALLY_TLS_OUT_BYTES 4096

/* Credentials are PEM files. */
#define TALLY_TLS_PEM 1

/* Also servers in FIPS mode. */
#define TALLY_TLS_AES 1

/* Persistent PSA keys. */
#define TALLY_TLS_KEY_STORE 1

/* The configuration file chooses among all levels. */
#define TALLY_LOG_LEVEL 4

#endif
