/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "ring.h"

#define RING_BLOCKS      3u /* the least a ring works with */
#define QUIET_BOOTS_MOST 255u
#define ONLY_ENTRY_MOST  64u /* where a first checkpoint ends, whatever the granularity */
#define FIRST_WINDOW     64u
#define SEQUENCES_MOST   (UINT32_MAX / 2) /* no device gets there; a forged image may */

/* --- rings ---------------------------------------------------------------------------------- */

uint32_t tally_ring_block(const tally_ring_t *ring, uint32_t sequence) {
    return ring->first + sequence % ring->blocks;
}

/* Two rings, or one if all blocks are urgent. False if that cannot be or they are laid out
 * otherwise. */
static bool lay_out(tally_spool_t *spool, uint32_t urgent_blocks) {
    const uint32_t blocks = spool->store->blocks;
    const bool two = urgent_blocks < blocks && blocks - urgent_blocks >= RING_BLOCKS;
    if (spool->ring_count != 0) {
        return urgent_blocks == spool->rings[TALLY_URGENT].blocks;
    }
    if (urgent_blocks < RING_BLOCKS || (!two && urgent_blocks != blocks)) {
        return false;
    }
    spool->ring_count = two ? 2 : 1;
    spool->rings[TALLY_URGENT].blocks = (uint16_t)urgent_blocks;
    spool->rings[TALLY_ROUTINE].first = (uint16_t)urgent_blocks;
    spool->rings[TALLY_ROUTINE].blocks = (uint16_t)(blocks - urgent_blocks);
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
    const uint32_t sequence = first->fields[TALLY_CP_SEQUENCE];
    if (!lay_out(spool, first->fields[TALLY_CP_URGENT_BLOCKS])) {
        return false;
    }
    tally_ring_t *const urgent = &spool->rings[TALLY_URGENT];
    tally_ring_t *const ring = block < urgent->blocks ? urgent : &spool->rings[TALLY_ROUTINE];
    if (tally_ring_block(ring, sequence) != block || sequence > SEQUENCES_MOST) {
        return false;
    }
    if (sequence > ring->head.sequence) {
        ring->head.sequence = sequence;
    }
    return true;
}

static void find_newest(tally_spool_t *spool) {
    tally_window_t window;
    tally_ring_open(spool, &spool->rings[TALLY_URGENT], &window);
    window.size = FIRST_WINDOW;
    for (uint32_t block = 0; block < spool->store->blocks; block++) {
        tally_checkpoint_t first;
        tally_window_move(&window, block);
        const enum tally_beginning begins = tally_checkpoint_first(&window, &first);
        if (begins == TALLY_BEGINS_FOREIGN ||
            (begins == TALLY_BEGINS_SOUND && !take_first(spool, block, &first))) {
            spool->foreign_blocks++;
        }
    }
}

/* --- the state of a ring -------------------------------------------------------------------- */

/* No forged checkpoint leads out of the ring. */
static void take_state(tally_ring_t *ring, const tally_cursor_t *cursor,
                       const tally_checkpoint_t *checkpoint) {
    const uint32_t *const fields = checkpoint->fields;
    const uint32_t back = fields[TALLY_CP_TAIL_BACK];
    ring->quiet_boots = (uint8_t)fields[TALLY_CP_QUIET_BOOTS];
    ring->skip = fields[TALLY_CP_LARGEST];
    ring->tail = (tally_cursor_t){
        .owner = tally_checkpoint_boot(checkpoint, TALLY_CP_TAIL_BOOT_LOW),
        .place = {.sequence = cursor->place.sequence - back,
                  .offset = fields[TALLY_CP_TAIL_OFFSET]},
        .index = fields[TALLY_CP_TAIL_INDEX],
    };
    if (back >= ring->blocks || tally_place_before(cursor->place, ring->tail.place)) {
        ring->tail.place = (tally_place_t){cursor->place.sequence - ring->blocks + 1, 0};
    }
}

/* Follows the entries from the block before the newest, which knows whose the records in the newest
 * are if that has lost its first checkpoint since, to blocks behind the newest if they have lost
 * theirs. The head is behind the last sound entry. */
static void find_head(tally_ring_t *ring, tally_window_t *window) {
    tally_cursor_t *const cursor = &window->cursor;
    tally_place_t head = ring->head;
    uint32_t appended = 0;
    enum tally_beginning begins;
    tally_checkpoint_t checkpoint;
    cursor->place.sequence = head.sequence - 1;
    ring->head.offset = 0;
    do {
        ring->head.sequence++;
        ring->appended = UINT32_MAX; /* believes any number */
        while (tally_ring_next(ring, window, &checkpoint)) {
            if (window->entry.tag == TALLY_TAG_CHECKPOINT) {
                take_state(ring, cursor, &checkpoint);
            } else if (!tally_tag_is_quiet(window->entry.tag)) {
                ring->quiet_boots = 0;
            }
            tally_entry_pass(window);
            head = cursor->place;
            appended = cursor->index;
        }
        tally_ring_turn(ring, window, ring->head.sequence);
        begins = tally_checkpoint_first(window, &checkpoint);
        cursor->place = ring->head;
        cursor->index = appended;
    } while (begins == TALLY_BEGINS_UNKNOWN && head.sequence + 1 == ring->head.sequence);
    ring->head = head;
    ring->appended = appended;
}

static void settle(tally_spool_t *spool, tally_ring_t *ring) {
    const tally_store_t *const store = spool->store;
    const uint32_t own_largest = tally_entry_stored_bytes(store, TALLY_RECORD_BYTES);
    tally_window_t window;
    if (ring->head.sequence == 0) {
        ring->head.sequence = ring->blocks - 1u; /* as if the ring had just gone round */
    }
    ring->head.offset = store->block_bytes;
    tally_ring_open(spool, ring, &window);
    ring->tail.place = ring->head;
    find_head(ring, &window);
    spool->boot_before = window.cursor.owner; /* at last the urgent ring's, which comes last */
    tally_ring_open(spool, ring, &window);
    tally_ring_turn(ring, &window, ring->tail.place.sequence);
    if (tally_entry_written_end(&window, 0) == 0) {
        /* What an earlier boot gave up and erased was counted then. */
        (void)tally_ring_next(ring, &window, NULL);
    }
    tally_ring_take_off(spool, ring, &window.cursor, UINT32_MAX);
    tally_ring_turn(ring, &window, ring->head.sequence);
    /* The only entry of a block, its first checkpoint, may be what was torn. */
    ring->head.offset = ring->head.offset <= ONLY_ENTRY_MOST
                            ? store->block_bytes
                            : tally_entry_written_end(&window, ring->head.offset);
    ring->skip = tally_entry_stored_bytes(
        store, (ring->skip > own_largest ? ring->skip : own_largest) - TALLY_ENTRY_HEADER_BYTES);
    if (ring->quiet_boots < QUIET_BOOTS_MOST) {
        ring->quiet_boots++;
    }
}

bool tally_ring_mount(tally_spool_t *spool, uint32_t urgent_blocks) {
    find_newest(spool);
    if (spool->ring_count == 0 &&
        !lay_out(spool, choose_urgent_blocks(urgent_blocks, spool->store->blocks))) {
        return false;
    }
    for (uint32_t i = spool->ring_count; i > 0; i--) {
        settle(spool, &spool->rings[i - 1]);
    }
    return true;
}
