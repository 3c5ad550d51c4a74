/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLD_H
#define FOLD_H
/*
 * What is known when a record comes: of its boot, its session and its tracks, from this record and
 * those before it. Values are read from the input again when somebody asks.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cbor_items.h"
#include "gather.h"
#include "player_state.h"
#include "tally/metrics.h"

#define FOLD_SESSIONS                                                                              \
    64u /* as many as an agent can have open; one more takes the oldest's place                    \
         */
#define FOLD_TRACKS  32u
#define FOLD_UNKNOWN GATHER_UNKNOWN

/* When a record was made; FOLD_UNKNOWN: not known. */
typedef struct {
    int64_t uptime_ms;
    int64_t wall_ms;
} fold_moment_t;

/* All metrics that records have told about one thing: a boot, a session, a track, one event. */
typedef struct {
    int64_t session;              /* RECORD_ABSENT: of the boot */
    int64_t stream;               /* of a track */
    uint32_t told;                /* bit n: a record came that may hold group n */
    size_t capabilities_at;       /* what it declares to measure; 0: nothing said so far */
    fold_moment_t last;           /* its last record */
    fold_moment_t previous;       /* and the one before */
    size_t now[TALLY_METRICS];    /* where a value begins; 0: absent */
    size_t before[TALLY_METRICS]; /* as it was one record of its group earlier */
} fold_scope_t;

typedef struct {
    fold_scope_t scope;
    player_state_t state;
    int64_t content_start_ms; /* wall time of the play request */
    bool start_is_exact;      /* of an event, that has the time since the request */
} fold_session_t;

typedef struct {
    const uint8_t *data;
    size_t size;

    /* the record */
    const record_head_t *head;
    int64_t boot_wall_ms;
    char kind;
    int64_t sequence;
    int64_t session_number; /* RECORD_ABSENT: none */
    fold_moment_t at;
    fold_scope_t event;      /* groups of this record alone */
    fold_session_t *session; /* of the record; one that knows nothing if it has none */
    fold_scope_t *track;     /* of the record; whoever prints tracks may set it */

    /* the boot */
    fold_scope_t boot;
    fold_moment_t boot_record; /* kind b */
    fold_moment_t agent_record;
    int64_t ended_ad_errors; /* of sessions that are over; FOLD_UNKNOWN: none told */
    fold_session_t no_session;
    fold_scope_t no_track;
    uint32_t session_count;
    uint32_t track_count;
    fold_session_t sessions[FOLD_SESSIONS];
    fold_scope_t tracks[FOLD_TRACKS];
} fold_t;

/* Begins a boot; `first` is its first body. The input stays where it is. */
void fold_begin_boot(fold_t *fold, const uint8_t *data, size_t size, const gather_body_t *first);

/* Takes the next record of the boot. */
void fold_take(fold_t *fold, const gather_record_t *place, const record_head_t *head);

/* Once the record was told: a session that ended with it is forgotten. */
void fold_settle(fold_t *fold);

/* A number among what is known: a level or any other array by its element. False: not known. What
 * was declared, may be absent and is, is 0. */
bool fold_number(const fold_t *fold, uint32_t metric, uint32_t element, int64_t *out);
bool fold_number_before(const fold_t *fold, uint32_t metric, uint32_t element, int64_t *out);
bool fold_text(const fold_t *fold, uint32_t metric, cbor_item_t *out);

/* Whether the last record of its group was the first that has the metric. */
bool fold_is_new(const fold_t *fold, uint32_t metric);

/* Whether a track belongs to the record's session. */
bool fold_is_our_track(const fold_t *fold, const fold_scope_t *track);

/* The errors in ads of all sessions of the boot. False: no session told of ads. */
bool fold_ad_errors(const fold_t *fold, int64_t *out);

#endif
