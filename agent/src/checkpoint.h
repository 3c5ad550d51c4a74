/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_CHECKPOINT_H
#define TALLY_SRC_CHECKPOINT_H
/* The state of a ring as it lies in the store: SPEC.md, "Spool". */
#include "spool.h"

enum { TALLY_TAG_CHECKPOINT = TALLY_ENTRY_UNOWNED };

/* The fields of a checkpoint's payload, in their order. */
enum tally_checkpoint_field {
    TALLY_CP_FORMAT,
    TALLY_CP_QUIET_BOOTS,
    TALLY_CP_URGENT_BLOCKS,
    TALLY_CP_SEQUENCE,
    TALLY_CP_BOOT_LOW,
    TALLY_CP_BOOT_HIGH,
    TALLY_CP_UNIX_S,
    TALLY_CP_APPENDED,
    TALLY_CP_LARGEST,
    TALLY_CP_TAIL_BACK,
    TALLY_CP_TAIL_OFFSET,
    TALLY_CP_TAIL_INDEX,
    TALLY_CP_TAIL_BOOT_LOW,
    TALLY_CP_TAIL_BOOT_HIGH,
    TALLY_CP_FIELDS
};

enum { TALLY_CHECKPOINT_BYTES = 1 + 1 + 2 + 4 + 4 + 3 + 4 + 4 + 2 + 2 + 3 + 4 + 4 + 3 };

typedef struct {
    uint32_t fields[TALLY_CP_FIELDS];
} tally_checkpoint_t;

/* The boot in two fields, of which `low` is the first. */
static inline uint64_t tally_checkpoint_boot(const tally_checkpoint_t *checkpoint,
                                             enum tally_checkpoint_field low) {
    return (uint64_t)checkpoint->fields[low + 1] << 32 | checkpoint->fields[low];
}

void tally_checkpoint_encode(const tally_checkpoint_t *checkpoint,
                             uint8_t out[TALLY_CHECKPOINT_BYTES]);

/* Reads the checkpoint that was found at the cursor. False if it is of an unknown format or cannot
 * be read. */
bool tally_checkpoint_read(tally_window_t *window, tally_checkpoint_t *out);

/* What the window's block begins with; the cursor is moved there. */
enum tally_beginning {
    TALLY_BEGINS_UNKNOWN, /* with no sound checkpoint */
    TALLY_BEGINS_FOREIGN, /* with one of another format */
    TALLY_BEGINS_SOUND,
};
enum tally_beginning tally_checkpoint_first(tally_window_t *window, tally_checkpoint_t *out);

#endif
