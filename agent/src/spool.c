/* SPDX-License-Identifier: Apache-2.0 */
#include "spool.h"

#include <string.h>

#include "ring.h"

#define GRANULARITIES (UINT32_C(1) << 1 | 1u << 4 | 1u << 8 | 1u << 16)

int32_t tally_spool_init(tally_spool_t *spool, const tally_store_t *store, uint32_t urgent_blocks,
                         uint64_t boot) {
    memset(spool, 0, sizeof *spool);
    spool->store = store;
    spool->boot = boot;
    const uint32_t granularity = store->program_bytes;
    if (granularity > 16 || (GRANULARITIES >> granularity & 1) == 0 ||
        store->block_bytes > UINT32_C(1) << 20 || store->block_bytes % granularity != 0 ||
        store->block_bytes < tally_entry_stored_bytes(store, TALLY_CHECKPOINT_BYTES) +
                                 tally_entry_stored_bytes(store, TALLY_RECORD_BYTES) ||
        store->blocks > UINT16_MAX || !tally_ring_mount(spool, urgent_blocks)) {
        return TALLY_E_CONFIG;
    }
    return TALLY_OK;
}

/* --- writing -------------------------------------------------------------------------------- */

static void note_bytes_high(tally_spool_t *spool) {
    const uint32_t bytes = tally_ring_bytes(spool, &spool->rings[TALLY_URGENT]) +
                           tally_ring_bytes(spool, &spool->rings[TALLY_ROUTINE]);
    if (bytes > spool->bytes_high) {
        spool->bytes_high = bytes;
    }
}

uint8_t *tally_spool_begin(tally_spool_t *spool, uint32_t *sequence) {
    *sequence = spool->next_sequence;
    return spool->record + TALLY_ENTRY_HEADER_BYTES;
}

int32_t tally_spool_commit(tally_spool_t *spool, enum tally_class rank, uint8_t kind,
                           uint32_t bytes) {
    tally_ring_t *const ring = &spool->rings[rank & (spool->ring_count - 1u)]; /* of one or two */
    const uint8_t tag = (uint8_t)(rank * TALLY_CLASS_BIT + (kind & TALLY_KIND_BITS));
    const int32_t status = tally_ring_append(spool, ring, tag, bytes);
    if (status == TALLY_E_FULL) {
        return status;
    }
    /* Of a record that failed something may be found one day: its number is not used again. */
    spool->next_sequence++;
    if (status == TALLY_OK) {
        spool->made++;
        note_bytes_high(spool);
    }
    return status;
}

void tally_spool_expire(tally_spool_t *spool, uint32_t unix_s) {
    tally_ring_expire(spool, &spool->rings[TALLY_URGENT], unix_s);
    tally_ring_expire(spool, &spool->rings[TALLY_ROUTINE], unix_s);
}

bool tally_spool_prepare(tally_spool_t *spool) {
    if (spool->ring_count < TALLY_CLASSES) {
        return false;
    }
    if (tally_ring_prepare(spool, &spool->rings[TALLY_URGENT])) {
        return true;
    }
    return tally_ring_prepare(spool, &spool->rings[TALLY_ROUTINE]);
}

int32_t tally_spool_destroy(const tally_store_t *store, uint32_t block) {
    const uint32_t step = store->program_bytes;
    if (store->erase(store->ctx, block) == TALLY_OK) {
        return TALLY_OK;
    }
    for (uint32_t at = 0; at < store->block_bytes; at += step) {
        const int32_t status = tally_entry_zero(store, block, at, step);
        if (status < 0) {
            return status;
        }
    }
    return store->sync(store->ctx);
}

/* --- reading -------------------------------------------------------------------------------- */

static uint32_t place_sum(const tally_window_t *window) {
    const tally_place_t *const place = &window->cursor.place;
    return place->sequence + place->offset;
}

/* Whether the record at the window goes into the batch; the first one does, and says whose it is.
 */
static bool takes(tally_batch_t *batch, uint32_t bytes_most) {
    const tally_window_t *const window = &batch->window;
    if (batch->records == 0) {
        batch->boot = window->cursor.owner;
        return true;
    }
    return window->cursor.owner == batch->boot && batch->bytes + window->entry.bytes <= bytes_most;
}

