/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_TOLD_H
#define TALLY_SRC_TOLD_H
/*
 * Sessions that players in other processes tell of, in the slots of all sessions. Their figures
 * come whole, once a second, and stand still in between: no time passes on them here, and a player
 * that is silent makes no heartbeats. What its player has counted and the daemon has not declared,
 * or the other way round, is never sent.
 */
#include <stdbool.h>
#include <stdint.h>

#include "message.h"
#include "session.h"

#if TALLY_PLAYERS > 0

struct tally;

/* What is known of such a session beside its slot. */
typedef struct {
    uint32_t player; /* 0: the slot is free, or the session is of this process */
    uint32_t theirs; /* the player's number for it */
    uint64_t id;     /* SESSION_ID; 0: not told */
    uint64_t at_ms;  /* of the last event that was told of it */
    bool has_figures;
    bool has_news;         /* a snapshot has come since the last heartbeat */
    bool is_resting;       /* it was suspended in the last one */
    uint16_t stream_bytes; /* of the records of its streams, as they came with that */
} tally_told_t;

/* Whether a player tells of this session. */
static inline bool tally_told_is(const tally_session_t *session) {
    return session->figures.still;
}

/* NULL if this player has no such session. */
tally_session_t *tally_told_find(struct tally *tally, uint32_t player, uint32_t theirs);

/* Takes a slot for the session that a record is about. NULL, counted, if there is none for it. */
tally_session_t *tally_told_open(struct tally *tally, uint32_t player,
                                 const tally_message_t *record);

/* Whether a record has figures that cannot be true, because a counter would fall. */
bool tally_told_has_fallen(const tally_session_t *session, const tally_message_t *record);

/* What the records of a player say: a start, a snapshot with the records of its streams, an event,
 * the last word on a stream, an end. */
void tally_told_start(struct tally *tally, tally_session_t *session, const tally_message_t *record);
void tally_told_snapshot(struct tally *tally, tally_session_t *session,
                         const tally_message_t *record, const uint8_t *streams, uint32_t bytes);
void tally_told_event(struct tally *tally, tally_session_t *session, const tally_message_t *record);
void tally_told_stream(struct tally *tally, tally_session_t *session,
                       const tally_message_t *record);
void tally_told_end(struct tally *tally, tally_session_t *session, const tally_message_t *record);

/* The player is gone: the session ends with what is known of it. */
void tally_told_died(struct tally *tally, tally_session_t *session);

/* What is due of such a session; when it is to be asked again. */
uint64_t tally_told_report(struct tally *tally, tally_session_t *session, uint64_t now_ms);

/* A counter or duration of the streams of such a session, all together: its lower half. */
uint32_t tally_told_sum(struct tally *tally, const tally_session_t *session,
                        enum tally_metric metric);

#endif

#endif
