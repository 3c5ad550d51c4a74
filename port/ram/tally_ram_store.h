/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_RAM_STORE_H
#define TALLY_RAM_STORE_H
/*
 * tally_store_t over a buffer of the caller: for tests, for boards without spare flash, and over
 * memory that survives a reset. Records in it survive what the memory survives.
 */
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    tally_store_t store;
    uint8_t *memory;
} tally_ram_store_t;

/*
 * Makes a store of `blocks` blocks of `block_bytes` bytes over `memory`, which holds at least
 * their product. What lies in `memory` is kept: after a reset that did not clear it, the records
 * are still there.
 *
 * program_bytes: 1, 4, 8 or 16; imitates the granularity of a flash.
 * Returns TALLY_OK, or TALLY_E_ARGUMENT for a NULL or for sizes port.h does not allow.
 * Any thread, before the store is used. Does not block. `memory` and `ram` live as long as the
 * agent.
 */
int32_t tally_ram_store_init(tally_ram_store_t *ram, uint8_t *memory, uint32_t block_bytes,
                             uint32_t blocks, uint32_t program_bytes);

/*
 * The store for tally_init(). Valid as long as `ram`. Its callbacks take as long as a memcpy, and
 * return TALLY_E_IO for a place outside the store or off the granularity.
 */
const tally_store_t *tally_ram_store(const tally_ram_store_t *ram);

#ifdef __cplusplus
}
#endif

#endif
