/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFI_NOR_H
#define CFI_NOR_H
/*
 * Parallel NOR flash with the Intel command set (JEDEC JESD68, "Common Flash Interface", command
 * set 0001h) as tally_store_t: two chips of 16 bits side by side, so that every command goes to
 * both (0x00400040) and every status is asked of both. Reads are plain loads while the chips are
 * idle, which they always are between two calls.
 */
#include <stdint.h>

#include "tally/port.h"

typedef struct {
    uintptr_t base;
    uint32_t sector_bytes; /* of both chips together */
    uint32_t sectors;
} cfi_nor_t;

/* A run of sectors as a store; several stores may share the chips. */
typedef struct {
    tally_store_t store;
    const cfi_nor_t *nor;
    uint32_t first_sector;
} cfi_nor_store_t;

/* Asks the chips at `base` what they are. TALLY_OK; TALLY_E_IO: no such chips there. Blocks for
 * microseconds. */
int32_t cfi_nor_init(cfi_nor_t *nor, uintptr_t base);

/* A store of `sectors` sectors from `first_sector` on, one block each. TALLY_E_ARGUMENT: not all of
 * them are in the chips. `nor` lives as long as `out`. Its callbacks: agent task, block as long as
 * the chips take, and return TALLY_E_IO for what these report as failed or do not finish in time.
 */
int32_t cfi_nor_store(cfi_nor_store_t *out, const cfi_nor_t *nor, uint32_t first_sector,
                      uint32_t sectors);

#endif
