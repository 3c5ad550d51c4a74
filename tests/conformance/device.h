/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFORMANCE_DEVICE_H
#define CONFORMANCE_DEVICE_H
/*
 * A device whose port does all that port.h asks for, in a time of its own: nothing waits. Its one
 * interrupt comes once in a millisecond, wherever the program calls the device, unless it is
 * masked. What the kit may not do, as by port.h a caller of the port may not, is an offence.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally_conformance.h"

/* The first store is a spool, the second settings. */
enum { DEVICE_STORES = 2, DEVICE_BYTES_MOST = 16 * 1024, DEVICE_SOCKETS = 4 };

typedef struct {
    tally_store_t store;
    uint8_t *view;   /* what reads give */
    uint8_t *medium; /* what a power cut leaves */
    bool fails;
} device_store_t;

typedef struct {
    tally_port_t port;
    tally_transport_t transport;
    tally_verifier_t verifier;
    device_store_t stores[DEVICE_STORES];
    tally_conformance_store_t places[DEVICE_STORES];
    tally_conformance_setup_t setup;

    /* clock */
    uint64_t now_us;
    uint64_t standby_us; /* of that, in standby */
    bool masked;
    bool in_interrupt;
    bool in_section;
    uint64_t interrupt_due_us;
    void (*turn)(void *argument);
    void *turn_argument;

    tally_wall_t learned;
    uint64_t learned_at_ms;
    uint64_t dice;
    bool random_fails;
    uint32_t wakes; /* since the last sleep */
    bool sleeping;

    /* transport */
    const tally_peer_t *peer; /* NULL: closed */
    uint32_t opening_calls;
    bool open;
    uint32_t sockets_free;
    uint32_t to_peer;     /* bytes on the way there */
    uint32_t from_peer;   /* bytes here */
    uint32_t echoed;      /* by the peer `ending` */
    uint8_t going[128];   /* the first to_peer are in use */
    uint8_t coming[1200]; /* the first from_peer are */

    char said[64 * 1024]; /* the lines */
    uint32_t said_bytes;
    uint32_t log_lines;
} device_t;

/* What the kit did that a caller of the port may not do; NULL: nothing, since it was made. */
const char *device_offence(void);
void device_offend(const char *what);

/* A device after its first start, or its next: media stay, all else is new. */
void device_manufacture(device_t *device);
void device_boot(device_t *device, enum tally_conformance_run run);

/* Time passes, and the interrupt comes. */
void device_pass(device_t *device, uint64_t us);

/* The byte a source of random numbers gives. */
uint8_t device_roll(device_t *device);

#endif
