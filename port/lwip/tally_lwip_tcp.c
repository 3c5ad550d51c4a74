/* SPDX-License-Identifier: Apache-2.0 */
#include "tally_lwip_tcp.h"

#include <lwip/dns.h>
#include <lwip/tcp.h>
#include <stddef.h>
#include <string.h>

#include "tally_lwip.h"

/*
 * CLOSED ... RESOLVING ... RESOLVED ... CONNECTING ... CONNECTED
 *                |                          |              |
 *           UNRESOLVED                   REFUSED         BROKEN
 *
 * open() goes on from CLOSED and RESOLVED, lwIP's callbacks from RESOLVING, CONNECTING and
 * CONNECTED; close() leads back to CLOSED from all of them.
 */
enum tally_lwip_tcp_phase {
    PHASE_CLOSED,
    PHASE_RESOLVING,
    PHASE_RESOLVED,
    PHASE_UNRESOLVED, /* the name has no address */
    PHASE_CONNECTING,
    PHASE_CONNECTED,
    PHASE_REFUSED, /* lwIP has freed the connection before it was one */
    PHASE_BROKEN,  /* lwIP has freed the connection */
};

#define TWO_FAMILIES (LWIP_IPV4 && LWIP_IPV6)

#if TWO_FAMILIES
/* Broken IPv6 on a home network swallows packets: the other family must get its turn well before
 * the agent's own connect deadline. */
#define ADDRESS_LIMIT_MS 3000u

/* The host's address of the other family than the one that is tried first. */
enum tally_lwip_tcp_other {
    OTHER_UNASKED,
    OTHER_ASKED,
    OTHER_KNOWN,
    OTHER_NONE, /* or it has had its turn */
};
#endif

/* In half seconds: how often a connection wakes the agent although nothing happened to it. Memory
 * that was short when send() asked for it may have come free by something else than an ACK. */
#define POLL_HALF_SECONDS 2u

static void wake(const tally_lwip_tcp_t *tcp) {
    tcp->port->wake(tcp->port->ctx);
}

static uint32_t lock(const tally_lwip_tcp_t *tcp) {
    return tcp->port->critical_enter(tcp->port->ctx);
}

static void unlock(const tally_lwip_tcp_t *tcp, uint32_t state) {
    tcp->port->critical_leave(tcp->port->ctx, state);
}

/* ---- lwIP's callbacks: in interrupts, or in the agent task under the lock ------------------- */

/* lwIP cannot be told to forget a request: the answer to one that close() has given up may come
 * at any time, and is as good as any other if it is for the name that is asked for now. */
static void on_resolved(const char *name, const ip_addr_t *address, void *context) {
    tally_lwip_tcp_t *const tcp = context;
    if (tcp->phase != PHASE_RESOLVING || strcmp(name, tcp->host) != 0) {
        return;
    }
    tcp->phase = PHASE_UNRESOLVED;
    if (address != NULL) {
        tcp->address = *address;
        tcp->phase = PHASE_RESOLVED;
    }
    wake(tcp);
}

static err_t on_connected(void *context, struct tcp_pcb *pcb, err_t unused) {
    tally_lwip_tcp_t *const tcp = context;
    (void)pcb;
    (void)unused; /* always ERR_OK, see tcp_connected_fn */
    tcp->phase = PHASE_CONNECTED;
    wake(tcp);
    return ERR_OK;
}

/* Copies a segment into the ring and gives its buffer back at once: lwIP must never be left with
 * it, because it lies where the driver reads the next frame to. */
