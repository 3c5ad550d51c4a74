/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_WATCH_H
#define TALLY_SRC_WATCH_H
/*
 * Thresholds: a counter or duration of a session or its streams that rose by so much since the last
 * heartbeat brings the next one at once. While there are thresholds each session is looked at every
 * 10 s, and so reported no more often.
 */
#include <stdbool.h>
#include <stdint.h>

#include "remote.h"
#include "session.h"
#include "tally/config.h"

typedef struct {
    uint64_t due_ms; /* UINT64_MAX: there are none */
    /* lower halves, at the session's last heartbeat */
    uint32_t before[TALLY_SESSIONS][TALLY_REMOTE_THRESHOLDS];
} tally_watch_t;

struct tally;

/* There are other thresholds now, or a boot. */
void tally_watch_begin(struct tally *tally);

/* Whether sessions are to be looked at now, once each 10 s. */
bool tally_watch_looks(struct tally *tally, uint64_t now_ms);

/* A session is opened, or its heartbeat made. */
void tally_watch_note(struct tally *tally, const tally_session_t *session, uint64_t now_ms);

/* Whether one of its figures has risen that far since. What has fallen, because a stream is gone,
 * has not. */
bool tally_watch_has_risen(struct tally *tally, const tally_session_t *session, uint64_t now_ms);

#endif
