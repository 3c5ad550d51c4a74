/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* A player's process on Linux: more at once than a board has, and nothing of the device. Texts and
 * records are as large as the daemon's (boards/linux/tally_config.h). */
#define TALLY_SESSIONS           16
#define TALLY_STREAMS            16
#define TALLY_WEBRTC_TRACKS      8
#define TALLY_EVENTS             512
#define TALLY_TEXT_SLOTS         32
#define TALLY_TEXT_BYTES         192
#define TALLY_SESSION_TEXT_BYTES 1024
#define TALLY_RECORD_BYTES       3072

#define TALLY_PLAYER_HALF 1
#define TALLY_DEVICE      0

/* $TALLY_LOG chooses among all levels. */
#define TALLY_LOG_LEVEL 4

#endif
