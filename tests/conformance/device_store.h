/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFORMANCE_DEVICE_STORE_H
#define CONFORMANCE_DEVICE_STORE_H
/* The device's two stores: flash behind a cache, so that it shows what was not synced. */
#include "device.h"

void device_store_manufacture(device_t *device);
void device_store_boot(device_t *device);

/* Whether `size` bytes from `offset` of the block are in the store. */
bool device_store_has(const tally_store_t *store, uint32_t block, uint32_t offset, uint32_t size);

/* The place in the device's cache. */
uint8_t *device_store_place(const device_store_t *flash, uint32_t block, uint32_t offset);

#endif
