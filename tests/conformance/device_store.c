/* SPDX-License-Identifier: Apache-2.0 */
#include "device_store.h"

#include <stddef.h>
#include <string.h>

static uint8_t views[DEVICE_STORES][DEVICE_BYTES_MOST];
static uint8_t media[DEVICE_STORES][DEVICE_BYTES_MOST];
bool device_store_has(const tally_store_t *store, uint32_t block, uint32_t offset, uint32_t size) {
    return block < store->blocks && offset <= store->block_bytes &&
           size <= store->block_bytes - offset;
}

uint8_t *device_store_place(const device_store_t *flash, uint32_t block, uint32_t offset) {
    return flash->view + (size_t)block * flash->store.block_bytes + offset;
}

static int32_t flash_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out, uint32_t size) {
    const device_store_t *const flash = ctx;
    if (!device_store_has(&flash->store, block, offset, size)) {
        device_offend("read outside the store");
        return TALLY_E_IO;
    }
    if (flash->fails) {
        return TALLY_E_IO;
    }
    memcpy(out, device_store_place(flash, block, offset), size);
    return TALLY_OK;
}

static bool may_program(const uint8_t *place, const uint8_t *data, uint32_t size) {
    bool zeros = true;
    bool erased = true;
    for (uint32_t at = 0; at < size; at++) {
        zeros = zeros && data[at] == 0;
        erased = erased && place[at] == 0xFF;
    }
    return zeros || erased;
}

static int32_t flash_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                             uint32_t size) {
    const device_store_t *const flash = ctx;
    const uint32_t granule = flash->store.program_bytes;
    if (!device_store_has(&flash->store, block, offset, size) || offset % granule != 0 ||
        size % granule != 0) {
        device_offend("programmed outside the store, or off its granularity");
        return TALLY_E_IO;
    }
    if (flash->fails) {
        return TALLY_E_IO;
    }
    uint8_t *const place = device_store_place(flash, block, offset);
    if (!may_program(place, data, size)) {
        device_offend("programmed what was not erased");
    }
    for (uint32_t at = 0; at < size; at++) {
        place[at] &= data[at];
    }
    return TALLY_OK;
}

static int32_t flash_erase(void *ctx, uint32_t block) {
    const device_store_t *const flash = ctx;
    if (!device_store_has(&flash->store, block, 0, 0)) {
        device_offend("erased outside the store");
        return TALLY_E_IO;
    }
    if (flash->fails) {
        return TALLY_E_IO;
    }
    const size_t from = (size_t)block * flash->store.block_bytes;
    memset(flash->view + from, 0xFF, flash->store.block_bytes);
    memset(flash->medium + from, 0xFF, flash->store.block_bytes);
    return TALLY_OK;
}

static int32_t flash_sync(void *ctx) {
    const device_store_t *const flash = ctx;
    if (flash->fails) {
        return TALLY_E_IO;
    }
    memcpy(flash->medium, flash->view, DEVICE_BYTES_MOST);
    return TALLY_OK;
}

static int32_t reopen(void *ctx) {
    const device_store_t *const flash = ctx;
    memcpy(flash->view, flash->medium, DEVICE_BYTES_MOST);
    return TALLY_OK;
}

static void fail(void *ctx, bool fails) {
    device_store_t *const flash = ctx;
    flash->fails = fails;
}

void device_store_manufacture(device_t *device) {
    (void)device;
    memset(media, 0x5A, sizeof media);
}

void device_store_boot(device_t *device) {
    static const tally_store_t geometries[DEVICE_STORES] = {
        {.block_bytes = 1024, .blocks = 9, .program_bytes = 4},
        {.block_bytes = 256, .blocks = 2, .program_bytes = 16},
    };
    memcpy(views, media, sizeof views);
    for (uint32_t i = 0; i < DEVICE_STORES; i++) {
        device_store_t *const flash = &device->stores[i];
        *flash = (device_store_t){.store = geometries[i], .view = views[i], .medium = media[i]};
        flash->store.ctx = flash;
        flash->store.read = flash_read;
        flash->store.program = flash_program;
        flash->store.erase = flash_erase;
        flash->store.sync = flash_sync;
        device->places[i] = (tally_conformance_store_t){
            .store = &flash->store,
            .name = i == 0 ? "spool" : "settings",
            .blocks_least = i == 0 ? 6 : 2,
            .ctx = flash,
            .reopen = reopen,
            .fail = fail,
        };
    }
}
