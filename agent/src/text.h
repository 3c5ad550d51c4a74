/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_TEXT_H
#define TALLY_SRC_TEXT_H
/* Texts come from applications and end up in other people's databases: measured and checked. */
#include <stdbool.h>
#include <stdint.h>

/* The length of `text` without its NUL; TALLY_E_TOO_BIG if it is `limit` bytes or longer,
 * TALLY_E_TEXT if it is not UTF-8 (RFC 3629: no overlong forms, surrogates or code points above
 * U+10FFFF). Reads at most `limit` bytes. */
int32_t tally_text_length(const char *text, uint32_t limit);

/* Whether so many bytes are whole UTF-8, none of them NUL. */
bool tally_text_is_utf8(const char *text, uint32_t bytes);

#endif
