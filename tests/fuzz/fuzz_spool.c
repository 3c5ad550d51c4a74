/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of bytes makes a store: entries with right checks in any place and with any content,
 * torn and damaged ones, noise; and plays boots, records, uploads and failures on it. Whatever lies
 * there:
 *
 *   - nothing is read or written outside the store, and only erased places are programmed (the fake
 *     store sees to that); a mount writes nothing;
 *   - what is planned can be read, and an upload comes to an end;
 *   - once the rings have gone round, a record kept by a store that works is there after a reboot,
 *     once, and nothing else is.
 */
#include <stdbool.h>
#include <string.h>

#include "checkpoint.h"
#include "fakes.h"
#include "fuzzer.h"
#include "ring.h"
#include "spool.h"
#include "test.h"

enum { BLOCK_BYTES = 640, BLOCKS_MOST = 8, BOOTS = 3, UPLOADS_MOST = 20000, LAST_BYTES = 40 };

/* Beyond, a forged image leaves no numbers for new blocks. */
#define SEQUENCES_LEFT (UINT32_MAX / 2 - 1000)

static struct {
    fake_store_t store;
    tally_spool_t spool;
    tally_batch_t batch;
    uint64_t boot;
    uint32_t unix_s;
    bool is_forged; /* since the last mount */
    bool has_batch;
} box;

/* --- the script ----------------------------------------------------------------------------- */

/* Mostly small, sometimes anything. */
static uint32_t take_value(script_t *script) {
    static const uint32_t edges[] = {BLOCK_BYTES, UINT16_MAX, INT32_MAX, UINT32_MAX};
    const uint32_t kind = pick(script, 16);
    return kind < 12 ? kind : kind < 15 ? edges[pick(script, 4)] : take(script, 4);
}

/* --- forging -------------------------------------------------------------------------------- */

static uint8_t *memory_at(uint32_t block, uint32_t offset) {
    return box.store.memory + (size_t)block * BLOCK_BYTES + offset;
}

/* Behind all that the block holds, on the granularity. */
static uint32_t written_end(uint32_t block) {
    uint32_t end = BLOCK_BYTES;
    while (end > 0 && *memory_at(block, end - 1) == 0xFF) {
        end--;
    }
    const uint32_t granularity = box.store.store.program_bytes;
    return (end + granularity - 1) / granularity * granularity;
}

/* A place that the spool could have written to, in one of the first laps. */
static tally_place_t take_place(script_t *script, uint32_t *block) {
    const uint32_t where = pick(script, 4);
    *block = pick(script, box.store.store.blocks);
    const tally_ring_t *const urgent = &box.spool.rings[TALLY_URGENT];
    const tally_ring_t *const ring =
        *block < urgent->blocks ? urgent : &box.spool.rings[TALLY_ROUTINE];
    const uint32_t offset = where == 0 ? 0 : where < 3 ? written_end(*block) : take(script, 2);
    return (tally_place_t){
        .sequence = ring->blocks * (1 + pick(script, 3)) + *block - ring->first,
        .offset = offset % BLOCK_BYTES,
    };
}

/* As much of the sealed entry as fits, or as was written when the power went. */
static void forge(script_t *script, tally_place_t place, uint32_t block, uint8_t *entry,
                  uint8_t tag, uint32_t bytes) {
    const tally_cursor_t at = {.owner = 1 + pick(script, BOOTS), .place = place};
    const uint32_t torn = take(script, 1);
    uint32_t size = tally_entry_seal(&box.store.store, entry, tag, bytes, &at);
    size = torn < 250 ? size : size * (torn - 250) / 5;
    const uint32_t room = BLOCK_BYTES - place.offset;
    memcpy(memory_at(block, place.offset), entry, size < room ? size : room);
    box.is_forged = true;
}

static void forge_record(script_t *script) {
    uint8_t entry[TALLY_ENTRY_HEADER_BYTES + UINT8_MAX + TALLY_ENTRY_PADDING_MOST];
    uint32_t block = 0;
    const tally_place_t place = take_place(script, &block);
    const uint32_t bytes = take(script, 1);
    memset(entry, (int)take(script, 1), sizeof entry);
    forge(script, place, block, entry, (uint8_t)take(script, 1), bytes);
}

