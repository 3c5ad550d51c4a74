/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's own watchdog ("Cortex-A9 MPCore TRM", 4.3) in timer mode: when its time is over it
 * interrupts, as FIQ, which no mask of the program holds back; see fault.c.
 *
 * What that does not end is a core that takes no interrupt any more: one that hangs in an access to
 * a device, or whose vectors are gone. Only the watchdog mode does, in which it resets the chip by
 * itself and nobody can note why; QEMU does not model it, so it is not used here. A product starts
 * its chip's second watchdog beside this one, with more time.
 */
#include <stdint.h>

#include "board.h"
#include "cortex_a.h"
#include "gic.h"
#include "vexpress.h"

#define WATCHDOG_LOAD    CORTEX_A_REGISTER(VEXPRESS_WATCHDOG + 0x0u) /* writing it begins anew */
#define WATCHDOG_CONTROL CORTEX_A_REGISTER(VEXPRESS_WATCHDOG + 0x8u)

#define CONTROL_ENABLE          0x1u
#define CONTROL_INTERRUPT       0x4u
#define CONTROL_PRESCALER_SHIFT 8u

#define PERIPHERAL_HZ 100000000u /* QEMU's; half of the core's clock on a real one */
#define PRESCALER     100u
#define TICKS_PER_MS  (PERIPHERAL_HZ / PRESCALER / 1000u)

_Static_assert(BOARD_WATCHDOG_MS <= UINT32_MAX / TICKS_PER_MS, "the watchdog has 32 bits");

void board_feed_watchdog(void) {
    WATCHDOG_LOAD = BOARD_WATCHDOG_MS * TICKS_PER_MS;
    if ((WATCHDOG_CONTROL & CONTROL_ENABLE) == 0) {
        WATCHDOG_CONTROL =
            (PRESCALER - 1u) << CONTROL_PRESCALER_SHIFT | CONTROL_INTERRUPT | CONTROL_ENABLE;
        gic_enable_unmaskable(VEXPRESS_IRQ_WATCHDOG);
    }
}
