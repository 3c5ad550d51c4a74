/* SPDX-License-Identifier: Apache-2.0 */
/* Does one thing wrong; the fault handler has to say so and restart the box, which then tells why
 * it did and ends QEMU. */
#include <stdint.h>

#include "board.h"
#include "console.h"
#include "semihost.h"

void board_on_tick(void) {}
void board_on_ethernet(void) {}

#if defined(FAULT_OVERFLOW)
/* Needs more stack in each round, until there is none; volatile keeps it from becoming a loop. */
static uint32_t go_wrong(volatile uint32_t depth) {
    volatile uint32_t frame[16];
    frame[depth % 16u] = depth;
    return depth == UINT32_MAX ? 0 : go_wrong(depth + 1u) + frame[0];
}
#elif defined(FAULT_HANG)
static uint32_t go_wrong(volatile uint32_t zero) {
    board_feed_watchdog();
    while (zero == 0) {
    }
    return zero;
}
#elif defined(FAULT_MASKED)
static uint32_t go_wrong(volatile uint32_t zero) {
    board_feed_watchdog();
    (void)board_mask();
    while (zero == 0) {
    }
    return zero;
}
#elif defined(FAULT_NULL)
static uint32_t go_wrong(volatile uint32_t zero) {
    return *(const volatile uint32_t *)(uintptr_t)zero;
}
#elif defined(FAULT_WRITE)
int main(void);
static uint32_t go_wrong(volatile uint32_t zero) {
    *(volatile uint32_t *)((uintptr_t)main & ~(uintptr_t)3) = zero;
    return zero;
}
#elif defined(FAULT_EXECUTE)
static volatile uint32_t instructions[] = {0x47704770u}; /* BX LR */
static uint32_t go_wrong(volatile uint32_t zero) {
    ((void (*)(void))((uintptr_t)instructions | 1u))();
    return zero;
}
#elif defined(FAULT_DIVIDE)
static uint32_t go_wrong(volatile uint32_t zero) {
    return 1000u / zero;
}
#elif defined(FAULT_SUPERVISOR)
static uint32_t go_wrong(volatile uint32_t zero) {
    __asm volatile("svc 0");
    return zero;
}
#elif defined(FAULT_UNDEFINED)
static uint32_t go_wrong(volatile uint32_t zero) {
    __builtin_trap();
    return zero;
}
#endif

int main(void) {
    board_init();
    console_text("fault: booted, reason ");
    console_unsigned((uint32_t)board_reset_reason());
    console_text("\n");
    if (board_reset_reason() == TALLY_RESET_POWER_ON) {
        console_text("fault: going wrong\n");
        console_unsigned(go_wrong(0));
    }
    semihost_exit(0);
}
