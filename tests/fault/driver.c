/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <string.h>

#include "trace.h"

#define TAG_AT         2u
#define UPLOADS_MOST   10000u
#define BOOT_BITS      53
#define CHECKPOINT_TAG 0x80u

uint32_t driver_roll(driver_t *driver, uint32_t sides) {
    return (uint32_t)((nor_chance(driver->chance) >> 32) * sides >> 32);
}

bool driver_is_wrong(const verdict_t *verdict) {
    return verdict->lost + verdict->corrupt + verdict->stuck + verdict->refused > 0;
}

static uint32_t ring_of_block(const driver_t *driver, uint32_t block) {
    return block < driver->spool.rings[TALLY_URGENT].blocks ? TALLY_URGENT : TALLY_ROUTINE;
}

/* --- what the part sees --------------------------------------------------------------------- */

/* A checkpoint in this ring tells what was accepted before. */
static void note_is_written(driver_t *driver, uint32_t ring) {
    ledger_t *const ledger = driver->ledger;
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        held_t *const held = &ledger->held[i];
        held->sync_due = held->sync_due || (held->note_due && held->ring == ring);
    }
}

static void block_is_erased(driver_t *driver, uint32_t block, uint32_t op) {
    ledger_t *const ledger = driver->ledger;
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        held_t *const held = &ledger->held[i];
        if (held->home != block || held->freed_by != NEVER) {
            continue;
        }
        if (held->freed_from == NEVER) {
            driver->erased_must += held->kept <= op;
            driver->erased_may += held->kept > op;
            held->freed_from = op;
        } else {
            driver->erased_may += held->forgotten;
        }
        held->sync_due = true;
    }
}

static void all_is_synced(driver_t *driver, uint32_t op) {
    ledger_t *const ledger = driver->ledger;
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        held_t *const held = &ledger->held[i];
        if (held->sync_due && held->freed_by == NEVER && !driver->excused) {
            held->freed_by = op + 1;
        }
    }
}

static void record_is_written(driver_t *driver, const op_t *op, const uint8_t *data) {
    uint8_t expected[TALLY_RECORD_BYTES];
    held_t *const held = &driver->ledger->held[driver->writing];
    ledger_bytes(driver->ledger, driver->writing, expected);
    if (op->bytes >= TALLY_ENTRY_HEADER_BYTES + held->bytes &&
        memcmp(data + TALLY_ENTRY_HEADER_BYTES, expected, held->bytes) == 0) {
        held->home = op->block;
    }
}

/* A boot has begun in a ring with its first checkpoint. */
static void writing_ends(driver_t *driver, const op_t *op, bool is_checkpoint) {
    uint32_t *const end = &driver->written_end[ring_of_block(driver, op->block)];
    if (is_checkpoint || *end > 0) {
        *end = op->offset + op->bytes;
    }
}

static void watch(void *watcher, const nor_t *nor, const op_t *op, const uint8_t *data) {
    driver_t *const driver = watcher;
    const bool is_checkpoint =
        op->kind == OP_PROGRAM && op->bytes > TAG_AT && data[TAG_AT] == CHECKPOINT_TAG;
    TRACE("%6u %s block %u offset %u bytes %u%s\n", nor->ops, op_name(op->kind), op->block,
          op->offset, op->bytes, is_checkpoint ? " checkpoint" : "");
    if (op->kind == OP_ERASE) {
        block_is_erased(driver, op->block, nor->ops);
    } else if (op->kind == OP_SYNC) {
        all_is_synced(driver, nor->ops);
    } else {
        writing_ends(driver, op, is_checkpoint);
        if (is_checkpoint) {
            note_is_written(driver, ring_of_block(driver, op->block));
        } else if (driver->writing != NEVER) {
            record_is_written(driver, op, data);
        }
    }
}

/* --- what the device does ------------------------------------------------------------------- */

void driver_init(driver_t *driver, nor_t *nor, ledger_t *ledger, verdict_t *verdict,
                 uint64_t *chance) {
    memset(driver, 0, sizeof *driver);
    driver->nor = nor;
    driver->ledger = ledger;
    driver->verdict = verdict;
    driver->chance = chance;
    driver->writing = NEVER;
    nor->watch = watch;
    nor->watcher = driver;
}

static uint32_t dropped(const driver_t *driver) {
    return driver->spool.dropped[TALLY_URGENT] + driver->spool.dropped[TALLY_ROUTINE] +
           driver->spool.expired;
}

/* What was accepted and not noted is not known to the next boot. */
static void forget_unnoted(ledger_t *ledger) {
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        held_t *const held = &ledger->held[i];
        if (held->note_due && !held->sync_due) {
            held->note_due = false;
            held->forgotten = true;
        }
    }
}

static bool is_kept(const driver_t *driver) {
    const ledger_t *const ledger = driver->ledger;
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        if (ledger_standing(&ledger->held[i], driver->nor->ops) == STANDS_MUST) {
            return true;
        }
    }
    return false;
}

