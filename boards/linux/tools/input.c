/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

static bool add_all(input_t *input, FILE *in) {
    for (;;) {
        if (input->size == input->room) {
            const size_t room = input->room == 0 ? CHUNK_BYTES : input->room * 2;
            uint8_t *const larger = realloc(input->data, room);
            if (larger == NULL) {
                return false;
            }
            input->data = larger;
            input->room = room;
        }
        const size_t bytes = fread(input->data + input->size, 1, input->room - input->size, in);
        input->size += bytes;
        if (input->size > INPUT_BYTES_MAX) {
            errno = EFBIG;
            return false;
        }
        if (bytes == 0) {
            return ferror(in) == 0;
        }
    }
}

bool input_add(input_t *input, const char *name) {
    FILE *const in = name != NULL ? fopen(name, "rb") : stdin;
    if (in == NULL) {
        return false;
    }
    const bool is_read = add_all(input, in);
    const int why = errno;
    if (in != stdin) {
        (void)fclose(in);
    }
    errno = why;
    return is_read;
}
