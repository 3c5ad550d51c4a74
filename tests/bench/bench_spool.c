/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench_spool: the spool on a part that counts. Prints each figure as a line of JSON; ends
 * with 1 if a record was lost or the spool asked of the part what it must not.
 * tally_bench_spool mount COUNT: mounts a full part so often, for callgrind.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"
#include "spool.h"

enum {
    RECORDS = 100000,
    RECORD_BYTES = 300,
    REBOOTS = 30,
    URGENT_ONE_IN = 4,
    BATCH = 20,
    AGENT_BATCH = TALLY_BATCH_BYTES / RECORD_BYTES,
    STAGING_BYTES = TALLY_TX_BYTES - 1, /* how much the uplink reads at once */
    FILL_RECORDS = 5000,                /* more than the part holds */
    MOUNTS = 400,
    ONE_RING = FLASH_BLOCKS,          /* urgent blocks */
    URGENT_BLOCKS = FLASH_BLOCKS / 4, /* the spool's own choice */
};

#define NS_A_MS 1e6

typedef struct {
    uint32_t program_bytes;
    uint32_t urgent_blocks;
    uint32_t batch; /* the server takes so many as soon as they wait; 0: never */
    uint32_t reboots;
    bool prepares; /* there is idle time between records */
} workload_t;

typedef struct {
    flash_t flash;
    tally_spool_t spool;
    uint64_t boot;
    uint64_t worst_append_ns;
    uint64_t worst_first_append_ns; /* of a boot's first record in a ring */
    bool has_written[TALLY_CLASSES];
    uint8_t delivered[RECORDS];
} run_t;

static void check(bool holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "tally_bench_spool: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void figure(const char *name, double value, const char *unit) {
    printf("{\"name\": \"%s\", \"value\": %.4f, \"unit\": \"%s\"}\n", name, value, unit);
}

static void count(const char *name, uint32_t value, const char *unit) {
    printf("{\"name\": \"%s\", \"value\": %" PRIu32 ", \"unit\": \"%s\"}\n", name, value, unit);
}

static uint64_t longer(uint64_t a_ns, uint64_t b_ns) {
    return a_ns > b_ns ? a_ns : b_ns;
}

/* --- what a device does --------------------------------------------------------------------- */

static void boot(run_t *run, uint32_t urgent_blocks) {
    memset(run->has_written, 0, sizeof run->has_written);
    run->boot++;
    check(tally_spool_init(&run->spool, &run->flash.store, urgent_blocks, run->boot) == TALLY_OK,
          "does not mount");
}

/* The record tells its number, to know it again. */
static void append(run_t *run, enum tally_class class, uint32_t number) {
    const uint64_t before_ns = run->flash.spent_ns;
    const uint32_t ring = run->spool.ring_count == 1 ? 0 : class;
    uint64_t *const worst_ns =
        run->has_written[ring] ? &run->worst_append_ns : &run->worst_first_append_ns;
    uint32_t sequence = 0;
    uint8_t *const record = tally_spool_begin(&run->spool, &sequence);
    memset(record, 0x55, RECORD_BYTES);
    memcpy(record, &number, sizeof number);
    check(tally_spool_commit(&run->spool, class, 'h', RECORD_BYTES) == TALLY_OK, "not kept");
    const uint64_t took_ns = run->flash.spent_ns - before_ns;
    *worst_ns = longer(*worst_ns, took_ns);
    run->has_written[ring] = true;
}

