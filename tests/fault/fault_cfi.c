/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lives and cuts of fault_cuts.c with a driver in between: the spool's store is the NOR driver
 * of boards/cfi-nor, under it are two chips (tests/cfi-nor), and their cells are the flash of
 * nor.c. Each boot begins with the driver's set-up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfi_nor.h"
#include "pair.h"
#include "replay.h"
#include "trace.h"

enum { CHIP_BLOCKS = 8, CHIP_BUFFER_WORDS = 1024 };

/* Of nor.h's flash; the driver programs words of 32 bits. */
static const nor_shape_t shapes[] = {{4096, 8, 4, 3}, {4096, 4, 4, 4}};

static struct {
    const tally_store_t *cells;
    uint32_t sector_bytes;
    uint8_t word[4];
    uint16_t half[CHIP_BUFFER_WORDS]; /* what the first chip programs, */
    bool has_half;                    /* until the other one does */
    bool has_erased;                  /* the first chip, and not the other */
    const char *broken_rule;          /* of chips or bus, the first */
    cfi_nor_t nor;
    cfi_nor_store_t store;
} flash;

/* ---- cells: both chips at once, as the flash has words of both ------------------------------- */

/* Without power nobody drives the bus. What was done is there for good. */
static void take(int32_t status) {
    if (status != TALLY_OK || flash.cells->sync(flash.cells->ctx) != TALLY_OK) {
        pair.is_empty = true;
    }
}

/* The bus asks the first chip and then the other one for the same word. */
static uint16_t read_first(void *ctx, uint32_t word) {
    const uint32_t block = word * 4 / flash.sector_bytes;
    (void)ctx;
    memset(flash.word, 0xFF, sizeof flash.word);
    if (block < flash.cells->blocks &&
        flash.cells->read(flash.cells->ctx, block, word * 4 % flash.sector_bytes, flash.word,
                          sizeof flash.word) != TALLY_OK) {
        pair.is_empty = true;
    }
    return (uint16_t)(flash.word[0] | flash.word[1] << 8);
}

static uint16_t read_second(void *ctx, uint32_t word) {
    (void)ctx;
    (void)word;
    return (uint16_t)(flash.word[2] | flash.word[3] << 8);
}

static void program_cells(void *ctx, uint32_t word, const uint16_t *data, uint32_t words) {
    static uint8_t bytes[CHIP_BUFFER_WORDS * 4];
    (void)ctx;
    if (!flash.has_half) {
        memcpy(flash.half, data, words * sizeof *data);
        flash.has_half = true;
        return;
    }
    flash.has_half = false;
    for (size_t i = 0; i < words; i++) {
        bytes[4 * i] = (uint8_t)flash.half[i];
        bytes[4 * i + 1] = (uint8_t)(flash.half[i] >> 8);
        bytes[4 * i + 2] = (uint8_t)data[i];
        bytes[4 * i + 3] = (uint8_t)(data[i] >> 8);
    }
    take(flash.cells->program(flash.cells->ctx, word * 4 / flash.sector_bytes,
                              word * 4 % flash.sector_bytes, bytes, words * 4));
}

static void erase_cells(void *ctx, uint32_t block) {
    (void)ctx;
    flash.has_erased = !flash.has_erased;
    if (!flash.has_erased) {
        take(flash.cells->erase(flash.cells->ctx, block));
    }
}

/* ---- the driver instead of the flash --------------------------------------------------------- */

int32_t real_spool_init(tally_spool_t *spool, const tally_store_t *store, uint32_t urgent_blocks,
                        uint64_t boot) __asm__("__real_tally_spool_init");
int32_t wrapped_spool_init(tally_spool_t *spool, const tally_store_t *store, uint32_t urgent_blocks,
                           uint64_t boot) __asm__("__wrap_tally_spool_init");

static void note_rule(void) {
    flash.broken_rule = flash.broken_rule != NULL ? flash.broken_rule : pair_broken_rule();
}

int32_t wrapped_spool_init(tally_spool_t *spool, const tally_store_t *store, uint32_t urgent_blocks,
                           uint64_t boot) {
    const chip_shape_t shape = {.family = boot % 2 == 0 ? CHIP_J3 : CHIP_P30,
                                .blocks = CHIP_BLOCKS,
                                .block_words = store->block_bytes / 4,
                                .buffer_words = CHIP_BUFFER_WORDS,
                                .word_us = 1,
                                .buffer_us = 2,
                                .erase_us = 1000};
    const chip_cells_t cells[PAIR_CHIPS] = {{NULL, read_first, program_cells, erase_cells},
                                            {NULL, read_second, program_cells, erase_cells}};
    note_rule();
    flash.cells = store;
    flash.sector_bytes = store->block_bytes;
    flash.has_half = flash.has_erased = false;
    pair_open(&shape, cells);
    pair.access_ns = 500000;
    if (cfi_nor_init(&flash.nor, PAIR_BASE, pair_now_us) != TALLY_OK ||
        cfi_nor_store(&flash.store, &flash.nor, 0, store->blocks) != TALLY_OK) {
        return TALLY_E_IO;
    }
    return real_spool_init(spool, &flash.store.store, urgent_blocks, boot);
}

int main(int argc, char **argv) {
    static sums_t sums;
    const uint32_t steps = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (steps == 0) {
        fprintf(stderr, "usage: fault_cfi STEPS\n");
        return 2;
    }
    for (uint32_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++) {
        for (uint32_t workload = 0; workload < WORKLOADS; workload++) {
            const life_t life = {.shape = shapes[shape],
                                 .workload = workload,
                                 .steps = steps,
                                 .seed = seed_of(1, shape, workload),
                                 .op = ANY,
                                 .cut = ANY,
                                 .op2 = ANY,
                                 .cut2 = ANY};
            (void)replay_life(&life, &sums);
        }
    }
    note_rule();
    printf("played %llu, distinct %llu, lost %llu, corrupt %llu, stuck %llu, refused %llu, "
           "operations %llu%s%s\n",
           (unsigned long long)sums.scenarios, (unsigned long long)sums.seen.count,
           (unsigned long long)sums.lost, (unsigned long long)sums.corrupt,
           (unsigned long long)sums.stuck, (unsigned long long)sums.refused,
           (unsigned long long)sums.ops, flash.broken_rule != NULL ? ", chips: " : "",
           flash.broken_rule != NULL ? flash.broken_rule : "");
    seen_close(&sums.seen);
    return sums.failures == 0 && sums.scenarios > 0 && flash.broken_rule == NULL ? EXIT_SUCCESS
                                                                                 : EXIT_FAILURE;
}
