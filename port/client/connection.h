/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONNECTION_H
#define CONNECTION_H
/*
 * The connection to the daemon: a Unix socket of type SOCK_SEQPACKET. Nothing here waits, raises a
 * signal or leaves a descriptor to another program. What the daemon says is not believed unless it
 * is an answer in the form of SPEC.md. The thread's own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "answer.h"
#include "tally/port.h"

typedef struct {
    const tally_port_t *port; /* its random numbers */
    struct sockaddr_un address;
    socklen_t address_bytes;
    int fd;            /* negative: there is no connection */
    bool is_full;      /* what was sent last found no room */
    uint8_t failures;  /* since the daemon last gave an answer */
    uint64_t retry_ms; /* not before */
    uint32_t refused;  /* of what was sent on this connection */
} tally_connection_t;

/* Whether a socket can have this name: with '@' in front in the abstract name space. */
bool tally_connection_init(tally_connection_t *connection, const tally_port_t *port,
                           const char *name);

bool tally_connection_is_open(const tally_connection_t *connection);

/* One attempt. TALLY_OK; TALLY_E_CONNECT: again from `retry_ms` on, 100 ms later at first and 5 s
 * at last, less up to half of it by chance. */
int32_t tally_connection_open(tally_connection_t *connection, uint64_t now_ms);

/* Ends the connection, which has failed: the next attempt has to wait. */
void tally_connection_fail(tally_connection_t *connection, uint64_t now_ms);

/* Ends the connection, if there is one. */
void tally_connection_close(tally_connection_t *connection);

/* TALLY_OK; TALLY_E_FULL: not now, poll() tells when; TALLY_E_CLOSED: the connection has failed. */
int32_t tally_connection_send(tally_connection_t *connection, const uint8_t *message,
                              uint32_t size);

/* The next answer; its `refused` are those since the one before. TALLY_OK; TALLY_E_EMPTY: there is
 * none yet; TALLY_E_CLOSED: the daemon is gone; TALLY_E_CBOR: it says what is no answer. */
int32_t tally_connection_receive(tally_connection_t *connection, tally_answer_t *out);

#endif
