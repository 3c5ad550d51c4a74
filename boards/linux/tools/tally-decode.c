/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally-decode: upload bodies and records as JSON, one line a record.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "record.h"
#include "say.h"

#define INPUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define CHUNK_BYTES     ((size_t)64 * 1024)

enum { EXIT_GOOD, EXIT_DAMAGED, EXIT_USAGE };

typedef struct {
    uint8_t *data;
    size_t size;
} input_t;

/* The whole of a file. False with errno; too much is EFBIG. */
static bool read_all(FILE *in, input_t *input) {
    size_t room = 0;
    for (;;) {
        if (input->size == room) {
            room = room == 0 ? CHUNK_BYTES : room * 2;
            uint8_t *const larger = realloc(input->data, room);
            if (larger == NULL) {
                return false;
            }
            input->data = larger;
        }
        const size_t bytes = fread(input->data + input->size, 1, room - input->size, in);
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

static int decode(const input_t *input, const char *name) {
    cbor_reader_t reader = {.data = input->data, .size = input->size};
    while (reader.at < reader.size && record_print_next(stdout, &reader)) {
    }
    if (reader.error != NULL) {
        (void)fflush(stdout);
        say(stderr, "tally-decode: %s: byte %zu: %s\n", name, reader.error_at, reader.error);
        return EXIT_DAMAGED;
    }
    return EXIT_GOOD;
}

static int decode_stream(FILE *in, const char *name) {
    input_t input = {NULL, 0};
    int result = EXIT_DAMAGED;
    if (read_all(in, &input)) {
        result = decode(&input, name);
    } else {
        say(stderr, "tally-decode: %s: %s\n", name, strerror(errno));
    }
    free(input.data);
    return result;
}

static int decode_file(const char *name) {
    FILE *const in = fopen(name, "rb");
    if (in == NULL) {
        say(stderr, "tally-decode: %s: %s\n", name, strerror(errno));
        return EXIT_DAMAGED;
    }
    const int result = decode_stream(in, name);
    (void)fclose(in);
    return result;
}

static int usage(void) {
    say(stderr, "usage: tally-decode [FILE]       uploads or records to lines of JSON\n"
                "       tally-decode --registry   all names, units and meanings as JSON\n");
    return EXIT_USAGE;
}

/* Output that did not arrive is no success. */
static int finish(int result) {
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        say(stderr, "tally-decode: output: %s\n", strerror(errno));
        return EXIT_DAMAGED;
    }
    return result;
}

int main(int argc, char **argv) {
    if (argc == 1) {
        return finish(decode_stream(stdin, "standard input"));
    }
    if (argc == 2 && strcmp(argv[1], "--registry") == 0) {
        names_print_registry(stdout);
        return finish(EXIT_GOOD);
    }
    if (argc != 2 || argv[1][0] == '-') {
        return usage();
    }
    return finish(decode_file(argv[1]));
}
