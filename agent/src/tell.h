/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_TELL_H
#define TALLY_SRC_TELL_H
/*
 * What is told of a session: its records, at the report's time. Whether and when is for live.c to
 * say and, of sessions that players tell, for daemon.c.
 */
#include "agent.h"

/* The start record. */
void tally_tell_start(tally_t *tally, const tally_session_t *session);

/* The same if the limit lets it pass: the session is announced then. */
void tally_tell_announce(tally_t *tally, tally_session_t *session, uint64_t now_ms);

void tally_tell_heartbeat(tally_t *tally, tally_session_t *session, uint64_t now_ms);

/* An event of some type with the values of group EVENT, or counts that it is not told. */
void tally_tell_event(tally_t *tally, const tally_session_t *session, enum tally_event_type type,
                      const tally_view_t *event, uint64_t at_ms);

/* What an event of the engine brought. */
void tally_tell_outcome(tally_t *tally, const tally_session_t *session,
                        const tally_outcome_t *outcome, uint64_t at_ms);

/* The end record; one that was never announced is folded into all sessions. */
void tally_tell_end(tally_t *tally, const tally_session_t *session, uint64_t at_ms);

#endif
