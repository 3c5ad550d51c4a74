/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench_spool_small BYTES: how many records of so many bytes a spool of 2 KiB of RAM has when
 * it overflows, however the RAM is cut into blocks; the best cut is printed, as lines of JSON. Ends
 * with 1 if a record is neither there nor counted as dropped.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spool.h"
#include "tally_ram_store.h"

enum { MEMORY = 2048, FEWEST_BLOCKS = 3, MOST_BLOCKS = 8, RECORDS = 10000 };

typedef struct {
    tally_ram_store_t ram;
    tally_spool_t spool;
    uint8_t memory[MEMORY];
} run_t;

static void check(bool holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "tally_bench_spool_small: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void append(run_t *run, uint32_t number, uint32_t bytes) {
    uint32_t sequence = 0;
    uint8_t *const record = tally_spool_begin(&run->spool, &sequence);
    memset(record, 0x55, bytes);
    memcpy(record, &number, sizeof number);
    check(tally_spool_commit(&run->spool, TALLY_ROUTINE, 'h', bytes) == TALLY_OK, "not kept");
}

/* All that waits can be read, and is the newest. Returns how many they are. */
static uint32_t read_newest(run_t *run, uint32_t made, uint32_t bytes) {
    tally_batch_t batch;
    const uint32_t records = tally_spool_plan(&run->spool, MEMORY, &batch);
    for (uint32_t i = 0; i < records; i++) {
        uint8_t record[TALLY_RECORD_BYTES];
        uint32_t number = 0;
        check(tally_spool_read(&run->spool, &batch, record, bytes) == (int32_t)bytes, "cut short");
        memcpy(&number, record, sizeof number);
        check(number == made - records + i, "not the newest");
    }
    check(records == tally_spool_waiting(&run->spool), "waits and cannot be read");
    check(records + run->spool.dropped[TALLY_ROUTINE] == made, "lost and not counted");
    return records;
}

/* The fewest that are there after any append once one was dropped; 0: no such spool. */
static uint32_t fewest(run_t *run, uint32_t blocks, uint32_t bytes) {
    uint32_t least = UINT32_MAX;
    memset(run->memory, 0xFF, sizeof run->memory);
    check(tally_ram_store_init(&run->ram, run->memory, MEMORY / blocks, blocks, 1) == TALLY_OK,
          "no store");
    if (tally_spool_init(&run->spool, tally_ram_store(&run->ram), blocks, 1) != TALLY_OK) {
        return 0;
    }
    for (uint32_t made = 1; made <= RECORDS; made++) {
        append(run, made - 1, bytes);
        const uint32_t records = read_newest(run, made, bytes);
        if (records < made && records < least) {
            least = records;
        }
    }
    check(least < RECORDS, "does not overflow");
    return least;
}

int main(int argc, char **argv) {
    static run_t run;
    uint32_t best = 0;
    uint32_t best_blocks = 0;
    const uint32_t bytes = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (bytes < sizeof(uint32_t) || bytes > TALLY_RECORD_BYTES) {
        return 2;
    }
    for (uint32_t blocks = FEWEST_BLOCKS; blocks <= MOST_BLOCKS; blocks++) {
        const uint32_t records = fewest(&run, blocks, bytes);
        if (records > best) {
            best = records;
            best_blocks = blocks;
        }
    }
    check(best > 0, "no cut will do");
    printf("{\"name\": \"spool.heartbeats_in_2KiB.count\", \"value\": %" PRIu32
           ", \"unit\": \"records\"}\n"
           "{\"name\": \"spool.heartbeats_in_2KiB.blocks\", \"value\": %" PRIu32
           ", \"unit\": \"blocks\"}\n",
           best, best_blocks);
    return 0;
}
