/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PORT_H
#define CLIENT_PORT_H
/*
 * tally_posix for a library in somebody else's process: hooks that come one upon another wake the
 * thread with one system call, and in a child of fork(), where there is no thread and a mutex may
 * be locked for ever, they touch neither.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tally_posix.h"

typedef struct {
    tally_posix_t posix; /* the first: both are the ctx of callbacks */
    tally_port_t port;
    pid_t process;        /* that the thread belongs to */
    atomic_bool is_awake; /* the thread has been woken, and has not looked yet */
} tally_client_port_t;

/* 0, or TALLY_E_IO as tally_posix_init(). Nothing is logged unless $TALLY_LOG is `error`,
 * `warning`, `info` or `debug`. */
int32_t tally_client_port_init(tally_client_port_t *port);
void tally_client_port_close(tally_client_port_t *port);

/* False in a child of fork(). Any thread. */
bool tally_client_port_is_home(const tally_client_port_t *port);

/* tally_posix_wait(), for one descriptor. */
int32_t tally_client_port_wait(tally_client_port_t *port, uint32_t timeout_ms, struct pollfd *fd);

#endif
