/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define RETRY_FIRST_MS 100u
#define RETRY_MOST_MS  5000u

bool tally_connection_init(tally_connection_t *connection, const tally_port_t *port,
                           const char *name) {
    *connection = (tally_connection_t){.port = port, .address = {.sun_family = AF_UNIX}, .fd = -1};
    const size_t length = strlen(name);
    if (length == 0 || length >= sizeof connection->address.sun_path) {
        return false;
    }
    memcpy(connection->address.sun_path, name, length);
    connection->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (name[0] == '@') {
        connection->address.sun_path[0] = '\0';
    } else {
        connection->address_bytes++;
    }
    return true;
}

bool tally_connection_is_open(const tally_connection_t *connection) {
    return connection->fd >= 0;
}

/* Players that lost their daemon at one moment do not come back at one moment. */
static void put_off(tally_connection_t *connection, uint64_t now_ms) {
    uint32_t wait_ms = RETRY_FIRST_MS << connection->failures;
    if (wait_ms < RETRY_MOST_MS) {
        connection->failures++;
    } else {
        wait_ms = RETRY_MOST_MS;
    }
    uint32_t chance = 0;
    (void)connection->port->random(connection->port->ctx, (uint8_t *)&chance, sizeof chance);
    connection->retry_ms = now_ms + wait_ms - chance % (wait_ms / 2);
}

int32_t tally_connection_open(tally_connection_t *connection, uint64_t now_ms) {
    connection->is_full = false;
    connection->refused = 0;
    connection->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection->fd >= 0 &&
        connect(connection->fd, (const struct sockaddr *)&connection->address,
                connection->address_bytes) == 0) {
        return TALLY_OK;
    }
    tally_connection_fail(connection, now_ms);
    return TALLY_E_CONNECT;
}

void tally_connection_fail(tally_connection_t *connection, uint64_t now_ms) {
    tally_connection_close(connection);
    put_off(connection, now_ms);
}

void tally_connection_close(tally_connection_t *connection) {
    if (connection->fd >= 0) {
        (void)close(connection->fd);
        connection->fd = -1;
    }
}

int32_t tally_connection_send(tally_connection_t *connection, const uint8_t *message,
                              uint32_t size) {
    const ssize_t sent = send(connection->fd, message, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    connection->is_full = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (sent == (ssize_t)size) {
        return TALLY_OK;
    }
    return connection->is_full ? TALLY_E_FULL : TALLY_E_CLOSED;
}

static ssize_t receive(int fd, uint8_t out[TALLY_ANSWER_BYTES]) {
    /* MSG_TRUNC: the size as it was sent. */
    return recv(fd, out, TALLY_ANSWER_BYTES, MSG_DONTWAIT | MSG_TRUNC);
}

int32_t tally_connection_receive(tally_connection_t *connection, tally_answer_t *out) {
    uint8_t bytes[TALLY_ANSWER_BYTES];
    ssize_t got = receive(connection->fd, bytes);
    if (got < 0 && errno == ECONNRESET) {
        /* The daemon left messages unread; its answers are there all the same. */
        got = receive(connection->fd, bytes);
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return TALLY_E_EMPTY;
    }
    if (got <= 0) {
        return TALLY_E_CLOSED;
    }
    if ((size_t)got > sizeof bytes || !tally_answer_read(bytes, (uint32_t)got, out) ||
        out->refused < connection->refused) {
        return TALLY_E_CBOR;
    }
    const uint32_t before = connection->refused;
    connection->refused = out->refused;
    out->refused -= before;
    connection->failures = 0;
    return TALLY_OK;
}
