/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include <pthread.h>
#include <stdatomic.h>
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

/* What a server has told, and when by the clock above. */
static tally_wall_t learned;
static uint64_t learned_at_ms;

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    tally_wall_t now = learned;
    now.unix_ms += (int64_t)(monotonic_ms(NULL) - learned_at_ms);
    return now;
}

static void set_wall(void *ctx, int64_t unix_ms) {
    (void)ctx;
    learned = (tally_wall_t){.unix_ms = unix_ms, .quality = TALLY_WALL_AUTHENTICATED};
    learned_at_ms = monotonic_ms(NULL);
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
    fprintf(stderr, "tally %d: %u %s %d\n", (int)level, (unsigned)id, text != NULL ? text : "",
            (int)value);
}

static pthread_t ticker;
static atomic_bool ticks;
static void (*on_tick)(void *argument);

static void *run_ticks(void *argument) {
    const struct timespec tick = {.tv_nsec = 10000000};
    while (atomic_load(&ticks)) {
        nanosleep(&tick, NULL);
        on_tick(argument);
    }
    return NULL;
}

void acme_every_tick(void (*turn)(void *argument), void *argument) {
    if (atomic_exchange(&ticks, turn != NULL)) {
        pthread_join(ticker, NULL);
    }
    on_tick = turn;
    if (turn != NULL && pthread_create(&ticker, NULL, run_ticks, argument) != 0) {
        atomic_store(&ticks, false);
    }
}

uint32_t acme_wait_ms(uint32_t ms) {
    struct timespec began;
    struct timespec now;
    const struct timespec pause = {.tv_sec = (time_t)(ms / 1000u),
                                   .tv_nsec = (long)(ms % 1000u) * 1000000L};
    clock_gettime(CLOCK_MONOTONIC_RAW, &began);
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint32_t)((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000);
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
