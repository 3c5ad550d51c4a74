/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_DIMENSIONS_H
#define TALLY_SRC_DIMENSIONS_H
/*
 * What a session plays, and with what: the values of group DIMENSION that were set, packed:
 *
 *     | which:1 | text ... | 0 |   or   | which:1 | number:4 |   next ...   | free |
 *
 * `which` counts from the group's first metric, whose kind tells texts from numbers.
 */
#include <stdint.h>

#include "metrics.h"

typedef struct {
    uint64_t present;
    uint16_t used;
    uint8_t bytes[TALLY_SESSION_TEXT_BYTES];
} tally_dimensions_t;

/* Sets a number, or a text, in place of what was set before. TALLY_E_FULL: no room, and what was
 * set before stands. */
int32_t tally_dimensions_set(tally_dimensions_t *dimensions, enum tally_metric metric,
                             int32_t number);
int32_t tally_dimensions_set_text(tally_dimensions_t *dimensions, enum tally_metric metric,
                                  const char *text);

/* All of them, by way of `out`; the texts stand as long as nothing is set. */
tally_view_t tally_dimensions_view(const tally_dimensions_t *dimensions,
                                   tally_value_t out[TALLY_DIMENSION_METRICS]);

#endif
