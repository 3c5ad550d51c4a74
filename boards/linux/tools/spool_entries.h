/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPOOL_ENTRIES_H
#define SPOOL_ENTRIES_H
/* What lies in one block of a spool. */
#include "spool_view.h"

enum spool_header { SPOOL_HEADER_NONE, SPOOL_HEADER_FOREIGN, SPOOL_HEADER_SOUND };

/* The first entry of a block: a checkpoint of format 1, another format, or no sound entry. */
enum spool_header spool_header_read(const flash_image_t *image, uint32_t block, uint8_t *format,
                                    spool_checkpoint_t *checkpoint);

/* A walk through the sound entries of a block. */
typedef struct {
    flash_place_t place; /* of the entry, and whose the records are */
    bool has_handover;   /* at this offset the owner is known to be this one */
    uint32_t handover;
    uint64_t handover_owner;
    flash_entry_t entry;
    spool_item_t item;
    spool_checkpoint_t checkpoint; /* if the entry is one */
    uint32_t end;                  /* of the entry; 0 before the first */
    uint32_t end_before;
} spool_walk_t;

/* Goes to the next entry; false at the end of the block. */
bool spool_walk_next(const flash_image_t *image, spool_walk_t *walk);

/* Walks a block and adds all its items to the view. The walk tells the last owner. */
void spool_entries_add(spool_view_t *view, spool_walk_t *walk);

#endif
