/* SPDX-License-Identifier: Apache-2.0 */
#include "spool.h"

#include <string.h>

#include "ring.h"

int32_t tally_spool_init(tally_spool_t *spool, const tally_store_t *store, uint32_t urgent_blocks,
                         uint64_t boot) {
    memset(spool, 0, sizeof *spool);
    spool->store = store;
    spool->boot = boot;
    const uint32_t granularity = store->program_bytes;
    const bool sound =
        (granularity == 1 || granularity == 4 || granularity == 8 || granularity == 16) &&
        store->block_bytes >= 256 && store->block_bytes <= UINT32_C(1) << 20 &&
        store->block_bytes % granularity == 0 && store->blocks <= UINT16_MAX;
    if (!sound || tally_entry_stored_bytes(store, TALLY_CHECKPOINT_BYTES) +
                          tally_entry_stored_bytes(store, TALLY_RECORD_BYTES) >
                      store->block_bytes) {
        return TALLY_E_CONFIG;
    }
    return tally_ring_mount(spool, urgent_blocks) ? TALLY_OK : TALLY_E_CONFIG;
}

/* --- writing -------------------------------------------------------------------------------- */

static uint32_t ring_bytes(const tally_spool_t *spool, const tally_ring_t *ring) {
    if (tally_ring_waiting(ring) == 0) {
        return 0;
    }
    return (ring->head.sequence - ring->tail.place.sequence) * spool->store->block_bytes +
           ring->head.offset - ring->tail.place.offset;
}

static void note_bytes_high(tally_spool_t *spool) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        bytes += ring_bytes(spool, &spool->rings[i]);
    }
    spool->bytes_high = bytes > spool->bytes_high ? bytes : spool->bytes_high;
}

uint8_t *tally_spool_begin(tally_spool_t *spool, uint32_t *sequence) {
    *sequence = spool->next_sequence;
    return spool->record + TALLY_ENTRY_HEADER_BYTES;
}

int32_t tally_spool_commit(tally_spool_t *spool, enum tally_class class, uint8_t kind,
                           uint32_t bytes) {
    tally_ring_t *const ring = &spool->rings[spool->ring_count == 1 ? 0 : class];
    const uint8_t tag = (uint8_t)(class * TALLY_CLASS_BIT + (kind & TALLY_KIND_BITS));
    const int32_t status = tally_ring_append(spool, ring, tag, bytes);
    if (status == TALLY_E_FULL) {
        return status;
    }
    /* Of a record that failed something may be found one day: its number is not used again. */
    spool->next_sequence++;
    if (status < 0) {
        return status;
    }
    spool->made++;
    if (!tally_tag_is_boot(tag)) {
        ring->quiet_boots = 0;
    }
    note_bytes_high(spool);
    return TALLY_OK;
}

void tally_spool_expire(tally_spool_t *spool, uint32_t unix_s) {
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        while (tally_ring_is_aged(spool, &spool->rings[i], unix_s)) {
            tally_ring_evict(spool, &spool->rings[i], true);
        }
    }
}

bool tally_spool_prepare(tally_spool_t *spool) {
    return spool->ring_count == TALLY_CLASSES &&
           (tally_ring_prepare(spool, &spool->rings[TALLY_URGENT]) ||
            tally_ring_prepare(spool, &spool->rings[TALLY_ROUTINE]));
}

int32_t tally_spool_destroy(const tally_store_t *store, uint32_t block) {
    const uint32_t step = store->program_bytes;
    if (store->erase(store->ctx, block) == TALLY_OK) {
        return TALLY_OK;
    }
    for (uint32_t at = 0; at < store->block_bytes; at += step) {
        if (store->program(store->ctx, block, at, tally_entry_zeros, step) < 0) {
            return TALLY_E_IO;
        }
    }
    return store->sync(store->ctx);
}

/* --- reading -------------------------------------------------------------------------------- */

