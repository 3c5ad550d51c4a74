/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEDIA_H
#define MEDIA_H
/*
 * What is known about the media of one player. Instruments note it in whatever thread they learn
 * it; the watcher tells what is new, to each session what holds at its begin.
 *
 * Several elements may know the same thing, some better than others: each note has a rank, and the
 * highest is told; of equal ones the last. Notes end with the element that they are about.
 */
#include <gst/gst.h>

#include "player.h"
#include "rendition.h"
#include "stored.h"

typedef struct media media_t;

/* That of a player, made for the first who joins; the caller gets a reference. Any thread. */
media_t *media_join(player_t *player);

/* As an instrument is detached: what it noted is forgotten, and the last one to leave takes the
 * media's notes with it. The reference stays, for whatever of the instrument still runs. */
void media_leave(media_t *media, const void *owner);
void media_release(media_t *media);

player_t *media_player(const media_t *media);

/* Which renditions there are and which of them is on screen. */
renditions_t *media_renditions(media_t *media);

/* How much media is stored. */
stored_t *media_stored(media_t *media);

/* Notes a text or a number of the registry. `owner` is whoever knows it. Any thread. */
void media_text(media_t *media, const void *owner, unsigned rank, enum tally_metric metric,
                const char *text);
void media_number(media_t *media, const void *owner, unsigned rank, enum tally_metric metric,
                  int64_t value);

/* The best number noted, or -1; whether a text is. Any thread. */
int64_t media_noted(media_t *media, enum tally_metric metric);
gboolean media_has_text(media_t *media, enum tally_metric metric);

/* Tells the session what it has not been told. Watcher. */
void media_tell(media_t *media, tally_session_id_t session);

#endif
