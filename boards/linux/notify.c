/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t number_of(const char *text) {
    return text != NULL ? (uint64_t)strtoull(text, NULL, 10) : 0;
}

/* Called before there are threads. NOLINTBEGIN(concurrency-mt-unsafe) */
static void read_watchdog(notify_t *notify) {
    const char *const process = getenv("WATCHDOG_PID");
    const bool is_ours = process == NULL || number_of(process) == (uint64_t)getpid();
    notify->watchdog_us = is_ours ? number_of(getenv("WATCHDOG_USEC")) / 2 : 0;
}

void notify_open(notify_t *notify) {
    *notify = (notify_t){.fd = -1, .address = {.sun_family = AF_UNIX}};
    const char *const name = getenv("NOTIFY_SOCKET");
    const size_t length = name != NULL ? strlen(name) : 0;
    if (length < 2 || length >= sizeof notify->address.sun_path ||
        (name[0] != '/' && name[0] != '@')) {
        return;
    }
    memcpy(notify->address.sun_path, name, length);
    if (name[0] == '@') {
        notify->address.sun_path[0] = '\0';
    }
    notify->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    read_watchdog(notify);
}
/* NOLINTEND(concurrency-mt-unsafe) */

void notify_tell(const notify_t *notify, const char *state) {
    if (notify->fd >= 0) {
        (void)sendto(notify->fd, state, strlen(state), MSG_NOSIGNAL,
                     (const struct sockaddr *)&notify->address, notify->address_bytes);
    }
}

void notify_reloading(const notify_t *notify) {
    struct timespec now;
    char state[64];
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* that is what the protocol asks for */
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify_tell(notify, state);
}

uint32_t notify_alive(notify_t *notify, uint64_t now_us) {
    if (notify->fd < 0 || notify->watchdog_us == 0) {
        return UINT32_MAX;
    }
    if (now_us >= notify->watchdog_at_us) {
        notify_tell(notify, "WATCHDOG=1\n");
        notify->watchdog_at_us = now_us + notify->watchdog_us;
    }
    const uint64_t wait_ms = (notify->watchdog_at_us - now_us) / 1000 + 1;
    return wait_ms < UINT32_MAX ? (uint32_t)wait_ms : UINT32_MAX;
}

void notify_close(notify_t *notify) {
    if (notify->fd >= 0) {
        close(notify->fd);
        notify->fd = -1;
    }
}
