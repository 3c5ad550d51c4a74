/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GIC_H
#define GIC_H
/*
 * The interrupt controller of the Cortex-A9 MPCore (PL390, "Arm Generic Interrupt Controller,
 * Architecture version 1.0"), used from the secure side: interrupts come as IRQ, and those that no
 * mask may hold back as FIQ.
 *
 * Identifiers: 16 to 31 belong to the core itself, a chip's own begin at 32.
 */
#include <stdint.h>

#define GIC_SHARED  32u
#define GIC_NOTHING 1023u /* from gic_take(): it has gone away again */

/* `base` is that of the core's private registers. Before any interrupt is enabled. */
void gic_init(uintptr_t base);

/* All of these have one priority. */
void gic_enable(uint32_t id);

/* As FIQ, which interrupts the others too. */
void gic_enable_unmaskable(uint32_t id);

/* What interrupts; belongs to the caller until gic_done() of it. In the IRQ's handler. */
uint32_t gic_take(void);
void gic_done(uint32_t id);

#endif
