/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INPUT_H
#define INPUT_H
/* Whole files in memory, as the tools read them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef struct {
    uint8_t *data; /* the caller frees it */
    size_t size;
    size_t room;
} input_t;

/* Adds the whole of a file to the input; NULL is the standard input. False with errno, also EFBIG
 * beyond INPUT_BYTES_MAX. */
bool input_add(input_t *input, const char *name);

#endif