static err_t on_received(void *context, struct tcp_pcb *pcb, struct pbuf *segment, err_t unused) {
    tally_lwip_tcp_t *const tcp = context;
    (void)unused;
    if (segment == NULL) {
        tcp->ended = true;
        wake(tcp);
        return ERR_OK;
    }
    if (segment->tot_len > sizeof tcp->ring - tcp->count) {
        (void)pbuf_free(segment); /* lwIP has let more in than the window that it announced */
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    const uint32_t tail = (tcp->head + tcp->count) % sizeof tcp->ring;
    const uint32_t to_end = (uint32_t)sizeof tcp->ring - tail;
    const uint16_t first = (uint16_t)(segment->tot_len < to_end ? segment->tot_len : to_end);
    (void)pbuf_copy_partial(segment, &tcp->ring[tail], first, 0);
    (void)pbuf_copy_partial(segment, tcp->ring, (uint16_t)(segment->tot_len - first), first);
    tcp->count += segment->tot_len;
    (void)pbuf_free(segment);
    wake(tcp);
    return ERR_OK;
}

static err_t on_sent(void *context, struct tcp_pcb *pcb, u16_t bytes) {
    const tally_lwip_tcp_t *const tcp = context;
    (void)pcb;
    (void)bytes;
    wake(tcp);
    return ERR_OK;
}

static err_t on_poll(void *context, struct tcp_pcb *pcb) {
    const tally_lwip_tcp_t *const tcp = context;
    (void)pcb;
    wake(tcp);
    return ERR_OK;
}

/* lwIP has freed the connection: reset by the peer, or given up after too many retransmissions. */
static void on_error(void *context, err_t error) {
    tally_lwip_tcp_t *const tcp = context;
    (void)error;
    tcp->pcb = NULL;
    tcp->phase = tcp->phase == PHASE_CONNECTING ? PHASE_REFUSED : PHASE_BROKEN;
    wake(tcp);
}

/* ---- the transport: in the agent task ------------------------------------------------------- */

#if TWO_FAMILIES

/* IPv6 first where the interface has an address that is good for more than this link. */
static err_t look_up(tally_lwip_tcp_t *tcp) {
    struct netif *const netif = tally_lwip_netif();
    const bool has_ipv6 = ip6_addr_ispreferred(netif_ip6_addr_state(netif, 1)) != 0;
    tcp->other = OTHER_UNASKED;
    return dns_gethostbyname_addrtype(tcp->host, &tcp->address, on_resolved, tcp,
                                      has_ipv6 ? LWIP_DNS_ADDRTYPE_IPV6_IPV4
                                               : LWIP_DNS_ADDRTYPE_IPV4_IPV6);
}

#else

static err_t look_up(tally_lwip_tcp_t *tcp) {
    return dns_gethostbyname(tcp->host, &tcp->address, on_resolved, tcp);
}

#endif

static int32_t start_resolve(tally_lwip_tcp_t *tcp, const tally_peer_t *peer) {
    if (!tally_lwip_is_up()) {
        return TALLY_OPENING_RESOLVE;
    }
    tcp->host = peer->host;
    tcp->phase = PHASE_RESOLVING;
    switch (look_up(tcp)) {
    case ERR_OK: /* an address literal, or asked for lately */
        tcp->phase = PHASE_RESOLVED;
        return TALLY_OK;
    case ERR_INPROGRESS: return TALLY_OPENING_RESOLVE;
    default: tcp->phase = PHASE_UNRESOLVED; return TALLY_E_RESOLVE;
    }
}

/* The connection goes on without us until all is acknowledged; of the lowest priority, so that
 * lwIP gives it up when a new one needs its place. */
static void abandon(tally_lwip_tcp_t *tcp) {
    struct tcp_pcb *const pcb = tcp->pcb;
    tcp->pcb = NULL;
    if (pcb == NULL) {
        return;
    }
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    tcp_setprio(pcb, TCP_PRIO_MIN);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
    }
}

static int32_t refuse(tally_lwip_tcp_t *tcp) {
    abandon(tcp);
    tcp->phase = PHASE_REFUSED;
    wake(tcp);
    return TALLY_OPENING_CONNECT;
}

