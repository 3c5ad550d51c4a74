/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OUTBOX_H
#define OUTBOX_H
/*
 * Messages on their way to the daemon, in the order in which they are sent:
 *
 *     sent, not yet acknowledged | announcements | what is to be kept, and snapshots among it
 *                                  unsent          unsent
 *
 * A snapshot or an announcement is forgotten once it was sent, and when its connection is gone: the
 * next connection gets them anew. What is to be kept stays until it is acknowledged. At most
 * half of the room is sent ahead of the acknowledgements, so that what has to be dropped for want
 * of room was not sent on this connection: what is counted as dropped is lost, and once.
 *
 * The thread's own. No call blocks; each takes at most some moves of the whole.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/split.h"
#include "tally_client.h"

typedef struct {
    uint32_t used;         /* bytes of all messages, with what is noted about each */
    uint32_t sent;         /* of those that were sent; they are the first */
    uint32_t count;        /* messages */
    uint32_t number;       /* messages sent on this connection */
    uint32_t acknowledged; /* the last of them that was */
    uint32_t dropped;      /* messages, since the beginning */
    uint32_t untold;       /* of those, what tally_outbox_lost() has not told yet */
    uint8_t bytes[TALLY_CLIENT_QUEUE_BYTES];
} tally_outbox_t;

/* A message in the outbox, valid until the next call that changes it. */
typedef struct {
    const uint8_t *bytes;
    uint32_t size;
    bool is_announcement;
} tally_outbox_message_t;

void tally_outbox_init(tally_outbox_t *outbox);

/* Takes a copy of a message, behind all others. A snapshot takes the place of the unsent one of its
 * session, and goes nowhere if there is no room: the next one will do. For what is to be kept,
 * unsent snapshots make room, then the oldest that was not sent, which is counted; those of no
 * session, which tell of losses, only when there are no others. TALLY_E_TOO_BIG
 * beyond TALLY_MESSAGE_BYTES; TALLY_E_FULL if no room could be made, counted but for the agent to
 * tell. */
int32_t tally_outbox_put(tally_outbox_t *outbox, enum tally_keep keep, tally_session_id_t session,
                         const uint8_t *message, uint32_t size);

/* As tally_outbox_put(), behind the other announcements and ahead of everything else unsent. */
int32_t tally_outbox_announce(tally_outbox_t *outbox, enum tally_keep keep,
                              tally_session_id_t session, const uint8_t *message, uint32_t size);

bool tally_outbox_has_unsent(const tally_outbox_t *outbox);

/* The message to send now. False: there is none, or it has to wait for an acknowledgement. */
bool tally_outbox_next(const tally_outbox_t *outbox, tally_outbox_message_t *out);

/* The message of tally_outbox_next() was sent. */
void tally_outbox_sent(tally_outbox_t *outbox);

/* The daemon has dealt with this many messages of the connection. TALLY_E_ARGUMENT: fewer than it
 * said before, or more than were sent. */
int32_t tally_outbox_acknowledge(tally_outbox_t *outbox, uint32_t number);

/* The connection is gone: all that is kept is unsent again. */
void tally_outbox_rewind(tally_outbox_t *outbox);

/* Messages dropped since the last call. */
uint32_t tally_outbox_lost(tally_outbox_t *outbox);

#endif
