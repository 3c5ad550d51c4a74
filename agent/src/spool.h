/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_SPOOL_H
#define TALLY_SRC_SPOOL_H
/*
 * Records wait here, as bytes, until a server has accepted them. Two rings of erase blocks in one
 * store, or one ring for both classes when the store is small:
 *
 *     block  0         1         2        3         4         5         6         7
 *          | urgent . . . . . . . . . . | routine . . . . . . . . . . . . . . . . . . |
 *
 *     ring       tail                       head
 *          | free | rec rec rec | rec rec . | rec _ _ _ | free
 *                   ^ oldest not accepted         ^ next place
 *
 * A record lies within one block, behind a header, in one program operation:
 *
 *     | bytes:2 | kind:1 | class:1 | sequence:4 | crc32:4 | record ... | 0xFF to granularity |
 *
 * all little endian; the CRC covers header and record. A header of 0xFF ends a block: nothing was
 * written behind it.
 * A full ring gives up its oldest block: the records in it are counted as dropped.
 *
 * This version keeps its place in RAM and begins empty at every boot.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/config.h"
#include "tally/port.h"

enum tally_class { TALLY_URGENT = 0, TALLY_ROUTINE = 1, TALLY_CLASSES };

enum { TALLY_SPOOL_HEADER_BYTES = 12, TALLY_SPOOL_PADDING_MOST = 15 };

/* A place in a ring: `lap_block` only grows, its block of the store is lap_block % blocks. */
typedef struct {
    uint32_t lap_block;
    uint32_t offset;
} tally_place_t;

typedef struct {
    uint32_t first; /* block of the store */
    uint32_t blocks;
    tally_place_t head;
    tally_place_t tail;
    uint32_t records;   /* between tail and head */
    uint32_t taken_off; /* at the tail, evicted or accepted */
} tally_ring_t;

/* Records on their way to the server: in each ring from `begin` up to `end`. */
typedef struct {
    tally_place_t begin[TALLY_CLASSES];
    tally_place_t end[TALLY_CLASSES];
    uint32_t ring_records[TALLY_CLASSES];
    uint32_t taken_off[TALLY_CLASSES]; /* of the rings before this batch */
    uint32_t records;
    uint32_t bytes;       /* of all records, headers not counted */
    uint8_t ring;         /* reading: where, */
    tally_place_t at;     /* which record, */
    uint32_t record_read; /* and how much of it */
} tally_batch_t;

typedef struct {
    const tally_store_t *store;
    tally_ring_t rings[TALLY_CLASSES];
    uint8_t ring_count;
    uint32_t next_sequence;
    uint32_t made;
    uint32_t dropped[TALLY_CLASSES]; /* evicted before they were accepted */
    uint32_t damaged;                /* unreadable when their turn came */
    uint32_t bytes_high;             /* most bytes in use at once */
    /* the one record being made: header room, record, padding */
    uint8_t record[TALLY_SPOOL_HEADER_BYTES + TALLY_RECORD_BYTES + TALLY_SPOOL_PADDING_MOST];
} tally_spool_t;

/* Erases what it needs. TALLY_E_CONFIG for a geometry outside port.h's ranges, or blocks that
 * cannot hold one record; TALLY_E_IO. */
int32_t tally_spool_init(tally_spool_t *spool, const tally_store_t *store);

/* Where the next record is to be encoded, TALLY_RECORD_BYTES of room, and its sequence number.
 * Nothing is kept until commit; to roll back, do not commit. */
uint8_t *tally_spool_begin(tally_spool_t *spool, uint32_t *sequence);

/* Keeps the record of `bytes` bytes, at least 1. 0, or TALLY_E_IO: it is lost, and its number is
 * the next record's. */
int32_t tally_spool_commit(tally_spool_t *spool, enum tally_class class, uint8_t kind,
                           uint32_t bytes);

/* Chooses the next batch: oldest first, the urgent ring before the routine one, at least one record
 * and at most `bytes_most`. Returns how many records; 0: nothing waits. Damaged records are passed
 * over. */
uint32_t tally_spool_plan(tally_spool_t *spool, uint32_t bytes_most, tally_batch_t *batch);

/* Reads on through the records of a batch, one after the other. Bytes read, 0 at the end,
 * TALLY_E_GONE when a record was evicted meanwhile, TALLY_E_IO. */
int32_t tally_spool_read(const tally_spool_t *spool, tally_batch_t *batch, uint8_t *out,
                         uint32_t size);

/* Begins to read the batch again. */
void tally_spool_rewind(tally_batch_t *batch);

/* Forgets the records of a batch: a server has them. */
void tally_spool_accept(tally_spool_t *spool, const tally_batch_t *batch);

/* Records waiting, and how full the fullest ring is in percent. */
uint32_t tally_spool_waiting(const tally_spool_t *spool);
uint32_t tally_spool_fill_percent(const tally_spool_t *spool);

#endif
