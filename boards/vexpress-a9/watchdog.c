/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's own watchdog ("Cortex-A9 MPCore TRM", 4.3) in timer mode: when it runs out it
 * interrupts, as FIQ, which no mask of this program holds back, and the handler notes why and resets
 * the box.
 *
 * What this does not survive is a core that takes no interrupt at all: one that hangs in a bus
 * access, or whose vectors are gone. A product lets the same watchdog run out a second time in its
 * watchdog mode, in which it resets the chip by itself; QEMU models no such mode, so that stage is
 * not here.
 */
#include <stdint.h>

#include "board.h"
#include "console.h"
#include "cortex_a.h"
#include "gic.h"
#include "vectors.h"
#include "vexpress.h"

#define WATCHDOG_LOAD    CORTEX_A_REGISTER(VEXPRESS_WATCHDOG + 0x0u)
#define WATCHDOG_CONTROL CORTEX_A_REGISTER(VEXPRESS_WATCHDOG + 0x8u)

#define CONTROL_ENABLE          0x1u
#define CONTROL_INTERRUPT       0x4u
#define CONTROL_PRESCALER_SHIFT 8u

/* Half of the core's clock on the real board; QEMU's is always 100 MHz. */
#define PERIPHERAL_HZ 100000000u
#define PRESCALER     100u
#define TICKS_PER_MS  (PERIPHERAL_HZ / PRESCALER / 1000u)

void watchdog_init(void) {
    board_feed_watchdog();
    WATCHDOG_CONTROL =
        (PRESCALER - 1u) << CONTROL_PRESCALER_SHIFT | CONTROL_INTERRUPT | CONTROL_ENABLE;
    gic_enable_unmaskable(VEXPRESS_IRQ_WATCHDOG);
}

void board_feed_watchdog(void) {
    WATCHDOG_LOAD = board.watchdog_ms * TICKS_PER_MS;
}

void unmaskable_entry(void) {
    console_text("\nwatchdog: nobody fed it\n");
    board_restart(TALLY_RESET_WATCHDOG);
}
