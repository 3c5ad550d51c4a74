/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_view.h"

#include <stdlib.h>

#include "spool_entries.h"

#define URGENT_BLOCKS_MOST 65535u

/* ---- layout ---------------------------------------------------------------------------------- */

static void lay_out(spool_view_t *view, uint32_t urgent_blocks) {
    const uint32_t blocks = view->image.blocks;
    view->urgent_blocks = urgent_blocks;
    view->ring_count = urgent_blocks == 0 ? 0 : urgent_blocks == blocks ? 1 : 2;
    view->rings[0] = (spool_ring_t){.first = 0, .blocks = urgent_blocks};
    view->rings[1] = (spool_ring_t){.first = urgent_blocks, .blocks = blocks - urgent_blocks};
}

const spool_ring_t *spool_view_ring(const spool_view_t *view, uint32_t block) {
    if (view->ring_count == 0) {
        return NULL;
    }
    return &view->rings[block < view->urgent_blocks ? 0 : 1];
}

uint32_t spool_ring_block(const spool_ring_t *ring, uint32_t number) {
    return ring->first + number % ring->blocks;
}

static bool fits(const spool_view_t *view, uint32_t block, const spool_checkpoint_t *checkpoint) {
    const spool_ring_t *const ring = spool_view_ring(view, block);
    return ring != NULL && checkpoint->urgent_blocks == view->urgent_blocks &&
           checkpoint->number >= ring->blocks &&
           spool_ring_block(ring, checkpoint->number) == block;
}

/* The size of the urgent ring that most blocks tell and agree with; of two the smaller. */
static void find_layout(spool_view_t *view) {
    uint32_t *const votes = calloc(URGENT_BLOCKS_MOST + 1, sizeof(votes[0]));
    uint32_t best = 0;
    view->is_out_of_memory = view->is_out_of_memory || votes == NULL;
    for (uint32_t i = 0; votes != NULL && i < view->image.blocks; i++) {
        spool_checkpoint_t checkpoint;
        uint8_t format;
        if (spool_header_read(&view->image, i, &format, &checkpoint) == SPOOL_HEADER_SOUND &&
            checkpoint.urgent_blocks <= view->image.blocks) {
            lay_out(view, checkpoint.urgent_blocks);
            votes[checkpoint.urgent_blocks] += fits(view, i, &checkpoint) ? 1 : 0;
        }
    }
    for (uint32_t i = 1; votes != NULL && i <= URGENT_BLOCKS_MOST; i++) {
        best = votes[i] > votes[best] ? i : best;
    }
    free(votes);
    lay_out(view, best);
}

/* ---- first entries --------------------------------------------------------------------------- */

static void read_header(spool_view_t *view, uint32_t index) {
    spool_block_t *const block = &view->blocks[index];
    const uint32_t end = view->image.block_bytes;
    spool_checkpoint_t checkpoint;
    block->used = flash_written_end(&view->image, index, 0);
    switch (spool_header_read(&view->image, index, &block->format, &checkpoint)) {
    case SPOOL_HEADER_FOREIGN: block->state = SPOOL_FOREIGN; return;
    case SPOOL_HEADER_SOUND:
        block->state = fits(view, index, &checkpoint) ? SPOOL_STALE : SPOOL_UNFIT;
        block->has_header = block->state == SPOOL_STALE;
        block->has_number = block->has_header;
        block->number = checkpoint.number;
        block->boot = checkpoint.boot;
        return;
    case SPOOL_HEADER_NONE:
    default: break;
    }
    if (block->used == 0) {
        block->state = SPOOL_ERASED;
    } else if (flash_is_all(&view->image, index, 0, end, 0)) {
        block->state = SPOOL_DESTROYED;
    }
}

/* ---- head and tail --------------------------------------------------------------------------- */

/* The last sound checkpoint of a block, or what is there already; whose its last records are. */
static bool walk_to_end(const spool_view_t *view, const spool_ring_t *ring, uint32_t number,
                        uint64_t *owner, spool_checkpoint_t *last) {
    spool_walk_t walk = {
        .place = {.block = spool_ring_block(ring, number), .number = number, .owner = *owner}};
    bool has_entries = false;
    while (spool_walk_next(&view->image, &walk)) {
        has_entries = true;
        if (walk.item.kind == SPOOL_CHECKPOINT) {
            *last = walk.checkpoint;
        }
    }
    *owner = walk.place.owner;
    return has_entries;
}

static uint32_t lap_begin(const spool_ring_t *ring) {
    return ring->head - ring->blocks + 1;
}

static void find_tail(spool_ring_t *ring, uint32_t block_bytes) {
    const spool_checkpoint_t *const state = &ring->state;
    const bool is_possible = state->tail_back < ring->blocks && state->tail_offset <= block_bytes;
    ring->damaged += is_possible ? 0 : 1;
    ring->tail = state->number - state->tail_back;
    ring->tail_offset = state->tail_offset;
    if (!is_possible || ring->tail < lap_begin(ring)) {
        ring->tail = lap_begin(ring);
        ring->tail_offset = 0;
    }
}

