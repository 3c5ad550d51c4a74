/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_STORY_H
#define TALLY_SRC_STORY_H
/*
 * What each event means: the part of the session engine that changes what the player said. Which
 * state follows from that, and where the time goes, is session.c's.
 */
#include "session.h"

#define P(metric)     TALLY_PLAYBACK_AT(metric)
#define ADS(metric)   TALLY_ADS_AT(metric)
#define MEDIA(metric) TALLY_MEDIA_AT(metric)
#define SINCE(metric) ((uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_SINCE_FIRST)

/* A figure of the session, by its place in figures.h. */
static inline int64_t get(const tally_session_t *session, uint32_t at) {
    return tally_figures_get(&session->figures, at);
}

static inline void set(tally_session_t *session, uint32_t at, int64_t value) {
    tally_figures_set(&session->figures, at, value);
}

void tally_story_count(tally_session_t *session, uint32_t at);

static inline void count(tally_session_t *session, uint32_t at) {
    tally_story_count(session, at);
}

static inline bool has(const tally_session_t *session, uint32_t at) {
    return tally_figures_has(&session->figures, at);
}

/* Begins a session that play is asked for: PLAY, or a zap. */
void tally_story_request(tally_session_t *session);

/* Applies one event at the session's time; false if it makes no sense now, and nothing changed. */
bool tally_story_tell(tally_session_t *session, enum tally_hook hook, int32_t code, int32_t detail,
                      tally_outcome_t *outcome);

/* Remembers now as the last time of this kind: an index into group SINCE. */
void tally_story_touch(tally_session_t *session, uint32_t since);

/* Adds to what is told. */
void tally_story_notify(tally_outcome_t *outcome, enum tally_event_type type, int32_t code,
                        int32_t detail);

/* A number as a code: the largest that one can be, if it is larger. */
int32_t tally_story_code(int64_t number);

/* Sets a figure of 32 bits. */
void tally_story_set(tally_session_t *session, uint32_t at, int32_t value);

/* A milestone of the content, as the playhead told it; 0: none. */
void tally_story_reach(tally_session_t *session, uint8_t milestone, tally_outcome_t *outcome);

#endif
