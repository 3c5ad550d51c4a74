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

const uint8_t tally_entry_zeros[TALLY_ENTRY_ZEROS] = {0};

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

static uint32_t crc_words(uint32_t crc, uint32_t first, uint32_t second, uint32_t bytes) {
    uint8_t words[8];
    tally_le_put(words, first, 4);
    tally_le_put(words + 4, second, 4);
    return tally_crc32(crc, words, bytes);
}

uint32_t tally_entry_begin(uint8_t *header, uint8_t tag, uint32_t bytes, const tally_cursor_t *at) {
    const uint64_t owner = (tag & TALLY_ENTRY_UNOWNED) == 0 ? at->owner : 0;
    tally_le_put(header, bytes, TAG_AT);
    header[TAG_AT] = tag;
    const uint32_t crc = tally_crc32(
        crc_words(0, at->place.sequence, at->place.offset, PLACE_BYTES), header, CHECK_AT);
    header[CHECK_AT] = (uint8_t)crc;
    return crc_words(crc, (uint32_t)owner, (uint32_t)(owner >> 32), OWNER_BYTES);
}

/* --- reading -------------------------------------------------------------------------------- */

void tally_window_move(tally_window_t *window, uint32_t block) {
    if (block != window->block) {
        window->block = block;
        window->bytes = 0;
    }
}

static void load(tally_window_t *window, uint32_t offset) {
    const tally_store_t *const store = window->store;
    const uint32_t room = store->block_bytes - offset;
    const uint32_t bytes = room < window->size ? room : window->size;
    window->offset = offset;
    window->bytes = 0;
    for (uint32_t tries = 0; tries < READ_TRIES; tries++) {
        if (store->read(store->ctx, window->block, offset, window->buffer, bytes) == TALLY_OK) {
            window->bytes = bytes;
            return;
        }
    }
    window->failed = true;
}

const uint8_t *tally_window_at(tally_window_t *window, uint32_t offset, uint32_t bytes) {
    uint32_t skip = offset - window->offset; /* wraps when the window begins behind it */
    if (skip > window->bytes || bytes > window->bytes - skip) {
        load(window, offset);
        skip = 0;
    }
    return bytes <= window->bytes - skip ? window->buffer + skip : NULL;
}

/* So much of `bytes` as the window can hold at once. */
static uint32_t part_of(const tally_window_t *window, uint32_t bytes) {
    return bytes < window->size ? bytes : window->size;
}

static bool is_payload_sound(tally_window_t *window, uint32_t crc, uint32_t expected) {
    uint32_t offset = window->cursor.place.offset + HEADER;
    uint32_t left = window->entry.bytes;
    while (left > 0) {
        const uint32_t part = part_of(window, left);
        const uint8_t *const payload = tally_window_at(window, offset, part);
        if (payload == NULL) {
            return false;
        }
        crc = tally_crc32(crc, payload, part);
        offset += part;
        left -= part;
    }
    return crc == expected;
}

bool tally_entry_at(tally_window_t *window, uint32_t end) {
    const uint32_t offset = window->cursor.place.offset;
    const uint8_t *const header = tally_window_at(window, offset, HEADER);
    uint8_t expected[HEADER];
    if (header == NULL) {
        return false;
    }
    window->entry.bytes = tally_le_get(header, TAG_AT);
    window->entry.tag = header[TAG_AT];
    if (window->entry.bytes > TALLY_ENTRY_PAYLOAD_MOST ||
        window->entry.bytes + HEADER > end - offset) {
        return false;
    }
    const uint32_t crc =
        tally_entry_begin(expected, window->entry.tag, window->entry.bytes, &window->cursor);
    if (header[CHECK_AT] != expected[CHECK_AT]) {
        return false;
    }
    return is_payload_sound(window, crc, tally_le_get(header + CRC_AT, 4));
}

bool tally_entry_find(tally_window_t *window, uint32_t end) {
    uint32_t *const offset = &window->cursor.place.offset;
    while (*offset + HEADER <= end) {
        if (tally_entry_at(window, end)) {
            return true;
        }
        *offset += window->bytes > 0 ? window->store->program_bytes : UNREADABLE;
    }
    *offset = end;
    return false;
}

void tally_entry_pass(tally_window_t *window) {
    window->cursor.place.offset += tally_entry_stored_bytes(window->store, window->entry.bytes);
    if ((window->entry.tag & TALLY_ENTRY_UNOWNED) == 0) {
        window->cursor.index++;
    }
}

uint32_t tally_entry_written_end(tally_window_t *window, uint32_t offset) {
    const uint32_t block_bytes = window->store->block_bytes;
    uint32_t end = offset;
    while (offset < block_bytes) {
        const uint32_t part = part_of(window, block_bytes - offset);
        const uint8_t *const bytes = tally_window_at(window, offset, part);
        if (bytes == NULL) {
            return block_bytes;
        }
        for (uint32_t i = 0; i < part; i++) {
            if (bytes[i] != 0xFF) {
                end = offset + i + 1;
            }
        }
        offset += part;
    }
    return tally_entry_stored_bytes(window->store, end - HEADER);
}

/* --- writing -------------------------------------------------------------------------------- */

uint32_t tally_entry_seal(const tally_store_t *store, uint8_t *entry, uint8_t tag, uint32_t bytes,
                          const tally_cursor_t *at) {
    const uint32_t stored = tally_entry_stored_bytes(store, bytes);
    const uint32_t crc = tally_entry_begin(entry, tag, bytes, at);
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

int32_t tally_entry_zero(const tally_store_t *store, uint32_t block, uint32_t offset,
                         uint32_t bytes) {
    return store->program(store->ctx, block, offset, tally_entry_zeros, bytes);
}
