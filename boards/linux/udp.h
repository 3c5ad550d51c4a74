/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UDP_H
#define UDP_H
/* The socket the media comes in by: unicast or multicast, IPv4 or IPv6. */
#include <stdint.h>

#include "config.h"

#define UDP_BATCH 32u
#define UDP_DATAGRAM_BYTES                                                                         \
    9216u /* an Ethernet jumbo frame; of a larger datagram the rest is lost */

typedef struct {
    uint64_t arrival_us; /* CLOCK_MONOTONIC as the kernel got it, never below the one before */
    uint32_t bytes;
    uint8_t data[UDP_DATAGRAM_BYTES];
} udp_datagram_t;

typedef struct {
    int fd;
    uint64_t latest_us; /* no arrival is told earlier than this */
    udp_datagram_t datagrams[UDP_BATCH];
} udp_t;

/* Microseconds of the clock that arrivals are told in. */
uint64_t udp_now_us(void);

/* Opens the socket, joins the group if the address is one. Returns 0, or an errno. */
int udp_open(udp_t *udp, const config_listen_t *listen);

/* The port, also when the kernel chose it; 0 if it is not known. */
uint16_t udp_port(const udp_t *udp);

/* Takes what is there, at most UDP_BATCH, into `datagrams`. Returns how many. Never blocks. */
uint32_t udp_receive(udp_t *udp);

void udp_close(udp_t *udp);

#endif
