/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NAMES_H
#define NAMES_H
/* The registry with all its words. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tally/metrics.h"

typedef struct {
    int32_t value;
    const char *name;
} names_value_t;

typedef struct {
    const char *symbol;
    const char *suffix; /* of a metric's name */
    const names_value_t *values;
    size_t value_count; /* 0: no enumeration */
} names_unit_t;

typedef struct {
    const char *symbol;
    const char *key;
    enum tally_kind kind;
    const names_unit_t *unit;
    const char *role;
    const char *privacy;
    const char *meaning;
} names_metric_t;

typedef struct {
    const char *symbol;
    char letter;
    uint32_t first; /* its metrics have the numbers from here */
    uint32_t end;   /* to below here, enum tally_metric */
} names_group_t;

/* NULL for what the registry does not have. */
const names_group_t *names_group(char letter);
const names_metric_t *names_metric(const names_group_t *group, const char *key, size_t bytes);
const char *names_value(const names_unit_t *unit, int64_t value);
const char *names_record(char letter);

/* The metric of a bit in a group's capability set. */
const names_metric_t *names_capability(const names_group_t *group, uint32_t bit);

/* The metric's name in quotes with its unit behind it, unless the name ends with it already:
 * "play_time_ms", "upload_bytes", "stalls". */
void names_print_metric(FILE *out, const names_metric_t *metric);

/* The registry as JSON. */
void names_print_registry(FILE *out);

#endif
