/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 100,000 random operations against a model that is obvious: an array list for each ring, in which
 * every record knows the block it lies in. Eviction drops the records of a block.
 */
#include <string.h>

#include "dice.h"
#include "fakes.h"
#include "spool.h"
#include "test.h"

#define OPERATIONS   100000u
#define RECORDS_MOST 4096u /* more than fit the largest store below */
#define HEADER       12u

typedef struct {
    uint32_t sequence;
    uint32_t bytes;
    uint32_t block; /* counted through, not round */
    enum tally_class class;
    bool in_batch;
} entry_t;

typedef struct {
    entry_t entries[RECORDS_MOST];
    uint32_t count;
    uint32_t blocks;
    uint32_t block; /* where the next record goes */
    uint32_t offset;
} model_ring_t;

typedef struct {
    model_ring_t rings[TALLY_CLASSES];
    uint32_t ring_count;
    uint32_t block_bytes;
    uint32_t program_bytes;
    uint32_t next_sequence;
    uint32_t dropped[TALLY_CLASSES];
    bool has_batch;
    bool batch_evicted; /* a record of the batch is gone */
    bool had_failures;  /* batches may be shorter than they could be */
} model_t;

typedef struct {
    uint32_t block_bytes;
    uint32_t blocks;
    uint32_t program_bytes;
    uint32_t urgent_blocks; /* 0: one ring */
} geometry_t;

static fake_store_t store;
static tally_spool_t spool;
static tally_batch_t batch;
static model_t model;
static dice_t dice;

/* --- the model ------------------------------------------------------------------------------ */

/* Byte `at` of the record with that number; neighbours differ. */
static uint8_t content(uint32_t sequence, uint32_t at) {
    return (uint8_t)(sequence * 31 + at * 7 + (sequence >> 8));
}

/* Removes the entries that `goes` chooses. */
static void model_remove(model_ring_t *ring, bool (*goes)(const entry_t *entry, uint32_t block),
                         uint32_t block) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ring->count; i++) {
        if (!goes(&ring->entries[i], block)) {
            ring->entries[kept++] = ring->entries[i];
        }
    }
    ring->count = kept;
}

static bool is_evicted(const entry_t *entry, uint32_t block) {
    if (entry->block != block) {
        return false;
    }
    model.dropped[entry->class]++;
    model.batch_evicted = model.batch_evicted || entry->in_batch;
    return true;
}

static bool is_accepted(const entry_t *entry, uint32_t block) {
    (void)block;
    return entry->in_batch;
}

static model_ring_t *model_ring_of(enum tally_class class) {
    return &model.rings[model.ring_count == 1 ? 0 : class];
}

static void model_open_next_block(model_ring_t *ring) {
    ring->block++;
    ring->offset = 0;
    if (ring->block >= ring->blocks) {
        model_remove(ring, is_evicted, ring->block - ring->blocks);
    }
}

static void model_init(const geometry_t *geometry) {
    memset(&model, 0, sizeof model);
    model.block_bytes = geometry->block_bytes;
    model.program_bytes = geometry->program_bytes;
    model.ring_count = geometry->urgent_blocks == 0 ? 1 : 2;
    model.rings[TALLY_URGENT].blocks =
        model.ring_count == 1 ? geometry->blocks : geometry->urgent_blocks;
    model.rings[TALLY_ROUTINE].blocks = geometry->blocks - geometry->urgent_blocks;
}

/* The `index`th record that waits, urgent ring first; NULL behind the last. */
static entry_t *model_waiting(uint32_t index) {
    for (uint32_t i = 0; i < model.ring_count; i++) {
        if (index < model.rings[i].count) {
            return &model.rings[i].entries[index];
        }
        index -= model.rings[i].count;
    }
    return NULL;
}

/* The `index`th record of the batch, as far as it was not evicted. */
static const entry_t *model_in_batch(uint32_t index) {
    for (uint32_t i = 0;; i++) {
        const entry_t *const entry = model_waiting(i);
        assert_non_null(entry);
        if (entry->in_batch && index-- == 0) {
            return entry;
        }
    }
}

/* --- operations ----------------------------------------------------------------------------- */

static uint32_t random_record_bytes(void) {
    static const uint32_t most[] = {8, 60, 300, 2016};
    return 1 + dice_roll(&dice, most[dice_roll(&dice, 4)]);
}

static void commit(bool fails) {
    const enum tally_class class = dice_roll(&dice, 4) == 0 ? TALLY_URGENT : TALLY_ROUTINE;
    const uint32_t bytes = random_record_bytes();
    uint32_t sequence;
    uint8_t *const record = tally_spool_begin(&spool, &sequence);
    assert_int_equal(sequence, model.next_sequence);
    for (uint32_t i = 0; i < bytes; i++) {
        record[i] = content(sequence, i);
    }
    store.program_fails_in = fails ? 1 : 0;
    store.program_failure = (enum fake_program_failure)dice_roll(&dice, 3);
    const bool is_kept = tally_spool_commit(&spool, class, 'h', bytes) == TALLY_OK;
    assert_true(is_kept || fails); /* a failure may still leave the record whole */

    model_ring_t *const ring = model_ring_of(class);
    const uint32_t granules = (HEADER + bytes + model.program_bytes - 1) / model.program_bytes;
    const uint32_t total = granules * model.program_bytes;
    if (ring->offset + total > model.block_bytes) {
        model_open_next_block(ring);
    }
    ring->offset = fails ? model.block_bytes : ring->offset + total;
    model.had_failures = model.had_failures || fails;
    if (!is_kept) {
        return;
    }
    ring->entries[ring->count++] =
        (entry_t){.sequence = sequence, .bytes = bytes, .block = ring->block, .class = class};
    model.next_sequence++;
}