void driver_boot(driver_t *driver) {
    const uint32_t wanted = driver->nor->shape.urgent_blocks;
    const uint64_t boot = (nor_chance(driver->chance) >> (64 - BOOT_BITS)) | 1;
    TRACE("boot %llx\n", (unsigned long long)boot);
    nor_power_up(driver->nor);
    forget_unnoted(driver->ledger);
    /* A store that holds records keeps the rings it has. */
    const bool keeps = is_kept(driver) && !driver->excused;
    const uint32_t other =
        keeps && driver_roll(driver, 4) == 0 ? driver->nor->shape.blocks : wanted;
    if (tally_spool_init(&driver->spool, &driver->nor->store, other, boot) != TALLY_OK) {
        judge_say(driver->verdict, &driver->verdict->stuck, "mount fails, boot", boot);
    } else if (driver->spool.rings[TALLY_URGENT].blocks != wanted) {
        judge_say(driver->verdict, &driver->verdict->corrupt, "another urgent ring, of blocks",
                  driver->spool.rings[TALLY_URGENT].blocks);
    }
    for (uint32_t i = 0; i < driver->spool.ring_count; i++) {
        const tally_ring_t *const ring = &driver->spool.rings[i];
        TRACE("  ring %u: tail %u:%u head %u:%u records %u to %u\n", i, ring->tail.place.sequence,
              ring->tail.place.offset, ring->head.sequence, ring->head.offset, ring->tail.index,
              ring->appended);
    }
    memset(driver->accepted, 0, sizeof driver->accepted);
    memset(driver->written_end, 0, sizeof driver->written_end);
    driver->writing = NEVER;
    driver->erased_must = 0; /* power may have gone in a call that erased */
    driver->erased_may = 0;
}

static void judge_commit(driver_t *driver, uint32_t number, int32_t status) {
    held_t *const held = &driver->ledger->held[number];
    if (status == TALLY_OK) {
        held->kept = driver->nor->ops;
    } else if (!driver->excused &&
               !(status == TALLY_E_FULL && held->kind == TALLY_SPOOL_BOOT_KIND)) {
        judge_say(driver->verdict, &driver->verdict->refused, "commit refused, record", number);
    }
}

void driver_keep(driver_t *driver, enum tally_class class, uint8_t kind, uint32_t bytes) {
    if (driver->nor->off || driver_is_wrong(driver->verdict)) {
        return;
    }
    const uint32_t before = dropped(driver);
    const uint32_t number = ledger_add(
        driver->ledger, &(held_t){.boot = driver->spool.boot,
                                  .seed = nor_chance(driver->chance),
                                  .bytes = bytes,
                                  .home = NEVER,
                                  .begun = driver->nor->ops,
                                  .kept = NEVER,
                                  .freed_from = NEVER,
                                  .freed_by = NEVER,
                                  .ring = driver->spool.ring_count == 1 ? 0 : (uint8_t) class,
                                  .class = (uint8_t) class,
                                  .kind = kind});
    uint32_t sequence;
    ledger_bytes(driver->ledger, number, tally_spool_begin(&driver->spool, &sequence));
    driver->writing = number;
    TRACE("keep record %u class %u kind %c bytes %u\n", number, class, kind, bytes);
    const int32_t status = tally_spool_commit(&driver->spool, class, kind, bytes);
    driver->writing = NEVER;
    if (!driver->nor->off) {
        judge_commit(driver, number, status);
        judge_call(driver, before);
    }
}

/* The batch's records are accepted from now on, and gone when the note is written and synced. */
static void enter_accept(driver_t *driver) {
    ledger_t *const ledger = driver->ledger;
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        held_t *const held = &ledger->held[i];
        if (held->delivered && held->freed_by == NEVER) {
            held->freed_from =
                driver->nor->ops < held->freed_from ? driver->nor->ops : held->freed_from;
            held->note_due = true;
            held->forgotten = false;
            driver->accepted[held->ring] = i + 1;
            TRACE("accept record %u\n", i);
        }
    }
}

bool driver_upload(driver_t *driver, uint32_t bytes_most, bool accepts) {
    if (driver->nor->off || driver_is_wrong(driver->verdict) ||
        tally_spool_plan(&driver->spool, bytes_most, &driver->batch) == 0) {
        return false;
    }
    const uint32_t before = dropped(driver);
    if (judge_batch(driver) && accepts) {
        uint32_t written_end[TALLY_CLASSES];
        memcpy(written_end, driver->written_end, sizeof written_end);
        enter_accept(driver);
        tally_spool_accept(&driver->spool, &driver->batch);
        if (!driver->nor->off) {
            judge_accept(driver, written_end);
            judge_call(driver, before);
        }
    }
    return true;
}

void driver_drain(driver_t *driver) {
    const uint32_t bytes_most = 300 + driver_roll(driver, 3) * 7000;
    uint32_t uploads = 0;
    while (driver_upload(driver, bytes_most, true)) {
        if (++uploads == UPLOADS_MOST) {
            judge_say(driver->verdict, &driver->verdict->stuck, "uploads without end, planned",
                      driver->batch.records);
        }
    }
    if (!driver->nor->off && !driver_is_wrong(driver->verdict)) {
        judge_drained(driver);
    }
}

bool driver_prepare(driver_t *driver) {
    if (driver->nor->off || driver_is_wrong(driver->verdict)) {
        return false;
    }
    const uint32_t before = dropped(driver);
    TRACE("prepare\n");
    const bool tried = tally_spool_prepare(&driver->spool);
    if (!driver->nor->off) {
        judge_call(driver, before);
    }
    return tried;
}
