/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets through the motherboard, and the note of why. The note is in a register that only the loss
 * of power clears: RAM would be filled anew with the image ("Motherboard Express uATX", 4.3, SYS_*).
 */
#include <stdint.h>

#include "board.h"
#include "cortex_a.h"
#include "vexpress.h"

#define SYS_NVFLAGS_SET   CORTEX_A_REGISTER(VEXPRESS_SYSTEM + 0x38u) /* reads as the flags */
#define SYS_NVFLAGS_CLEAR CORTEX_A_REGISTER(VEXPRESS_SYSTEM + 0x3Cu)
#define SYS_CFGCTRL       CORTEX_A_REGISTER(VEXPRESS_SYSTEM + 0xA4u)

#define CFGCTRL_START  0x80000000u
#define CFGCTRL_WRITE  0x40000000u
#define CFGCTRL_REBOOT (9u << 20) /* of the motherboard, site 0 */

#define NOTE      0x7A11EE00u /* and the reason in the lowest byte */
#define NOTE_MASK 0xFFFFFF00u

static enum tally_reset reason;

void reset_init(void) {
    const uint32_t flags = SYS_NVFLAGS_SET;
    SYS_NVFLAGS_CLEAR = UINT32_MAX;
    const uint32_t noted = flags & ~NOTE_MASK;
    const bool is_note = (flags & NOTE_MASK) == NOTE && noted <= (uint32_t)TALLY_RESET_FAULT;
    reason = is_note ? (enum tally_reset)noted : TALLY_RESET_POWER_ON;
}

enum tally_reset board_reset_reason(void) {
    return reason;
}

void board_restart(enum tally_reset why) {
    cortex_a_mask_all();
    SYS_NVFLAGS_CLEAR = UINT32_MAX;
    SYS_NVFLAGS_SET = NOTE | (uint32_t)why;
    uart_drain();
    SYS_CFGCTRL = CFGCTRL_START | CFGCTRL_WRITE | CFGCTRL_REBOOT;
    for (;;) {
    }
}
