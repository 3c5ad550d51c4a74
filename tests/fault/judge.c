/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "trace.h"

#define BATCH_MOST (16384u + TALLY_RECORD_BYTES)
#define READ_MOST  4096u
#define NOTE_MOST  64u /* a checkpoint in the store */

void judge_say(verdict_t *verdict, uint32_t *count, const char *what, uint64_t number) {
    if (!driver_is_wrong(verdict)) {
        (void)snprintf(verdict->what, sizeof verdict->what, "%s %llu", what,
                       (unsigned long long)number);
    }
    (*count)++;
}

static bool corrupt(driver_t *driver, const char *what, uint64_t number) {
    judge_say(driver->verdict, &driver->verdict->corrupt, what, number);
    return false;
}

/* --- a batch -------------------------------------------------------------------------------- */

/* Reads the batch to its end in parts of a size by chance; false if it is gone meanwhile. */
static bool read_batch(driver_t *driver, uint8_t *bytes) {
    const uint32_t part = driver_roll(driver, 2) == 0 ? READ_MOST : 1 + driver_roll(driver, 700);
    const uint32_t total = driver->batch.bytes;
    uint32_t done = 0;
    for (;;) {
        const uint32_t room = total + 1 - done;
        const int32_t got = tally_spool_read(&driver->spool, &driver->batch, bytes + done,
                                             part < room ? part : room);
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            break;
        }
        done += (uint32_t)got;
        if (done > total) {
            return corrupt(driver, "batch longer than planned", total);
        }
    }
    return done == total || corrupt(driver, "batch shorter than planned", total);
}

/* One record at the beginning of `bytes`: what it takes, or 0 if it is wrong. */
static uint32_t judge_record(driver_t *driver, const uint8_t *bytes, uint32_t left,
                             uint32_t next[TALLY_CLASSES], uint32_t *ring) {
    uint8_t expected[TALLY_RECORD_BYTES];
    const uint32_t number = left < HELD_BYTES_LEAST
                                ? NEVER
                                : bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                                      (uint32_t)bytes[3] << 24;
    if (number >= driver->ledger->count) {
        return corrupt(driver, "never committed, record", number);
    }
    held_t *const held = &driver->ledger->held[number];
    ledger_bytes(driver->ledger, number, expected);
    if (left < held->bytes || memcmp(bytes, expected, held->bytes) != 0) {
        return corrupt(driver, "other bytes than committed, record", number);
    }
    if (held->boot != driver->batch.boot) {
        return corrupt(driver, "of another boot than its batch, record", number);
    }
    if (held->freed_by <= driver->nor->ops && !driver->excused) {
        return corrupt(driver, "delivered after it was done with, record", number);
    }
    if (held->ring < *ring || number < next[held->ring]) {
        return corrupt(driver, "out of order, record", number);
    }
    *ring = held->ring;
    next[held->ring] = number + 1;
    held->delivered = true;
    TRACE("delivered record %u\n", number);
    return held->bytes;
}

bool judge_batch(driver_t *driver) {
    static uint8_t bytes[BATCH_MOST + 1];
    const tally_batch_t *const batch = &driver->batch;
    ledger_t *const ledger = driver->ledger;
    uint32_t next[TALLY_CLASSES];
    uint32_t ring = 0;
    uint32_t records = 0;
    memcpy(next, driver->accepted, sizeof next);
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        ledger->held[i].delivered = false;
    }
    if (batch->bytes > BATCH_MOST) {
        return corrupt(driver, "batch too large, bytes", batch->bytes);
    }
    if (!read_batch(driver, bytes)) {
        return false;
    }
    for (uint32_t done = 0; done < batch->bytes; records++) {
        const uint32_t taken = judge_record(driver, bytes + done, batch->bytes - done, next, &ring);
        if (taken == 0) {
            return false;
        }
        done += taken;
    }
    return records == batch->records || corrupt(driver, "records not as planned", records);
}

void judge_drained(driver_t *driver) {
    const ledger_t *const ledger = driver->ledger;
    const uint32_t waiting = tally_spool_waiting(&driver->spool);
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        if (ledger_standing(&ledger->held[i], driver->nor->ops) == STANDS_MUST) {
            judge_say(driver->verdict, &driver->verdict->lost, "not delivered, record", i);
        }
    }
    if (waiting > 0) {
        judge_say(driver->verdict, &driver->verdict->stuck, "nothing planned and waiting", waiting);
    }
    driver->verdict->damaged += driver->spool.damaged;
}

/* --- a call --------------------------------------------------------------------------------- */

void judge_accept(driver_t *driver, const uint32_t written_end[TALLY_CLASSES]) {
    const ledger_t *const ledger = driver->ledger;
    for (uint32_t i = ledger->live; i < ledger->count; i++) {
        const held_t *const held = &ledger->held[i];
        const uint32_t end = written_end[held->ring];
        if (held->delivered && held->note_due && !held->sync_due && end > 0 &&
            end + NOTE_MOST <= driver->nor->shape.block_bytes && driver->spool.store_failed == 0) {
            judge_say(driver->verdict, &driver->verdict->corrupt, "accepted and not noted, record",
                      i);
        }
    }
}

/* What the call erased is what it counted as dropped: neither more nor less. */
void judge_call(driver_t *driver, uint32_t dropped_before) {
    const tally_spool_t *const spool = &driver->spool;
    const uint32_t counted = spool->dropped[TALLY_URGENT] + spool->dropped[TALLY_ROUTINE] +
                             spool->expired - dropped_before;
    const uint32_t must = driver->erased_must;
    const uint32_t may = driver->erased_may;
    driver->erased_must = 0;
    driver->erased_may = 0;
    if (driver->nor->broken_rule != NULL) {
        (void)corrupt(driver, driver->nor->broken_rule, driver->nor->ops);
    }
    if (counted < must) {
        judge_say(driver->verdict, &driver->verdict->lost, "erased and not counted, records",
                  must - counted);
    } else if (counted > must + may && !driver->excused) {
        judge_say(driver->verdict, &driver->verdict->lost, "dropped and not erased, records",
                  counted - must - may);
    }
}
