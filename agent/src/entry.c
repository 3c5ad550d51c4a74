/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include <stdbool.h>
#include <string.h>

#include "crc32.h"

#define HEADER      ((uint32_t)TALLY_ENTRY_HEADER_BYTES)
#define TAG_AT      2u
#define CHECK_AT    3u
#define CRC_AT      ((uint32_t)TALLY_ENTRY_CRC_AT)
#define PLACE_BYTES 7u
#define OWNER_BYTES 8u
#define COMPARE     32u
#define READ_TRIES  3u
#define UNREADABLE  64u /* bytes passed over where a read fails, a multiple of all granularities */

/* --- bytes ---------------------------------------------------------------------------------- */

void tally_le_put(uint8_t *at, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)value;
        value >>= 8;
    }
}

uint32_t tally_le_get(const uint8_t *at, uint32_t bytes) {
    uint32_t value = 0;
    while (bytes > 0) {
        value = value << 8 | at[--bytes];
    }
    return value;
}

uint32_t tally_entry_stored_bytes(const tally_store_t *store, uint32_t payload_bytes) {
    const uint32_t granularity = store->program_bytes;
    return (HEADER + payload_bytes + granularity - 1) / granularity * granularity;
}

/* --- checks --------------------------------------------------------------------------------- */

/* The CRC of all that an entry is bound to, its payload excepted, and the check on the way there.
 */
static uint32_t bind(const uint8_t *header, tally_place_t place, uint64_t owner, uint8_t *check) {
    uint8_t bound[PLACE_BYTES + CHECK_AT + OWNER_BYTES] = {0};
    uint8_t *const copied = bound + PLACE_BYTES;
    tally_le_put(bound, place.sequence, 4);
    tally_le_put(bound + 4, place.offset, 3);
    memcpy(copied, header, CHECK_AT);
    if ((header[TAG_AT] & TALLY_ENTRY_UNOWNED) == 0) {
        tally_le_put(copied + CHECK_AT, (uint32_t)owner, 4);
        tally_le_put(copied + CHECK_AT + 4, (uint32_t)(owner >> 32), 4);
    }
    const uint32_t crc = tally_crc32(0, bound, PLACE_BYTES + CHECK_AT);
    *check = (uint8_t)crc;
    return tally_crc32(crc, copied + CHECK_AT, OWNER_BYTES);
}

/* --- reading -------------------------------------------------------------------------------- */

void tally_window_move(tally_window_t *window, uint32_t block) {
    if (block != window->block) {
        window->block = block;
        window->bytes = 0;
    }
}

static bool load(tally_window_t *window, uint32_t offset) {
    const tally_store_t *const store = window->store;
    const uint32_t room = store->block_bytes - offset;
    const uint32_t bytes = room < window->size ? room : window->size;
    window->offset = offset;
    window->bytes = 0;
    for (uint32_t tries = 0; tries < READ_TRIES; tries++) {
        if (store->read(store->ctx, window->block, offset, window->buffer, bytes) == TALLY_OK) {
            window->bytes = bytes;
            return true;
        }
    }
    window->failed = true;
    return false;
}

const uint8_t *tally_window_at(tally_window_t *window, uint32_t offset, uint32_t most,
                               uint32_t *bytes) {
    const uint32_t room = window->store->block_bytes - offset;
    uint32_t wanted = most < room ? most : room;
    wanted = wanted < window->size ? wanted : window->size;
    const uint32_t skip = offset - window->offset; /* wraps when the window begins behind it */
    if ((skip > window->bytes || wanted > window->bytes - skip) && !load(window, offset)) {
        return NULL;
    }
    *bytes = wanted;
    return window->buffer + (offset - window->offset);
}

static bool is_payload_sound(tally_window_t *window, uint32_t offset, uint32_t bytes, uint32_t crc,
                             uint32_t expected) {
    while (bytes > 0) {
        uint32_t part = 0;
        const uint8_t *const payload = tally_window_at(window, offset, bytes, &part);
        if (payload == NULL) {
            return false;
        }
        crc = tally_crc32(crc, payload, part);
        offset += part;
        bytes -= part;
    }
    return crc == expected;
}

