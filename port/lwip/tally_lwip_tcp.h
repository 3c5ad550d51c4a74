/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_LWIP_TCP_H
#define TALLY_LWIP_TCP_H
/*
 * A TCP client over lwIP's raw API as a tally_transport_t, with back-pressure both ways:
 *
 *   peer -> on_received() -> ring -> receive()   the ring is the TCP window: what lies in it is
 *                                                not acknowledged as room before it is read
 *   send() -> lwIP's send buffer -> peer         takes what fits until it is acknowledged
 */
#include <lwip/ip_addr.h>
#include <lwip/opt.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tcp_pcb;

typedef struct {
    tally_transport_t transport;
    const tally_port_t *port;
    const char *host;    /* being resolved */
    struct tcp_pcb *pcb; /* lwIP's connection; NULL when there is none or lwIP has freed it */
    ip_addr_t address;   /* of the host, once resolved */
    uint8_t phase;       /* enum tally_lwip_tcp_phase */
    bool ended;          /* the peer has sent all it had */
#if LWIP_IPV4 && LWIP_IPV6
    uint8_t other;       /* enum tally_lwip_tcp_other */
    uint64_t attempt_ms; /* when the connect under way began */
#endif
    uint32_t head;  /* of the ring: the next byte to read */
    uint32_t count; /* of the ring: bytes in it */
    uint8_t ring[TCP_WND];
} tally_lwip_tcp_t;

/*
 * Makes a closed client. `port` gives the critical section, and its wake is called whenever the
 * transport can go on. `tcp` must not move; both live as long as the agent. Agent task or before
 * it, after tally_lwip_start().
 */
void tally_lwip_tcp_init(tally_lwip_tcp_t *tcp, const tally_port_t *port);

/*
 * The transport: for tally_init() as it is, or for tally_tls_init() to put TLS on top. Valid as
 * long as `tcp`.
 *
 *   open     TALLY_OPENING_RESOLVE while the interface has no address and while the name is looked
 *            up, then TALLY_OPENING_CONNECT. TALLY_E_RESOLVE; TALLY_E_CONNECT when the peer
 *            refuses or cannot be reached. With both families an IPv6 address is tried first if
 *            the interface has one; what refuses, or is silent for 3 s, gives way to an address of
 *            the other family if the name has one.
 *   send     TALLY_E_CLOSED when the connection has ended.
 *   receive  what came before the end is handed out first; then TALLY_E_CLOSED when the peer
 *            ended the stream, TALLY_E_IO when it was cut off.
 *   close    in any state. What was sent before still goes out, as long as no new open() needs
 *            lwIP's one connection.
 */
const tally_transport_t *tally_lwip_tcp_transport(const tally_lwip_tcp_t *tcp);

#ifdef __cplusplus
}
#endif

#endif
