/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ELEMENT_H
#define ELEMENT_H
/* What an element is and what feeds it. Any thread; no call blocks longer than an object's lock. */
#include <gst/gst.h>
#include <stdint.h>

/* Gives up a reference; NULL is allowed. */
static inline void object_drop(gpointer object) {
    if (object != NULL) {
        gst_object_unref(object);
    }
}

/* Made by the factory of this name. Takes no lock. */
gboolean element_is(GstElement *element, const char *factory);

/* Whether one of its ancestors was made by the factory of this name. */
gboolean element_is_inside(GstElement *element, const char *factory);

/* The element that feeds this sink pad, looked for through the walls of bins: a new reference, or
 * NULL. */
GstElement *element_feeding(GstPad *sink);

/* Goes upstream from a sink pad until `is_it` says so; of several inputs the first is followed.
 * FALSE also when the way is longer than any sensible pipeline. */
gboolean element_upstream(GstPad *sink, gboolean (*is_it)(GstElement *element));

/* Probe types for each buffer of a pad once. A list that a pad has no function for is taken apart
 * by GStreamer, and probes see the list and then each buffer of it. */
GstPadProbeType element_probe_types(GstPad *pad);

#endif