/* One batch goes to the server, which takes it. */
static void upload(run_t *run, uint32_t records) {
    static uint8_t body[AGENT_BATCH * RECORD_BYTES];
    tally_batch_t batch;
    uint32_t bytes = 0;
    int32_t got = 0;
    (void)tally_spool_plan(&run->spool, records * RECORD_BYTES, &batch);
    check(batch.records > 0 && batch.bytes <= sizeof body, "no batch");
    while ((got = tally_spool_read(&run->spool, &batch, body + bytes, STAGING_BYTES)) > 0) {
        bytes += (uint32_t)got;
    }
    check(bytes == batch.records * RECORD_BYTES, "not all of a batch");
    for (uint32_t at = 0; at < bytes; at += RECORD_BYTES) {
        uint32_t number = 0;
        memcpy(&number, body + at, sizeof number);
        check(number < RECORDS, "not a record");
        run->delivered[number] = 1;
    }
    tally_spool_accept(&run->spool, &batch);
}

static void idle(run_t *run, const workload_t *workload) {
    while (workload->prepares && tally_spool_prepare(&run->spool)) {
    }
}

/* All records, one after the other. */
static void work(run_t *run, const workload_t *workload) {
    const uint32_t life = RECORDS / (workload->reboots + 1) + 1;
    memset(run, 0, sizeof *run);
    flash_init(&run->flash, workload->program_bytes);
    for (uint32_t i = 0; i < RECORDS; i++) {
        if (i % life == 0) {
            boot(run, workload->urgent_blocks);
        }
        append(run, i % URGENT_ONE_IN == 0 ? TALLY_URGENT : TALLY_ROUTINE, i);
        idle(run, workload);
        if (workload->batch > 0 && tally_spool_waiting(&run->spool) >= workload->batch) {
            upload(run, workload->batch);
            idle(run, workload);
        }
    }
    check(run->boot == workload->reboots + 1, "reboots");
    check(run->flash.refused == 0, "asked for what a flash cannot do");
}

/* The same, to the last record's delivery. */
static void deliver(run_t *run, const workload_t *workload) {
    work(run, workload);
    while (tally_spool_waiting(&run->spool) > 0) {
        upload(run, workload->batch);
    }
    for (uint32_t i = 0; i < RECORDS; i++) {
        check(run->delivered[i] == 1, "a record is lost");
    }
}

/* --- figures -------------------------------------------------------------------------------- */

