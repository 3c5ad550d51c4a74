/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* One channel at a time, in 30 KiB of RAM all told. */

#define TALLY_SESSIONS           1 /* leaving a channel frees it before the next is joined */
#define TALLY_STREAMS            2 /* the channel's RTP and its TS */
#define TALLY_WEBRTC_TRACKS      0
#define TALLY_SESSION_TEXT_BYTES 96
#define TALLY_EVENTS             16
#define TALLY_TEXT_SLOTS         4
#define TALLY_TEXT_BYTES         32
#define TALLY_DEVICE             0
#define TALLY_RECORD_BYTES       744
#define TALLY_TX_BYTES           512
#define TALLY_BATCH_BYTES        4096

/* A server's certificate with a chain of one, and any reply to an upload. */
#define TALLY_TLS_IN_BYTES  2048
#define TALLY_TLS_OUT_BYTES 1024

/* A ticket would cost 5 KB of flash, and 1 KB of the heap. */
#ifndef TALLY_TLS_TICKETS
#define TALLY_TLS_TICKETS 0
#endif

/* The static heap of TLS. */
#ifndef TALLY_TLS_HEAP_BYTES
#define TALLY_TLS_HEAP_BYTES 7488
#endif

/* Of the memory that has a battery, see stores.c. */
#define TALLY_SPOOL_BLOCK_BYTES 4096
#define TALLY_SPOOL_BLOCKS      256

#endif
