/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SINK_INSIDE_H
#define SINK_INSIDE_H
/* A sink as its files share it: written down by sink_probe.c, read by sink.c, sink_clock.c and
 * sink_frames.c. */
#include "sink.h"
#include "tally/stats.h"

/* Two seconds of 60 frames a second: the watcher looks ten times as often. A power of two. */
#define SINK_FRAMES 128u

typedef struct {
    uint64_t arrived_us;
    uint64_t running_ns; /* when it is due, in running time; GST_CLOCK_TIME_NONE: at once */
    uint32_t length_us;
    uint32_t epoch;
    bool is_gap; /* there is nothing to show, and that is as it should be */
} sink_frame_t;

/* How running time stands to CLOCK_BOOTTIME. */
typedef struct {
    bool runs;         /* the sink plays, or did up to `until_us` */
    bool is_clocked;   /* else frames are due when they come */
    uint64_t until_us; /* it was paused; UINT64_MAX: it was not */
    int64_t offset_ns;
} sink_clock_t;

/* Whose the clock is that is kept for a watcher who comes too late to read it. */
enum { KEPT_NONE, KEPT_BUSY, KEPT_READY };

struct sink {
    gint references;
    uint32_t number;
    player_t *player;
    GWeakRef element;
    GWeakRef pad;
    gulong probe;
    bool is_viewed; /* a screen or a loudspeaker */

    /* written by threads that push, read by the watcher; atomic */
    guint head; /* frames written so far */
    gint epoch; /* raised with each flush */
    gint is_awaiting;
    gint is_streaming; /* something has come since the begin */
    gint is_drained;   /* it has seen its end */
    gint is_removed;
    gint is_video;
    gint is_timed; /* it keeps to the clock */
    gint rate_permille;
    gint size; /* width << 16 | height */
    gint64 shown_us;
    sink_frame_t frames[SINK_FRAMES];
    gint kept_state; /* KEPT_BUSY: somebody has `kept` for himself */
    sink_clock_t kept;

    /* written by the watcher, read by threads that push; atomic */
    guint tail;
    gint is_seen; /* the watcher has seen it play, and reads its clock by itself */

    /* of the thread that pushes */
    GstSegment segment;
    gulong buffer_probe;

    /* the watcher's own */
    guint judged; /* frames told as facts so far */
    guint counted;
    sink_clock_t clock; /* as of this tick */
    bool was_playing;
    bool has_left;
    bool has_stats;
    int32_t told_size;
    uint64_t told;         /* frames counted as rendered in this session */
    uint64_t stated;       /* the same by what the sink says */
    uint64_t own_rendered; /* as the sink said last */
    uint64_t own_dropped;
    uint64_t to_skip; /* frames that the sink dropped, not found among those written down yet */
    tally_session_id_t session;
    tally_frames_t statistics;
};

/* ---- sink_probe.c --------------------------------------------------------------------------- */

gulong sink_probe_add(sink_t *sink, GstPad *pad, GstPadProbeType what);
sink_t *sink_ref(sink_t *sink);
void sink_unref(gpointer data);
uint64_t sink_now_us(void);

/* ---- sink_clock.c --------------------------------------------------------------------------- */

/* Takes note of its clock if it plays: by the time the watcher looks it may be gone. Any thread
 * that has a reference to it; never waits. */
void sink_keep_clock(sink_t *sink, GstElement *element);

/* When the nth frame of those before `head` was or will be shown; UINT64_MAX: nobody knows. */
uint64_t sink_due_us(const sink_t *sink, guint nth, guint head);

/* Whether the nth was shown for certain, before the sink was paused. */
bool sink_has_shown(const sink_t *sink, guint nth, guint head);

/* ---- sink.c --------------------------------------------------------------------------------- */

/* The room of frames that nobody needs any more is for new ones. */
void sink_give_room(sink_t *sink);

#endif
