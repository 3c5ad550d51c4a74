/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include "cortex_m.h"
#include "fault.h"
#include "startup.h"

/* Reset information of the system controller: why the last reset came, a bit each, cleared by
 * writing it. None after power-on. */
#define RSTINFO          CORTEX_M_REGISTER(0x4001F010u)
#define RSTINFO_SOFTWARE 0x1u
#define RSTINFO_WATCHDOG 0x2u
#define RSTINFO_LOCKUP   0x4u

void board_init(void) {
    uart_init();
    fault_init();
    clock_init();
}

enum tally_reset board_reset_reason(void) {
    const uint32_t info = RSTINFO;
    RSTINFO = info;
    if ((info & RSTINFO_LOCKUP) != 0) {
        return TALLY_RESET_FAULT;
    }
    if ((info & RSTINFO_WATCHDOG) != 0) {
        return TALLY_RESET_WATCHDOG;
    }
    return (info & RSTINFO_SOFTWARE) != 0 ? TALLY_RESET_SOFTWARE : TALLY_RESET_POWER_ON;
}
