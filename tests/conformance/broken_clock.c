/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and wall times. */
#include "broken.h"

#define sound broken_sound_port

#define MAY_2026_MS INT64_C(1777593600000)

/* ---- monotonic_ms --------------------------------------------------------------------------- */

static uint64_t stands_still(void *ctx) {
    (void)ctx;
    return 4711;
}

static void spoil_stands_still(device_t *device) {
    device->port.monotonic_ms = stands_still;
}

static uint64_t goes_back(void *ctx) {
    static uint32_t calls;
    calls++;
    return sound.monotonic_ms(ctx) - (calls % 1000u == 0 ? 3u : 0);
}

static void spoil_goes_back(device_t *device) {
    device->port.monotonic_ms = goes_back;
}

static uint64_t counts_ticks(void *ctx) {
    return sound.monotonic_ms(ctx) / 10u;
}

static void spoil_counts_ticks(device_t *device) {
    device->port.monotonic_ms = counts_ticks;
}

static uint64_t counts_microseconds(void *ctx) {
    const device_t *const device = ctx;
    (void)sound.monotonic_ms(ctx);
    return device->now_us;
}

static void spoil_counts_microseconds(device_t *device) {
    device->port.monotonic_ms = counts_microseconds;
}

static uint64_t gives_up_in_section(void *ctx) {
    const device_t *const device = ctx;
    const uint64_t now_ms = sound.monotonic_ms(ctx);
    return device->in_section ? 0 : now_ms;
}

static void spoil_gives_up_in_section(device_t *device) {
    device->port.monotonic_ms = gives_up_in_section;
}

static uint64_t lags_in_interrupt(void *ctx) {
    const device_t *const device = ctx;
    return sound.monotonic_ms(ctx) - (device->in_interrupt ? 200u : 0);
}

static void spoil_lags_in_interrupt(device_t *device) {
    device->port.monotonic_ms = lags_in_interrupt;
}

static uint64_t stops_in_standby(void *ctx) {
    const device_t *const device = ctx;
    return sound.monotonic_ms(ctx) - device->standby_us / 1000u;
}

static void spoil_stops_in_standby(device_t *device) {
    device->port.monotonic_ms = stops_in_standby;
}

static uint64_t has_32_bits(void *ctx) {
    return (uint32_t)sound.monotonic_ms(ctx);
}

static void spoil_has_32_bits(device_t *device) {
    device->port.monotonic_ms = has_32_bits;
}

/* A timer of 32 bits that counts microseconds, divided afterwards. */
static uint64_t has_32_bits_of_us(void *ctx) {
    const device_t *const device = ctx;
    (void)sound.monotonic_ms(ctx);
    return (uint32_t)device->now_us / 1000u;
}

static void spoil_has_32_bits_of_us(device_t *device) {
    device->port.monotonic_ms = has_32_bits_of_us;
}

/* ---- wall ----------------------------------------------------------------------------------- */

static tally_wall_t has_odd_quality(void *ctx) {
    tally_wall_t now = sound.wall(ctx);
    now.quality = 3;
    return now;
}

static void spoil_has_odd_quality(device_t *device) {
    device->port.wall = has_odd_quality;
}

static tally_wall_t tells_1970(void *ctx) {
    tally_wall_t now = sound.wall(ctx);
    if (now.quality == TALLY_WALL_UNKNOWN) {
        now.quality = TALLY_WALL_UNAUTHENTICATED;
    }
    return now;
}

static void spoil_tells_1970(device_t *device) {
    device->port.wall = tells_1970;
}

static tally_wall_t claims(void *ctx) {
    tally_wall_t now = sound.wall(ctx);
    if (now.quality == TALLY_WALL_UNKNOWN) {
        now = (tally_wall_t){.unix_ms = MAY_2026_MS, .quality = TALLY_WALL_AUTHENTICATED};
    }
    return now;
}

static void spoil_claims(device_t *device) {
    device->port.wall = claims;
}

static void takes_seconds(void *ctx, int64_t unix_ms) {
    sound.set_wall(ctx, unix_ms / 1000);
}

