/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's exceptions (ARMv7-A Architecture Reference Manual, B1.8). They are entered in ARM
 * state; the rest of the program is Thumb.
 */
#include "vectors.h"

#include <stdint.h>

#include "cortex_a.h"
#include "fault.h"

#define FAULT_STACK_BYTES 512u

/* Named in assembler only. */
#define ENTRY __attribute__((naked, used, target("arm")))

ENTRY void vectors_table(void);
ENTRY void vectors_undefined(void);
ENTRY void vectors_prefetch(void);
ENTRY void vectors_data(void);
ENTRY void vectors_unexpected(void);
ENTRY void vectors_irq(void);
ENTRY void vectors_fiq(void);

static uint64_t fault_stack[FAULT_STACK_BYTES / sizeof(uint64_t)];

__attribute__((section(".vectors"), aligned(32))) void vectors_table(void) {
    __asm volatile("ldr pc, =vectors_unexpected\n\t" /* reset, which does not come this way */
                   "ldr pc, =vectors_undefined\n\t"
                   "ldr pc, =vectors_unexpected\n\t" /* SVC */
                   "ldr pc, =vectors_prefetch\n\t"
                   "ldr pc, =vectors_data\n\t"
                   "ldr pc, =vectors_unexpected\n\t" /* none */
                   "ldr pc, =vectors_irq\n\t"
                   "ldr pc, =vectors_fiq\n\t"
                   ".ltorg");
}

/* A fault_frame_t onto the faults' stack; the program's sp and lr are banked, and asked for where
 * they are. */
#define REPORT(kind)                                                                               \
    __asm volatile("srsdb sp!, #" CORTEX_A_ABORT "\n\t"                                            \
                   "cps #" CORTEX_A_ABORT "\n\t"                                                   \
                   "push {r0-r12}\n\t"                                                             \
                   "cps #" CORTEX_A_SUPERVISOR "\n\t"                                              \
                   "mov r2, sp\n\t"                                                                \
                   "mov r3, lr\n\t"                                                                \
                   "cps #" CORTEX_A_ABORT "\n\t"                                                   \
                   "mov r0, sp\n\t"                                                                \
                   "mov r1, #" kind "\n\t"                                                         \
                   "bic sp, sp, #7\n\t"                                                            \
                   "ldr pc, =fault_report\n\t"                                                     \
                   ".ltorg")

void vectors_undefined(void) {
    REPORT(FAULT_UNDEFINED);
}

void vectors_prefetch(void) {
    REPORT(FAULT_PREFETCH);
}

void vectors_data(void) {
    REPORT(FAULT_DATA);
}

void vectors_unexpected(void) {
    REPORT(FAULT_UNEXPECTED);
}

void vectors_fiq(void) {
    REPORT(FAULT_WATCHDOG);
}

/* Keeps what the procedure call standard does not, and brings sp to 8 bytes; r1 says by how much.
 * CLREX: a store-exclusive of the program must not take what
 * the handler left for its own. */
void vectors_irq(void) {
    __asm volatile("sub lr, lr, #4\n\t"
                   "srsdb sp!, #" CORTEX_A_SUPERVISOR "\n\t"
                   "cps #" CORTEX_A_SUPERVISOR "\n\t"
                   "push {r0-r3, r12, lr}\n\t"
                   "and r1, sp, #4\n\t"
                   "sub sp, sp, r1\n\t"
                   "push {r0, r1}\n\t"
                   "ldr r2, =interrupt_entry\n\t"
                   "blx r2\n\t"
                   "pop {r0, r1}\n\t"
                   "add sp, sp, r1\n\t"
                   "pop {r0-r3, r12, lr}\n\t"
                   "clrex\n\t"
                   "rfeia sp!\n\t"
                   ".ltorg");
}

void vectors_init(void) {
    uint64_t *const top = fault_stack + FAULT_STACK_BYTES / sizeof(uint64_t);
    __asm volatile("cps #" CORTEX_A_ABORT "\n\t"
                   "mov sp, %0\n\t"
                   "cps #" CORTEX_A_SUPERVISOR
                   :
                   : "r"(top)
                   : "memory");
    uint32_t control;
    CORTEX_A_GET(SCTLR, control);
    CORTEX_A_SET(SCTLR, control & ~(SCTLR_HIGH | SCTLR_THUMB));
    CORTEX_A_SET(VBAR, (uint32_t)(uintptr_t)vectors_table);
    __asm volatile("isb" : : : "memory");
}
