/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_print.h"

#include <inttypes.h>

#include "say.h"

#define BLOCKS       2u
#define FORMAT       1u
#define TAG_HEADER   0x80u
#define TAG_SEAL     0x81u
#define HEADER_BYTES 5u
#define NUMBER_AT    1u
#define DAY_BYTES    2u

enum block_state {
    BLOCK_ERASED,
    BLOCK_DESTROYED,
    BLOCK_FOREIGN,
    BLOCK_UNFINISHED, /* no sound header: what a cut leaves while a block is written */
    BLOCK_BROKEN,     /* no sound header, but the seal of the block that comes after the other */
    BLOCK_UNSEALED,
    BLOCK_SEALED,
};

typedef struct {
    uint32_t index;
    enum block_state state;
    uint8_t format;
    uint32_t number;
    uint32_t values; /* where they begin */
    uint32_t used;
} block_t;

static block_t read_block(const flash_image_t *image, uint32_t index) {
    const uint32_t seal_at = flash_stored(image, HEADER_BYTES);
    block_t block = {.index = index,
                     .values = seal_at + flash_stored(image, 0),
                     .used = flash_written_end(image, index, 0)};
    flash_place_t place;
    flash_entry_t entry;
    const bool is_sound =
        flash_first_entry(image, index, NUMBER_AT, &place, &entry) && entry.tag == TAG_HEADER;
    if (!is_sound) {
        const bool is_zero = flash_is_all(image, index, 0, image->block_bytes, 0);
        block.state = block.used == 0 ? BLOCK_ERASED : is_zero ? BLOCK_DESTROYED : BLOCK_UNFINISHED;
        return block;
    }
    block.format = entry.payload[0];
    block.number = place.number;
    if (block.format != FORMAT || entry.bytes != HEADER_BYTES) {
        block.state = BLOCK_FOREIGN;
        return block;
    }
    place.offset = seal_at;
    block.state = flash_entry_at(image, &place, &entry) && entry.tag == TAG_SEAL ? BLOCK_SEALED
                                                                                 : BLOCK_UNSEALED;
    return block;
}

/* A seal without a header: the block was complete, and would be in use. */
static void look_for_seal(const flash_image_t *image, block_t *block, uint32_t number) {
    const flash_place_t place = {
        .block = block->index, .number = number, .offset = flash_stored(image, HEADER_BYTES)};
    flash_entry_t entry;
    if (block->state == BLOCK_UNFINISHED && flash_entry_at(image, &place, &entry) &&
        entry.tag == TAG_SEAL) {
        block->state = BLOCK_BROKEN;
    }
}

static bool has_header(const block_t *block) {
    return block->state == BLOCK_SEALED || block->state == BLOCK_UNSEALED;
}

/* The block in use, NULL if there is none. */
static const block_t *in_use(const block_t *blocks) {
    const block_t *best = NULL;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        const block_t *const block = &blocks[i];
        if (has_header(block) && (best == NULL || block->state > best->state ||
                                  (block->state == best->state && block->number > best->number))) {
            best = block;
        }
    }
    return best;
}

/* ---- entries --------------------------------------------------------------------------------- */

typedef struct {
    flash_place_t place;
    flash_entry_t entry;
    uint32_t end; /* of the entry */
} walk_t;

static walk_t walk_of(const block_t *block) {
    return (walk_t){.place = {.block = block->index, .number = block->number},
                    .end = block->values};
}

static bool walk_next(const flash_image_t *image, walk_t *walk) {
    for (walk->place.offset = walk->end; walk->place.offset < image->block_bytes;
         walk->place.offset += image->granularity) {
        if (flash_entry_at(image, &walk->place, &walk->entry)) {
            walk->end = walk->place.offset + walk->entry.stored;
            return true;
        }
    }
    return false;
}

