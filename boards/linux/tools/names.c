/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "say.h"
#include "tally/enums.h"
#include "tally/port.h"
#include "tally/status.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- tables --------------------------------------------------------------------------------- */

#define VALUE_ROW(symbol, value, name) {value, name},

static const names_value_t values_STATE[] = {TALLY_STATES(VALUE_ROW)};
static const names_value_t values_STOP[] = {TALLY_STOPS(VALUE_ROW)};
static const names_value_t values_EVENT[] = {TALLY_EVENT_TYPES(VALUE_ROW)};
static const names_value_t values_RESET[] = {TALLY_RESETS(VALUE_ROW)};
static const names_value_t values_DELIVERY[] = {TALLY_DELIVERIES(VALUE_ROW)};
static const names_value_t values_PLAYBACK[] = {TALLY_PLAYBACKS(VALUE_ROW)};
static const names_value_t values_STATUS[] = {TALLY_STATUSES(VALUE_ROW)};
static const names_value_t values_WALL[] = {
    {TALLY_WALL_UNKNOWN, "unknown"},
    {TALLY_WALL_UNAUTHENTICATED, "unauthenticated"},
    {TALLY_WALL_AUTHENTICATED, "authenticated"},
};
static const names_value_t record_kinds[] = {TALLY_RECORDS(VALUE_ROW)};

#define QUANTITY(symbol, suffix)                                                                   \
    static const names_unit_t unit_##symbol = {#symbol, suffix, NULL, 0}
#define ENUMERATION(symbol)                                                                        \
    static const names_unit_t unit_##symbol = {#symbol, "", values_##symbol,                       \
                                               COUNT_OF(values_##symbol)}

/* A unit that a row of the registry names and that is missing here does not compile. */
QUANTITY(BITS, "_bits");
QUANTITY(BYTES, "_bytes");
QUANTITY(CODE, "");
QUANTITY(COUNT, "");
QUANTITY(HZ, "_hz");
QUANTITY(KBPS, "_kbps");
QUANTITY(MS, "_ms");
QUANTITY(TEXT, "");
QUANTITY(US, "_us");
ENUMERATION(DELIVERY);
ENUMERATION(EVENT);
ENUMERATION(PLAYBACK);
ENUMERATION(RESET);
ENUMERATION(STATE);
ENUMERATION(STATUS);
ENUMERATION(STOP);
ENUMERATION(WALL);

static const names_group_t groups[] = {
#define TALLY_GROUP(group, letter, meaning)                                                        \
    {#group, letter, TALLY_M_##group##_FIRST, TALLY_M_##group##_END},
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

/* The place of a row is its enum tally_metric. */
static const names_metric_t metrics[] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)                              \
    {#symbol, key, TALLY_KIND_##kind, &unit_##unit, #role, #privacy, meaning},
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

_Static_assert(COUNT_OF(groups) == TALLY_GROUPS, "enum tally_group numbers the same rows");
_Static_assert(COUNT_OF(metrics) == TALLY_METRICS, "enum tally_metric numbers the same rows");

/* ---- look-up -------------------------------------------------------------------------------- */

const names_group_t *names_group(char letter) {
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (groups[i].letter == letter) {
            return &groups[i];
        }
    }
    return NULL;
}

const names_metric_t *names_metric(const names_group_t *group, const char *key, size_t bytes) {
    for (uint32_t i = group->first; i < group->end; i++) {
        if (strlen(metrics[i].key) == bytes && memcmp(metrics[i].key, key, bytes) == 0) {
            return &metrics[i];
        }
    }
    return NULL;
}

const names_metric_t *names_capability(const names_group_t *group, uint32_t bit) {
    return bit < group->end - group->first ? &metrics[group->first + bit] : NULL;
}

static const char *value_in(const names_value_t *values, size_t count, int64_t value) {
    for (size_t i = 0; i < count; i++) {
        if (values[i].value == value) {
            return values[i].name;
        }
    }
    return NULL;
}

const char *names_value(const names_unit_t *unit, int64_t value) {
    return value_in(unit->values, unit->value_count, value);
}

const char *names_record(char letter) {
    return value_in(record_kinds, COUNT_OF(record_kinds), letter);
}

void names_print_metric(FILE *out, const names_metric_t *metric) {
    const char *const suffix = metric->unit->suffix;
    const size_t name_bytes = strlen(metric->symbol);
    const size_t suffix_bytes = strlen(suffix);
    const bool ends_with_it = name_bytes >= suffix_bytes &&
                              strcasecmp(metric->symbol + name_bytes - suffix_bytes, suffix) == 0;
    json_name(out, metric->symbol, ends_with_it ? "" : suffix);
}

/* ---- the registry as JSON ------------------------------------------------------------------- */

static const char *kind_name(enum tally_kind kind) {
    static const char *const names[] = {
        [TALLY_KIND_COUNTER] = "counter", [TALLY_KIND_DURATION] = "duration",
        [TALLY_KIND_SIGNED] = "signed",   [TALLY_KIND_GAUGE] = "gauge",
        [TALLY_KIND_ENUM] = "enum",       [TALLY_KIND_TEXT] = "text",
    };
    return names[kind];
}

static void print_member(FILE *out, const char *name, const char *identifier) {
    say(out, "\"%s\":", name);
    json_name(out, identifier, "");
    say(out, ",");
}

static void print_values(FILE *out, const names_unit_t *unit) {
    say(out, ",\"values\":{");
    for (size_t i = 0; i < unit->value_count; i++) {
        say(out, "%s\"%" PRId32 "\":", i > 0 ? "," : "", unit->values[i].value);
        json_string(out, unit->values[i].name);
    }
    say(out, "}");
}

static void print_row(FILE *out, const names_group_t *group, const names_metric_t *metric) {
    say(out, "\"%s\":{", metric->key);
    print_member(out, "name", metric->symbol);
    say(out, "\"group\":\"%c\",", group->letter);
    print_member(out, "kind", kind_name(metric->kind));
    print_member(out, "unit", metric->unit->symbol);
    print_member(out, "role", metric->role);
    print_member(out, "privacy", metric->privacy);
    say(out, "\"meaning\":");
    json_string(out, metric->meaning);
    if (metric->unit->value_count > 0) {
        print_values(out, metric->unit);
    }
    say(out, "}");
}

void names_print_registry(FILE *out) {
    say(out, "{\"version\":%d,\n\"kinds\":{", TALLY_REGISTRY_VERSION);
    for (size_t i = 0; i < COUNT_OF(record_kinds); i++) {
        say(out, "%s\"%c\":\"%s\"", i > 0 ? "," : "", (char)record_kinds[i].value,
            record_kinds[i].name);
    }
    say(out, "},\n\"groups\":{");
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        say(out, "%s\"%c\":", i > 0 ? "," : "", groups[i].letter);
        json_name(out, groups[i].symbol, "");
    }
    say(out, "},\n\"metrics\":{");
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        for (uint32_t metric = groups[i].first; metric < groups[i].end; metric++) {
            say(out, "%s", metric > 0 ? ",\n" : "\n");
            print_row(out, &groups[i], &metrics[metric]);
        }
    }
    say(out, "}}\n");
}
