/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_MACHINE_H
#define TALLY_SRC_MACHINE_H
/*
 * The machine that the agent runs on: group DEVICE. What its board samples is kept in few bytes,
 * and its counters are made totals that never fall.
 */
#include <stdbool.h>
#include <stdint.h>

#include "metrics.h"
#include "tally/device.h"

enum {
    /* Metrics of one word each come first, then bytes of the network, then BOOT_TO_PICTURE. */
    TALLY_MACHINE_WORDS = (int)TALLY_M_NET_BYTES_RECEIVED - (int)TALLY_M_DEVICE_FIRST,
    TALLY_MACHINE_COUNTS = 3, /* counters of one word */
};

typedef struct {
    uint64_t bytes[2];      /* received, sent */
    uint64_t bytes_last[2]; /* as their source told them last */
    uint32_t counts_last[TALLY_MACHINE_COUNTS];
    uint32_t words[TALLY_MACHINE_WORDS]; /* gauges as sampled, counters in total */
    uint32_t picture_ms;                 /* BOOT_TO_PICTURE */
    uint32_t known; /* a bit for each metric that has a value, and one if there is news */
} tally_machine_t;

/* Takes a sample. TALLY_E_ARGUMENT as tally_device_sample(). */
int32_t tally_machine_sample(tally_machine_t *machine, const tally_device_t *sample);

/* An intra picture is here; the first one counts. */
void tally_machine_picture(tally_machine_t *machine, uint64_t since_boot_ms);

/* Whether anything came since it was last told. */
bool tally_machine_has_news(const tally_machine_t *machine);
void tally_machine_told(tally_machine_t *machine);

/* Group DEVICE, by way of `out`. */
tally_view_t tally_machine_view(const tally_machine_t *machine,
                                tally_value_t out[TALLY_DEVICE_METRICS]);

#endif
