/* SPDX-License-Identifier: Apache-2.0 */
#include "restart_note.h"

#include <stdbool.h>

#define MAGIC 0x52535431u

typedef struct {
    uint32_t magic;
    uint32_t said; /* the reason, and the row from bit 8 on */
    uint32_t complement;
} note_t;

_Static_assert(sizeof(note_t) == RESTART_NOTE_BYTES, "linker scripts reserve so much");

extern volatile note_t restart_note_place;

static uint32_t row;

void restart_note_write(enum tally_reset reason) {
    const bool is_asked_for = reason != TALLY_RESET_WATCHDOG && reason != TALLY_RESET_FAULT;
    const uint32_t said = (uint32_t)reason | (is_asked_for ? 0 : row + 1u) << 8;
    restart_note_place.said = said;
    restart_note_place.complement = ~said;
    restart_note_place.magic = MAGIC;
}

enum tally_reset restart_note_take(void) {
    const uint32_t magic = restart_note_place.magic;
    const uint32_t said = restart_note_place.said;
    const uint32_t complement = restart_note_place.complement;
    restart_note_place.magic = 0;
    if (magic != MAGIC || complement != ~said || (said & 0xFFu) > TALLY_RESET_PROCESS_START) {
        return TALLY_RESET_UNKNOWN;
    }
    row = said >> 8;
    return (enum tally_reset)(said & 0xFFu);
}

uint32_t restart_note_row(void) {
    return row;
}

void restart_note_end_row(void) {
    row = 0;
}
