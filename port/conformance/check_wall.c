/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#define YEAR_2024_MS INT64_C(1704067200000)
#define YEAR_2029_MS INT64_C(1861920000000)
#define YEAR_2030_MS INT64_C(1893456000000)
#define YEAR_2049_MS INT64_C(2493072000000)
#define YEAR_2100_MS INT64_C(4102444800000)

/* A battery clock may count whole seconds; a busy device may be late. */
#define SECOND_MS    1000
#define LATE_MS      10000
#define WATCHED_MS   1200u
#define WATCH_OFF_MS 1100

static tally_wall_t wall(const tally_kit_t *kit) {
    return kit->port->wall(kit->port->ctx);
}

uint8_t tally_check_wall_quality(tally_kit_t *kit) {
    kit->wall_before = wall(kit);
    kit->wall_before_at_ms = tally_kit_now_ms(kit);
    const uint8_t quality = kit->wall_before.quality;
    if (quality > TALLY_WALL_AUTHENTICATED) {
        return tally_kit_failed(kit, "quality", quality);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_wall_unknown(tally_kit_t *kit) {
    const tally_wall_t now = wall(kit);
    const bool can_be = now.unix_ms >= YEAR_2024_MS && now.unix_ms < YEAR_2100_MS;
    if (now.quality != TALLY_WALL_UNKNOWN && !can_be) {
        return tally_kit_failed(kit, "unix_ms", now.unix_ms);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_wall_unproved(tally_kit_t *kit) {
    if (kit->setup->knows_time) {
        return tally_kit_unchecked(kit, "knows_time is set");
    }
    if (wall(kit).quality == TALLY_WALL_AUTHENTICATED) {
        return tally_kit_failed(kit, "unix_ms before any set_wall():", wall(kit).unix_ms);
    }
    return TALLY_CONFORMANCE_PASSED;
}

/* What wall() tells once it was set, and whether that is the time. */
static bool tells(tally_kit_t *kit, int64_t unix_ms) {
    kit->port->set_wall(kit->port->ctx, unix_ms);
    const tally_wall_t now = wall(kit);
    (void)tally_kit_saw(kit, "ms off:", now.unix_ms - unix_ms);
    return now.quality != TALLY_WALL_UNKNOWN && now.unix_ms >= unix_ms - SECOND_MS &&
           now.unix_ms <= unix_ms + LATE_MS;
}

uint8_t tally_check_wall_set(tally_kit_t *kit) {
    if (kit->setup->knows_time) {
        return tally_kit_unchecked(kit, "knows_time is set");
    }
    return tally_kit_judge(tells(kit, YEAR_2030_MS));
}

uint8_t tally_check_wall_set_quality(tally_kit_t *kit) {
    const uint8_t quality = wall(kit).quality;
    if (quality != TALLY_WALL_AUTHENTICATED) {
        return tally_kit_failed(kit, "quality", quality);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_wall_goes_on(tally_kit_t *kit) {
    if (kit->now[TALLY_RULE_CLOCK_MILLISECONDS] != TALLY_CONFORMANCE_PASSED) {
        return tally_kit_unchecked(kit, "needs clock_milliseconds");
    }
    const int64_t wall_ms = wall(kit).unix_ms;
    const uint64_t clock_ms = tally_kit_now_ms(kit);
    (void)tally_kit_wait(kit, WATCHED_MS);
    const int64_t off_ms =
        wall(kit).unix_ms - wall_ms - (int64_t)(tally_kit_now_ms(kit) - clock_ms);
    if (off_ms > WATCH_OFF_MS || off_ms < -WATCH_OFF_MS) {
        return tally_kit_failed(kit, "ms off after 1,200:", off_ms);
    }
    return TALLY_CONFORMANCE_PASSED;
}

uint8_t tally_check_wall_set_again(tally_kit_t *kit) {
    return tally_kit_judge(tells(kit, YEAR_2029_MS));
}

/* What comes after may judge certificates by the time. */
static void set_back(const tally_kit_t *kit) {
    const tally_wall_t *const before = &kit->wall_before;
    if (before->quality != TALLY_WALL_UNKNOWN) {
        const uint64_t since_ms = tally_kit_now_ms(kit) - kit->wall_before_at_ms;
        kit->port->set_wall(kit->port->ctx, before->unix_ms + (int64_t)since_ms);
    } else if (kit->setup->unix_ms != 0) {
        kit->port->set_wall(kit->port->ctx, kit->setup->unix_ms);
    }
}

uint8_t tally_check_wall_2038(tally_kit_t *kit) {
    const bool told = tells(kit, YEAR_2049_MS);
    set_back(kit);
    return tally_kit_judge(told);
}
