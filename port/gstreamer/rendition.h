/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RENDITION_H
#define RENDITION_H
/*
 * Which of the declared renditions is on screen.
 *
 * The size of the picture says it, as soon as a sink gets pictures of another size. Where several
 * renditions have the same size, the demuxer's choice does, as soon as what it had stored before
 * has been played.
 */
#include <gst/gst.h>

#include "manifest.h"
#include "player.h"

typedef struct renditions renditions_t;

renditions_t *renditions_new(void);
void renditions_free(renditions_t *renditions);

/* A demuxer's manifest declares these; and they are no longer, if there is no other's. Any thread.
 */
void renditions_declared(renditions_t *renditions, const void *demuxer, const manifest_t *manifest);
void renditions_gone(renditions_t *renditions, const void *demuxer);

/* Pictures of this size reached the sink at `at_ms` (player_now_ms()). Any thread. */
void renditions_on_screen(renditions_t *renditions, uint32_t width, uint32_t height,
                          uint64_t at_ms);

/* What the demuxer fetches now has this bitrate, and is on screen at this running time of the
 * pipeline. `declared`: it is the bitrate of a rendition; otherwise measured, and the nearest
 * rendition is meant, if no other was ever named. Any thread. */
void renditions_fetched(renditions_t *renditions, uint32_t kbps, gboolean declared,
                        GstClockTime running_time);

/* Tells the changes since the last call, each with its time; to a new session what holds. Watcher.
 */
void renditions_tell(renditions_t *renditions, player_t *player, tally_session_id_t session);

#endif
