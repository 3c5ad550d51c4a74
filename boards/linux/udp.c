/* SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Two seconds at 16 Mbit/s: a TLS handshake or a busy host must not look like loss. The kernel may
 * grant less (net.core.rmem_max). */
#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)

/* A datagram that seems to have waited longer was stamped before a step of the wall clock. */
#define LONGEST_WAIT_US 1000000

typedef union {
    struct cmsghdr header; /* aligns the buffer */
    char bytes[CMSG_SPACE(sizeof(struct timespec))];
} control_t;

static int64_t us_of(const struct timespec *time) {
    return (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000;
}

static int64_t clock_us(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return us_of(&now);
}

uint64_t udp_now_us(void) {
    return (uint64_t)clock_us(CLOCK_MONOTONIC);
}

static bool is_multicast(const struct sockaddr *address) {
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *const ipv6 = (const void *)address;
        return IN6_IS_ADDR_MULTICAST(&ipv6->sin6_addr);
    }
    const struct sockaddr_in *const ipv4 = (const void *)address;
    return IN_MULTICAST(ntohl(ipv4->sin_addr.s_addr));
}

/* Several programs of a device may listen to a group; each joins it on the default interface. */
static bool join_group(int fd, const struct addrinfo *address) {
    const int on = 1;
    struct group_req group = {.gr_interface = 0};
    memcpy(&group.gr_group, address->ai_addr, address->ai_addrlen);
    const int level = address->ai_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           setsockopt(fd, level, MCAST_JOIN_GROUP, &group, sizeof group) == 0;
}

static bool set_up(int fd, const struct addrinfo *address) {
    const int on = 1;
    const int buffer_bytes = RECEIVE_BUFFER_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0 &&
           (!is_multicast(address->ai_addr) || join_group(fd, address)) &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0;
}

int udp_open(udp_t *udp, const config_listen_t *listen) {
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_DGRAM};
    char port[8];
    struct addrinfo *address = NULL;
    (void)snprintf(port, sizeof port, "%u", listen->port);
    udp->latest_us = 0;
    udp->fd = -1;
    if (getaddrinfo(listen->address, port, &hints, &address) != 0) {
        return EADDRNOTAVAIL;
    }
    int error = 0;
    udp->fd = socket(address->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd < 0 || !set_up(udp->fd, address)) {
        error = errno;
        udp_close(udp);
    }
    freeaddrinfo(address);
    return error;
}

uint16_t udp_port(const udp_t *udp) {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } bound = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t size = sizeof bound;
    if (getsockname(udp->fd, &bound.any, &size) != 0) {
        return 0;
    }
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.ipv6.sin6_port : bound.ipv4.sin_port);
}

/* The kernel stamps datagrams with the wall clock. Only how long one has waited is taken from it,
 * so a step of that clock is no jitter; and what the agent does meanwhile is none either. */
static uint64_t arrival_us(struct msghdr *message, int64_t wall_us, int64_t monotonic_us) {
    struct cmsghdr *const control = CMSG_FIRSTHDR(message);
    int64_t waited_us = 0;
    if (control != NULL && control->cmsg_level == SOL_SOCKET &&
        control->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
        waited_us = wall_us - us_of(&stamp);
    }
    const bool plausible = waited_us >= 0 && waited_us <= LONGEST_WAIT_US;
    return (uint64_t)(monotonic_us - (plausible ? waited_us : 0));
}

uint32_t udp_receive(udp_t *udp) {
    struct mmsghdr messages[UDP_BATCH];
    struct iovec buffers[UDP_BATCH];
    control_t controls[UDP_BATCH];
    memset(messages, 0, sizeof messages);
    for (uint32_t i = 0; i < UDP_BATCH; i++) {
        buffers[i] = (struct iovec){udp->datagrams[i].data, UDP_DATAGRAM_BYTES};
        messages[i].msg_hdr.msg_iov = &buffers[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_control = &controls[i];
        messages[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    const int received = recvmmsg(udp->fd, messages, UDP_BATCH, 0, NULL);
    const int64_t wall_us = clock_us(CLOCK_REALTIME);
    const int64_t monotonic_us = clock_us(CLOCK_MONOTONIC);
    const uint32_t count = received > 0 ? (uint32_t)received : 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at_us = arrival_us(&messages[i].msg_hdr, wall_us, monotonic_us);
        udp->latest_us = at_us > udp->latest_us ? at_us : udp->latest_us;
        udp->datagrams[i].arrival_us = udp->latest_us;
        udp->datagrams[i].bytes = messages[i].msg_len;
    }
    return count;
}

void udp_close(udp_t *udp) {
    if (udp->fd >= 0) {
        close(udp->fd);
        udp->fd = -1;
    }
}
