/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_POSIX_H
#define TALLY_POSIX_H
/*
 * tally_port_t for Linux. A program's agent task is a loop around tally_step() and
 * tally_posix_wait(); hooks may run in any other thread, but not in signal handlers.
 */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    tally_port_t port;
    pthread_mutex_t critical;
    int wake_fd;
    enum tally_log_level most;
    int64_t learned_unix_ms; /* what a server told when the monotonic clock was so far */
    uint64_t learned_at_ms;  /* 0: none did */
} tally_posix_t;

/* tally_posix_wait() without a time-out. */
#define TALLY_POSIX_FOREVER_MS UINT32_MAX

/* The most descriptors that tally_posix_wait() takes. */
#define TALLY_POSIX_WAIT_FDS 8

/*
 * Fills the port. Log lines above `most` are not written; the rest go to standard error as
 * `tally: warning: text: value`, a negative value by its name in tally/status.h.
 *
 * Returns TALLY_OK, TALLY_E_ARGUMENT for a NULL, or TALLY_E_IO when the kernel gives no eventfd
 * or mutex. Any thread. Does not block. `posix` must not move and lives as long as the agent.
 */
int32_t tally_posix_init(tally_posix_t *posix, enum tally_log_level most);

/* Gives the kernel's objects back. After the last use of the port by any thread. */
void tally_posix_close(tally_posix_t *posix);

/*
 * The port for tally_init(). Valid as long as `posix`.
 *
 * The wall time is what an authenticated server told, if one did: the kernel's clock may be
 * anybody's. Until then it is the kernel's, TALLY_WALL_UNKNOWN before 2024, when nobody has set the
 * clock yet, and TALLY_WALL_UNAUTHENTICATED afterwards: the kernel knows that an NTP client
 * disciplines the clock, but not whether that client checked whom it listened to.
 */
const tally_port_t *tally_posix_port(const tally_posix_t *posix);

/*
 * Sleeps until the port's wake is called, a descriptor of `fds` is ready, `timeout_ms` have passed
 * or a signal was handled. `revents` of `fds` are filled as poll() does; negative descriptors are
 * ignored. The time-out does not run while the device is in standby.
 *
 * Returns 1 after a wake or with a descriptor ready, 0 otherwise, TALLY_E_ARGUMENT for more than
 * TALLY_POSIX_WAIT_FDS descriptors, or TALLY_E_IO. Agent task. Blocks: that is its purpose.
 */
int32_t tally_posix_wait(tally_posix_t *posix, uint32_t timeout_ms, struct pollfd *fds,
                         uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
