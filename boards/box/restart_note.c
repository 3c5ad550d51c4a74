/* SPDX-License-Identifier: Apache-2.0 */
#include "restart_note.h"

#include <stdint.h>

#define MAGIC 0x52535431u

typedef struct {
    uint32_t magic;
    uint32_t reason;
    uint32_t complement;
} note_t;

_Static_assert(sizeof(note_t) == RESTART_NOTE_BYTES, "linker scripts reserve so much");

extern volatile note_t restart_note_place;

void restart_note_write(enum tally_reset reason) {
    restart_note_place.reason = (uint32_t)reason;
    restart_note_place.complement = ~(uint32_t)reason;
    restart_note_place.magic = MAGIC;
}

enum tally_reset restart_note_take(void) {
    const uint32_t magic = restart_note_place.magic;
    const uint32_t reason = restart_note_place.reason;
    const uint32_t complement = restart_note_place.complement;
    restart_note_place.magic = 0;
    if (magic != MAGIC || complement != ~reason || reason > TALLY_RESET_PROCESS_START) {
        return TALLY_RESET_UNKNOWN;
    }
    return (enum tally_reset)reason;
}