static void spoil_takes_seconds(device_t *device) {
    device->port.set_wall = takes_seconds;
}

static void takes_nothing(void *ctx, int64_t unix_ms) {
    (void)ctx;
    (void)unix_ms;
}

static void spoil_takes_nothing(device_t *device) {
    device->port.set_wall = takes_nothing;
}

static tally_wall_t is_modest(void *ctx) {
    tally_wall_t now = sound.wall(ctx);
    if (now.quality == TALLY_WALL_AUTHENTICATED) {
        now.quality = TALLY_WALL_UNAUTHENTICATED;
    }
    return now;
}

static void spoil_is_modest(device_t *device) {
    device->port.wall = is_modest;
}

static tally_wall_t repeats_what_it_was_told(void *ctx) {
    const device_t *const device = ctx;
    return device->learned;
}

static void spoil_repeats_what_it_was_told(device_t *device) {
    device->port.wall = repeats_what_it_was_told;
}

static void never_goes_back(void *ctx, int64_t unix_ms) {
    if (unix_ms > sound.wall(ctx).unix_ms) {
        sound.set_wall(ctx, unix_ms);
    }
}

static void spoil_never_goes_back(device_t *device) {
    device->port.set_wall = never_goes_back;
}

static void ends_in_2038(void *ctx, int64_t unix_ms) {
    sound.set_wall(ctx, (int64_t)(int32_t)(unix_ms / 1000) * 1000);
}

static void spoil_ends_in_2038(device_t *device) {
    device->port.set_wall = ends_in_2038;
}

static const broken_t rows[] = {
    {"a clock that was never started", TALLY_RULE_CLOCK_ADVANCES, spoil_stands_still, false, false},
    {"a clock that is read in two halves", TALLY_RULE_CLOCK_FORWARD, spoil_goes_back, false, false},
    {"ticks of 10 ms", TALLY_RULE_CLOCK_MILLISECONDS, spoil_counts_ticks, false, false},
    {"microseconds", TALLY_RULE_CLOCK_MILLISECONDS, spoil_counts_microseconds, false, false},
    {"a clock behind the lock", TALLY_RULE_CLOCK_IN_CRITICAL, spoil_gives_up_in_section, false,
     false},
    {"another clock in interrupts", TALLY_RULE_CLOCK_ELSEWHERE, spoil_lags_in_interrupt, false,
     false},
    {"a tick that stops in standby", TALLY_RULE_CLOCK_STANDBY, spoil_stops_in_standby, false,
     false},
    {"milliseconds of 32 bits", TALLY_RULE_CLOCK_WRAPS, spoil_has_32_bits, false, false},
    {"microseconds of 32 bits", TALLY_RULE_CLOCK_WRAPS, spoil_has_32_bits_of_us, false, false},
    {"a quality of its own", TALLY_RULE_WALL_QUALITY, spoil_has_odd_quality, false, false},
    {"1970 for a time", TALLY_RULE_WALL_UNKNOWN, spoil_tells_1970, false, false},
    {"a date from the build for an authenticated time", TALLY_RULE_WALL_UNPROVED, spoil_claims,
     false, false},
    {"set_wall() in seconds", TALLY_RULE_WALL_SET, spoil_takes_seconds, false, false},
    {"set_wall() left empty", TALLY_RULE_WALL_SET, spoil_takes_nothing, false, false},
    {"no trust in set_wall()", TALLY_RULE_WALL_SET_QUALITY, spoil_is_modest, false, false},
    {"the time of set_wall() for ever", TALLY_RULE_WALL_GOES_ON, spoil_repeats_what_it_was_told,
     false, false},
    {"a time that is never set back", TALLY_RULE_WALL_SET_AGAIN, spoil_never_goes_back, false,
     false},
    {"seconds of 32 bits", TALLY_RULE_WALL_2038, spoil_ends_in_2038, false, false},
};

const broken_table_t broken_clocks = {rows, sizeof rows / sizeof rows[0]};
