/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LISTENER_H
#define LISTENER_H
/* The socket that players connect to: of our own, or handed over by whoever started tallyd. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"

typedef struct {
    int fd; /* -1: there is none */
    bool is_handed_over;
    char name[CONFIG_SOCKET_BYTES]; /* as it was configured when it was bound */
    uint32_t mode;
} listener_t;

/* Whether a socket is handed over, by the protocol of sd_listen_fds(3). */
bool listener_handed_over(void);

/* Takes the socket that is handed over, or else binds the one that is configured, if there is one.
 * A file that a dead tallyd left is replaced. False, with a line on `errors`, if that cannot be. */
bool listener_open(listener_t *listener, const config_t *config, FILE *errors);

/* Whether it is the one that `config` asks for; one that was handed over always is. */
bool listener_fits(const listener_t *listener, const config_t *config);

void listener_close(listener_t *listener);

#endif
