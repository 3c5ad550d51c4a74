/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_UPLINK_H
#define TALLY_SRC_UPLINK_H
/*
 * The last stage: batches of records to the server, one POST each. One non-blocking machine:
 *
 *            due                    open                 all sent               2xx
 *     IDLE ------> OPENING ----------------> SENDING -----------> AWAITING -----------> IDLE
 *       ^             | any error, time-out, other status: close, count, wait            |
 *       +-------------+-------------------------+---------------------+                  |
 *       ^         a kept connection turned out to be stale: once, at once, anew          |
 *       ^         records refused: fewer of them, at once                                |
 *       +--------------------------------------------------------------------------------+
 *
 * Records are forgotten after a 2xx that is a collector's, and one that is refused by itself:
 * uplink_reply.h. What is sent: uplink_body.h. The connection is kept when the next upload is near.
 */
#include <stdint.h>

#include "backoff.h"
#include "budget.h"
#include "http.h"
#include "remote.h"
#include "spool.h"
#include "tally/config.h"
#include "tally/port.h"
#include "tally/settings.h"

enum tally_uplink_state {
    TALLY_UPLINK_IDLE,
    TALLY_UPLINK_OPENING,
    TALLY_UPLINK_SENDING,
    TALLY_UPLINK_AWAITING,
};

/* A message of remote configuration is received where nothing more is staged. */
enum {
    TALLY_UPLINK_MESSAGE_BYTES = TALLY_REMOTE_ROOM + TALLY_REMOTE_MESSAGE_MOST,
    TALLY_UPLINK_STAGING_BYTES = (uint32_t)TALLY_TX_BYTES > (uint32_t)TALLY_UPLINK_MESSAGE_BYTES
                                     ? (uint32_t)TALLY_TX_BYTES
                                     : (uint32_t)TALLY_UPLINK_MESSAGE_BYTES,
};

/* What stands around the records in an upload. Texts outlive the uplink. */
typedef struct {
    const tally_endpoint_t *endpoint;
    const char *device_id;
    const char *operator_id;
    uint64_t boot_id;
    uint64_t boot_ms; /* monotonic time of boot */
    uint32_t period_ms;
    uint32_t daily_bytes;       /* 0: any number */
    tally_settings_t *settings; /* for what was used of these; nullable */
} tally_uplink_config_t;

/* Each attempt ends as accepted, rejected or failed; one on a kept connection that turns out to be
 * stale and the one that replaces it are one. */
typedef struct {
    uint32_t bytes; /* handed to the transport */
    uint32_t connects;
    uint32_t attempts; /* uploads begun */
    uint32_t accepted; /* uploads, and why others were not: */
    uint32_t rejected;
    uint32_t failed_net;
    uint32_t failed_tls;
    uint32_t failed_http;
    uint32_t portal;      /* of the failed ones: somebody between answered */
    uint32_t deferred;    /* times the day's bytes were used up */
    uint32_t received;    /* bytes from the transport */
    uint32_t refused;     /* records given up because the server refused each by itself */
    int32_t last_error;   /* enum tally_status of the last failure, 0: there was none */
    uint32_t last_status; /* HTTP, 0: there was no reply, and the times below mean nothing */
    uint32_t call_ms;     /* from the first byte offered to the transport to the reply, */
    uint32_t send_ms;     /* and to the last byte taken by it */
} tally_uplink_stats_t;

/* What is used most comes first, where ARM's short loads reach it. */
typedef struct {
    uint8_t state; /* enum tally_uplink_state */
    uint8_t stage; /* of the body: which part is staged next */
    uint8_t opening;
    bool held;
    bool connected;   /* the transport is open or opening */
    bool reused;      /* this upload began on a kept connection and had no reply yet */
    bool may_give_up; /* a record that is refused by itself now is not tried again */
    tally_uplink_stats_t stats;
    const tally_port_t *port;
    const tally_transport_t *transport;
    tally_spool_t *spool;
    uint32_t staged;        /* bytes */
    uint32_t sent;          /* of these */
    uint32_t batch_most;    /* bytes, as the server lets it be */
    uint32_t message_bytes; /* that the last reply brought and that were not taken */
    uint32_t begun_ms;      /* lower halves of the clock: the request was staged, */
    uint32_t sent_ms;       /* its last byte so far was taken */
    uint64_t now_ms;        /* of the step */
    uint64_t due_ms;        /* IDLE: next upload */
    uint64_t retry_ms;      /* not before this, after a failure */
    uint64_t deadline_ms;   /* else: of the phase, */
    uint64_t end_ms;        /* and of the opening or of the exchange as a whole */
    uint64_t date_ms;       /* when it was the server's time that was not taken */
    uint32_t date_s;        /* this time; 0: there is none */
    tally_backoff_t backoff;
    tally_budget_t budget;
    tally_uplink_config_t config;
    tally_batch_t batch;
    tally_http_reply_t reply;
    uint8_t staging[TALLY_UPLINK_STAGING_BYTES];
} tally_uplink_t;

/* 0, TALLY_E_CONFIG if request head and envelope do not fit TALLY_TX_BYTES together, or
 * TALLY_E_RANDOM. The first upload is due at a random time within the period: a town whose power
 * comes back must not report at one moment. */
int32_t tally_uplink_init(tally_uplink_t *uplink, const tally_uplink_config_t *config,
                          const tally_port_t *port, const tally_transport_t *transport,
                          tally_spool_t *spool, uint64_t now_ms);

/* Breaks off what is under way. */
void tally_uplink_stop(tally_uplink_t *uplink);

/* Whether no upload is under way. */
bool tally_uplink_is_idle(const tally_uplink_t *uplink);

/* Uploads to another endpoint, or in another period, from now on. What is under way to the endpoint
 * before is broken off; a wait after a failure still holds. */
void tally_uplink_set_endpoint(tally_uplink_t *uplink, const tally_endpoint_t *endpoint);
void tally_uplink_set_period(tally_uplink_t *uplink, uint32_t period_ms, uint64_t now_ms);

/* While held, no upload begins; one that is under way goes on. */
void tally_uplink_hold(tally_uplink_t *uplink, bool held);

/* The device's network is another one: connections of the one before are dead. What is under way
 * begins anew at once, and has not failed. */
void tally_uplink_reconnect(tally_uplink_t *uplink, uint64_t now_ms);

/* What the last reply brought, once each: the server's time when the monotonic clock was `at_ms`,
 * to half a second; a configuration message, NULL if there is none, with TALLY_REMOTE_ROOM bytes in
 * front of it, until the next step. Only of an authenticated transport, and only with an upload
 * that was accepted. */
bool tally_uplink_take_time(tally_uplink_t *uplink, int64_t *unix_ms, uint64_t *at_ms);
uint8_t *tally_uplink_take_message(tally_uplink_t *uplink, uint32_t *bytes);

/* Makes the next upload due now; a wait after a failure still holds. */
void tally_uplink_flush(tally_uplink_t *uplink, uint64_t now_ms);

/* Moves on as far as possible without waiting, within a fixed number of pieces. Returns after how
 * many milliseconds it wants to go on even if the transport does not stir. */
uint32_t tally_uplink_step(tally_uplink_t *uplink, uint64_t now_ms, const tally_wall_t *wall);

#endif
