/* SPDX-License-Identifier: Apache-2.0 */
/* The box's port, and the store that stands in for its flash, in the conformance kit. */
#include <stdio.h>

#include "acme_port.h"
#include "tally_conformance.h"
#include "tally_ram_store.h"

enum { BLOCK_BYTES = 4096, BLOCKS = 16 };

static uint8_t memory[BLOCKS * BLOCK_BYTES];
static uint8_t scratch[BLOCK_BYTES + TALLY_CONFORMANCE_SCRATCH_GUARD];

static void put(void *ctx, const char *text) {
    (void)ctx;
    fputs(text, stdout);
}

static uint32_t wait_ms(void *ctx, uint32_t ms) {
    (void)ctx;
    return acme_wait_ms(ms);
}

static void sleep(void *ctx, uint32_t most_ms) {
    (void)ctx;
    acme_sleep(most_ms);
}

static int32_t begin_others(void *ctx, void (*turn)(void *argument), void *argument) {
    (void)ctx;
    acme_every_tick(turn, argument);
    return TALLY_OK;
}

static void end_others(void *ctx) {
    (void)ctx;
    acme_every_tick(NULL, NULL);
}

int main(void) {
    static tally_ram_store_t ram;
    acme_start();
    tally_ram_store_init(&ram, memory, BLOCK_BYTES, BLOCKS, 1);
    const tally_conformance_store_t spool = {
        .store = tally_ram_store(&ram), .name = "spool", .blocks_least = 6, .is_volatile = true};
    const tally_conformance_setup_t setup = {
        .put = put,
        .wait_ms = wait_ms,
        .scratch = scratch,
        .scratch_bytes = sizeof scratch,
        .port = &acme_port,
        .stores = &spool,
        .store_count = 1,
        .sleep = sleep,
        .begin_others = begin_others,
        .end_others = end_others,
    };
    tally_conformance_result_t result;
    return tally_conformance_run(&result, &setup) == 0 ? 0 : 1;
}
