/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. TIMER0 runs freely and is the time; SysTick only interrupts. Were ticks counted
 * instead, each one that comes while its predecessor is still masked would be lost from the time.
 *
 * TIMER0 counts down through 32 bits at 25 MHz, once round in 171 s; the time is extended to 64
 * bits by whoever reads it, and a tick reads it every BOARD_TICK_MS.
 */
#include <stdint.h>

#include "board.h"
#include "cortex_m.h"
#include "startup.h"

typedef struct {
    uint32_t control;
    uint32_t value;
    uint32_t reload;
    uint32_t interrupt;
} timer_t;

#define TIMER0         ((volatile timer_t *)(uintptr_t)0x40000000u)
#define CONTROL_ENABLE 0x1u
#define CYCLES_PER_US  (CLOCK_HZ / 1000000u)
#define TICK_CYCLES    (CLOCK_HZ / 1000u * BOARD_TICK_MS)

_Static_assert(TICK_CYCLES <= 0x1000000u, "SysTick has 24 bits");

static uint64_t cycles;

void clock_init(void) {
    TIMER0->reload = UINT32_MAX;
    TIMER0->value = UINT32_MAX;
    TIMER0->control = CONTROL_ENABLE;
    SYST_RVR = TICK_CYCLES - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

static uint64_t now_cycles(void) {
    const uint32_t mask = cortex_m_mask();
    const uint32_t low = ~TIMER0->value;
    cycles += low - (uint32_t)cycles;
    const uint64_t now = cycles;
    cortex_m_unmask(mask);
    return now;
}

uint64_t board_now_us(void) {
    return now_cycles() / CYCLES_PER_US;
}

uint64_t board_now_ms(void) {
    return now_cycles() / (CYCLES_PER_US * 1000u);
}

void clock_tick_entry(void) {
    (void)now_cycles();
    board_on_tick();
}
