/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "board.h"
#include "fault.h"
#include "startup.h"

#define INTERRUPTS 32u /* of the AN385 */

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
_Noreturn void reset_entry(void);

/* The core's exceptions have numbers 1 to 15, the board's interrupts follow (B1.5.2). */
typedef struct {
    uint32_t *stack;
    void (*core[15])(void);
    void (*board[INTERRUPTS])(void);
} vectors_t;

__attribute__((section(".vectors"), used)) static const vectors_t vectors = {
    .stack = stack_top,
    .core =
        {
            reset_entry, fault_entry, fault_entry, fault_entry, fault_entry, fault_entry, /* 1-6 */
            fault_unexpected, fault_unexpected, fault_unexpected, fault_unexpected,       /* 7-10 */
            fault_unexpected, fault_unexpected, fault_unexpected, fault_unexpected, /* 11-14 */
            clock_tick_entry,                                                       /* 15 */
        },
    .board =
        {
            uart_receive_entry, fault_unexpected,  fault_unexpected, fault_unexpected, /* 0-3 */
            fault_unexpected,   fault_unexpected,  fault_unexpected, fault_unexpected, /* 4-7 */
            fault_unexpected,   fault_unexpected,  fault_unexpected, fault_unexpected, /* 8-11 */
            fault_unexpected,   board_on_ethernet, fault_unexpected, fault_unexpected, /* 12-15 */
            fault_unexpected,   fault_unexpected,  fault_unexpected, fault_unexpected, /* 16-19 */
            fault_unexpected,   fault_unexpected,  fault_unexpected, fault_unexpected, /* 20-23 */
            fault_unexpected,   fault_unexpected,  fault_unexpected, fault_unexpected, /* 24-27 */
            fault_unexpected,   fault_unexpected,  fault_unexpected, fault_unexpected, /* 28-31 */
        },
};

static void paint_stack(void) {
    uint32_t *const in_use = __builtin_frame_address(0);
    for (volatile uint32_t *word = stack_bottom; word < in_use - 32; word++) {
        *word = STACK_PAINT;
    }
}

void reset_entry(void) {
    const uint32_t *from = data_load;
    for (volatile uint32_t *to = data_begin; to < data_end;) {
        *to++ = *from++;
    }
    for (volatile uint32_t *to = bss_begin; to < bss_end;) {
        *to++ = 0;
    }
    paint_stack();
    (void)main();
    fault_unexpected(); /* main() of a device does not return */
    for (;;) {
    }
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