static void find_head(spool_view_t *view, spool_ring_t *ring) {
    for (uint32_t i = ring->first; i < ring->first + ring->blocks; i++) {
        const spool_block_t *const block = &view->blocks[i];
        if (block->has_header && (!ring->has_head || block->number > ring->head)) {
            ring->has_head = true;
            ring->head = block->number;
        }
    }
    if (!ring->has_head) {
        return;
    }
    uint64_t owner = 0;
    (void)walk_to_end(view, ring, ring->head, &owner, &ring->state);
    if (ring->head < UINT32_MAX) {
        const spool_block_t *const next = &view->blocks[spool_ring_block(ring, ring->head + 1)];
        if (next->state == SPOOL_IDLE &&
            walk_to_end(view, ring, ring->head + 1, &owner, &ring->state)) {
            ring->head++;
        }
    }
    find_tail(ring, view->image.block_bytes);
}

/* ---- entries --------------------------------------------------------------------------------- */

static void add_entries(spool_view_t *view, spool_walk_t *walk) {
    spool_block_t *const block = &view->blocks[walk->place.block];
    const uint64_t header_boot = block->boot;
    walk->place.number = block->number;
    spool_entries_add(view, walk);
    block->boot = block->has_header ? header_boot : block->boot;
}

static enum spool_state state_of(const spool_ring_t *ring, const spool_block_t *block,
                                 uint32_t number) {
    if (block->has_header || block->entries > 0) {
        return number < ring->tail ? SPOOL_GONE : SPOOL_WAITING;
    }
    return number == lap_begin(ring) ? SPOOL_UNFINISHED : SPOOL_BROKEN;
}

/* Blocks of the lap in their order, the owner carried from one to the next. */
static void read_lap(spool_view_t *view, const spool_ring_t *ring) {
    uint64_t owner = 0;
    for (uint32_t back = ring->blocks; back > 0; back--) {
        const uint32_t number = ring->head - (back - 1);
        const uint32_t index = spool_ring_block(ring, number);
        spool_block_t *const block = &view->blocks[index];
        spool_walk_t walk = {.place = {.block = index, .owner = owner},
                             .has_handover = number == ring->tail &&
                                             number == ring->state.number - ring->state.tail_back,
                             .handover = ring->tail_offset,
                             .handover_owner = ring->state.tail_boot};
        if (block->has_header && block->number != number) {
            walk = (spool_walk_t){.place = {.block = index}};
            add_entries(view, &walk);
        } else if (block->has_header || block->state == SPOOL_IDLE) {
            block->number = number;
            add_entries(view, &walk);
            block->state = state_of(ring, block, number);
            block->has_number = block->state == SPOOL_GONE || block->state == SPOOL_WAITING;
            owner = walk.place.owner;
        }
    }
}

/* ---- what waits ------------------------------------------------------------------------------ */

/* A checkpoint says how many records came before it. What was in the block that was erased last,
 * to be filled next, is not missed: no checkpoint has told yet that it is given up. */
static void catch_up(spool_ring_t *ring, uint32_t records, bool is_erased) {
    const uint32_t lost = records - ring->put;
    if (lost > INT32_MAX) {
        ring->twice += 0 - lost;
    } else if (is_erased) {
        ring->given_up += lost;
    } else {
        ring->missing += lost;
    }
    ring->put = records;
}

static void count_waiting(spool_view_t *view, spool_ring_t *ring) {
    ring->put = ring->state.tail_records;
    bool is_erased = ring->tail != ring->state.number - ring->state.tail_back;
    for (uint32_t back = ring->head - ring->tail + 1; back > 0; back--) {
        const uint32_t at = ring->head - (back - 1);
        const spool_block_t *const block = &view->blocks[spool_ring_block(ring, at)];
        if (block->state != SPOOL_WAITING) {
            is_erased = is_erased || at == lap_begin(ring);
            continue;
        }
        for (size_t i = block->first_item; i < block->first_item + block->items; i++) {
            spool_item_t *const item = &view->items[i];
            if (at == ring->tail && item->offset < ring->tail_offset) {
                continue;
            }
            if (item->kind == SPOOL_CHECKPOINT) {
                catch_up(ring, spool_item_checkpoint(view, item).records, is_erased);
                is_erased = false;
            }
            item->waits = item->kind == SPOOL_RECORD;
            ring->waiting += item->waits ? 1 : 0;
            ring->put += item->waits ? 1 : 0;
        }
    }
}

static void count_damage(spool_view_t *view, spool_ring_t *ring) {
    for (uint32_t index = ring->first; index < ring->first + ring->blocks; index++) {
        const spool_block_t *const block = &view->blocks[index];
        ring->damaged += block->state == SPOOL_BROKEN ? 1 : 0;
        for (size_t i = block->first_item;
             block->entries > 0 && i < block->first_item + block->items; i++) {
            ring->damaged += view->items[i].kind == SPOOL_DAMAGED ? 1 : 0;
            ring->torn += view->items[i].kind == SPOOL_TORN ? 1 : 0;
        }
    }
}

