/* SPDX-License-Identifier: Apache-2.0 */
#include "spool.h"

#include <string.h>

#include "crc32.h"

#define HEADER      ((uint32_t)TALLY_SPOOL_HEADER_BYTES)
#define CLASS_AT    3u
#define CRC_AT      8u
#define BYTES_END   0xFFFFu /* erased: no more records in this block */
#define RING_BLOCKS 3u      /* the least a ring works with */
#define CHUNK       64u

/* --- bytes ---------------------------------------------------------------------------------- */

static void put_le(uint8_t *at, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_le(const uint8_t *at, uint32_t bytes) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        value |= (uint32_t)at[i] << (8 * i);
    }
    return value;
}

/* What a record takes in the store, header and padding included. */
static uint32_t stored_bytes(const tally_spool_t *spool, uint32_t record_bytes) {
    const uint32_t granularity = spool->store->program_bytes;
    return (HEADER + record_bytes + granularity - 1) / granularity * granularity;
}

/* --- places --------------------------------------------------------------------------------- */

static bool before(tally_place_t a, tally_place_t b) {
    const int32_t blocks = (int32_t)(a.lap_block - b.lap_block);
    return blocks < 0 || (blocks == 0 && a.offset < b.offset);
}

static bool same(tally_place_t a, tally_place_t b) {
    return a.lap_block == b.lap_block && a.offset == b.offset;
}

static uint32_t block_of(const tally_ring_t *ring, tally_place_t place) {
    return ring->first + place.lap_block % ring->blocks;
}

static int32_t read_at(const tally_spool_t *spool, const tally_ring_t *ring, tally_place_t place,
                       uint32_t skip, uint8_t *out, uint32_t size) {
    const tally_store_t *const store = spool->store;
    return store->read(store->ctx, block_of(ring, place), place.offset + skip, out, size);
}

/* The bytes of the record at `place`, or 0 when its block holds no more records there. */
static int32_t record_bytes_at(const tally_spool_t *spool, const tally_ring_t *ring,
                               tally_place_t place) {
    const uint32_t room = spool->store->block_bytes - place.offset;
    uint8_t length[2];
    if (room < HEADER) {
        return 0;
    }
    if (read_at(spool, ring, place, 0, length, sizeof length) < 0) {
        return TALLY_E_IO;
    }
    const uint32_t bytes = get_le(length, 2);
    return bytes == BYTES_END || bytes > room - HEADER ? 0 : (int32_t)bytes;
}

/* Moves `place` to the next record at or after it and returns that record's bytes; 0 at the head.
 * Bounded by the blocks of the ring. */
static int32_t seek_record(const tally_spool_t *spool, const tally_ring_t *ring,
                           tally_place_t *place) {
    while (before(*place, ring->head)) {
        const int32_t bytes = record_bytes_at(spool, ring, *place);
        if (bytes != 0) {
            return bytes;
        }
        if (place->lap_block == ring->head.lap_block) {
            break;
        }
        *place = (tally_place_t){.lap_block = place->lap_block + 1, .offset = 0};
    }
    *place = ring->head;
    return 0;
}

