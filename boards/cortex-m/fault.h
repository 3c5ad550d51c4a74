/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_H
#define FAULT_H

/* Makes the addresses below the stack forbidden and division by zero a fault, and lets memory, bus
 * and usage faults have their own vectors. */
void fault_init(void);

/* For all fault vectors, and for NMI, which the watchdog raises: prints what the core knows and
 * restarts the box. Runs on a stack of its own, since the stack may be what broke. */
void fault_entry(void);

/* For the vectors of interrupts nobody asked for: a fault, whose psr ends with the interrupt's
 * number. */
void fault_unexpected(void);

#endif
