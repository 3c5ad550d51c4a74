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

enum { HEAD_BYTES = 9, KEY_BYTES = 3 };

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

static void write_32(uint8_t *out, uint32_t value) {
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

/* Writes a head with its argument in the fewest bytes (RFC 8949 4.2.1); returns their end. */
static inline uint8_t *write_head(uint8_t *out, uint8_t major, uint64_t argument) {
    if (argument < 24) {
        *out = (uint8_t)(major | argument);
        return out + 1;
    }
    if (argument <= UINT8_MAX) {
        out[0] = (uint8_t)(major | 24);
        out[1] = (uint8_t)argument;
        return out + 2;
    }
    if (argument <= UINT16_MAX) {
        out[0] = (uint8_t)(major | 25);
        out[1] = (uint8_t)(argument >> 8);
        out[2] = (uint8_t)argument;
        return out + 3;
    }
    if (argument <= UINT32_MAX) {
        out[0] = (uint8_t)(major | 26);
        write_32(out + 1, (uint32_t)argument);
        return out + 5;
    }
    out[0] = (uint8_t)(major | 27);
    write_32(out + 1, (uint32_t)(argument >> 32));
    write_32(out + 5, (uint32_t)argument);
    return out + HEAD_BYTES;
}

static void put_head(tally_cbor_t *cbor, uint8_t major, uint64_t argument) {
    uint8_t head[HEAD_BYTES];
    const uint32_t bytes = (uint32_t)(write_head(head, major, argument) - head);
    uint8_t *const out = room(cbor, bytes);
    if (out != NULL) {
        memcpy(out, head, bytes);
    }
}

static inline uint8_t *write_integer(uint8_t *out, int64_t value) {
    if (value >= 0) {
        const int64_t most = TALLY_CBOR_INTEGER_MOST;
        return write_head(out, MAJOR_UNSIGNED, (uint64_t)(value > most ? most : value));
    }
    const int64_t least = -TALLY_CBOR_INTEGER_MOST;
    return write_head(out, MAJOR_NEGATIVE, (uint64_t)(-1 - (value < least ? least : value)));
}

void tally_cbor_integer(tally_cbor_t *cbor, int64_t value) {
    uint8_t head[HEAD_BYTES];
    const uint32_t bytes = (uint32_t)(write_integer(head, value) - head);
    uint8_t *const out = room(cbor, bytes);
    if (out != NULL) {
        memcpy(out, head, bytes);
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
    uint8_t *const out = room(cbor, 2);
    if (out != NULL) {
        out[0] = MAJOR_TEXT + 1;
        out[1] = (uint8_t)letter;
    }
}

static void write_key(uint8_t *out, const char key[2]) {
    out[0] = MAJOR_TEXT + 2;
    out[1] = (uint8_t)key[0];
    out[2] = (uint8_t)key[1];
}

void tally_cbor_key(tally_cbor_t *cbor, const char key[2]) {
    uint8_t *const out = room(cbor, KEY_BYTES);
    if (out != NULL) {
        write_key(out, key);
    }
}

void tally_cbor_field(tally_cbor_t *cbor, const char key[2], int64_t value) {
    const uint32_t at = cbor->used;
    if (at + KEY_BYTES + HEAD_BYTES <= cbor->size) {
        uint8_t *const out = cbor->buffer + at;
        write_key(out, key);
        if (value >= 0 && value < 24) {
            out[KEY_BYTES] = (uint8_t)value;
            cbor->used = at + KEY_BYTES + 1;
            return;
        }
        cbor->used = at + (uint32_t)(write_integer(out + KEY_BYTES, value) - out);
    } else {
        tally_cbor_key(cbor, key);
        tally_cbor_integer(cbor, value);
    }
}

void tally_cbor_map(tally_cbor_t *cbor, uint32_t pairs) {
    put_head(cbor, MAJOR_MAP, pairs);
}

uint32_t tally_cbor_map_open(tally_cbor_t *cbor) {
    const uint32_t begin = cbor->used;
    put_byte(cbor, MAJOR_MAP);
    return begin;
}

void tally_cbor_map_close(tally_cbor_t *cbor, uint32_t begin, uint32_t pairs) {
    const uint32_t more = pairs < 24 ? 0 : 1;
    const uint32_t after = cbor->used - begin - 1;
    if (room(cbor, more) == NULL) {
        return;
    }
    uint8_t *const head = cbor->buffer + begin;
    if (more != 0) {
        memmove(head + 2, head + 1, after);
    }
    (void)write_head(head, MAJOR_MAP, pairs);
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
