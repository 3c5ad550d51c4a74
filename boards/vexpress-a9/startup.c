/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "board.h"
#include "fault.h"
#include "gic.h"
#include "mmu.h"
#include "vectors.h"
#include "vexpress.h"

/* What a stack that was never used holds. */
#define STACK_PAINT 0xC5C5C5C5u

/* From the linker script, see the layout there. */
extern uint32_t stack_bottom[];
extern uint32_t stack_top[];
extern const uint32_t data_load[];
extern uint32_t data_begin[];
extern uint32_t data_end[];
extern uint32_t bss_begin[];
extern uint32_t bss_end[];

int main(void);
_Noreturn void startup(void);
void reset_entry(void);

/* As memory.ld has them, and vexpress.h. */
static const mmu_range_t ranges[] = {
    {.begin = 0x60000000u, .mib = 1, .kind = MMU_CODE},
    {.begin = 0x60200000u, .mib = 2, .kind = MMU_DATA},
    {.begin = 0x60400000u, .mib = 1, .kind = MMU_UNCACHED},
    {.begin = VEXPRESS_MOTHERBOARD, .mib = 1, .kind = MMU_DEVICE},
    {.begin = VEXPRESS_PRIVATE, .mib = 1, .kind = MMU_DEVICE},
    {.begin = VEXPRESS_NOR1, .mib = VEXPRESS_NOR1_MIB, .kind = MMU_DEVICE},
    {.begin = VEXPRESS_ETHERNET, .mib = 1, .kind = MMU_DEVICE},
};

static void paint_stack(void) {
    uint32_t *const in_use = __builtin_frame_address(0);
    for (volatile uint32_t *word = stack_bottom; word < in_use - 32; word++) {
        *word = STACK_PAINT;
    }
}

/* Supervisor, all interrupts masked: as after a reset, whatever a boot loader has made of it. */
__attribute__((naked, used, target("arm"))) void reset_entry(void) {
    __asm volatile("cpsid if, #0x13\n\t"
                   "ldr sp, =stack_top\n\t"
                   "ldr pc, =startup\n\t"
                   ".ltorg");
}

__attribute__((used)) void startup(void) {
    const uint32_t *from = data_load;
    for (volatile uint32_t *to = data_begin; to < data_end;) {
        *to++ = *from++;
    }
    for (volatile uint32_t *to = bss_begin; to < bss_end;) {
        *to++ = 0;
    }
    vectors_init();
    mmu_start(ranges, sizeof ranges / sizeof ranges[0]);
    paint_stack();
    (void)main();
    fault_unexpected(); /* main() of a device does not return */
}

void interrupt_entry(void) {
    const uint32_t id = gic_take();
    switch (id) {
    case VEXPRESS_IRQ_TIMER01: clock_interrupt(); break;
    case VEXPRESS_IRQ_UART0: uart_interrupt(); break;
    case VEXPRESS_IRQ_ETHERNET: board_on_ethernet(); break;
    case GIC_NOTHING: return;
    default: fault_unexpected();
    }
    gic_done(id);
}

uint32_t board_stack_bytes(void) {
    return (uint32_t)((uintptr_t)stack_top - (uintptr_t)stack_bottom);
}

uint32_t board_stack_high_water(void) {
    const uint32_t *word = stack_bottom;
    while (word < stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)stack_top - (uintptr_t)word);
}
