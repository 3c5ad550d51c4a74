/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <inttypes.h>
#include <string.h>

#include "arrays.h"
#include "json.h"
#include "names.h"
#include "say.h"

#define KEYS_MAX 32u /* of one record besides its own; a group takes one */
#define ABSENT   INT64_C(-1)

/* What a body says about all its records; `present` is false for a bare record. */
typedef struct {
    bool present;
    cbor_item_t device;
    int64_t boot;
} head_t;

/* A key of a record, and where its value begins. */
typedef struct {
    cbor_item_t key;
    size_t value_at;
} field_t;

/* A record that was read to its end and is good. */
typedef struct {
    char kind; /* 0: absent */
    int64_t sequence;
    int64_t session;
    int64_t uptime_ms;
    int64_t wall_ms;
    uint32_t count;
    field_t fields[KEYS_MAX]; /* all other keys */
} record_t;

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_count(cbor_reader_t *reader, int64_t *out) {
    cbor_item_t item;
    if (!cbor_expect(reader, CBOR_INTEGER, "not an integer, as this key wants", &item)) {
        return false;
    }
    *out = item.integer;
    return item.integer >= 0 || cbor_fail(reader, item.at, "a count below 0");
}

static bool read_kind(cbor_reader_t *reader, char *out) {
    cbor_item_t item;
    if (!cbor_expect(reader, CBOR_TEXT, "a kind that is not a text", &item)) {
        return false;
    }
    if (item.text_bytes != 1) {
        return cbor_fail(reader, item.at, "a kind that is not one letter");
    }
    *out = item.text[0];
    return true;
}

/* The one letter of a key, or 0. */
static char letter_of(const cbor_item_t *key) {
    if (key->text_bytes == 1) {
        return key->text[0];
    }
    return '\0';
}

/* Whether every level and histogram in a group's map is one; all of it was read before. */
static bool check_arrays(cbor_reader_t *reader, size_t value_at, const names_group_t *group) {
    cbor_reader_t again = *reader;
    cbor_item_t map;
    cbor_item_t key = {0};
    again.at = value_at;
    (void)cbor_next(&again, &map);
    for (uint32_t i = 0; group != NULL && map.type == CBOR_MAP && i < map.count; i++) {
        (void)cbor_key(&again, &key);
        const names_metric_t *const metric = names_metric(group, key.text, key.text_bytes);
        const bool is_good = metric != NULL && arrays_has(metric->kind)
                                 ? arrays_read(&again, metric->kind, &(array_t){0})
                                 : json_value(NULL, &again);
        if (!is_good) {
            return cbor_fail(reader, again.error_at, again.error);
        }
    }
    return true;
}

static bool read_field(cbor_reader_t *reader, const cbor_item_t *key, record_t *record) {
    switch (letter_of(key)) {
    case 'k': return read_kind(reader, &record->kind);
    case 'q': return read_count(reader, &record->sequence);
    case 's': return read_count(reader, &record->session);
    case 'u': return read_count(reader, &record->uptime_ms);
    case 'w': return read_count(reader, &record->wall_ms);
    default: break;
    }
    if (record->count == KEYS_MAX) {
        return cbor_fail(reader, key->at, "more keys than a record has");
    }
    const size_t value_at = reader->at;
    record->fields[record->count++] = (field_t){*key, value_at};
    return json_value(NULL, reader) && check_arrays(reader, value_at, names_group(letter_of(key)));
}

static bool read_record(cbor_reader_t *reader, record_t *record) {
    cbor_item_t map;
    cbor_item_t key = {0};
    *record =
        (record_t){.sequence = ABSENT, .session = ABSENT, .uptime_ms = ABSENT, .wall_ms = ABSENT};
    if (!cbor_expect(reader, CBOR_MAP, "a record that is not a map", &map)) {
        return false;
    }
    for (uint32_t i = 0; i < map.count; i++) {
        if (!cbor_key(reader, &key) || !read_field(reader, &key, record)) {
            return false;
        }
    }
    const bool complete =
        record->kind != '\0' && record->sequence != ABSENT && record->uptime_ms != ABSENT;
    return complete || cbor_fail(reader, map.at, "a record without k, q or u");
}

/* ---- printing: what was read before can be read again ---------------------------------------- */

/* The next item, without taking it. */
static cbor_item_t peek(const cbor_reader_t *reader) {
    cbor_reader_t ahead = *reader;
    cbor_item_t item;
    (void)cbor_next(&ahead, &item);
    return item;
}

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
    const cbor_item_t value = peek(reader);
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
    return names_group(letter_of(key));
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
        const cbor_item_t set = peek(reader);
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