/* A refusal by lwIP itself is told by the next open(), like one by the peer. */
static int32_t start_connect(tally_lwip_tcp_t *tcp, const tally_peer_t *peer) {
    tcp->pcb = tcp_new_ip_type(IP_GET_TYPE(&tcp->address));
    if (tcp->pcb == NULL) {
        return refuse(tcp);
    }
    tcp->head = 0;
    tcp->count = 0;
    tcp->ended = false;
    tcp_arg(tcp->pcb, tcp);
    tcp_recv(tcp->pcb, on_received);
    tcp_sent(tcp->pcb, on_sent);
    tcp_err(tcp->pcb, on_error);
    tcp_poll(tcp->pcb, on_poll, POLL_HALF_SECONDS);
    tcp->phase = PHASE_CONNECTING;
#if TWO_FAMILIES
    tcp->attempt_ms = tcp->port->monotonic_ms(tcp->port->ctx);
#endif
    /* No route is the one error that can be. */
    const err_t error = tcp_connect(tcp->pcb, &tcp->address, peer->port, on_connected);
    return error == ERR_OK ? TALLY_OPENING_CONNECT : refuse(tcp);
}

#if TWO_FAMILIES

static void on_other(const char *name, const ip_addr_t *address, void *context) {
    tally_lwip_tcp_t *const tcp = context;
    if (tcp->other != OTHER_ASKED || strcmp(name, tcp->host) != 0) {
        return;
    }
    tcp->other = OTHER_NONE;
    if (address != NULL) {
        tcp->address = *address;
        tcp->other = OTHER_KNOWN;
    }
    wake(tcp);
}

static void ask_other(tally_lwip_tcp_t *tcp) {
    ip_addr_t literal;
    tcp->other = OTHER_NONE;
    if (ipaddr_aton(tcp->host, &literal)) {
        return;
    }
    const bool was_ipv6 = IP_IS_V6_VAL(tcp->address);
    const err_t asked =
        dns_gethostbyname_addrtype(tcp->host, &tcp->address, on_other, tcp,
                                   was_ipv6 ? LWIP_DNS_ADDRTYPE_IPV4 : LWIP_DNS_ADDRTYPE_IPV6);
    if (asked == ERR_OK) {
        tcp->other = OTHER_KNOWN;
    } else if (asked == ERR_INPROGRESS) {
        tcp->other = OTHER_ASKED;
    }
}

/* An attempt that is refused, or silent for long, gives way once there is another address; until
 * then a silent one may still come to something. */
static int32_t go_on_connecting(tally_lwip_tcp_t *tcp, const tally_peer_t *peer) {
    const uint64_t now_ms = tcp->port->monotonic_ms(tcp->port->ctx);
    const bool is_refused = tcp->phase == PHASE_REFUSED;
    if (!is_refused && now_ms - tcp->attempt_ms < ADDRESS_LIMIT_MS) {
        return TALLY_OPENING_CONNECT;
    }
    if (tcp->other == OTHER_UNASKED) {
        ask_other(tcp);
    }
    if (tcp->other == OTHER_KNOWN) {
        tcp->other = OTHER_NONE;
        abandon(tcp);
        return start_connect(tcp, peer);
    }
    return is_refused && tcp->other == OTHER_NONE ? TALLY_E_CONNECT : TALLY_OPENING_CONNECT;
}

#else

static int32_t go_on_connecting(tally_lwip_tcp_t *tcp, const tally_peer_t *peer) {
    (void)peer;
    return tcp->phase == PHASE_REFUSED ? TALLY_E_CONNECT : TALLY_OPENING_CONNECT;
}

#endif

static int32_t go_on_opening(tally_lwip_tcp_t *tcp, const tally_peer_t *peer) {
    if (tcp->phase == PHASE_CLOSED) {
        const int32_t status = start_resolve(tcp, peer);
        if (status != TALLY_OK) {
            return status;
        }
    }
    switch ((enum tally_lwip_tcp_phase)tcp->phase) {
    case PHASE_RESOLVED: return start_connect(tcp, peer);
    case PHASE_RESOLVING: return TALLY_OPENING_RESOLVE;
    case PHASE_CONNECTING:
    case PHASE_REFUSED: return go_on_connecting(tcp, peer);
    case PHASE_CONNECTED: return TALLY_OPEN;
    case PHASE_UNRESOLVED: return TALLY_E_RESOLVE;
    case PHASE_BROKEN: return TALLY_E_CLOSED;
    case PHASE_CLOSED: break;
    }
    return TALLY_E_STATE;
}

