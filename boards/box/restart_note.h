/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESTART_NOTE_H
#define RESTART_NOTE_H
/*
 * Why the box restarts itself, told across the reset in RAM. The board's linker script gives the
 * place, restart_note_place: RESTART_NOTE_BYTES, a multiple of 4, in memory that a reset leaves
 * alone, and outside every section, so that neither start-up code nor a loader writes there. What
 * RAM holds after power-on is not believed.
 */
#include <stdint.h>

#include "tally/enums.h"

#define RESTART_NOTE_BYTES 12u

/* Anywhere, fault handlers included. */
void restart_note_write(enum tally_reset reason);

/* What was noted, and forgets it; TALLY_RESET_UNKNOWN: nothing was. Once a boot. */
enum tally_reset restart_note_take(void);

/* How many times in a row, up to this boot, the watchdog or a fault was the reason. */
uint32_t restart_note_row(void);

/* This boot has gone well: the next such reset begins a new row. */
void restart_note_end_row(void);

#endif
