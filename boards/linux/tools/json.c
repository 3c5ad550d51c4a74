/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "say.h"

void json_text(FILE *out, const char *text, size_t bytes) {
    say(out, "\"");
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char character = (unsigned char)text[i];
        if (character == '"' || character == '\\') {
            say(out, "\\%c", character);
        } else if (character < ' ' || character == 0x7F) {
            say(out, "\\u%04x", character);
        } else {
            (void)fputc(character, out);
        }
    }
    say(out, "\"");
}

void json_string(FILE *out, const char *text) {
    json_text(out, text, strlen(text));
}

static void put_lower(FILE *out, const char *identifier) {
    for (; *identifier != '\0'; identifier++) {
        say(out, "%c", tolower((unsigned char)*identifier));
    }
}

void json_name(FILE *out, const char *identifier, const char *suffix) {
    say(out, "\"");
    put_lower(out, identifier);
    say(out, "%s", suffix[0] != '\0' ? "_" : "");
    put_lower(out, suffix);
    say(out, "\"");
}

/* A container whose elements are being read. */
typedef struct {
    cbor_item_t key; /* the last one of a map */
    uint32_t left;
    bool is_map;
    bool begun; /* it has an element already */
} frame_t;

static void put(FILE *out, const char *text) {
    if (out != NULL) {
        say(out, "%s", text);
    }
}

static void put_scalar(FILE *out, const cbor_item_t *item) {
    if (out == NULL) {
        return;
    }
    switch (item->type) {
    case CBOR_INTEGER: say(out, "%" PRId64, item->integer); break;
    case CBOR_BOOL: say(out, "%s", item->integer != 0 ? "true" : "false"); break;
    default: json_text(out, item->text, item->text_bytes); break;
    }
}

/* What stands before an element: a comma, and in a map its key. */
static bool begin_element(FILE *out, cbor_reader_t *reader, frame_t *frame) {
    put(out, frame->begun ? "," : "");
    frame->begun = true;
    frame->left--;
    if (!frame->is_map) {
        return true;
    }
    if (!cbor_key(reader, &frame->key)) {
        return false;
    }
    put_scalar(out, &frame->key);
    put(out, ":");
    return true;
}

bool json_value(FILE *out, cbor_reader_t *reader) {
    frame_t frames[JSON_DEEPEST];
    uint32_t depth = 0;
    do {
        cbor_item_t item;
        if (depth > 0 && !begin_element(out, reader, &frames[depth - 1])) {
            return false;
        }
        if (!cbor_next(reader, &item)) {
            return false;
        }
        if (item.type == CBOR_BREAK || item.indefinite) {
            return cbor_fail(reader, item.at, "a break or an indefinite length");
        }
        if (item.type != CBOR_ARRAY && item.type != CBOR_MAP) {
            put_scalar(out, &item);
        } else if (depth == JSON_DEEPEST) {
            return cbor_fail(reader, item.at, "nested too deep");
        } else {
            const bool is_map = item.type == CBOR_MAP;
            put(out, is_map ? "{" : "[");
            frames[depth++] = (frame_t){.left = item.count, .is_map = is_map};
        }
        while (depth > 0 && frames[depth - 1].left == 0) {
            put(out, frames[--depth].is_map ? "}" : "]");
        }
    } while (depth > 0);
    return true;
}
