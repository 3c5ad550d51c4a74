/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VECTORS_H
#define VECTORS_H
/*
 * Where the core goes when something interrupts the program.
 *
 *   IRQ      the program's stack   interrupt_entry(), one at a time
 *   FIQ      the faults' stack     unmaskable_entry()
 *   faults   the faults' stack     fault_report()
 */

/* Leads the core's exceptions here, and gives faults and FIQ a stack of their own. Interrupts stay
 * masked. Once, before anything can fault. */
void vectors_init(void);

/* Given by the board: the interrupts it has enabled. */
void interrupt_entry(void);

/* Given by the board, for the FIQ: what no mask may hold back. */
_Noreturn void unmaskable_entry(void);

#endif
