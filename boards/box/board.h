/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H
/*
 * What a board gives to the program of a set-top box without an operating system, which all boards
 * share (box.c). A folder of boards/ implements it; bsp.cmake names its files.
 *
 *     box.c, network.c, platform.c          the same on every board
 *     -----------------------------------   this header
 *     boards/mps2-an385, boards/vexpress-a9
 *
 * One core. All interrupts have one priority, so none interrupts another; board_mask() keeps all of
 * them out.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/enums.h"
#include "tally/port.h"

/* How often board_on_tick() runs, and so the granularity of board_sleep(). */
#define BOARD_TICK_MS 10u

/* Constants of a board. Texts for the boot record and the console. */
typedef struct {
    const char *name;     /* that of its folder */
    const char *soc;      /* the processor */
    const char *entropy;  /* where random bytes come from; says so if that is unfit for products */
    uintptr_t ethernet;   /* registers of the LAN9118 */
    uint32_t watchdog_ms; /* the box is reset when nobody feeds it for so long */
} board_info_t;

extern const board_info_t board;

/* ---- the program's parts of the interrupts, given by box.c and network.c --------------------- */

void board_on_tick(void);
void board_on_ethernet(void);

/* ---- start ----------------------------------------------------------------------------------- */

/* Starts console, fault handling, clock and tick. */
void board_init(void);

/* Why the processor started: what board_restart() was given, else what the hardware tells. The same
 * answer all the time. */
enum tally_reset board_reset_reason(void);

/* Notes the reason where it outlives a reset but not the loss of power (restart_note.h), and resets
 * the box. Anywhere, fault handlers included: those say what they know and call this. */
_Noreturn void board_restart(enum tally_reset reason);

/* ---- time and sleep -------------------------------------------------------------------------- */

/* Time since board_init(). Anywhere, interrupts included. */
uint64_t board_now_us(void);
uint64_t board_now_ms(void);

/* Sleeps until board_wake() was called since the last call, or until board_now_ms() reaches
 * `deadline_ms`. Not in interrupts. */
void board_sleep(uint64_t deadline_ms);

/* Ends the present or the next board_sleep(). Anywhere. */
void board_wake(void);

/* Masks all interrupts; returns what board_unmask() takes to restore them. Pairs may nest. */
uint32_t board_mask(void);
void board_unmask(uint32_t state);

/* Waits until an interrupt is pending, masked or not. Not in interrupts. */
void board_wait_for_interrupt(void);

/* Lets board_on_ethernet() run from now on. */
void board_enable_ethernet(void);

/* ---- watchdog -------------------------------------------------------------------------------- */

/* The box goes on for board.watchdog_ms from now; the first call starts the watchdog. Agent task
 * only: box.c calls it between two steps, never in an interrupt, so that an agent task that hangs
 * resets the box however many interrupts still run. When the time is over the board says where the
 * processor was, as for a fault, and calls board_restart(TALLY_RESET_WATCHDOG). */
void board_feed_watchdog(void);

/* ---- devices --------------------------------------------------------------------------------- */

/* Fills `out` with random bytes; false when there were none. Agent task. */
bool board_random(uint8_t *out, uint32_t size);

/* Where records wait, and where settings are kept: what the board has that outlives the power.
 * TALLY_OK; TALLY_E_IO: the medium does not answer. `*settings` is NULL where the board has no
 * place for them. Once, after board_init(). */
int32_t board_stores(const tally_store_t **spool, const tally_store_t **settings);

/* The next character from the console; negative: none has come. The board keeps at least 32 and
 * drops what comes beyond, but for the end of a line, for which the last one kept is dropped; and
 * it calls board_wake() when a line ends. */
int32_t board_console_get(void);

/* ---- memory ---------------------------------------------------------------------------------- */

/* The most bytes of the stack that were ever in use, of board_stack_bytes(). */
uint32_t board_stack_high_water(void);
uint32_t board_stack_bytes(void);

#endif
