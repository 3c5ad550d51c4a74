/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <stddef.h>

static const uint8_t field_bytes[TALLY_CP_FIELDS] = {1, 1, 2, 4, 7, 4, 4, 2, 2, 3, 4, 7};

/* The same in every format. */
#define SEQUENCE_AT (TALLY_ENTRY_HEADER_BYTES + 4u)

void tally_checkpoint_encode(const tally_checkpoint_t *checkpoint,
                             uint8_t out[TALLY_CHECKPOINT_BYTES]) {
    for (uint32_t i = 0; i < TALLY_CP_FIELDS; i++) {
        tally_le_put(out, checkpoint->fields[i], field_bytes[i]);
        out += field_bytes[i];
    }
}

bool tally_checkpoint_read(tally_window_t *window, uint32_t block, uint32_t offset,
                           const tally_entry_t *entry, tally_checkpoint_t *out) {
    uint32_t got = 0;
    const uint8_t *payload = tally_window_at(window, block, offset + TALLY_ENTRY_HEADER_BYTES,
                                             TALLY_CHECKPOINT_BYTES, &got);
    if (payload == NULL || entry->bytes != TALLY_CHECKPOINT_BYTES || got < TALLY_CHECKPOINT_BYTES ||
        payload[0] != TALLY_SPOOL_FORMAT) {
        return false;
    }
    for (uint32_t i = 0; i < TALLY_CP_FIELDS; i++) {
        out->fields[i] = tally_le_get(payload, field_bytes[i]);
        payload += field_bytes[i];
    }
    return true;
}

enum tally_beginning tally_checkpoint_first(tally_window_t *window, uint32_t block,
                                            tally_checkpoint_t *out) {
    tally_place_t place = {0, 0};
    tally_entry_t entry;
    uint32_t got = 0;
    const uint32_t wanted = SEQUENCE_AT + sizeof place.sequence;
    const uint8_t *const header = tally_window_at(window, block, 0, wanted, &got);
    if (header == NULL || got < wanted) {
        return TALLY_BEGINS_UNKNOWN;
    }
    place.sequence = (uint32_t)tally_le_get(header + SEQUENCE_AT, sizeof place.sequence);
    if (!tally_entry_at(window, block, place, window->store->block_bytes, 0, &entry) ||
        entry.tag != TALLY_TAG_CHECKPOINT) {
        return TALLY_BEGINS_UNKNOWN;
    }
    return tally_checkpoint_read(window, block, 0, &entry, out) ? TALLY_BEGINS_SOUND
                                                                : TALLY_BEGINS_FOREIGN;
}
