/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <stddef.h>

#define HEADER     ((uint32_t)TALLY_ENTRY_HEADER_BYTES)
#define WINDOW     64u /* on the stack, while a record is in the spool's buffer */
#define NOTE_BYTES (HEADER + TALLY_CHECKPOINT_BYTES + TALLY_ENTRY_PADDING_MOST)
#define BEGINNING  160u /* zeros twice and two checkpoints, whatever the granularity */
#define TRIES      2u   /* to keep a record: in the head's block and in the next */

enum { NEXT_UNKNOWN, NEXT_ERASED, NEXT_REFUSED };

/* --- reading -------------------------------------------------------------------------------- */

uint32_t tally_ring_bytes(const tally_spool_t *spool, const tally_ring_t *ring) {
    if (tally_ring_waiting(ring) == 0) {
        return 0;
    }
    return (ring->head.sequence - ring->tail.place.sequence) * spool->store->block_bytes +
           ring->head.offset - ring->tail.place.offset;
}

void tally_ring_open(tally_spool_t *spool, const tally_ring_t *ring, tally_window_t *window) {
    window->store = spool->store;
    window->buffer = spool->record;
    window->size = sizeof spool->record;
    window->block = 0;
    window->offset = 0;
    window->bytes = 0;
    window->failed = false;
    window->cursor = ring->tail;
}

void tally_ring_turn(const tally_ring_t *ring, tally_window_t *window, uint32_t sequence) {
    tally_window_move(window, tally_ring_block(ring, sequence));
}

static void learn(const tally_ring_t *ring, tally_cursor_t *cursor,
                  const tally_checkpoint_t *checkpoint) {
    const uint32_t index = checkpoint->fields[TALLY_CP_APPENDED];
    cursor->owner = tally_checkpoint_boot(checkpoint, TALLY_CP_BOOT_LOW);
    if (index >= ring->tail.index && index <= ring->appended) {
        cursor->index = index; /* some may be lost, some found that were never counted */
    }
}

bool tally_ring_next(const tally_ring_t *ring, tally_window_t *window,
                     tally_checkpoint_t *checkpoint) {
    tally_cursor_t *const cursor = &window->cursor;
    tally_checkpoint_t passed;
    tally_checkpoint_t *found = &passed;
    if (checkpoint != NULL) {
        found = checkpoint;
    }
    while (tally_place_before(cursor->place, ring->head)) {
        const uint32_t sequence = cursor->place.sequence;
        const uint32_t end =
            sequence == ring->head.sequence ? ring->head.offset : window->store->block_bytes;
        tally_ring_turn(ring, window, sequence);
        if (!tally_entry_find(window, end)) {
            cursor->place = (tally_place_t){.sequence = sequence + 1, .offset = 0};
            continue;
        }
        if ((window->entry.tag & TALLY_ENTRY_UNOWNED) == 0) {
            return true;
        }
        if (window->entry.tag == TALLY_TAG_CHECKPOINT && tally_checkpoint_read(window, found)) {
            learn(ring, cursor, found);
            if (found == checkpoint) {
                return true;
            }
        }
        tally_entry_pass(window);
    }
    cursor->place = ring->head;
    cursor->index = ring->appended;
    return false;
}

/* --- giving up ------------------------------------------------------------------------------ */

static void count_dropped(tally_spool_t *spool, uint8_t tag) {
    const uint32_t kind = (tag & TALLY_KIND_BITS) - 1u;
    spool->dropped[tag / TALLY_CLASS_BIT % TALLY_CLASSES]++;
    if (kind < TALLY_SPOOL_KINDS) {
        spool->dropped_kind[kind]++;
    }
}

void tally_ring_take_off(tally_spool_t *spool, tally_ring_t *ring, const tally_cursor_t *cursor,
                         uint32_t records) {
    const uint32_t counted = cursor->index - ring->tail.index;
    ring->tail = *cursor;
    /* What a power cut had left in doubt may be found although it was never counted. */
    spool->damaged += counted > records ? counted - records : 0;
    if (ring->tail.index > ring->appended) {
        ring->tail.index = ring->appended;
    }
}

/* Gives up what waits in the oldest block, because the ring is full or for its age. */
static void evict(tally_spool_t *spool, tally_ring_t *ring, bool for_age) {
    uint8_t buffer[WINDOW];
    tally_window_t window;
    uint32_t found = 0;
    tally_ring_open(spool, ring, &window);
    window.buffer = buffer;
    window.size = sizeof buffer;
    while (tally_ring_next(ring, &window, NULL) &&
           window.cursor.place.sequence == ring->tail.place.sequence) {
        if (for_age) {
            spool->expired++;
        } else {
            count_dropped(spool, window.entry.tag);
        }
        found++;
        tally_entry_pass(&window);
    }
    tally_ring_take_off(spool, ring, &window.cursor, found);
}

