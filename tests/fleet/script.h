/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_H
#define SCRIPT_H
/*
 * The life of a device as text. First what it is, a line `NAME VALUE` each; then, from the first
 * line that begins with a digit, what happens to it: `AT VERB WORD...`, AT in ms since it booted,
 * in order.
 */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    char *text;
    char *next; /* the line after the one at hand */
    uint32_t line;
} script_t;

typedef struct {
    uint64_t at_ms;
    const char *verb;
    char *rest; /* words that were not taken yet */
} script_command_t;

/* Reads the whole file. False, with a line on standard error, if it cannot be read. */
bool script_open(script_t *script, const char *path);
void script_close(script_t *script);

/* The next line of the head; false at its end. */
bool script_head(script_t *script, const char **name, const char **value);

enum script_found { SCRIPT_END, SCRIPT_COMMAND, SCRIPT_NO_COMMAND };

/* The next command, or that the line is none. */
enum script_found script_next(script_t *script, script_command_t *out);

/* The next word of a line, NULL at its end; all that is left of it, with its blanks. */
const char *script_word(char **rest);
const char *script_rest(char **rest);

/* The next word as a number from `least` to `most`; false if it is none. */
bool script_number(char **rest, int64_t least, int64_t most, int64_t *out);

#endif
