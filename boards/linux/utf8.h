/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTF8_H
#define UTF8_H
#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are UTF-8 (RFC 3629): shortest forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const char *text, size_t bytes);

#endif
