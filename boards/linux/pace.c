/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

uint32_t pace_wait_ms(const pace_t *pace, uint64_t now_us, uint64_t ahead_us) {
    const uint64_t most_us = now_us + ahead_us;
    return pace->paid_us <= most_us ? 0 : (uint32_t)((pace->paid_us - most_us) / 1000 + 1);
}

void pace_pay(pace_t *pace, uint64_t now_us, uint64_t cost_us) {
    pace->paid_us = (pace->paid_us > now_us ? pace->paid_us : now_us) + cost_us;
}
