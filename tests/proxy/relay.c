/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
}

static enum relay_direction opposite(enum relay_direction direction) {
    return direction == RELAY_TO_SERVER ? RELAY_TO_DEVICE : RELAY_TO_SERVER;
}

static int receiver(const relay_t *relay, enum relay_direction direction) {
    return relay->side[opposite(direction)];
}

/* ---- connections ---------------------------------------------------------------------------- */

static void close_side(int *side) {
    if (*side >= 0) {
        (void)close(*side);
        *side = -1;
    }
}

void relay_hang_up(relay_t *relay) {
    for (unsigned i = 0; i < RELAY_DIRECTIONS; i++) {
        close_side(&relay->side[i]);
        relay->way[i].bytes = 0;
        relay->way[i].sent = 0;
        relay->way[i].ended = false;
    }
    relay->ending = false;
    relay->disturbed = false;
    relay->held_bytes = 0;
}

static void reset_all(relay_t *relay) {
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (unsigned i = 0; i < RELAY_DIRECTIONS; i++) {
        (void)setsockopt(relay->side[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    relay_hang_up(relay);
}

static void end_all(relay_t *relay) {
    for (unsigned i = 0; i < RELAY_DIRECTIONS; i++) {
        (void)shutdown(relay->side[i], SHUT_WR);
        relay->way[i].bytes = 0;
        relay->way[i].sent = 0;
    }
    relay->ending = true;
}

static void no_delay(int fd) {
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static bool accept_next(relay_t *relay) {
    const int device = accept4(relay->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (device < 0) {
        return false;
    }
    const struct sockaddr_in server = loopback(relay->to_port);
    relay->side[RELAY_TO_SERVER] = device;
    relay->side[RELAY_TO_DEVICE] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    relay->way[RELAY_TO_SERVER].passed = 0;
    relay->way[RELAY_TO_DEVICE].passed = 0;
    relay->accepted++;
    (void)connect(relay->side[RELAY_TO_DEVICE], (const struct sockaddr *)&server, sizeof server);
    no_delay(relay->side[RELAY_TO_SERVER]);
    no_delay(relay->side[RELAY_TO_DEVICE]);
    return true;
}

bool relay_open(relay_t *relay, uint16_t to_port) {
    *relay = (relay_t){.to_port = to_port, .side = {-1, -1}};
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(relay->listener, (const struct sockaddr *)&address, size) != 0 ||
        listen(relay->listener, 4) != 0 ||
        getsockname(relay->listener, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    relay->port = ntohs(address.sin_port);
    return true;
}

void relay_close(relay_t *relay) {
    relay_hang_up(relay);
    close_side(&relay->listener);
}

/* ---- faults --------------------------------------------------------------------------------- */

void relay_arm(relay_t *relay, relay_fault_t fault) {
    relay->fault = fault;
    relay->applied = false;
    relay->disturbed = false;
    relay->held_bytes = 0;
    relay->way[RELAY_TO_SERVER].passed = 0;
    relay->way[RELAY_TO_DEVICE].passed = 0;
}

static bool is_due(const relay_t *relay, enum relay_direction direction) {
    const relay_way_t *const way = &relay->way[direction];
    return relay->fault.kind != RELAY_NONE && relay->fault.kind != RELAY_DRIP && !relay->applied &&
           direction == relay->fault.direction && relay->fault.at < way->passed + way->bytes;
}

/* Takes the bytes from `at` on out of the chunk, in front of what is behind them. */
static void hold_back(relay_t *relay, relay_way_t *way, uint32_t at) {
    const uint32_t rest = way->bytes - at;
    relay->held_bytes = rest < RELAY_HELD_BYTES ? rest : RELAY_HELD_BYTES;
    memcpy(relay->held, way->data + at, relay->held_bytes);
    memmove(way->data + at, way->data + at + relay->held_bytes, rest - relay->held_bytes);
    way->bytes -= relay->held_bytes;
}

static void put_back(relay_t *relay, relay_way_t *way) {
    memcpy(way->data + way->bytes, relay->held, relay->held_bytes);
    way->bytes += relay->held_bytes;
    relay->held_bytes = 0;
}

static void apply(relay_t *relay, relay_way_t *way) {
    const uint32_t at = relay->fault.at - way->passed;
    relay->applied = true;
    relay->disturbed = true;
    switch (relay->fault.kind) {
    case RELAY_END:
    case RELAY_RESET:
    case RELAY_STALL: way->bytes = at; break;
    case RELAY_PAUSE: relay->held_bytes = way->bytes - at; break;
    case RELAY_REORDER:
        hold_back(relay, way, at);
        if (way->bytes > at) {
            put_back(relay, way);
        }
        break;
    case RELAY_CORRUPT: way->data[at] ^= (uint8_t)(1u << (relay->fault.at % 8u)); break;
    case RELAY_NONE:
    case RELAY_DRIP:
    case RELAY_KINDS: break;
    }
}

static bool is_kept_back(const relay_t *relay, enum relay_direction direction) {
    const bool stalls = relay->fault.kind == RELAY_STALL || relay->fault.kind == RELAY_PAUSE;
    return stalls && relay->disturbed && relay->fault.direction == direction;
}

bool relay_release(relay_t *relay) {
    if (relay->fault.kind == RELAY_PAUSE && relay->disturbed) {
        relay->held_bytes = 0;
        relay->disturbed = false;
        return true;
    }
    if (relay->fault.kind == RELAY_REORDER && relay->held_bytes > 0) {
        put_back(relay, &relay->way[relay->fault.direction]);
        return true;
    }
    return false;
}

/* ---- pumping -------------------------------------------------------------------------------- */

/* Whether anything moved. */
static bool take(relay_t *relay, enum relay_direction direction) {
    relay_way_t *const way = &relay->way[direction];
    const size_t most = relay->fault.kind == RELAY_DRIP ? 1 : sizeof way->data - RELAY_HELD_BYTES;
    const ssize_t got = recv(relay->side[direction], way->data, most, 0);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            reset_all(relay);
            return true;
        }
        return false;
    }
    way->bytes = relay->ending ? 0 : (uint32_t)got;
    way->sent = 0;
    if (got == 0) {
        way->ended = true;
        (void)shutdown(receiver(relay, direction), SHUT_WR);
        return true;
    }
    if (is_due(relay, direction)) {
        apply(relay, way);
    } else if (relay->fault.kind == RELAY_REORDER && relay->fault.direction == direction &&
               relay->held_bytes > 0) {
        put_back(relay, way);
    }
    way->passed += way->bytes;
    return true;
}

/* Bytes that may go on to the receiver now. */
static uint32_t due(const relay_t *relay, enum relay_direction direction) {
    const relay_way_t *const way = &relay->way[direction];
    const bool is_paused = is_kept_back(relay, direction) && relay->fault.kind == RELAY_PAUSE;
    return way->bytes - way->sent - (is_paused ? relay->held_bytes : 0);
}

static bool give(relay_t *relay, enum relay_direction direction) {
    relay_way_t *const way = &relay->way[direction];
    const uint32_t most = due(relay, direction);
    if (most == 0) {
        return false;
    }
    const ssize_t sent =
        send(receiver(relay, direction), way->data + way->sent, most, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        reset_all(relay);
        return true;
    }
    way->sent += sent > 0 ? (uint32_t)sent : 0;
    return sent > 0;
}

/* In front of the byte that must not arrive. */
static void break_off(relay_t *relay, const relay_way_t *way) {
    if (!relay->disturbed || way->sent < way->bytes || relay->ending) {
        return;
    }
    if (relay->fault.kind == RELAY_END) {
        end_all(relay);
    } else if (relay->fault.kind == RELAY_RESET) {
        reset_all(relay);
    }
}

static bool pump_way(relay_t *relay, enum relay_direction direction) {
    relay_way_t *const way = &relay->way[direction];
    bool moved = false;
    if (way->sent == way->bytes && !way->ended && !is_kept_back(relay, direction)) {
        moved = take(relay, direction);
    }
    if (relay->side[direction] >= 0) {
        moved = give(relay, direction) || moved;
    }
    if (relay->side[direction] >= 0 && direction == relay->fault.direction) {
        break_off(relay, way);
    }
    return moved;
}

/* A device that has gone away while a direction is kept back: nobody will read the end of it. */
static bool is_abandoned(const relay_t *relay) {
    struct pollfd fd = {.fd = relay->side[RELAY_TO_SERVER], .events = POLLRDHUP};
    return (is_kept_back(relay, RELAY_TO_SERVER) || is_kept_back(relay, RELAY_TO_DEVICE)) &&
           poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool relay_pump(relay_t *relay) {
    if (relay->side[RELAY_TO_SERVER] < 0) {
        return accept_next(relay);
    }
    bool moved = false;
    for (unsigned i = 0; i < RELAY_DIRECTIONS && relay->side[i] >= 0; i++) {
        moved = pump_way(relay, (enum relay_direction)i) || moved;
    }
    if (relay->side[RELAY_TO_SERVER] < 0) {
        return true;
    }
    /* The device never closes one direction alone, so nobody waits for what the server says. */
    const bool ended = relay->way[RELAY_TO_SERVER].ended;
    if (ended || is_abandoned(relay)) {
        relay_hang_up(relay);
        return true;
    }
    return moved;
}

void relay_poll(const relay_t *relay, struct pollfd fds[RELAY_FDS]) {
    fds[0] = (struct pollfd){.fd = relay->side[0] < 0 ? relay->listener : -1, .events = POLLIN};
    for (unsigned i = 0; i < RELAY_DIRECTIONS; i++) {
        const enum relay_direction direction = (enum relay_direction)i;
        const bool waits = !relay->way[i].ended && !is_kept_back(relay, direction);
        fds[1 + i] = (struct pollfd){.fd = waits ? relay->side[i] : -1, .events = POLLIN};
        if (due(relay, opposite(direction)) > 0) {
            fds[1 + i].fd = relay->side[i];
            fds[1 + i].events = POLLOUT;
        }
    }
}
