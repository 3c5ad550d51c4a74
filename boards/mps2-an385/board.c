/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arm MPS2 with the AN385 image: a Cortex-M3 at 25 MHz, 4 MiB of RAM as flash, 4 MiB of RAM, 16 MiB
 * of PSRAM, a UART and a LAN9118 ("Application Note AN385", chapter 3).
 *
 *   0x00000000  code                    0x40000000  TIMER0
 *   0x20000000  stack, data             0x40004000  UART0, IRQ 0
 *   0x21000000  PSRAM, see stores.c     0x40008000  watchdog, NMI
 *   0x40200000  LAN9118, IRQ 13         0xE000E010  SysTick
 */
#include "board.h"

#include "cortex_m.h"
#include "fault.h"
#include "restart_note.h"
#include "startup.h"

#define ETHERNET_IRQ 13u

/* Reset information of the system controller: why the last reset came, a bit each, cleared by
 * writing it. None after power-on. QEMU has no such register and reads 0. */
#define RSTINFO          CORTEX_M_REGISTER(0x4001F010u)
#define RSTINFO_SOFTWARE 0x1u
#define RSTINFO_WATCHDOG 0x2u
#define RSTINFO_LOCKUP   0x4u

const board_info_t board = {
    .name = "mps2-an385",
    .soc = "cortex-m3",
    .entropy = "from the emulator's host, NOT FIT FOR PRODUCTS",
    .ethernet = 0x40200000u,
    .watchdog_ms = WATCHDOG_MS,
};

static enum tally_reset reset_reason;

static enum tally_reset read_reset_reason(void) {
    const enum tally_reset noted = restart_note_take();
    const uint32_t info = RSTINFO;
    RSTINFO = info;
    if (noted != TALLY_RESET_UNKNOWN) {
        return noted;
    }
    if ((info & RSTINFO_LOCKUP) != 0) {
        return TALLY_RESET_FAULT;
    }
    if ((info & RSTINFO_WATCHDOG) != 0) {
        return TALLY_RESET_WATCHDOG;
    }
    return (info & RSTINFO_SOFTWARE) != 0 ? TALLY_RESET_SOFTWARE : TALLY_RESET_POWER_ON;
}

void board_init(void) {
    reset_reason = read_reset_reason();
    uart_init();
    fault_init();
    clock_init();
}

enum tally_reset board_reset_reason(void) {
    return reset_reason;
}

void board_restart(enum tally_reset reason) {
    (void)cortex_m_mask();
    restart_note_write(reason);
    cortex_m_reset();
}

uint32_t board_mask(void) {
    return cortex_m_mask();
}

void board_unmask(uint32_t state) {
    cortex_m_unmask(state);
}

void board_wait_for_interrupt(void) {
    cortex_m_wait_for_interrupt();
}

void board_enable_ethernet(void) {
    cortex_m_enable_irq(ETHERNET_IRQ);
}
