/* SPDX-License-Identifier: Apache-2.0 */
#include "tally/settings.h"

#include <string.h>

#include "crc32.h"
#include "entry.h"

#define HEADER     ((uint32_t)TALLY_ENTRY_HEADER_BYTES)
#define DAY_BYTES  2u
#define FORMAT     1u
#define HEAD_BYTES 5u  /* payload of a block's header: format, sequence */
#define FIRST      16u /* bytes of an entry, programmed last; a multiple of every granularity */
#define CHUNK      48u
#define MEASURE    UINT32_MAX /* no block: only asks whether there is room */

enum { TAG_HEAD = 0x80, TAG_SEAL = 0x81 };

/* A value on its way: in memory, or in the block in use. */
typedef struct {
    uint32_t offset;      /* in the block in use; 0: none is there, or it is in memory, */
    const uint8_t *value; /* here, behind its day */
    uint32_t bytes;       /* with the day; fewer than DAY_BYTES: cleared */
    uint8_t day[DAY_BYTES];
    uint8_t id;
    uint8_t next; /* the lowest id above it that has an entry */
} value_t;

/* Where the next entry goes. */
typedef struct {
    uint32_t block;
    tally_place_t place;
} target_t;

static uint32_t seal_at(const tally_store_t *store) {
    return tally_entry_stored_bytes(store, HEAD_BYTES);
}

static uint32_t values_at(const tally_store_t *store) {
    return seal_at(store) + tally_entry_stored_bytes(store, 0);
}

/* --- reading -------------------------------------------------------------------------------- */

/* Looks through all entries before `end` for the last of the value's id. Returns where they end. */
static uint32_t scan(const tally_settings_t *settings, uint32_t end, value_t *value) {
    const tally_store_t *const store = settings->store;
    uint8_t buffer[CHUNK];
    tally_window_t window = {
        .store = store, .buffer = buffer, .size = sizeof buffer, .block = settings->block};
    const tally_entry_t *const entry = &window.entry;
    tally_place_t *const place = &window.cursor.place;
    *place = (tally_place_t){settings->sequence, values_at(store)};
    uint32_t behind = place->offset;
    value->offset = 0;
    value->bytes = 0;
    value->next = TALLY_SETTING_END;
    while (tally_entry_find(&window, end)) {
        if (entry->tag == value->id) {
            value->offset = place->offset;
            value->bytes = entry->bytes;
        } else if (entry->tag > value->id && entry->tag < value->next) {
            value->next = entry->tag;
        }
        tally_entry_pass(&window);
        behind = place->offset;
    }
    return behind;
}

/* Part of a value's payload. */
static int32_t payload_part(const tally_settings_t *settings, const value_t *value, uint32_t at,
                            uint8_t *out, uint32_t bytes) {
    if (value->offset != 0) {
        return settings->store->read(settings->store->ctx, settings->block,
                                     value->offset + HEADER + at, out, bytes);
    }
    for (uint32_t i = 0; i < bytes; i++, at++) {
        out[i] = at < DAY_BYTES ? value->day[at] : value->value[at - DAY_BYTES];
    }
    return TALLY_OK;
}

/* The CRC that the payload of a value in the block in use goes on with, and what it must come to.
 * A place that a power cut has left in doubt may read differently each time; so what is passed on
 * is checked as it is read, and not what the scan saw. */
static uint32_t stored_crc(const tally_settings_t *settings, const value_t *value,
                           uint32_t *expected) {
    uint8_t header[HEADER];
    if (settings->store->read(settings->store->ctx, settings->block, value->offset, header,
                              sizeof header) < 0) {
        memset(header, 0, sizeof header);
    }
    *expected = tally_le_get(header + TALLY_ENTRY_CRC_AT, 4);
    const tally_cursor_t at = {.place = {settings->sequence, value->offset}};
    return tally_entry_begin(header, value->id, value->bytes, &at);
}

