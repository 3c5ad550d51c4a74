/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WATCH_H
#define WATCH_H
/*
 * The pads of one element under watch: those that it has and those it will get. What went by
 * before is not missed: sticky events of a pad are shown when it is put under watch.
 */
#include <gst/gst.h>

typedef struct watch watch_t;

typedef struct {
    GstPadDirection direction; /* of the pads; GST_PAD_UNKNOWN: both */

    /* An event on its way downstream, flushes among them. In the thread that sends it; not NULL. */
    void (*event)(gpointer state, GstPad *pad, GstEvent *event);

    /* A buffer, before it is pushed; NULL: buffers are not looked at, and cost nothing. */
    void (*buffer)(gpointer state, GstPad *pad, GstBuffer *buffer);

    /* A pad is gone; NULL: of no interest. */
    void (*gone)(gpointer state, const GstPad *pad);

    /* Nothing runs in the state any more: frees it. */
    GDestroyNotify destroy;
} watch_rules_t;

/* `element` must outlive the watch, `rules` too. The state is the watch's from now on. Threads that
 * may add elements; never blocks. */
watch_t *watch_begin(GstElement *element, const watch_rules_t *rules, gpointer state);

/* Connects a signal of another object, once for each watch, until its end: the last argument of the
 * callback is the watch. The object is kept that long. Same thread as watch_begin(). */
void watch_signal(watch_t *watch, gpointer object, const char *signal, GCallback callback);

gpointer watch_state(const watch_t *watch);

/* Takes the probes away. The state is destroyed as soon as the last callback has returned, which
 * may be later and in another thread. */
void watch_end(watch_t *watch);

#endif