/* Whether all records of the oldest block were made before `unix_s`. */
static bool is_aged(tally_spool_t *spool, const tally_ring_t *ring, uint32_t unix_s) {
    tally_window_t window;
    tally_checkpoint_t next;
    uint32_t sequence = ring->tail.place.sequence;
    tally_ring_open(spool, ring, &window);
    /* The next block may have been begun before the time was known, or have lost its checkpoint. */
    while (tally_ring_waiting(ring) > 0 && sequence < ring->head.sequence) {
        sequence++;
        tally_ring_turn(ring, &window, sequence);
        if (tally_checkpoint_first(&window, &next) == TALLY_BEGINS_SOUND &&
            next.fields[TALLY_CP_SEQUENCE] == sequence && next.fields[TALLY_CP_UNIX_S] != 0) {
            return next.fields[TALLY_CP_UNIX_S] < unix_s;
        }
    }
    return false;
}

void tally_ring_expire(tally_spool_t *spool, tally_ring_t *ring, uint32_t unix_s) {
    while (is_aged(spool, ring, unix_s)) {
        evict(spool, ring, true);
    }
}

/* --- writing -------------------------------------------------------------------------------- */

static bool has_room(const tally_spool_t *spool, const tally_ring_t *ring, uint32_t bytes) {
    return ring->head.offset + bytes <= spool->store->block_bytes;
}

/* Programs at the head, for which there is room. After a failure nobody knows what lies there: the
 * header is made unsound for good, and the rest of the block is left alone. */
static int32_t put(tally_spool_t *spool, tally_ring_t *ring, const uint8_t *data, uint32_t bytes) {
    const tally_store_t *const store = spool->store;
    const uint32_t block = tally_ring_block(ring, ring->head.sequence);
    const uint32_t offset = ring->head.offset;
    const int32_t status = tally_entry_program(store, block, offset, data, bytes);
    ring->head.offset = offset + bytes;
    if (status < 0) {
        (void)tally_entry_zero(store, block, offset, tally_entry_stored_bytes(store, 0));
        spool->store_failed++;
        ring->head.offset = store->block_bytes;
    }
    return status;
}

static int32_t put_entry(tally_spool_t *spool, tally_ring_t *ring, uint8_t *entry, uint8_t tag,
                         uint32_t bytes) {
    const tally_cursor_t at = {.owner = spool->boot, .place = ring->head};
    const uint32_t stored = tally_entry_seal(spool->store, entry, tag, bytes, &at);
    if (ring->skip > 0 || !has_room(spool, ring, stored)) {
        return TALLY_E_FULL;
    }
    return put(spool, ring, entry, stored);
}

static int32_t put_checkpoint(tally_spool_t *spool, tally_ring_t *ring) {
    const tally_cursor_t *const tail = &ring->tail;
    const tally_checkpoint_t checkpoint = {
        .fields = {
            [TALLY_CP_FORMAT] = TALLY_SPOOL_FORMAT,
            [TALLY_CP_QUIET_BOOTS] = ring->quiet_boots,
            [TALLY_CP_URGENT_BLOCKS] = spool->rings[TALLY_URGENT].blocks,
            [TALLY_CP_SEQUENCE] = ring->head.sequence,
            [TALLY_CP_BOOT_LOW] = (uint32_t)spool->boot,
            [TALLY_CP_BOOT_HIGH] = (uint32_t)(spool->boot >> 32),
            [TALLY_CP_UNIX_S] = spool->unix_s,
            [TALLY_CP_APPENDED] = ring->appended,
            [TALLY_CP_LARGEST] = tally_entry_stored_bytes(spool->store, TALLY_RECORD_BYTES),
            [TALLY_CP_TAIL_BACK] = ring->head.sequence - tail->place.sequence,
            [TALLY_CP_TAIL_OFFSET] = tail->place.offset,
            [TALLY_CP_TAIL_INDEX] = tail->index,
            [TALLY_CP_TAIL_BOOT_LOW] = (uint32_t)tail->owner,
            [TALLY_CP_TAIL_BOOT_HIGH] = (uint32_t)(tail->owner >> 32),
        }};
    uint8_t entry[NOTE_BYTES];
    tally_checkpoint_encode(&checkpoint, entry + HEADER);
    return put_entry(spool, ring, entry, TALLY_TAG_CHECKPOINT, TALLY_CHECKPOINT_BYTES);
}

