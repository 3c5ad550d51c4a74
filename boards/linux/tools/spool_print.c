/* SPDX-License-Identifier: Apache-2.0 */
#include "spool_print.h"

#include <inttypes.h>

#include "record.h"
#include "say.h"

#define BOOT  "%014" PRIx64
#define KINDS 128u /* letters */

static const char *ring_name(const spool_view_t *view, const spool_ring_t *ring) {
    if (ring == NULL) {
        return "no ring";
    }
    if (view->ring_count == 1) {
        return "single";
    }
    return ring->first == 0 ? "urgent" : "routine";
}

/* ---- records --------------------------------------------------------------------------------- */

/* Whether an item is the record that its tag says. */
static bool read_item(const spool_view_t *view, const spool_item_t *item, cbor_reader_t *reader,
                      record_t *record) {
    *reader = (cbor_reader_t){.data = spool_item_payload(view, item), .size = item->bytes};
    return record_read(reader, record) && reader->at == reader->size &&
           record->kind == spool_tag_kind(item->tag);
}

static void say_sequence(FILE *out, const spool_view_t *view, const spool_item_t *item) {
    cbor_reader_t reader;
    record_t record;
    if (read_item(view, item, &reader, &record)) {
        say(out, "%" PRId64, record.sequence);
    } else {
        say(out, "-");
    }
}

static void say_where(FILE *out, const spool_view_t *view, const spool_ring_t *ring,
                      const spool_item_t *item) {
    say(out, "%s %" PRIu32 " %" PRIu32 " " BOOT " %c %" PRIu32 " ", ring_name(view, ring),
        item->block, item->offset, item->boot, spool_tag_kind(item->tag), item->bytes);
    say_sequence(out, view, item);
}

static void print_waiting(void *context, const spool_view_t *view, const spool_ring_t *ring,
                          const spool_item_t *item) {
    FILE *const out = context;
    say_where(out, view, ring, item);
    say(out, "\n");
}

static void print_any(void *context, const spool_view_t *view, const spool_ring_t *ring,
                      const spool_item_t *item) {
    FILE *const out = context;
    say_where(out, view, ring, item);
    say(out, " %s\n", item->waits ? "waits" : "gone");
}

static void print_record(void *context, const spool_view_t *view, const spool_ring_t *ring,
                         const spool_item_t *item) {
    cbor_reader_t reader;
    record_t record;
    (void)ring;
    if (read_item(view, item, &reader, &record)) {
        record_print_of_boot(context, &reader, &record, item->boot);
    }
}

static void write_record(void *context, const spool_view_t *view, const spool_ring_t *ring,
                         const spool_item_t *item) {
    (void)ring;
    (void)fwrite(spool_item_payload(view, item), 1, item->bytes, context);
}

static void count_unreadable(void *context, const spool_view_t *view, const spool_ring_t *ring,
                             const spool_item_t *item) {
    uint32_t *const count = context;
    cbor_reader_t reader;
    record_t record;
    (void)ring;
    *count += read_item(view, item, &reader, &record) ? 0 : 1;
}

void spool_print_waiting(FILE *out, const spool_view_t *view) {
    spool_view_deliver(view, print_waiting, out);
}

void spool_print_all(FILE *out, const spool_view_t *view) {
    for (uint32_t i = 0; i < view->ring_count; i++) {
        spool_ring_records(view, &view->rings[i], print_any, out);
    }
}

void spool_print_records(FILE *out, const spool_view_t *view) {
    spool_view_deliver(view, print_record, out);
}

void spool_write_records(FILE *out, const spool_view_t *view) {
    spool_view_deliver(view, write_record, out);
}

