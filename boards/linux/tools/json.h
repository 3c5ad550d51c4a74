/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_H
#define JSON_H
/* JSON (RFC 8259), a piece at a time. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cbor_items.h"

#define JSON_DEEPEST 4u /* containers in one another below a record's own keys */

/* A text in quotes with all that needs it escaped. `text` is UTF-8. */
void json_text(FILE *out, const char *text, size_t bytes);

/* The same of a C string. */
void json_string(FILE *out, const char *text);

/* An identifier of C as a name in quotes: in lower case, and unless it is "", `suffix` behind it
 * after an underscore. */
void json_name(FILE *out, const char *identifier, const char *suffix);

/* The next value of the reader, whatever it is. `out` NULL: is only checked. Does not recurse. */
bool json_value(FILE *out, cbor_reader_t *reader);

#endif
