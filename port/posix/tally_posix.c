/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_posix.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* 2024-01-01T00:00:00Z: older than any build of this file, newer than the date a device without a
 * battery starts from. */
#define PLAUSIBLE_UNIX_S INT64_C(1704067200)

static uint64_t posix_monotonic_ms(void *ctx) {
    (void)ctx;
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* CLOCK_MONOTONIC stands still in standby */
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static tally_wall_t posix_wall(void *ctx) {
    const tally_posix_t *posix = ctx;
    if (posix->learned_at_ms != 0) {
        const uint64_t since_ms = posix_monotonic_ms(NULL) - posix->learned_at_ms;
        return (tally_wall_t){.unix_ms = posix->learned_unix_ms + (int64_t)since_ms,
                              .quality = TALLY_WALL_AUTHENTICATED};
    }
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (tally_wall_t){
        .unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
        .quality = now.tv_sec < PLAUSIBLE_UNIX_S ? TALLY_WALL_UNKNOWN : TALLY_WALL_UNAUTHENTICATED,
    };
}

static void posix_set_wall(void *ctx, int64_t unix_ms) {
    tally_posix_t *posix = ctx;
    posix->learned_unix_ms = unix_ms;
    posix->learned_at_ms = posix_monotonic_ms(NULL);
}

static int32_t posix_random(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    uint32_t done = 0;
    while (done < size) {
        const ssize_t got = getrandom(out + done, size - done, 0);
        if (got > 0) {
            done += (uint32_t)got;
        } else if (errno != EINTR) {
            return TALLY_E_RANDOM;
        }
    }
    return TALLY_OK;
}

static uint32_t posix_critical_enter(void *ctx) {
    tally_posix_t *posix = ctx;
    (void)pthread_mutex_lock(&posix->critical);
    return 0;
}

static void posix_critical_leave(void *ctx, uint32_t state) {
    tally_posix_t *posix = ctx;
    (void)state;
    (void)pthread_mutex_unlock(&posix->critical);
}

static void posix_wake(void *ctx) {
    const tally_posix_t *posix = ctx;
    const uint64_t one = 1;
    const int saved = errno; /* hooks run inside other people's code */
    /* Fails only when the counter is full, and then the task is awake already. */
    if (write(posix->wake_fd, &one, sizeof one) < 0) {
        errno = saved;
    }
}

static const char *level_name(enum tally_log_level level) {
    switch (level) {
    case TALLY_LOG_ERROR: return "error";
    case TALLY_LOG_WARNING: return "warning";
    case TALLY_LOG_INFO: return "info";
    case TALLY_LOG_DEBUG: return "debug";
    }
    return "log";
}

static void posix_log(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                      int32_t value) {
    const tally_posix_t *posix = ctx;
    if (level > posix->most) {
        return;
    }
    char number[16];
    if (text == NULL) {
        (void)snprintf(number, sizeof number, "message %" PRIu32, id);
        text = number;
    }
    /* One call for each line: lines of several threads must not mix. */
    if (value < 0) {
        (void)fprintf(stderr, "tally: %s: %s: %s\n", level_name(level), text,
                      tally_status_name(value));
    } else {
        (void)fprintf(stderr, "tally: %s: %s: %" PRId32 "\n", level_name(level), text, value);
    }
}

/* A hook may hold the mutex in a low-priority thread while a real-time decoder thread waits. */
static int32_t critical_init(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) {
        return TALLY_E_IO;
    }
    const int failed = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) != 0 ||
                       pthread_mutex_init(mutex, &attributes) != 0;
    (void)pthread_mutexattr_destroy(&attributes);
    return failed ? TALLY_E_IO : TALLY_OK;
}

int32_t tally_posix_init(tally_posix_t *posix, enum tally_log_level most) {
    if (posix == NULL) {
        return TALLY_E_ARGUMENT;
    }
    *posix = (tally_posix_t){
        .port =
            {
                .ctx = posix,
                .monotonic_ms = posix_monotonic_ms,
                .wall = posix_wall,
                .set_wall = posix_set_wall,
                .random = posix_random,
                .critical_enter = posix_critical_enter,
                .critical_leave = posix_critical_leave,
                .wake = posix_wake,
                .log = posix_log,
            },
        .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
        .most = most,
    };
    if (posix->wake_fd < 0) {
        return TALLY_E_IO;
    }
    const int32_t status = critical_init(&posix->critical);
    if (status != TALLY_OK) {
        (void)close(posix->wake_fd);
    }
    return status;
}

void tally_posix_close(tally_posix_t *posix) {
    (void)close(posix->wake_fd);
    (void)pthread_mutex_destroy(&posix->critical);
}

const tally_port_t *tally_posix_port(const tally_posix_t *posix) {
    return &posix->port;
}

int32_t tally_posix_wait(tally_posix_t *posix, uint32_t timeout_ms, struct pollfd *fds,
                         uint32_t count) {
    if (count > TALLY_POSIX_WAIT_FDS) {
        return TALLY_E_ARGUMENT;
    }
    struct pollfd all[1 + TALLY_POSIX_WAIT_FDS] = {{.fd = posix->wake_fd, .events = POLLIN}};
    if (count > 0) {
        memcpy(all + 1, fds, count * sizeof *fds);
    }
    int timeout = -1;
    if (timeout_ms != TALLY_POSIX_FOREVER_MS) {
        timeout = timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
    }
    int ready = poll(all, 1 + count, timeout);
    if (ready < 0 && errno != EINTR) {
        return TALLY_E_IO;
    }
    uint64_t wakes;
    if (ready > 0 && all[0].revents != 0) {
        /* Reading is what re-arms it; how many wakes fell together does not matter. */
        if (read(posix->wake_fd, &wakes, sizeof wakes) < 0 && errno != EAGAIN) {
            return TALLY_E_IO;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        fds[i].revents = ready > 0 ? all[1 + i].revents : 0;
    }
    return ready > 0 ? 1 : 0;
}
