/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_CBOR_READ_H
#define TALLY_SRC_CBOR_READ_H
/*
 * Reads CBOR (RFC 8949) that somebody else has made, in deterministic encoding (4.2.1) as tally
 * itself writes it: shortest heads, definite lengths, no floats, no tags but where one is asked
 * for. Whatever is not there makes the reader fail for good: every later call says so again and
 * gives 0, so that a whole map can be read before one look at `failed`.
 */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at; /* what is read lives as long as the caller's bytes */
    uint32_t left;
    bool failed; /* callers may set it, for what they do not take */
} tally_cbor_reader_t;

enum tally_cbor_major {
    TALLY_CBOR_UNSIGNED = 0,
    TALLY_CBOR_NEGATIVE = 1,
    TALLY_CBOR_BYTES = 2,
    TALLY_CBOR_TEXT = 3,
    TALLY_CBOR_ARRAY = 4,
    TALLY_CBOR_MAP = 5,
    TALLY_CBOR_TAG = 6,
};

/* At most 32,768 bytes. */
void tally_cbor_read_begin(tally_cbor_reader_t *reader, const uint8_t *data, uint32_t bytes);

/* The next item's number, length or count if it is of this type and below 2^32; it is consumed, the
 * bytes of a string are not. */
uint32_t tally_cbor_read_head(tally_cbor_reader_t *reader, enum tally_cbor_major major);

/* The next item if it is an integer within +-2^53. */
int64_t tally_cbor_read_integer(tally_cbor_reader_t *reader);

/* A string of bytes or of UTF-8 text, whole. NULL after a failure. */
const uint8_t *tally_cbor_read_string(tally_cbor_reader_t *reader, enum tally_cbor_major major,
                                      uint32_t *bytes);

/* Passes over one item with all that is in it: integers of 64 bits, strings, arrays, maps. The
 * order of keys in there is not looked at. */
void tally_cbor_read_skip(tally_cbor_reader_t *reader);

#endif
