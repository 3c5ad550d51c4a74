/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "acme_port.h"

static pthread_mutex_t hooks = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken;
static bool is_woken;

void acme_start(void) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&woken, &attributes);
    pthread_condattr_destroy(&attributes);
}

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (tally_wall_t){.unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                          .quality = TALLY_WALL_UNAUTHENTICATED};
}

static void set_wall(void *ctx, int64_t unix_ms) {
    (void)ctx;
    (void)unix_ms; /* the system has a clock of its own */
}

static int32_t random_bytes(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    uint32_t filled = 0;
    while (filled < size) {
        const ssize_t got = getrandom(out + filled, size - filled, 0);
        if (got < 0) {
            return TALLY_E_RANDOM;
        }
        filled += (uint32_t)got;
    }
    return TALLY_OK;
}

static uint32_t critical_enter(void *ctx) {
    (void)ctx;
    pthread_mutex_lock(&hooks);
    return 0;
}

static void critical_leave(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
    pthread_mutex_unlock(&hooks);
}

static void wake(void *ctx) {
    (void)ctx;
    pthread_mutex_lock(&sleeping);
    is_woken = true;
    pthread_cond_signal(&woken);
    pthread_mutex_unlock(&sleeping);
}

static void log_line(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    (void)ctx;
    fprintf(stderr, "tally %d: %u %s %d\n", (int)level, (unsigned)id, text, (int)value);
}

void acme_sleep(uint32_t most_ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const uint64_t ms = (uint64_t)until.tv_nsec / 1000000u + most_ms;
    until.tv_sec += (time_t)(ms / 1000u);
    until.tv_nsec = (long)(ms % 1000u) * 1000000L;
    pthread_mutex_lock(&sleeping);
    int status = 0;
    while (!is_woken && status == 0) {
        status = pthread_cond_timedwait(&woken, &sleeping, &until);
    }
    is_woken = false;
    pthread_mutex_unlock(&sleeping);
}

const tally_port_t acme_port = {
    .monotonic_ms = monotonic_ms,
    .wall = wall,
    .set_wall = set_wall,
    .random = random_bytes,
    .critical_enter = critical_enter,
    .critical_leave = critical_leave,
    .wake = wake,
    .log = log_line,
};