/* What is between entries and was written: damage. Behind the last one it is what a cut leaves. */
static uint32_t count_damage(const flash_image_t *image, const block_t *block) {
    walk_t walk = walk_of(block);
    uint32_t damaged = 0;
    uint32_t end = walk.end;
    while (walk_next(image, &walk)) {
        damaged += flash_is_all(image, block->index, end, walk.place.offset, 0xFF) ? 0 : 1;
        end = walk.end;
    }
    return damaged;
}

static void say_value(FILE *out, const flash_entry_t *entry) {
    if (entry->tag >= TAG_HEADER || entry->tag == 0) {
        say(out, "unknown tag %u, %" PRIu32 " bytes\n", entry->tag, entry->bytes);
    } else if (entry->bytes < DAY_BYTES) {
        say(out, "value %u, cleared\n", entry->tag);
    } else {
        say(out, "value %u, day %" PRIu64 ", %" PRIu32 " bytes\n", entry->tag,
            flash_number(entry->payload, DAY_BYTES), entry->bytes - DAY_BYTES);
    }
}

static uint32_t print_entries(FILE *out, const flash_image_t *image, const block_t *block) {
    walk_t walk = walk_of(block);
    uint32_t entries = 0;
    while (walk_next(image, &walk)) {
        entries++;
        if (out != NULL) {
            say(out, "    %" PRIu32 ": ", walk.place.offset);
            say_value(out, &walk.entry);
        }
    }
    return entries;
}

static void print_values(FILE *out, const flash_image_t *image, const block_t *block) {
    flash_entry_t last[TAG_HEADER] = {{0}};
    walk_t walk = walk_of(block);
    while (walk_next(image, &walk)) {
        if (walk.entry.tag < TAG_HEADER) {
            last[walk.entry.tag] = walk.entry;
        }
    }
    for (uint32_t tag = 1; tag < TAG_HEADER; tag++) {
        if (last[tag].payload != NULL && last[tag].bytes >= DAY_BYTES) {
            say_value(out, &last[tag]);
        }
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void print_block(FILE *out, const flash_image_t *image, const block_t *block, bool is_used,
                        uint32_t damaged) {
    static const char *const names[] = {
        "erased", "zeros", "foreign format", "unfinished", "damaged header", "unsealed", "sealed"};
    say(out, "block %" PRIu32 ": ", block->index);
    if (has_header(block)) {
        say(out, "number %" PRIu32 ", ", block->number);
    }
    say(out, "%s", names[block->state]);
    if (block->state == BLOCK_FOREIGN) {
        say(out, " %u", block->format);
    }
    if (has_header(block)) {
        say(out, "%s, %" PRIu32 " entries", is_used ? ", in use" : "",
            print_entries(NULL, image, block));
    }
    if (block->used > 0) {
        say(out, ", %" PRIu32 " bytes", block->used);
    }
    if (damaged > 0) {
        say(out, ", %" PRIu32 " damaged", damaged);
    }
    say(out, "\n");
}

/* Whether a block is not what a writer and power cuts leave: beside a block in use one may be
 * unfinished; without one there is nothing, or it was destroyed. */
static bool is_broken(const block_t *block, bool is_one_used) {
    return block->state == BLOCK_BROKEN || (block->state == BLOCK_UNFINISHED && !is_one_used);
}

bool settings_print(FILE *out, const flash_image_t *image, bool has_items) {
    block_t blocks[BLOCKS] = {read_block(image, 0), read_block(image, 1)};
    const block_t *const used = in_use(blocks);
    bool is_sound = true;
    if (used != NULL && used->number < UINT32_MAX) {
        look_for_seal(image, &blocks[1 - used->index], used->number + 1);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        const block_t *const block = &blocks[i];
        const uint32_t damaged = has_header(block) ? count_damage(image, block) : 0;
        is_sound = is_sound && damaged == 0 && !is_broken(block, used != NULL);
        print_block(out, image, block, block == used, damaged);
        if (has_items && has_header(block)) {
            (void)print_entries(out, image, block);
        }
    }
    if (used != NULL) {
        print_values(out, image, used);
    }
    return is_sound;
}
