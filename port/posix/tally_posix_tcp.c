/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_posix_tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tally_posix_resolve.h"

/* Broken IPv6 on a home network swallows packets: the address after it must get its turn well
 * before the agent's own connect deadline. */
#define ADDRESS_LIMIT_MS 3000u

static void drop_socket(tally_posix_tcp_t *tcp) {
    if (tcp->fd >= 0) {
        (void)close(tcp->fd);
        tcp->fd = -1;
    }
}

static void drop_addresses(tally_posix_tcp_t *tcp) {
    if (tcp->addresses != NULL) {
        freeaddrinfo(tcp->addresses);
        tcp->addresses = NULL;
        tcp->next = NULL;
    }
}

static void tcp_close(void *ctx) {
    tally_posix_tcp_t *tcp = ctx;
    if (tcp->lookup != NULL) {
        tally_posix_resolve_abandon(tcp->lookup);
        tcp->lookup = NULL;
    }
    drop_addresses(tcp);
    drop_socket(tcp);
    tcp->connected = false;
    tcp->wants_output = false;
}

static int32_t finish_connect(tally_posix_tcp_t *tcp) {
    const int on = 1;
    /* The agent sends whole requests; waiting for more to send only delays them. Not worth
     * failing for. */
    (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    drop_addresses(tcp);
    tcp->connected = true;
    return TALLY_OPEN;
}

/* Starts connecting to the next address that lets itself be tried. */
static int32_t connect_next(tally_posix_tcp_t *tcp) {
    drop_socket(tcp);
    while (tcp->next != NULL) {
        const struct addrinfo *address = tcp->next;
        tcp->next = address->ai_next;
        tcp->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (tcp->fd < 0) {
            continue;
        }
        if (connect(tcp->fd, address->ai_addr, address->ai_addrlen) == 0) {
            return finish_connect(tcp);
        }
        if (errno == EINPROGRESS) {
            tcp->attempt_ms = tcp->port->monotonic_ms(tcp->port->ctx);
            return TALLY_OPENING_CONNECT;
        }
        drop_socket(tcp);
    }
    return TALLY_E_CONNECT;
}

static int32_t poll_connect(tally_posix_tcp_t *tcp) {
    struct pollfd writable = {.fd = tcp->fd, .events = POLLOUT};
    if (poll(&writable, 1, 0) <= 0) {
        const uint64_t now_ms = tcp->port->monotonic_ms(tcp->port->ctx);
        const bool silent = now_ms - tcp->attempt_ms >= ADDRESS_LIMIT_MS;
        return silent && tcp->next != NULL ? connect_next(tcp) : TALLY_OPENING_CONNECT;
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        return connect_next(tcp);
    }
    return finish_connect(tcp);
}

static int32_t start_resolve(tally_posix_tcp_t *tcp, const tally_peer_t *peer) {
    tcp->addresses = tally_posix_resolve_literal(peer);
    if (tcp->addresses != NULL) {
        tcp->next = tcp->addresses;
        return connect_next(tcp);
    }
    tcp->lookup = tally_posix_resolve_start(peer, tcp->port);
    return tcp->lookup != NULL ? TALLY_OPENING_RESOLVE : TALLY_E_RESOLVE;
}

static int32_t poll_resolve(tally_posix_tcp_t *tcp) {
    if (!tally_posix_resolve_poll(tcp->lookup, &tcp->addresses)) {
        return TALLY_OPENING_RESOLVE;
    }
    tcp->lookup = NULL;
    if (tcp->addresses == NULL) {
        return TALLY_E_RESOLVE;
    }
    tcp->next = tcp->addresses;
    return connect_next(tcp);
}

static int32_t tcp_open(void *ctx, const tally_peer_t *peer) {
    tally_posix_tcp_t *tcp = ctx;
    if (tcp->connected) {
        return TALLY_OPEN;
    }
    if (tcp->fd >= 0) {
        return poll_connect(tcp);
    }
    if (tcp->lookup != NULL) {
        return poll_resolve(tcp);
    }
    if (tcp->addresses != NULL) {
        return TALLY_E_CONNECT; /* all tried: close() is due */
    }
    return start_resolve(tcp, peer);
}

static int32_t tcp_send(void *ctx, const uint8_t *data, uint32_t size) {
    tally_posix_tcp_t *tcp = ctx;
    if (!tcp->connected) {
        return TALLY_E_STATE;
    }
    const ssize_t sent = send(tcp->fd, data, size, MSG_NOSIGNAL);
    tcp->wants_output = sent < (ssize_t)size;
    if (sent >= 0) {
        return (int32_t)sent;
    }
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    return errno == EPIPE || errno == ECONNRESET ? TALLY_E_CLOSED : TALLY_E_IO;
}

static int32_t tcp_receive(void *ctx, uint8_t *data, uint32_t size) {
    tally_posix_tcp_t *tcp = ctx;
    if (!tcp->connected) {
        return TALLY_E_STATE;
    }
    const ssize_t got = recv(tcp->fd, data, size, 0);
    if (got > 0) {
        return (int32_t)got;
    }
    if (got == 0) {
        return TALLY_E_CLOSED;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : TALLY_E_IO;
}

void tally_posix_tcp_init(tally_posix_tcp_t *tcp, const tally_port_t *port) {
    *tcp = (tally_posix_tcp_t){
        .transport =
            {
                .ctx = tcp,
                .open = tcp_open,
                .send = tcp_send,
                .receive = tcp_receive,
                .close = tcp_close,
            },
        .port = port,
        .fd = -1,
    };
}

const tally_transport_t *tally_posix_tcp_transport(const tally_posix_tcp_t *tcp) {
    return &tcp->transport;
}

struct pollfd tally_posix_tcp_poll(const tally_posix_tcp_t *tcp) {
    const bool connecting = tcp->fd >= 0 && !tcp->connected;
    return (struct pollfd){
        .fd = tcp->fd,
        .events = connecting || tcp->wants_output ? POLLIN | POLLOUT : POLLIN,
    };
}
