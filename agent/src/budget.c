/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"

#include <stddef.h>

#include "entry.h"

#define DAY_MS     86400000u
#define BYTES_MOST UINT32_C(0x3FFFFFFF) /* of each number: what they add up to does not wrap */

enum { DAY_AT = 0, USED_AT = 4, VALUE_BYTES = 8 };

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t quarters(const tally_budget_t *budget) {
    return (budget->used + budget->carried) / (budget->daily_bytes / 4 + 1);
}

void tally_budget_init(tally_budget_t *budget, tally_settings_t *settings, uint32_t daily_bytes) {
    uint8_t value[VALUE_BYTES];
    *budget = (tally_budget_t){.settings = settings, .day = UINT32_MAX};
    tally_budget_set(budget, daily_bytes);
    if (settings != NULL && tally_settings_get(settings, TALLY_SETTING_BYTES_TODAY, value,
                                               sizeof value) == VALUE_BYTES) {
        budget->carried_day = tally_le_get(value + DAY_AT, 4);
        budget->carried = smaller(tally_le_get(value + USED_AT, 4), BYTES_MOST);
    }
}

void tally_budget_set(tally_budget_t *budget, uint32_t daily_bytes) {
    budget->daily_bytes = smaller(daily_bytes, BYTES_MOST);
}

void tally_budget_spend(tally_budget_t *budget, uint32_t bytes) {
    const uint32_t before = quarters(budget);
    budget->used = smaller(budget->used + bytes, BYTES_MOST);
    if (budget->daily_bytes == 0 || budget->settings == NULL || quarters(budget) == before) {
        return;
    }
    uint8_t value[VALUE_BYTES];
    tally_le_put(value + DAY_AT, budget->by_wall ? budget->day : UINT32_MAX, 4);
    tally_le_put(value + USED_AT, budget->used + budget->carried, 4);
    /* If the store fails a reboot forgets more. */
    (void)tally_settings_set(budget->settings, TALLY_SETTING_BYTES_TODAY, value, sizeof value);
}

/* A wall time that goes back begins no new day, and one that becomes known goes on with the same.
 */
static void begin_day(tally_budget_t *budget, uint32_t day, bool by_wall) {
    const bool is_new = by_wall == budget->by_wall && day > budget->day;
    const bool is_learned = by_wall && !budget->by_wall;
    if (is_new || (is_learned && budget->carried_day < day)) {
        budget->carried = 0;
    }
    if (is_new) {
        budget->used = 0;
    }
    budget->day = day;
    budget->by_wall = by_wall;
}

uint64_t tally_budget_held_until_ms(tally_budget_t *budget, uint64_t now_ms,
                                    const tally_wall_t *wall) {
    const bool by_wall = wall->quality != TALLY_WALL_UNKNOWN;
    const uint64_t time_ms = by_wall ? (uint64_t)wall->unix_ms : now_ms;
    begin_day(budget, (uint32_t)(time_ms / DAY_MS), by_wall);
    const uint32_t daily_bytes = budget->daily_bytes;
    const uint32_t carried =
        by_wall ? budget->carried : smaller(budget->carried, daily_bytes / 4 * 3);
    if (daily_bytes == 0 || budget->used + carried < daily_bytes) {
        return 0;
    }
    return now_ms + DAY_MS - time_ms % DAY_MS;
}
