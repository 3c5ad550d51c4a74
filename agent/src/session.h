/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_SESSION_H
#define TALLY_SRC_SESSION_H
/*
 * The session engine: events in, quality of experience out. Pure: the time of each event is an
 * argument, nothing is read or sent.
 *
 * A session keeps what the player said (play wanted, first frame seen, buffering, in an ad, over
 * ...) and derives its one state from that, so that no order of events can bring two states at
 * once. The first line that holds counts:
 *
 *     suspended                               -> SUSPENDED
 *     failed, stopped                         -> FAILED, STOPPED
 *     in an ad break    play not wanted       -> AD_PAUSED
 *                       no frame of it yet    -> AD_JOINING
 *                       buffering             -> AD_STALLED       else -> AD_PLAYING
 *     ended                                   -> ENDED
 *     not asked for play yet                  -> IDLE
 *     seeking                                 -> SEEKING
 *     no frame yet      and wanted            -> JOINING, of a zap ZAPPING
 *                       not wanted            -> PAUSED
 *     buffering         and wanted            -> STALLED          not wanted -> PAUSED_STALLED
 *     else                  wanted            -> PLAYING          not wanted -> PAUSED
 *
 * Invariants: those of figures.h; what one session does is counted in `viewing` too.
 */
#include <stdbool.h>
#include <stdint.h>

#include "dimensions.h"
#include "figures.h"
#include "hook.h"
#include "metrics.h"
#include "playhead.h"
#include "viewing.h"

typedef struct {
    tally_session_id_t number; /* 0: the slot is free */
    uint8_t kind;              /* enum tally_session_kind */
    uint8_t over;              /* terminal state, or TALLY_STATE_IDLE */
    bool requested;            /* play was asked for */
    bool wanted;               /* play is wanted now: not paused */
    bool started;              /* the first frame of the content was on screen */
    bool buffering_told;       /* the player said that it buffers, and not yet that it stopped */
    bool buffering;            /* in a depletion that counts: neither joining nor seeking */
    bool stall_counted;        /* that depletion is in STALLS */
    bool seeking;
    bool sought; /* by the viewer: seeking is no replay */
    bool in_ad;
    bool ad_started; /* a frame of the ad was on screen */
    bool suspended;
    bool announced : 1;      /* the agent's: it has records of its own, */
    bool unsampled : 1;      /* or never will have any; a byte each would cost a session 8 */
    uint16_t last_known;     /* a bit for each of last_ms */
    int32_t ad_bitrate_kbps; /* 0: not known */
    uint32_t buffer_rest_ms; /* of the buffer histogram: less than a second */
    tally_viewing_t *viewing;
    int64_t seeking_since_ms; /* SEEKING_TIME when the seek began */
    uint64_t source_ms;
    uint64_t suspended_ms;
    uint64_t reported_ms;                  /* the agent's: last heartbeat */
    uint32_t last_ms[TALLY_SINCE_METRICS]; /* lower halves; what is 24 days old is forgotten */
    tally_figures_t figures;
    tally_playhead_t playhead;
    tally_dimensions_t dimensions;
} tally_session_t;

/* What an event brought that is to be told at once. */
typedef struct {
    uint8_t type; /* enum tally_event_type */
    int32_t code;
    int32_t detail;
} tally_notice_t;

enum { TALLY_NOTICES_MOST = 3 };

typedef struct {
    bool illegal; /* the event made no sense and had no effect */
    uint8_t count;
    tally_notice_t notices[TALLY_NOTICES_MOST];
} tally_outcome_t;

/* Whether enum tally_hook sets limits to the numbers of an event, and whether they are within. Any
 * thread. */
static inline bool tally_session_limits(enum tally_hook hook) {
    const uint64_t limited = UINT64_C(1) << TALLY_HOOK_ERROR | UINT64_C(1) << TALLY_HOOK_FATAL |
                             UINT64_C(1) << TALLY_HOOK_RENDITION |
                             UINT64_C(1) << TALLY_HOOK_SWITCH |
                             UINT64_C(1) << TALLY_HOOK_AD_MILESTONE |
                             UINT64_C(1) << TALLY_HOOK_AD_END | UINT64_C(1) << TALLY_HOOK_CLOSE;
    return (limited >> hook & 1) != 0;
}
bool tally_session_takes(enum tally_hook hook, int32_t code, int32_t detail);

/* `viewing` stands as long as the session. A zap has play asked for. */
void tally_session_open(tally_session_t *session, tally_session_id_t number,
                        enum tally_session_kind kind, tally_viewing_t *viewing, uint64_t now_ms);

/* Applies one event (not OPEN, SET, ADD, TEXT) whose numbers tally_session_takes(). A time before
 * the one accounted up to counts as that: producers race each other by less than a tick. */
tally_outcome_t tally_session_apply(tally_session_t *session, enum tally_hook hook, int32_t code,
                                    int32_t detail, uint64_t at_ms);

/* Sets what tally_metrics_can_set(). `full` is set when a dimension finds no room. */
tally_outcome_t tally_session_set(tally_session_t *session, enum tally_metric metric, int64_t value,
                                  uint64_t at_ms, bool *full);

/* Adds to what tally_metrics_can_add(). */
void tally_session_add(tally_session_t *session, enum tally_metric metric, int64_t amount);

/* Sets a text that tally_metrics_can_set_text(); TALLY_E_FULL when the session has no room. */
int32_t tally_session_set_text(tally_session_t *session, enum tally_metric metric,
                               const char *text);

/* How long it has been open. */
uint64_t tally_session_age_ms(const tally_session_t *session, uint64_t now_ms);

/* A heartbeat was made. At least once in 24 days, or what was last when is forgotten. */
void tally_session_beat(tally_session_t *session, uint64_t now_ms);

/* The figures as of `now_ms`: what is going on is added to the copy in `out`, never to the
 * session. */
void tally_session_figures(const tally_session_t *session, uint64_t now_ms, tally_figures_t *out);

/* Group SINCE as of `now_ms`, by way of `out`. */
tally_view_t tally_session_since(const tally_session_t *session, uint64_t now_ms,
                                 tally_value_t out[TALLY_SINCE_METRICS]);

#endif
