/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <stddef.h>

static const uint8_t field_bytes[TALLY_CP_FIELDS] = {1, 1, 2, 4, 4, 3, 4, 4, 2, 2, 3, 4, 4, 3};

/* The same in every format. */
#define SEQUENCE_AT (TALLY_ENTRY_HEADER_BYTES + 4u)

void tally_checkpoint_encode(const tally_checkpoint_t *checkpoint,
                             uint8_t out[TALLY_CHECKPOINT_BYTES]) {
    for (uint32_t i = 0; i < TALLY_CP_FIELDS; i++) {
        tally_le_put(out, checkpoint->fields[i], field_bytes[i]);
        out += field_bytes[i];
    }
}

bool tally_checkpoint_read(tally_window_t *window, tally_checkpoint_t *out) {
    const uint8_t *payload = tally_window_at(
        window, window->cursor.place.offset + TALLY_ENTRY_HEADER_BYTES, TALLY_CHECKPOINT_BYTES);
    if (payload == NULL || window->entry.bytes != TALLY_CHECKPOINT_BYTES ||
        payload[0] != TALLY_SPOOL_FORMAT) {
        return false;
    }
    for (uint32_t i = 0; i < TALLY_CP_FIELDS; i++) {
        out->fields[i] = tally_le_get(payload, field_bytes[i]);
        payload += field_bytes[i];
    }
    return true;
}

enum tally_beginning tally_checkpoint_first(tally_window_t *window, tally_checkpoint_t *out) {
    const uint8_t *const header = tally_window_at(window, 0, SEQUENCE_AT + 4);
    if (header == NULL) {
        return TALLY_BEGINS_UNKNOWN;
    }
    window->cursor.place = (tally_place_t){tally_le_get(header + SEQUENCE_AT, 4), 0};
    if (!tally_entry_at(window, window->store->block_bytes) ||
        window->entry.tag != TALLY_TAG_CHECKPOINT) {
        return TALLY_BEGINS_UNKNOWN;
    }
    return tally_checkpoint_read(window, out) ? TALLY_BEGINS_SOUND : TALLY_BEGINS_FOREIGN;
}
