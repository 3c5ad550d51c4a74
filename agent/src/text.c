/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include "tally/status.h"

/* Bytes of the sequence that `lead` begins, 0 if none begins so; the second byte must lie in
 * `low` to `high`, which keeps out overlong forms and surrogates. */
static uint32_t sequence_bytes(uint8_t lead, uint8_t *low, uint8_t *high) {
    *low = 0x80;
    *high = 0xBF;
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if ((lead & 0xF0) == 0xE0) {
        *low = lead == 0xE0 ? 0xA0 : 0x80;
        *high = lead == 0xED ? 0x9F : 0xBF;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *low = lead == 0xF0 ? 0x90 : 0x80;
        *high = lead == 0xF4 ? 0x8F : 0xBF;
        return 4;
    }
    return 0;
}

/* How many of `limit` bytes come before a NUL or their end, in `length`; TALLY_E_TOO_BIG if a
 * sequence goes beyond, TALLY_E_TEXT if one is none. */
static int32_t scan(const char *text, uint32_t limit, uint32_t *length) {
    uint32_t at = 0;
    while (at < limit && text[at] != '\0') {
        uint8_t low;
        uint8_t high;
        const uint32_t bytes = sequence_bytes((uint8_t)text[at], &low, &high);
        if (bytes == 0) {
            return TALLY_E_TEXT;
        }
        for (uint32_t i = 1; i < bytes; i++) {
            if (at + i >= limit) {
                return TALLY_E_TOO_BIG;
            }
            const uint8_t next = (uint8_t)text[at + i];
            if (next < low || next > high) {
                return TALLY_E_TEXT;
            }
            low = 0x80;
            high = 0xBF;
        }
        at += bytes;
    }
    *length = at;
    return TALLY_OK;
}

int32_t tally_text_length(const char *text, uint32_t limit) {
    uint32_t length;
    const int32_t status = scan(text, limit, &length);
    if (status < 0) {
        return status;
    }
    return length < limit ? (int32_t)length : TALLY_E_TOO_BIG;
}

bool tally_text_is_utf8(const char *text, uint32_t bytes) {
    uint32_t length;
    return scan(text, bytes, &length) == TALLY_OK && length == bytes;
}
