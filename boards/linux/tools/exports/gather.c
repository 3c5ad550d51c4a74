/* SPDX-License-Identifier: Apache-2.0 */
#include "gather.h"

#include <stdlib.h>
#include <string.h>

#include "tally/enums.h"

#define ROOM_FIRST 64u

/* ---- reading -------------------------------------------------------------------------------- */

/* `array` with room for one element more, or NULL; what there is stays. */
static void *with_room(void *array, size_t count, size_t *room, size_t element_bytes) {
    if (count < *room) {
        return array;
    }
    const size_t larger = *room == 0 ? ROOM_FIRST : *room * 2;
    void *const moved = realloc(array, larger * element_bytes);
    if (moved != NULL) {
        *room = larger;
    }
    return moved;
}

static void add_body(gather_t *gather, const record_head_t *head) {
    gather_body_t *const bodies = with_room(gather->bodies, gather->body_count, &gather->body_room,
                                            sizeof(gather->bodies[0]));
    if (bodies == NULL) {
        gather->is_full = true;
        return;
    }
    gather->bodies = bodies;
    bodies[gather->body_count] = (gather_body_t){*head, gather->body_count, GATHER_UNKNOWN};
    gather->body_count++;
    gather->in_bare = !head->present;
}

static void add_record(gather_t *gather, const record_t *record) {
    gather_record_t *const records = with_room(gather->records, gather->record_count,
                                               &gather->record_room, sizeof(gather->records[0]));
    if (records == NULL) {
        gather->is_full = true;
        return;
    }
    gather->records = records;
    records[gather->record_count] =
        (gather_record_t){record->at, gather->body_count - 1, 0,
                          gather->in_bare ? (int64_t)gather->record_count : record->sequence};
    gather->record_count++;
}

static void take(void *context, const cbor_reader_t *reader, const record_head_t *head,
                 const record_t *record) {
    gather_t *const gather = context;
    (void)reader;
    const bool begins = head->present ? gather->is_fresh
                                      : !gather->in_bare || record->kind == (char)TALLY_RECORD_BOOT;
    gather->is_fresh = false;
    if (begins) {
        add_body(gather, head);
    }
    if (gather->is_full) {
        return;
    }
    add_record(gather, record);
    gather_body_t *const body = &gather->bodies[gather->body_count - 1];
    if (record->kind == (char)TALLY_RECORD_CLOCK && record->wall_ms != RECORD_ABSENT) {
        body->boot_wall_ms = record->wall_ms - record->uptime_ms;
    }
}

void gather_read(gather_t *gather, cbor_reader_t *reader) {
    const record_taker_t taker = {take, gather};
    gather->in_bare = false; /* another file is another boot, if nothing says which */
    do {
        gather->is_fresh = true;
    } while (reader->at < reader->size && record_read_next(reader, &taker) && !gather->is_full);
}

/* ---- order ---------------------------------------------------------------------------------- */

static int compare_sizes(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int compare_integers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_boots(const record_head_t *a, const record_head_t *b) {
    const cbor_item_t *const left = &a->device;
    const cbor_item_t *const right = &b->device;
    const int by_length = compare_sizes(left->text_bytes, right->text_bytes);
    const int by_text = by_length == 0 && left->text_bytes > 0
                            ? memcmp(left->text, right->text, left->text_bytes)
                            : by_length;
    return by_text != 0 ? by_text : compare_integers(a->boot, b->boot);
}

typedef struct {
    gather_body_t *body;
} body_at_t;

static int compare_bodies(const void *a, const void *b) {
    const gather_body_t *const left = ((const body_at_t *)a)->body;
    const gather_body_t *const right = ((const body_at_t *)b)->body;
    const int by_boot = compare_boots(&left->head, &right->head);
    return by_boot != 0 ? by_boot : compare_sizes(left->boot, right->boot);
}

/* Each body of uploads learns the number of its boot's first, which learns when the boot began. */
static void join_bodies(gather_t *gather) {
    body_at_t *const sorted = malloc((gather->body_count + 1) * sizeof(sorted[0]));
    if (sorted == NULL) {
        gather->is_full = true;
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < gather->body_count; i++) {
        if (gather->bodies[i].head.present) {
            sorted[count++].body = &gather->bodies[i];
        }
    }
    qsort(sorted, count, sizeof(sorted[0]), compare_bodies);
    for (size_t i = 1; i < count; i++) {
        if (compare_boots(&sorted[i - 1].body->head, &sorted[i].body->head) != 0) {
            continue;
        }
        sorted[i].body->boot = sorted[i - 1].body->boot;
        gather_body_t *const first = &gather->bodies[sorted[i].body->boot];
        if (first->boot_wall_ms == GATHER_UNKNOWN) {
            first->boot_wall_ms = sorted[i].body->boot_wall_ms;
        }
    }
    free(sorted);
}

static int compare_records(const void *a, const void *b) {
    const gather_record_t *const left = a;
    const gather_record_t *const right = b;
    const int by_boot = compare_sizes(left->boot, right->boot);
    const int by_sequence = compare_integers(left->sequence, right->sequence);
    if (by_boot != 0 || by_sequence != 0) {
        return by_boot != 0 ? by_boot : by_sequence;
    }
    return compare_sizes(left->at, right->at);
}

static void sort_records(gather_t *gather) {
    gather_record_t *const records = gather->records;
    const size_t count = gather->record_count;
    for (size_t i = 0; i < count; i++) {
        records[i].boot = gather->bodies[records[i].body].boot;
    }
    if (count > 0) {
        qsort(records, count, sizeof(records[0]), compare_records);
    }
    gather->record_count = 0;
    for (size_t i = 0; i < count; i++) {
        const gather_record_t *const last =
            &records[gather->record_count > 0 ? gather->record_count - 1 : 0];
        if (gather->record_count == 0 || last->boot != records[i].boot ||
            last->sequence != records[i].sequence) {
            records[gather->record_count++] = records[i];
        }
    }
}

void gather_sort(gather_t *gather) {
    join_bodies(gather);
    if (!gather->is_full) {
        sort_records(gather);
    }
}

void gather_free(gather_t *gather) {
    free(gather->bodies);
    free(gather->records);
    *gather = (gather_t){0};
}
