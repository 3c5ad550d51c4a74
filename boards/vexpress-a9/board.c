/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stddef.h>

#include "cortex_a.h"
#include "gic.h"
#include "tally_config.h"
#include "vexpress.h"

const board_info_t board = {
    .name = "vexpress-a9",
    .soc = "cortex-a9",
    .entropy = "virtio-rng, of the emulator's host",
    .ethernet = VEXPRESS_ETHERNET,
    .watchdog_ms = BOARD_WATCHDOG_MS,
};

void board_init(void) {
    uart_init();
    reset_init();
    gic_init(VEXPRESS_PRIVATE);
    clock_init();
    gic_enable(VEXPRESS_IRQ_UART0);
    watchdog_init();
    cortex_a_enable_interrupts();
}

void board_enable_ethernet(void) {
    gic_enable(VEXPRESS_IRQ_ETHERNET);
}

uint32_t board_mask(void) {
    return cortex_a_mask();
}

void board_unmask(uint32_t state) {
    cortex_a_unmask(state);
}
