/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers, critical section, wake and log. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "broken.h"

#define sound broken_sound_port

static void spoil_has_no_log(device_t *device) {
    device->port.log = NULL;
}

/* ---- random --------------------------------------------------------------------------------- */

static int32_t returns_size(void *ctx, uint8_t *out, uint32_t size) {
    const int32_t status = sound.random(ctx, out, size);
    return status == TALLY_OK ? (int32_t)size : status;
}

static void spoil_returns_size(device_t *device) {
    device->port.random = returns_size;
}

static int32_t refuses_nothing(void *ctx, uint8_t *out, uint32_t size) {
    return size == 0 ? TALLY_E_RANDOM : sound.random(ctx, out, size);
}

static void spoil_refuses_nothing(device_t *device) {
    device->port.random = refuses_nothing;
}

static int32_t rounds_up(void *ctx, uint8_t *out, uint32_t size) {
    return sound.random(ctx, out, (size + 3u) / 4u * 4u);
}

static void spoil_rounds_up(device_t *device) {
    device->port.random = rounds_up;
}

static int32_t rounds_down(void *ctx, uint8_t *out, uint32_t size) {
    return sound.random(ctx, out, size / 4u * 4u);
}

static void spoil_rounds_down(device_t *device) {
    device->port.random = rounds_down;
}

/* As getentropy() is limited, but without its error. */
static int32_t stops_at_256(void *ctx, uint8_t *out, uint32_t size) {
    return sound.random(ctx, out, size < 256u ? size : 256u);
}

static void spoil_stops_at_256(device_t *device) {
    device->port.random = stops_at_256;
}

static int32_t repeats_a_byte(void *ctx, uint8_t *out, uint32_t size) {
    device_t *const device = ctx;
    if (device->random_fails) {
        return TALLY_E_RANDOM;
    }
    memset(out, device_roll(device), size);
    return TALLY_OK;
}

static void spoil_repeats_a_byte(device_t *device) {
    device->port.random = repeats_a_byte;
}

static int32_t seeds_each_call(void *ctx, uint8_t *out, uint32_t size) {
    device_t *const device = ctx;
    device->dice = 1;
    return sound.random(ctx, out, size);
}

static void spoil_seeds_each_call(device_t *device) {
    device->port.random = seeds_each_call;
}

static int32_t has_7_bits(void *ctx, uint8_t *out, uint32_t size) {
    const int32_t status = sound.random(ctx, out, size);
    for (uint32_t at = 0; at < size; at++) {
        out[at] &= 0x7F;
    }
    return status;
}

static void spoil_has_7_bits(device_t *device) {
    device->port.random = has_7_bits;
}

static int32_t counts_up(void *ctx, uint8_t *out, uint32_t size) {
    static uint8_t next;
    const device_t *const device = ctx;
    for (uint32_t at = 0; at < size; at++) {
        out[at] = next++;
    }
    return device->random_fails ? TALLY_E_RANDOM : TALLY_OK;
}

static void spoil_counts_up(device_t *device) {
    device->port.random = counts_up;
}

static int32_t hides_failure(void *ctx, uint8_t *out, uint32_t size) {
    (void)sound.random(ctx, out, size);
    return TALLY_OK;
}

static void spoil_hides_failure(device_t *device) {
    device->port.random = hides_failure;
}

static void spoil_seeds_each_boot(device_t *device) {
    device->dice = 1;
}

/* ---- critical section ----------------------------------------------------------------------- */

static void never_lets_in(void *ctx, uint32_t state) {
    (void)state;
    sound.critical_leave(ctx, 1);
}

static void spoil_never_lets_in(device_t *device) {
    device->port.critical_leave = never_lets_in;
}

static uint32_t enters_nothing(void *ctx) {
    (void)ctx;
    return 0;
}

static void leaves_nothing(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
}

static void spoil_keeps_nobody_out(device_t *device) {
    device->port.critical_enter = enters_nothing;
    device->port.critical_leave = leaves_nothing;
}

static void lets_all_in(void *ctx, uint32_t state) {
    (void)state;
    sound.critical_leave(ctx, 0);
}

static void spoil_lets_all_in(device_t *device) {
    device->port.critical_leave = lets_all_in;
}

/* ---- wake ----------------------------------------------------------------------------------- */

static void wakes_only_sleepers(void *ctx) {
    const device_t *const device = ctx;
    if (device->sleeping) {
        sound.wake(ctx);
    }
}

static void spoil_wakes_only_sleepers(device_t *device) {
    device->port.wake = wakes_only_sleepers;
}

