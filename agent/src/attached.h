/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_ATTACHED_H
#define TALLY_SRC_ATTACHED_H
/*
 * What players have attached: streams whose words are sampled and extended to 64 bits, and WebRTC
 * tracks. Their slots are shared with the players, under the port's critical section; the calls of
 * hook.h that attach and detach are here too.
 */
#include "agent.h"

/* Brings the figures of streams up to date; reports and frees what was detached. */
void tally_attached_sample(tally_t *tally);

/* Reports what is attached to a session. */
void tally_attached_report(tally_t *tally, tally_session_id_t number);

/* The session ends: its tracks are reported and freed, so that no later one is told of with it. */
void tally_attached_leave(tally_t *tally, tally_session_id_t number);

/* A counter or duration of the streams of a session, all together: its lower half. */
uint32_t tally_attached_sum(tally_t *tally, tally_session_id_t number, enum tally_metric metric);

/* The session ended without records of its own: its streams get none either. 0: those of all. */
void tally_attached_disown(tally_t *tally, tally_session_id_t number);

/* Nothing that is attached now is ever told of: tracks are freed, streams once they are detached.
 */
void tally_attached_forget(tally_t *tally);

#endif
