/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_HISTOGRAM_H
#define TALLY_SRC_HISTOGRAM_H
/*
 * How values are spread: an OpenTelemetry exponential histogram of milliseconds. At scale s, bucket
 * i counts the values above base^i up to and including base^(i+1), base = 2^(2^-s); zeros have a
 * count of their own. Scale begins at 3; when a value is too far from the others for the buckets
 * there are, neighbours are added up two by two and the scale falls by one. What a histogram holds
 * depends on the values alone, in whatever order, directly or by merging, they came.
 *
 * A quantile taken as 2 * low * high / (low + high) of the bucket it falls into is wrong by at most
 * (base - 1) / (base + 1). Which scale holds follows from the largest value over the smallest
 * above 0:
 *
 *     largest / smallest    scale    base     error at most
 *              up to 5.18     3      1.0905        4.4 %
 *                     26.9    2      1.1892        8.7 %
 *                    724      1      1.4142       17.2 %
 *                524,288      0      2            33.4 %
 *                   2^38     -1      4            60 %
 *              all there is  -2     16            88.3 %
 *
 * 20 buckets keep startup times (0.1 to 60 s) at scale 1, and are the most whose array has a head
 * of one byte; half the error takes twice the buckets, in RAM and on the wire. Counts have 32 bits:
 * one value a second fills 16 bits in 18 hours, 32 bits in 136 years. A full count stands still,
 * and 4294967295 on the wire says so.
 */
#include <stdint.h>

#include "cbor.h"

enum { TALLY_HISTOGRAM_BUCKETS = 20 };

/* Buckets are called by the exponent of their upper bound, base^first: OpenTelemetry's index plus
 * one, which for integers is never negative. The first and last of the `used` ones are not 0. */
typedef struct {
    uint32_t zeros;
    uint32_t counts[TALLY_HISTOGRAM_BUCKETS]; /* from bucket `first` on; 0 beyond the used ones */
    uint16_t first;
    uint8_t used;
    int8_t scale;
} tally_histogram_t;

void tally_histogram_init(tally_histogram_t *histogram);

/* Counts one value; all 64 bits are good. */
void tally_histogram_add(tally_histogram_t *histogram, uint64_t value);

/* Adds the values of `other`. */
void tally_histogram_merge(tally_histogram_t *histogram, const tally_histogram_t *other);

/* [scale, zeros, offset, counts...]: counts of buckets offset, offset + 1 and so on, the first and
 * the last not 0; without any, offset is 0. At most so many bytes. */
enum { TALLY_HISTOGRAM_BYTES = 110 };
void tally_histogram_encode(const tally_histogram_t *histogram, tally_cbor_t *cbor);

#endif