static double amplification(run_t *run, const workload_t *workload) {
    deliver(run, workload);
    return (double)run->flash.bytes_programmed / ((double)RECORDS * RECORD_BYTES);
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* Of the worst ring. */
static uint32_t erase_spread(const run_t *run) {
    const uint32_t urgent = run->spool.ring_count == 1 ? FLASH_BLOCKS : URGENT_BLOCKS;
    const uint32_t routine = FLASH_BLOCKS - urgent;
    return larger(flash_erase_spread(&run->flash, 0, urgent),
                  routine == 0 ? 0 : flash_erase_spread(&run->flash, urgent, routine));
}

/* Returns the erase spread. */
static uint32_t one_ring(run_t *run) {
    static const uint32_t granularities[] = {1, 4, 16};
    uint32_t spread = 0;
    for (uint32_t i = 0; i < sizeof granularities / sizeof granularities[0]; i++) {
        const uint32_t granularity = granularities[i];
        workload_t workload = {granularity, ONE_RING, BATCH, REBOOTS, false};
        char name[64];
        (void)snprintf(name, sizeof name, "spool.write_amplification.g%" PRIu32, granularity);
        figure(name, amplification(run, &workload), "times");
        spread = larger(spread, erase_spread(run));
        workload.batch = AGENT_BATCH;
        (void)snprintf(name, sizeof name, "spool.write_amplification.g%" PRIu32 "_agent_batch",
                       granularity);
        figure(name, amplification(run, &workload), "times");
        spread = larger(spread, erase_spread(run));
    }
    return spread;
}

/* `other_spread` is that of the runs before. */
static void two_rings(run_t *run, uint32_t other_spread) {
    const workload_t workload = {1, URGENT_BLOCKS, BATCH, REBOOTS, true};
    figure("spool.write_amplification.two_rings", amplification(run, &workload), "times");
    count("spool.erase_spread_30_boots.blocks", larger(erase_spread(run), other_spread), "erases");
    figure("spool.record.model_ms", (double)run->flash.spent_ns / NS_A_MS / RECORDS, "ms");
}

static void two_rings_one_boot(run_t *run) {
    const workload_t workload = {1, URGENT_BLOCKS, BATCH, 0, true};
    deliver(run, &workload);
    count("spool.erase_spread.blocks", erase_spread(run), "erases");
}

/* With a server that takes all, and with full rings. Returns the worst of a boot's first appends,
 * for which nothing can be prepared. */
static uint64_t worst_append(run_t *run, bool prepares, const char *name) {
    workload_t workload = {1, URGENT_BLOCKS, BATCH, REBOOTS, prepares};
    work(run, &workload);
    const uint64_t worst_ns = run->worst_append_ns;
    const uint64_t worst_first_ns = run->worst_first_append_ns;
    workload.batch = 0;
    work(run, &workload);
    check(run->spool.dropped[TALLY_URGENT] > 0 && run->spool.dropped[TALLY_ROUTINE] > 0,
          "not full");
    figure(name, (double)longer(worst_ns, run->worst_append_ns) / NS_A_MS, "ms");
    return longer(worst_first_ns, run->worst_first_append_ns);
}

static void worst_appends(run_t *run) {
    const uint64_t prepared_ns = worst_append(run, true, "spool.worst_append.model_ms");
    const uint64_t unprepared_ns =
        worst_append(run, false, "spool.worst_append_unprepared.model_ms");
    figure("spool.worst_first_append.model_ms",
           (double)longer(prepared_ns, unprepared_ns) / NS_A_MS, "ms");
}

/* --- mounts --------------------------------------------------------------------------------- */

static void fill(run_t *run) {
    memset(run, 0, sizeof *run);
    flash_init(&run->flash, 1);
    boot(run, URGENT_BLOCKS);
    for (uint32_t i = 0; i < FILL_RECORDS; i++) {
        append(run, i % URGENT_ONE_IN == 0 ? TALLY_URGENT : TALLY_ROUTINE, i);
    }
    check(run->spool.dropped[TALLY_URGENT] > 0 && run->spool.dropped[TALLY_ROUTINE] > 0,
          "not full");
}

/* The worst of mounts with the heads at every record of several blocks. */
static void mount_costs(run_t *run) {
    static tally_spool_t found;
    uint32_t worst_reads = 0;
    uint32_t writes = 0;
    fill(run);
    for (uint32_t i = 0; i < MOUNTS; i++) {
        append(run, i % URGENT_ONE_IN == 0 ? TALLY_URGENT : TALLY_ROUTINE, i);
        const flash_t *const flash = &run->flash;
        const uint32_t reads_before = flash->reads;
        const uint32_t writes_before = flash->programs + flash->erases;
        check(tally_spool_init(&found, &flash->store, URGENT_BLOCKS, 99) == TALLY_OK &&
                  tally_spool_waiting(&found) == tally_spool_waiting(&run->spool),
              "does not find what waits");
        const uint32_t reads = flash->reads - reads_before;
        worst_reads = larger(worst_reads, reads);
        writes += flash->programs + flash->erases - writes_before;
    }
    count("spool.mount.reads", worst_reads, "reads");
    count("spool.mount.writes", writes, "writes");
}

static void mount(run_t *run, uint32_t times) {
    fill(run);
    for (uint32_t i = 0; i < times; i++) {
        boot(run, URGENT_BLOCKS);
    }
}

int main(int argc, char **argv) {
    static run_t run;
    if (argc == 3 && strcmp(argv[1], "mount") == 0) {
        mount(&run, (uint32_t)strtoul(argv[2], NULL, 10));
        return 0;
    }
    if (argc != 1) {
        return 2;
    }
    two_rings(&run, one_ring(&run));
    two_rings_one_boot(&run);
    worst_appends(&run);
    mount_costs(&run);
    return 0;
}
