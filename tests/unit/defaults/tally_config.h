/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* The sizes of tally/config.h, for tests that work out by hand what they come to. */
#define TALLY_PLAYER_HALF 1
#endif
