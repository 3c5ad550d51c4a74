/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PROXY_RELAY_H
#define TALLY_TESTS_PROXY_RELAY_H
/*
 * A TCP relay between device and server that does one wrong thing, at one byte of one direction,
 * and is a faithful relay before and after. One connection at a time, never blocks.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum relay_direction { RELAY_TO_SERVER, RELAY_TO_DEVICE, RELAY_DIRECTIONS };

/* What happens to the byte of number `at`. */
enum relay_kind {
    RELAY_NONE,
    RELAY_END,     /* both sides see the stream end in front of it */
    RELAY_RESET,   /* both sides see a reset in front of it */
    RELAY_STALL,   /* nothing of this direction goes on, for ever */
    RELAY_PAUSE,   /* nothing of this direction goes on before relay_release() */
    RELAY_REORDER, /* it and up to RELAY_HELD_BYTES - 1 behind it come after what follows them */
    RELAY_CORRUPT, /* one bit of it is another */
    RELAY_DRIP,    /* every byte of both directions travels alone */
    RELAY_KINDS,
};

enum { RELAY_CHUNK_BYTES = 16384, RELAY_HELD_BYTES = 40, RELAY_FDS = 3 };

typedef struct {
    enum relay_kind kind;
    enum relay_direction direction;
    uint32_t at; /* counted in this direction since relay_arm(), or since the connection began
                    behind that */
} relay_fault_t;

typedef struct {
    uint8_t data[RELAY_CHUNK_BYTES]; /* on its way to the receiver */
    uint32_t bytes;
    uint32_t sent;
    uint32_t passed; /* bytes, counted as for a fault */
    bool ended;      /* the sender has ended the stream, and the receiver knows */
} relay_way_t;

typedef struct {
    uint16_t port; /* where devices connect to */
    uint16_t to_port;
    int listener;
    int side[RELAY_DIRECTIONS]; /* that sends in this direction: device, server; -1: none */
    relay_way_t way[RELAY_DIRECTIONS];
    relay_fault_t fault;
    bool applied;   /* the fault has happened */
    bool disturbed; /* it goes on: what is said to a side may never come or make no sense */
    bool ending;    /* RELAY_END has happened */
    uint8_t held[RELAY_HELD_BYTES];
    uint32_t held_bytes;
    uint32_t accepted; /* connections so far */
} relay_t;

/* Listens on a free port of 127.0.0.1 for connections to `to_port` there. False without sockets. */
bool relay_open(relay_t *relay, uint16_t to_port);
void relay_close(relay_t *relay);

/* The next fault, counted from here on. */
void relay_arm(relay_t *relay, relay_fault_t fault);

/* Moves what can be moved. Whether anything was. */
bool relay_pump(relay_t *relay);

/* What was kept back goes on. False: there was nothing that ever will. */
bool relay_release(relay_t *relay);

/* Ends the connection, if there is one. */
void relay_hang_up(relay_t *relay);

/* What to wait for before the next relay_pump(). */
void relay_poll(const relay_t *relay, struct pollfd fds[RELAY_FDS]);

#endif
