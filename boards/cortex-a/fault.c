/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stdint.h>

#include "board.h"
#include "console.h"
#include "cortex_a.h"

/* What is forbidden below the stack, see the linker script. */
#define GUARD_BYTES 0x100000u

/* The kinds as numbers. */
enum { UNDEFINED, PREFETCH, DATA, WATCHDOG };

/* From the linker script, see the layout there. */
extern uint32_t stack_bottom[];

/* What the compiler's library calls on a division by zero, for which the core has no instruction.
 */
_Noreturn void __aeabi_idiv0(void); /* NOLINT(bugprone-reserved-identifier) */
_Noreturn void __aeabi_ldiv0(void); /* NOLINT(bugprone-reserved-identifier) */

static void put_register(const char *name, uint32_t value) {
    console_text(name);
    console_hex(value);
}

/* The instruction that faulted. */
static uint32_t place_of(const fault_frame_t *frame, uint32_t kind) {
    switch (kind) {
    case UNDEFINED: return frame->link - ((frame->psr & CPSR_THUMB) != 0 ? 2u : 4u);
    case DATA: return frame->link - 8u;
    default: return frame->link - 4u;
    }
}

static void put_data_fault(void) {
    uint32_t status;
    uint32_t address;
    CORTEX_A_GET(DFSR, status);
    CORTEX_A_GET(DFAR, address);
    const uint32_t below = (uint32_t)(uintptr_t)stack_bottom - address;
    if (below != 0 && below <= GUARD_BYTES) {
        console_text(" (stack overflow)");
    }
    put_register(" dfsr ", status);
    put_register(" address ", address);
}

static void put_prefetch_fault(void) {
    uint32_t status;
    uint32_t address;
    CORTEX_A_GET(IFSR, status);
    CORTEX_A_GET(IFAR, address);
    put_register(" ifsr ", status);
    put_register(" address ", address);
}

static void put_cause(uint32_t kind) {
    switch (kind) {
    case UNDEFINED: console_text(" (undefined instruction)"); break;
    case PREFETCH: put_prefetch_fault(); break;
    case DATA: put_data_fault(); break;
    case WATCHDOG: break;
    default: console_text(" (unexpected exception)"); break;
    }
}

void fault_report(const fault_frame_t *frame, uint32_t kind, uint32_t sp, uint32_t lr) {
    const bool is_watchdog = kind == WATCHDOG;
    console_text(is_watchdog ? "\nWATCHDOG" : "\nFAULT");
    put_cause(kind);
    put_register(" sp ", sp);
    put_register("\n  pc ", place_of(frame, kind));
    put_register(" lr ", lr);
    put_register(" psr ", frame->psr);
    put_register(" r12 ", frame->r[12]);
    put_register("\n  r0 ", frame->r[0]);
    put_register(" r1 ", frame->r[1]);
    put_register(" r2 ", frame->r[2]);
    put_register(" r3 ", frame->r[3]);
    console_text("\n");
    board_restart(is_watchdog ? TALLY_RESET_WATCHDOG : TALLY_RESET_FAULT);
}

void fault_unexpected(void) {
    console_text("\nFAULT (unexpected interrupt)\n");
    board_restart(TALLY_RESET_FAULT);
}

void __aeabi_idiv0(void) {
    __builtin_trap();
}

void __aeabi_ldiv0(void) {
    __builtin_trap();
}
