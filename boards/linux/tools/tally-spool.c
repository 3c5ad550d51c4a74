/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally-spool: what lies in the raw image of a spool's store or of a settings log. It is written
 * from agent/SPEC.md and shares no code with the agent, so that one can judge the other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "say.h"
#include "settings_print.h"
#include "spool_print.h"

#define BLOCK_BYTES_DEFAULT 4096u
#define BLOCK_BYTES_LEAST   256u
#define BLOCK_BYTES_MOST    (1024u * 1024u)

enum { EXIT_GOOD, EXIT_DAMAGED, EXIT_USAGE };

enum mode { MODE_BLOCKS, MODE_ITEMS, MODE_WAITING, MODE_ALL, MODE_RECORDS, MODE_RAW };

typedef struct {
    uint32_t block_bytes;
    uint32_t granularity;
    uint32_t first;  /* block of the image */
    uint32_t blocks; /* 0: all that follow */
    bool is_settings;
    enum mode mode;
    const char *name;
} options_t;

static int usage(void) {
    say(stderr,
        "usage: tally-spool [options] IMAGE   what lies in the raw image of a spool's store\n"
        "       --block BYTES      of an erase block, 256 to 1048576; 4096 if not given\n"
        "       --granularity N    of a program operation: 1, 4, 8 or 16; 1 if not given\n"
        "       --at BLOCK         where it begins in the image of a whole flash, and of how many\n"
        "       --blocks N         blocks it is; 0 and all that follow if not given\n"
        "       -v                 blocks with all that lies in them\n"
        "       --waiting          what waits, in the order of delivery: ring, block, offset,\n"
        "                          boot, kind, bytes and q\n"
        "       --all              the same of every record that is there, ring by ring, with\n"
        "                          waits or gone behind\n"
        "       --records          what waits as lines of JSON\n"
        "       --raw              the same as it is, for tally-decode\n"
        "       --settings         the image is a settings log; -v as above\n"
        "ends with 0: sound, 1: damaged or not to be read, 2: wrong usage\n");
    return EXIT_USAGE;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool read_number(const char *text, uint32_t *out) {
    uint32_t value = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || value > BLOCK_BYTES_MOST) {
            return false;
        }
        value = value * 10 + (uint32_t)(*at - '0');
    }
    *out = value;
    return text[0] != '\0';
}

static bool is_geometry(const options_t *options) {
    const uint32_t granularity = options->granularity;
    return (granularity == 1 || granularity == 4 || granularity == 8 || granularity == 16) &&
           options->block_bytes >= BLOCK_BYTES_LEAST && options->block_bytes <= BLOCK_BYTES_MOST &&
           options->block_bytes % granularity == 0;
}

/* An option without a number; each may be given once. */
static bool take_mode(const char *option, options_t *options) {
    static const struct {
        const char *name;
        enum mode mode;
    } modes[] = {{"-v", MODE_ITEMS},
                 {"--waiting", MODE_WAITING},
                 {"--all", MODE_ALL},
                 {"--records", MODE_RECORDS},
                 {"--raw", MODE_RAW}};
    if (strcmp(option, "--settings") == 0) {
        const bool is_first = !options->is_settings;
        options->is_settings = true;
        return is_first;
    }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(option, modes[i].name) == 0 && options->mode == MODE_BLOCKS) {
            options->mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

/* Where the value of an option with a number goes; NULL: it has none. */
static uint32_t *number_of(const char *option, options_t *options) {
    const struct {
        const char *name;
        uint32_t *value;
    } numbers[] = {{"--block", &options->block_bytes},
                   {"--granularity", &options->granularity},
                   {"--at", &options->first},
                   {"--blocks", &options->blocks}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(option, numbers[i].name) == 0) {
            return numbers[i].value;
        }
    }
    return NULL;
}

static bool read_options(int argc, char **argv, options_t *options) {
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        uint32_t *const number = number_of(argv[at], options);
        const bool is_good = number != NULL ? at + 1 < argc && read_number(argv[at + 1], number)
                                            : take_mode(argv[at], options);
        at += number != NULL ? 1 : 0;
        if (!is_good) {
            return false;
        }
    }
    if (at + 1 != argc || !is_geometry(options)) {
        return false;
    }
    options->name = argv[at];
    return !options->is_settings || options->mode <= MODE_ITEMS;
}

/* ---- images ---------------------------------------------------------------------------------- */

static int read_spool(const flash_image_t *image, const options_t *options) {
    spool_view_t view;
    spool_view_read(&view, image);
    bool is_sound = false;
    if (view.is_out_of_memory) {
        say(stderr, "tally-spool: %s\n", strerror(ENOMEM));
    } else {
        switch (options->mode) {
        case MODE_WAITING: spool_print_waiting(stdout, &view); break;
        case MODE_ALL: spool_print_all(stdout, &view); break;
        case MODE_RECORDS: spool_print_records(stdout, &view); break;
        case MODE_RAW: spool_write_records(stdout, &view); break;
        case MODE_ITEMS:
        case MODE_BLOCKS:
        default: spool_print_blocks(stdout, &view, options->mode == MODE_ITEMS); break;
        }
        is_sound = !spool_view_is_damaged(&view) && spool_unreadable(&view) == 0;
    }
    spool_view_free(&view);
    return is_sound ? EXIT_GOOD : EXIT_DAMAGED;
}

static int read_image(const input_t *input, const options_t *options) {
    const uint32_t block_bytes = options->block_bytes;
    if (input->size == 0 || input->size % block_bytes != 0) {
        say(stderr, "tally-spool: %s: %zu bytes are not a number of blocks of %" PRIu32 " bytes\n",
            options->name, input->size, block_bytes);
        return EXIT_DAMAGED;
    }
    const size_t blocks = input->size / block_bytes;
    if (options->first >= blocks || options->blocks > blocks - options->first) {
        say(stderr, "tally-spool: %s: has %zu blocks only\n", options->name, blocks);
        return EXIT_DAMAGED;
    }
    const flash_image_t image = {
        input->data + (size_t)options->first * block_bytes, block_bytes, options->granularity,
        options->blocks > 0 ? options->blocks : (uint32_t)blocks - options->first};
    if (!options->is_settings) {
        return read_spool(&image, options);
    }
    if (image.blocks < 2) {
        say(stderr, "tally-spool: %s: a settings log has two blocks\n", options->name);
        return EXIT_DAMAGED;
    }
    return settings_print(stdout, &image, options->mode == MODE_ITEMS) ? EXIT_GOOD : EXIT_DAMAGED;
}

static int read_file(const options_t *options) {
    input_t input = {NULL, 0, 0};
    int result = EXIT_DAMAGED;
    if (input_add(&input, options->name)) {
        result = read_image(&input, options);
    } else {
        say(stderr, "tally-spool: %s: %s\n", options->name, strerror(errno));
    }
    free(input.data);
    return result;
}

/* Output that did not arrive is no success. */
static int finish(int result) {
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        say(stderr, "tally-spool: output: %s\n", strerror(errno));
        return EXIT_DAMAGED;
    }
    return result;
}

int main(int argc, char **argv) {
    options_t options = {.block_bytes = BLOCK_BYTES_DEFAULT, .granularity = 1};
    if (!read_options(argc, argv, &options)) {
        return usage();
    }
    return finish(read_file(&options));
}