/* Whether the block ends before `header`: nothing was written from there on. */
static bool is_erased(const uint8_t header[TALLY_SPOOL_HEADER_BYTES]) {
    for (uint32_t i = 0; i < HEADER; i++) {
        if (header[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

/* The bytes of the record at `place` if it is whole, 0 if something damaged lies there,
 * TALLY_E_EMPTY if nothing does, TALLY_E_IO if it cannot be read. */
static int32_t whole_record_at(const tally_spool_t *spool, const tally_ring_t *ring,
                               tally_place_t place) {
    const uint32_t room = spool->store->block_bytes - place.offset;
    uint8_t header[TALLY_SPOOL_HEADER_BYTES];
    if (room < HEADER) {
        return TALLY_E_EMPTY;
    }
    if (read_at(spool, ring, place, 0, header, HEADER) < 0) {
        return TALLY_E_IO;
    }
    if (is_erased(header)) {
        return TALLY_E_EMPTY;
    }
    const uint32_t bytes = get_le(header, 2);
    if (bytes > TALLY_RECORD_BYTES || bytes > room - HEADER) {
        return 0;
    }
    uint8_t chunk[CHUNK];
    uint32_t crc = tally_crc32(0, header, CRC_AT);
    for (uint32_t done = 0; done < bytes;) {
        const uint32_t step = bytes - done < CHUNK ? bytes - done : CHUNK;
        if (read_at(spool, ring, place, HEADER + done, chunk, step) < 0) {
            return TALLY_E_IO;
        }
        crc = tally_crc32(crc, chunk, step);
        done += step;
    }
    return crc == get_le(header + CRC_AT, 4) ? (int32_t)bytes : 0;
}

/* Moves `place` to the next whole record at or after it and returns that record's bytes; 0 at the
 * head. What is damaged or cannot be read is passed in the smallest steps, for its length may be
 * the damage; `damage` tells whether there was any. */
static uint32_t find_whole(const tally_spool_t *spool, const tally_ring_t *ring,
                           tally_place_t *place, bool *damage) {
    *damage = false;
    while (before(*place, ring->head)) {
        const int32_t bytes = whole_record_at(spool, ring, *place);
        if (bytes > 0) {
            return (uint32_t)bytes;
        }
        if (bytes == TALLY_E_EMPTY) {
            *place = (tally_place_t){.lap_block = place->lap_block + 1, .offset = 0};
        } else {
            *damage = true;
            place->offset += spool->store->program_bytes;
        }
    }
    *place = ring->head;
    return 0;
}

/* Takes whole records off the tail. */
static void take_off(tally_ring_t *ring, uint32_t records) {
    ring->records -= records;
    ring->taken_off += records;
}

/* --- writing -------------------------------------------------------------------------------- */

static void ring_init(tally_ring_t *ring, uint32_t first, uint32_t blocks) {
    memset(ring, 0, sizeof *ring);
    ring->first = first;
    ring->blocks = blocks;
}

int32_t tally_spool_init(tally_spool_t *spool, const tally_store_t *store) {
    const uint32_t granularity = store->program_bytes;
    const bool sound =
        (granularity == 1 || granularity == 4 || granularity == 8 || granularity == 16) &&
        store->block_bytes >= 256 && store->block_bytes <= UINT32_C(1) << 20 &&
        store->block_bytes % granularity == 0 && store->blocks >= RING_BLOCKS;
    memset(spool, 0, sizeof *spool);
    spool->store = store;
    if (!sound || stored_bytes(spool, TALLY_RECORD_BYTES) > store->block_bytes) {
        return TALLY_E_CONFIG;
    }
    const uint32_t quarter = store->blocks / 4;
    const uint32_t urgent = quarter > RING_BLOCKS ? quarter : RING_BLOCKS;
    if (store->blocks < 2 * RING_BLOCKS) {
        spool->ring_count = 1;
        ring_init(&spool->rings[0], 0, store->blocks);
    } else {
        spool->ring_count = 2;
        ring_init(&spool->rings[TALLY_URGENT], 0, urgent);
        ring_init(&spool->rings[TALLY_ROUTINE], urgent, store->blocks - urgent);
    }
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        if (store->erase(store->ctx, spool->rings[i].first) < 0) {
            return TALLY_E_IO;
        }
    }
    return TALLY_OK;
}

uint8_t *tally_spool_begin(tally_spool_t *spool, uint32_t *sequence) {
    *sequence = spool->next_sequence;
    return spool->record + HEADER;
}

/* Gives up the oldest block: its records are gone, whoever reads them. */
static void evict_block(tally_spool_t *spool, tally_ring_t *ring) {
    const tally_place_t end = {.lap_block = ring->tail.lap_block + 1, .offset = 0};
    tally_place_t place = ring->tail;
    bool damage;
    uint32_t bytes = find_whole(spool, ring, &place, &damage);
    while (bytes > 0 && before(place, end)) {
        uint8_t class = TALLY_ROUTINE;
        (void)read_at(spool, ring, place, CLASS_AT, &class, 1);
        spool->dropped[class == TALLY_URGENT ? TALLY_URGENT : TALLY_ROUTINE]++;
        take_off(ring, 1);
        place.offset += stored_bytes(spool, bytes);
        bytes = find_whole(spool, ring, &place, &damage);
    }
    ring->tail = end;
}

static int32_t open_next_block(tally_spool_t *spool, tally_ring_t *ring) {
    const tally_place_t next = {.lap_block = ring->head.lap_block + 1, .offset = 0};
    if (next.lap_block - ring->tail.lap_block == ring->blocks) {
        evict_block(spool, ring);
    }
    const int32_t status = spool->store->erase(spool->store->ctx, block_of(ring, next));
    if (status == TALLY_OK) {
        ring->head = next;
    }
    return status;
}

static uint32_t ring_bytes(const tally_spool_t *spool, const tally_ring_t *ring) {
    return (ring->head.lap_block - ring->tail.lap_block) * spool->store->block_bytes +
           ring->head.offset - ring->tail.offset;
}

static uint32_t bytes_in_use(const tally_spool_t *spool) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        bytes += ring_bytes(spool, &spool->rings[i]);
    }
    return bytes;
}

/* Header and padding around the record in the buffer. */
static void seal(tally_spool_t *spool, enum tally_class class, uint8_t kind, uint32_t bytes,
                 uint32_t total) {
    uint8_t *const record = spool->record;
    put_le(record, bytes, 2);
    record[2] = kind;
    record[CLASS_AT] = (uint8_t) class;
    put_le(record + 4, spool->next_sequence, 4);
    const uint32_t crc = tally_crc32(0, record, CRC_AT);
    put_le(record + CRC_AT, tally_crc32(crc, record + HEADER, bytes), 4);
    memset(record + HEADER + bytes, 0xFF, total - HEADER - bytes);
}

int32_t tally_spool_commit(tally_spool_t *spool, enum tally_class class, uint8_t kind,
                           uint32_t bytes) {
    const tally_store_t *const store = spool->store;
    tally_ring_t *const ring = &spool->rings[spool->ring_count == 1 ? 0 : class];
    const uint32_t total = stored_bytes(spool, bytes);
    if (total > store->block_bytes - ring->head.offset && open_next_block(spool, ring) < 0) {
        return TALLY_E_IO;
    }
    seal(spool, class, kind, bytes, total);
    const tally_place_t place = ring->head;
    const int32_t status =
        store->program(store->ctx, block_of(ring, place), place.offset, spool->record, total);
    ring->head.offset += total;
    if (status < 0 || store->sync(store->ctx) < 0) {
        /* The place may be half written: leave the rest of the block alone. What lies there whole
         * will be found and sent, so it counts as kept: its number must not be used again. So does
         * what cannot be read now; if it is not whole it will be counted as damaged. */
        ring->head.offset = store->block_bytes;
        const int32_t found = whole_record_at(spool, ring, place);
        if (found == 0 || found == TALLY_E_EMPTY) {
            return TALLY_E_IO;
        }
    }
    ring->records++;
    spool->next_sequence++;
    spool->made++;
    const uint32_t used = bytes_in_use(spool);
    spool->bytes_high = used > spool->bytes_high ? used : spool->bytes_high;
    return TALLY_OK;
}

/* --- reading -------------------------------------------------------------------------------- */

/* Adds to the batch what fits of one ring; false when the batch is full. Damaged records at the
 * tail are taken off the ring; behind others they end the batch, to be the tail next time. */
static bool plan_ring(tally_spool_t *spool, uint32_t index, uint32_t bytes_most,
                      tally_batch_t *batch) {
    tally_ring_t *const ring = &spool->rings[index];
    uint32_t *const planned = &batch->ring_records[index];
    tally_place_t place = ring->tail;
    for (;;) {
        bool damage;
        const uint32_t bytes = find_whole(spool, ring, &place, &damage);
        if (*planned == 0) {
            ring->tail = place;
        } else if (damage) {
            return false;
        }
        if (bytes == 0) {
            /* All of the ring was seen: records that are counted and not there were damaged. */
            spool->damaged += ring->records - *planned;
            ring->records = *planned;
            return true;
        }
        if (batch->records > 0 && batch->bytes + bytes > bytes_most) {
            return false;
        }
        place.offset += stored_bytes(spool, bytes);
        batch->end[index] = place;
        batch->bytes += bytes;
        batch->records++;
        (*planned)++;
    }
}

uint32_t tally_spool_plan(tally_spool_t *spool, uint32_t bytes_most, tally_batch_t *batch) {
    memset(batch, 0, sizeof *batch);
    bool more = true;
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        more = more && plan_ring(spool, i, bytes_most, batch);
        batch->begin[i] = spool->rings[i].tail;
        batch->taken_off[i] = spool->rings[i].taken_off;
        if (batch->ring_records[i] == 0) {
            batch->end[i] = batch->begin[i];
        }
    }
    tally_spool_rewind(batch);
    return batch->records;
}