/* What a spool would have written, but for the fields that the script thinks better of. */
static void forge_checkpoint(script_t *script) {
    uint8_t entry[TALLY_ENTRY_HEADER_BYTES + TALLY_CHECKPOINT_BYTES + TALLY_ENTRY_PADDING_MOST];
    uint32_t block = 0;
    const tally_place_t place = take_place(script, &block);
    const uint32_t changed = take(script, 2);
    const uint32_t appended = take(script, 1);
    tally_checkpoint_t checkpoint = {.fields = {
                                         [TALLY_CP_FORMAT] = TALLY_SPOOL_FORMAT,
                                         [TALLY_CP_URGENT_BLOCKS] = box.spool.rings[0].blocks,
                                         [TALLY_CP_SEQUENCE] = place.sequence,
                                         [TALLY_CP_BOOT_LOW] = 1 + appended % BOOTS,
                                         [TALLY_CP_APPENDED] = appended,
                                         [TALLY_CP_LARGEST] = 100,
                                         [TALLY_CP_TAIL_BOOT_LOW] = 1 + appended % BOOTS,
                                     }};
    for (uint32_t i = 0; i < TALLY_CP_FIELDS; i++) {
        if ((changed & 1u << i) != 0) {
            checkpoint.fields[i] = take_value(script);
        }
    }
    tally_checkpoint_encode(&checkpoint, entry + TALLY_ENTRY_HEADER_BYTES);
    forge(script, place, block, entry, TALLY_TAG_CHECKPOINT, TALLY_CHECKPOINT_BYTES);
}

/* Noise, or a stretch of one byte. */
static void scribble(script_t *script) {
    const uint32_t block = pick(script, box.store.store.blocks);
    const uint32_t offset = take(script, 2) % BLOCK_BYTES;
    const uint32_t room = BLOCK_BYTES - offset;
    const uint32_t told = take(script, 1);
    const uint32_t bytes = told < room ? told : room;
    const uint32_t how = pick(script, 4);
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t *const byte = memory_at(block, offset + i);
        *byte = how == 0 ? 0 : how == 1 ? 0xFF : (uint8_t)(*byte ^ take(script, 1));
    }
    box.is_forged = true;
}

/* --- what is played ------------------------------------------------------------------------- */

static void mount(void) {
    const uint32_t programs = box.store.programs;
    const uint32_t erases = box.store.erases;
    assert_int_equal(tally_spool_init(&box.spool, &box.store.store, 0, box.boot), TALLY_OK);
    assert_int_equal(box.store.programs, programs);
    assert_int_equal(box.store.erases, erases);
    box.spool.unix_s = box.unix_s;
    box.is_forged = false;
    box.has_batch = false;
}

static void reboot(script_t *script) {
    box.boot = 1 + pick(script, BOOTS);
    mount();
}

static void commit(script_t *script) {
    const uint32_t what = take(script, 1);
    const uint32_t bytes = 1 + take(script, 2) % TALLY_RECORD_BYTES;
    const uint8_t kind = (uint8_t)('a' + what % TALLY_SPOOL_KINDS);
    uint32_t sequence;
    memset(tally_spool_begin(&box.spool, &sequence), (int)what, bytes);
    const int32_t status = tally_spool_commit(
        &box.spool, (what & 0x80u) != 0 ? TALLY_URGENT : TALLY_ROUTINE, kind, bytes);
    assert_true(status == TALLY_OK || status == TALLY_E_IO ||
                (status == TALLY_E_FULL && kind == TALLY_SPOOL_BOOT_KIND));
}

static void plan(script_t *script) {
    const uint32_t records =
        tally_spool_plan(&box.spool, pick(script, 8) * BLOCK_BYTES, &box.batch);
    assert_true((records > 0) == (box.batch.bytes > 0) || box.batch.bytes == 0);
    box.has_batch = true;
}

static void read_part(script_t *script) {
    uint8_t part[256];
    if (box.has_batch) {
        (void)tally_spool_read(&box.spool, &box.batch, part, take(script, 1));
    }
}

static void accept(script_t *script) {
    (void)script;
    if (box.has_batch) {
        tally_spool_accept(&box.spool, &box.batch);
        box.has_batch = false;
    }
}

static void prepare(script_t *script) {
    (void)script;
    (void)tally_spool_prepare(&box.spool);
}

static void expire(script_t *script) {
    box.unix_s += take(script, 1);
    box.spool.unix_s = box.unix_s;
    tally_spool_expire(&box.spool, box.unix_s - pick(script, 8));
}

static void destroy(script_t *script) {
    (void)tally_spool_destroy(&box.store.store, pick(script, box.store.store.blocks));
    mount();
}

static void break_store(script_t *script) {
    const uint32_t when = 1 + pick(script, 8);
    const uint32_t more = pick(script, 4);
    fake_store_t *const store = &box.store;
    switch (pick(script, 6)) {
    case 0: store->read_fails_in = when, store->reads_fail_more = more; break;
    case 1: store->erase_fails_in = when, store->erases_fail_more = more; break;
    case 2: store->sync_fails_in = when, store->syncs_fail_more = more; break;
    case 3: store->worn_block = when; break;
    case 4: store->dead_block = when; break;
    default:
        store->program_failure = (enum fake_program_failure)(when % 3);
        store->program_fails_in = when;
        store->programs_fail_more = more;
        break;
    }
}

