/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_read.h"

#include <stddef.h>

#include "cbor.h"
#include "text.h"

/* The lower 5 bits of a head's first byte: the argument itself, or that 1, 2, 4 or 8 bytes of it
 * follow. */
enum { INFO_BYTE = 24, INFO_8_BYTES = 27, INFO_MOST = 31, NO_MAJOR = 7 };

void tally_cbor_read_begin(tally_cbor_reader_t *reader, const uint8_t *data, uint32_t bytes) {
    *reader = (tally_cbor_reader_t){.at = data, .left = bytes};
}

static uint32_t next_major(const tally_cbor_reader_t *reader) {
    return reader->left > 0 && !reader->failed ? reader->at[0] >> 5 : NO_MAJOR;
}

/* Consumes the head that begins here. Gives its argument, or the lower half of one of 8 bytes. What
 * would have fitted a shorter form is refused: its upper half is 0 or, of a single byte, all but a
 * number below 24. */
static uint32_t take_head(tally_cbor_reader_t *reader) {
    uint32_t argument = reader->at[0] & INFO_MOST;
    uint32_t bytes = 0;
    if (argument >= INFO_BYTE) {
        bytes = UINT32_C(1) << (argument - INFO_BYTE);
        if (argument > INFO_8_BYTES || bytes >= reader->left) {
            reader->failed = true;
            return 0;
        }
        argument = 0;
        uint32_t upper = 0;
        for (uint32_t i = 1; i <= bytes; i++) {
            upper = i == bytes / 2 + 1 ? argument : upper;
            argument = argument << 8 | reader->at[i];
        }
        reader->failed = bytes == 1 ? argument < INFO_BYTE : upper == 0;
    }
    reader->at += 1 + bytes;
    reader->left -= 1 + bytes;
    return argument;
}

uint32_t tally_cbor_read_head(tally_cbor_reader_t *reader, enum tally_cbor_major major) {
    if (next_major(reader) != (uint32_t)major || (reader->at[0] & INFO_MOST) == INFO_8_BYTES) {
        reader->failed = true;
        return 0;
    }
    const uint32_t argument = take_head(reader);
    return reader->failed ? 0 : argument;
}

int64_t tally_cbor_read_integer(tally_cbor_reader_t *reader) {
    const uint32_t major = next_major(reader);
    uint64_t upper = 0;
    if (major > TALLY_CBOR_NEGATIVE) {
        reader->failed = true;
        return 0;
    }
    if (reader->left >= 5 && (reader->at[0] & INFO_MOST) == INFO_8_BYTES) {
        for (uint32_t i = 1; i <= 4; i++) {
            upper = upper << 8 | reader->at[i];
        }
    }
    const uint64_t number = upper << 32 | take_head(reader);
    /* A negative one is -1 less its number. */
    const uint64_t most = (uint64_t)TALLY_CBOR_INTEGER_MOST - major;
    if (reader->failed || number > most) {
        reader->failed = true;
        return 0;
    }
    return major == TALLY_CBOR_NEGATIVE ? -1 - (int64_t)number : (int64_t)number;
}

const uint8_t *tally_cbor_read_string(tally_cbor_reader_t *reader, enum tally_cbor_major major,
                                      uint32_t *bytes) {
    const uint32_t length = tally_cbor_read_head(reader, major);
    const uint8_t *const string = reader->at;
    *bytes = 0;
    if (reader->failed || length > reader->left ||
        (major == TALLY_CBOR_TEXT && !tally_text_is_utf8((const char *)string, length))) {
        reader->failed = true;
        return NULL;
    }
    reader->at += length;
    reader->left -= length;
    *bytes = length;
    return string;
}

/* Each item takes a byte at least, so that no count of items may exceed the bytes left; all counts
 * together stay below 2^32. */
void tally_cbor_read_skip(tally_cbor_reader_t *reader) {
    uint32_t items = 1;
    while (items > 0 && !reader->failed) {
        const uint32_t major = next_major(reader);
        uint32_t inside = 0;
        uint32_t length;
        if (major <= TALLY_CBOR_NEGATIVE) {
            (void)take_head(reader);
        } else if (major <= TALLY_CBOR_TEXT) {
            (void)tally_cbor_read_string(reader, (enum tally_cbor_major)major, &length);
        } else if (major <= TALLY_CBOR_MAP) {
            inside = tally_cbor_read_head(reader, (enum tally_cbor_major)major);
            reader->failed = reader->failed || inside > reader->left;
            inside <<= major == TALLY_CBOR_MAP ? 1 : 0;
        } else {
            reader->failed = true;
        }
        items += inside - 1;
    }
}
