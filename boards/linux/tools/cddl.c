/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "arrays.h"
#include "names.h"
#include "say.h"
#include "schema.h"

_Static_assert(TALLY_TEXT_BYTES <= SCHEMA_TEXT_BYTES_MOST + 1, "no text is longer");

/* ---- names of rules -------------------------------------------------------------------------- */

/* AD_POSITION as ad-position, with `suffix` behind it. */
static void put_rule(FILE *out, const char *symbol, const char *suffix) {
    for (; *symbol != '\0'; symbol++) {
        say(out, "%c", *symbol == '_' ? '-' : tolower((unsigned char)*symbol));
    }
    say(out, "%s", suffix);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void print_numbers(FILE *out) {
    const long long most = 1LL << 53;
    say(out,
        "\n; Integers that every reader of JSON holds exactly.\n"
        "counter = 1..%lld ; a counter or duration; 0 is left out\n"
        "gauge = 0..%lld\n"
        "signed = -%lld..%lld\n"
        "text-value = tstr .size (0..%d) ; bytes of UTF-8\n"
        "id = tstr .size (1..%d)\n",
        most, most, most, most, SCHEMA_TEXT_BYTES_MOST, SCHEMA_ID_BYTES_MOST);
}

static void print_level(FILE *out) {
    say(out,
        "\n; A gauge over time. least <= last <= most and least <= mean <= most.\n"
        "level = [\n"
        "  level-value, ; last\n"
        "  level-value, ; least\n"
        "  level-value, ; most\n"
        "  level-value, ; mean, weighted by time\n"
        "  count-32, ; time in ms\n"
        "]\n"
        "level-value = %" PRId32 "..%" PRId32 "\n"
        "count-32 = 0..%" PRIu32 "\n",
        INT32_MIN, INT32_MAX, UINT32_MAX);
}

static void print_histogram(FILE *out) {
    say(out,
        "\n; OpenTelemetry exponential histogram. The last count is not 0 either.\n"
        "histogram = only-zeros / with-buckets\n"
        "only-zeros = [\n"
        "  scale,\n"
        "  some-32, ; zeros\n"
        "  0, ; offset\n"
        "]\n"
        "with-buckets = [\n"
        "  scale,\n"
        "  count-32, ; zeros\n"
        "  -1..%d, ; offset: the index of the first bucket\n"
        "  some-32, ; its count\n"
        "  0*%d count-32, ; those behind it\n"
        "]\n"
        "scale = %d..%d ; a bucket's bounds are 2^(2^-scale) apart\n"
        "some-32 = 1..%" PRIu32 "\n",
        ARRAYS_OFFSET_MOST, ARRAYS_BUCKETS_MOST - 1, ARRAYS_SCALE_LEAST, ARRAYS_SCALE_MOST,
        UINT32_MAX);
}

static void print_list(FILE *out, const names_unit_t *list) {
    say(out, "\n");
    put_rule(out, list->symbol, " =\n");
    for (size_t i = 0; i < list->value_count; i++) {
        const names_value_t *const value = &list->values[i];
        const bool is_last = i + 1 == list->value_count;
        say(out, "  %" PRId32 "%s ; %s%s%s\n", value->value, is_last ? "" : " /", value->name,
            value->meaning[0] != '\0' ? ": " : "", value->meaning);
    }
}

static void print_range(FILE *out, int64_t least, int64_t most) {
    say(out, "%" PRId64 "..%" PRId64, least, most);
}

static void print_type(FILE *out, const names_metric_t *metric) {
    const int64_t most = metric->unit->most;
    switch (metric->kind) {
    case TALLY_KIND_COUNTER:
    case TALLY_KIND_DURATION: say(out, "counter"); break;
    case TALLY_KIND_ENUM: put_rule(out, metric->unit->symbol, ""); break;
    case TALLY_KIND_TEXT: say(out, "text-value"); break;
    case TALLY_KIND_LEVEL: say(out, "level"); break;
    case TALLY_KIND_HISTOGRAM: say(out, "histogram"); break;
    case TALLY_KIND_GAUGE:
    case TALLY_KIND_SIGNED:
        if (most > 0) {
            print_range(out, metric->kind == TALLY_KIND_SIGNED ? -most : 0, most);
        } else {
            say(out, "%s", metric->kind == TALLY_KIND_SIGNED ? "signed" : "gauge");
        }
        break;
    }
}

/* ---- groups ---------------------------------------------------------------------------------- */

static void print_metric(FILE *out, const names_metric_t *metric) {
    say(out, "  ? \"%s\": ", metric->key);
    print_type(out, metric);
    say(out, ", ; ");
    for (const char *at = metric->symbol; *at != '\0'; at++) {
        say(out, "%c", tolower((unsigned char)*at));
    }
    if (metric->unit->values == NULL && metric->kind != TALLY_KIND_TEXT) {
        say(out, ", %s", metric->unit->name);
    }
    say(out, "\n");
}

static void print_group(FILE *out, const names_group_t *group) {
    say(out, "\n; %s\n", group->meaning);
    if (names_is_vendors(group)) {
        say(out, "; Its keys belong to the vendor %d (IANA Private Enterprise Number).\n",
            TALLY_VENDOR_ID);
    }
    put_rule(out, group->symbol, "-group = {\n");
    for (uint32_t i = group->first; i < group->end; i++) {
        print_metric(out, &names_metrics[i]);
    }
    say(out, "}\n");
}

/* Bit n of a set is the n-th metric of the group. */
static void print_capabilities(FILE *out) {
    say(out, "\n; What the device can measure: bit n is the n-th metric of the group.\n"
             "capabilities = {\n");
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const uint32_t metrics = names_groups[i].end - names_groups[i].first;
        say(out, "  ? \"%c\": ", names_groups[i].letter);
        print_range(out, 1, (int64_t)((UINT64_C(1) << metrics) - 1));
        say(out, ",\n");
    }
    say(out, "}\n");
}

