/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PSRAM as what outlives the power: RAM behind a battery.
 *
 *   0x21000000  spool
 *   0x21100000  settings
 *
 * In QEMU it outlives QEMU where it is a file: -M mps2-an385,memory-backend=pm -object
 * memory-backend-file,id=pm,size=16M,mem-path=FILE,share=on. Else all of it is 0 at first, as it is
 * with a new battery: what was never a store is an empty one.
 */
#include <stddef.h>

#include "board.h"
#include "tally/config.h"
#include "tally_ram_store.h"

#define PSRAM           0x21000000u
#define SPOOL_BYTES     (TALLY_SPOOL_BLOCKS * TALLY_SPOOL_BLOCK_BYTES)
#define SETTINGS        (PSRAM + 0x100000u)
#define SETTINGS_BLOCKS 2u

_Static_assert(SPOOL_BYTES <= SETTINGS - PSRAM, "the spool ends before the settings");

static tally_ram_store_t spool_store;
static tally_ram_store_t settings_store;

static int32_t make(tally_ram_store_t *store, uintptr_t at, uint32_t block_bytes, uint32_t blocks) {
    return tally_ram_store_init(store, (uint8_t *)at, block_bytes, blocks, 1);
}

int32_t board_stores(const tally_store_t **spool, const tally_store_t **settings) {
    const int32_t made = make(&spool_store, PSRAM, TALLY_SPOOL_BLOCK_BYTES, TALLY_SPOOL_BLOCKS);
    *spool = tally_ram_store(&spool_store);
    *settings = tally_ram_store(&settings_store);
    return made == TALLY_OK
               ? make(&settings_store, SETTINGS, TALLY_SPOOL_BLOCK_BYTES, SETTINGS_BLOCKS)
               : made;
}
