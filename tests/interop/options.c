/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    const char **text;
    int64_t *number;
    int64_t least;
    int64_t most;
    bool *flag;
} switch_t;

static bool read_number(const switch_t *found, const char *text) {
    char *end = NULL;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < found->least ||
        number > found->most) {
        return false;
    }
    *found->number = number;
    return true;
}

/* How many words it took, 0 for none. */
static int take(const switch_t *found, char **words, int left) {
    if (found->flag != NULL) {
        *found->flag = true;
        return 1;
    }
    if (left < 2) {
        return 0;
    }
    if (found->text != NULL) {
        *found->text = words[1];
        return 2;
    }
    return read_number(found, words[1]) ? 2 : 0;
}

static const switch_t *find(const switch_t *switches, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(switches[i].name, name) == 0) {
            return &switches[i];
        }
    }
    return NULL;
}

bool options_read(options_t *options, int argc, char **argv) {
    *options = (options_t){.host = "127.0.0.1", .path = "/v1/records"};
    int64_t port = 0;
    int64_t heap_bytes = 262144;
    int64_t uploads = 1;
    int64_t sessions = 1;
    int64_t period_ms = 60000;
    int64_t timeout_ms = 15000;
    const switch_t switches[] = {
        {.name = "--host", .text = &options->host},
        {.name = "--path", .text = &options->path},
        {.name = "--ca", .text = &options->ca},
        {.name = "--cert", .text = &options->certificate},
        {.name = "--key", .text = &options->key},
        {.name = "--pin", .text = &options->pin},
        {.name = "--settings", .text = &options->settings},
        {.name = "--port", .number = &port, .least = 1, .most = UINT16_MAX},
        {.name = "--heap", .number = &heap_bytes, .least = 1024, .most = 1 << 20},
        {.name = "--uploads", .number = &uploads, .least = 1, .most = 1000},
        {.name = "--sessions", .number = &sessions, .least = 0, .most = 20},
        {.name = "--period", .number = &period_ms, .least = 1000, .most = 60000},
        {.name = "--timeout", .number = &timeout_ms, .least = 1, .most = 600000},
        {.name = "--wall", .number = &options->wall_unix_s, .least = 0, .most = UINT32_MAX},
        {.name = "--least", .number = &options->least_unix_s, .least = 0, .most = UINT32_MAX},
        {.name = "--keep", .flag = &options->keeps},
        {.name = "--log", .flag = &options->is_talkative},
    };
    int at = 1;
    while (at < argc) {
        const switch_t *const found = find(switches, sizeof switches / sizeof *switches, argv[at]);
        const int words = found != NULL ? take(found, argv + at, argc - at) : 0;
        if (words == 0) {
            (void)fprintf(stderr, "interop_device: bad switch or value: %s\n", argv[at]);
            return false;
        }
        at += words;
    }
    options->port = (uint16_t)port;
    options->heap_bytes = (uint32_t)heap_bytes;
    options->uploads = (uint32_t)uploads;
    options->sessions = (uint32_t)sessions;
    options->period_ms = (uint32_t)period_ms;
    options->timeout_ms = (uint32_t)timeout_ms;
    if ((options->ca == NULL && options->pin == NULL) || port == 0) {
        (void)fputs("interop_device: needs --port, and --ca or --pin\n", stderr);
        return false;
    }
    return true;
}
