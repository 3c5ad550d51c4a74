/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORTEX_A_H
#define CORTEX_A_H
/*
 * The little of an ARMv7-A core that the boards use. Names are those of the ARMv7-A Architecture
 * Reference Manual, B4.1; numbers in CORTEX_A_READ() are opc1, CRn, CRm and opc2, as there.
 */
#include <stdint.h>

#define CORTEX_A_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Processor modes, as CPSR and CPS have them, for assembler too. */
#define CORTEX_A_SUPERVISOR "0x13"
#define CORTEX_A_ABORT      "0x17"

#define CPSR_THUMB      0x20u
#define CPSR_IRQ_MASKED 0x80u

#define CORTEX_A_READ(opc1, crn, crm, opc2, value)                                                 \
    __asm volatile("mrc p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2 : "=r"(value))
#define CORTEX_A_WRITE(opc1, crn, crm, opc2, value)                                                \
    __asm volatile("mcr p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2 : : "r"(value) : "memory")

#define SCTLR 0, c1, c0, 0
#define DFSR  0, c5, c0, 0
#define IFSR  0, c5, c0, 1
#define DFAR  0, c6, c0, 0
#define IFAR  0, c6, c0, 2
#define VBAR  0, c12, c0, 0

#define SCTLR_MMU     0x1u
#define SCTLR_ALIGNED 0x2u /* accesses that are not, fault */
#define SCTLR_DATA    0x4u /* data cache */
#define SCTLR_BRANCH  0x800u
#define SCTLR_CODE    0x1000u     /* instruction cache */
#define SCTLR_HIGH    0x2000u     /* vectors at 0xFFFF0000, VBAR is not looked at */
#define SCTLR_THUMB   0x40000000u /* exceptions are entered in Thumb state */

/* With the names above in place of four numbers. */
#define CORTEX_A_GET(name, value) CORTEX_A_READ_(name, value)
#define CORTEX_A_SET(name, value) CORTEX_A_WRITE_(name, value)
#define CORTEX_A_READ_(...)       CORTEX_A_READ(__VA_ARGS__)
#define CORTEX_A_WRITE_(...)      CORTEX_A_WRITE(__VA_ARGS__)

/* Masks all interrupts and returns what cortex_a_unmask() takes to restore them; pairs may nest.
 * Faults still get through, and so does the FIQ. */
static inline uint32_t cortex_a_mask(void) {
    uint32_t cpsr;
    __asm volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(cpsr) : : "memory");
    return cpsr & CPSR_IRQ_MASKED;
}

static inline void cortex_a_unmask(uint32_t masked) {
    if (masked == 0) {
        __asm volatile("cpsie i" : : : "memory");
    }
}

/* Masks the FIQ as well, for good. */
static inline void cortex_a_mask_all(void) {
    __asm volatile("cpsid if" : : : "memory");
}

/* Lets both through. */
static inline void cortex_a_enable_interrupts(void) {
    __asm volatile("cpsie if" : : : "memory");
}

/* Sleeps until an interrupt is pending, masked or not. */
static inline void cortex_a_wait_for_interrupt(void) {
    __asm volatile("dsb\n\twfi" : : : "memory");
}

/* Accesses before it are seen by devices before those behind it. */
static inline void cortex_a_barrier(void) {
    __asm volatile("dmb" : : : "memory");
}

#endif
