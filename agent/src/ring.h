/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_RING_H
#define TALLY_SRC_RING_H
/* One ring of the spool: its entries, in the order they came, through blocks that go round. What
 * the rings look like in the store is told in spool.h. */
#include "checkpoint.h"
#include "spool.h"

/* A record's tag. */
enum { TALLY_CLASS_BIT = 0x20, TALLY_KIND_BITS = 0x1F };

/* Both rings as they are in the store; writes nothing. `spool` has its store, its boot and nothing
 * else yet. False if the rings do not suit the store. */
bool tally_ring_mount(tally_spool_t *spool, uint32_t urgent_blocks);

/* Begins to read at the ring's tail, through the spool's buffer. */
void tally_ring_open(tally_spool_t *spool, const tally_ring_t *ring, tally_window_t *window);

/* Moves the window to the block of that number. */
void tally_ring_turn(const tally_ring_t *ring, tally_window_t *window, uint32_t sequence);

/* Moves the cursor to the next record at or behind it, skipping what is damaged and learning from
 * checkpoints whose records follow and which number they have. With `checkpoint` it stops at those
 * as well and tells what they say. False at the head. */
bool tally_ring_next(const tally_ring_t *ring, tally_window_t *window,
                     tally_checkpoint_t *checkpoint);

/* Puts the record in spool->record behind the others, evicting if it is not a boot record.
 * TALLY_E_FULL, TALLY_E_IO. */
int32_t tally_ring_append(tally_spool_t *spool, tally_ring_t *ring, uint8_t tag, uint32_t bytes);

/* Writes the state of the ring down if that pushes nothing out. */
void tally_ring_note(tally_spool_t *spool, tally_ring_t *ring);

/* Takes off what lies before the cursor. Of that `records` were found; others were damaged. */
void tally_ring_take_off(tally_spool_t *spool, tally_ring_t *ring, const tally_cursor_t *cursor,
                         uint32_t records);

/* Gives up the oldest blocks while all their records were made before `unix_s`. */
void tally_ring_expire(tally_spool_t *spool, tally_ring_t *ring, uint32_t unix_s);

/* Erases the next block if that pushes out nothing but what the next record would; whether it
 * tried. */
bool tally_ring_prepare(tally_spool_t *spool, tally_ring_t *ring);

/* Whether a tag is that of boot records, which push out no others. */
static inline bool tally_tag_is_boot(uint8_t tag) {
    return (tag & TALLY_KIND_BITS) == (TALLY_SPOOL_BOOT_KIND & TALLY_KIND_BITS);
}

/* Or of clock records, the next letter: a boot loop makes both. */
static inline bool tally_tag_is_quiet(uint8_t tag) {
    return tally_tag_is_boot(tag & (uint8_t)~1u);
}

/* The block of the store that the ring's block of that number lies in. */
uint32_t tally_ring_block(const tally_ring_t *ring, uint32_t sequence);

static inline bool tally_place_before(tally_place_t a, tally_place_t b) {
    return ((uint64_t)a.sequence << 32 | a.offset) < ((uint64_t)b.sequence << 32 | b.offset);
}

static inline uint32_t tally_ring_waiting(const tally_ring_t *ring) {
    return ring->appended - ring->tail.index;
}

/* What the records that wait take, and all between them. */
uint32_t tally_ring_bytes(const tally_spool_t *spool, const tally_ring_t *ring);

#endif
