/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* Linux: the defaults of tally/config.h and port/mbedtls, with memory to spare for TLS. */

/* Servers with certificates of public CAs, any record they may send, any chain they may show. Tests
 * build the other profile too. */
#ifndef TALLY_TLS_WEBPKI
#define TALLY_TLS_WEBPKI    1
#define TALLY_TLS_IN_BYTES  16384
#define TALLY_TLS_OUT_BYTES 4096
#endif
#define TALLY_TLS_1_2 1

/* Credentials are PEM files. */
#define TALLY_TLS_PEM 1

/* Persistent PSA keys. */
#define TALLY_TLS_KEY_STORE 1

/* Players in processes of their own, and libtally-client for them. */
#define TALLY_PLAYER_HALF     1
#define TALLY_PLAYERS         32
#define TALLY_SESSIONS        64
#define TALLY_PLAYER_SESSIONS 16

/* Addresses of media and what players call themselves. */
#ifndef TALLY_RECORD_BYTES
#define TALLY_TEXT_BYTES         192
#define TALLY_SESSION_TEXT_BYTES 1024
#define TALLY_RECORD_BYTES       3072
#endif

/* The configuration file chooses among all levels. */
#define TALLY_LOG_LEVEL 4

#endif
