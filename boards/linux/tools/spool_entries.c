/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_entries.h"

#include <stdlib.h>

#define FORMAT           1u
#define TAG_CHECKPOINT   0x80u
#define CHECKPOINT_BYTES 41u
#define NUMBER_AT        4u
#define FIRST_ROOM       256u

/* ---- records --------------------------------------------------------------------------------- */

uint32_t spool_tag_class(uint8_t tag) {
    return tag / 32u;
}

char spool_tag_kind(uint8_t tag) {
    return (char)(0x60 + tag % 32);
}

static bool is_record(uint8_t tag) {
    return spool_tag_class(tag) < 2 && spool_tag_kind(tag) >= 'a' && spool_tag_kind(tag) <= 'z';
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static bool is_format(const flash_entry_t *entry) {
    return entry->tag == TAG_CHECKPOINT && entry->bytes == CHECKPOINT_BYTES &&
           entry->payload[0] == FORMAT;
}

static spool_checkpoint_t checkpoint_of(const uint8_t *at) {
    return (spool_checkpoint_t){
        .quiet_boots = at[1],
        .urgent_blocks = (uint16_t)flash_number(at + 2, 2),
        .number = (uint32_t)flash_number(at + NUMBER_AT, 4),
        .boot = flash_number(at + 8, 7),
        .unix_s = (uint32_t)flash_number(at + 15, 4),
        .records = (uint32_t)flash_number(at + 19, 4),
        .largest = (uint16_t)flash_number(at + 23, 2),
        .tail_back = (uint16_t)flash_number(at + 25, 2),
        .tail_offset = (uint32_t)flash_number(at + 27, 3),
        .tail_records = (uint32_t)flash_number(at + 30, 4),
        .tail_boot = flash_number(at + 34, 7),
    };
}

enum spool_header spool_header_read(const flash_image_t *image, uint32_t block, uint8_t *format,
                                    spool_checkpoint_t *checkpoint) {
    flash_place_t place;
    flash_entry_t entry;
    if (!flash_first_entry(image, block, NUMBER_AT, &place, &entry) || entry.tag < FLASH_UNOWNED) {
        return SPOOL_HEADER_NONE;
    }
    *format = entry.payload[0];
    if (!is_format(&entry)) {
        return *format != FORMAT ? SPOOL_HEADER_FOREIGN : SPOOL_HEADER_NONE;
    }
    *checkpoint = checkpoint_of(entry.payload);
    return SPOOL_HEADER_SOUND;
}

const uint8_t *spool_item_payload(const spool_view_t *view, const spool_item_t *item) {
    return flash_block(&view->image, item->block) + item->offset + FLASH_HEADER_BYTES;
}

spool_checkpoint_t spool_item_checkpoint(const spool_view_t *view, const spool_item_t *item) {
    return checkpoint_of(spool_item_payload(view, item));
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void take_over(spool_walk_t *walk) {
    if (walk->has_handover && walk->place.offset >= walk->handover) {
        walk->place.owner = walk->handover_owner;
        walk->has_handover = false;
    }
}

static void make_item(spool_walk_t *walk) {
    const flash_entry_t *const entry = &walk->entry;
    walk->item = (spool_item_t){.block = walk->place.block,
                                .offset = walk->place.offset,
                                .bytes = entry->bytes,
                                .kind = is_record(entry->tag) ? SPOOL_RECORD : SPOOL_UNKNOWN,
                                .tag = entry->tag,
                                .boot = walk->place.owner};
    if (is_format(entry)) {
        walk->checkpoint = checkpoint_of(entry->payload);
        if (walk->checkpoint.number == walk->place.number) {
            walk->item.kind = SPOOL_CHECKPOINT;
            walk->item.boot = walk->place.owner = walk->checkpoint.boot;
        }
    }
}

bool spool_walk_next(const flash_image_t *image, spool_walk_t *walk) {
    walk->end_before = walk->end;
    for (walk->place.offset = walk->end; walk->place.offset < image->block_bytes;
         walk->place.offset += image->granularity) {
        take_over(walk);
        if (flash_entry_at(image, &walk->place, &walk->entry)) {
            walk->end = walk->place.offset + walk->entry.stored;
            make_item(walk);
            return true;
        }
    }
    return false;
}

/* ---- items ----------------------------------------------------------------------------------- */

static void add(spool_view_t *view, spool_item_t item) {
    if (view->item_count == view->item_room) {
        const size_t room = view->item_room == 0 ? FIRST_ROOM : view->item_room * 2;
        spool_item_t *const larger = realloc(view->items, room * sizeof(larger[0]));
        if (larger == NULL) {
            view->is_out_of_memory = true;
            return;
        }
        view->items = larger;
        view->item_room = room;
    }
    view->items[view->item_count++] = item;
}

static void add_gap(spool_view_t *view, uint32_t block, uint32_t begin, uint32_t end,
                    enum spool_item_kind kind) {
    const flash_image_t *const image = &view->image;
    while (begin < end && flash_block(image, block)[begin] == 0xFF) {
        begin++;
    }
    while (end > begin && flash_block(image, block)[end - 1] == 0xFF) {
        end--;
    }
    if (begin < end) {
        add(view,
            (spool_item_t){
                .block = block, .offset = begin, .bytes = end - begin, .kind = (uint8_t)kind});
    }
}

/* What is no entry, between two of them. */
static void add_between(spool_view_t *view, uint32_t block, uint32_t begin, uint32_t end) {
    const uint32_t zeros = flash_stored(&view->image, 0);
    if (end - begin < zeros || !flash_is_all(&view->image, block, end - zeros, end, 0)) {
        add_gap(view, block, begin, end, SPOOL_DAMAGED);
        return;
    }
    add_gap(view, block, begin, end - zeros, SPOOL_TORN);
    add(view,
        (spool_item_t){.block = block, .offset = end - zeros, .bytes = zeros, .kind = SPOOL_ZEROS});
}

void spool_entries_add(spool_view_t *view, spool_walk_t *walk) {
    spool_block_t *const block = &view->blocks[walk->place.block];
    block->boot = walk->place.owner;
    block->first_item = view->item_count;
    while (!view->is_out_of_memory && spool_walk_next(&view->image, walk)) {
        add_between(view, walk->item.block, walk->end_before, walk->item.offset);
        add(view, walk->item);
        block->entries++;
    }
    add_gap(view, walk->place.block, walk->end, view->image.block_bytes, SPOOL_TORN);
    block->items = view->item_count - block->first_item;
}
