/* SPDX-License-Identifier: Apache-2.0 */
#include "records.h"

#include <string.h>

#include "test.h"

enum { UNSIGNED = 0, NEGATIVE = 1, TEXT = 3, ARRAY = 4, MAP = 5 };

/* --- CBOR ----------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} cursor_t;

typedef struct {
    uint8_t major;
    uint64_t argument; /* value, length or pairs */
} head_t;

static const uint8_t *take(cursor_t *cursor, uint64_t bytes) {
    const uint8_t *const at = cursor->at;
    assert_true(bytes <= (uint64_t)(cursor->end - at));
    cursor->at += bytes;
    return at;
}

static head_t take_head(cursor_t *cursor) {
    static const uint64_t shortest_from[] = {24, UINT64_C(1) << 8, UINT64_C(1) << 16,
                                             UINT64_C(1) << 32};
    const uint8_t first = *take(cursor, 1);
    head_t head = {.major = first >> 5, .argument = first & 0x1F};
    if (head.argument >= 24) {
        const uint32_t size = first & 0x1F;
        assert_true(size <= 27);
        const uint32_t bytes = 1u << (size - 24);
        const uint8_t *const at = take(cursor, bytes);
        head.argument = 0;
        for (uint32_t i = 0; i < bytes; i++) {
            head.argument = head.argument << 8 | at[i];
        }
        assert_true(head.argument >= shortest_from[size - 24]);
    }
    return head;
}

static void pass(cursor_t *cursor);

static void pass_integers(cursor_t *cursor, uint64_t items) {
    for (uint64_t i = 0; i < items; i++) {
        assert_in_range(*cursor->at >> 5, UNSIGNED, NEGATIVE);
        pass(cursor);
    }
}

/* Keys are texts, each behind the one before: shorter first, then by bytes (RFC 8949 4.2.1). */
static void pass_map(cursor_t *cursor, uint64_t pairs) {
    const uint8_t *before = NULL;
    for (uint64_t i = 0; i < pairs; i++) {
        const uint8_t *const key = cursor->at;
        const head_t head = take_head(cursor);
        assert_int_equal(head.major, TEXT);
        assert_in_range(head.argument, 1, 2);
        (void)take(cursor, head.argument);
        assert_true(before == NULL || memcmp(before, key, (size_t)(cursor->at - key)) < 0);
        before = key;
        pass(cursor);
    }
}

static void pass(cursor_t *cursor) {
    const uint64_t most = UINT64_C(1) << 53;
    const head_t head = take_head(cursor);
    switch (head.major) {
    case UNSIGNED: assert_true(head.argument <= most); break;
    case NEGATIVE: assert_true(head.argument < most); break;
    case TEXT: (void)take(cursor, head.argument); break;
    case ARRAY: pass_integers(cursor, head.argument); break;
    case MAP: pass_map(cursor, head.argument); break;
    default: fail_msg("major type %u is not on the wire", head.major);
    }
}

/* Moves a cursor at a map to the value of a key. */
static bool find(cursor_t *cursor, const char *key, size_t length) {
    const head_t map = take_head(cursor);
    assert_int_equal(map.major, MAP);
    for (uint64_t i = 0; i < map.argument; i++) {
        const head_t head = take_head(cursor);
        const uint8_t *const text = take(cursor, head.argument);
        if (head.argument == length && memcmp(text, key, length) == 0) {
            return true;
        }
        pass(cursor);
    }
    return false;
}

/* --- one record ----------------------------------------------------------------------------- */

