/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog ("CMSDK APB watchdog", Cortex-M System Design Kit TRM, 4.6). When its time is over
 * it raises NMI, see fault.c; if nothing comes of that either, it resets the core after the same
 * time again.
 */
#include <stdint.h>

#include "board.h"
#include "cortex_m.h"
#include "startup.h"

#define WATCHDOG_LOAD    CORTEX_M_REGISTER(0x40008000u) /* writing it begins anew */
#define WATCHDOG_CONTROL CORTEX_M_REGISTER(0x40008008u)
#define WATCHDOG_LOCK    CORTEX_M_REGISTER(0x40008C00u)

#define CONTROL_INTERRUPT 0x1u
#define CONTROL_RESET     0x2u
#define LOCK_OPEN         0x1ACCE551u

_Static_assert(WATCHDOG_MS <= UINT32_MAX / (CLOCK_HZ / 1000u), "the watchdog has 32 bits");

/* Locked in between: a program that runs wild does not stop it by chance. */
void board_feed_watchdog(void) {
    WATCHDOG_LOCK = LOCK_OPEN;
    WATCHDOG_LOAD = WATCHDOG_MS * (CLOCK_HZ / 1000u);
    WATCHDOG_CONTROL = CONTROL_INTERRUPT | CONTROL_RESET;
    WATCHDOG_LOCK = 0;
}