static int32_t read_value(const tally_settings_t *settings, const value_t *value, uint8_t *out) {
    uint8_t day[DAY_BYTES];
    const uint32_t bytes = value->bytes - DAY_BYTES;
    uint32_t expected;
    uint32_t crc = stored_crc(settings, value, &expected);
    if (payload_part(settings, value, 0, day, DAY_BYTES) < 0 ||
        (bytes > 0 && payload_part(settings, value, DAY_BYTES, out, bytes) < 0)) {
        return TALLY_E_CORRUPT;
    }
    crc = tally_crc32(tally_crc32(crc, day, DAY_BYTES), out, bytes);
    return crc == expected ? (int32_t)bytes : TALLY_E_CORRUPT;
}

int32_t tally_settings_get(const tally_settings_t *settings, uint32_t id, uint8_t *out,
                           uint32_t size) {
    if (id == 0 || id >= TALLY_SETTING_END) {
        return TALLY_E_ARGUMENT;
    }
    value_t value = {.id = (uint8_t)id};
    int32_t status = TALLY_E_CORRUPT;
    for (uint32_t end = settings->end; status == TALLY_E_CORRUPT; end = value.offset) {
        (void)scan(settings, end, &value);
        if (value.bytes < DAY_BYTES) {
            return TALLY_E_EMPTY;
        }
        if (value.bytes - DAY_BYTES > size) {
            return TALLY_E_TOO_BIG;
        }
        status = read_value(settings, &value, out);
    }
    return status;
}

/* --- writing -------------------------------------------------------------------------------- */

/* What the store refused is destroyed as far as it lets itself be: it must not come to light later,
 * when the old value was said to stand. */
static int32_t program(tally_settings_t *settings, uint32_t block, uint32_t offset, uint8_t *data,
                       uint32_t bytes) {
    if (tally_entry_program(settings->store, block, offset, data, bytes) == TALLY_OK) {
        return TALLY_OK;
    }
    settings->failed++;
    memset(data, 0, bytes);
    (void)tally_entry_program(settings->store, block, offset, data, bytes);
    return TALLY_E_IO;
}

/* Writes a value and moves the target behind it. Its beginning, with the header, is programmed
 * last: before that it is no entry. */
static int32_t write_value(tally_settings_t *settings, target_t *target, const value_t *value) {
    const tally_store_t *const store = settings->store;
    const uint32_t stored = tally_entry_stored_bytes(store, value->bytes);
    const target_t to = *target;
    if (stored > store->block_bytes - to.place.offset) {
        return TALLY_E_FULL;
    }
    target->place.offset += stored;
    if (to.block == MEASURE) {
        return TALLY_OK;
    }
    uint8_t buffer[FIRST + CHUNK];
    const tally_cursor_t begin = {.place = to.place};
    uint32_t crc = tally_entry_begin(buffer, value->id, value->bytes, &begin);
    uint32_t expected = 0;
    uint32_t old_crc = value->offset != 0 ? stored_crc(settings, value, &expected) : 0;
    for (uint32_t at = HEADER, part; at < stored; at += part) {
        uint8_t *const part_of = buffer + (at < FIRST ? HEADER : FIRST);
        const uint32_t most = at < FIRST ? FIRST - HEADER : CHUNK;
        part = stored - at < most ? stored - at : most;
        const uint32_t left = HEADER + value->bytes - at;
        const uint32_t bytes = left < part ? left : part;
        memset(part_of, 0xFF, part);
        if (payload_part(settings, value, at - HEADER, part_of, bytes) < 0 ||
            (at >= FIRST && program(settings, to.block, to.place.offset + at, part_of, part) < 0)) {
            return TALLY_E_IO;
        }
        crc = tally_crc32(crc, part_of, bytes);
        old_crc = tally_crc32(old_crc, part_of, bytes);
    }
    if (value->offset != 0 && old_crc != expected) {
        return TALLY_E_CORRUPT;
    }
    tally_le_put(buffer + TALLY_ENTRY_CRC_AT, crc, 4);
    return program(settings, to.block, to.place.offset, buffer, stored < FIRST ? stored : FIRST);
}

/* Writes all that is to be in a new block: the living values, but `set` instead of its old one.
 * With MEASURE for a block: TALLY_E_FULL if they do not fit. */
