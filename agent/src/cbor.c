/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

#include <string.h>

enum major {
    MAJOR_UNSIGNED = 0x00,
    MAJOR_NEGATIVE = 0x20,
    MAJOR_TEXT = 0x60,
    MAJOR_ARRAY = 0x80,
    MAJOR_MAP = 0xA0,
    ARRAY_OPEN = 0x9F,
    BREAK = 0xFF,
};

void tally_cbor_begin(tally_cbor_t *cbor, uint8_t *buffer, uint32_t size) {
    cbor->buffer = buffer;
    cbor->size = size;
    cbor->used = 0;
}

bool tally_cbor_overflowed(const tally_cbor_t *cbor) {
    return cbor->used > cbor->size;
}

/* Room for `bytes`, or NULL; counts them in either case. Once one piece did not fit, `used` is
 * beyond `size` and no later one does. */
static uint8_t *room(tally_cbor_t *cbor, uint32_t bytes) {
    const uint32_t at = cbor->used;
    cbor->used = at + bytes;
    return cbor->used <= cbor->size ? cbor->buffer + at : NULL;
}

static void put_byte(tally_cbor_t *cbor, uint8_t byte) {
    uint8_t *const out = room(cbor, 1);
    if (out != NULL) {
        *out = byte;
    }
}

/* A head with its argument in the fewest bytes (RFC 8949 4.2.1). */
static void put_head(tally_cbor_t *cbor, uint8_t major, uint64_t argument) {
    if (argument < 24) {
        put_byte(cbor, (uint8_t)(major | argument));
        return;
    }
    const uint32_t log2_bytes = argument <= UINT8_MAX    ? 0
                                : argument <= UINT16_MAX ? 1
                                : argument <= UINT32_MAX ? 2
                                                         : 3;
    const uint32_t bytes = 1u << log2_bytes;
    uint8_t *const out = room(cbor, 1 + bytes);
    if (out == NULL) {
        return;
    }
    out[0] = (uint8_t)(major | (24 + log2_bytes));
    for (uint32_t i = bytes; i > 0; i--) {
        out[i] = (uint8_t)argument;
        argument >>= 8;
    }
}

void tally_cbor_integer(tally_cbor_t *cbor, int64_t value) {
    if (value >= 0) {
        const int64_t most = TALLY_CBOR_INTEGER_MOST;
        put_head(cbor, MAJOR_UNSIGNED, (uint64_t)(value > most ? most : value));
    } else {
        const int64_t least = -TALLY_CBOR_INTEGER_MOST;
        put_head(cbor, MAJOR_NEGATIVE, (uint64_t)(-1 - (value < least ? least : value)));
    }
}

void tally_cbor_text(tally_cbor_t *cbor, const char *text, uint32_t length) {
    put_head(cbor, MAJOR_TEXT, length);
    uint8_t *const out = room(cbor, length);
    if (out != NULL) {
        memcpy(out, text, length);
    }
}

void tally_cbor_letter(tally_cbor_t *cbor, char letter) {
    tally_cbor_text(cbor, &letter, 1);
}

void tally_cbor_key(tally_cbor_t *cbor, const char key[2]) {
    uint8_t *const out = room(cbor, 3);
    if (out != NULL) {
        out[0] = MAJOR_TEXT + 2;
        out[1] = (uint8_t)key[0];
        out[2] = (uint8_t)key[1];
    }
}

void tally_cbor_map(tally_cbor_t *cbor, uint32_t pairs) {
    put_head(cbor, MAJOR_MAP, pairs);
}

void tally_cbor_array(tally_cbor_t *cbor, uint32_t items) {
    put_head(cbor, MAJOR_ARRAY, items);
}

void tally_cbor_array_open(tally_cbor_t *cbor) {
    put_byte(cbor, ARRAY_OPEN);
}

void tally_cbor_array_close(tally_cbor_t *cbor) {
    put_byte(cbor, BREAK);
}
