/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second pair of NOR flash chips, from its first sector on: settings, spool, and what is not
 * tally's. In QEMU it is -drive if=pflash,index=1,format=raw,file=FILE, a file of exactly 64 MiB.
 */
#include "board.h"
#include "cfi_nor.h"
#include "tally_config.h"
#include "vexpress.h"

static cfi_nor_t nor;
static cfi_nor_store_t spool_store;
static cfi_nor_store_t settings_store;

int32_t board_stores(const tally_store_t **spool, const tally_store_t **settings) {
    int32_t status = cfi_nor_init(&nor, VEXPRESS_NOR1, board_now_us);
    if (status == TALLY_OK) {
        status =
            cfi_nor_store(&settings_store, &nor, BOARD_SETTINGS_SECTOR, BOARD_SETTINGS_SECTORS);
    }
    if (status == TALLY_OK) {
        status = cfi_nor_store(&spool_store, &nor, BOARD_SPOOL_SECTOR, BOARD_SPOOL_SECTORS);
    }
    *spool = &spool_store.store;
    *settings = &settings_store.store;
    return status;
}
