/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_LIVE_H
#define TALLY_SRC_LIVE_H
/*
 * The open sessions: events go to them, records come from them.
 *
 * A session is announced by its start record; one that never is, because it was a zap that ended
 * within 5 s or came beyond the rate limit, is folded into the figures of all sessions when it
 * closes. So each session is told of exactly once.
 */
#include "agent.h"

/* Takes events from the ring, each at its own time. False when there were more than one step may
 * take. */
bool tally_live_take_events(tally_t *tally, uint64_t now_ms, tally_wall_t wall);

/* The same without consent: they are forgotten, of which only the slots of texts and tracks are
 * left behind, free. */
bool tally_live_forget_events(tally_t *tally);

/* Forgets all open sessions, of which nothing is told. */
void tally_live_forget(tally_t *tally);

/* Makes the records that are due; returns when the next one is. */
uint64_t tally_live_report(tally_t *tally, uint64_t now_ms);

/* Applies SUSPEND or WAKE to every session. */
void tally_live_tell_all(tally_t *tally, enum tally_hook hook, uint64_t now_ms);

/* The session of this number; with 0 a free slot. NULL if there is none. */
tally_session_t *tally_live_find(tally_t *tally, tally_session_id_t number);

#endif
