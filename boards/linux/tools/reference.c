/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "names.h"
#include "say.h"
#include "schema.h"

/* ---- pieces ---------------------------------------------------------------------------------- */

static void put_lower(FILE *out, const char *identifier) {
    for (; *identifier != '\0'; identifier++) {
        say(out, "%c", tolower((unsigned char)*identifier));
    }
}

/* A text in a cell of a table. */
static void put_cell(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        say(out, "%s%c", *text == '|' ? "\\" : "", *text);
    }
}

/* STREAM_NOT_FOUND as a heading's anchor would be: list-stream-not-found. */
static void put_list_anchor(FILE *out, const char *symbol) {
    say(out, "list-");
    for (; *symbol != '\0'; symbol++) {
        say(out, "%c", *symbol == '_' ? '-' : tolower((unsigned char)*symbol));
    }
}

/* ---- head ------------------------------------------------------------------------------------ */

static void print_kinds(FILE *out) {
    static const char *const on_the_wire[] = {
        [TALLY_KIND_COUNTER] = "integer from 1; cumulative; absent: 0",
        [TALLY_KIND_DURATION] = "as COUNTER",
        [TALLY_KIND_SIGNED] = "integer; the last value; absent: there never was one",
        [TALLY_KIND_GAUGE] = "integer from 0; the last value; absent: there never was one",
        [TALLY_KIND_ENUM] = "a value of the list that stands for its unit; as GAUGE",
        [TALLY_KIND_TEXT] = "UTF-8; absent: never set",
        [TALLY_KIND_LEVEL] = "last, least, most, mean weighted by time, time in ms: an array",
        [TALLY_KIND_HISTOGRAM] = "scale, zeros, offset, counts: an array; absent: empty",
    };
    say(out, "\n## Kinds of metrics\n\n| kind | on the wire |\n| --- | --- |\n");
    for (size_t i = 0; i < sizeof on_the_wire / sizeof on_the_wire[0]; i++) {
        say(out, "| %s | %s |\n", names_kind((enum tally_kind)i), on_the_wire[i]);
    }
    say(out, "\n| role | |\n| --- | --- |\n"
             "| field | a number to compute with |\n"
             "| tag | few values: group by it |\n"
             "| id | many values |\n"
             "\n| personal data | |\n| --- | --- |\n"
             "| none | says nothing about a person |\n"
             "| device | tells devices apart |\n"
             "| content | what was watched |\n"
             "| viewer | who watched |\n");
}

static bool is_sent(const names_group_t *group) {
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        if (strchr(names_records[i].groups, group->letter) != NULL) {
            return true;
        }
    }
    return false;
}

static void print_records(FILE *out) {
    say(out, "\n## Records\n\n| kind | record | groups | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        const names_record_t *const record = &names_records[i];
        say(out, "| `%c` | %s |", record->letter, record->name);
        for (const char *letter = record->groups; *letter != '\0'; letter++) {
            if (names_group(*letter) != NULL) {
                say(out, " [`%c`](#group-%c)", *letter, *letter);
            }
        }
        say(out, "%s | ", record->groups[0] == '\0' ? " -" : "");
        put_cell(out, record->meaning);
        say(out, " |\n");
    }
}

/* ---- groups ---------------------------------------------------------------------------------- */

static void print_metric(FILE *out, const names_metric_t *metric) {
    say(out, "| `%s` | ", metric->key);
    put_lower(out, metric->symbol);
    say(out, " | %s | ", names_kind(metric->kind));
    if (metric->unit->values != NULL) {
        say(out, "[");
        put_lower(out, metric->unit->symbol);
        say(out, "](#");
        put_list_anchor(out, metric->unit->symbol);
        say(out, ")");
    } else {
        put_cell(out, metric->unit->name);
    }
    say(out, " | ");
    put_lower(out, metric->role);
    say(out, " | ");
    put_lower(out, metric->privacy);
    say(out, " | ");
    put_cell(out, metric->meaning);
    say(out, " |\n");
}

static void print_group(FILE *out, const names_group_t *group) {
    say(out, "\n<a id=\"group-%c\"></a>\n\n## `%c` ", group->letter, group->letter);
    put_lower(out, group->symbol);
    say(out, ": %s\n", group->meaning);
    if (names_is_vendors(group)) {
        say(out,
            "\nThe keys of this group are the vendor's, IANA Private Enterprise Number %d; under\n"
            "another vendor's number they mean something else.\n",
            TALLY_VENDOR_ID);
    }
    if (!is_sent(group)) {
        say(out, "\nNo kind of record holds this group yet; its keys are taken.\n");
    }
    say(out, "\n| key | name | kind | unit | role | personal data | meaning |\n"
             "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (uint32_t i = group->first; i < group->end; i++) {
        print_metric(out, &names_metrics[i]);
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void print_values(FILE *out, const names_value_t *values, size_t count) {
    say(out, "\n| value | name | meaning |\n| ---: | --- | --- |\n");
    for (size_t i = 0; i < count; i++) {
        say(out, "| %" PRId32 " | %s | ", values[i].value, values[i].name);
        put_cell(out, values[i].meaning[0] != '\0' ? values[i].meaning : values[i].name);
        say(out, " |\n");
    }
}

/* The metrics that take their values from a list. */
static void print_users(FILE *out, const names_unit_t *list) {
    const char *separator = "\nOf ";
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        if (names_metrics[i].unit == list) {
            say(out, "%s`%s` ", separator, names_metrics[i].key);
            put_lower(out, names_metrics[i].symbol);
            separator = ", ";
        }
    }
    say(out, ".\n");
}

static void print_list(FILE *out, const names_unit_t *list) {
    say(out, "\n<a id=\"");
    put_list_anchor(out, list->symbol);
    say(out, "\"></a>\n\n### ");
    put_lower(out, list->symbol);
    say(out, "\n");
    print_users(out, list);
    print_values(out, list->values, list->value_count);
}

static void print_codes(FILE *out, const names_codes_t *codes) {
    say(out, "\n### event_code of %s\n", codes->event);
    print_values(out, codes->values, codes->value_count);
}

void schema_print_reference(FILE *out) {
    say(out,
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        "<!-- Made by `tally-schema reference` of metrics.def and enums.h; to renew it: make "
        "schema -->\n"
        "# What tally measures\n\n"
        "All metrics of registry version %d. What a record and an upload are, and what the absence "
        "of a\n"
        "metric means, is in [SPEC.md](SPEC.md); the same as a schema is in "
        "[schema.cddl](schema.cddl).\n"
        "A key is never used again and never changes its kind, unit or group, nor a value its "
        "meaning.\n",
        TALLY_REGISTRY_VERSION);
    print_records(out);
    print_kinds(out);
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        print_group(out, &names_groups[i]);
    }
    say(out, "\n## Lists of values\n");
    for (size_t i = 0; i < NAMES_UNITS; i++) {
        if (names_units[i].values != NULL) {
            print_list(out, &names_units[i]);
        }
    }
    for (size_t i = 0; i < NAMES_CODES; i++) {
        print_codes(out, &names_codes[i]);
    }
}