/* ---- records --------------------------------------------------------------------------------- */

static void print_own_key(FILE *out, char key, char kind) {
    switch (key) {
    case 'c':
        say(out, kind == TALLY_RECORD_AGENT ? "  ? \"c\": capabilities, ; changed\n"
                                            : "  \"c\": capabilities,\n");
        break;
    case 'k': say(out, "  \"k\": \"%c\",\n", kind); break;
    case 'q': say(out, "  \"q\": count-32, ; sequence number, from 0 at each boot\n"); break;
    case 's': say(out, "  \"s\": some-32, ; session number within the boot\n"); break;
    case 'u': say(out, "  \"u\": gauge, ; uptime at the event, ms\n"); break;
    default: say(out, "  ? \"w\": gauge, ; wall time of the event, unix ms\n"); break;
    }
}

static void print_group_key(FILE *out, char letter) {
    const names_group_t *const group = names_group(letter);
    if (group != NULL) {
        say(out, "  ? \"%c\": ", letter);
        put_rule(out, group->symbol, "-group,\n");
    }
}

/* Own keys and groups, merged in the order of their letters. */
static void print_record(FILE *out, const names_record_t *record) {
    const char *own = schema_own_keys(record->letter);
    const char *group = record->groups;
    say(out, "\n; %s\n%s-record = {\n", record->meaning, record->name);
    while (*own != '\0' || *group != '\0') {
        if (*group == '\0' || (*own != '\0' && *own < *group)) {
            print_own_key(out, *own++, record->letter);
        } else {
            print_group_key(out, *group++);
        }
    }
    if (schema_is_of_stream(record->letter)) {
        say(out, "  \"sn\": 1..%d, ; number of the stream in its session\n", UINT16_MAX);
    }
    say(out, "}\n");
}

static void print_upload(FILE *out) {
    say(out,
        "\nupload = {\n"
        "  \"v\": %d, ; registry version\n"
        "  \"d\": id, ; device\n"
        "  \"o\": id, ; operator\n"
        "  \"b\": 0..%lld, ; boot: 53 random bits\n"
        "  ? \"m\": gauge, ; uptime at sending, ms\n"
        "  ? \"t\": gauge, ; wall time at sending, unix ms\n"
        "  \"r\": [* record], ; of indefinite length\n"
        "}\n\n"
        "record = ",
        TALLY_REGISTRY_VERSION, (1LL << 53) - 1);
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        say(out, "%s%s-record", i > 0 ? " /\n         " : "", names_records[i].name);
    }
    say(out, "\n");
}

void schema_print_cddl(FILE *out) {
    say(out,
        "; SPDX-License-Identifier: Apache-2.0\n"
        ";\n"
        "; What tally sends, as CDDL (RFC 8610). Made by `tally-schema cddl` of the registry\n"
        "; (agent/include/tally/metrics.def and enums.h); to renew it: make schema.\n"
        ";\n"
        "; Maps have their keys in the order they have here. What CDDL cannot say, agent/SPEC.md\n"
        "; does: the deterministic encoding (RFC 8949 4.2.1), and the comments below.\n");
    print_upload(out);
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        print_record(out, &names_records[i]);
    }
    print_capabilities(out);
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        print_group(out, &names_groups[i]);
    }
    print_numbers(out);
    print_level(out);
    print_histogram(out);
    for (size_t i = 0; i < NAMES_UNITS; i++) {
        if (names_units[i].values != NULL) {
            print_list(out, &names_units[i]);
        }
    }
}
