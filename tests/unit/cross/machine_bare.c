/* SPDX-License-Identifier: Apache-2.0 */
/* Memory as bare.ld.in lays it out; words that are not aligned trap where the core can do that. */
#include <stdint.h>
#include <stdlib.h>

#include "machine.h"

extern const char __vector_table[]; /* picolibc's */
extern uint64_t suites_begin[];
extern uint64_t suites_end[];

static void trap_unaligned(void) {
#if defined __ARM_ARCH_7M__
    volatile uint32_t *const ccr = (volatile uint32_t *)0xE000ED14u; /* ARMv7-M B3.2.8 */
    *ccr |= 1u << 3;                                                 /* UNALIGN_TRP */
#elif defined __ARM_ARCH_7A__
    uint32_t control = 0; /* SCTLR, ARMv7-A B4.1.130 */
    __asm volatile("mcr p15, 0, %0, c12, c0, 0" : : "r"(__vector_table)); /* VBAR */
    __asm volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(control));
    control |= 1u << 1; /* A */
    __asm volatile("mcr p15, 0, %0, c1, c0, 0" : : "r"(control));
#endif
}

/* emulate.sh hands the environment over as arguments. */
void machine_begin(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        (void)putenv(argv[i]);
    }
    trap_unaligned();
}

int machine_run(int (*suite)(void)) {
    for (volatile uint64_t *word = suites_begin; word < suites_end; word++) {
        *word = 0;
    }
    return suite();
}
