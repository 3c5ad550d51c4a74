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

/* --- bytes ---------------------------------------------------------------------------------- */

void tally_le_put(uint8_t *at, uint64_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)value;
        value >>= 8;
    }
}

uint64_t tally_le_get(const uint8_t *at, uint32_t bytes) {
    uint64_t value = 0;
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

/* The CRC as far as the header's own check goes. */
static uint32_t header_crc(const uint8_t *header, tally_place_t place) {
    uint8_t bound[PLACE_BYTES];
    tally_le_put(bound, place.sequence, 4);
    tally_le_put(bound + 4, place.offset, 3);
    return tally_crc32(tally_crc32(0, bound, sizeof bound), header, CHECK_AT);
}

static uint32_t owned_crc(uint32_t crc, uint8_t tag, uint64_t owner) {
    uint8_t bound[OWNER_BYTES];
    tally_le_put(bound, (tag & TALLY_ENTRY_UNOWNED) != 0 ? 0 : owner, sizeof bound);
    return tally_crc32(crc, bound, sizeof bound);
}

/* --- reading -------------------------------------------------------------------------------- */

const uint8_t *tally_window_at(tally_window_t *window, uint32_t block, uint32_t offset,
                               uint32_t most, uint32_t *bytes) {
    const tally_store_t *const store = window->store;
    const uint32_t room = store->block_bytes - offset;
    uint32_t wanted = most < room ? most : room;
    wanted = wanted < window->size ? wanted : window->size;
    const uint32_t skip = offset - window->offset; /* wraps when the window begins behind it */
    if (block != window->block || skip > window->bytes || wanted > window->bytes - skip) {
        window->block = block;
        window->offset = offset;
        window->bytes = room < window->size ? room : window->size;
        if (store->read(store->ctx, block, offset, window->buffer, window->bytes) < 0) {
            window->bytes = 0;
            return NULL;
        }
    }
    *bytes = wanted;
    return window->buffer + (offset - window->offset);
}

static bool is_payload_sound(tally_window_t *window, uint32_t block, uint32_t offset,
                             uint32_t bytes, uint32_t crc, uint32_t expected) {
    while (bytes > 0) {
        uint32_t part = 0;
        const uint8_t *const payload = tally_window_at(window, block, offset, bytes, &part);
        if (payload == NULL) {
            return false;
        }
        crc = tally_crc32(crc, payload, part);
        offset += part;
        bytes -= part;
    }
    return crc == expected;
}

static bool is_sound(tally_window_t *window, uint32_t block, tally_place_t place, uint32_t end,
                     uint64_t owner, tally_entry_t *entry) {
    uint32_t got = 0;
    const uint8_t *const header = tally_window_at(window, block, place.offset, HEADER, &got);
    if (header == NULL || got < HEADER) {
        return false;
    }
    entry->bytes = (uint32_t)tally_le_get(header, TAG_AT);
    entry->tag = header[TAG_AT];
    if (entry->bytes > TALLY_ENTRY_PAYLOAD_MOST || entry->bytes + HEADER > end - place.offset) {
        return false;
    }
    const uint32_t crc = header_crc(header, place);
    return header[CHECK_AT] == (uint8_t)crc &&
           is_payload_sound(window, block, place.offset + HEADER, entry->bytes,
                            owned_crc(crc, entry->tag, owner),
                            (uint32_t)tally_le_get(header + CRC_AT, 4));
}

int32_t tally_entry_find(tally_window_t *window, uint32_t block, tally_place_t *place, uint32_t end,
                         uint64_t owner, tally_entry_t *entry) {
    while (place->offset + HEADER <= end) {
        if (is_sound(window, block, *place, end, owner, entry)) {
            return TALLY_OK;
        }
        place->offset += window->store->program_bytes;
    }
    place->offset = end;
    return TALLY_E_EMPTY;
}

uint32_t tally_entry_written_end(tally_window_t *window, uint32_t block, uint32_t offset) {
    const uint32_t granularity = window->store->program_bytes;
    uint32_t end = offset;
    while (offset < window->store->block_bytes) {
        uint32_t part = 0;
        const uint8_t *const bytes = tally_window_at(window, block, offset, window->size, &part);
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
    const uint32_t crc = header_crc(header, place);
    header[CHECK_AT] = (uint8_t)crc;
    return owned_crc(crc, tag, owner);
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
