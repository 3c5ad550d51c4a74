/* SPDX-License-Identifier: Apache-2.0 */
#include "client_port.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What `critical_enter` hands to `critical_leave`. */
enum {
    LOCKED,
    NOT_HOME,
};

bool tally_client_port_is_home(const tally_client_port_t *port) {
    return getpid() == port->process;
}

static void wake(void *ctx) {
    tally_client_port_t *const port = ctx;
    if (!atomic_exchange(&port->is_awake, true) && tally_client_port_is_home(port)) {
        const tally_port_t *const posix = tally_posix_port(&port->posix);
        posix->wake(posix->ctx);
    }
}

static uint32_t critical_enter(void *ctx) {
    const tally_client_port_t *const port = ctx;
    if (!tally_client_port_is_home(port)) {
        return NOT_HOME;
    }
    const tally_port_t *const posix = tally_posix_port(&port->posix);
    (void)posix->critical_enter(posix->ctx);
    return LOCKED;
}

static void critical_leave(void *ctx, uint32_t state) {
    const tally_client_port_t *const port = ctx;
    if (state == LOCKED) {
        const tally_port_t *const posix = tally_posix_port(&port->posix);
        posix->critical_leave(posix->ctx, 0);
    }
}

/* 0, below all levels, if it is not set or is something else. */
static uint32_t level_of_environment(void) {
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    const char *const chosen = secure_getenv("TALLY_LOG");
    for (uint32_t i = 0; chosen != NULL && i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(chosen, levels[i]) == 0) {
            return TALLY_LOG_ERROR + i;
        }
    }
    return 0;
}

int32_t tally_client_port_init(tally_client_port_t *port) {
    const enum tally_log_level most = (enum tally_log_level)level_of_environment();
    const int32_t status = tally_posix_init(&port->posix, most);
    if (status != TALLY_OK) {
        return status;
    }
    port->port = *tally_posix_port(&port->posix);
    port->port.wake = wake;
    port->port.critical_enter = critical_enter;
    port->port.critical_leave = critical_leave;
    port->process = getpid();
    atomic_init(&port->is_awake, false);
    return TALLY_OK;
}

void tally_client_port_close(tally_client_port_t *port) {
    tally_posix_close(&port->posix);
}

int32_t tally_client_port_wait(tally_client_port_t *port, uint32_t timeout_ms, struct pollfd *fd) {
    const int32_t status = tally_posix_wait(&port->posix, timeout_ms, fd, 1);
    /* Behind the wait and ahead of what it is for: a hook from here on wakes anew. */
    atomic_store(&port->is_awake, false);
    return status;
}
