/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFI_NOR_H
#define CFI_NOR_H
/*
 * Parallel NOR flash with the Intel command set (JEDEC JESD68, "Common Flash Interface", command
 * sets 0001h and 0003h) as tally_store_t: two chips of 16 bits side by side, so that every command
 * goes to both (0x00400040) and every status is asked of both. Reads are plain loads while the
 * chips are idle, which they always are between two calls.
 *
 * The board maps the chips as device memory, not cached (cfi_nor_bus.h). Chips with erase blocks of
 * several sizes are refused.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

/* How long cfi_nor_init() waits for chips that do not answer: a CPU that was reset may find them
 * in the midst of an erase, for which the data sheets of such chips have 4 s at most. */
#define CFI_NOR_ANSWER_MS 5000u

/* All but the first two are set by cfi_nor_init(). Times are the longest an operation may take, as
 * the chips themselves say. */
typedef struct {
    uintptr_t base;
    uint64_t (*now_us)(void);
    uint32_t sector_bytes; /* of both chips together, as all sizes here */
    uint32_t sectors;
    uint32_t buffer_bytes; /* programmed at a time */
    uint32_t word_us;
    uint32_t buffer_us;
    uint32_t erase_us;
    bool locks;   /* at power-up, all sectors */
    bool is_late; /* an operation did not end in time: the chips may not be idle */
} cfi_nor_t;

/* A run of sectors as a store; several stores may share the chips. */
typedef struct {
    tally_store_t store;
    cfi_nor_t *nor;
    uint32_t first_sector;
} cfi_nor_store_t;

/* Asks the chips at `base` what they are, whatever state they were left in. TALLY_OK; TALLY_E_IO:
 * no such chips there, or they do not become idle. Blocks for microseconds, but for
 * CFI_NOR_ANSWER_MS if nothing answers, and as long as an erase takes that is still going on. */
int32_t cfi_nor_init(cfi_nor_t *nor, uintptr_t base, uint64_t (*now_us)(void));

/* A store of `sectors` sectors from `first_sector` on, one block each. They are unlocked, all
 * others are left as they are. TALLY_E_ARGUMENT: not all of them are in the chips. `nor` lives as
 * long as `out`.
 *
 * Its callbacks: agent task. erase and program block as long as the chips take, at most
 * nor->erase_us, and nor->buffer_us for every nor->buffer_bytes. TALLY_E_IO: the chips report
 * failure, low voltage or a lock, or did not become idle in time; the store is good again as soon
 * as they are. sync has nothing to do: what program has returned from is in the chips. */
int32_t cfi_nor_store(cfi_nor_store_t *out, cfi_nor_t *nor, uint32_t first_sector,
                      uint32_t sectors);

#endif
