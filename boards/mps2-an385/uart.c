/* SPDX-License-Identifier: Apache-2.0 */
/* UART0 as the console ("CMSDK APB UART", Cortex-M System Design Kit TRM, 4.3). */
#include <stdint.h>

#include "console.h"
#include "startup.h"

typedef struct {
    uint32_t data;
    uint32_t state;
    uint32_t control;
    uint32_t interrupts;
    uint32_t divider;
} uart_t;

#define UART0             ((volatile uart_t *)(uintptr_t)0x40004000u)
#define STATE_TX_FULL     0x1u
#define CONTROL_TX_ENABLE 0x1u
#define CLOCK_HZ          25000000u
#define BITS_PER_SECOND   115200u

void uart_init(void) {
    UART0->divider = CLOCK_HZ / BITS_PER_SECOND;
    UART0->control = CONTROL_TX_ENABLE;
}

void console_put(char character) {
    while ((UART0->state & STATE_TX_FULL) != 0) {
    }
    UART0->data = (uint8_t)character;
}
