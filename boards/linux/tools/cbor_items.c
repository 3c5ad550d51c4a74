/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_items.h"

#include <string.h>

#include "utf8.h"

#define EXACT_LIMIT (UINT64_C(1) << 53) /* beyond it not every reader of JSON is exact */

enum major {
    MAJOR_UINT,
    MAJOR_NEGATIVE,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_ARRAY,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE,
};

enum {
    INFO_DIRECT = 24, /* below: the argument itself */
    INFO_LONGEST = 27,
    INFO_INDEFINITE = 31,
    SIMPLE_FALSE = 20,
    SIMPLE_TRUE = 21,
};

bool cbor_fail(cbor_reader_t *reader, size_t at, const char *why) {
    if (reader->error == NULL) {
        reader->error = why;
        reader->error_at = at;
    }
    return false;
}

static bool read_argument(cbor_reader_t *reader, size_t start, uint8_t info, uint64_t *out) {
    static const uint64_t smallest[] = {INFO_DIRECT, 1 << 8, 1 << 16, UINT64_C(1) << 32};
    *out = info;
    if (info < INFO_DIRECT || info == INFO_INDEFINITE) {
        return true;
    }
    if (info > INFO_LONGEST) {
        return cbor_fail(reader, start, "reserved length of an argument");
    }
    const uint32_t size_code = (uint32_t)info - INFO_DIRECT;
    const size_t bytes = (size_t)1 << size_code;
    if (bytes > reader->size - reader->at) {
        return cbor_fail(reader, start, "cut short");
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | reader->data[reader->at++];
    }
    *out = value;
    return value >= smallest[size_code] || cbor_fail(reader, start, "not in its shortest form");
}

static bool read_integer(cbor_reader_t *reader, bool negative, uint64_t argument,
                         cbor_item_t *item) {
    if (argument > EXACT_LIMIT || (negative && argument == EXACT_LIMIT)) {
        return cbor_fail(reader, item->at, "an integer beyond 2^53");
    }
    item->type = CBOR_INTEGER;
    item->integer = negative ? -1 - (int64_t)argument : (int64_t)argument;
    return true;
}

static bool read_text(cbor_reader_t *reader, uint64_t bytes, cbor_item_t *item) {
    if (bytes > reader->size - reader->at) {
        return cbor_fail(reader, item->at, "cut short");
    }
    item->type = CBOR_TEXT;
    item->text = (const char *)reader->data + reader->at;
    item->text_bytes = (size_t)bytes;
    reader->at += item->text_bytes;
    return utf8_valid(item->text, item->text_bytes) ||
           cbor_fail(reader, item->at, "a text that is not UTF-8");
}

/* An item takes a byte at least, so a count above the bytes that are left is a lie. */
static bool read_container(cbor_reader_t *reader, enum cbor_type type, uint64_t count,
                           cbor_item_t *item) {
    const size_t left = reader->size - reader->at;
    item->type = type;
    if (count > UINT32_MAX || count > (type == CBOR_MAP ? left / 2 : left)) {
        return cbor_fail(reader, item->at, "cut short");
    }
    item->count = (uint32_t)count;
    return true;
}

static bool read_simple(cbor_reader_t *reader, uint8_t info, cbor_item_t *item) {
    switch (info) {
    case SIMPLE_FALSE:
    case SIMPLE_TRUE:
        item->type = CBOR_BOOL;
        item->integer = info == SIMPLE_TRUE;
        return true;
    case INFO_INDEFINITE: item->type = CBOR_BREAK; return true;
    default: return cbor_fail(reader, item->at, "a float, a null or a simple value");
    }
}

bool cbor_next(cbor_reader_t *reader, cbor_item_t *item) {
    *item = (cbor_item_t){.at = reader->at};
    if (reader->error != NULL) {
        return false;
    }
    if (reader->at >= reader->size) {
        return cbor_fail(reader, reader->at, "cut short");
    }
    const uint8_t first = reader->data[reader->at++];
    const enum major major = (enum major)(first >> 5);
    const uint8_t info = first & 0x1Fu;
    if (major == MAJOR_SIMPLE) {
        return read_simple(reader, info, item);
    }
    item->indefinite = info == INFO_INDEFINITE;
    if (item->indefinite && major != MAJOR_ARRAY) {
        return cbor_fail(reader, item->at, "indefinite length");
    }
    uint64_t argument = 0;
    if (!read_argument(reader, item->at, info, &argument)) {
        return false;
    }
    switch (major) {
    case MAJOR_UINT: return read_integer(reader, false, argument, item);
    case MAJOR_NEGATIVE: return read_integer(reader, true, argument, item);
    case MAJOR_TEXT: return read_text(reader, argument, item);
    case MAJOR_ARRAY:
        return read_container(reader, CBOR_ARRAY, item->indefinite ? 0 : argument, item);
    case MAJOR_MAP: return read_container(reader, CBOR_MAP, argument, item);
    default: return cbor_fail(reader, item->at, "a byte string or a tag");
    }
}

bool cbor_expect(cbor_reader_t *reader, enum cbor_type type, const char *wanted,
                 cbor_item_t *item) {
    return cbor_next(reader, item) && (item->type == type || cbor_fail(reader, item->at, wanted));
}

/* Shorter texts have the smaller head; of equal length the bytes decide. */
static bool is_after(const cbor_item_t *key, const cbor_item_t *before) {
    if (key->text_bytes != before->text_bytes) {
        return key->text_bytes > before->text_bytes;
    }
    return memcmp(key->text, before->text, key->text_bytes) > 0;
}

bool cbor_key(cbor_reader_t *reader, cbor_item_t *before) {
    cbor_item_t key;
    if (!cbor_expect(reader, CBOR_TEXT, "a key that is not a text", &key)) {
        return false;
    }
    if (before->text != NULL && !is_after(&key, before)) {
        return cbor_fail(reader, key.at, "a key that is there twice or out of order");
    }
    *before = key;
    return true;
}

bool cbor_is(const cbor_item_t *item, const char *text) {
    return item->type == CBOR_TEXT && item->text_bytes == strlen(text) &&
           memcmp(item->text, text, item->text_bytes) == 0;
}
