/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "console.h"
#include "cortex_m.h"

#define EXCEPTION_NMI 2u

#define SHCSR_MEMFAULTENA 0x10000u
#define SHCSR_BUSFAULTENA 0x20000u
#define SHCSR_USGFAULTENA 0x40000u
#define CCR_DIV_0_TRP     0x10u
#define CFSR_MUNSTKERR    0x8u
#define CFSR_MSTKERR      0x10u
#define CFSR_MMARVALID    0x80u
#define CFSR_UNSTKERR     0x800u
#define CFSR_STKERR       0x1000u
#define CFSR_BFARVALID    0x8000u
#define CFSR_STACKING     (CFSR_MUNSTKERR | CFSR_MSTKERR | CFSR_UNSTKERR | CFSR_STKERR)

#define MPU_CTRL_ENABLE     0x1u
#define MPU_CTRL_PRIVDEFENA 0x4u
#define MPU_RASR_ENABLE     0x1u
#define MPU_RASR_XN         0x10000000u /* no execution; and with AP = 0 no access at all */
#define MPU_RASR_SIZE(log2) (((log2)-1u) << 1)

/* Of the addresses below the stack; a multiple of its size, as the MPU wants it. */
#define GUARD_LOG2 28u

#define FAULT_STACK_BYTES 256u

/* From the linker script, see the layout there. */
extern uint32_t stack_bottom[];
extern uint32_t stack_top[];

/* What the core pushes when it takes an exception, lowest address first (B1.5.6). */
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} fault_frame_t;

static uint64_t fault_stack[FAULT_STACK_BYTES / sizeof(uint64_t)];

/* fault_entry() finds it by its name. */
void fault_report(const fault_frame_t *frame);

/* The top of fault_stack for the assembler, which cannot count. */
__attribute__((used)) const uint64_t *const fault_stack_top =
    fault_stack + FAULT_STACK_BYTES / sizeof(uint64_t);

static void put_register(const char *name, uint32_t value) {
    console_text(name);
    console_hex(value);
}

/* After a failed push the frame lies, in part or in whole, where there is no memory. */
static bool is_readable(const fault_frame_t *frame) {
    const uintptr_t at = (uintptr_t)frame;
    return at >= (uintptr_t)stack_bottom && at + sizeof *frame <= (uintptr_t)stack_top;
}

__attribute__((used)) void fault_report(const fault_frame_t *frame) {
    const uint32_t cfsr = SCB_CFSR;
    const bool is_watchdog = (SCB_ICSR & SCB_ICSR_VECTACTIVE) == EXCEPTION_NMI;
    console_text(is_watchdog ? "\nWATCHDOG" : "\nFAULT");
    if ((cfsr & CFSR_STACKING) != 0 || frame < (const fault_frame_t *)stack_bottom) {
        console_text(" (stack overflow)");
    }
    put_register(" cfsr ", cfsr);
    put_register(" hfsr ", SCB_HFSR);
    put_register(" sp ", (uint32_t)(uintptr_t)frame);
    if ((cfsr & CFSR_MMARVALID) != 0) {
        put_register(" address ", SCB_MMFAR);
    } else if ((cfsr & CFSR_BFARVALID) != 0) {
        put_register(" address ", SCB_BFAR);
    }
    if (is_readable(frame)) {
        put_register("\n  pc ", frame->pc);
        put_register(" lr ", frame->lr);
        put_register(" psr ", frame->xpsr);
        put_register(" r12 ", frame->r12);
        put_register("\n  r0 ", frame->r0);
        put_register(" r1 ", frame->r1);
        put_register(" r2 ", frame->r2);
        put_register(" r3 ", frame->r3);
    }
    console_text("\n");
    board_restart(is_watchdog ? TALLY_RESET_WATCHDOG : TALLY_RESET_FAULT);
}

__attribute__((naked, used)) void fault_entry(void) {
    __asm volatile("mrs r0, msp\n\t"
                   "ldr r1, =fault_stack_top\n\t"
                   "ldr r1, [r1]\n\t"
                   "mov sp, r1\n\t"
                   "b fault_report");
}

void fault_unexpected(void) {
    __builtin_trap();
}

/* The bus answers nothing below the stack, but not all buses call that an error. */
static void guard_stack(void) {
    MPU_RNR = 0;
    MPU_RBAR = (uint32_t)(uintptr_t)stack_bottom - (UINT32_C(1) << GUARD_LOG2);
    MPU_RASR = MPU_RASR_XN | MPU_RASR_SIZE(GUARD_LOG2) | MPU_RASR_ENABLE;
    MPU_CTRL = MPU_CTRL_PRIVDEFENA | MPU_CTRL_ENABLE;
    __asm volatile("dsb\n\tisb" : : : "memory");
}

void fault_init(void) {
    guard_stack();
    SCB_CCR |= CCR_DIV_0_TRP;
    SCB_SHCSR |= SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA;
}
