/* SPDX-License-Identifier: Apache-2.0 */
#include "record_read.h"

#include <string.h>

#include "arrays.h"
#include "json.h"
#include "names.h"

char record_letter(const cbor_item_t *key) {
    if (key->text_bytes == 1) {
        return key->text[0];
    }
    return '\0';
}

cbor_item_t record_peek(const cbor_reader_t *reader) {
    cbor_reader_t ahead = *reader;
    cbor_item_t item;
    (void)cbor_next(&ahead, &item);
    return item;
}

/* ---- one record ---------------------------------------------------------------------------- */

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
    switch (record_letter(key)) {
    case 'k': return read_kind(reader, &record->kind);
    case 'q': return read_count(reader, &record->sequence);
    case 's': return read_count(reader, &record->session);
    case 'u': return read_count(reader, &record->uptime_ms);
    case 'w': return read_count(reader, &record->wall_ms);
    default: break;
    }
    if (cbor_is(key, "sn")) {
        return read_count(reader, &record->stream);
    }
    if (record->count == RECORD_KEYS_MAX) {
        return cbor_fail(reader, key->at, "more keys than a record has");
    }
    const size_t value_at = reader->at;
    record->fields[record->count++] = (record_field_t){*key, value_at};
    return json_value(NULL, reader) &&
           check_arrays(reader, value_at, names_group(record_letter(key)));
}

bool record_read(cbor_reader_t *reader, record_t *record) {
    cbor_item_t map;
    cbor_item_t key = {0};
    *record = (record_t){.at = reader->at,
                         .sequence = RECORD_ABSENT,
                         .session = RECORD_ABSENT,
                         .stream = RECORD_ABSENT,
                         .uptime_ms = RECORD_ABSENT,
                         .wall_ms = RECORD_ABSENT};
    if (!cbor_expect(reader, CBOR_MAP, "a record that is not a map", &map)) {
        return false;
    }
    for (uint32_t i = 0; i < map.count; i++) {
        if (!cbor_key(reader, &key) || !read_field(reader, &key, record)) {
            return false;
        }
    }
    const bool complete = record->kind != '\0' && record->sequence != RECORD_ABSENT &&
                          record->uptime_ms != RECORD_ABSENT;
    return complete || cbor_fail(reader, map.at, "a record without k, q or u");
}

/* ---- bodies --------------------------------------------------------------------------------- */

static bool take_next(const record_taker_t *taker, cbor_reader_t *reader,
                      const record_head_t *head) {
    record_t record;
    if (!record_read(reader, &record)) {
        return false;
    }
    taker->take(taker->context, reader, head, &record);
    return true;
}

static bool take_records(const record_taker_t *taker, cbor_reader_t *reader,
                         const record_head_t *head) {
    cbor_item_t array;
    if (!cbor_expect(reader, CBOR_ARRAY, "records that are not in an array", &array)) {
        return false;
    }
    if (!array.indefinite) {
        return cbor_fail(reader, array.at, "an array of definite length");
    }
    while (record_peek(reader).type != CBOR_BREAK) {
        if (!take_next(taker, reader, head)) {
            return false;
        }
    }
    return cbor_next(reader, &array);
}

static const char body_keys[] = "vdobmtr";
static const char body_optional[] = "mt";

static bool read_body_value(const record_taker_t *taker, cbor_reader_t *reader, char key,
                            record_head_t *head) {
    int64_t version;
    switch (key) {
    case 'd': return cbor_expect(reader, CBOR_TEXT, "a device that is not a text", &head->device);
    case 'o':
        return cbor_expect(reader, CBOR_TEXT, "an operator that is not a text", &head->operator_id);
    case 'b': return read_count(reader, &head->boot);
    case 'm': return read_count(reader, &head->sent_uptime_ms);
    case 't': return read_count(reader, &head->sent_wall_ms);
    case 'r': return take_records(taker, reader, head);
    default: return read_count(reader, &version);
    }
}

static bool read_body(const record_taker_t *taker, cbor_reader_t *reader) {
    record_head_t head = {
        .present = true, .sent_uptime_ms = RECORD_ABSENT, .sent_wall_ms = RECORD_ABSENT};
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
            if (!read_body_value(taker, reader, *wanted, &head)) {
                return false;
            }
        } else if (strchr(body_optional, *wanted) == NULL) {
            return cbor_fail(reader, reader->at, "not the key that a body has here");
        }
    }
    return taken == map.count || cbor_fail(reader, reader->at, "more keys than a body has");
}

bool record_read_next(cbor_reader_t *reader, const record_taker_t *taker) {
    const record_head_t none = {.sent_uptime_ms = RECORD_ABSENT, .sent_wall_ms = RECORD_ABSENT};
    cbor_reader_t ahead = *reader;
    cbor_item_t map;
    cbor_item_t key = {0};
    /* Keys of a record are in order and `k` is one of them: none begins with `v`. */
    const bool is_body = cbor_next(&ahead, &map) && map.type == CBOR_MAP && map.count > 0 &&
                         cbor_next(&ahead, &key) && cbor_is(&key, "v");
    return is_body ? read_body(taker, reader) : take_next(taker, reader, &none);
}