static void read_ring(tally_batch_t *batch, uint8_t ring) {
    batch->ring = ring;
    batch->at = ring < TALLY_CLASSES ? batch->begin[ring] : (tally_place_t){0, 0};
    batch->record_read = 0;
}

void tally_spool_rewind(tally_batch_t *batch) {
    read_ring(batch, 0);
}

int32_t tally_spool_read(const tally_spool_t *spool, tally_batch_t *batch, uint8_t *out,
                         uint32_t size) {
    uint32_t done = 0;
    while (done < size && batch->ring < spool->ring_count) {
        const tally_ring_t *const ring = &spool->rings[batch->ring];
        if (same(batch->at, batch->end[batch->ring])) {
            read_ring(batch, (uint8_t)(batch->ring + 1));
            continue;
        }
        if (before(batch->at, ring->tail)) {
            return TALLY_E_GONE;
        }
        const int32_t bytes = seek_record(spool, ring, &batch->at);
        if (bytes <= 0) {
            return bytes < 0 ? bytes : TALLY_E_GONE;
        }
        const uint32_t left = (uint32_t)bytes - batch->record_read;
        const uint32_t step = left < size - done ? left : size - done;
        if (read_at(spool, ring, batch->at, HEADER + batch->record_read, out + done, step) < 0) {
            return TALLY_E_IO;
        }
        done += step;
        batch->record_read += step;
        if (batch->record_read == (uint32_t)bytes) {
            batch->at.offset += stored_bytes(spool, (uint32_t)bytes);
            batch->record_read = 0;
        }
    }
    return (int32_t)done;
}

void tally_spool_accept(tally_spool_t *spool, const tally_batch_t *batch) {
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        tally_ring_t *const ring = &spool->rings[i];
        const uint32_t evicted = ring->taken_off - batch->taken_off[i];
        if (evicted < batch->ring_records[i]) {
            take_off(ring, batch->ring_records[i] - evicted);
        }
        if (before(ring->tail, batch->end[i])) {
            ring->tail = batch->end[i];
        }
    }
}

uint32_t tally_spool_waiting(const tally_spool_t *spool) {
    return spool->rings[TALLY_URGENT].records + spool->rings[TALLY_ROUTINE].records;
}

uint32_t tally_spool_fill_percent(const tally_spool_t *spool) {
    uint32_t fullest = 0;
    for (uint32_t i = 0; i < spool->ring_count; i++) {
        const tally_ring_t *const ring = &spool->rings[i];
        const uint64_t room = (uint64_t)ring->blocks * spool->store->block_bytes;
        const uint32_t percent = (uint32_t)(ring_bytes(spool, ring) * UINT64_C(100) / room);
        fullest = percent > fullest ? percent : fullest;
    }
    return fullest;
}
