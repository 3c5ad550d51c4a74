/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <stddef.h>
#include <string.h>

#include "device_store.h"
#include "device_stream.h"

#define INTERRUPT_US 1000u
#define CALL_US      1u
#define LINE_US      2000u
#define RESOLUTION   1000u

static const char *offence;

const char *device_offence(void) {
    return offence;
}

void device_offend(const char *what) {
    offence = offence == NULL ? what : offence;
}

/* ---- time and interrupts -------------------------------------------------------------------- */

static void interrupt(device_t *device) {
    if (device->turn == NULL || device->masked || device->in_interrupt ||
        device->now_us < device->interrupt_due_us) {
        return;
    }
    device->interrupt_due_us = device->now_us + INTERRUPT_US;
    device->in_interrupt = true;
    device->turn(device->turn_argument);
    device->in_interrupt = false;
}

void device_pass(device_t *device, uint64_t us) {
    device->now_us += us;
    interrupt(device);
}

static uint64_t monotonic_ms(void *ctx) {
    device_t *const device = ctx;
    device_pass(device, CALL_US);
    return device->now_us / RESOLUTION;
}

static uint32_t critical_enter(void *ctx) {
    device_t *const device = ctx;
    if (device->in_section) {
        device_offend("critical sections nest");
    }
    const bool was_masked = device->masked;
    device->masked = true;
    device->in_section = true;
    return was_masked ? 1u : 0u;
}

static void critical_leave(void *ctx, uint32_t state) {
    device_t *const device = ctx;
    device->in_section = false;
    device->masked = state != 0;
    interrupt(device);
}

static void agent_task_only(device_t *device) {
    if (device->in_interrupt) {
        device_offend("a callback of the agent task was called in an interrupt");
    }
}

/* ---- wall, random, wake, log ---------------------------------------------------------------- */

static tally_wall_t wall(void *ctx) {
    device_t *const device = ctx;
    agent_task_only(device);
    tally_wall_t now = device->learned;
    now.unix_ms += (int64_t)(device->now_us / RESOLUTION - device->learned_at_ms);
    return now;
}

static void set_wall(void *ctx, int64_t unix_ms) {
    device_t *const device = ctx;
    agent_task_only(device);
    device->learned = (tally_wall_t){.unix_ms = unix_ms, .quality = TALLY_WALL_AUTHENTICATED};
    device->learned_at_ms = device->now_us / RESOLUTION;
}

/* SplitMix64. */
uint8_t device_roll(device_t *device) {
    device->dice += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word = device->dice;
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint8_t)(word >> 56);
}

static int32_t random_bytes(void *ctx, uint8_t *out, uint32_t size) {
    device_t *const device = ctx;
    agent_task_only(device);
    if (device->random_fails) {
        return TALLY_E_RANDOM;
    }
    for (uint32_t at = 0; at < size; at++) {
        out[at] = device_roll(device);
    }
    return TALLY_OK;
}

static void wake(void *ctx) {
    device_t *const device = ctx;
    device->wakes++;
}

static void log_line(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    device_t *const device = ctx;
    (void)level;
    (void)id;
    (void)text;
    (void)value;
    agent_task_only(device);
    device->log_lines++;
    device_pass(device, LINE_US);
}

/* ---- helpers -------------------------------------------------------------------------------- */

static void put(void *ctx, const char *text) {
    device_t *const device = ctx;
    const size_t size = strlen(text);
    if (device->said_bytes + size < sizeof device->said) {
        memcpy(&device->said[device->said_bytes], text, size + 1u);
        device->said_bytes += (uint32_t)size;
    } else {
        device_offend("more lines than there is room for");
    }
}

static uint32_t wait_ms(void *ctx, uint32_t ms) {
    device_t *const device = ctx;
    for (uint32_t i = 0; i < ms; i++) {
        device_pass(device, RESOLUTION);
        device_stream_move(device);
    }
    return ms;
}

static void sleep_ms(void *ctx, uint32_t most_ms) {
    device_t *const device = ctx;
    device->sleeping = true;
    for (uint32_t ms = 0; ms < most_ms && device->wakes == 0; ms++) {
        (void)wait_ms(ctx, 1);
    }
    device->sleeping = false;
    device->wakes = 0;
}

static int32_t begin_others(void *ctx, void (*turn)(void *argument), void *argument) {
    device_t *const device = ctx;
    device->turn = turn;
    device->turn_argument = argument;
    return TALLY_OK;
}

static void end_others(void *ctx) {
    device_t *const device = ctx;
    device->turn = NULL;
}

static void mask(void *ctx, bool masked) {
    device_t *const device = ctx;
    device->masked = masked;
}

static bool is_masked(void *ctx) {
    const device_t *const device = ctx;
    return device->masked;
}

static uint32_t standby_ms(void *ctx, uint32_t ms) {
    device_t *const device = ctx;
    device->now_us += (uint64_t)ms * RESOLUTION;
    device->standby_us += (uint64_t)ms * RESOLUTION;
    return ms;
}

static void put_clock(void *ctx, uint64_t ms) {
    device_t *const device = ctx;
    if (ms * RESOLUTION < device->now_us) {
        device_offend("the clock was put back");
    }
    device->now_us = ms * RESOLUTION;
    device->standby_us = 0; /* for a clock that leaves standby out, it is set as well */
}

static void fail_random(void *ctx, bool fails) {
    device_t *const device = ctx;
    device->random_fails = fails;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void make_port(device_t *device) {
    device->port = (tally_port_t){
        .ctx = device,
        .monotonic_ms = monotonic_ms,
        .wall = wall,
        .set_wall = set_wall,
        .random = random_bytes,
        .critical_enter = critical_enter,
        .critical_leave = critical_leave,
        .wake = wake,
        .log = log_line,
    };
}

static void make_setup(device_t *device, enum tally_conformance_run run) {
    static uint8_t scratch[4096];
    device->setup = (tally_conformance_setup_t){
        .ctx = device,
        .put = put,
        .wait_ms = wait_ms,
        .scratch = scratch,
        .scratch_bytes = sizeof scratch,
        .run = run,
        .port = &device->port,
        .stores = device->places,
        .store_count = DEVICE_STORES,
        .transport = &device->transport,
        .verifier = &device->verifier,
        .echo = &device_echo,
        .ending = &device_ending,
        .refusing = &device_refusing,
        .silent = &device_silent,
        .unresolved = &device_unresolved,
        .sleep = sleep_ms,
        .begin_others = begin_others,
        .end_others = end_others,
        .mask = mask,
        .is_masked = is_masked,
        .standby_ms = standby_ms,
        .put_clock = put_clock,
        .fail_random = fail_random,
    };
}

void device_manufacture(device_t *device) {
    memset(device, 0, sizeof *device);
    offence = NULL;
    device_store_manufacture(device);
    device_boot(device, TALLY_CONFORMANCE_FIRST_RUN);
}

void device_boot(device_t *device, enum tally_conformance_run run) {
    static device_t fresh;
    const uint64_t dice = device->dice;
    const tally_verifier_t verifier = device->verifier;
    *device = fresh;
    device->dice = dice + (uint64_t)run + 1u;
    device->verifier = verifier;
    device->now_us = 5000u * RESOLUTION;
    make_port(device);
    device_store_boot(device);
    device_stream_boot(device);
    make_setup(device, run);
}
