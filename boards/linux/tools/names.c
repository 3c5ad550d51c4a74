/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "say.h"
#include "tally/port.h"
#include "tally/status.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- tables --------------------------------------------------------------------------------- */

#define VALUE_ROW(symbol, value, name, meaning) {value, name, meaning},
#define STATUS_ROW(symbol, value, name)         {value, name, ""},
#define LIST_TABLE(unit, list)                  static const names_value_t values_##unit[] = {list(VALUE_ROW)};

TALLY_LISTS(LIST_TABLE)
static const names_value_t values_STATUS[] = {TALLY_STATUSES(STATUS_ROW)};
static const names_value_t values_WALL[] = {
    {TALLY_WALL_UNKNOWN, "unknown", "no time since boot"},
    {TALLY_WALL_UNAUTHENTICATED, "unauthenticated", "from a clock that nobody checked"},
    {TALLY_WALL_AUTHENTICATED, "authenticated", "may judge certificates"},
};
static const names_value_t switch_values[] = {TALLY_SWITCHES(VALUE_ROW)};
static const names_value_t ad_end_values[] = {TALLY_AD_ENDS(VALUE_ROW)};

const names_codes_t names_codes[NAMES_CODES] = {
    {"source_switch", switch_values, COUNT_OF(switch_values)},
    {"ad_end", ad_end_values, COUNT_OF(ad_end_values)},
};

#define QUANTITY(unit, name, most) {#unit, name, most, NULL, 0},
#define LIST(unit, ...)            {#unit, #unit, 0, values_##unit, COUNT_OF(values_##unit)},

const names_unit_t names_units[NAMES_UNITS] = {TALLY_UNITS(QUANTITY) TALLY_LISTS(LIST) LIST(STATUS)
                                                   LIST(WALL)};

#define RECORD_ROW(symbol, letter, name, groups, meaning) {letter, name, groups, meaning},

const names_record_t names_records[NAMES_RECORDS] = {TALLY_RECORDS(RECORD_ROW)};

const names_group_t names_groups[TALLY_GROUPS] = {
#define TALLY_GROUP(group, letter, meaning)                                                        \
    {#group, meaning, letter, TALLY_M_##group##_FIRST, TALLY_M_##group##_END},
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

const names_metric_t names_metrics[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)                              \
    {#symbol, key, TALLY_KIND_##kind, &names_units[NAMES_UNIT_##unit], #role, #privacy, meaning},
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

/* ---- look-up -------------------------------------------------------------------------------- */

const names_group_t *names_group(char letter) {
    for (size_t i = 0; i < TALLY_GROUPS; i++) {
        if (names_groups[i].letter == letter) {
            return &names_groups[i];
        }
    }
    return NULL;
}

const names_metric_t *names_metric(const names_group_t *group, const char *key, size_t bytes) {
    for (uint32_t i = group->first; i < group->end; i++) {
        if (strlen(names_metrics[i].key) == bytes &&
            memcmp(names_metrics[i].key, key, bytes) == 0) {
            return &names_metrics[i];
        }
    }
    return NULL;
}

const names_metric_t *names_capability(const names_group_t *group, uint32_t bit) {
    return bit < group->end - group->first ? &names_metrics[group->first + bit] : NULL;
}

const char *names_value(const names_unit_t *unit, int64_t value) {
    for (size_t i = 0; i < unit->value_count; i++) {
        if (unit->values[i].value == value) {
            return unit->values[i].name;
        }
    }
    return NULL;
}

const char *names_record(char letter) {
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        if (names_records[i].letter == letter) {
            return names_records[i].name;
        }
    }
    return NULL;
}

const char *names_kind(enum tally_kind kind) {
    static const char *const names[] = {
        [TALLY_KIND_COUNTER] = "COUNTER", [TALLY_KIND_DURATION] = "DURATION",
        [TALLY_KIND_SIGNED] = "SIGNED",   [TALLY_KIND_GAUGE] = "GAUGE",
        [TALLY_KIND_ENUM] = "ENUM",       [TALLY_KIND_TEXT] = "TEXT",
        [TALLY_KIND_LEVEL] = "LEVEL",     [TALLY_KIND_HISTOGRAM] = "HISTOGRAM",
    };
    return names[kind];
}

bool names_is_vendors(const names_group_t *group) {
    return group->letter == 'z';
}

/* ---- the unit behind a metric's name --------------------------------------------------------- */

/* Units that say nothing a name does not say. */
static bool is_silent(const names_unit_t *unit) {
    return unit->values != NULL || unit == &names_units[NAMES_UNIT_BOOL] ||
           unit == &names_units[NAMES_UNIT_CODE] || unit == &names_units[NAMES_UNIT_COUNT] ||
           unit == &names_units[NAMES_UNIT_TEXT];
}

/* Whether the symbol ends with `_UNIT`. */
static bool ends_with_unit(const char *symbol, const char *unit) {
    const size_t symbol_bytes = strlen(symbol);
    const size_t unit_bytes = strlen(unit);
    return symbol_bytes > unit_bytes && symbol[symbol_bytes - unit_bytes - 1] == '_' &&
           strcmp(symbol + symbol_bytes - unit_bytes, unit) == 0;
}

const char *names_unit_behind(const names_metric_t *metric) {
    const names_unit_t *const unit = metric->unit;
    const bool is_bare = is_silent(unit) || ends_with_unit(metric->symbol, unit->symbol);
    return is_bare ? "" : unit->symbol;
}

void names_print_metric(FILE *out, const names_metric_t *metric) {
    json_name(out, metric->symbol, names_unit_behind(metric));
}

/* ---- the registry as JSON ------------------------------------------------------------------- */

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
    print_member(out, "kind", names_kind(metric->kind));
    print_member(out, "unit", metric->unit->symbol);
    print_member(out, "role", metric->role);
    print_member(out, "privacy", metric->privacy);
    say(out, "\"meaning\":");
    json_string(out, metric->meaning);
    if (metric->unit->value_count > 0) {
        print_values(out, metric->unit);
    }
    if (metric->unit->most > 0) {
        say(out, ",\"most\":%" PRId64, metric->unit->most);
    }
    say(out, "}");
}

void names_print_registry(FILE *out) {
    say(out, "{\"version\":%d,\n\"kinds\":{", TALLY_REGISTRY_VERSION);
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        say(out, "%s\"%c\":\"%s\"", i > 0 ? "," : "", names_records[i].letter,
            names_records[i].name);
    }
    say(out, "},\n\"groups_of\":{");
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        say(out, "%s\"%c\":\"%s\"", i > 0 ? "," : "", names_records[i].letter,
            names_records[i].groups);
    }
    say(out, "},\n\"groups\":{");
    for (size_t i = 0; i < TALLY_GROUPS; i++) {
        say(out, "%s\"%c\":", i > 0 ? "," : "", names_groups[i].letter);
        json_name(out, names_groups[i].symbol, "");
    }
    say(out, "},\n\"metrics\":{");
    for (size_t i = 0; i < TALLY_GROUPS; i++) {
        for (uint32_t metric = names_groups[i].first; metric < names_groups[i].end; metric++) {
            say(out, "%s", metric > 0 ? ",\n" : "\n");
            print_row(out, &names_groups[i], &names_metrics[metric]);
        }
    }
    say(out, "}}\n");
}
