/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* A player with more streams than one message can tell of, for test_player_crowd.c. */
#define TALLY_PLAYER_HALF 1
#define TALLY_STREAMS     64
#endif
