/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H
/* What this plugin can measure: a metric that is declared and absent is 0, one that is not declared
 * was not measured. */
#include <stdint.h>

#include "tally/metrics.h"

void capabilities_declare(uint64_t out[TALLY_GROUPS]);

#endif
