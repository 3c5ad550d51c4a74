/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORED_H
#define STORED_H
/*
 * How much media one player has stored ahead of its playhead.
 *
 * Where the stored media ends is known by the timestamps of what passes certain points, in running
 * time: each point is one track or, before the container is taken apart, one stream of fragments.
 * The shortest counts; one that is at its end does not hold up the others.
 */
#include <gst/gst.h>

#include "player.h"

typedef struct stored stored_t;

stored_t *stored_new(void);
void stored_free(stored_t *stored);

/* Tracks are behind the demuxer, fragments before it: of the two the longer counts. */
enum stored_point { STORED_TRACK, STORED_FRAGMENT };

/* The media at this point reaches to `until`, or to its end. Any thread. */
void stored_reached(stored_t *stored, enum stored_point point, const void *key, GstClockTime until);
void stored_ended(stored_t *stored, enum stored_point point, const void *key);

/* A fragment begins, at that running time or, if that is not known, where the one before ends; its
 * bitrate comes before it. All of one has been received, which may be said before it begins. Any
 * thread. */
void stored_rate(stored_t *stored, const void *key, uint32_t bps);
void stored_begins(stored_t *stored, const void *key, GstClockTime at);
void stored_received(stored_t *stored, const void *key, uint64_t bytes);

/* The point is gone, or its media thrown away (a seek). Any thread. */
void stored_dropped(stored_t *stored, enum stored_point point, const void *key);

/* Media in front of all points that has a length in bytes only, and how long the whole media lasts;
 * how many bytes that has. Any thread. */
void stored_bytes(stored_t *stored, uint64_t bytes, GstClockTime duration);
void stored_total(stored_t *stored, uint64_t bytes);

/* Running time at which the stored media ends; GST_CLOCK_TIME_NONE: not known. Any thread. */
GstClockTime stored_until(stored_t *stored);

/* Tells BUFFER_LENGTH, once a second whoever calls. Watcher. */
void stored_tell(stored_t *stored, player_t *player, tally_session_id_t session);

#endif
