/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VEXPRESS_H
#define VEXPRESS_H
/*
 * Arm Versatile Express with the CoreTile of four Cortex-A9 cores, of which one is used, in its
 * first memory map ("Motherboard Express uATX", 4.2; "CoreTile Express A9x4", 3.2), as QEMU's
 * vexpress-a9. What the board's own files tell each other.
 *
 *   0x00000000  nothing, forbidden        0x44000000  second pair of NOR flash chips, 64 MiB
 *   0x10000000  the motherboard's devices 0x4E000000  LAN9118
 *   0x1E000000  the core's own devices    0x60000000  RAM, see memory.ld
 */
#include <stdint.h>

#include "tally_config.h"

#define VEXPRESS_MOTHERBOARD 0x10000000u
#define VEXPRESS_SYSTEM      0x10000000u /* system registers */
#define VEXPRESS_CONTROLLER  0x10001000u /* SP810 */
#define VEXPRESS_UART0       0x10009000u /* PL011 */
#define VEXPRESS_TIMER01     0x10011000u /* SP804 */
#define VEXPRESS_VIRTIO      0x10013000u /* of QEMU, see entropy_virtio.c */
#define VEXPRESS_PRIVATE     0x1E000000u
#define VEXPRESS_WATCHDOG    0x1E000620u
#define VEXPRESS_NOR1        0x44000000u
#define VEXPRESS_NOR1_MIB    64u
#define VEXPRESS_ETHERNET    0x4E000000u

/* Interrupts of the motherboard, as the interrupt controller numbers them. */
#define VEXPRESS_IRQ_TIMER01  (32u + 2u)
#define VEXPRESS_IRQ_UART0    (32u + 5u)
#define VEXPRESS_IRQ_ETHERNET (32u + 15u)
#define VEXPRESS_IRQ_WATCHDOG 30u

void clock_init(void);
void uart_init(void);

/* Returns when all that was put to the console has left it. Anywhere; bounded. */
void uart_drain(void);

/* Handlers of the board's interrupts. */
void clock_interrupt(void);
void uart_interrupt(void);

#endif
