/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_READ_H
#define RECORD_READ_H
/* Upload bodies and bare records, taken apart. */
#include <stdbool.h>
#include <stdint.h>

#include "cbor_items.h"

#define RECORD_KEYS_MAX 32u /* of one record besides its own; a group takes one */
#define RECORD_ABSENT   INT64_C(-1)

/* What a body says about all its records; `present` is false for a bare record. */
typedef struct {
    bool present;
    cbor_item_t device;
    cbor_item_t operator_id;
    int64_t boot;
    int64_t sent_uptime_ms;
    int64_t sent_wall_ms;
} record_head_t;

/* A key of a record, and where its value begins. */
typedef struct {
    cbor_item_t key;
    size_t value_at;
} record_field_t;

/* A record that was read to its end and is good. Besides sequence and uptime all may be absent. */
typedef struct {
    size_t at; /* where it begins */
    char kind;
    int64_t sequence;
    int64_t session;
    int64_t stream; /* of that session */
    int64_t uptime_ms;
    int64_t wall_ms;
    uint32_t count;
    record_field_t fields[RECORD_KEYS_MAX]; /* all other keys */
} record_t;

/* Who gets the records, each when it was read; the reader is for its values and stays as it is. */
typedef struct {
    void (*take)(void *context, const cbor_reader_t *reader, const record_head_t *head,
                 const record_t *record);
    void *context;
} record_taker_t;

/* Reads one record; false with the reader's error. */
bool record_read(cbor_reader_t *reader, record_t *record);

/* Gives all records of the next upload body, or the next bare record, to the taker, and none that
 * is not good to its end. False with the reader's error. */
bool record_read_next(cbor_reader_t *reader, const record_taker_t *taker);

/* The one letter of a key, or 0. */
char record_letter(const cbor_item_t *key);

/* The next item, without taking it. */
cbor_item_t record_peek(const cbor_reader_t *reader);

#endif