static void mend_store(void) {
    fake_store_t *const store = &box.store;
    store->read_fails_in = 0;
    store->erase_fails_in = 0;
    store->sync_fails_in = 0;
    store->program_fails_in = 0;
    store->worn_block = 0;
    store->dead_block = 0;
}

/* --- the end -------------------------------------------------------------------------------- */

/* Uploads all that waits; how many records of `boot` there were. */
static uint32_t drain(uint64_t boot) {
    static uint8_t bytes[TALLY_ENTRY_PAYLOAD_MOST];
    uint32_t found = 0;
    for (uint32_t uploads = 0; uploads < UPLOADS_MOST; uploads++) {
        if (tally_spool_plan(&box.spool, 0, &box.batch) == 0) {
            return found;
        }
        assert_true(box.batch.records == 1 || box.batch.bytes == 0); /* forged: empty ones */
        const int32_t size = tally_spool_read(&box.spool, &box.batch, bytes, sizeof bytes);
        assert_int_equal(size, box.batch.bytes);
        for (int32_t i = 0; i < size && box.batch.boot == boot; i++) {
            assert_int_equal(bytes[i], 'Z');
        }
        found += box.batch.boot == boot ? 1 : 0;
        tally_spool_accept(&box.spool, &box.batch);
    }
    fail_msg("there is no end to it");
    return 0;
}

static bool has_numbers_left(void) {
    return box.spool.rings[0].head.sequence < SEQUENCES_LEFT &&
           box.spool.rings[1].head.sequence < SEQUENCES_LEFT;
}

static void keep(uint32_t class, char letter, uint32_t bytes) {
    uint32_t sequence;
    memset(tally_spool_begin(&box.spool, &sequence), letter, bytes);
    assert_int_equal(tally_spool_commit(&box.spool, (enum tally_class) class, 'h', bytes),
                     TALLY_OK);
}

/* Once the rings have gone round nothing of what was forged matters any more. */
static void check_that_it_works(void) {
    const uint64_t last_boot = UINT64_C(0x1F0123456789AB);
    mend_store();
    box.boot = last_boot - 1;
    mount();
    (void)drain(last_boot);
    if (!has_numbers_left()) {
        return;
    }
    for (uint32_t i = 0; i < TALLY_CLASSES; i++) {
        for (uint32_t block = 0; block <= box.spool.rings[i].blocks; block++) {
            keep(i, 'Y', TALLY_RECORD_BYTES);
        }
    }
    assert_true(tally_spool_plan(&box.spool, UINT32_MAX, &box.batch) > 0);
    tally_spool_accept(&box.spool, &box.batch);
    assert_int_equal(tally_spool_waiting(&box.spool), 0);
    box.boot = last_boot;
    mount();
    assert_int_equal(tally_spool_waiting(&box.spool), 0);
    keep(TALLY_URGENT, 'Z', LAST_BYTES);
    keep(TALLY_ROUTINE, 'Z', LAST_BYTES);
    box.boot = 1;
    mount();
    assert_int_equal(tally_spool_waiting(&box.spool), TALLY_CLASSES);
    assert_int_equal(drain(last_boot), TALLY_CLASSES);
}

static void begin(script_t *script) {
    static const uint32_t granularities[] = {1, 4, 8, 16};
    static const uint32_t blocks[] = {BLOCKS_MOST, 6, 4, 3};
    memset(&box, 0, sizeof box);
    fake_store_init(&box.store, BLOCK_BYTES, blocks[pick(script, 4)],
                    granularities[pick(script, 4)]);
    box.boot = 1;
    box.unix_s = 1000;
    mount();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const forgers[])(script_t *) = {forge_checkpoint, forge_record, scribble};
    static void (*const plays[])(script_t *) = {commit,  commit, plan,   read_part, accept,
                                                prepare, expire, reboot, destroy,   break_store};
    enum { FORGERS = sizeof forgers / sizeof forgers[0], PLAYS = sizeof plays / sizeof plays[0] };
    script_t script = {.at = data, .left = (uint32_t)size};
    begin(&script);
    while (script.left > 0) {
        const uint32_t what = pick(&script, FORGERS + PLAYS);
        if (what < FORGERS) {
            forgers[what](&script);
            continue;
        }
        if (box.is_forged) {
            reboot(&script);
        }
        plays[what - FORGERS](&script);
    }
    check_that_it_works();
    return 0;
}
