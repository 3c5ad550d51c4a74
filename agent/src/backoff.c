/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"

#define DOUBLINGS_MOST 2

void tally_backoff_init(tally_backoff_t *backoff, uint32_t period_ms) {
    backoff->period_ms = period_ms;
    backoff->failures = 0;
}

void tally_backoff_reset(tally_backoff_t *backoff) {
    backoff->failures = 0;
}

uint32_t tally_backoff_next(tally_backoff_t *backoff, uint32_t random) {
    const uint64_t window_ms = (uint64_t)backoff->period_ms << backoff->failures;
    if (backoff->failures < DOUBLINGS_MOST) {
        backoff->failures++;
    }
    return 1 + (uint32_t)((window_ms * random) >> 32);
}
