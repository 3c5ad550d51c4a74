/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations, reboots among them, against a model that is obvious: for each ring the list of
 * all records there ever were and where in it those that wait begin. How many go when a ring is
 * full the spool says itself, by what it counts; which ones, and all else, the model knows.
 */
#include <string.h>

#include "dice.h"
#include "fakes.h"
#include "spool.h"
#include "test.h"

#ifndef OPERATIONS
#define OPERATIONS 100000u
#endif

typedef struct {
    uint64_t boot;
    uint32_t sequence;
    uint16_t bytes;
    uint8_t class;
    uint8_t kind;
} entry_t;

typedef struct {
    entry_t entries[OPERATIONS];
    uint32_t count;
    uint32_t waits;     /* the first of those that wait */
    uint32_t returned;  /* up to here they had gone before the reboot */
    uint32_t batch_end; /* of those in the batch */
    bool in_doubt;      /* a note of what was accepted had no room: a reboot may undo it */
} model_ring_t;

static struct {
    model_ring_t rings[TALLY_CLASSES];
    uint64_t boot;
    uint32_t next_sequence;
    uint32_t made;
    uint32_t dropped[TALLY_CLASSES];
    uint32_t dropped_kind[TALLY_SPOOL_KINDS];
    uint32_t damaged;
    uint32_t batch_records;
    uint32_t batch_bytes;
    bool has_batch;
    bool batch_evicted; /* a record of the batch is gone */
    bool tail_moved;    /* since the batch was planned */
    bool may_fail;
} model;

typedef struct {
    uint32_t block_bytes;
    uint32_t blocks;
    uint32_t program_bytes;
    uint32_t urgent_blocks;
} geometry_t;

static fake_store_t store;
static tally_spool_t spool;
static tally_batch_t batch;
static dice_t dice;

/* --- the model ------------------------------------------------------------------------------ */

/* Byte `at` of the record; neighbours differ, and so do boots. */
static uint8_t content(const entry_t *entry, uint32_t at) {
    return (uint8_t)((uint32_t)entry->boot * 101 + entry->sequence * 31 + at * 7 +
                     (entry->sequence >> 8));
}

static model_ring_t *model_ring(enum tally_class class) {
    return &model.rings[spool.ring_count == 1 ? 0 : class];
}

static uint32_t model_waiting(void) {
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        waiting += model.rings[i].count - model.rings[i].waits;
    }
    return waiting;
}

/* The oldest of the ring go, as many as the spool has counted since. */
static void model_evict(void) {
    uint32_t gone = spool.dropped[0] + spool.dropped[1] - model.dropped[0] - model.dropped[1];
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        model_ring_t *const ring = &model.rings[i];
        uint32_t of_ring = spool.ring_count == 1 ? gone : spool.dropped[i] - model.dropped[i];
        model.tail_moved = model.tail_moved || of_ring > 0;
        for (; of_ring > 0; of_ring--) {
            assert_true(ring->waits < ring->count);
            const entry_t *const entry = &ring->entries[ring->waits];
            model.dropped[entry->class]++;
            model.dropped_kind[entry->kind - 'a']++;
            model.batch_evicted = model.batch_evicted || ring->waits < ring->batch_end;
            ring->waits++;
        }
    }
}

/* --- operations ----------------------------------------------------------------------------- */

/* One thing at a time: where a record failed and cannot be destroyed it may be found twice. */
static void fail_something(void) {
    const uint32_t call = 1 + dice_roll(&dice, 6);
    store.program_fails_in = 0;
    store.erase_fails_in = 0;
    store.sync_fails_in = 0;
    store.read_fails_in = 0;
    store.program_failure = (enum fake_program_failure)dice_roll(&dice, 3);
    switch (dice_roll(&dice, 4)) {
    case 0: store.program_fails_in = call; break;
    case 1: store.erase_fails_in = call; break;
    case 2: store.sync_fails_in = call; break;
    default: store.read_fails_in = call; break;
    }
}

static uint32_t random_record_bytes(void) {
    static const uint32_t most[] = {8, 60, 300, 2016};
    return 1 + dice_roll(&dice, most[dice_roll(&dice, 4)]);
}

static void commit(void) {
    static const char kinds[] = "bhsexa";
    entry_t entry = {.boot = model.boot,
                     .sequence = model.next_sequence,
                     .bytes = (uint16_t)random_record_bytes(),
                     .class = dice_roll(&dice, 4) == 0 ? TALLY_URGENT : TALLY_ROUTINE,
                     .kind = (uint8_t)kinds[dice_roll(&dice, sizeof kinds - 1)]};
    uint32_t sequence;
    uint8_t *const record = tally_spool_begin(&spool, &sequence);
    assert_int_equal(sequence, model.next_sequence);
    for (uint32_t i = 0; i < entry.bytes; i++) {
        record[i] = content(&entry, i);
    }
    const int32_t status =
        tally_spool_commit(&spool, (enum tally_class)entry.class, entry.kind, entry.bytes);
    model_evict();
    if (status == TALLY_E_FULL) {
        assert_int_equal(entry.kind, TALLY_SPOOL_BOOT_KIND);
        return;
    }
    model.next_sequence++;
    if (status == TALLY_OK) {
        model_ring_t *const ring = model_ring((enum tally_class)entry.class);
        ring->entries[ring->count++] = entry;
        model.made++;
    } else {
        assert_true(model.may_fail);
    }
}

