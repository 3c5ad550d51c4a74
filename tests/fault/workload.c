/* SPDX-License-Identifier: Apache-2.0 */
#include "workload.h"

#define PERCENT 100u

/* In percent of the steps; what is left keeps a record. */
typedef struct {
    const char *name;
    uint8_t uploads;
    uint8_t drains;
    uint8_t prepares;
    uint8_t boots;
    uint8_t urgent;      /* of the records */
    uint16_t usual_most; /* bytes of a record */
    uint8_t largest;     /* percent of the records */
} habits_t;

static const habits_t habits[WORKLOADS] = {
    [WORKLOAD_MIXED] = {"mixed", 8, 1, 2, 2, 40, 300, 4},
    [WORKLOAD_FULL] = {"full", 1, 0, 3, 1, 50, 500, 15},
    [WORKLOAD_BOOTS] = {"boots", 8, 4, 8, 30, 60, 200, 2},
    [WORKLOAD_IDLE] = {"idle", 5, 2, 40, 2, 50, 600, 10},
    [WORKLOAD_LARGE] = {"large", 10, 2, 5, 3, 50, 60, 70},
};

const char *workload_name(uint32_t workload) {
    return workload < WORKLOADS ? habits[workload].name : "?";
}

static void keep_usual(driver_t *driver, const habits_t *is) {
    const bool urgent = driver_roll(driver, PERCENT) < is->urgent;
    const uint8_t kind = (uint8_t)('c' + driver_roll(driver, 20));
    uint32_t bytes = HELD_BYTES_LEAST + driver_roll(driver, is->usual_most);
    if (driver_roll(driver, PERCENT) < is->largest) {
        bytes = TALLY_RECORD_BYTES - driver_roll(driver, 32);
    }
    driver_keep(driver, urgent ? TALLY_URGENT : TALLY_ROUTINE, kind, bytes);
}

static void boot(driver_t *driver) {
    driver_boot(driver);
    if (driver_roll(driver, 3) > 0) {
        driver_keep(driver, TALLY_URGENT, TALLY_SPOOL_BOOT_KIND, 40 + driver_roll(driver, 200));
    }
}

void workload_run(driver_t *driver, enum workload workload, uint32_t steps) {
    const habits_t *const is = &habits[workload];
    boot(driver);
    for (uint32_t i = 0; i < steps && !driver->nor->off && !driver_is_wrong(driver->verdict); i++) {
        uint32_t roll = driver_roll(driver, PERCENT);
        const uint32_t bytes_most = 100 + driver_roll(driver, 5000);
        if (roll < is->uploads) {
            (void)driver_upload(driver, bytes_most, driver_roll(driver, 5) > 0);
        } else if ((roll -= is->uploads) < is->drains) {
            driver_drain(driver);
        } else if ((roll -= is->drains) < is->prepares) {
            (void)driver_prepare(driver);
        } else if (roll - is->prepares < is->boots) {
            boot(driver);
        } else {
            keep_usual(driver, is);
        }
    }
}

/* --- after a cut ---------------------------------------------------------------------------- */

static void keep_some(driver_t *driver, uint32_t most) {
    const uint32_t records = 1 + driver_roll(driver, most);
    for (uint32_t i = 0; i < records; i++) {
        keep_usual(driver, &habits[WORKLOAD_MIXED]);
    }
}

/* Until both rings have gone on in a new block. */
static void keep_into_next_blocks(driver_t *driver) {
    const uint32_t bytes = TALLY_RECORD_BYTES - 16;
    const uint32_t in_block = driver->nor->shape.block_bytes / bytes + 1;
    for (uint32_t i = 0; i < in_block && in_block < 4; i++) {
        driver_keep(driver, TALLY_URGENT, 'x', bytes);
        driver_keep(driver, TALLY_ROUTINE, 'h', bytes);
    }
}

static void first_boot(driver_t *driver) {
    driver_boot(driver);
    switch (driver_roll(driver, 5)) {
    case 0: driver_drain(driver); break;
    case 1:
        driver_keep(driver, TALLY_URGENT, TALLY_SPOOL_BOOT_KIND, 60);
        keep_some(driver, 3);
        (void)driver_upload(driver, 2000, true);
        break;
    case 2: (void)driver_upload(driver, 1000, false); break;
    case 3:
        keep_some(driver, 2);
        (void)driver_prepare(driver);
        (void)driver_prepare(driver);
        keep_into_next_blocks(driver);
        driver_drain(driver);
        break;
    default:
        driver_drain(driver);
        keep_some(driver, 4);
        break;
    }
}

void workload_recover(driver_t *driver) {
    const uint32_t more_boots = 1 + driver_roll(driver, 2);
    first_boot(driver);
    for (uint32_t boots = 0; boots < more_boots && !driver->nor->off; boots++) {
        keep_some(driver, 3);
        driver_boot(driver);
        driver_drain(driver);
    }
}
