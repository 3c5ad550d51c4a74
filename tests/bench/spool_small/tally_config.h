/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* A board with 2 KiB for records, for bench_spool_small.c. */

/* What the 19 fields of a quiet heartbeat can come to, and not a byte more. */
#define TALLY_RECORD_BYTES 264

#endif
