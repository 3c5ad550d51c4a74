/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORTEX_M_H
#define CORTEX_M_H
/*
 * The little of an ARMv7-M core that the boards use. Names and numbers are those of the ARMv7-M
 * Architecture Reference Manual, B3.2.
 */
#include <stdint.h>

#define CORTEX_M_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR  CORTEX_M_REGISTER(0xE000E010u)
#define SYST_RVR  CORTEX_M_REGISTER(0xE000E014u)
#define SYST_CVR  CORTEX_M_REGISTER(0xE000E018u)
#define NVIC_ISER ((volatile uint32_t *)(uintptr_t)0xE000E100u)
#define SCB_ICSR  CORTEX_M_REGISTER(0xE000ED04u)
#define SCB_AIRCR CORTEX_M_REGISTER(0xE000ED0Cu)
#define SCB_CCR   CORTEX_M_REGISTER(0xE000ED14u)
#define SCB_SHCSR CORTEX_M_REGISTER(0xE000ED24u)
#define SCB_CFSR  CORTEX_M_REGISTER(0xE000ED28u)
#define SCB_HFSR  CORTEX_M_REGISTER(0xE000ED2Cu)
#define SCB_MMFAR CORTEX_M_REGISTER(0xE000ED34u)
#define SCB_BFAR  CORTEX_M_REGISTER(0xE000ED38u)
#define MPU_CTRL  CORTEX_M_REGISTER(0xE000ED94u)
#define MPU_RNR   CORTEX_M_REGISTER(0xE000ED98u)
#define MPU_RBAR  CORTEX_M_REGISTER(0xE000ED9Cu)
#define MPU_RASR  CORTEX_M_REGISTER(0xE000EDA0u)

#define SYST_CSR_ENABLE    0x1u
#define SYST_CSR_TICKINT   0x2u
#define SYST_CSR_CLKSOURCE 0x4u /* the core's clock */

#define SCB_ICSR_VECTACTIVE 0x1FFu /* number of the exception being handled */

#define SCB_AIRCR_KEY         0x05FA0000u
#define SCB_AIRCR_SYSRESETREQ 0x4u

/* Masks all interrupts and returns what cortex_m_unmask() takes to restore them; pairs may nest.
 * Faults still get through. */
static inline uint32_t cortex_m_mask(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask) : : "memory");
    return primask;
}

static inline void cortex_m_unmask(uint32_t primask) {
    __asm volatile("msr primask, %0" : : "r"(primask) : "memory");
}

/* Sleeps until an interrupt is pending, masked or not. */
static inline void cortex_m_wait_for_interrupt(void) {
    __asm volatile("dsb\n\twfi" : : : "memory");
}

static inline void cortex_m_enable_irq(uint32_t irq) {
    NVIC_ISER[irq / 32u] = UINT32_C(1) << (irq % 32u);
}

/* Resets the core and, as far as the chip goes, all around it. */
_Noreturn static inline void cortex_m_reset(void) {
    __asm volatile("dsb" : : : "memory");
    SCB_AIRCR = SCB_AIRCR_KEY | SCB_AIRCR_SYSRESETREQ;
    for (;;) {
        __asm volatile("dsb" : : : "memory");
    }
}

#endif
