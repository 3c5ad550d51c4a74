/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMU_H
#define MMU_H
/*
 * Addresses are what they are without an MMU, and every MiB that a board does not name is
 * forbidden: a program that strays faults where it does so.
 */
#include <stdint.h>

/* What can be done with a range of addresses. */
enum mmu_kind {
    MMU_CODE,     /* cached; read and executed */
    MMU_DATA,     /* cached; read and written */
    MMU_UNCACHED, /* memory that a device reads and writes too; read and written */
    MMU_DEVICE,   /* registers: each access happens as it is written, and must be aligned */
};

/* In whole MiB, below 2 GiB. */
typedef struct {
    uintptr_t begin;
    uint32_t mib;
    enum mmu_kind kind;
} mmu_range_t;

/* Starts the MMU, both caches of the core and its branch prediction. Once, before any memory was
 * written with the data cache on. A cache outside the core stays as it was. */
void mmu_start(const mmu_range_t *ranges, uint32_t count);

#endif