/* Adds to the batch what of one ring is of its boot and fits; false when the batch is full. */
static bool plan_ring(tally_spool_t *spool, uint32_t index, uint32_t bytes_most,
                      tally_batch_t *batch) {
    tally_ring_t *const ring = &spool->rings[index];
    tally_window_t *const window = &batch->window;
    tally_ring_open(spool, ring, window);
    bool found = tally_ring_next(ring, window, NULL);
    while (found && takes(batch, bytes_most)) {
        batch->places += place_sum(window);
        tally_entry_pass(window);
        batch->bytes += window->entry.bytes;
        batch->records++;
        batch->ring_records[index]++;
        found = tally_ring_next(ring, window, NULL);
    }
    if (batch->ring_records[index] > 0) {
        batch->end[index] = window->cursor; /* has learnt from checkpoints behind the last record */
    } else if (!found && !window->failed) {
        /* All of the ring was seen: records that are counted and not there were damaged. */
        tally_ring_take_off(spool, ring, &window->cursor, 0);
    }
    return !found || window->cursor.owner != batch->boot;
}

uint32_t tally_spool_plan(tally_spool_t *spool, uint32_t bytes_most, tally_batch_t *batch) {
    memset(batch, 0, sizeof *batch);
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        if (!plan_ring(spool, i, bytes_most, batch)) {
            break;
        }
    }
    tally_spool_rewind(batch);
    return batch->records;
}

void tally_spool_rewind(tally_batch_t *batch) {
    batch->left = batch->bytes;
    batch->places_left = batch->places;
    batch->record_read = 0;
    batch->ring = 0;
    batch->window.cursor.place.sequence = 0;
}

int32_t tally_spool_read(tally_spool_t *spool, tally_batch_t *batch, uint8_t *out, uint32_t size) {
    tally_window_t *const window = &batch->window;
    tally_place_t *const place = &window->cursor.place;
    uint32_t done = 0;
    window->bytes = 0; /* a record may have been made since */
    /* Until these bytes of these places are read: records may have been evicted; one that a power
     * cut left in doubt may fade, even half read, or another come to light. */
    while (done < size && (batch->left | batch->places_left) != 0) {
        const tally_ring_t *const ring = &spool->rings[batch->ring];
        if (batch->ring == spool->ring_count) {
            return TALLY_E_GONE;
        }
        if (batch->ring_records[batch->ring] == 0) {
            batch->ring++;
            continue;
        }
        if (place->sequence == 0) {
            tally_ring_open(spool, ring, window);
        }
        if (!tally_ring_next(ring, window, NULL) ||
            !tally_place_before(*place, batch->end[batch->ring].place)) {
            batch->ring++;
            place->sequence = 0;
            continue;
        }
        const uint32_t left = window->entry.bytes - batch->record_read;
        const uint32_t part = left < size - done ? left : size - done;
        if (left > batch->left) { /* or it is shorter than what was read of it */
            return TALLY_E_GONE;
        }
        const uint8_t *const bytes = tally_window_at(
            window, place->offset + TALLY_ENTRY_HEADER_BYTES + batch->record_read, part);
        if (bytes == NULL) {
            return TALLY_E_GONE;
        }
        if (batch->record_read == 0) {
            batch->places_left -= place_sum(window);
        }
        memcpy(out + done, bytes, part);
        done += part;
        batch->left -= part;
        batch->record_read += part;
        if (part == left) {
            tally_entry_pass(window);
            batch->record_read = 0;
        }
    }
    return (int32_t)done;
}

void tally_spool_accept(tally_spool_t *spool, const tally_batch_t *batch) {
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        tally_ring_t *const ring = &spool->rings[i];
        const tally_cursor_t *const end = &batch->end[i];
        if (tally_place_before(ring->tail.place, end->place)) {
            tally_ring_take_off(spool, ring, end, batch->ring_records[i]);
            tally_ring_note(spool, ring);
        }
    }
}

uint32_t tally_spool_waiting(const tally_spool_t *spool) {
    return tally_ring_waiting(&spool->rings[TALLY_URGENT]) +
           tally_ring_waiting(&spool->rings[TALLY_ROUTINE]);
}

uint32_t tally_spool_fill_percent(const tally_spool_t *spool) {
    uint32_t fullest = 0;
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        const tally_ring_t *const ring = &spool->rings[i];
        const uint32_t hundredth = ring->blocks * spool->store->block_bytes / 100;
        const uint32_t percent = tally_ring_bytes(spool, ring) / hundredth;
        fullest = percent > fullest ? percent : fullest;
    }
    return fullest;
}
