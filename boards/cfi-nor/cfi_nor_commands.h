/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFI_NOR_COMMANDS_H
#define CFI_NOR_COMMANDS_H
/*
 * Commands, status and query table of the Intel command set, by the names of the StrataFlash data
 * sheets; the table by those of JESD68. For both chips of a pair at once.
 */
#include "cfi_nor_bus.h"

#define WORD_BYTES 4u
#define BOTH(half) ((uint32_t)(half) << 16 | (uint32_t)(half))

/* The high byte of a command counts for nothing; this one may be taken for data (cfi_nor_query.c).
 */
#define CMD_READ_ARRAY     BOTH(0xFFFF)
#define CMD_READ_STATUS    BOTH(0x70)
#define CMD_CLEAR_STATUS   BOTH(0x50)
#define CMD_QUERY          BOTH(0x98)
#define CMD_WORD_PROGRAM   BOTH(0x40)
#define CMD_BUFFER_PROGRAM BOTH(0xE8)
#define CMD_BLOCK_ERASE    BOTH(0x20)
#define CMD_BLOCK_LOCK     BOTH(0x60) /* CONFIRM behind it unlocks */
#define CMD_CONFIRM        BOTH(0xD0)

#define STATUS_READY BOTH(0x80)
/* Of the last operations: erase failed, program failed, low voltage, block locked. Valid while
 * ready; they stay until they are cleared. */
#define STATUS_ERRORS BOTH(0x3A)

/* Query table, in words of a chip. */
#define QUERY_COMMAND_AT  0x55u
#define QUERY_Q           0x10u
#define QUERY_R           0x11u
#define QUERY_Y           0x12u
#define QUERY_SET         0x13u /* 2 */
#define QUERY_EXTENDED    0x15u /* 2: where the table of the command set is */
#define QUERY_WORD_US     0x1Fu /* typical times, as powers of 2 */
#define QUERY_BUFFER_US   0x20u
#define QUERY_ERASE_MS    0x21u
#define QUERY_WORD_MOST   0x23u /* powers of 2: the longest time, in typical ones */
#define QUERY_BUFFER_MOST 0x24u
#define QUERY_ERASE_MOST  0x25u
#define QUERY_CHIP_BYTES  0x27u /* a power of 2 */
#define QUERY_BUFFER      0x2Au /* 2: bytes, a power of 2 */
#define QUERY_REGIONS     0x2Cu
#define QUERY_BLOCKS      0x2Du /* 2: of the first region, less 1 */
#define QUERY_BLOCK_SIZE  0x2Fu /* 2: in 256 bytes */

#define SET_INTEL_EXTENDED 1u
#define SET_INTEL          3u

/* Of the extended table. */
#define EXTENDED_FEATURES    5u    /* 4 */
#define FEATURE_INSTANT_LOCK 0x20u /* blocks are locked at power-up and unlocked at once */

static inline uint32_t get(uintptr_t address) {
    return cfi_nor_bus_get(address);
}

static inline void put(uintptr_t address, uint32_t word) {
    cfi_nor_bus_put(address, word);
}

#endif
