/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "names.h"
#include "say.h"
#include "schema.h"

/* ---- what goes through ----------------------------------------------------------------------- */

static const char *const classes[] = {"none", "device", "content", "viewer"};
enum { CLASSES = sizeof classes / sizeof classes[0] };

/* From the least personal to the most; CLASSES for a word that is none of them. */
static size_t rank_of(const char *privacy) {
    size_t rank = 0;
    while (rank < CLASSES && strcasecmp(classes[rank], privacy) != 0) {
        rank++;
    }
    return rank;
}

static bool is_through(const names_metric_t *metric, size_t most) {
    return rank_of(metric->privacy) <= most;
}

/* The sections of a kind of record, in the order of Telegraf's own documentation. */
enum section { SECTION_TAGS, SECTION_FIELDS, SECTION_FIELDS_INT };

/* What is no TAG never becomes one: a label with many values ruins a store of time series. */
static enum section section_of(const names_metric_t *metric) {
    if (strcmp(metric->role, "TAG") == 0) {
        return SECTION_TAGS;
    }
    switch (metric->kind) {
    case TALLY_KIND_TEXT:
    case TALLY_KIND_LEVEL:
    case TALLY_KIND_HISTOGRAM: return SECTION_FIELDS;
    default: return SECTION_FIELDS_INT;
    }
}

/* ---- one kind of record ---------------------------------------------------------------------- */

static void put_lower(FILE *out, const char *identifier) {
    for (; *identifier != '\0'; identifier++) {
        say(out, "%c", tolower((unsigned char)*identifier));
    }
}

/* An array's elements are siblings of one name. "[]" tells the gate that their list may be empty
 * because there is no such array. */
static void print_array(FILE *out, char letter, const names_metric_t *metric) {
    const char *const unit = names_unit_behind(metric);
    say(out, "      \"");
    put_lower(out, metric->symbol);
    say(out, "%s", unit[0] != '\0' ? "_" : "");
    put_lower(out, unit);
    say(out, "[]\" = \"string-join(%c/%s, ',')\"\n", letter, metric->key);
}

static void print_query(FILE *out, char letter, const names_metric_t *metric) {
    if (metric->kind == TALLY_KIND_LEVEL || metric->kind == TALLY_KIND_HISTOGRAM) {
        print_array(out, letter, metric);
        return;
    }
    say(out, "      ");
    names_print_metric(out, metric);
    say(out, " = \"%c/%s\"\n", letter, metric->key);
}

static void print_metrics(FILE *out, const names_record_t *record, enum section section,
                          size_t most) {
    for (const char *letter = record->groups; *letter != '\0'; letter++) {
        const names_group_t *const group = names_group(*letter);
        if (group == NULL || names_is_vendors(group)) {
            continue;
        }
        for (uint32_t i = group->first; i < group->end; i++) {
            if (section_of(&names_metrics[i]) == section && is_through(&names_metrics[i], most)) {
                print_query(out, *letter, &names_metrics[i]);
            }
        }
    }
}

static void print_declared(FILE *out) {
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const names_group_t *const group = &names_groups[i];
        if (!names_is_vendors(group)) {
            say(out, "      \"declared_");
            put_lower(out, group->symbol);
            say(out, "\" = \"c/%c\"\n", group->letter);
        }
    }
}

static void print_numbers(FILE *out, const names_record_t *record, size_t most) {
    const char *const own = schema_own_keys(record->letter);
    say(out, "    [inputs.http_listener_v2.xpath.fields_int]\n"
             "      \"registry\" = \"/v\"\n"
             "      \"boot\" = \"/b\"\n"
             "      \"seq\" = \"q\"\n"
             "      \"uptime_ms\" = \"u\"\n"
             "      \"wall_ms\" = \"w\"\n"
             "      \"sent_uptime_ms\" = \"/m\"\n"
             "      \"sent_wall_ms\" = \"/t\"\n");
    if (strchr(own, 's') != NULL) {
        say(out, "      \"session\" = \"s\"\n");
    }
    if (schema_is_of_stream(record->letter)) { /* "stream" is a metric's name */
        say(out, "      \"stream_number\" = \"sn\"\n");
    }
    if (strchr(own, 'c') != NULL) {
        print_declared(out);
    }
    print_metrics(out, record, SECTION_FIELDS_INT, most);
}

static void print_record(FILE *out, const names_record_t *record, size_t most) {
    say(out,
        "\n  # %s\n"
        "  [[inputs.http_listener_v2.xpath]]\n"
        "    metric_selection = \"/r[k='%c']\"\n"
        "    metric_name = \"'tally_%s'\"\n"
        "    timestamp = \"w\"\n"
        "    timestamp_format = \"unix_ms\"\n"
        "    [inputs.http_listener_v2.xpath.tags]\n"
        "      \"operator\" = \"/o\"\n",
        record->meaning, record->letter, record->name);
    print_metrics(out, record, SECTION_TAGS, most);
    say(out, "    [inputs.http_listener_v2.xpath.fields]\n"
             "      \"device\" = \"/d\"\n"
             "      \"kind\" = \"k\"\n");
    print_metrics(out, record, SECTION_FIELDS, most);
    print_numbers(out, record, most);
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* A label is read by people: "user" rather than 1. A value that is in no list stays a number. */
static void print_list(FILE *out, const names_metric_t *metric) {
    say(out, "  [[processors.enum.mapping]]\n    tags = [");
    names_print_metric(out, metric);
    say(out, "]\n    [processors.enum.mapping.value_mappings]\n");
    for (size_t i = 0; i < metric->unit->value_count; i++) {
        say(out, "      \"%" PRId32 "\" = \"%s\"\n", metric->unit->values[i].value,
            metric->unit->values[i].name);
    }
}

static void print_lists(FILE *out, size_t most) {
    say(out, "\n# Values of lists by their names.\n"
             "[[processors.enum]]\n"
             "  order = 1\n");
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        const names_metric_t *const metric = &names_metrics[i];
        if (metric->kind == TALLY_KIND_ENUM && section_of(metric) == SECTION_TAGS &&
            is_through(metric, most)) {
            print_list(out, metric);
        }
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

bool schema_print_telegraf(FILE *out, const char *most_personal) {
    const size_t most = rank_of(most_personal);
    if (most == CLASSES) {
        return false;
    }
    say(out,
        "# SPDX-License-Identifier: Apache-2.0\n"
        "#\n"
        "# Uploads of registry version %d as Telegraf's metrics, one a record. Made by\n"
        "# `tally-schema telegraf` of the registry (agent/include/tally/metrics.def and enums.h);\n"
        "# to renew it: make schema. Personal data up to the class \"%s\" go through.\n"
        "#\n"
        "# Metrics of role TAG become tags, all others fields: device, boot, session and stream\n"
        "# number are none to group by. What `TALLY_` variables say, and what makes of this a\n"
        "# road for records, is in tests/ingest/README.md.\n"
        "[[inputs.http_listener_v2]]\n"
        "  service_address = \"${TALLY_LISTEN:-unix:///run/tally/telegraf.sock}\"\n"
        "  socket_mode = \"0660\"\n"
        "  paths = [\"/v1/records\"]\n"
        "  methods = [\"POST\"]\n"
        "  max_body_size = \"1MiB\"\n"
        "  http_header_tags = {\"X-Tally-Device\" = \"certificate\"}\n"
        "  data_format = \"xpath_cbor\"\n"
        "  xpath_allow_empty_selection = true\n",
        TALLY_REGISTRY_VERSION, classes[most]);
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        print_record(out, &names_records[i], most);
    }
    print_lists(out, most);
    return true;
}
