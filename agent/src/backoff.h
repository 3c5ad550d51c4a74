/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_BACKOFF_H
#define TALLY_SRC_BACKOFF_H
/*
 * When to try again. A fleet that lost its server at one moment must not come back at one moment:
 * the first retry is drawn uniformly over the reporting period, so that the load is at once what it
 * was before; later ones are drawn over a window that doubles to 4 periods ("full jitter").
 * Pure: the random number, 32 uniform bits, is an argument.
 */
#include <stdint.h>

typedef struct {
    uint32_t period_ms;
    uint8_t failures; /* in a row */
} tally_backoff_t;

void tally_backoff_init(tally_backoff_t *backoff, uint32_t period_ms);

/* After a success. */
void tally_backoff_reset(tally_backoff_t *backoff);

/* After a failure: milliseconds to wait, 1 to 4 periods, and before them what the server told, a
 * day at most: it tells all devices the same. */
uint32_t tally_backoff_next(tally_backoff_t *backoff, uint32_t told_s, uint32_t random);

/* After a refusal that only people can end: 1 to 2 hours, or 4 to 8 periods if that is longer. */
uint32_t tally_backoff_long(const tally_backoff_t *backoff, uint32_t random);

/* A random part of `ms`. */
uint32_t tally_backoff_part(uint32_t ms, uint32_t random);

#endif