bool spool_view_is_damaged(const spool_view_t *view) {
    bool is_damaged = view->broken > 0;
    for (uint32_t i = 0; i < view->ring_count; i++) {
        is_damaged = is_damaged || view->rings[i].damaged > 0 || view->rings[i].missing > 0;
    }
    return is_damaged;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Without a head nothing tells a block's number: what has no sound first entry stays unread. */
static void break_idle(spool_view_t *view, uint32_t first, uint32_t blocks) {
    for (uint32_t i = first; i < first + blocks; i++) {
        if (view->blocks[i].state == SPOOL_IDLE) {
            view->blocks[i].state = SPOOL_BROKEN;
        }
    }
}

void spool_view_read(spool_view_t *view, const flash_image_t *image) {
    *view = (spool_view_t){.image = *image};
    view->blocks = calloc(image->blocks, sizeof(view->blocks[0]));
    if (view->blocks == NULL) {
        view->is_out_of_memory = true;
        return;
    }
    find_layout(view);
    for (uint32_t i = 0; i < image->blocks; i++) {
        read_header(view, i);
    }
    for (uint32_t i = 0; i < view->ring_count; i++) {
        spool_ring_t *const ring = &view->rings[i];
        find_head(view, ring);
        if (ring->has_head) {
            read_lap(view, ring);
            count_waiting(view, ring);
        } else {
            break_idle(view, ring->first, ring->blocks);
        }
        count_damage(view, ring);
    }
    for (uint32_t i = 0; view->ring_count == 0 && i < image->blocks; i++) {
        view->broken += view->blocks[i].state == SPOOL_IDLE ? 1 : 0;
        break_idle(view, i, 1);
    }
}

void spool_view_free(spool_view_t *view) {
    free(view->blocks);
    free(view->items);
}

/* ---- delivery -------------------------------------------------------------------------------- */

typedef struct {
    const spool_ring_t *ring;
    uint32_t ahead; /* blocks up to the head, this one included */
    size_t item;    /* of the block */
} cursor_t;

static cursor_t cursor_of(const spool_ring_t *ring) {
    return (cursor_t){ring, ring->has_head ? ring->head - ring->tail + 1 : 0, 0};
}

/* The record at the cursor or the next one behind it; NULL: none. */
static const spool_item_t *cursor_item(const spool_view_t *view, cursor_t *cursor) {
    while (cursor->ahead > 0) {
        const uint32_t at = cursor->ring->head - (cursor->ahead - 1);
        const spool_block_t *const block = &view->blocks[spool_ring_block(cursor->ring, at)];
        while (block->state == SPOOL_WAITING && cursor->item < block->items) {
            const spool_item_t *const item = &view->items[block->first_item + cursor->item];
            if (item->waits) {
                return item;
            }
            cursor->item++;
        }
        cursor->ahead--;
        cursor->item = 0;
    }
    return NULL;
}

/* Gives the records at the cursor that are of one boot. */
static void give_boot(const spool_view_t *view, cursor_t *cursor, uint64_t boot, spool_taker_t take,
                      void *context) {
    const spool_item_t *item = cursor_item(view, cursor);
    while (item != NULL && item->boot == boot) {
        take(context, view, cursor->ring, item);
        cursor->item++;
        item = cursor_item(view, cursor);
    }
}

void spool_ring_waiting(const spool_view_t *view, const spool_ring_t *ring, spool_taker_t take,
                        void *context) {
    cursor_t cursor = cursor_of(ring);
    for (const spool_item_t *item = cursor_item(view, &cursor); item != NULL;
         item = cursor_item(view, &cursor)) {
        take(context, view, ring, item);
        cursor.item++;
    }
}

void spool_ring_records(const spool_view_t *view, const spool_ring_t *ring, spool_taker_t take,
                        void *context) {
    for (uint32_t back = ring->has_head ? ring->blocks : 0; back > 0; back--) {
        const uint32_t index = spool_ring_block(ring, ring->head - (back - 1));
        const spool_block_t *const block = &view->blocks[index];
        for (size_t i = block->first_item; block->has_number && block->state != SPOOL_STALE &&
                                           i < block->first_item + block->items;
             i++) {
            if (view->items[i].kind == SPOOL_RECORD) {
                take(context, view, ring, &view->items[i]);
            }
        }
    }
}

void spool_view_deliver(const spool_view_t *view, spool_taker_t take, void *context) {
    cursor_t cursors[SPOOL_RINGS] = {cursor_of(&view->rings[0]), cursor_of(&view->rings[1])};
    for (;;) {
        const spool_item_t *oldest = cursor_item(view, &cursors[0]);
        oldest = oldest != NULL ? oldest : cursor_item(view, &cursors[1]);
        if (oldest == NULL) {
            return;
        }
        for (uint32_t i = 0; i < SPOOL_RINGS; i++) {
            give_boot(view, &cursors[i], oldest->boot, take, context);
        }
    }
}
