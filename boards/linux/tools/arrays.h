/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARRAYS_H
#define ARRAYS_H
/* Metrics whose values are arrays: levels and histograms, as agent/SPEC.md has them. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cbor_items.h"
#include "tally/metrics.h"

enum {
    ARRAYS_LEVEL_ELEMENTS = 5, /* last, least, most, mean, time_ms */
    ARRAYS_HISTOGRAM_HEAD = 3, /* scale, zeros, offset; counts behind them */
    ARRAYS_BUCKETS_MOST = 20,
    ARRAYS_SCALE_LEAST = -2, /* 2^64 ms in 20 buckets */
    ARRAYS_SCALE_MOST = 3,
    ARRAYS_OFFSET_MOST = 511, /* the bucket of 2^64 at the finest scale */
    ARRAYS_ELEMENTS_MOST = ARRAYS_HISTOGRAM_HEAD + ARRAYS_BUCKETS_MOST,
};

typedef struct {
    int64_t elements[ARRAYS_ELEMENTS_MOST];
    uint32_t count;
} array_t;

bool arrays_has(enum tally_kind kind);

/* Reads a level or histogram. False with the reader's error for one that no agent makes. */
bool arrays_read(cbor_reader_t *reader, enum tally_kind kind, array_t *array);

/* A level with the names of its five numbers. A histogram with scale, zeros, offset and counts as
 * they are on the wire, and the bounds of its buckets together: values are above `above` and up to
 * `to`. */
void arrays_print(FILE *out, enum tally_kind kind, const array_t *array);

#endif