static int32_t write_living(tally_settings_t *settings, target_t *target, const value_t *set) {
    int32_t status = set->bytes >= DAY_BYTES ? write_value(settings, target, set) : TALLY_OK;
    value_t value = {.id = 0};
    (void)scan(settings, settings->end, &value);
    while (status == TALLY_OK && value.next < TALLY_SETTING_END) {
        value.id = value.next;
        (void)scan(settings, settings->end, &value);
        const uint8_t next = value.next;
        while (value.id != set->id && value.bytes >= DAY_BYTES &&
               (status = write_value(settings, target, &value)) == TALLY_E_CORRUPT) {
            (void)scan(settings, value.offset, &value); /* the one before it */
            status = TALLY_OK;
        }
        value.next = next;
    }
    return status;
}

/* Programs an entry of the block's own. */
static int32_t write_mark(tally_settings_t *settings, const target_t *target, uint8_t tag,
                          uint32_t bytes) {
    uint8_t mark[FIRST];
    mark[HEADER] = FORMAT;
    tally_le_put(mark + HEADER + 1, target->place.sequence, 4);
    const tally_cursor_t at = {.place = target->place};
    const uint32_t stored = tally_entry_seal(settings->store, mark, tag, bytes, &at);
    return program(settings, target->block, target->place.offset, mark, stored);
}

/* Makes the other block the one in use, with `set` in it. Whatever a power cut leaves of this: the
 * header was whole before the seal was begun, so a block with any trace of a seal can be relied on;
 * and until then the old block is sealed, or at least has the lower number. */
static int32_t renew(tally_settings_t *settings, const value_t *set) {
    const tally_store_t *const store = settings->store;
    target_t target = {MEASURE, {settings->sequence + 1, values_at(store)}};
    int32_t status = write_living(settings, &target, set);
    if (status != TALLY_OK) {
        return status;
    }
    target.block = settings->block ^ 1u;
    target.place.offset = values_at(store);
    if (store->erase(store->ctx, target.block) < 0) {
        settings->failed++;
        return TALLY_E_IO;
    }
    status = write_living(settings, &target, set);
    if (status != TALLY_OK) {
        return status;
    }
    const uint32_t end = target.place.offset;
    target.place.offset = 0;
    status = write_mark(settings, &target, TAG_HEAD, HEAD_BYTES);
    if (status != TALLY_OK) {
        return status;
    }
    target.place.offset = seal_at(store);
    status = write_mark(settings, &target, TAG_SEAL, 0);
    settings->begun = status == TALLY_OK; /* or else in doubt: only another renewal helps */
    if (status == TALLY_OK) {
        settings->block = (uint8_t)target.block;
        settings->sequence = target.place.sequence;
        settings->end = end;
    }
    return status;
}

static bool is_same(const tally_settings_t *settings, const value_t *old, const value_t *set) {
    uint8_t buffer[CHUNK];
    if (old->bytes != set->bytes) {
        return false;
    }
    for (uint32_t at = DAY_BYTES, part; at < set->bytes; at += part) {
        part = set->bytes - at < CHUNK ? set->bytes - at : CHUNK;
        if (payload_part(settings, old, at, buffer, part) < 0 ||
            memcmp(buffer, set->value + at - DAY_BYTES, part) != 0) {
            return false;
        }
    }
    return true;
}

static int32_t put(tally_settings_t *settings, const value_t *set) {
    value_t old = {.id = set->id};
    (void)scan(settings, settings->end, &old);
    uint8_t old_day[DAY_BYTES];
    if ((set->day[0] | set->day[1]) != 0 && old.bytes >= DAY_BYTES &&
        payload_part(settings, &old, 0, old_day, DAY_BYTES) == TALLY_OK &&
        memcmp(old_day, set->day, DAY_BYTES) == 0) {
        return TALLY_OK;
    }
    if (settings->begun) {
        if (is_same(settings, &old, set)) {
            return TALLY_OK;
        }
        target_t target = {settings->block, {settings->sequence, settings->end}};
        const int32_t status = write_value(settings, &target, set);
        if (status == TALLY_OK) {
            settings->end = target.place.offset;
            return TALLY_OK;
        }
        settings->begun = status == TALLY_E_FULL; /* nothing goes behind a failed entry */
    }
    return renew(settings, set);
}