static int32_t tcp_open(void *ctx, const tally_peer_t *peer) {
    tally_lwip_tcp_t *const tcp = ctx;
    const uint32_t state = lock(tcp);
    const int32_t status = go_on_opening(tcp, peer);
    unlock(tcp, state);
    return status;
}

static int32_t give_to_lwip(tally_lwip_tcp_t *tcp, const uint8_t *data, uint32_t size) {
    if (tcp->phase != PHASE_CONNECTED) {
        return tcp->phase == PHASE_BROKEN ? TALLY_E_CLOSED : TALLY_E_STATE;
    }
    const uint32_t room = tcp_sndbuf(tcp->pcb);
    const uint16_t bytes = (uint16_t)(size < room ? size : room);
    if (bytes == 0) {
        return 0;
    }
    switch (tcp_write(tcp->pcb, data, bytes, TCP_WRITE_FLAG_COPY)) {
    case ERR_OK: break;
    case ERR_MEM: return 0;
    default: return TALLY_E_CLOSED;
    }
    (void)tcp_output(tcp->pcb); /* for want of memory now, then with the next timer */
    return bytes;
}

static int32_t tcp_send(void *ctx, const uint8_t *data, uint32_t size) {
    tally_lwip_tcp_t *const tcp = ctx;
    const uint32_t state = lock(tcp);
    const int32_t sent = give_to_lwip(tcp, data, size);
    unlock(tcp, state);
    return sent;
}

static int32_t take_from_ring(tally_lwip_tcp_t *tcp, uint8_t *data, uint32_t size) {
    const uint32_t bytes = size < tcp->count ? size : tcp->count;
    const uint32_t to_end = (uint32_t)sizeof tcp->ring - tcp->head;
    const uint32_t first = bytes < to_end ? bytes : to_end;
    memcpy(data, &tcp->ring[tcp->head], first);
    memcpy(data + first, tcp->ring, bytes - first);
    tcp->head = (tcp->head + bytes) % sizeof tcp->ring;
    tcp->count -= bytes;
    if (tcp->pcb != NULL) {
        tcp_recved(tcp->pcb, (uint16_t)bytes);
    }
    return (int32_t)bytes;
}

static int32_t tcp_receive(void *ctx, uint8_t *data, uint32_t size) {
    tally_lwip_tcp_t *const tcp = ctx;
    const uint32_t state = lock(tcp);
    int32_t got = 0;
    if (tcp->phase != PHASE_CONNECTED && tcp->phase != PHASE_BROKEN) {
        got = TALLY_E_STATE;
    } else if (tcp->count > 0) {
        got = take_from_ring(tcp, data, size);
    } else if (tcp->ended) {
        got = TALLY_E_CLOSED;
    } else if (tcp->phase == PHASE_BROKEN) {
        got = TALLY_E_IO;
    }
    unlock(tcp, state);
    return got;
}

static void tcp_close_transport(void *ctx) {
    tally_lwip_tcp_t *const tcp = ctx;
    const uint32_t state = lock(tcp);
    abandon(tcp);
    tcp->phase = PHASE_CLOSED;
    unlock(tcp, state);
}

void tally_lwip_tcp_init(tally_lwip_tcp_t *tcp, const tally_port_t *port) {
    *tcp = (tally_lwip_tcp_t){
        .transport =
            {
                .ctx = tcp,
                .open = tcp_open,
                .send = tcp_send,
                .receive = tcp_receive,
                .close = tcp_close_transport,
            },
        .port = port,
        .phase = PHASE_CLOSED,
    };
}

const tally_transport_t *tally_lwip_tcp_transport(const tally_lwip_tcp_t *tcp) {
    return &tcp->transport;
}
