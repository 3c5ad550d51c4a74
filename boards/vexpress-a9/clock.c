/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. A counter of the system registers runs freely and is the time; the timer only
 * interrupts. Were ticks counted instead, each one that comes while its predecessor is still masked
 * would be lost from the time.
 *
 * The counter has 32 bits at 24 MHz and goes round in 178 s, whoever resets the core; the time is
 * extended to 64 bits by whoever reads it, and a tick reads it every BOARD_TICK_MS.
 */
#include <stdint.h>

#include "board.h"
#include "cortex_a.h"
#include "gic.h"
#include "vexpress.h"

#define SYS_24MHZ     CORTEX_A_REGISTER(VEXPRESS_SYSTEM + 0x5Cu)
#define CYCLES_PER_US 24u

/* ARM Dual-Timer Module (SP804) TRM, 3.2: its first timer. */
#define TIMER_LOAD    CORTEX_A_REGISTER(VEXPRESS_TIMER01 + 0x00u)
#define TIMER_CONTROL CORTEX_A_REGISTER(VEXPRESS_TIMER01 + 0x08u)
#define TIMER_CLEAR   CORTEX_A_REGISTER(VEXPRESS_TIMER01 + 0x0Cu)

#define CONTROL_32_BITS   0x02u
#define CONTROL_INTERRUPT 0x20u
#define CONTROL_PERIODIC  0x40u
#define CONTROL_ENABLE    0x80u

/* The system controller lets that timer count at 1 MHz; after a reset it is 32 kHz. */
#define SYSTEM_CONTROL     CORTEX_A_REGISTER(VEXPRESS_CONTROLLER + 0x00u)
#define TIMER_AT_1_MHZ     0x8000u
#define TIMER_TICKS_PER_MS 1000u

static uint32_t started_at;
static uint64_t cycles; /* since then */

void clock_init(void) {
    started_at = SYS_24MHZ;
    SYSTEM_CONTROL |= TIMER_AT_1_MHZ;
    TIMER_LOAD = BOARD_TICK_MS * TIMER_TICKS_PER_MS;
    TIMER_CONTROL = CONTROL_ENABLE | CONTROL_PERIODIC | CONTROL_INTERRUPT | CONTROL_32_BITS;
    gic_enable(VEXPRESS_IRQ_TIMER01);
}

static uint64_t now_cycles(void) {
    const uint32_t mask = board_mask();
    const uint32_t low = SYS_24MHZ - started_at;
    cycles += low - (uint32_t)cycles;
    const uint64_t now = cycles;
    board_unmask(mask);
    return now;
}

uint64_t board_now_us(void) {
    return now_cycles() / CYCLES_PER_US;
}

uint64_t board_now_ms(void) {
    return now_cycles() / (CYCLES_PER_US * 1000u);
}

void clock_interrupt(void) {
    TIMER_CLEAR = 0;
    (void)now_cycles();
    board_on_tick();
}
