/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_H
#define JUDGE_H
/*
 * Facts with their times in, hooks with their times out. One judge for each pipeline; knows nothing
 * of GStreamer, reads no clock. Watcher only.
 *
 * The rules, which agent/METRICS.md's figures depend on:
 *
 * - A pipeline is playback if it has a screen or a loudspeaker; if all its sinks are others that
 *   keep to the clock, once play was asked for; if it has none yet and fails or is left although
 *   play was asked for. It is publishing if somebody says so. Else nothing is told of it.
 * - The session begins when PAUSED or PLAYING is first asked for, and play with PLAYING; what fails
 *   before that was on its way to play.
 * - PAUSED asked for within PAUSE_TO_BUFFER_MS of the moment when buffering fell below 100 percent,
 *   or came back to it, is the application's, to buffer; any other is the viewer's. If buffering is
 * at 100 again and PLAYING is not asked for within RESUME_MS, the viewer has paused meanwhile.
 * - What begins, by play or by a seek, ends when its first frame is due and shown, which is not
 *   before an application that buffers first lets go: that is joining or seeking, and no stall. In
 * a pause by the viewer it ends with the frame that waits on screen.
 * - A stall is media that stands still although it is wanted: in a pause to buffer of at least
 *   HELD_LEAST_MS, or because a frame arrives STARVED_LEAST_MS or more after the one before it
 *   was over. It begins where media stopped, and ends with the next frame on screen.
 * - A seek is one that flushes; the event counts once something was flushed. After the end of the
 *   media it is a replay.
 */
#include <stdbool.h>
#include <stdint.h>

#include "fact.h"
#include "tally/hook.h"

#define PAUSE_TO_BUFFER_MS 500u
#define RESUME_MS          300u
#define HELD_LEAST_MS      100u
#define STARVED_LEAST_MS   200u

/* A seek that nothing was flushed for by then has no effect. */
#define SEEK_MOST_MS 2000u

typedef struct {
    void *ctx;
    void (*open)(void *ctx, enum tally_session_kind kind, uint64_t at_ms);
    void (*tell)(void *ctx, enum tally_hook hook, int32_t code, int32_t detail, uint64_t at_ms);
    void (*close)(void *ctx, enum tally_stop reason, uint64_t at_ms);
} judge_out_t;

/* What holds from a pipeline's begin to its end, and is forgotten then. */
typedef struct {
    uint64_t began_ms;
    uint64_t asked_ms;     /* for play */
    uint64_t released_ms;  /* from the last pause to buffer */
    uint64_t shown_ms;     /* when the first frame since begin or flush was */
    uint64_t buffering_ms; /* since when the percentage is below 100 */
    uint64_t filled_ms;    /* when it was 100 again */
    uint64_t full_ms;      /* when it was 100 again in a pause to buffer; 0: not yet */
    uint64_t seek_ms;
    uint64_t gap_ms;   /* media is held since then */
    uint64_t over_ms;  /* when the last frame was */
    int32_t seek;      /* the sequence number of the last one */
    int32_t flush;     /* of the last flush */
    bool has_begun;    /* PAUSED or more was asked for */
    bool is_open;      /* there is a session */
    bool is_asked;     /* for play */
    bool is_wanted;    /* play is, by the viewer */
    bool is_held;      /* in a pause to buffer */
    bool is_buffering; /* the percentage is below 100 */
    bool was_buffering;
    bool is_shown;
    bool has_started; /* first_frame is told */
    bool has_played;  /* playing is told */
    bool is_asked_to_seek;
    bool is_seeking; /* told, and no frame since */
    bool is_in_gap;
    bool has_frame; /* over_ms holds */
    bool is_stalled;
    bool is_looping; /* a segment is done */
    bool has_ended;
    bool has_failed;
} judge_course_t;

typedef struct {
    const judge_out_t *out;
    judge_course_t course;
    uint32_t roles; /* of the sinks seen so far, enum role */
    int32_t target;
    int32_t state;
    bool publishes;
} judge_t;

/* `out` must outlive the judge. */
void judge_init(judge_t *judge, const judge_out_t *out);

/* Facts are to be told in the order of their times. */
void judge_take(judge_t *judge, const fact_t *fact);

/* What follows from the time that passes. `at_hand`: a frame waits for its time, or none is to
 * come. */
void judge_tick(judge_t *judge, uint64_t now_ms, bool at_hand);

/* False while it is in doubt whether something has to be told of a time before now: whatever is
 * told meanwhile would put that off. */
bool judge_is_settled(const judge_t *judge, uint64_t now_ms);

/* Frames are to be rendered one after the other: no seek, pause or preroll. */
bool judge_is_advancing(const judge_t *judge);

#endif