/* Adds to the batch what of one ring is of its boot and fits; false when the batch is full. */
static bool plan_ring(tally_spool_t *spool, uint32_t index, uint32_t bytes_most,
                      tally_batch_t *batch) {
    tally_ring_t *const ring = &spool->rings[index];
    tally_window_t *const window = &batch->window;
    tally_ring_open(spool, ring, window);
    while (tally_ring_next(ring, window, NULL)) {
        if (batch->records == 0) {
            batch->boot = window->cursor.owner;
        } else if (window->cursor.owner != batch->boot) {
            return true;
        } else if (batch->bytes + window->entry.bytes > bytes_most) {
            return false;
        }
        tally_entry_pass(window);
        batch->end[index] = window->cursor;
        batch->bytes += window->entry.bytes;
        batch->records++;
        batch->ring_records[index]++;
    }
    if (batch->ring_records[index] == 0 && !window->failed) {
        /* All of the ring was seen: records that are counted and not there were damaged. */
        tally_ring_take_off(spool, ring, &window->cursor, 0);
    }
    return true;
}

uint32_t tally_spool_plan(tally_spool_t *spool, uint32_t bytes_most, tally_batch_t *batch) {
    memset(batch, 0, sizeof *batch);
    bool more = true;
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        more = more && plan_ring(spool, i, bytes_most, batch);
        batch->begin_index[i] = spool->rings[i].tail.index;
    }
    tally_spool_rewind(batch);
    return batch->records;
}

void tally_spool_rewind(tally_batch_t *batch) {
    batch->left = batch->bytes;
    batch->record_read = 0;
    batch->ring = 0;
    batch->in_ring = false;
}

/* Reads of the record at the batch's window, or of the next one; TALLY_E_GONE if it is not the
 * batch's any more. */
static int32_t read_record(const tally_ring_t *ring, tally_batch_t *batch, uint8_t *out,
                           uint32_t size) {
    tally_window_t *const window = &batch->window;
    if (tally_place_before(window->cursor.place, ring->tail.place) ||
        !tally_ring_next(ring, window, NULL)) {
        return TALLY_E_GONE;
    }
    const uint32_t left = window->entry.bytes - batch->record_read;
    const uint32_t part = left < size ? left : size;
    const uint8_t *const bytes = tally_window_at(
        window, window->cursor.place.offset + TALLY_ENTRY_HEADER_BYTES + batch->record_read, part);
    if (bytes == NULL || left > window->entry.bytes || left > batch->left) {
        return TALLY_E_GONE;
    }
    memcpy(out, bytes, part);
    batch->left -= part;
    batch->record_read += part;
    if (part == left) {
        tally_entry_pass(window);
        batch->record_read = 0;
    }
    return (int32_t)part;
}

int32_t tally_spool_read(tally_spool_t *spool, tally_batch_t *batch, uint8_t *out, uint32_t size) {
    uint32_t done = 0;
    batch->window.bytes = 0; /* a record may have been made since */
    while (done < size && batch->left > 0) {
        const tally_ring_t *const ring = &spool->rings[batch->ring];
        if (!batch->in_ring) {
            if (batch->ring == spool->ring_count ||
                ring->tail.index != batch->begin_index[batch->ring]) {
                return TALLY_E_GONE;
            }
            batch->window.cursor = ring->tail;
            batch->in_ring = true;
        }
        if (!tally_place_before(batch->window.cursor.place, batch->end[batch->ring].place)) {
            batch->ring++;
            batch->in_ring = false;
            continue;
        }
        const int32_t bytes = read_record(ring, batch, out + done, size - done);
        if (bytes < 0) {
            return bytes;
        }
        done += (uint32_t)bytes;
    }
    return (int32_t)done;
}

void tally_spool_accept(tally_spool_t *spool, const tally_batch_t *batch) {
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        tally_ring_t *const ring = &spool->rings[i];
        const tally_cursor_t *const end = &batch->end[i];
        if (tally_place_before(ring->tail.place, end->place)) {
            const bool whole = ring->tail.index == batch->begin_index[i];
            tally_ring_take_off(spool, ring, end, whole ? batch->ring_records[i] : UINT32_MAX);
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
        const uint32_t percent = ring_bytes(spool, ring) / hundredth;
        fullest = percent > fullest ? percent : fullest;
    }
    return fullest;
}
