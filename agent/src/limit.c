/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

bool tally_limit_take(tally_limit_t *limit, uint16_t burst, uint32_t refill_ms, uint64_t now_ms) {
    uint64_t since_ms = (uint64_t)limit->since_high_ms << 32 | limit->since_low_ms;
    uint32_t taken = limit->taken;
    for (; taken > 0 && now_ms >= since_ms + refill_ms; taken--) {
        since_ms += refill_ms;
    }
    /* A full bucket gathers no time: the next token is due refill_ms after one is taken. */
    if (taken == 0) {
        since_ms = now_ms;
    }
    const bool passes = taken < burst;
    limit->since_low_ms = (uint32_t)since_ms;
    limit->since_high_ms = (uint16_t)(since_ms >> 32);
    limit->taken = (uint16_t)(taken + (passes ? 1 : 0));
    return passes;
}
