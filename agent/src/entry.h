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
#include <stdbool.h>
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

/* How far a reader has come in a log. */
typedef struct {
    uint64_t owner; /* of the entries at `place` */
    tally_place_t place;
    uint32_t index; /* number of the next record since the log's first */
} tally_cursor_t;

typedef struct {
    uint32_t bytes; /* of the payload */
    uint8_t tag;
} tally_entry_t;

/* A reader: the part of a block that it has read last, how far it has come and what it found there.
 * Larger buffers need fewer reads. To look at the store anew, or when the buffer was used for
 * something else, set `bytes` to 0. */
typedef struct {
    const tally_store_t *store;
    uint8_t *buffer;
    uint32_t size;
    uint32_t block;
    uint32_t offset; /* what is in the buffer now */
    uint32_t bytes;
    tally_entry_t entry;
    bool failed; /* a read has failed for good */
    tally_cursor_t cursor;
} tally_window_t;

/* Looks at another block from now on. */
void tally_window_move(tally_window_t *window, uint32_t block);

/* The bytes from `offset` on; NULL when the store cannot be read, in several tries, or when they
 * are more than the window's buffer or the block has. `offset` lies in the block. Valid until the
 * next call. */
const uint8_t *tally_window_at(tally_window_t *window, uint32_t offset, uint32_t bytes);

/* So many that they cover a header and its padding, in every store. */
enum { TALLY_ENTRY_ZEROS = 16 };
extern const uint8_t tally_entry_zeros[TALLY_ENTRY_ZEROS];

/* What an entry takes in a store: header, payload and padding. */
uint32_t tally_entry_stored_bytes(const tally_store_t *store, uint32_t payload_bytes);

/* Whether a sound entry lies at the cursor in the window's block and ends before `end`. What cannot
 * be read is not sound. */
bool tally_entry_at(tally_window_t *window, uint32_t end);

/* Moves the cursor within the block to the first sound entry at or behind it and before `end`, or,
 * if there is none, to `end`; then it is false. Bounded by the granules of a block. */
bool tally_entry_find(tally_window_t *window, uint32_t end);

/* Moves the cursor behind the entry that was found at it, and counts that if it has an owner. */
void tally_entry_pass(tally_window_t *window);

/* Writes header and padding around the payload at entry + TALLY_ENTRY_HEADER_BYTES, for the place
 * and the owner that `at` tells. Returns what it takes in the store. */
uint32_t tally_entry_seal(const tally_store_t *store, uint8_t *entry, uint8_t tag, uint32_t bytes,
                          const tally_cursor_t *at);

/* The same for a payload that is never in memory as a whole: writes the header but for its crc32.
 * Returns the CRC so far; gone on with over the payload, it belongs at TALLY_ENTRY_CRC_AT. */
uint32_t tally_entry_begin(uint8_t *header, uint8_t tag, uint32_t bytes, const tally_cursor_t *at);

/* Programs `bytes` sealed bytes, has them made durable and reads them back. TALLY_E_IO when they
 * are not there as they should be. */
int32_t tally_entry_program(const tally_store_t *store, uint32_t block, uint32_t offset,
                            const uint8_t *data, uint32_t bytes);

/* Programs zeros over whatever is there: a whole number of granules, TALLY_ENTRY_ZEROS at most. */
int32_t tally_entry_zero(const tally_store_t *store, uint32_t block, uint32_t offset,
                         uint32_t bytes);

/* Where writing in the window's block ended, at least `offset`: the first granule behind its last
 * byte that is not 0xFF. What cannot be read counts as written. */
uint32_t tally_entry_written_end(tally_window_t *window, uint32_t offset);

/* Little-endian numbers of 1 to 4 bytes. */
void tally_le_put(uint8_t *at, uint32_t value, uint32_t bytes);
uint32_t tally_le_get(const uint8_t *at, uint32_t bytes);

#endif
