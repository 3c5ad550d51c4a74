/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPOOL_RIG_H
#define SPOOL_RIG_H
/*
 * A spool over the fake store. Its records are runs of one letter each, so that what comes out
 * reads like a word: after keep('a', 508) and keep('b', 508), "ab" waits.
 */
#include "fakes.h"
#include "spool.h"

typedef struct {
    fake_store_t store;
    tally_spool_t spool;
    tally_batch_t batch;
} spool_rig_t;

/* Two records of this size and two checkpoints fill a block to the last byte. */
#define RIG_BOOT UINT64_C(0x1F0123456789AB)

enum { RIG_HALF_BLOCK = 1004, RIG_BLOCK = 2122 };

void spool_rig_init(spool_rig_t *rig, uint32_t block_bytes, uint32_t blocks,
                    uint32_t program_bytes);

/* Commits a record of that letter; what commit returns. */
int32_t spool_rig_commit(spool_rig_t *rig, enum tally_class class, char letter, uint32_t bytes);

/* As above; it must succeed. */
void spool_rig_keep(spool_rig_t *rig, enum tally_class class, char letter, uint32_t bytes);

/* Keeps records of half a block, one for each letter of the word. */
void spool_rig_keep_word(spool_rig_t *rig, enum tally_class class, const char *word);

/* The next batch has exactly these records, in this order. */
void assert_planned(spool_rig_t *rig, uint32_t bytes_most, const char *word);

/* The records that wait, to the last, are these; they are accepted. */
void assert_uploaded(spool_rig_t *rig, const char *word);

#endif
