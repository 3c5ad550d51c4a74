/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally-decode: upload bodies and records as JSON, one line a record, or as events of another
 * system (EXPORTS.md).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exports/export.h"
#include "input.h"
#include "names.h"
#include "record.h"
#include "say.h"

enum { EXIT_GOOD, EXIT_DAMAGED, EXIT_USAGE };

static const char *name_of(const char *name) {
    return name != NULL ? name : "standard input";
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

static bool read_file(const char *name, input_t *input) {
    const bool is_read = input_add(input, name);
    if (!is_read) {
        say(stderr, "tally-decode: %s: %s\n", name_of(name), strerror(errno));
    }
    return is_read;
}

static int decode_file(const char *name) {
    input_t input = {NULL, 0, 0};
    const int result = read_file(name, &input) ? decode(&input, name_of(name)) : EXIT_DAMAGED;
    free(input.data);
    return result;
}

/* ---- exports -------------------------------------------------------------------------------- */

/* The records of a file that begins at `start` of the input and ends where that does. */
static int gather_file(gather_t *gather, const input_t *input, size_t start, const char *name) {
    cbor_reader_t reader = {.data = input->data, .size = input->size, .at = start};
    gather_read(gather, &reader);
    if (reader.error != NULL) {
        say(stderr, "tally-decode: %s: byte %zu: %s\n", name_of(name), reader.error_at - start,
            reader.error);
        return EXIT_DAMAGED;
    }
    return EXIT_GOOD;
}

/* What is gathered points into the input, which moves when it grows: all files are read first. */
static int export_files(const export_system_t *system, char *const *names, size_t count) {
    input_t input = {NULL, 0, 0};
    gather_t gather = {0};
    int result = EXIT_GOOD;
    size_t *const ends = calloc(count, sizeof(ends[0]));
    for (size_t i = 0; ends != NULL && i < count; i++) {
        result = read_file(names[i], &input) ? result : EXIT_DAMAGED;
        ends[i] = input.size;
    }
    for (size_t i = 0; ends != NULL && i < count; i++) {
        const size_t start = i > 0 ? ends[i - 1] : 0;
        const input_t upto = {input.data, ends[i], 0};
        result = gather_file(&gather, &upto, start, names[i]) == EXIT_GOOD ? result : EXIT_DAMAGED;
    }
    gather_sort(&gather);
    if (ends == NULL || gather.is_full) {
        say(stderr, "tally-decode: %s\n", strerror(ENOMEM));
        result = EXIT_DAMAGED;
    } else {
        export_write(stdout, system, &gather, input.data, input.size);
    }
    gather_free(&gather);
    free(ends);
    free(input.data);
    return result;
}

static int usage(void) {
    say(stderr,
        "usage: tally-decode [FILE]       uploads or records to lines of JSON\n"
        "       tally-decode --as datazoom|appinsights|kaltura|nanostream|theoplayer [FILE...]\n"
        "                                 the same as another system's events\n"
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
    static char *const standard_input[] = {NULL};
    if (argc == 1) {
        return finish(decode_file(NULL));
    }
    if (argc == 2 && strcmp(argv[1], "--registry") == 0) {
        names_print_registry(stdout);
        return finish(EXIT_GOOD);
    }
    if (argc >= 3 && strcmp(argv[1], "--as") == 0) {
        const export_system_t *const system = export_system(argv[2]);
        const bool has_files = argc > 3;
        return system == NULL ? usage()
                              : finish(export_files(system, has_files ? argv + 3 : standard_input,
                                                    has_files ? (size_t)argc - 3 : 1));
    }
    if (argc != 2 || argv[1][0] == '-') {
        return usage();
    }
    return finish(decode_file(argv[1]));
}
