/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSOLE_H
#define CONSOLE_H
/*
 * Text for people, on whatever the board calls its console. No printf: its code would be larger
 * than the rest of the board.
 */
#include <stdint.h>

/* Given by the board. May wait for room; usable in a fault handler. */
void console_put(char character);

/* A text; "\n" becomes "\r\n". */
void console_text(const char *text);

void console_signed(int32_t value);
void console_unsigned(uint32_t value);

/* Eight digits. */
void console_hex(uint32_t value);

/* "[  12.345] ", to begin a line with. */
void console_time(uint64_t now_ms);

#endif
