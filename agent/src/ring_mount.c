/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "checkpoint.h"
#include "ring.h"

#define RING_BLOCKS      3u /* the least a ring works with */
#define FIRST_WINDOW     64u
#define SEQUENCES_MOST   (UINT32_MAX / 2) /* no device gets there; a forged image may */
#define QUIET_BOOTS_MOST 255u

/* --- rings ---------------------------------------------------------------------------------- */

static void lay_ring(tally_ring_t *ring, uint32_t first, uint32_t blocks) {
    ring->first = (uint16_t)first;
    ring->blocks = (uint16_t)blocks;
}

/* Two rings, or one if all blocks are urgent. */
static bool lay_out(tally_spool_t *spool, uint32_t urgent_blocks) {
    const uint32_t blocks = spool->store->blocks;
    const bool two = urgent_blocks + RING_BLOCKS <= blocks;
    if (urgent_blocks < RING_BLOCKS || (!two && urgent_blocks != blocks)) {
        return false;
    }
    spool->ring_count = two ? 2 : 1;
    lay_ring(&spool->rings[TALLY_URGENT], 0, urgent_blocks);
    lay_ring(&spool->rings[TALLY_ROUTINE], urgent_blocks, blocks - urgent_blocks);
    return true;
}

static uint32_t choose_urgent_blocks(uint32_t configured, uint32_t blocks) {
    const uint32_t quarter = blocks / 4;
    if (configured != 0) {
        return configured;
    }
    return blocks < 2 * RING_BLOCKS ? blocks : quarter > RING_BLOCKS ? quarter : RING_BLOCKS;
}

/* --- the newest block ----------------------------------------------------------------------- */

/* Whether the checkpoint that `block` begins with is of this layout; the ring's newest is noted. */
static bool take_first(tally_spool_t *spool, uint32_t block, const tally_checkpoint_t *first) {
    const uint32_t urgent_blocks = (uint32_t)first->fields[TALLY_CP_URGENT_BLOCKS];
    const uint32_t sequence = (uint32_t)first->fields[TALLY_CP_SEQUENCE];
    if (spool->ring_count == 0 && !lay_out(spool, urgent_blocks)) {
        return false;
    }
    tally_ring_t *const urgent = &spool->rings[TALLY_URGENT];
    tally_ring_t *const ring = block < urgent->blocks ? urgent : &spool->rings[TALLY_ROUTINE];
    if (urgent_blocks != urgent->blocks || sequence % ring->blocks != block - ring->first ||
        sequence < ring->blocks || sequence > SEQUENCES_MOST) {
        return false;
    }
    if (sequence > ring->head.sequence) {
        ring->head.sequence = sequence;
    }
    return true;
}

static void find_newest(tally_spool_t *spool) {
    uint8_t buffer[FIRST_WINDOW];
    tally_window_t window = tally_window_on(spool->store, buffer, sizeof buffer);
    for (uint32_t block = 0; block < spool->store->blocks; block++) {
        tally_checkpoint_t first;
        const enum tally_beginning begins = tally_checkpoint_first(&window, block, &first);
        if (begins == TALLY_BEGINS_FOREIGN ||
            (begins == TALLY_BEGINS_SOUND && !take_first(spool, block, &first))) {
            spool->foreign_blocks++;
        }
    }
}

/* --- the state of a ring -------------------------------------------------------------------- */

/* No forged checkpoint leads out of the ring. */
static void take_state(tally_ring_t *ring, const tally_checkpoint_t *checkpoint,
                       tally_cursor_t *cursor) {
    const uint64_t *const fields = checkpoint->fields;
    const uint32_t back = (uint32_t)fields[TALLY_CP_TAIL_BACK];
    const uint32_t index = (uint32_t)fields[TALLY_CP_TAIL_INDEX];
    cursor->boot = fields[TALLY_CP_BOOT];
    ring->quiet_boots = (uint8_t)fields[TALLY_CP_QUIET_BOOTS];
    ring->skip = (uint32_t)fields[TALLY_CP_LARGEST];
    ring->appended = (uint32_t)fields[TALLY_CP_APPENDED];
    ring->tail = (tally_cursor_t){
        .boot = fields[TALLY_CP_TAIL_BOOT],
        .place = {.sequence = cursor->place.sequence - back,
                  .offset = (uint32_t)fields[TALLY_CP_TAIL_OFFSET]},
        .index = index < ring->appended ? index : ring->appended,
    };
    if (back >= ring->blocks) {
        ring->tail.place = (tally_place_t){cursor->place.sequence - ring->blocks + 1, 0};
    }
    if (tally_place_before(cursor->place, ring->tail.place)) {
        ring->tail.place = cursor->place;
    }
}

