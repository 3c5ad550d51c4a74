/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VECTORS_H
#define VECTORS_H
/*
 * Where the core goes when something interrupts the program.
 *
 *   IRQ      interrupt_entry(), on the program's stack, one at a time
 *   FIQ      fault_report(), on a stack of its own: it is the watchdog's
 *   faults   fault_report(), on that stack, since the program's may be what broke
 */

/* Leads the core's exceptions here, and gives faults their stack. Interrupts stay masked. Once,
 * before anything can fault. */
void vectors_init(void);

/* Given by the board: the interrupts it has enabled. */
void interrupt_entry(void);

#endif