static void roll_back(void) {
    uint32_t sequence;
    memset(tally_spool_begin(&spool, &sequence), 0xEE, TALLY_RECORD_BYTES);
    assert_int_equal(sequence, model.next_sequence);
}

/* The urgent ring first, of one boot, and no record out of turn. */
static void model_plan(uint32_t bytes_most, uint64_t *boot) {
    bool is_full = false;
    model.batch_records = 0;
    model.batch_bytes = 0;
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        model_ring_t *const ring = &model.rings[i];
        uint32_t end = ring->waits;
        for (; end < ring->count && !is_full; end++) {
            const entry_t *const entry = &ring->entries[end];
            if (model.batch_records == 0) {
                *boot = entry->boot;
            } else if (entry->boot != *boot) {
                break;
            } else if (model.batch_bytes + entry->bytes > bytes_most) {
                is_full = true;
                break;
            }
            model.batch_records++;
            model.batch_bytes += entry->bytes;
        }
        ring->batch_end = end;
    }
}

static void plan(void) {
    const uint32_t bytes_most = dice_roll(&dice, 6000);
    uint64_t boot = 0;
    model_plan(bytes_most, &boot);
    assert_int_equal(tally_spool_plan(&spool, bytes_most, &batch), model.batch_records);
    assert_int_equal(batch.records, model.batch_records);
    assert_int_equal(batch.bytes, model.batch_bytes);
    assert_int_equal(batch.boot, boot);
    model.has_batch = true;
    model.batch_evicted = false;
    model.tail_moved = false;
}

static void assert_content(uint32_t *ring_index, uint32_t *record, uint32_t *at, uint8_t byte) {
    const model_ring_t *ring = &model.rings[*ring_index];
    while (*record >= ring->batch_end) { /* evicted since, behind a batch without any of the ring */
        assert_true(++*ring_index < spool.ring_count);
        ring = &model.rings[*ring_index];
        *record = ring->waits;
    }
    const entry_t *const entry = &ring->entries[*record];
    assert_int_equal(byte, content(entry, *at));
    if (++*at == entry->bytes) {
        ++*record;
        *at = 0;
    }
}

/* The batch comes out whole in parts of one random size, or not at all if some of it is gone. */
static void read(void) {
    uint8_t part[700];
    const uint32_t size = 1 + dice_roll(&dice, sizeof part);
    uint32_t ring_index = 0;
    uint32_t record = model.rings[0].waits;
    uint32_t at = 0;
    uint32_t total = 0;
    int32_t read = 0;
    tally_spool_rewind(&batch);
    while ((read = tally_spool_read(&spool, &batch, part, size)) > 0) {
        for (int32_t i = 0; i < read && !model.batch_evicted; i++) {
            assert_content(&ring_index, &record, &at, part[i]);
        }
        total += (uint32_t)read;
    }
    assert_true(read == 0 || model.tail_moved);
    assert_true(read == TALLY_E_GONE || !model.batch_evicted);
    assert_true(read < 0 || total == model.batch_bytes);
}

static void accept(void) {
    tally_place_t heads[TALLY_CLASSES];
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        heads[i] = spool.rings[i].head;
    }
    tally_spool_accept(&spool, &batch);
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        model_ring_t *const ring = &model.rings[i];
        if (ring->batch_end > ring->waits) {
            ring->waits = ring->batch_end;
            ring->in_doubt = memcmp(&heads[i], &spool.rings[i].head, sizeof heads[i]) == 0;
        }
    }
    model.has_batch = false;
}

static void prepare(void) {
    const uint32_t erases = store.erases;
    const bool has_erased = tally_spool_prepare(&spool);
    assert_int_equal(store.erases - erases, has_erased ? 1 : 0);
    model_evict();
}

/* --- reboots -------------------------------------------------------------------------------- */

static bool is_record(const entry_t *entry, const uint8_t *bytes, uint32_t size) {
    bool is_same = entry->boot == batch.boot && entry->bytes == size;
    for (uint32_t i = 0; i < size && is_same; i++) {
        is_same = bytes[i] == content(entry, i);
    }
    return is_same;
}

/* The next record of its ring, unless those before it are some that had gone and only half came
 * back. */
static void assert_next(model_ring_t *ring, const uint8_t *bytes, uint32_t size) {
    while (!is_record(&ring->entries[ring->waits], bytes, size)) {
        assert_true(ring->waits < ring->returned);
        ring->waits++;
        model.damaged++;
    }
    ring->waits++;
}

