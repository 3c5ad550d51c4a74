/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_LEVEL_H
#define TALLY_SRC_LEVEL_H
/*
 * A gauge followed over time: buffer length in ms, bandwidth in kbit/s. Its mean is weighted by how
 * long each value held, never by how often one was told: a player that tells its bandwidth ten
 * times in a bad second and once in a good minute had a good minute.
 *
 * Nothing overflows. The clock has 32 bits and the sum 64: 2^32 ms of the largest value just fit.
 * After 4294967295 ms (49.7 days) both stand still: the mean stays the true mean of that time, and
 * the full clock on the wire says so. Last, least and most go on.
 *
 * The caller keeps whether there has been a value at all. 24 bytes of RAM; one 64-bit division, in
 * the mean.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cbor.h"

typedef struct {
    int64_t weighted; /* sum of value x ms */
    uint32_t time_ms; /* since the first value */
    int32_t last;
    int32_t least;
    int32_t most;
} tally_level_t;

/* A new current value. The `first` one begins everything anew, so that the level needs no other
 * initialisation and time before it is without effect. */
void tally_level_set(tally_level_t *level, bool first, int32_t value);

/* The current value held for `ms` more. */
void tally_level_advance(tally_level_t *level, uint64_t ms);

/* Rounded to nearest, halves away from zero; the last value while no time has passed. */
int32_t tally_level_mean(const tally_level_t *level);

/* [last, least, most, mean, time_ms]: mean x time_ms is the sum to within time_ms / 2, so that
 * levels of several records add up. At most so many bytes: five heads of 5. */
enum { TALLY_LEVEL_BYTES = 26 };
void tally_level_encode(const tally_level_t *level, tally_cbor_t *cbor);

#endif
