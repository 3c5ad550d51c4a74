/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NAMES_H
#define NAMES_H
/* The registry with all its words. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tally/enums.h"
#include "tally/metrics.h"

typedef struct {
    int32_t value;
    const char *name;
    const char *meaning; /* "" where the name says it all */
} names_value_t;

typedef struct {
    const char *symbol;
    const char *name;            /* for people: "kbit/s"; of a list, the symbol again */
    int64_t most;                /* 0: no such bound */
    const names_value_t *values; /* of a list; NULL: a quantity */
    size_t value_count;
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
    const char *meaning;
    char letter;
    uint32_t first; /* its metrics have the numbers from here */
    uint32_t end;   /* to below here, enum tally_metric */
} names_group_t;

typedef struct {
    char letter;
    const char *name;
    const char *groups; /* their letters; one that this registry does not have may be among them */
    const char *meaning;
} names_record_t;

/* A list of codes that no unit names: of the event `event` in its metric EVENT_CODE. */
typedef struct {
    const char *event;
    const names_value_t *values;
    size_t value_count;
} names_codes_t;

/* A unit that a row of the registry names and that is in no list does not compile. */
enum names_unit_number {
#define NAMES_UNIT(symbol, ...) NAMES_UNIT_##symbol,
    TALLY_UNITS(NAMES_UNIT) TALLY_LISTS(NAMES_UNIT) /* and two lists that belong to others: */
    NAMES_UNIT_STATUS,
    NAMES_UNIT_WALL,
    NAMES_UNITS,
#undef NAMES_UNIT
};

enum names_record_number {
#define NAMES_RECORD(symbol, ...) NAMES_RECORD_##symbol,
    TALLY_RECORDS(NAMES_RECORD) NAMES_RECORDS
#undef NAMES_RECORD
};

enum { NAMES_CODES = 2 };

/* Each by its number. */
extern const names_group_t names_groups[TALLY_GROUPS];
extern const names_metric_t names_metrics[TALLY_METRICS];
extern const names_unit_t names_units[NAMES_UNITS];
extern const names_record_t names_records[NAMES_RECORDS];
extern const names_codes_t names_codes[NAMES_CODES];

/* The kind as it is written in metrics.def, and what that means on the wire. */
const char *names_kind(enum tally_kind kind);

/* Group z, which a board adds: its keys mean something with the vendor's number only. */
bool names_is_vendors(const names_group_t *group);

/* NULL for what the registry does not have. */
const names_group_t *names_group(char letter);
const names_metric_t *names_metric(const names_group_t *group, const char *key, size_t bytes);
const char *names_value(const names_unit_t *unit, int64_t value);
const char *names_record(char letter); /* the name of a kind of record */

/* The metric of a bit in a group's capability set. */
const names_metric_t *names_capability(const names_group_t *group, uint32_t bit);

/* The symbol of the unit that stands behind the metric's name; "": none does. */
const char *names_unit_behind(const names_metric_t *metric);

/* The metric's name in quotes with its unit behind it, unless the name ends with it already:
 * "play_time_ms", "upload_bytes", "stalls". */
void names_print_metric(FILE *out, const names_metric_t *metric);

/* The registry as JSON. */
void names_print_registry(FILE *out);

#endif
