/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPOOL_VIEW_H
#define SPOOL_VIEW_H
/* What lies in the image of a spool's store, as agent/SPEC.md, "Spool", reads it. */
#include <stddef.h>

#include "flash.h"

enum { SPOOL_RINGS = 2 };

typedef struct {
    uint8_t quiet_boots;
    uint16_t urgent_blocks;
    uint32_t number; /* of the block it is in */
    uint64_t boot;
    uint32_t unix_s;
    uint32_t records; /* put into the ring before */
    uint16_t largest;
    uint16_t tail_back; /* the oldest record that waits: blocks back, */
    uint32_t tail_offset;
    uint32_t tail_records; /* records put into the ring before it, */
    uint64_t tail_boot;    /* and whose it is */
} spool_checkpoint_t;

enum spool_item_kind {
    SPOOL_CHECKPOINT,
    SPOOL_RECORD,
    SPOOL_UNKNOWN, /* a sound entry that format 1 does not have */
    SPOOL_ZEROS,   /* what a boot writes into the gap before its first checkpoint */
    SPOOL_TORN,    /* no entry, where writing ended: before such zeros, or behind the last entry */
    SPOOL_DAMAGED, /* no entry, before a sound one */
};

typedef struct {
    uint32_t block; /* of the image */
    uint32_t offset;
    uint32_t bytes; /* of an entry its payload */
    uint8_t kind;   /* enum spool_item_kind */
    uint8_t tag;    /* of entries */
    bool waits;     /* of records */
    uint64_t boot;
} spool_item_t;

enum spool_state {
    SPOOL_IDLE,       /* no sound first entry; only while the view is being read */
    SPOOL_ERASED,     /* all 0xFF */
    SPOOL_DESTROYED,  /* all zeros */
    SPOOL_FOREIGN,    /* of another format */
    SPOOL_UNFIT,      /* a checkpoint that does not fit this store or this place */
    SPOOL_STALE,      /* of an earlier lap: rotation passed it over */
    SPOOL_GONE,       /* of this lap, ahead of the tail: nothing in it waits */
    SPOOL_WAITING,    /* from the tail to the head */
    SPOOL_BROKEN,     /* damaged header, and nothing sound behind it */
    SPOOL_UNFINISHED, /* the same in the block after the head: a cut at its erase or beginning */
};

typedef struct {
    enum spool_state state;
    bool has_number; /* it and the boot are known */
    bool has_header; /* and its first entry says so */
    uint8_t format;  /* of foreign blocks */
    uint32_t number;
    uint64_t boot; /* owner at its beginning */
    uint32_t used; /* bytes up to the last that is not 0xFF */
    uint32_t entries;
    size_t first_item;
    size_t items;
} spool_block_t;

typedef struct {
    uint32_t first; /* block of the image */
    uint32_t blocks;
    bool has_head;
    uint32_t head;            /* number */
    spool_checkpoint_t state; /* the last sound one of the head, or of the block before */
    uint32_t tail;            /* number of the tail's block, within the lap */
    uint32_t tail_offset;
    uint32_t put; /* records ever */
    uint32_t waiting;
    uint32_t missing;  /* by the checkpoints' numbering */
    uint32_t given_up; /* the same, of the block that was erased last */
    uint32_t twice;    /* more records than are numbered: written again after a failure */
    uint32_t torn;     /* places */
    uint32_t damaged;  /* places, and headers */
} spool_ring_t;

typedef struct {
    flash_image_t image;
    uint32_t urgent_blocks; /* 0: no block says so */
    spool_block_t *blocks;
    spool_item_t *items;
    size_t item_count;
    size_t item_room;
    bool is_out_of_memory; /* and the view is of no use */
    uint32_t ring_count;   /* 0 if the layout is not known */
    spool_ring_t rings[SPOOL_RINGS];
    uint32_t broken; /* blocks that are damaged, where no ring is known */
} spool_view_t;

/* Reads an image, which stays as it is while the view is used. To be freed in any case. */
void spool_view_read(spool_view_t *view, const flash_image_t *image);
void spool_view_free(spool_view_t *view);

bool spool_view_is_damaged(const spool_view_t *view);

/* The ring of a block, NULL if the layout is not known. */
const spool_ring_t *spool_view_ring(const spool_view_t *view, uint32_t block);

/* The block of the image that has a number in a ring. */
uint32_t spool_ring_block(const spool_ring_t *ring, uint32_t number);

/* Of entries. */
const uint8_t *spool_item_payload(const spool_view_t *view, const spool_item_t *item);

spool_checkpoint_t spool_item_checkpoint(const spool_view_t *view, const spool_item_t *item);

/* Of a record's tag: 0 urgent or 1 routine, and the letter of its kind. */
uint32_t spool_tag_class(uint8_t tag);
char spool_tag_kind(uint8_t tag);

typedef void (*spool_taker_t)(void *context, const spool_view_t *view, const spool_ring_t *ring,
                              const spool_item_t *item);

/* Gives all records of a ring that wait to the taker, oldest first. */
void spool_ring_waiting(const spool_view_t *view, const spool_ring_t *ring, spool_taker_t take,
                        void *context);

/* Gives all records of a ring that can be read, in the order they were put there: those that wait,
 * and before them those that are gone. */
void spool_ring_records(const spool_view_t *view, const spool_ring_t *ring, spool_taker_t take,
                        void *context);

/* What waits in both rings, in the order of delivery: boot by boot, the urgent ring first. */
void spool_view_deliver(const spool_view_t *view, spool_taker_t take, void *context);

#endif
