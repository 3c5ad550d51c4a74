/* SPDX-License-Identifier: Apache-2.0 */
/* UART0 as the console ("CMSDK APB UART", Cortex-M System Design Kit TRM, 4.3). */
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "console.h"
#include "cortex_m.h"
#include "startup.h"

typedef struct {
    uint32_t data;
    uint32_t state;
    uint32_t control;
    uint32_t interrupts;
    uint32_t divider;
} uart_t;

#define UART0                ((volatile uart_t *)(uintptr_t)0x40004000u)
#define RECEIVE_IRQ          0u
#define STATE_TX_FULL        0x1u
#define STATE_RX_FULL        0x2u
#define CONTROL_TX_ENABLE    0x1u
#define CONTROL_RX_ENABLE    0x2u
#define CONTROL_RX_INTERRUPT 0x8u
#define INTERRUPT_RX         0x2u
#define BITS_PER_SECOND      115200u

#define RECEIVED_MOST 32u /* a power of 2 */

static volatile uint8_t received[RECEIVED_MOST];
static volatile uint32_t come; /* characters; in the interrupt only */
static uint32_t taken;

void uart_init(void) {
    UART0->divider = CLOCK_HZ / BITS_PER_SECOND;
    UART0->control = CONTROL_TX_ENABLE | CONTROL_RX_ENABLE | CONTROL_RX_INTERRUPT;
    cortex_m_enable_irq(RECEIVE_IRQ);
}

void console_put(char character) {
    while ((UART0->state & STATE_TX_FULL) != 0) {
    }
    UART0->data = (uint8_t)character;
}

void uart_receive_entry(void) {
    UART0->interrupts = INTERRUPT_RX;
    while ((UART0->state & STATE_RX_FULL) != 0) {
        const uint8_t character = (uint8_t)UART0->data;
        const bool is_end = character == '\n' || character == '\r';
        if (come - taken < RECEIVED_MOST) {
            received[come % RECEIVED_MOST] = character;
            come++;
        } else if (is_end) {
            received[(come - 1u) % RECEIVED_MOST] = character;
        }
        if (is_end) {
            board_wake();
        }
    }
}

int32_t board_console_get(void) {
    if (taken == come) {
        return -1;
    }
    return received[taken++ % RECEIVED_MOST];
}
