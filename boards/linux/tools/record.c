/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <inttypes.h>
#include <string.h>

#include "arrays.h"
#include "json.h"
#include "names.h"
#include "record_read.h"
#include "say.h"

static void print_metric(FILE *out, cbor_reader_t *reader, const names_group_t *group,
                         const cbor_item_t *key) {
    const names_metric_t *const metric = names_metric(group, key->text, key->text_bytes);
    if (metric == NULL) {
        json_text(out, key->text, key->text_bytes);
        say(out, ":");
        (void)json_value(out, reader);
        return;
    }
    names_print_metric(out, metric);
    say(out, ":");
    if (arrays_has(metric->kind)) {
        array_t array;
        (void)arrays_read(reader, metric->kind, &array);
        arrays_print(out, metric->kind, &array);
        return;
    }
    const cbor_item_t value = record_peek(reader);
    const char *const named =
        value.type == CBOR_INTEGER ? names_value(metric->unit, value.integer) : NULL;
    if (named != NULL) {
        (void)cbor_next(reader, &(cbor_item_t){0});
        json_string(out, named);
    } else {
        (void)json_value(out, reader);
    }
}

static void print_group(FILE *out, cbor_reader_t *reader, const names_group_t *group) {
    cbor_item_t map;
    cbor_item_t key = {0};
    (void)cbor_next(reader, &map);
    say(out, "{");
    for (uint32_t i = 0; i < map.count; i++) {
        say(out, "%s", i > 0 ? "," : "");
        (void)cbor_key(reader, &key);
        print_metric(out, reader, group, &key);
    }
    say(out, "}");
}

/* The names of the metrics whose bits are set; the number of a bit that has none. */
static void print_capability_set(FILE *out, const names_group_t *group, uint64_t bits) {
    const char *separator = "";
    say(out, "[");
    for (uint32_t bit = 0; bit < 64; bit++) {
        if ((bits >> bit & 1u) == 0) {
            continue;
        }
        const names_metric_t *const metric = names_capability(group, bit);
        say(out, "%s", separator);
        separator = ",";
        if (metric != NULL) {
            json_name(out, metric->symbol, "");
        } else {
            say(out, "%" PRIu32, bit);
        }
    }
    say(out, "]");
}

static const names_group_t *group_of(const cbor_item_t *key) {
    return names_group(record_letter(key));
}

static void print_capabilities(FILE *out, cbor_reader_t *reader) {
    cbor_item_t map;
    cbor_item_t key = {0};
    (void)cbor_next(reader, &map);
    say(out, "{");
    for (uint32_t i = 0; i < map.count; i++) {
        say(out, "%s", i > 0 ? "," : "");
        (void)cbor_key(reader, &key);
        const names_group_t *const group = group_of(&key);
        const cbor_item_t set = record_peek(reader);
        if (group != NULL && set.type == CBOR_INTEGER && set.integer >= 0) {
            (void)cbor_next(reader, &(cbor_item_t){0});
            json_name(out, group->symbol, "");
            say(out, ":");
            print_capability_set(out, group, (uint64_t)set.integer);
        } else {
            json_text(out, key.text, key.text_bytes);
            say(out, ":");
            (void)json_value(out, reader);
        }
    }
    say(out, "}");
}

static void print_field(FILE *out, const cbor_reader_t *reader, const record_field_t *field) {
    cbor_reader_t value = *reader;
    value.at = field->value_at;
    const bool is_map = record_peek(&value).type == CBOR_MAP;
    const names_group_t *const group = group_of(&field->key);
    if (is_map && cbor_is(&field->key, "c")) {
        say(out, "\"capabilities\":");
        print_capabilities(out, &value);
    } else if (is_map && group != NULL) {
        json_name(out, group->symbol, strchr("bv", group->letter) != NULL ? "group" : "");
        say(out, ":");
        print_group(out, &value, group);
    } else {
        json_text(out, field->key.text, field->key.text_bytes);
        say(out, ":");
        (void)json_value(out, &value);
    }
}

/* The line from the record's own keys on. */
static void print_own(FILE *out, const cbor_reader_t *reader, const record_t *record) {
    const char *const kind = names_record(record->kind);
    say(out, "\"seq\":%" PRId64 ",\"kind\":", record->sequence);
    json_text(out, kind != NULL ? kind : &record->kind, kind != NULL ? strlen(kind) : 1);
    if (record->session != RECORD_ABSENT) {
        say(out, ",\"session\":%" PRId64, record->session);
    }
    if (record->stream != RECORD_ABSENT) {
        say(out, ",\"stream\":%" PRId64, record->stream);
    }
    say(out, ",\"uptime_ms\":%" PRId64, record->uptime_ms);
    if (record->wall_ms != RECORD_ABSENT) {
        say(out, ",\"wall_ms\":%" PRId64, record->wall_ms);
    }
    for (uint32_t i = 0; i < record->count; i++) {
        say(out, ",");
        print_field(out, reader, &record->fields[i]);
    }
    say(out, "}\n");
}

static void print_record(void *context, const cbor_reader_t *reader, const record_head_t *head,
                         const record_t *record) {
    FILE *const out = context;
    say(out, "{");
    if (head->present) {
        say(out, "\"device\":");
        json_text(out, head->device.text, head->device.text_bytes);
        say(out, ",\"boot\":\"%014" PRIx64 "\",", (uint64_t)head->boot);
    }
    print_own(out, reader, record);
}

void record_print_of_boot(FILE *out, const cbor_reader_t *reader, const record_t *record,
                          uint64_t boot) {
    say(out, "{\"boot\":\"%014" PRIx64 "\",", boot);
    print_own(out, reader, record);
}

bool record_print_next(FILE *out, cbor_reader_t *reader) {
    const record_taker_t taker = {print_record, out};
    return record_read_next(reader, &taker);
}