/* Follows the entries of a block, from its beginning at the cursor, to the last sound one, behind
 * which the head is moved. Whether there was any. */
static bool scan(tally_ring_t *ring, tally_window_t *window, tally_cursor_t *cursor) {
    const tally_store_t *const store = window->store;
    const uint32_t block = tally_ring_block(ring, cursor->place.sequence);
    tally_entry_t entry;
    bool any = false;
    while (
        tally_entry_find(window, block, &cursor->place, store->block_bytes, cursor->boot, &entry)) {
        tally_checkpoint_t checkpoint;
        if (entry.tag != TALLY_TAG_CHECKPOINT) {
            ring->appended++;
            if ((entry.tag & TALLY_KIND_BITS) != (TALLY_SPOOL_BOOT_KIND & TALLY_KIND_BITS)) {
                ring->quiet_boots = 0;
            }
        } else if (tally_checkpoint_read(window, block, cursor->place.offset, &entry,
                                         &checkpoint)) {
            take_state(ring, &checkpoint, cursor);
        }
        cursor->place.offset += tally_entry_stored_bytes(store, entry.bytes);
        ring->head = cursor->place;
        any = true;
    }
    return any;
}

/* From the block before the newest, which knows whose the records in the newest are if that has
 * lost its first checkpoint since, to any behind the newest that have lost theirs. */
static void find_head(tally_ring_t *ring, tally_window_t *window, tally_cursor_t *cursor) {
    const uint32_t newest = ring->head.sequence;
    for (uint32_t i = 0; i <= ring->blocks; i++) {
        tally_checkpoint_t first;
        cursor->place = (tally_place_t){.sequence = newest - 1 + i, .offset = 0};
        if (i > 1 && tally_checkpoint_first(window, tally_ring_block(ring, cursor->place.sequence),
                                            &first) != TALLY_BEGINS_UNKNOWN) {
            return;
        }
        if (!scan(ring, window, cursor) && i > 0) {
            return;
        }
    }
}

/* What an earlier boot evicted and erased is not looked for: it was counted then. */
static void pass_erased(tally_ring_t *ring, tally_window_t *window) {
    tally_cursor_t *const tail = &ring->tail;
    const uint32_t block = tally_ring_block(ring, tail->place.sequence);
    tally_checkpoint_t next;
    if (tail->place.sequence == ring->head.sequence ||
        tally_entry_written_end(window, block, 0) != 0) {
        return;
    }
    tail->place = (tally_place_t){.sequence = tail->place.sequence + 1, .offset = 0};
    if (tally_checkpoint_first(window, tally_ring_block(ring, tail->place.sequence), &next) ==
        TALLY_BEGINS_SOUND) {
        const uint32_t index = (uint32_t)next.fields[TALLY_CP_APPENDED];
        tail->index = index < ring->appended ? index : ring->appended;
    }
}

static void settle(tally_spool_t *spool, tally_ring_t *ring) {
    const tally_store_t *const store = spool->store;
    const uint32_t own_largest = tally_entry_stored_bytes(store, TALLY_RECORD_BYTES);
    tally_window_t window = tally_window_on(store, spool->record, sizeof spool->record);
    tally_cursor_t cursor = {.boot = 0};
    if (ring->head.sequence == 0) {
        ring->head.sequence = ring->blocks - 1; /* as if the ring had just gone round */
    }
    ring->head.offset = store->block_bytes;
    ring->tail.place = ring->head;
    find_head(ring, &window, &cursor);
    pass_erased(ring, &window);
    ring->head.offset = tally_entry_written_end(
        &window, tally_ring_block(ring, ring->head.sequence), ring->head.offset);
    ring->skip = tally_entry_stored_bytes(
        store, (ring->skip > own_largest ? ring->skip : own_largest) - TALLY_ENTRY_HEADER_BYTES);
    if (ring->quiet_boots < QUIET_BOOTS_MOST) {
        ring->quiet_boots++;
    }
    if (ring == &spool->rings[TALLY_URGENT]) {
        spool->boot_before = cursor.boot;
    }
}

bool tally_ring_mount(tally_spool_t *spool, uint32_t urgent_blocks) {
    find_newest(spool);
    if (spool->ring_count == 0 &&
        !lay_out(spool, choose_urgent_blocks(urgent_blocks, spool->store->blocks))) {
        return false;
    }
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        settle(spool, &spool->rings[i]);
    }
    return true;
}
