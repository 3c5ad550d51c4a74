/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_POSIX_RESOLVE_H
#define TALLY_POSIX_RESOLVE_H
/*
 * Names to addresses without blocking the agent task: getaddrinfo() may take half a minute and
 * cannot be interrupted, so each lookup has a thread of its own, which the caller may abandon.
 * Private to port/posix.
 */
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/port.h"

typedef struct tally_posix_lookup tally_posix_lookup_t;

/* Parses an address literal. The list is the caller's to free; NULL: not a literal. */
struct addrinfo *tally_posix_resolve_literal(const tally_peer_t *peer);

/* Starts a lookup that calls port->wake when it is done. NULL when no thread can be had. */
tally_posix_lookup_t *tally_posix_resolve_start(const tally_peer_t *peer, const tally_port_t *port);

/*
 * True once the lookup is done; it is gone then, and `list` (NULL: no such name) is the caller's
 * to free.
 */
bool tally_posix_resolve_poll(tally_posix_lookup_t *lookup, struct addrinfo **list);

/* Lets a lookup go that is not done. It does not touch the port after this returns. */
void tally_posix_resolve_abandon(tally_posix_lookup_t *lookup);

#endif
