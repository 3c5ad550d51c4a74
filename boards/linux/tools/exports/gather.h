/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATHER_H
#define GATHER_H
/*
 * The records of all uploads in the order in which they were made. Uploads have urgent records
 * first and come again when an answer was lost: by (device, boot, sequence) each record is there
 * once and at its place. Boots stand in the order in which they first appear.
 *
 * Bare records say neither device nor boot: they keep their order, and a boot record begins a boot.
 */
#include "record_read.h"

#define GATHER_UNKNOWN INT64_MIN

typedef struct {
    record_head_t head;
    size_t boot;          /* the number of the first body of the same boot */
    int64_t boot_wall_ms; /* when the boot began, by its clock record; on the boot's first body */
} gather_body_t;

typedef struct {
    size_t at; /* where the record begins in the input */
    size_t body;
    size_t boot;      /* as the body has it, once they are in order */
    int64_t sequence; /* of bare records, their order */
} gather_record_t;

typedef struct {
    gather_body_t *bodies;
    gather_record_t *records;
    size_t body_count;
    size_t body_room;
    size_t record_count;
    size_t record_room;
    bool is_fresh; /* an upload or bare record is read of which no record was taken yet */
    bool in_bare;  /* the last body is of bare records */
    bool is_full;  /* no memory was left */
} gather_t;

/* Adds what the reader has left, up to its first error. */
void gather_read(gather_t *gather, cbor_reader_t *reader);

/* Once all is read: brings the records in order, each once. */
void gather_sort(gather_t *gather);

void gather_free(gather_t *gather);

#endif
