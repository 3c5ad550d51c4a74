/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_SPOOL_H
#define TALLY_SRC_SPOOL_H
/*
 * Records wait here, as bytes, until a server has accepted them; neither a power cut nor a reboot
 * loses one that was committed. Two rings of erase blocks in one store, or one ring for both
 * classes when the store is small:
 *
 *     block  0         1         2        3         4         5         6         7
 *          | urgent . . . . . . . . . . | routine . . . . . . . . . . . . . . . . . . |
 *
 * A ring is filled in strict rotation. Its blocks have sequence numbers that only grow; block n of
 * the ring's history lies at n modulo the ring's blocks. Each holds entries (entry.h), records and
 * checkpoints; a checkpoint is the whole state of the ring, and every block begins with one:
 *
 *     n - 2 | C r r r r r r r . |          C  checkpoint
 *     n - 1 | C r r C r r r r . |          r  record
 *     n     | C r r _____ZCC r r C r _ |   Z  zeros   _ never written
 *                   ^ power cut          ^ head
 *
 * A checkpoint is written with each new block, after each accepted batch, and twice when a boot
 * first writes to a ring, so that one damaged byte does not hide whose the records behind it are.
 * The last whole checkpoint of the newest block, and the records behind it, are all that a mount
 * needs.
 *
 * What the power cut may have torn is one entry where writing ended, whether it shows or not: bits
 * of it may read erased today and not tomorrow. The next boot leaves room for the largest and
 * writes zeros first, which no cut leaves in doubt if they are written again. Zeros
 * go in front of the room as well: should a torn entry fade, the boot after still sees where this
 * one saw writing end.
 *
 * A full ring gives up its oldest block, and counts the records in it by class and kind. Damage is
 * counted too: checkpoints number the records.
 */
#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "tally/config.h"
#include "tally/port.h"

enum tally_class { TALLY_URGENT = 0, TALLY_ROUTINE = 1, TALLY_CLASSES };

enum {
    TALLY_SPOOL_FORMAT = 1,
    TALLY_SPOOL_BOOT_KIND = 'b', /* of the records that a boot loop makes */
    TALLY_SPOOL_KINDS = 24,      /* 'a' to 'x' */
};

/* In the structs of the spool what is used most comes first, where ARM's short loads reach it. */
typedef struct {
    uint8_t
        quiet_boots; /* in a row, up to this one, that kept nothing but boot and clock records */
    uint8_t next;    /* what this boot did to the block behind the head's: see ring.c */
    uint16_t first;  /* block of the store */
    uint16_t blocks;
    uint32_t skip;       /* before this boot's first entry; 0: it has written here */
    uint32_t appended;   /* records since the ring's first */
    tally_cursor_t tail; /* up to here all is accepted, evicted or destroyed */
    tally_place_t head;  /* where the next entry goes */
} tally_ring_t;

/* Records of one boot on their way to the server: of each ring from its tail up to `end`. */
typedef struct {
    tally_window_t window; /* reading: in no ring yet while its place has number 0 */
    uint64_t boot;
    uint32_t records;
    uint32_t bytes;       /* of all records, headers not counted */
    uint32_t places;      /* the sum of where their entries lie: tells whether these were read */
    uint32_t left;        /* reading: so many bytes still, */
    uint32_t places_left; /* so much of the sum, */
    uint32_t record_read; /* and so much of the record at the window is read, */
    uint32_t ring;        /* in this ring */
    uint32_t ring_records[TALLY_CLASSES];
    tally_cursor_t end[TALLY_CLASSES];
} tally_batch_t;

