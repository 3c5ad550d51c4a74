/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

/* A text of one letter and the number behind it, both in their shortest form. */
static uint32_t put(uint8_t *out, char key, uint32_t value) {
    out[0] = 0x61;
    out[1] = (uint8_t)key;
    if (value < 24) {
        out[2] = (uint8_t)value;
        return 3;
    }
    const uint32_t width = value <= UINT8_MAX ? 0 : value <= UINT16_MAX ? 1 : 2;
    const uint32_t bytes = 1u << width;
    out[2] = (uint8_t)(0x18 + width);
    for (uint32_t i = 0; i < bytes; i++) {
        out[3 + i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
    return 3 + bytes;
}

uint32_t answer_write(uint8_t out[ANSWER_BYTES], uint32_t taken, uint32_t refused) {
    const uint32_t bytes = 1 + put(out + 1, 'n', taken);
    out[0] = refused > 0 ? 0xA2 : 0xA1;
    return refused > 0 ? bytes + put(out + bytes, 'z', refused) : bytes;
}
