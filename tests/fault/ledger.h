/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_LEDGER_H
#define TALLY_TESTS_FAULT_LEDGER_H
/*
 * The oracle's book: every record that was ever given to the spool, and between which operations of
 * the part each thing happened to it. From that follows what a mount must, may and must not deliver
 * after a cut in any operation; nothing here asks the spool.
 */
#include <stdbool.h>
#include <stdint.h>

#include "nor.h"

enum { HELD_BYTES_LEAST = 6 };

/* What is known of a record when power went in operation i. */
enum standing {
    STANDS_NOT_YET, /* was not being committed: would be made of nothing */
    STANDS_MAY,     /* was being committed, or being given up */
    STANDS_MUST,    /* its commit had returned 0 */
    STANDS_GONE,    /* accepted, and the note of it finished; or erased */
};

/* Times are numbers of operations: `begun` 5 is before operation 5. */
typedef struct {
    uint64_t boot;
    uint64_t seed; /* of its bytes */
    uint32_t bytes;
    uint32_t home; /* the block it was last programmed to; NEVER: none */
    uint32_t begun;
    uint32_t kept;       /* NEVER: it did not come to that */
    uint32_t freed_from; /* being accepted or erased; NEVER */
    uint32_t freed_by;
    uint8_t ring;
    uint8_t class;
    uint8_t kind;
    bool note_due;  /* accepted; no checkpoint says so yet, */
    bool sync_due;  /* or one does and is not synced; or erased and not synced */
    bool forgotten; /* accepted by an earlier boot that noted it nowhere: it waits again */
    bool delivered; /* in the batch under judgement */
} held_t;

typedef struct {
    held_t *held;
    uint32_t count;
    uint32_t room;
    uint32_t live; /* all before this one are gone */
} ledger_t;

/* A record that is about to be committed; its number. */
uint32_t ledger_add(ledger_t *ledger, const held_t *held);

/* The bytes of a record: its number, its size, then bytes by chance, some with patterns. */
void ledger_bytes(const ledger_t *ledger, uint32_t number, uint8_t *out);

enum standing ledger_standing(const held_t *held, uint32_t op);

/* The book as it stands after a cut in operation `op` of `before`; times begin anew. The two may
 * be the same. */
void ledger_after_cut(ledger_t *ledger, const ledger_t *before, uint32_t op);

void ledger_close(ledger_t *ledger);

#endif
