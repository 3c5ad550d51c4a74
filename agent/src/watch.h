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
    uint64_t due_ms; /* the next look */
    /* What thresholds are about, lower halves, as of each session's last heartbeat. */
    uint32_t reported[TALLY_SESSIONS][TALLY_REMOTE_THRESHOLDS];
} tally_watch_t;

struct tally;

/* There are other thresholds now. */
void tally_watch_begin(struct tally *tally);

/* A session is opened, or its heartbeat is made. */
void tally_watch_note(struct tally *tally, const tally_session_t *session, uint64_t now_ms);

/* Looks at the sessions if that is due: what has risen makes a heartbeat due now, and asks for an
 * upload. When next; UINT64_MAX while nothing is watched. */
uint64_t tally_watch_step(struct tally *tally, uint64_t now_ms);

#endif