bool tally_entry_at(tally_window_t *window, const tally_cursor_t *cursor, uint32_t end,
                    tally_entry_t *entry) {
    const uint32_t offset = cursor->place.offset;
    uint32_t got = 0;
    const uint8_t *const header = tally_window_at(window, offset, HEADER, &got);
    if (header == NULL || got < HEADER) {
        return false;
    }
    entry->bytes = tally_le_get(header, TAG_AT);
    entry->tag = header[TAG_AT];
    if (entry->bytes > TALLY_ENTRY_PAYLOAD_MOST || entry->bytes + HEADER > end - offset) {
        return false;
    }
    uint8_t check = 0;
    const uint32_t crc = bind(header, cursor->place, cursor->owner, &check);
    return header[CHECK_AT] == check && is_payload_sound(window, offset + HEADER, entry->bytes, crc,
                                                         tally_le_get(header + CRC_AT, 4));
}

bool tally_entry_find(tally_window_t *window, tally_cursor_t *cursor, uint32_t end,
                      tally_entry_t *entry) {
    while (cursor->place.offset + HEADER <= end) {
        if (tally_entry_at(window, cursor, end, entry)) {
            return true;
        }
        cursor->place.offset += window->bytes > 0 ? window->store->program_bytes : UNREADABLE;
    }
    cursor->place.offset = end;
    return false;
}

void tally_entry_pass(const tally_window_t *window, tally_cursor_t *cursor,
                      const tally_entry_t *entry) {
    cursor->place.offset += tally_entry_stored_bytes(window->store, entry->bytes);
}

uint32_t tally_entry_written_end(tally_window_t *window, uint32_t offset) {
    const uint32_t granularity = window->store->program_bytes;
    uint32_t end = offset;
    while (offset < window->store->block_bytes) {
        uint32_t part = 0;
        const uint8_t *const bytes = tally_window_at(window, offset, window->size, &part);
        if (bytes == NULL) {
            return window->store->block_bytes;
        }
        for (uint32_t i = 0; i < part; i++) {
            if (bytes[i] != 0xFF) {
                end = (offset + i + granularity) / granularity * granularity;
            }
        }
        offset += part;
    }
    return end;
}

/* --- writing -------------------------------------------------------------------------------- */

uint32_t tally_entry_begin(uint8_t *header, uint8_t tag, uint32_t bytes, tally_place_t place,
                           uint64_t owner) {
    tally_le_put(header, bytes, TAG_AT);
    header[TAG_AT] = tag;
    return bind(header, place, owner, &header[CHECK_AT]);
}

uint32_t tally_entry_seal(const tally_store_t *store, uint8_t *entry, uint8_t tag, uint32_t bytes,
                          tally_place_t place, uint64_t owner) {
    const uint32_t stored = tally_entry_stored_bytes(store, bytes);
    const uint32_t crc = tally_entry_begin(entry, tag, bytes, place, owner);
    tally_le_put(entry + CRC_AT, tally_crc32(crc, entry + HEADER, bytes), 4);
    memset(entry + HEADER + bytes, 0xFF, stored - HEADER - bytes);
    return stored;
}

int32_t tally_entry_program(const tally_store_t *store, uint32_t block, uint32_t offset,
                            const uint8_t *data, uint32_t bytes) {
    if (store->program(store->ctx, block, offset, data, bytes) < 0 || store->sync(store->ctx) < 0) {
        return TALLY_E_IO;
    }
    uint8_t written[COMPARE];
    for (uint32_t done = 0; done < bytes; done += COMPARE) {
        const uint32_t part = bytes - done < COMPARE ? bytes - done : COMPARE;
        if (store->read(store->ctx, block, offset + done, written, part) < 0 ||
            memcmp(written, data + done, part) != 0) {
            return TALLY_E_IO;
        }
    }
    return TALLY_OK;
}
