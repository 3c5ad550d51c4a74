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

#define RIG_BOOT UINT64_C(0x1F0123456789AB)

/* A boot's first block holds two checkpoints and two records of half a block, to the last byte; the
 * blocks behind it hold one checkpoint and two such records, and have room for another one. */
enum {
    RIG_CHECKPOINT = 49, /* in a store that programs single bytes */
    RIG_HEADER = 8,
    RIG_HALF_BLOCK = 1004,
    RIG_BLOCK = 2 * RIG_CHECKPOINT + 2 * (RIG_HEADER + RIG_HALF_BLOCK),
};

void spool_rig_init(spool_rig_t *rig, uint32_t block_bytes, uint32_t blocks,
                    uint32_t program_bytes);

/* Another boot finds the store as it is; the spool in RAM is gone. */
void spool_rig_reboot(spool_rig_t *rig, uint64_t boot);

/* Commits a record of that letter; what commit returns. The kind is 'h' unless it is told. */
int32_t spool_rig_commit(spool_rig_t *rig, enum tally_class class, char letter, uint32_t bytes);
int32_t spool_rig_commit_kind(spool_rig_t *rig, enum tally_class class, char kind, char letter,
                              uint32_t bytes);

/* As above; it must succeed. */
void spool_rig_keep(spool_rig_t *rig, enum tally_class class, char letter, uint32_t bytes);

/* Keeps records of half a block, one for each letter of the word. */
void spool_rig_keep_word(spool_rig_t *rig, enum tally_class class, const char *word);

/* The next batch has exactly these records, in this order. */
void assert_planned(spool_rig_t *rig, uint32_t bytes_most, const char *word);

/* The records that wait, to the last, are these; they are accepted. */
void assert_uploaded(spool_rig_t *rig, const char *word);

/* The next batch, of any size, is of that boot and has exactly these records; it is accepted. */
void assert_uploaded_of(spool_rig_t *rig, uint64_t boot, const char *word);

/* The number of the next record. */
void assert_next_sequence(spool_rig_t *rig, uint32_t expected);

/* One byte of the store, wherever it lies. */
uint8_t *spool_rig_at(spool_rig_t *rig, uint32_t block, uint32_t offset);

#endif
