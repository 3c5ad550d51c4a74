/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_VIEWING_H
#define TALLY_SRC_VIEWING_H
/*
 * All sessions of this boot together: groups VIEWING and HISTOGRAM. Sessions count into it as they
 * go; what gets no records of its own is folded into it, so that nothing is lost.
 */
#include "figures.h"
#include "histogram.h"
#include "metrics.h"

typedef struct {
    tally_value_t values[TALLY_VIEWING_METRICS];
    tally_histogram_t histograms[TALLY_HISTOGRAM_METRICS];
} tally_viewing_t;

void tally_viewing_init(tally_viewing_t *viewing);

/* Adds to a counter or duration of group VIEWING: ones and times. */
void tally_viewing_add(tally_viewing_t *viewing, enum tally_metric metric, int64_t amount);

/* Counts a value `count` times in a histogram; a negative one as 0. */
void tally_viewing_sample(tally_viewing_t *viewing, enum tally_metric histogram, int64_t value,
                          uint32_t count);

/* Adds the final figures of a session. */
void tally_viewing_fold(tally_viewing_t *viewing, const tally_figures_t *figures);

tally_view_t tally_viewing_view(const tally_viewing_t *viewing);

/* Group HISTOGRAM, by way of `out`; what is empty is present too, and left out by report.h. */
tally_view_t tally_viewing_histograms(const tally_viewing_t *viewing,
                                      tally_value_t out[TALLY_HISTOGRAM_METRICS]);

#endif
