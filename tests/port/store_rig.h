/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_RIG_H
#define STORE_RIG_H
/* A store in a file of a folder of its own, for each test anew. */
#include <stddef.h>
#include <stdint.h>

#include "tally_posix_store.h"

/* A block is more than one write of the store and no multiple of it. */
enum { BLOCK_BYTES = 6144, BLOCKS = 3, STORE_BYTES = BLOCK_BYTES * BLOCKS };

typedef struct {
    char folder[32];
    char path[64];
    tally_posix_store_t file;
    const tally_store_t *store;
} store_rig_t;

extern store_rig_t rig;

/* With the store open; without it. Both end with rig_tear_down, which empties the folder. */
int rig_set_up(void **state);
int rig_set_up_closed(void **state);
int rig_tear_down(void **state);

/* The status of open(). */
int32_t rig_open(void);
void rig_close(void);

/* All of the store, and whether every byte reads 0xFF. */
void rig_read(uint8_t out[STORE_BYTES]);
void rig_assert_erased(void);

/* The file from outside. */
void rig_put_file(const void *bytes, size_t size);
size_t rig_file_bytes(void);

#endif
