/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_CBOR_H
#define TALLY_SRC_CBOR_H
/*
 * A CBOR writer (RFC 8949) for the subset tally sends: integers, text, maps, arrays; shortest
 * heads, definite lengths but for one open array. It never fails in the middle: what does not fit
 * is left out but still counted, so that callers write straight lists and look once at the end.
 * With size 0 the same calls compute the size.
 */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t *buffer;
    uint32_t size; /* of the buffer */
    uint32_t used; /* bytes written or, beyond `size`, wanted */
} tally_cbor_t;

/* Every integer on the wire lies within +-2^53, which a JSON number carries exactly. */
#define TALLY_CBOR_INTEGER_MOST (INT64_C(1) << 53)

void tally_cbor_begin(tally_cbor_t *cbor, uint8_t *buffer, uint32_t size);

/* Whether something was left out. */
bool tally_cbor_overflowed(const tally_cbor_t *cbor);

/* An integer, brought into +-2^53 first: a counter that has come this far stands still. */
void tally_cbor_integer(tally_cbor_t *cbor, int64_t value);

/* UTF-8 text of `length` bytes. */
void tally_cbor_text(tally_cbor_t *cbor, const char *text, uint32_t length);

/* A key of a letter and a letter or digit in 11 bits: without what all letters have in common. */
#define TALLY_CBOR_KEY(first, second)                                                              \
    (((uint32_t)(first)&0x1Fu) | ((uint32_t)(second)&0x1Fu) << 5 | ((uint32_t)(second)&0x40u) << 4)

/* Its two bytes, the first in the lower. */
static inline uint32_t tally_cbor_letters(uint32_t key) {
    const uint32_t letters = (key & 0x1Fu) + (key & 0x7E0u) * 8;
    return letters + (letters & 0x2000u) + 0x2060u;
}

/* A key of one letter, and of two. */
void tally_cbor_letter(tally_cbor_t *cbor, char letter);
void tally_cbor_key(tally_cbor_t *cbor, uint32_t key);

/* A key of two letters and an integer: most of what records are made of. Looks once whether the
 * largest such pair fits, and byte by byte only if not. */
void tally_cbor_field(tally_cbor_t *cbor, uint32_t key, int64_t value);

/* The head of a map with that many pairs, which follow. */
void tally_cbor_map(tally_cbor_t *cbor, uint32_t pairs);

/* A map of up to 255 pairs that are counted while they are written: returns where it begins, which
 * its end takes back with the count. */
uint32_t tally_cbor_map_open(tally_cbor_t *cbor);
void tally_cbor_map_close(tally_cbor_t *cbor, uint32_t begin, uint32_t pairs);

/* The head of an array with that many items, which follow. */
void tally_cbor_array(tally_cbor_t *cbor, uint32_t items);

/* An array without a length given before, and its end. */
void tally_cbor_array_open(tally_cbor_t *cbor);
void tally_cbor_array_close(tally_cbor_t *cbor);

#endif
