/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"

#define DOUBLINGS_MOST 2
#define TOLD_MOST_S    86400u
#define LONG_LEAST_MS  3600000u
#define LONG_PERIODS   4

void tally_backoff_init(tally_backoff_t *backoff, uint32_t period_ms) {
    backoff->period_ms = period_ms;
    backoff->failures = 0;
}

void tally_backoff_reset(tally_backoff_t *backoff) {
    backoff->failures = 0;
}

uint32_t tally_backoff_part(uint32_t ms, uint32_t random) {
    return (uint32_t)(((uint64_t)ms * random) >> 32);
}

uint32_t tally_backoff_next(tally_backoff_t *backoff, uint32_t told_s, uint32_t random) {
    const uint32_t window_ms = backoff->period_ms << backoff->failures;
    if (backoff->failures < DOUBLINGS_MOST) {
        backoff->failures++;
    }
    const uint32_t told_ms = (told_s < TOLD_MOST_S ? told_s : TOLD_MOST_S) * 1000;
    return told_ms + 1 + tally_backoff_part(window_ms, random);
}

uint32_t tally_backoff_long(const tally_backoff_t *backoff, uint32_t random) {
    const uint32_t periods_ms = backoff->period_ms * LONG_PERIODS;
    const uint32_t least_ms = periods_ms > LONG_LEAST_MS ? periods_ms : LONG_LEAST_MS;
    return least_ms + tally_backoff_part(least_ms, random);
}