uint32_t spool_unreadable(const spool_view_t *view) {
    uint32_t count = 0;
    spool_view_deliver(view, count_unreadable, &count);
    return count;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static const char *place_of(const spool_ring_t *ring, uint32_t number) {
    if (number == ring->head) {
        return number == ring->tail ? "head and tail" : "head";
    }
    return number == ring->tail ? "tail" : "waiting";
}

static void say_state(FILE *out, const spool_ring_t *ring, const spool_block_t *block) {
    switch (block->state) {
    case SPOOL_ERASED: say(out, "erased"); break;
    case SPOOL_DESTROYED: say(out, "zeros"); break;
    case SPOOL_FOREIGN: say(out, "foreign format %u", block->format); break;
    case SPOOL_UNFIT: say(out, "does not fit"); break;
    case SPOOL_STALE: say(out, "stale"); break;
    case SPOOL_GONE: say(out, "gone"); break;
    case SPOOL_WAITING: say(out, "%s", place_of(ring, block->number)); break;
    case SPOOL_UNFINISHED: say(out, "unfinished"); break;
    case SPOOL_IDLE:
    case SPOOL_BROKEN:
    default: say(out, "damaged header"); break;
    }
    if (block->has_number && !block->has_header) {
        say(out, ", damaged header");
    }
}

static void print_block(FILE *out, const spool_view_t *view, uint32_t index) {
    const spool_block_t *const block = &view->blocks[index];
    const spool_ring_t *const ring = spool_view_ring(view, index);
    say(out, "block %" PRIu32 ": %s", index, ring_name(view, ring));
    if (block->has_number) {
        say(out, " %" PRIu32 ", boot " BOOT, block->number, block->boot);
    }
    say(out, ", ");
    say_state(out, ring, block);
    if (block->has_number) {
        say(out, ", %" PRIu32 " entries", block->entries);
    }
    if (block->used > 0) {
        say(out, ", %" PRIu32 " bytes", block->used);
    }
    say(out, "\n");
}

static void print_checkpoint(FILE *out, const spool_checkpoint_t *checkpoint) {
    say(out, "checkpoint, boot " BOOT ", %" PRIu32 " put, oldest at %" PRIu32 ":%" PRIu32,
        checkpoint->boot, checkpoint->records, checkpoint->number - checkpoint->tail_back,
        checkpoint->tail_offset);
    say(out, " is %" PRIu32 " of boot " BOOT ", unix %" PRIu32 ", largest %u, quiet %u",
        checkpoint->tail_records, checkpoint->tail_boot, checkpoint->unix_s, checkpoint->largest,
        checkpoint->quiet_boots);
}

static void print_item(FILE *out, const spool_view_t *view, const spool_item_t *item) {
    say(out, "    %" PRIu32 ": ", item->offset);
    switch ((enum spool_item_kind)item->kind) {
    case SPOOL_CHECKPOINT: {
        const spool_checkpoint_t checkpoint = spool_item_checkpoint(view, item);
        print_checkpoint(out, &checkpoint);
        break;
    }
    case SPOOL_RECORD:
        say(out, "%s %c, boot " BOOT ", q ", spool_tag_class(item->tag) == 0 ? "urgent" : "routine",
            spool_tag_kind(item->tag), item->boot);
        say_sequence(out, view, item);
        say(out, ", %" PRIu32 " bytes%s", item->bytes, item->waits ? ", waits" : "");
        break;
    case SPOOL_ZEROS: say(out, "zeros"); break;
    case SPOOL_TORN: say(out, "torn, %" PRIu32 " bytes", item->bytes); break;
    case SPOOL_DAMAGED: say(out, "damaged, %" PRIu32 " bytes", item->bytes); break;
    case SPOOL_UNKNOWN:
    default: say(out, "unknown tag %u, %" PRIu32 " bytes", item->tag, item->bytes); break;
    }
    say(out, "\n");
}

/* ---- rings ----------------------------------------------------------------------------------- */

typedef struct {
    FILE *out;
    uint32_t kinds[KINDS];
    uint64_t boot; /* of the records counted last */
    uint32_t of_boot;
} summary_t;

static void end_boot(summary_t *summary, uint64_t boot) {
    if (summary->of_boot > 0) {
        say(summary->out, " " BOOT " %" PRIu32, summary->boot, summary->of_boot);
    }
    summary->boot = boot;
    summary->of_boot = 0;
}

static void sum_up(void *context, const spool_view_t *view, const spool_ring_t *ring,
                   const spool_item_t *item) {
    summary_t *const summary = context;
    (void)view;
    (void)ring;
    if (item->boot != summary->boot) {
        end_boot(summary, item->boot);
    }
    summary->of_boot++;
    summary->kinds[(uint8_t)spool_tag_kind(item->tag)]++;
}

static void say_count(FILE *out, uint32_t count, const char *what) {
    if (count > 0) {
        say(out, ", %" PRIu32 " %s", count, what);
    }
}

static void print_ring(FILE *out, const spool_view_t *view, const spool_ring_t *ring) {
    summary_t summary = {.out = out};
    say(out, "%s: ", ring_name(view, ring));
    if (ring->has_head) {
        say(out, "%" PRIu32 " put, %" PRIu32 " gone, %" PRIu32 " waiting", ring->put,
            ring->state.tail_records, ring->waiting);
    } else {
        say(out, "nothing");
    }
    say_count(out, ring->missing, "missing");
    say_count(out, ring->given_up, "given up");
    say_count(out, ring->twice, "twice");
    say_count(out, ring->damaged, "damaged");
    say_count(out, ring->torn, "torn");
    say(out, "\n");
    if (ring->waiting > 0) {
        say(out, "    boots");
        spool_ring_waiting(view, ring, sum_up, &summary);
        end_boot(&summary, 0);
        say(out, "\n    kinds");
        for (uint32_t i = 0; i < KINDS; i++) {
            if (summary.kinds[i] > 0) {
                say(out, " %c %" PRIu32, (char)i, summary.kinds[i]);
            }
        }
        say(out, "\n");
    }
}

void spool_print_blocks(FILE *out, const spool_view_t *view, bool has_items) {
    for (uint32_t i = 0; i < view->image.blocks; i++) {
        const spool_block_t *const block = &view->blocks[i];
        print_block(out, view, i);
        for (size_t at = 0; has_items && at < block->items; at++) {
            print_item(out, view, &view->items[block->first_item + at]);
        }
    }
    for (uint32_t i = 0; i < view->ring_count; i++) {
        print_ring(out, view, &view->rings[i]);
    }
    const uint32_t unreadable = spool_unreadable(view);
    if (unreadable > 0) {
        say(out, "waiting, but no records: %" PRIu32 "\n", unreadable);
    }
}
