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

enum {
    KEY_BYTES = 3,
    FIELD_BYTES = 8, /* with a number of 32 bits */
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

static void put(tally_cbor_t *cbor, const void *data, uint32_t bytes) {
    uint8_t *const out = room(cbor, bytes);
    if (out != NULL) {
        memcpy(out, data, bytes);
    }
}

static void put_byte(tally_cbor_t *cbor, uint8_t byte) {
    uint8_t *const out = room(cbor, 1);
    if (out != NULL) {
        *out = byte;
    }
}

/* A head with its argument in the fewest bytes (RFC 8949 4.2.1). */
static void put_head(tally_cbor_t *cbor, uint8_t major, uint64_t argument) {
    const uint32_t high = (uint32_t)(argument >> 32);
    const uint32_t low = (uint32_t)argument;
    const uint32_t size = high != 0 ? 3 : low > UINT16_MAX ? 2 : low > UINT8_MAX ? 1 : 0;
    const uint32_t more = high == 0 && low < 24 ? 0 : UINT32_C(1) << size;
    uint8_t *const out = room(cbor, 1 + more);
    if (out == NULL) {
        return;
    }
    out[0] = (uint8_t)(major | (more == 0 ? low : 24 + size));
    for (uint32_t i = more; i > 0; i--) {
        out[i] = (uint8_t)argument;
        argument >>= 8;
    }
}

void tally_cbor_integer(tally_cbor_t *cbor, int64_t value) {
    const int64_t most = TALLY_CBOR_INTEGER_MOST;
    if (value >= 0) {
        put_head(cbor, MAJOR_UNSIGNED, (uint64_t)(value < most ? value : most));
    } else {
        put_head(cbor, MAJOR_NEGATIVE, (uint64_t)(-1 - (value > -most ? value : -most)));
    }
}

void tally_cbor_text(tally_cbor_t *cbor, const char *text, uint32_t length) {
    put_head(cbor, MAJOR_TEXT, length);
    put(cbor, text, length);
}

void tally_cbor_letter(tally_cbor_t *cbor, char letter) {
    uint8_t *const out = room(cbor, 2);
    if (out != NULL) {
        out[0] = MAJOR_TEXT + 1;
        out[1] = (uint8_t)letter;
    }
}

static void write_key(uint8_t *out, uint32_t key) {
    const uint32_t letters = tally_cbor_letters(key);
    out[0] = MAJOR_TEXT + 2;
    out[1] = (uint8_t)letters;
    out[2] = (uint8_t)(letters >> 8);
}

void tally_cbor_key(tally_cbor_t *cbor, uint32_t key) {
    uint8_t *const out = room(cbor, KEY_BYTES);
    if (out != NULL) {
        write_key(out, key);
    }
}

void tally_cbor_field(tally_cbor_t *cbor, uint32_t key, int64_t value) {
    const uint32_t at = cbor->used;
    const uint32_t number = (uint32_t)value;
    if (at + FIELD_BYTES > cbor->size || value != number) {
        tally_cbor_key(cbor, key);
        tally_cbor_integer(cbor, value);
        return;
    }
    uint8_t *const out = cbor->buffer + at;
    write_key(out, key);
    if (number < 24) {
        out[3] = (uint8_t)number;
        cbor->used = at + 4;
    } else if (number <= UINT8_MAX) {
        out[3] = 24;
        out[4] = (uint8_t)number;
        cbor->used = at + 5;
    } else if (number <= UINT16_MAX) {
        out[3] = 25;
        out[4] = (uint8_t)(number >> 8);
        out[5] = (uint8_t)number;
        cbor->used = at + 6;
    } else {
        out[3] = 26;
        out[4] = (uint8_t)(number >> 24);
        out[5] = (uint8_t)(number >> 16);
        out[6] = (uint8_t)(number >> 8);
        out[7] = (uint8_t)number;
        cbor->used = at + FIELD_BYTES;
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
    cbor->used += more;
    if (tally_cbor_overflowed(cbor)) {
        return;
    }
    uint8_t *const head = cbor->buffer + begin;
    head[0] = (uint8_t)(MAJOR_MAP | (more != 0 ? 24 : pairs));
    if (more != 0) {
        memmove(head + 2, head + 1, after);
        head[1] = (uint8_t)pairs;
    }
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
