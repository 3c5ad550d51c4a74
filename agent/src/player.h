/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_PLAYER_H
#define TALLY_SRC_PLAYER_H
/*
 * The player's half: where the records of live.c become messages. Its heartbeats, one a second,
 * are the snapshots: the heartbeat record and, right behind it, those of the session's streams, all
 * in one message. Any other record is a message of its own.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/split.h"

/* What both halves count of what a player has lost, and where it is told in group AGENT. */
enum tally_loss {
    TALLY_LOSS_EVENTS_DROPPED,
    TALLY_LOSS_EVENTS_ILLEGAL,
    TALLY_LOSS_RECORDS_LOST,
    TALLY_LOSS_SNAPSHOTS_STALE,
    TALLY_LOSS_TEXTS_DROPPED,
    TALLY_LOSS_EVENTS_STRAY,
    TALLY_LOSS_SESSIONS_REFUSED,
    TALLY_LOSSES
};

/* The metric of each. */
#define TALLY_LOSS_METRICS                                                                         \
    {                                                                                              \
        TALLY_M_EVENTS_DROPPED, TALLY_M_EVENTS_ILLEGAL, TALLY_M_RECORDS_LOST,                      \
            TALLY_M_SNAPSHOTS_STALE, TALLY_M_TEXTS_DROPPED, TALLY_M_EVENTS_STRAY,                  \
            TALLY_M_SESSIONS_REFUSED                                                               \
    }

/* The version of what is between the halves. */
#define TALLY_SPLIT_VERSION 1

/* Groups that sessions and streams have; what else there is belongs to the device. */
#if TALLY_METRICS_USER
#define TALLY_SPLIT_USER (1u << TALLY_G_USER)
#else
#define TALLY_SPLIT_USER 0u
#endif
#define TALLY_SPLIT_GROUPS                                                                         \
    (1u << TALLY_G_DIMENSION | 1u << TALLY_G_EVENT | 1u << TALLY_G_FRAMES | 1u << TALLY_G_ADS |    \
     1u << TALLY_G_WEBRTC_INBOUND | 1u << TALLY_G_LEVEL | 1u << TALLY_G_MEDIA |                    \
     1u << TALLY_G_WEBRTC_OUTBOUND | 1u << TALLY_G_PLAYBACK | 1u << TALLY_G_RTP |                  \
     1u << TALLY_G_TS | 1u << TALLY_G_WEBRTC_PAIR | 1u << TALLY_G_SINCE | TALLY_SPLIT_USER)

#if TALLY_PLAYER_HALF

typedef struct {
    const tally_link_t *link; /* NULL: this is no player's half */
    uint64_t sums_due_ms;     /* no sums before */
    uint64_t wanted;          /* bit n: session n is to have a snapshot at once */
    uint64_t resting;         /* bit n: the last snapshot of session n told that it is suspended */
    uint32_t losses[TALLY_LOSSES];       /* told so far */
    uint32_t dimensions[TALLY_SESSIONS]; /* a hash of those that were told of each session */
    uint32_t session;                    /* whose snapshot is being made */
    uint32_t used;                       /* bytes of it; 0: there is none */
    uint8_t message[TALLY_MESSAGE_BYTES + TALLY_RECORD_BYTES];
} tally_player_t;

/* The id of a session of this player: 53 bits, never 0. */
uint64_t tally_player_session_id(const tally_t *tally, tally_session_id_t number);

#endif

#endif
