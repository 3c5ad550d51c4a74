/* SPDX-License-Identifier: Apache-2.0 */
/* UART0 as the console ("PrimeCell UART (PL011) TRM", 3.3). */
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "console.h"
#include "cortex_a.h"
#include "gic.h"
#include "vexpress.h"

#define UART_DATA         CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x00u)
#define UART_FLAGS        CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x18u)
#define UART_DIVIDER      CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x24u)
#define UART_DIVIDER_64TH CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x28u)
#define UART_LINE         CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x2Cu)
#define UART_CONTROL      CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x30u)
#define UART_ENABLED      CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x38u)
#define UART_CLEAR        CORTEX_A_REGISTER(VEXPRESS_UART0 + 0x44u)

#define FLAGS_BUSY     0x08u
#define FLAGS_RX_EMPTY 0x10u
#define FLAGS_TX_FULL  0x20u

#define LINE_FIFOS  0x10u
#define LINE_8_BITS 0x60u

#define CONTROL_ENABLE 0x001u
#define CONTROL_SEND   0x100u
#define CONTROL_GET    0x200u

#define INTERRUPT_RECEIVED 0x10u
#define INTERRUPT_TIMEOUT  0x40u /* fewer than would fill the FIFO, and then a pause */

#define CLOCK_HZ        24000000u
#define BITS_PER_SECOND 115200u
#define DIVIDER_64THS   ((CLOCK_HZ * 4u + BITS_PER_SECOND / 2u) / BITS_PER_SECOND)

/* A full FIFO of 16 has left after 1.4 ms; a turn takes 50 ns or more. */
#define PATIENCE 1000000u

#define RECEIVED_MOST 128u /* a power of 2 */

static volatile uint8_t received[RECEIVED_MOST];
static volatile uint32_t come; /* characters; in the interrupt only */
static uint32_t taken;

void uart_init(void) {
    UART_CONTROL = 0;
    UART_DIVIDER = DIVIDER_64THS / 64u;
    UART_DIVIDER_64TH = DIVIDER_64THS % 64u;
    UART_LINE = LINE_8_BITS | LINE_FIFOS;
    UART_CONTROL = CONTROL_ENABLE | CONTROL_SEND | CONTROL_GET;
    UART_ENABLED = INTERRUPT_RECEIVED | INTERRUPT_TIMEOUT;
    gic_enable(VEXPRESS_IRQ_UART0);
}

void console_put(char character) {
    while ((UART_FLAGS & FLAGS_TX_FULL) != 0) {
    }
    UART_DATA = (uint8_t)character;
}

void uart_drain(void) {
    for (uint32_t turn = 0; turn < PATIENCE && (UART_FLAGS & FLAGS_BUSY) != 0; turn++) {
    }
}

/* What is too much is lost, but for the end of a line, which takes the place of the last one. */
void uart_interrupt(void) {
    UART_CLEAR = INTERRUPT_RECEIVED | INTERRUPT_TIMEOUT;
    while ((UART_FLAGS & FLAGS_RX_EMPTY) == 0) {
        const uint8_t character = (uint8_t)UART_DATA;
        const bool ends_line = character == '\n' || character == '\r';
        if (come - taken == RECEIVED_MOST && ends_line) {
            come--;
        }
        if (come - taken < RECEIVED_MOST) {
            received[come % RECEIVED_MOST] = character;
            come++;
        }
        if (ends_line) {
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
