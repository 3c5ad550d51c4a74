/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYER_INSIDE_H
#define PLAYER_INSIDE_H
/*
 * A player from the inside, for the core alone. It is alive as long as somebody has a reference:
 * the watcher, its pipeline, callbacks on the pipeline's bus and pads. It has none to the pipeline,
 * but while the watcher looks at it, nor to sinks; to elements under an instrument, as long as they
 * are in the pipeline.
 */
#include "instrument.h"
#include "judge.h"
#include "player.h"

typedef struct sink sink_t;

/* An element and the instrument that measures it. */
typedef struct {
    const instrument_t *instrument;
    GstElement *element;
    gpointer state;
    gint is_removed; /* atomic */
    bool has_left;   /* is_removed as of this tick's begin; watcher, as all below */
    bool has_begun;
    bool was_told; /* in some session it has */
} part_t;

struct player {
    gint references;
    GWeakRef weak;
    inbox_t inbox;
    gint is_heard;   /* the bus has told something; atomic */
    gint publishes;  /* atomic */
    gint is_watched; /* the watcher has it, or never will; atomic */
    GWeakRef bus;
    gulong listening; /* to it */

    GMutex lock; /* of the target and the two lists */
    gint target; /* as noted last */
    GSList *sinks;
    GSList *parts;
    GWeakRef sender; /* a webrtcbin */

    /* the watcher's own */
    GstElement *pipeline; /* while it looks */
    judge_t judge;
    judge_out_t out;
    sink_t *leader; /* whose frames stand for what is on screen */
    const fact_t *fact;
    tally_session_id_t session;
    uint64_t polled_ms;
    uint64_t duration_asked_ms;
    uint64_t stirred_ms; /* when something was last noted */
    uint64_t paused_ms;  /* when PLAYING was last left, by what was asked for */
    uint64_t until_ms;   /* frames due up to then were shown */
    uint64_t drained_ms; /* since when no sink has anything left; 0: one has */
    int32_t state;
    int32_t kbps;
    int32_t rate_permille;
    int32_t volume_percent;
    int32_t is_muted;
    int32_t dropped; /* by the decoder, as it said last */
    int64_t duration_ms;
    char *uri; /* of the session */
    bool is_over;
    bool is_waiting; /* with sound, for a picture to begin with */
    bool has_begun;  /* the values of the session are told */
    bool has_failed; /* to change its state, unheard */
};

/* Of the process. */
tally_t *watcher_tally(void);

player_t *player_new(GstElement *pipeline);
player_t *player_ref(player_t *player);
void player_unref(gpointer data);

/* The pipeline has become a part of another one. */
void player_retire(player_t *player, GstElement *pipeline);

/* An element came into the pipeline or left it. Any thread. */
void player_add(player_t *player, GstElement *element);
void player_remove(player_t *player, GstElement *element);

/* The pipeline plays from now on. Any thread. */
void player_plays(player_t *player);

/* What is asked of the pipeline may have changed. Any thread that has a reference to it. */
void player_look_at_target(player_t *player, GstElement *pipeline);

/* There is something to look at, now: its watching begins, if it has not yet. Any thread. */
void player_wake(player_t *player);

/* The last statistics of the session's pictures. Watcher. */
void player_end_sinks(player_t *player);

/* Lets go of sinks that are gone; `all` of them with the pipeline. Watcher. */
void player_sweep_sinks(player_t *player, bool all);

/* Notes a fact as of now. Any thread. */
void player_note(player_t *player, enum fact_kind kind, int32_t value, int32_t detail,
                 const char *text);

enum pace {
    PACE_NONE,    /* nothing to look at until something is noted */
    PACE_RESTING, /* looked at now and then */
    PACE_PLAYING, /* looked at each tick */
};

/* Keeps the pipeline alive while the watcher looks at it, which is to be short: if the application
 * lets go of it meanwhile, it is disposed of in the watcher's thread. */
void player_hold(player_t *player);
void player_let_go(player_t *player);

/* Takes what was noted and what follows from time. Watcher. */
enum pace player_tick(player_t *player, uint64_t now_ms);

/* The process ends: so does the session. Watcher. */
void player_shut(player_t *player);

/* ---- parts.c -------------------------------------------------------------------------------- */

void parts_add(player_t *player, GstElement *element);
void parts_remove(player_t *player, const GstElement *element);
/* Takes note of those that have left, ahead of the facts that go with it. */
void parts_note_leave(player_t *player);
void parts_begin(player_t *player);
void parts_poll(player_t *player);
void parts_end(player_t *player);
/* Lets go of elements that are gone; `all` of them with the pipeline. */
void parts_sweep(player_t *player, bool all);

/* ---- telling.c ------------------------------------------------------------------------------ */

judge_out_t telling_of(player_t *player);
void telling_begin(player_t *player);
void telling_close(player_t *player, enum tally_stop reason, uint64_t at_ms);

/* ---- polling.c ------------------------------------------------------------------------------ */

/* What does not change in a session, and what is known at its begin. */
void polling_begin(player_t *player);
/* Each second. */
void polling_poll(player_t *player, uint64_t now_ms);
/* The address of what plays; to be freed. NULL: none. */
char *polling_uri(GstElement *pipeline);
/* As much of it as a text may have. */
void polling_text(const player_t *player, enum tally_metric metric, const char *text);

/* ---- bus.c ---------------------------------------------------------------------------------- */

void bus_listen(player_t *player, GstElement *pipeline);
void bus_leave(player_t *player);

/* ---- watcher.c ------------------------------------------------------------------------------ */

/* The watcher has this player from now on; starts the thread. Any thread. */
void watcher_add(player_t *player);
/* There is something to look at. Any thread, never waits. */
void watcher_wake(void);
/* The application's name. */
const char *watcher_application(void);

#endif
