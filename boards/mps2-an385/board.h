/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H
/*
 * Arm MPS2 with the AN385 image: a Cortex-M3 at 25 MHz, 4 MiB of RAM as flash, 4 MiB of RAM, a
 * UART and a LAN9118 ("Application Note AN385", chapter 3).
 *
 *   0x00000000  code                    0x40000000  TIMER0
 *   0x20000000  stack, data             0x40004000  UART0
 *   0x40200000  LAN9118, IRQ 13         0xE000E010  SysTick
 *
 * All interrupts have one priority, so none interrupts another.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/enums.h"

#define BOARD_ETHERNET     0x40200000u
#define BOARD_ETHERNET_IRQ 13u

/* How often board_on_tick() runs, and so the granularity of board_sleep(). */
#define BOARD_TICK_MS 10u

/* The program's parts of the interrupts. */
void board_on_tick(void);
void board_on_ethernet(void);

/* Starts console, fault handling, clock and tick. */
void board_init(void);

/* Time since board_init(). Anywhere, interrupts included. */
uint64_t board_now_us(void);
uint64_t board_now_ms(void);

/* Sleeps until board_wake() was called since the last call, or until board_now_ms() reaches
 * `deadline_ms`. Not in interrupts. */
void board_sleep(uint64_t deadline_ms);

/* Ends the present or the next board_sleep(). Anywhere. */
void board_wake(void);

/* Fills `out` with random bytes; false when there were none. Not fit for products, see
 * entropy_semihost.c. */
bool board_random(uint8_t *out, uint32_t size);

/* Why the processor started. */
enum tally_reset board_reset_reason(void);

/* The most bytes of the stack that were ever in use, of board_stack_bytes(). */
uint32_t board_stack_high_water(void);
uint32_t board_stack_bytes(void);

#endif
