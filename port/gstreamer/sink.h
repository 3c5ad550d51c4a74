/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SINK_H
#define SINK_H
/*
 * The last pad before the screen. A probe on it writes down each frame: when it came and when it is
 * due. The watcher reads that, and works out what was on screen when.
 */
#include "player_inside.h"

/* NULL: the element is no sink, or no memory. Any thread. */
sink_t *sink_new(player_t *player, GstElement *element);

/* The element has screen and loudspeaker of its own, once it knows what for: playbin. */
bool sink_is_player(GstElement *element);

/* Its probes go; nothing of it is called afterwards but sink_free(). Watcher. */
void sink_free(sink_t *sink);

bool sink_is_of(const sink_t *sink, const GstElement *element);

/* The element has left the pipeline. Any thread. */
void sink_remove(sink_t *sink);

/* Takes note of that, for sink_has_left(): ahead of the facts, so that those which go with it are
 * taken before it is swept. Watcher. */
void sink_note_leave(sink_t *sink);
bool sink_has_left(const sink_t *sink);

/* How well it stands for what the viewer sees; 0: not at all, SINK_PICTURE and up: has a picture.
 */
#define SINK_PICTURE 4u
uint32_t sink_rank(const sink_t *sink);

/* Its pipeline plays: takes note of its clock, by which a watcher who comes too late can tell when
 * its frames were shown. Any thread. */
void sink_plays(sink_t *sink);

/* Reads its clock. Once each tick, before all below. `paused_ms`: when its pipeline was last. */
void sink_look(sink_t *sink, uint64_t paused_ms);

/* Whether it is this sink that the fact tells of. */
bool sink_saw(const sink_t *sink, const fact_t *fact);

/* When the first frame since begin or flush was shown; 0: none was. */
uint64_t sink_shown_ms(const sink_t *sink);

/* The frames that were due up to `until_ms`, in order, as facts; or none is asked for. */
fact_t *sink_frames(sink_t *sink, uint64_t until_ms);
void sink_pass(sink_t *sink);

/* A frame waits for its time, or none is to come. */
bool sink_is_at_hand(const sink_t *sink);

/* Its end has come; what is at hand before it may still wait. */
bool sink_is_drained(const sink_t *sink);

/* Of the segment it plays, 1000 is normal; 0: not known. */
int32_t sink_rate_permille(const sink_t *sink);

/* Statistics of frames, of a session from begin to end, if it has a picture. `advances`: gaps and
 * drops count, as they do while it plays. */
void sink_begin(sink_t *sink, tally_session_id_t session);
void sink_count(sink_t *sink, uint64_t until_ms, bool advances);
void sink_drop(sink_t *sink, uint32_t frames); /* by the decoder */
/* `goes_on`: the sink keeps playing, for another session. */
void sink_end(sink_t *sink, uint64_t until_ms, bool goes_on);

#endif
