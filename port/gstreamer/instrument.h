/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INSTRUMENT_H
#define INSTRUMENT_H
/*
 * An instrument measures one kind of element: a demuxer, a jitter buffer, a webrtcbin. The watcher
 * asks each instrument about each element that a pipeline gets; one that takes it is polled until
 * the element or its session is gone.
 *
 *     element-added -> takes()? -> attach() -> begin() -> poll() ... -> end() -> begin() ... ->
 * detach() any thread  any thread  watcher    watcher       watcher                watcher
 */
#include <gst/gst.h>

#include "player.h"

typedef struct {
    const char *name; /* in the log */

    /* Whether it measures this element: by its factory, class or interfaces. Called in the thread
     * that adds the element, the element not linked yet; quick, no locks of the element taken. */
    gboolean (*takes)(GstElement *element);

    /* State for an element, which outlives it (the caller holds a reference). Probes and signals
     * are connected here. NULL: no memory, the element is left alone. Same thread as takes(). */
    gpointer (*attach)(player_t *player, GstElement *element);

    /* A session began: tell what is known already; attach streams to it. */
    void (*begin)(gpointer state, tally_session_id_t session);

    /* Each second while a session is open, and once more before its end. */
    void (*poll)(gpointer state, tally_session_id_t session);

    /* The session is about to be closed: streams are detached here. */
    void (*end)(gpointer state, tally_session_id_t session);

    /* The element is gone, or the pipeline; behind end() if a session was open. Removes probes and
     * signals and frees the state: no callback of it runs afterwards. */
    void (*detach)(gpointer state);
} instrument_t;

/* All there are, NULL at the end; instruments.c. */
extern const instrument_t *const instruments[];

#endif