static void wakes_in_task_only(void *ctx) {
    const device_t *const device = ctx;
    if (!device->in_interrupt) {
        sound.wake(ctx);
    }
}

static void spoil_wakes_in_task_only(device_t *device) {
    device->port.wake = wakes_in_task_only;
}

static void wakes_outside_section_only(void *ctx) {
    const device_t *const device = ctx;
    if (!device->in_section) {
        sound.wake(ctx);
    }
}

static void spoil_wakes_outside_section_only(device_t *device) {
    device->port.wake = wakes_outside_section_only;
}

/* A semaphore that counts. */
static void sleeps_once_less(void *ctx, uint32_t most_ms) {
    device_t *const device = ctx;
    for (uint32_t ms = 0; ms < most_ms && device->wakes == 0; ms++) {
        (void)device->setup.wait_ms(ctx, 1);
    }
    device->wakes -= device->wakes > 0 ? 1u : 0u;
}

static void spoil_counts_wakes(device_t *device) {
    device->setup.sleep = sleeps_once_less;
}

/* ---- log ------------------------------------------------------------------------------------ */

static void knows_three_levels(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                               int32_t value) {
    if (level > TALLY_LOG_INFO) {
        _Exit(1);
    }
    sound.log(ctx, level, id, text, value);
}

static void spoil_knows_three_levels(device_t *device) {
    device->port.log = knows_three_levels;
}

static void reads_text(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                       int32_t value) {
    if (text == NULL) {
        _Exit(1);
    }
    sound.log(ctx, level, id, text, value);
}

static void spoil_reads_text(device_t *device) {
    device->port.log = reads_text;
}

static void waits_for_the_line(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                               int32_t value) {
    device_t *const device = ctx;
    device_pass(device, 300000);
    sound.log(ctx, level, id, text, value);
}

static void spoil_waits_for_the_line(device_t *device) {
    device->port.log = waits_for_the_line;
}

static const broken_t rows[] = {
    {"no log", TALLY_RULE_PORT_COMPLETE, spoil_has_no_log, false, false},
    {"a count for a status", TALLY_RULE_RANDOM_STATUS, spoil_returns_size, false, false},
    {"no bytes for an error", TALLY_RULE_RANDOM_NOTHING, spoil_refuses_nothing, false, false},
    {"whole words, one too many", TALLY_RULE_RANDOM_BEYOND, spoil_rounds_up, false, false},
    {"whole words, one too few", TALLY_RULE_RANDOM_FILLS, spoil_rounds_down, false, false},
    {"256 bytes at the most", TALLY_RULE_RANDOM_FILLS, spoil_stops_at_256, false, false},
    {"one byte again and again", TALLY_RULE_RANDOM_CONSTANT, spoil_repeats_a_byte, false, false},
    {"seeded at each call", TALLY_RULE_RANDOM_REPEATS, spoil_seeds_each_call, false, false},
    {"seven bits", TALLY_RULE_RANDOM_BIAS, spoil_has_7_bits, false, false},
    {"a counter", TALLY_RULE_RANDOM_STEPS, spoil_counts_up, false, false},
    {"a failure that nobody hears of", TALLY_RULE_RANDOM_FAILS, spoil_hides_failure, false, false},
    {"seeded with a constant", TALLY_RULE_RANDOM_BOOTS, spoil_seeds_each_boot, true, false},
    {"a section that never ends", TALLY_RULE_CRITICAL_LEAVES, spoil_never_lets_in, false, false},
    {"an empty section", TALLY_RULE_CRITICAL_EXCLUDES, spoil_keeps_nobody_out, false, false},
    {"interrupts enabled, whatever they were", TALLY_RULE_CRITICAL_RESTORES, spoil_lets_all_in,
     false, false},
    {"a notification without a memory", TALLY_RULE_WAKE_KEPT, spoil_wakes_only_sleepers, false,
     false},
    {"no variant for interrupts", TALLY_RULE_WAKE_ELSEWHERE, spoil_wakes_in_task_only, false,
     false},
    {"a wake behind the lock", TALLY_RULE_WAKE_IN_CRITICAL, spoil_wakes_outside_section_only, false,
     false},
    {"a semaphore that counts", TALLY_RULE_WAKE_MANY, spoil_counts_wakes, false, false},
    {"a level too few", TALLY_RULE_LOG_LEVELS, spoil_knows_three_levels, false, true},
    {"strlen(NULL)", TALLY_RULE_LOG_NO_TEXT, spoil_reads_text, false, true},
    {"a slow UART", TALLY_RULE_LOG_WAITS, spoil_waits_for_the_line, false, false},
};

const broken_table_t broken_ports = {rows, sizeof rows / sizeof rows[0]};
