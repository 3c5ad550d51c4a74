/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include "cortex_a.h"
#include "gic.h"
#include "restart_note.h"
#include "vexpress.h"

/* "Motherboard Express uATX", 4.3: a request to the motherboard's controller, which resets all. */
#define SYS_CFGCTRL    CORTEX_A_REGISTER(VEXPRESS_SYSTEM + 0xA4u)
#define CFGCTRL_START  0x80000000u
#define CFGCTRL_WRITE  0x40000000u
#define CFGCTRL_REBOOT 0x00900000u /* of site 0 */

const board_info_t board = {
    .name = "vexpress-a9",
    .soc = "cortex-a9",
    .entropy = "virtio-rng, from the emulator's host",
    .ethernet = VEXPRESS_ETHERNET,
    .watchdog_ms = BOARD_WATCHDOG_MS,
};

static enum tally_reset reset_reason;

/* The board itself does not tell. */
static enum tally_reset read_reset_reason(void) {
    const enum tally_reset noted = restart_note_take();
    return noted != TALLY_RESET_UNKNOWN ? noted : TALLY_RESET_POWER_ON;
}

void board_init(void) {
    reset_reason = read_reset_reason();
    gic_init(VEXPRESS_PRIVATE);
    uart_init();
    clock_init();
    cortex_a_enable_interrupts();
}

enum tally_reset board_reset_reason(void) {
    return reset_reason;
}

void board_restart(enum tally_reset reason) {
    cortex_a_mask_all();
    restart_note_write(reason);
    uart_drain();
    SYS_CFGCTRL = CFGCTRL_START | CFGCTRL_WRITE | CFGCTRL_REBOOT;
    for (;;) {
    }
}

uint32_t board_mask(void) {
    return cortex_a_mask();
}

void board_unmask(uint32_t state) {
    cortex_a_unmask(state);
}

void board_wait_for_interrupt(void) {
    cortex_a_wait_for_interrupt();
}

void board_enable_ethernet(void) {
    gic_enable(VEXPRESS_IRQ_ETHERNET);
}
