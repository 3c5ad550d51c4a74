/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "names.h"
#include "say.h"
#include "schema.h"

/* Names in double quotes serve twice: as columns, and as elements of an array of texts, '{"x"}'. */

/* ---- the registry as rows -------------------------------------------------------------------- */

static void print_metric_row(FILE *out, const names_group_t *group, uint32_t number) {
    const names_metric_t *const metric = &names_metrics[number];
    say(out, "    ('{");
    names_print_metric(out, metric);
    say(out, "}'::text[], '%s', '%c', '{", metric->key, group->letter);
    json_name(out, group->symbol, "");
    say(out, "}'::text[], %" PRIu32 ", '%s', '%s', '%s')", number - group->first,
        names_kind(metric->kind), metric->unit->symbol, metric->role);
}

static void print_metrics(FILE *out) {
    say(out, "INSERT INTO tally.metrics\n"
             "SELECT name[1], key, letter, group_name[1], bit, kind, unit, role FROM (VALUES\n");
    const char *between = "";
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (names_is_vendors(&names_groups[i])) {
            continue;
        }
        for (uint32_t number = names_groups[i].first; number < names_groups[i].end; number++) {
            say(out, "%s", between);
            print_metric_row(out, &names_groups[i], number);
            between = ",\n";
        }
    }
    say(out, ") AS m(name, key, letter, group_name, bit, kind, unit, role);\n");
}

static void print_list(FILE *out, const char *name, const names_value_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        say(out, "INSERT INTO tally.lists VALUES ('%s', %" PRId32 ", $$%s$$);\n", name,
            values[i].value, values[i].name);
    }
}

static void print_lists(FILE *out) {
    for (size_t i = 0; i < NAMES_UNITS; i++) {
        print_list(out, names_units[i].symbol, names_units[i].values, names_units[i].value_count);
    }
    for (size_t i = 0; i < NAMES_CODES; i++) {
        print_list(out, names_codes[i].event, names_codes[i].values, names_codes[i].value_count);
    }
}

/* ---- a view a kind of record ----------------------------------------------------------------- */

/* Its value in the record, and behind that what its absence means. */
static void print_column(FILE *out, const names_group_t *group, uint32_t number) {
    const names_metric_t *const metric = &names_metrics[number];
    const bool is_sum = metric->kind == TALLY_KIND_COUNTER || metric->kind == TALLY_KIND_DURATION;
    const bool is_tag = strcmp(metric->role, "TAG") == 0;
    say(out, is_sum ? ",\n    coalesce((fields #>> '{" : ",\n    (fields #>> '{");
    names_print_metric(out, metric);
    say(out, "}')");
    if (is_sum) {
        say(out, "::bigint, tally.zero(declared #>> '{");
        json_name(out, "DECLARED", group->symbol);
        say(out, "}', %" PRIu32 "))", number - group->first);
    } else if (metric->kind == TALLY_KIND_LEVEL || metric->kind == TALLY_KIND_HISTOGRAM) {
        say(out, "::jsonb");
    } else if (metric->kind != TALLY_KIND_TEXT && (metric->kind != TALLY_KIND_ENUM || !is_tag)) {
        say(out, "::bigint");
    }
    say(out, " AS ");
    names_print_metric(out, metric);
}

static void print_view(FILE *out, const char *name, const names_record_t *record,
                       const char *source) {
    say(out,
        "\nCREATE VIEW tally.record_%s AS SELECT operator, device, boot, seq, kind, session,\n"
        "    %suptime_ms, began, at, at_quality",
        name, schema_is_of_stream(record->letter) ? "stream_number, " : "");
    for (const char *letter = record->groups; *letter != '\0'; letter++) {
        const names_group_t *const group = names_group(*letter);
        if (group == NULL || names_is_vendors(group)) {
            continue;
        }
        for (uint32_t number = group->first; number < group->end; number++) {
            print_column(out, group, number);
        }
    }
    say(out, "\n    FROM %s;\n", source);
}

static void print_views(FILE *out) {
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        const names_record_t *const record = &names_records[i];
        char source[] = "tally.told WHERE kind = '?'";
        *strchr(source, '?') = record->letter;
        print_view(out, record->name, record, source);
    }
    print_view(out, "session", &names_records[NAMES_RECORD_END], "tally.session_told");
}

void schema_print_sql(FILE *out) {
    say(out,
        "-- SPDX-License-Identifier: Apache-2.0\n"
        "-- The registry, version %d: made by `tally-schema sql`. Goes between schema.sql and\n"
        "-- views.sql.\n\n",
        TALLY_REGISTRY_VERSION);
    print_metrics(out);
    print_lists(out);
    print_views(out);
}
