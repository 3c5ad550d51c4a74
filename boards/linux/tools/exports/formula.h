/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMULA_H
#define FORMULA_H
/*
 * Sums over what a fold knows, written with the registry's keys as COVERAGE.md does:
 *
 *     pd+ps-iu       a sum; not known unless all of it is
 *     8mb/n1         one sum over another; a term may begin with a factor
 *     lv.mean        an element of a level: last (also without a word), least, most, mean
 *     ~mb            by how much the last record of the group has more than the one before
 *     !mt            1 once in a session, when it has become known; else not known
 *     yb|yd          the lesser of those that are known
 *     ep?pp          the first that is known
 */
#include <stdbool.h>
#include <stdint.h>

#include "fold.h"

typedef struct {
    bool is_known;
    int64_t above;
    int64_t below; /* above 0 */
} formula_value_t;

formula_value_t formula_value(const fold_t *fold, const char *formula);

/* Whether it is known and above 0. */
bool formula_is_positive(const fold_t *fold, const char *formula);

/* The number of the metric whose key `text` begins with. A key that there is not is a fault of the
 * program. */
uint32_t formula_metric(const char *text);

#endif