static void print_field(FILE *out, const cbor_reader_t *reader, const field_t *field) {
    cbor_reader_t value = *reader;
    value.at = field->value_at;
    const bool is_map = peek(&value).type == CBOR_MAP;
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

static void print_record(FILE *out, const cbor_reader_t *reader, const head_t *head,
                         const record_t *record) {
    const char *const kind = names_record(record->kind);
    say(out, "{");
    if (head->present) {
        say(out, "\"device\":");
        json_text(out, head->device.text, head->device.text_bytes);
        say(out, ",\"boot\":\"%014" PRIx64 "\",", (uint64_t)head->boot);
    }
    say(out, "\"seq\":%" PRId64 ",\"kind\":", record->sequence);
    json_text(out, kind != NULL ? kind : &record->kind, kind != NULL ? strlen(kind) : 1);
    if (record->session != ABSENT) {
        say(out, ",\"session\":%" PRId64, record->session);
    }
    say(out, ",\"uptime_ms\":%" PRId64, record->uptime_ms);
    if (record->wall_ms != ABSENT) {
        say(out, ",\"wall_ms\":%" PRId64, record->wall_ms);
    }
    for (uint32_t i = 0; i < record->count; i++) {
        say(out, ",");
        print_field(out, reader, &record->fields[i]);
    }
    say(out, "}\n");
}

/* ---- bodies --------------------------------------------------------------------------------- */

static bool print_next_record(FILE *out, cbor_reader_t *reader, const head_t *head) {
    record_t record;
    if (!read_record(reader, &record)) {
        return false;
    }
    print_record(out, reader, head, &record);
    return true;
}

static bool print_records(FILE *out, cbor_reader_t *reader, const head_t *head) {
    cbor_item_t array;
    if (!cbor_expect(reader, CBOR_ARRAY, "records that are not in an array", &array)) {
        return false;
    }
    if (!array.indefinite) {
        return cbor_fail(reader, array.at, "an array of definite length");
    }
    while (peek(reader).type != CBOR_BREAK) {
        if (!print_next_record(out, reader, head)) {
            return false;
        }
    }
    return cbor_next(reader, &array);
}

static const char body_keys[] = "vdobmtr";
static const char body_optional[] = "mt";

static bool read_body_value(FILE *out, cbor_reader_t *reader, char key, head_t *head) {
    int64_t ignored;
    cbor_item_t operator_id;
    switch (key) {
    case 'd': return cbor_expect(reader, CBOR_TEXT, "a device that is not a text", &head->device);
    case 'o': return cbor_expect(reader, CBOR_TEXT, "an operator that is not a text", &operator_id);
    case 'b': return read_count(reader, &head->boot);
    case 'r': return print_records(out, reader, head);
    default: return read_count(reader, &ignored);
    }
}

static bool print_body(FILE *out, cbor_reader_t *reader) {
    head_t head = {.present = true};
    cbor_item_t map;
    (void)cbor_next(reader, &map);
    uint32_t taken = 0;
    for (const char *wanted = body_keys; *wanted != '\0'; wanted++) {
        cbor_reader_t ahead = *reader;
        cbor_item_t key = {0};
        if (taken < map.count && !cbor_next(&ahead, &key)) {
            return cbor_fail(reader, ahead.error_at, ahead.error);
        }
        if (cbor_is(&key, (char[]){*wanted, '\0'})) {
            taken++;
            *reader = ahead;
            if (!read_body_value(out, reader, *wanted, &head)) {
                return false;
            }
        } else if (strchr(body_optional, *wanted) == NULL) {
            return cbor_fail(reader, reader->at, "not the key that a body has here");
        }
    }
    return taken == map.count || cbor_fail(reader, reader->at, "more keys than a body has");
}

bool record_print_next(FILE *out, cbor_reader_t *reader) {
    const head_t none = {.present = false};
    cbor_reader_t ahead = *reader;
    cbor_item_t map;
    cbor_item_t key = {0};
    /* Keys of a record are in order and `k` is one of them: none begins with `v`. */
    const bool is_body = cbor_next(&ahead, &map) && map.type == CBOR_MAP && map.count > 0 &&
                         cbor_next(&ahead, &key) && cbor_is(&key, "v");
    return is_body ? print_body(out, reader) : print_next_record(out, reader, &none);
}
