/* SPDX-License-Identifier: Apache-2.0 */
#include "gic.h"

#include "cortex_a.h"

/* From the base of the private registers on. */
#define CPU_INTERFACE 0x100u
#define DISTRIBUTOR   0x1000u

#define GICC_CTLR 0x00u
#define GICC_PMR  0x04u
#define GICC_IAR  0x0Cu
#define GICC_EOIR 0x10u

#define GICD_CTLR       0x000u
#define GICD_IGROUPR    0x080u
#define GICD_ISENABLER  0x100u
#define GICD_IPRIORITYR 0x400u
#define GICD_ITARGETSR  0x800u

#define CTLR_GROUP_0  0x1u
#define CTLR_GROUP_1  0x2u
#define CTLR_TAKE_ALL 0x4u /* GICC_IAR tells interrupts of group 1 too */
#define CTLR_FIQ      0x8u /* group 0 comes as FIQ */

#define PRIORITY_ALL        0xFFu
#define PRIORITY            0xA0u
#define PRIORITY_UNMASKABLE 0x20u
#define THIS_CORE           0x1u
#define ID_MASK             0x3FFu

static uintptr_t cpu_interface;
static uintptr_t distributor;

static volatile uint8_t *byte_of(uint32_t registers, uint32_t id) {
    return (volatile uint8_t *)(distributor + registers + id);
}

static volatile uint32_t *word_of(uint32_t registers, uint32_t id) {
    return (volatile uint32_t *)(distributor + registers + id / 32u * 4u);
}

void gic_init(uintptr_t base) {
    cpu_interface = base + CPU_INTERFACE;
    distributor = base + DISTRIBUTOR;
    CORTEX_A_REGISTER(cpu_interface + GICC_PMR) = PRIORITY_ALL;
    CORTEX_A_REGISTER(cpu_interface + GICC_CTLR) =
        CTLR_GROUP_0 | CTLR_GROUP_1 | CTLR_TAKE_ALL | CTLR_FIQ;
    CORTEX_A_REGISTER(distributor + GICD_CTLR) = CTLR_GROUP_0 | CTLR_GROUP_1;
}

static void enable(uint32_t id, uint8_t priority) {
    *byte_of(GICD_IPRIORITYR, id) = priority;
    *byte_of(GICD_ITARGETSR, id) = THIS_CORE;
    *word_of(GICD_ISENABLER, id) = UINT32_C(1) << (id % 32u);
}

void gic_enable(uint32_t id) {
    *word_of(GICD_IGROUPR, id) |= UINT32_C(1) << (id % 32u);
    enable(id, PRIORITY);
}

void gic_enable_unmaskable(uint32_t id) {
    *word_of(GICD_IGROUPR, id) &= ~(UINT32_C(1) << (id % 32u));
    enable(id, PRIORITY_UNMASKABLE);
}

uint32_t gic_take(void) {
    return CORTEX_A_REGISTER(cpu_interface + GICC_IAR) & ID_MASK;
}

void gic_done(uint32_t id) {
    CORTEX_A_REGISTER(cpu_interface + GICC_EOIR) = id;
}