static bool seek(record_t record, const char *path, cursor_t *cursor) {
    *cursor = (cursor_t){.at = record.bytes, .end = record.bytes + record.size};
    while (*path != '\0') {
        const size_t length = strcspn(path, ".");
        if (!find(cursor, path, length)) {
            return false;
        }
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return true;
}

record_t record_read(const uint8_t *bytes, uint32_t size) {
    cursor_t cursor = {.at = bytes, .end = bytes + size};
    pass(&cursor);
    return (record_t){.bytes = bytes, .size = (uint32_t)(cursor.at - bytes)};
}

bool record_has(record_t record, const char *path) {
    cursor_t cursor;
    return seek(record, path, &cursor);
}

int64_t record_number(record_t record, const char *path) {
    cursor_t cursor;
    if (!seek(record, path, &cursor)) {
        fail_msg("no %s in the record", path);
    }
    const head_t head = take_head(&cursor);
    assert_in_range(head.major, UNSIGNED, NEGATIVE);
    return head.major == UNSIGNED ? (int64_t)head.argument : -1 - (int64_t)head.argument;
}

void record_expect_text(record_t record, const char *path, const char *text) {
    cursor_t cursor;
    assert_true(seek(record, path, &cursor));
    const head_t head = take_head(&cursor);
    assert_int_equal(head.major, TEXT);
    assert_int_equal(head.argument, strlen(text));
    assert_memory_equal(take(&cursor, head.argument), text, strlen(text));
}

bool record_agrees(record_t one, record_t other, const char *path) {
    cursor_t first;
    cursor_t second;
    const bool has_first = seek(one, path, &first);
    const bool has_second = seek(other, path, &second);
    if (!has_first || !has_second) {
        return has_first == has_second;
    }
    const uint8_t *const begin = first.at;
    pass(&first);
    const size_t bytes = (size_t)(first.at - begin);
    return bytes <= (size_t)(second.end - second.at) && memcmp(begin, second.at, bytes) == 0;
}

void record_expect_integers(record_t record, const char *path, const int64_t *items,
                            uint32_t count) {
    cursor_t cursor;
    if (!seek(record, path, &cursor)) {
        fail_msg("no %s in the record", path);
    }
    const head_t array = take_head(&cursor);
    assert_int_equal(array.major, ARRAY);
    assert_int_equal(array.argument, count);
    for (uint32_t i = 0; i < count; i++) {
        const head_t item = take_head(&cursor);
        const int64_t number = (int64_t)item.argument;
        assert_int_equal(item.major == UNSIGNED ? number : -1 - number, items[i]);
    }
}

uint32_t record_keys(record_t record, const char *path) {
    cursor_t cursor;
    assert_true(seek(record, path, &cursor));
    const head_t head = take_head(&cursor);
    assert_int_equal(head.major, MAP);
    return (uint32_t)head.argument;
}

/* --- all records ---------------------------------------------------------------------------- */

void records_load(records_t *records, tally_spool_t *spool) {
    tally_batch_t batch;
    records->count = 0;
    (void)tally_spool_plan(spool, sizeof records->bytes, &batch);
    const int32_t size = tally_spool_read(spool, &batch, records->bytes, sizeof records->bytes);
    assert_true(size >= 0);
    for (uint32_t at = 0; at < (uint32_t)size;) {
        assert_true(records->count < RECORDS_MOST);
        const record_t record = record_read(records->bytes + at, (uint32_t)size - at);
        records->list[records->count] = record;
        records->count++;
        at += record.size;
    }
}

char record_kind(record_t record) {
    cursor_t cursor;
    assert_true(seek(record, "k", &cursor));
    assert_int_equal(take_head(&cursor).argument, 1);
    return (char)*take(&cursor, 1);
}

void records_expect_kinds(const records_t *records, const char *kinds) {
    char found[RECORDS_MOST + 1] = {0};
    for (uint32_t i = 0; i < records->count; i++) {
        found[i] = record_kind(records->list[i]);
    }
    assert_string_equal(found, kinds);
}

uint32_t records_count(const records_t *records, char kind) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < records->count; i++) {
        count += record_kind(records->list[i]) == kind ? 1 : 0;
    }
    return count;
}

uint32_t records_count_with(const records_t *records, char kind, const char *path, int64_t number) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < records->count; i++) {
        const record_t record = records->list[i];
        if (record_kind(record) == kind && record_has(record, path) &&
            record_number(record, path) == number) {
            count++;
        }
    }
    return count;
}

record_t records_last(const records_t *records, char kind) {
    for (uint32_t i = records->count; i > 0; i--) {
        if (record_kind(records->list[i - 1]) == kind) {
            return records->list[i - 1];
        }
    }
    fail_msg("no record of kind %c", kind);
    return (record_t){0};
}
