/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBOR_ITEMS_H
#define CBOR_ITEMS_H
/*
 * A reader of the CBOR that tally speaks (RFC 8949 4.2.1) and of nothing else: integers within
 * 2^53, UTF-8 texts, booleans, arrays and maps, each in its shortest form. It looks at no byte
 * beyond `size`, and after the first error it reads nothing any more.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data;
    size_t size;
    size_t at;
    const char *error; /* NULL: none so far */
    size_t error_at;   /* the byte where the item begins that is wrong */
} cbor_reader_t;

enum cbor_type { CBOR_INTEGER, CBOR_TEXT, CBOR_BOOL, CBOR_ARRAY, CBOR_MAP, CBOR_BREAK };

typedef struct {
    enum cbor_type type;
    bool indefinite;  /* of arrays; all else is definite */
    int64_t integer;  /* of integers, and 0 or 1 of booleans */
    uint32_t count;   /* elements of an array, pairs of a map */
    const char *text; /* inside the data, without NUL */
    size_t text_bytes;
    size_t at; /* where the item begins */
} cbor_item_t;

/* Reads the head of the next item, of texts the whole. False after an error, this one or before. */
bool cbor_next(cbor_reader_t *reader, cbor_item_t *item);

/* The same, of one type only; `wanted` says which in the error. */
bool cbor_expect(cbor_reader_t *reader, enum cbor_type type, const char *wanted, cbor_item_t *item);

/* A key of a map: a text that comes after `before`, the key ahead of it, in the order of their
 * encoded bytes. `before` is updated; it begins as {0}. */
bool cbor_key(cbor_reader_t *reader, cbor_item_t *before);

/* Whether a text item is this text. */
bool cbor_is(const cbor_item_t *item, const char *text);

/* Makes `why` the error of the reader, at byte `at`, unless it has one. Returns false. */
bool cbor_fail(cbor_reader_t *reader, size_t at, const char *why);

#endif
