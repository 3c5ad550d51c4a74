/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_POSIX_TCP_H
#define TALLY_POSIX_TCP_H
/*
 * A TCP client as a tally_transport_t. Connects directly: no proxy, whatever the environment
 * says. Tries all addresses of a name in turn, IPv6 and IPv4, in the system's order.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

struct addrinfo;
struct tally_posix_lookup;

typedef struct {
    tally_transport_t transport;
    const tally_port_t *port;
    struct tally_posix_lookup *lookup; /* while a name is looked up */
    struct addrinfo *addresses;        /* while connecting: all of them, and the next to try */
    struct addrinfo *next;
    uint64_t attempt_ms; /* when the connect under way began */
    int fd;
    bool connected;
    bool wants_output; /* the kernel took less than it was given */
} tally_posix_tcp_t;

/*
 * Makes a closed client. `port` gives the clock, and its wake is called when a name is resolved.
 * Any thread. Does not block. `tcp` must not move; it and `port` live as long as the agent.
 */
void tally_posix_tcp_init(tally_posix_tcp_t *tcp, const tally_port_t *port);

/*
 * The transport: for tally_init() as it is, or for tally_tls_init() to put TLS on top. Valid as
 * long as `tcp`.
 *
 *   open     TALLY_OPENING_RESOLVE, then TALLY_OPENING_CONNECT. TALLY_E_RESOLVE when the name has
 *            no address, TALLY_E_CONNECT when no address takes the connection. An address that is
 *            silent for 3 s gives way to the next one.
 *   send     TALLY_E_CLOSED when the peer has ended or reset the connection, TALLY_E_IO.
 *   receive  TALLY_E_CLOSED at the end of the stream, TALLY_E_IO when it was cut off by a reset.
 */
const tally_transport_t *tally_posix_tcp_transport(const tally_posix_tcp_t *tcp);

/*
 * What to wait for before the next tally_step(): for tally_posix_wait(). Its descriptor is -1,
 * which poll() ignores, while there is no socket. A connected socket is always asked for input,
 * so the agent hears of a peer that closes. Agent task. Does not block.
 */
struct pollfd tally_posix_tcp_poll(const tally_posix_tcp_t *tcp);

#ifdef __cplusplus
}
#endif

#endif
