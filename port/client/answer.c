/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#define MAP_OF(pairs) (0xA0u + (pairs))
#define TEXT_OF_ONE   0x61u

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} reader_t;

static bool take(reader_t *reader, uint8_t byte) {
    if (reader->at == reader->end || *reader->at != byte) {
        return false;
    }
    reader->at++;
    return true;
}

/* The least number that needs this many bytes behind its first: shorter forms are refused. */
static uint32_t least_of(uint32_t bytes) {
    return bytes == 1 ? 24 : bytes == 2 ? 0x100 : 0x10000;
}

static bool take_number(reader_t *reader, uint32_t *out) {
    if (reader->at == reader->end) {
        return false;
    }
    const uint8_t first = *reader->at++;
    if (first < 24) {
        *out = first;
        return true;
    }
    if (first > 26) {
        return false;
    }
    const uint32_t bytes = UINT32_C(1) << (first - 24);
    if ((uint32_t)(reader->end - reader->at) < bytes) {
        return false;
    }
    uint32_t number = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        number = number << 8 | *reader->at++;
    }
    *out = number;
    return number >= least_of(bytes);
}

static bool take_entry(reader_t *reader, char key, uint32_t *out) {
    return take(reader, TEXT_OF_ONE) && take(reader, (uint8_t)key) && take_number(reader, out);
}

bool tally_answer_read(const uint8_t *bytes, uint32_t size, tally_answer_t *out) {
    reader_t reader = {.at = bytes, .end = bytes + size};
    *out = (tally_answer_t){0};
    if (take(&reader, MAP_OF(1))) {
        return take_entry(&reader, 'n', &out->done) && reader.at == reader.end;
    }
    return take(&reader, MAP_OF(2)) && take_entry(&reader, 'n', &out->done) &&
           take_entry(&reader, 'z', &out->refused) && reader.at == reader.end &&
           out->refused <= out->done;
}
