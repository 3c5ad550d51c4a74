/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_ENTRY_H
#define TALLY_SRC_ENTRY_H
/*
 * What spool and settings write into erase blocks: entries, one behind the other, each framed so
 * that it can be believed on its own:
 *
 *     | bytes:2 | tag:1 | check:1 | crc32:4 | payload ... | 0xFF to granularity |
 *
 * All little endian. Both checks begin with the entry's place, so that what an earlier lap or
 * another place left behind is never taken for this one:
 *
 *     check = low 8 bits of CRC-32(sequence of the block:4, offset:3, bytes:2, tag:1)
 *     crc32 = CRC-32 over the same and then owner:8, payload
 *
 * The owner is a number the reader must know, here the boot that a record belongs to; entries whose
 * tag has its highest bit set have none, and 0 takes its place. The check lets a reader look for
 * entries at every granule of a damaged block without a CRC over thousands of bytes each time.
 */
#include <stdint.h>

#include "tally/port.h"

enum {
    TALLY_ENTRY_HEADER_BYTES = 8,
    TALLY_ENTRY_CRC_AT = 4, /* in the header */
    TALLY_ENTRY_PADDING_MOST = 15,
    TALLY_ENTRY_PAYLOAD_MOST = 4096,
    TALLY_ENTRY_UNOWNED = 0x80, /* this bit of a tag: bound to its place only */
};

/* A place in a log that goes round the blocks of a store: sequence numbers only grow. */
typedef struct {
    uint32_t sequence; /* of the block */
    uint32_t offset;
} tally_place_t;

/* Part of a store as it was last read. Larger windows need fewer reads. A caller that reuses the
 * buffer, or programs what lies in the window, sets `bytes` to 0. */
typedef struct {
    const tally_store_t *store;
    uint8_t *buffer;
    uint32_t size;
    uint32_t block; /* what is in the buffer now */
    uint32_t offset;
    uint32_t bytes;
} tally_window_t;

/* At least one and at most `most` bytes from `offset` on, and how many they are; NULL when the
 * store cannot be read. `offset` lies in the block. Valid until the next call. */
const uint8_t *tally_window_at(tally_window_t *window, uint32_t block, uint32_t offset,
                               uint32_t most, uint32_t *bytes);

typedef struct {
    uint32_t bytes; /* of the payload */
    uint8_t tag;
} tally_entry_t;

/* What an entry takes in a store: header, payload and padding. */
uint32_t tally_entry_stored_bytes(const tally_store_t *store, uint32_t payload_bytes);

/* Finds the first sound entry of that owner at or behind place->offset and before `end`, and moves
 * the offset there. `block` is where the place's block lies in the store. Returns TALLY_OK,
 * TALLY_E_EMPTY when there is none, which moves the offset to `end`. Places that cannot be read
 * hold none. Bounded by the granules of a block. */
int32_t tally_entry_find(tally_window_t *window, uint32_t block, tally_place_t *place, uint32_t end,
                         uint64_t owner, tally_entry_t *entry);

/* Writes header and padding around the payload at entry + TALLY_ENTRY_HEADER_BYTES. Returns what it
 * takes in the store. */
uint32_t tally_entry_seal(const tally_store_t *store, uint8_t *entry, uint8_t tag, uint32_t bytes,
                          tally_place_t place, uint64_t owner);

/* The same for a payload that is never in memory as a whole: writes the header but for its crc32.
 * Returns the CRC so far; gone on with over the payload, it belongs at TALLY_ENTRY_CRC_AT. */
uint32_t tally_entry_begin(uint8_t *header, uint8_t tag, uint32_t bytes, tally_place_t place,
                           uint64_t owner);

/* Programs `bytes` sealed bytes, has them made durable and reads them back. TALLY_E_IO when they
 * are not there as they should be. */
int32_t tally_entry_program(const tally_store_t *store, uint32_t block, uint32_t offset,
                            const uint8_t *data, uint32_t bytes);

/* Whether nothing was ever written from `offset` on, and where what was ends: the first granule
 * behind the last byte of the block that is not 0xFF, at least `offset`. What cannot be read counts
 * as written. */
uint32_t tally_entry_written_end(tally_window_t *window, uint32_t block, uint32_t offset);

/* Little-endian numbers of 1 to 8 bytes. */
void tally_le_put(uint8_t *at, uint64_t value, uint32_t bytes);
uint64_t tally_le_get(const uint8_t *at, uint32_t bytes);

#endif
