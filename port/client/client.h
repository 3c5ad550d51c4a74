/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_H
#define CLIENT_H
/*
 * All of a client in one struct, which is what it allocates.
 *
 *     hooks, any thread -> ring of the agent -> the thread: agent -> outbox -> connection -> daemon
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client_port.h"
#include "connection.h"
#include "outbox.h"
#include "tally/state.h"
#include "tally_client.h"

/* Written by the thread, read by anybody. */
typedef struct {
    atomic_bool is_connected;
    atomic_uint connections;
    atomic_uint sent;
    atomic_uint waiting;
    atomic_uint dropped;
    atomic_uint refused;
} tally_client_figures_t;

typedef struct {
    tally_t tally;         /* the first: what the application has is its address */
    pthread_mutex_t agent; /* held by the thread while it works with `tally`, and by queries */
    tally_client_port_t port;
    tally_link_t sink; /* where the agent puts its messages: the outbox */
    tally_client_figures_t figures;
    pthread_t thread;
    atomic_bool is_closing;

    /* the thread's own */
    tally_connection_t connection;
    bool has_tried;      /* to connect, which it does once even with nothing to tell */
    bool is_announcing;  /* the agent tells a new connection what there is */
    bool is_broken;      /* in the middle of that the connection failed */
    bool is_held_up;     /* the last turn left messages unsent */
    bool is_last_word;   /* is_closing was seen */
    uint64_t closing_ms; /* when it was */
    tally_outbox_t outbox;
} tally_client_t;

static inline tally_client_t *tally_client_of(const tally_t *tally) {
    return (tally_client_t *)tally;
}

/* The agent's own tally_query() and tally_sessions(), see query.c. With the mutex, or in the
 * thread. */
int32_t tally_unlocked_query(const tally_t *tally, tally_session_id_t session,
                             enum tally_metric metric, int64_t *out);
uint32_t tally_unlocked_sessions(const tally_t *tally, tally_session_id_t *out, uint32_t most);

/* What the agent's messages are handed to; `ctx` is the client. */
int32_t tally_client_take(void *ctx, enum tally_keep keep, tally_session_id_t session,
                          const uint8_t *message, uint32_t bytes);

/* What the thread does: `argument` is the client. Ends after `is_closing` and a wake. */
void *tally_client_run(void *argument);

#endif
