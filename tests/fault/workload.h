/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_WORKLOAD_H
#define TALLY_TESTS_FAULT_WORKLOAD_H
/* Lives of devices, drawn by chance from a seed. */
#include <stdint.h>

#include "driver.h"

enum workload {
    WORKLOAD_MIXED, /* all classes, kinds and sizes, batches accepted now and then */
    WORKLOAD_FULL,  /* nothing is accepted for long: rings go round and evict */
    WORKLOAD_BOOTS, /* many boots, some of which keep nothing or only their boot record */
    WORKLOAD_IDLE,  /* erases its next blocks ahead whenever it can */
    WORKLOAD_LARGE, /* the largest records */
    WORKLOADS
};

const char *workload_name(uint32_t workload);

/* Boots and lives for `steps` steps. */
void workload_run(driver_t *driver, enum workload workload, uint32_t steps);

/* What a device does after a cut, and what must go well: some boots, in all of which what waits is
 * delivered and new records are kept. */
void workload_recover(driver_t *driver);

#endif
