/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "replay.h"

#define OPS_MOST 120u /* until the next cut */
#define OPS_FEW  8u
#define STUBBORN 8u /* cuts */
#define STEPS    40u

bool row_of_cuts(nor_shape_t shape, uint64_t seed, uint32_t cuts, sums_t *sums) {
    nor_t nor;
    ledger_t ledger = {0};
    verdict_t verdict = {0};
    driver_t driver;
    uint64_t chance = seed;
    uint32_t done = 0;
    uint32_t stubborn = 0;
    nor_open(&nor, shape);
    driver_init(&driver, &nor, &ledger, &verdict, &chance);
    for (; done < cuts && !driver_is_wrong(&verdict); done++) {
        /* At times it comes again and again just after the boot and leaves hardly a trace. */
        stubborn = stubborn > 0 ? stubborn - 1 : driver_roll(&driver, 20) == 0 ? STUBBORN : 0;
        nor.cut = stubborn > 0 ? cut_hidden : cut_any;
        nor.cut_seed = nor_chance(&chance);
        nor.cut_mode = CUT_NOTHING;
        nor.cut_at = driver_roll(&driver, stubborn > 0 ? OPS_FEW : OPS_MOST);
        if (driver_roll(&driver, 2) == 0) {
            workload_recover(&driver);
        } else {
            workload_run(&driver, (enum workload)driver_roll(&driver, WORKLOADS), STEPS);
        }
        sums->ops += nor.ops;
        ledger_after_cut(&ledger, &ledger, nor.ops);
        nor.ops = 0;
        sums->scenarios++;
        sums->modes[nor.cut_mode]++;
        (void)seen_add(&sums->seen, nor_hash(&nor) ^ seed_of(nor.bytes, shape.granularity, 0));
    }
    sums_add(sums, &verdict);
    if (driver_is_wrong(&verdict)) {
        sums->failures++;
        printf(
            "FAILED after %u cuts in a row: %s\n  fault_cuts row granularity=%u block=%u blocks=%u "
            "urgent=%u seed=%llu\n",
            done, verdict.what, shape.granularity, shape.block_bytes, shape.blocks,
            shape.urgent_blocks, (unsigned long long)seed);
        fflush(stdout);
    }
    ledger_close(&ledger);
    nor_close(&nor);
    return !driver_is_wrong(&verdict);
}
