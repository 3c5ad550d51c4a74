/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_BENCH_FLASH_H
#define TALLY_BENCH_FLASH_H
/*
 * NOR flash in memory that counts what it is asked to do, and knows how long a part takes for it.
 * It keeps to the store's contract: bits are only cleared, and a place that was programmed takes
 * nothing but zeros.
 */
#include <stdint.h>

#include "tally/port.h"

enum { FLASH_PAGE_BYTES = 256, FLASH_BLOCK_BYTES = 4096, FLASH_BLOCKS = 256 };

/* How long the part takes. A page counts whole, however little of it an operation programs. */
enum { FLASH_PAGE_NS = 700000, FLASH_ERASE_NS = 45000000, FLASH_READ_BYTE_NS = 20 };

typedef struct {
    tally_store_t store;
    uint64_t spent_ns;
    uint64_t bytes_programmed;
    uint32_t programs;
    uint32_t erases;
    uint32_t reads;
    uint32_t refused; /* operations against the contract, which were not carried out */
    uint32_t block_erases[FLASH_BLOCKS];
    uint8_t memory[FLASH_BLOCKS * FLASH_BLOCK_BYTES];
} flash_t;

/* An erased part of 1 MiB, nothing counted yet. */
void flash_init(flash_t *flash, uint32_t program_bytes);

/* How far apart the most and the least worn of these blocks are, in erases. */
uint32_t flash_erase_spread(const flash_t *flash, uint32_t first, uint32_t blocks);

#endif
