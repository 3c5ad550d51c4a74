/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BOARD_CONFIG_H
#define TALLY_BOARD_CONFIG_H
/* The defaults of tally/config.h, but for the strings of the log. */
#define TALLY_LOG_TEXT 0
#endif
