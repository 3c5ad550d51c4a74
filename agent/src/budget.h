/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_BUDGET_H
#define TALLY_SRC_BUDGET_H
/*
 * How many bytes uploads may still take today. Days are UTC when the wall time is known, else
 * stretches of 24 hours of the monotonic clock. The settings keep what was used, written as each
 * quarter of the day's bytes is, so a reboot forgets less than a quarter.
 *
 *     boot                       wall time known                        midnight
 *      | carried, at most 3/4  +  used      |  the same, if it is the day  |  0
 *      |                                    |  of what was carried         |
 *
 * Before it knows the day, a boot has at least a quarter: a device that learns the time from the
 * replies to its uploads could otherwise be shut out for good.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"
#include "tally/settings.h"

enum { TALLY_BUDGET_CONNECTION_BYTES = 4000 }; /* that a connection with its handshake counts as */

typedef struct {
    tally_settings_t *settings; /* NULL: a reboot forgets */
    uint32_t daily_bytes;       /* 0: any number */
    uint32_t used;              /* by this boot */
    uint32_t carried;           /* used by earlier ones, */
    uint32_t carried_day;       /* on this day since 1970; UINT32_MAX: unknown */
    uint32_t day; /* since 1970 or, while `by_wall` is false, on the monotonic clock */
    bool by_wall;
} tally_budget_t;

void tally_budget_init(tally_budget_t *budget, tally_settings_t *settings, uint32_t daily_bytes);

void tally_budget_set(tally_budget_t *budget, uint32_t daily_bytes);

/* May write the settings, which blocks as long as they do. */
void tally_budget_spend(tally_budget_t *budget, uint32_t bytes);

/* Begins a new day if one has begun. When uploads may go on: 0 if now. */
uint64_t tally_budget_held_until_ms(tally_budget_t *budget, uint64_t now_ms,
                                    const tally_wall_t *wall);

#endif