static void roll_back(void) {
    uint32_t sequence;
    memset(tally_spool_begin(&spool, &sequence), 0xEE, TALLY_RECORD_BYTES);
    assert_int_equal(sequence, model.next_sequence);
}

static void plan(void) {
    const uint32_t bytes_most = dice_roll(&dice, 4096);
    const uint32_t records = tally_spool_plan(&spool, bytes_most, &batch);
    uint32_t bytes = 0;
    for (uint32_t i = 0; model_waiting(i) != NULL; i++) {
        entry_t *const entry = model_waiting(i);
        entry->in_batch = i < records;
        bytes += entry->in_batch ? entry->bytes : 0;
    }
    const entry_t *const next = model_waiting(records);
    assert_int_equal(batch.bytes, bytes);
    assert_true(records <= 1 || bytes <= bytes_most);
    assert_true(records >= 1 || next == NULL);
    assert_true(next == NULL || bytes + next->bytes > bytes_most || model.had_failures);
    model.has_batch = true;
    model.batch_evicted = false;
}

/* The batch comes out whole in parts of one random size, or not at all if some of it is gone. */
static void read(void) {
    uint8_t part[700];
    const uint32_t size = 1 + dice_roll(&dice, sizeof part);
    uint32_t record = 0;
    uint32_t at = 0;
    int32_t read = 0;
    tally_spool_rewind(&batch);
    while ((read = tally_spool_read(&spool, &batch, part, size)) > 0) {
        for (int32_t i = 0; i < read && !model.batch_evicted; i++) {
            const entry_t *const entry = model_in_batch(record);
            assert_int_equal(part[i], content(entry->sequence, at));
            at++;
            if (at == entry->bytes) {
                record++;
                at = 0;
            }
        }
    }
    assert_int_equal(read, model.batch_evicted ? TALLY_E_GONE : 0);
    assert_true(model.batch_evicted || record == batch.records);
}

static void accept(void) {
    tally_spool_accept(&spool, &batch);
    for (uint32_t i = 0; i < model.ring_count; i++) {
        model_remove(&model.rings[i], is_accepted, 0);
    }
    model.has_batch = false;
}

static void do_something(bool may_fail) {
    const uint32_t what = dice_roll(&dice, 100);
    if (what < 70) {
        commit(may_fail && dice_roll(&dice, 20) == 0);
    } else if (what < 75) {
        roll_back();
    } else if (what < 85 || !model.has_batch) {
        plan();
    } else if (what < 95) {
        read();
    } else {
        accept();
    }
}

static void assert_like_model(void) {
    assert_int_equal(tally_spool_waiting(&spool), model.rings[0].count + model.rings[1].count);
    assert_int_equal(spool.made, model.next_sequence);
    assert_int_equal(spool.dropped[TALLY_URGENT], model.dropped[TALLY_URGENT]);
    assert_int_equal(spool.dropped[TALLY_ROUTINE], model.dropped[TALLY_ROUTINE]);
    assert_int_equal(spool.damaged, 0);
}

static void run(const geometry_t *geometry, bool may_fail, uint32_t operations) {
    fake_store_init(&store, geometry->block_bytes, geometry->blocks, geometry->program_bytes);
    assert_int_equal(tally_spool_init(&spool, &store.store, 0, 1), TALLY_OK);
    model_init(geometry);
    for (uint32_t i = 0; i < operations; i++) {
        do_something(may_fail);
        assert_like_model();
    }
}

static const geometry_t geometries[] = {
    {.block_bytes = 2032, .blocks = 3, .program_bytes = 1, .urgent_blocks = 0},
    {.block_bytes = 2032, .blocks = 5, .program_bytes = 16, .urgent_blocks = 0},
    {.block_bytes = 2032, .blocks = 6, .program_bytes = 4, .urgent_blocks = 3},
    {.block_bytes = 2048, .blocks = 8, .program_bytes = 8, .urgent_blocks = 3},
    {.block_bytes = 4096, .blocks = 16, .program_bytes = 1, .urgent_blocks = 4},
};

#define GEOMETRIES (sizeof geometries / sizeof geometries[0])

static void test_spool_does_what_the_model_does(void **state) {
    (void)state;
    dice = dice_from_environment();
    for (uint32_t i = 0; i < GEOMETRIES; i++) {
        run(&geometries[i], false, dice_share(OPERATIONS / GEOMETRIES));
    }
}

static void test_spool_does_what_the_model_does_while_the_store_fails(void **state) {
    (void)state;
    dice = dice_from_environment();
    for (uint32_t i = 0; i < GEOMETRIES; i++) {
        run(&geometries[i], true, dice_share(OPERATIONS / GEOMETRIES));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_does_what_the_model_does),
        cmocka_unit_test(test_spool_does_what_the_model_does_while_the_store_fails),
    };
    return cmocka_run_group_tests_name("spool_model", tests, NULL, NULL);
}