/* Sets a value of a payload of so many bytes, the day included. */
static int32_t change(tally_settings_t *settings, uint32_t id, uint32_t day, const uint8_t *value,
                      uint32_t bytes) {
    static const uint8_t nothing[1];
    if (id == 0 || id >= TALLY_SETTING_END || (value == NULL && bytes > DAY_BYTES)) {
        return TALLY_E_ARGUMENT;
    }
    value_t set = {.value = value != NULL ? value : nothing, .bytes = bytes, .id = (uint8_t)id};
    tally_le_put(set.day, day, DAY_BYTES);
    return put(settings, &set);
}

int32_t tally_settings_set(tally_settings_t *settings, uint32_t id, const uint8_t *value,
                           uint32_t bytes) {
    return bytes > TALLY_SETTING_BYTES_MOST ? TALLY_E_ARGUMENT
                                            : change(settings, id, 0, value, DAY_BYTES + bytes);
}

int32_t tally_settings_set_daily(tally_settings_t *settings, uint32_t id, uint32_t day,
                                 const uint8_t *value, uint32_t bytes) {
    return day == 0 || day > UINT16_MAX || bytes > TALLY_SETTING_BYTES_MOST
               ? TALLY_E_ARGUMENT
               : change(settings, id, day, value, DAY_BYTES + bytes);
}

int32_t tally_settings_clear(tally_settings_t *settings, uint32_t id) {
    return change(settings, id, 0, NULL, 0);
}

/* --- init ----------------------------------------------------------------------------------- */

/* 0 for a block without a sound header, else more for the one that is rather in use: above SEALED
 * for a sealed one, the higher its number the more; below SEALED the other way round, because the
 * header of the lower one was whole before the other was begun. */
#define SEALED (UINT32_C(1) << 31)
static uint32_t rank(const tally_store_t *store, uint32_t block) {
    uint8_t buffer[CHUNK];
    tally_window_t window = {
        .store = store, .buffer = buffer, .size = sizeof buffer, .block = block};
    const tally_entry_t *const entry = &window.entry;
    tally_place_t *const place = &window.cursor.place;
    const uint8_t *const header = tally_window_at(&window, 0, CHUNK);
    if (header == NULL || header[HEADER] != FORMAT) {
        return 0;
    }
    const uint32_t sequence = tally_le_get(header + HEADER + 1, 4);
    place->sequence = sequence;
    if (sequence == 0 || sequence >= SEALED || !tally_entry_at(&window, HEADER + HEAD_BYTES) ||
        entry->tag != TAG_HEAD || entry->bytes != HEAD_BYTES) {
        return 0;
    }
    place->offset = seal_at(store);
    const bool is_sealed =
        tally_entry_at(&window, place->offset + HEADER) && entry->tag == TAG_SEAL;
    return is_sealed ? SEALED + sequence : SEALED - sequence;
}

static bool is_store_sound(const tally_store_t *store) {
    const uint32_t granularity = store->program_bytes;
    const uint32_t known = 1u << 1 | 1u << 4 | 1u << 8 | 1u << 16;
    return granularity <= 16 && (known >> granularity & 1) != 0 && store->block_bytes >= 256 &&
           store->block_bytes <= UINT32_C(1) << 20 && store->block_bytes % granularity == 0 &&
           store->blocks >= 2;
}

int32_t tally_settings_init(tally_settings_t *settings, const tally_store_t *store) {
    if (settings == NULL || store == NULL) {
        return TALLY_E_ARGUMENT;
    }
    if (!is_store_sound(store)) {
        return TALLY_E_CONFIG;
    }
    const uint32_t ranks[2] = {rank(store, 0), rank(store, 1)};
    const uint32_t block = ranks[1] >= ranks[0] ? 1 : 0; /* 1 for none: then 0 is written first */
    const uint32_t best = ranks[block];
    *settings = (tally_settings_t){
        .store = store,
        .sequence = best > SEALED ? best - SEALED : SEALED - best,
        .block = (uint8_t)block,
    };
    if (best == 0) {
        settings->sequence = 0;
        return TALLY_OK;
    }
    value_t none = {.id = 0};
    settings->end = scan(settings, store->block_bytes, &none);
    return TALLY_OK;
}
