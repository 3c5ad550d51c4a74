/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include <stddef.h>

#define DIGITS_MAX 10u /* of 2^32 - 1 */

void console_text(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            console_put('\r');
        }
        console_put(*text);
    }
}

/* Right-aligned in `width` characters, filled up with `fill`. */
static void put_unsigned(uint32_t value, size_t width, char fill) {
    char text[DIGITS_MAX + 1u];
    size_t at = DIGITS_MAX;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    for (size_t used = DIGITS_MAX - at; used < width; used++) {
        console_put(fill);
    }
    console_text(&text[at]);
}

void console_unsigned(uint32_t value) {
    put_unsigned(value, 0, ' ');
}

void console_signed(int32_t value) {
    if (value < 0) {
        console_put('-');
    }
    console_unsigned(value < 0 ? 0u - (uint32_t)value : (uint32_t)value);
}

void console_hex(uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        console_put("0123456789abcdef"[(value >> shift) & 0xFu]);
    }
}

void console_time(uint64_t now_ms) {
    console_put('[');
    put_unsigned((uint32_t)(now_ms / 1000u), 5, ' ');
    console_put('.');
    put_unsigned((uint32_t)(now_ms % 1000u), 3, '0');
    console_text("] ");
}
