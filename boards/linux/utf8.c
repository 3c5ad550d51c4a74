/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

#include <stdint.h>

/* How many bytes follow a lead byte, and the bounds of the first of them: they alone rule out long
 * forms, surrogates and what is above U+10FFFF (Unicode 15, table 3-7). */
typedef struct {
    uint8_t first;
    uint8_t last;
    uint8_t following;
    uint8_t low;
    uint8_t high;
} lead_t;

static const lead_t leads[] = {
    {0x00, 0x7F, 0, 0x80, 0xBF}, {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF}, {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF}, {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static const lead_t *lead_of(uint8_t byte) {
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

bool utf8_valid(const char *text, size_t bytes) {
    const uint8_t *const data = (const uint8_t *)text;
    size_t at = 0;
    while (at < bytes) {
        const lead_t *const lead = lead_of(data[at++]);
        if (lead == NULL || lead->following > bytes - at) {
            return false;
        }
        for (uint8_t i = 0; i < lead->following; i++) {
            const uint8_t low = i == 0 ? lead->low : 0x80;
            const uint8_t high = i == 0 ? lead->high : 0xBF;
            if (data[at] < low || data[at] > high) {
                return false;
            }
            at++;
        }
    }
    return true;
}
