/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* A set-top box: RAM by the megabyte, servers with certificates of public CAs, days of records. */

#define TALLY_SESSIONS      4
#define TALLY_STREAMS       4
#define TALLY_WEBRTC_TRACKS 0
#define TALLY_DEVICE        0 /* there is nothing to sample */

#define TALLY_TLS_WEBPKI    1 /* and with it TLS 1.2, tickets and records of 16 KiB */
#define TALLY_TLS_OUT_BYTES 4096
#define TALLY_TX_BYTES      4096

/* The static heap of TLS: a chain of three with RSA of 4,096 bits takes 46 KB on a 64-bit host. */
#ifndef TALLY_TLS_HEAP_BYTES
#define TALLY_TLS_HEAP_BYTES 49152
#endif

/* Sectors of the NOR flash, see stores.c. 4 MiB of records: at one report of 400 bytes a minute, a
 * week. */
#define BOARD_SETTINGS_SECTOR  0
#define BOARD_SETTINGS_SECTORS 2
#define BOARD_SPOOL_SECTOR     2
#define BOARD_SPOOL_SECTORS    16

/* More than an erase of a sector may take in chips that get old, see cfi_nor.h. */
#ifndef BOARD_WATCHDOG_MS
#define BOARD_WATCHDOG_MS 20000
#endif

#endif
