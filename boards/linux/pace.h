/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACE_H
#define PACE_H
/* A limit on how often something is done: a token bucket, kept as the moment it is paid up to. */
#include <stdint.h>

typedef struct {
    uint64_t paid_us; /* 0: nothing was paid yet */
} pace_t;

/* After how many milliseconds there may be one more, if `ahead_us` of time may be used up ahead; 0:
 * now. */
uint32_t pace_wait_ms(const pace_t *pace, uint64_t now_us, uint64_t ahead_us);

/* There was one more, which costs so much time. */
void pace_pay(pace_t *pace, uint64_t now_us, uint64_t cost_us);

#endif
