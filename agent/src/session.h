/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_SESSION_H
#define TALLY_SRC_SESSION_H
/*
 * The session engine: events in, quality of experience out. Pure: the time of each event is an
 * argument, nothing is read or sent.
 *
 * A session keeps what the player said (play wanted, first frame seen, buffering, seeking, over)
 * and derives its one state from that, so that no order of events can bring two states at once:
 *
 *     over                           -> ENDED, STOPPED, FAILED
 *     not asked for play yet         -> IDLE
 *     seeking                        -> SEEKING
 *     no frame yet      and wanted   -> JOINING        not wanted -> PAUSED
 *     buffering         and wanted   -> STALLED        not wanted -> PAUSED_STALLED
 *     else                  wanted   -> PLAYING        not wanted -> PAUSED
 *
 * Invariants: the state durations add up to closed - opened, exactly; stalled <= buffering.
 */
#include <stdbool.h>
#include <stdint.h>

#include "hook.h"
#include "metrics.h"

typedef struct {
    tally_session_id_t number; /* 0: the slot is free */
    uint8_t state;             /* enum tally_state */
    uint8_t over;              /* terminal state, or TALLY_STATE_IDLE */
    bool requested;            /* play was asked for */
    bool wanted;               /* play is wanted now: not paused */
    bool started;              /* the first frame was on screen */
    bool buffering_told;       /* the player said that it buffers, and not yet that it stopped */
    bool buffering;            /* in a depletion that counts: neither joining nor seeking */
    bool stall_counted;        /* that depletion is in STALLS */
    bool seeking;
    uint64_t since_ms;    /* accounted up to here */
    uint64_t stall_ms;    /* of this depletion so far, pauses left out */
    uint64_t reported_ms; /* last heartbeat; the report stage's */
    tally_value_t playback[TALLY_PLAYBACK_METRICS];
    uint64_t playback_present;
    int64_t dimensions[TALLY_DIMENSION_METRICS]; /* of texts: where in `text` */
    uint64_t dimensions_present;
    uint32_t text_used;
    char text[TALLY_SESSION_TEXT_BYTES]; /* texts of dimensions, each with its NUL */
} tally_session_t;

/* What an event brought that is to be told at once. */
typedef struct {
    uint8_t type; /* enum tally_event_type */
    int32_t code;
} tally_notice_t;

enum { TALLY_NOTICES_MOST = 2 };

typedef struct {
    bool illegal; /* the event made no sense and had no effect */
    uint8_t count;
    tally_notice_t notices[TALLY_NOTICES_MOST];
} tally_outcome_t;

void tally_session_open(tally_session_t *session, tally_session_id_t number, uint64_t now_ms);

/* Applies one event (not OPEN, SET, TEXT). A time before the one accounted up to counts as that:
 * producers race each other by less than a tick. */
tally_outcome_t tally_session_apply(tally_session_t *session, enum tally_hook hook, int32_t code,
                                    uint64_t at_ms);

/* Sets a gauge or dimension that tally_metrics_settable() allows. */
void tally_session_set(tally_session_t *session, enum tally_metric metric, int64_t value);

/* Sets a text; TALLY_E_FULL when the session has no room for it. */
int32_t tally_session_set_text(tally_session_t *session, enum tally_metric metric,
                               const char *text);

/* The playback values as of `now_ms`: what is going on is added to the copy in `out`, never to the
 * session. The view is of `out`. */
tally_view_t tally_session_playback(const tally_session_t *session, uint64_t now_ms,
                                    tally_value_t out[TALLY_PLAYBACK_METRICS]);

/* The dimensions, in `out`; their texts stand as long as the session is not changed. */
tally_view_t tally_session_dimensions(const tally_session_t *session,
                                      tally_value_t out[TALLY_DIMENSION_METRICS]);

#endif
