/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

#include <stdbool.h>
#include <string.h>

#define SCALE_MOST 3
#define PER_OCTAVE (1u << SCALE_MOST)

void tally_histogram_init(tally_histogram_t *histogram) {
    memset(histogram, 0, sizeof *histogram);
    histogram->scale = SCALE_MOST;
}

/* The bucket at SCALE_MOST of a value above 0: its logarithm to base 2^(1/8), rounded up. Bounds
 * other than powers of two are irrational, so that no integer lies between one and its floor. */
static uint32_t finest_bucket(uint64_t value) {
    static const uint64_t bounds[PER_OCTAVE] = {
        /* floor(2^(63 + k/8)) */
        UINT64_C(0x8000000000000000), UINT64_C(0x8B95C1E3EA8BD6E6), UINT64_C(0x9837F0518DB8A96F),
        UINT64_C(0xA5FED6A9B15138EA), UINT64_C(0xB504F333F9DE6484), UINT64_C(0xC5672A115506DADD),
        UINT64_C(0xD744FCCAD69D6AF4), UINT64_C(0xEAC0C6E7DD24392E),
    };
    const uint32_t zeros = (uint32_t)__builtin_clzll(value);
    const uint64_t mantissa = value << zeros;
    uint32_t bucket = (63 - zeros) * PER_OCTAVE;
    for (uint32_t k = 0; k < PER_OCTAVE && mantissa > bounds[k]; k++) {
        bucket++;
    }
    return bucket;
}

/* The bucket one scale down that holds this one. */
static uint32_t coarser(uint32_t bucket) {
    return (bucket + 1) / 2;
}

static void add_count(uint32_t *to, uint32_t count) {
    *to = count < UINT32_MAX - *to ? *to + count : UINT32_MAX;
}

/* One scale down. */
static void downscale(tally_histogram_t *histogram) {
    const uint32_t first = coarser(histogram->first);
    uint32_t at = 0;
    for (uint32_t i = 0; i < histogram->used; i++) {
        const uint32_t count = histogram->counts[i];
        histogram->counts[i] = 0;
        at = coarser(histogram->first + i) - first;
        add_count(&histogram->counts[at], count);
    }
    histogram->first = (uint16_t)first;
    histogram->used = (uint8_t)(at + 1);
    histogram->scale--;
}

/* Makes `bucket` one of the used ones; false if they would be too many. */
static bool reach(tally_histogram_t *histogram, uint32_t bucket) {
    const uint32_t first = histogram->first;
    const uint32_t last = first + histogram->used - 1;
    const uint32_t low = bucket < first ? bucket : first;
    const uint32_t high = bucket > last ? bucket : last;
    const uint32_t used = high - low + 1;
    if (used > TALLY_HISTOGRAM_BUCKETS) {
        return false;
    }
    if (low < first) {
        uint32_t *const counts = histogram->counts;
        memmove(counts + (first - low), counts, histogram->used * sizeof *counts);
        memset(counts, 0, (first - low) * sizeof *counts);
    }
    histogram->first = (uint16_t)low;
    histogram->used = (uint8_t)used;
    return true;
}

/* Adds `count` values of a bucket of the given scale. */
static void add_bucket(tally_histogram_t *histogram, int8_t scale, uint32_t bucket,
                       uint32_t count) {
    if (histogram->used == 0) {
        histogram->scale = scale;
        histogram->first = (uint16_t)bucket;
        histogram->used = 1;
    }
    while (scale != histogram->scale || !reach(histogram, bucket)) {
        if (scale > histogram->scale) {
            bucket = coarser(bucket);
            scale--;
        } else {
            downscale(histogram);
        }
    }
    add_count(&histogram->counts[bucket - histogram->first], count);
}

void tally_histogram_add_many(tally_histogram_t *histogram, uint64_t value, uint32_t count) {
    if (count == 0) {
        return;
    }
    if (value == 0) {
        add_count(&histogram->zeros, count);
    } else {
        add_bucket(histogram, SCALE_MOST, finest_bucket(value), count);
    }
}

void tally_histogram_add(tally_histogram_t *histogram, uint64_t value) {
    tally_histogram_add_many(histogram, value, 1);
}

void tally_histogram_merge(tally_histogram_t *histogram, const tally_histogram_t *other) {
    add_count(&histogram->zeros, other->zeros);
    for (uint32_t i = 0; i < other->used; i++) {
        add_bucket(histogram, other->scale, other->first + i, other->counts[i]);
    }
}

void tally_histogram_encode(const tally_histogram_t *histogram, tally_cbor_t *cbor) {
    tally_cbor_array(cbor, 3u + histogram->used);
    tally_cbor_integer(cbor, histogram->scale);
    tally_cbor_integer(cbor, histogram->zeros);
    tally_cbor_integer(cbor, histogram->used > 0 ? histogram->first - 1 : 0);
    for (uint32_t i = 0; i < histogram->used; i++) {
        tally_cbor_integer(cbor, histogram->counts[i]);
    }
}