/* Erases the next block unless this boot has already. What waits there is given up if it may be,
 * once; false if it may not. */
static bool claim_next(tally_spool_t *spool, tally_ring_t *ring, bool *may_evict) {
    const uint32_t sequence = ring->head.sequence + 1;
    if (tally_ring_waiting(ring) > 0 && sequence - ring->tail.place.sequence >= ring->blocks) {
        if (!*may_evict) {
            return false;
        }
        *may_evict = false;
        evict(spool, ring, false);
    }
    if (ring->next != NEXT_ERASED) {
        const tally_store_t *const store = spool->store;
        ring->next = NEXT_ERASED;
        const uint32_t block = tally_ring_block(ring, sequence);
        if (store->erase(store->ctx, block) < 0) {
            ring->next = NEXT_REFUSED;
            spool->store_failed++;
        }
    }
    return true;
}

/* Goes on in the next block, passing over those that fail. A store that fails altogether does not
 * cost all that waits: one block is given up at most. */
static int32_t open_block(tally_spool_t *spool, tally_ring_t *ring, bool may_evict) {
    bool may_still_evict = may_evict;
    for (uint32_t tries = 0; tries < ring->blocks; tries++) {
        if (!claim_next(spool, ring, &may_still_evict)) {
            return may_evict ? TALLY_E_IO : TALLY_E_FULL;
        }
        ring->head.sequence++;
        ring->head.offset = ring->next == NEXT_ERASED ? 0 : spool->store->block_bytes;
        ring->next = NEXT_UNKNOWN;
        if (tally_ring_waiting(ring) == 0) {
            /* With nothing to wait for, the tail goes with the head. */
            ring->tail = (tally_cursor_t){
                .owner = spool->boot, .place = ring->head, .index = ring->appended};
        }
        if (put_checkpoint(spool, ring) == TALLY_OK) {
            return TALLY_OK;
        }
    }
    return TALLY_E_IO;
}

/* Goes on where there is room: at a boot's first writing behind what the last boot may have torn,
 * else in the next block. */
static int32_t go_on(tally_spool_t *spool, tally_ring_t *ring, bool may_evict) {
    const uint32_t zeros = tally_entry_stored_bytes(spool->store, 0);
    const uint32_t skip = ring->skip;
    int32_t status = TALLY_OK;
    ring->skip = 0;
    if (skip > 0 && has_room(spool, ring, skip + BEGINNING)) {
        if (put(spool, ring, tally_entry_zeros, zeros) == TALLY_OK) {
            ring->head.offset += skip;
            (void)put(spool, ring, tally_entry_zeros, zeros);
            (void)put_checkpoint(spool, ring);
        }
    } else {
        status = open_block(spool, ring, may_evict);
    }
    if (status < 0) {
        ring->skip = skip;
    } else if (skip > 0) {
        (void)put_checkpoint(spool, ring);
    }
    return status;
}

int32_t tally_ring_append(tally_spool_t *spool, tally_ring_t *ring, uint8_t tag, uint32_t bytes) {
    const bool is_boot = tally_tag_is_boot(tag);
    uint32_t failures = 0;
    int32_t status = TALLY_OK;
    while (status == TALLY_OK && failures < TRIES) {
        status = put_entry(spool, ring, spool->record, tag, bytes);
        if (status == TALLY_OK) {
            ring->appended++;
            if (!tally_tag_is_quiet(tag)) {
                ring->quiet_boots = 0;
            }
            return TALLY_OK;
        }
        if (status == TALLY_E_IO) {
            failures++;
        }
        if (failures < TRIES) {
            status = go_on(spool, ring, !is_boot);
        }
    }
    /* Something of the first try may lie there: then it is no mere lack of room. */
    return failures > 0 ? TALLY_E_IO : status;
}

void tally_ring_note(tally_spool_t *spool, tally_ring_t *ring) {
    if (put_checkpoint(spool, ring) == TALLY_E_FULL) {
        (void)go_on(spool, ring, false);
    }
}

bool tally_ring_prepare(tally_spool_t *spool, tally_ring_t *ring) {
    bool may_evict =
        !has_room(spool, ring, tally_entry_stored_bytes(spool->store, TALLY_RECORD_BYTES));
    return ring->skip == 0 && ring->next == NEXT_UNKNOWN && claim_next(spool, ring, &may_evict);
}
