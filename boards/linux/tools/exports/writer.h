/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRITER_H
#define WRITER_H
/* JSON members one after the other; the writer puts the commas. A name of NULL is for elements of
 * an array. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cbor_items.h"

typedef struct {
    FILE *out;
    bool begun; /* the innermost object or array has a member */
} writer_t;

/* `bracket`: one of { [ and one of } ]. */
void writer_open(writer_t *writer, const char *name, char bracket);
void writer_close(writer_t *writer, char bracket);

void writer_null(writer_t *writer, const char *name);
void writer_bool(writer_t *writer, const char *name, bool value);
void writer_integer(writer_t *writer, const char *name, int64_t value);
void writer_string(writer_t *writer, const char *name, const char *value); /* NULL: null */
void writer_text(writer_t *writer, const char *name, const char *text, size_t bytes);

/* above / below, with no more digits than it needs: exact for a power of ten below, to 10 digits
 * else. `below` is above 0. */
void writer_quotient(writer_t *writer, const char *name, int64_t above, int64_t below);

#endif