typedef struct {
    const tally_store_t *store;
    uint8_t ring_count;
    uint16_t foreign_blocks; /* of another format, found by the mount */
    tally_ring_t rings[TALLY_CLASSES];
    uint32_t unix_s;        /* 0: unknown; told in checkpoints, for the age limit */
    uint32_t next_sequence; /* of a record */
    uint32_t made;
    uint32_t store_failed;                    /* writes and erases that the store refused */
    uint32_t damaged;                         /* not to be found when their turn came */
    uint32_t expired;                         /* given up for their age */
    uint32_t bytes_high;                      /* most bytes in use at once */
    uint32_t dropped[TALLY_CLASSES];          /* evicted before they were accepted, by class */
    uint32_t dropped_kind[TALLY_SPOOL_KINDS]; /* the same by kind */
    uint64_t boot;
    uint64_t boot_before; /* that last wrote to the urgent ring; 0: none known */
    /* the one record being made; between commits, what is read */
    uint8_t record[TALLY_ENTRY_HEADER_BYTES + TALLY_RECORD_BYTES + TALLY_ENTRY_PADDING_MOST];
} tally_spool_t;

/* Finds what waits; writes nothing. `boot` is this boot's id, not 0. `urgent_blocks` is the size of
 * the urgent ring in a store that holds nothing yet: 0 for a quarter, at least 3 with as many left
 * for the routine ring; all of the store's blocks make it one ring for both classes, as do fewer
 * than 6. TALLY_E_CONFIG for a geometry outside port.h's ranges, rings of fewer than 3 blocks, or
 * blocks that cannot hold the largest record. A store that cannot be read is taken to be empty. */
int32_t tally_spool_init(tally_spool_t *spool, const tally_store_t *store, uint32_t urgent_blocks,
                         uint64_t boot);

/* Where the next record is to be encoded, TALLY_RECORD_BYTES of room, and its sequence number.
 * Nothing is kept until commit; to roll back, do not commit. */
uint8_t *tally_spool_begin(tally_spool_t *spool, uint32_t *sequence);

/* Keeps the record of `bytes` bytes, at least 1, durably when it returns 0. `kind` is 'a' to 'x'.
 * TALLY_E_IO: it is lost, with its number. TALLY_E_FULL: a boot record that would push out others;
 * its number is the next record's. */
int32_t tally_spool_commit(tally_spool_t *spool, enum tally_class rank, uint8_t kind,
                           uint32_t bytes);

/* Chooses the next batch: records of one boot, oldest first, the urgent ring before the routine
 * one, at least one record and at most `bytes_most`. Returns how many records; 0: nothing waits. */
uint32_t tally_spool_plan(tally_spool_t *spool, uint32_t bytes_most, tally_batch_t *batch);

/* Reads on through the records of a batch, one after the other, and only what is still whole. Bytes
 * read, 0 at the end. TALLY_E_GONE, at the end at the latest, when these are not the records that
 * were planned, because some were evicted or damaged meanwhile: plan again. */
int32_t tally_spool_read(tally_spool_t *spool, tally_batch_t *batch, uint8_t *out, uint32_t size);

/* Begins to read the batch anew. */
void tally_spool_rewind(tally_batch_t *batch);

/* Forgets the records of a batch: a server has them. Pushes out nothing to note it: if there is no
 * room the note goes with the next block, and a reboot before would send the batch again. */
void tally_spool_accept(tally_spool_t *spool, const tally_batch_t *batch);

/* Gives up blocks all of whose records were made before `unix_s`. The block being filled stays. */
void tally_spool_expire(tally_spool_t *spool, uint32_t unix_s);

/* For idle time: erases the next block of a ring, so that no record has to wait for it. At most one
 * erase a call; whether there was one. In a full ring this evicts, but only once the head's block
 * may have no room for another record. A single ring is taken to be of RAM and left alone. */
bool tally_spool_prepare(tally_spool_t *spool);

/* Destroys what a block of the store holds: erases it, or writes zeros if it cannot be erased.
 * TALLY_E_IO if neither worked. Afterwards, and before any other call, the spool is to be
 * initialized again. */
int32_t tally_spool_destroy(const tally_store_t *store, uint32_t block);

/* Records waiting, and how full the fullest ring is in percent. */
uint32_t tally_spool_waiting(const tally_spool_t *spool);
uint32_t tally_spool_fill_percent(const tally_spool_t *spool);

#endif
