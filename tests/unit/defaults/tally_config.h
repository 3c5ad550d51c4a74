/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* Both halves, in the usual sizes but for the number of sessions. */
#define TALLY_PLAYER_HALF     1
#define TALLY_PLAYERS         16
#define TALLY_SESSIONS        32
#define TALLY_PLAYER_SESSIONS 16
#define TALLY_LOG_LEVEL       4
#endif
