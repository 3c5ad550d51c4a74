/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_CLOCK_H
#define TALLY_SRC_CLOCK_H
/*
 * What the time is, as far as anybody knows: the port's wall clock, corrected by servers that have
 * proved who they are. Durations never come from here.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

typedef struct {
    int64_t offset_ms; /* of the server's clock, of the last reply; if the agent has_offset */
    int64_t began_ms;  /* unix time of monotonic 0, as records so far say */
} tally_clock_t;

struct tally;

/* Unix seconds if the time is authenticated, else 0. */
uint32_t tally_clock_unix_s(const tally_wall_t *wall);

/* Uses authenticated time: how old records are, and that it was once this late. */
void tally_clock_use(struct tally *tally);

/* Whether the time became known, or turned out to be another one than records so far say. */
bool tally_clock_has_news(struct tally *tally);

/* Takes the time that the last reply brought. */
void tally_clock_take(struct tally *tally);

#endif
