/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_LIMIT_H
#define TALLY_SRC_LIMIT_H
/*
 * A limit against floods, the token bucket: at most `burst` at once, and one more every refill_ms.
 * In any stretch of time t, no more than burst + t / refill_ms pass.
 *
 * Time that stands still or goes back brings no token and loses none; a gap of any length fills the
 * bucket. Times are good to 2^48 ms (8,900 years). All zero is a full bucket. 8 bytes of RAM, no
 * division; one turn of a loop for each token that has come back, so one for each taken before.
 */
#include <stdbool.h>
#include <stdint.h>

/* The time is kept in 48 bits: 32 could not tell a gap of 50 days from none. */
typedef struct {
    uint32_t since_low_ms; /* when the last token came back or, from a full bucket, was taken */
    uint16_t since_high_ms;
    uint16_t taken; /* and not come back yet */
} tally_limit_t;

/* Whether one more may pass now. `burst` 0 lets nothing pass; with it above 0, refill_ms 0 lets
 * everything pass. */
bool tally_limit_take(tally_limit_t *limit, uint16_t burst, uint32_t refill_ms, uint64_t now_ms);

#endif