/* Uploads all there is, record by record. */
static void drain(void) {
    static uint8_t bytes[TALLY_RECORD_BYTES];
    while (tally_spool_plan(&spool, 0, &batch) > 0) {
        const int32_t size = tally_spool_read(&spool, &batch, bytes, sizeof bytes);
        assert_int_equal(batch.records, 1);
        assert_int_equal(size, batch.bytes);
        assert_next(&model.rings[batch.ring_records[0] > 0 ? 0 : 1], bytes, (uint32_t)size);
        tally_spool_accept(&spool, &batch);
    }
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        model_ring_t *const ring = &model.rings[i];
        assert_true(ring->waits == ring->count || ring->returned == ring->count);
        model.damaged += ring->count - ring->waits;
        ring->waits = ring->count;
        ring->in_doubt = true;
    }
}

static bool find_what_returned(model_ring_t *ring, uint32_t waiting) {
    const uint32_t expected = ring->count - ring->waits;
    assert_true(waiting >= expected);
    assert_true(waiting <= ring->count);
    assert_true(waiting == expected || ring->in_doubt || model.may_fail);
    ring->returned = ring->waits;
    ring->waits = ring->count - waiting;
    ring->in_doubt = false;
    return waiting > expected;
}

/* What had been accepted without room for the note may be back, and when the store has failed what
 * had been evicted, or some of it; never less than waited. */
static void reboot(void) {
    const uint32_t programs = store.programs;
    const uint32_t erases = store.erases;
    bool has_returned = false;
    model.boot++;
    model.next_sequence = 0;
    model.made = 0;
    model.damaged = 0;
    memset(model.dropped, 0, sizeof model.dropped);
    memset(model.dropped_kind, 0, sizeof model.dropped_kind);
    model.has_batch = false;
    memset(&spool, 0xA5, sizeof spool);
    assert_int_equal(tally_spool_init(&spool, &store.store, 0, model.boot), TALLY_OK);
    assert_int_equal(store.programs, programs);
    assert_int_equal(store.erases, erases);
    for (uint32_t i = 0; i < spool.ring_count; i++) {
        const uint32_t waiting = spool.rings[i].appended - spool.rings[i].tail.index;
        has_returned = find_what_returned(&model.rings[i], waiting) || has_returned;
    }
    if (has_returned || dice_roll(&dice, 4) == 0) {
        drain();
    }
}

static void do_something(void) {
    const uint32_t what = dice_roll(&dice, 1000);
    if (model.may_fail && dice_roll(&dice, 20) == 0) {
        fail_something();
    }
    if (what < 680) {
        commit();
    } else if (what < 720) {
        roll_back();
    } else if (what < 730) {
        reboot();
    } else if (what < 760) {
        prepare();
    } else if (what < 850 || !model.has_batch) {
        plan();
    } else if (what < 930) {
        read();
    } else {
        accept();
    }
}

static void assert_like_model(void) {
    assert_int_equal(tally_spool_waiting(&spool), model_waiting());
    assert_int_equal(spool.made, model.made);
    assert_memory_equal(spool.dropped, model.dropped, sizeof model.dropped);
    assert_memory_equal(spool.dropped_kind, model.dropped_kind, sizeof model.dropped_kind);
    assert_int_equal(spool.damaged, model.damaged);
    assert_true(model.may_fail || spool.damaged == 0);
    assert_int_equal(spool.expired, 0);
    assert_int_equal(spool.foreign_blocks, 0);
    assert_true(model.may_fail || spool.store_failed == 0);
    assert_in_range(tally_spool_fill_percent(&spool), 0, 101);
}

static void run(const geometry_t *geometry, bool may_fail, uint32_t operations) {
    fake_store_init(&store, geometry->block_bytes, geometry->blocks, geometry->program_bytes);
    for (uint32_t i = 0; i < TALLY_CLASSES; i++) {
        model.rings[i].count = 0;
        model.rings[i].waits = 0;
        model.rings[i].returned = 0;
        model.rings[i].batch_end = 0;
        model.rings[i].in_doubt = false;
    }
    model.may_fail = may_fail;
    model.boot = 1;
    assert_int_equal(tally_spool_init(&spool, &store.store, geometry->urgent_blocks, model.boot),
                     TALLY_OK);
    reboot();
    for (uint32_t i = 0; i < operations; i++) {
        do_something();
        assert_like_model();
    }
}

static const geometry_t geometries[] = {
    {.block_bytes = 2080, .blocks = 3, .program_bytes = 1, .urgent_blocks = 0},
    {.block_bytes = 4096, .blocks = 5, .program_bytes = 16, .urgent_blocks = 0},
    {.block_bytes = 2080, .blocks = 6, .program_bytes = 4, .urgent_blocks = 3},
    {.block_bytes = 4096, .blocks = 12, .program_bytes = 8, .urgent_blocks = 3},
    {.block_bytes = 8192, .blocks = 16, .program_bytes = 1, .urgent_blocks = 4},
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
