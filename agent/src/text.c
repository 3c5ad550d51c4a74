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

int32_t tally_text_length(const char *text, uint32_t limit) {
    uint32_t length = 0;
    while (length < limit && text[length] != '\0') {
        uint8_t low;
        uint8_t high;
        const uint32_t bytes = sequence_bytes((uint8_t)text[length], &low, &high);
        if (bytes == 0) {
            return TALLY_E_TEXT;
        }
        for (uint32_t i = 1; i < bytes; i++) {
            if (length + i >= limit) {
                return TALLY_E_TOO_BIG;
            }
            const uint8_t next = (uint8_t)text[length + i];
            if (next < low || next > high) {
                return TALLY_E_TEXT;
            }
            low = 0x80;
            high = 0xBF;
        }
        length += bytes;
    }
    return length < limit ? (int32_t)length : TALLY_E_TOO_BIG;
}
