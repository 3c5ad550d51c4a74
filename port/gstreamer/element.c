/* SPDX-License-Identifier: Apache-2.0 */
#include "element.h"

#include <string.h>

/* Elements in a row, and bins within bins: no pipeline has more, but a loop might. */
enum { MOST_ELEMENTS = 64, MOST_WALLS = 16 };

gboolean element_is(GstElement *element, const char *factory) {
    GstElementFactory *const made_by = gst_element_get_factory(element);
    return made_by != NULL && strcmp(GST_OBJECT_NAME(made_by), factory) == 0;
}

gboolean element_is_inside(GstElement *element, const char *factory) {
    GstObject *above = gst_object_get_parent(GST_OBJECT(element));
    gboolean is_inside = FALSE;
    for (int i = 0; i < MOST_WALLS && above != NULL && !is_inside; i++) {
        GstObject *const next = gst_object_get_parent(above);
        is_inside = element_is(GST_ELEMENT(above), factory);
        gst_object_unref(above);
        above = next;
    }
    object_drop(above);
    return is_inside;
}

/* The pad that a source pad in the wall of a bin stands for, or that a sink pad's inner side is fed
 * by; NULL if this is a pad of an element. Takes the reference. */
static GstPad *through_wall(GstPad *pad) {
    GstPad *next = NULL;
    if (GST_IS_GHOST_PAD(pad)) {
        next = gst_ghost_pad_get_target(GST_GHOST_PAD(pad));
    } else if (GST_IS_PROXY_PAD(pad)) {
        GstProxyPad *const outside = gst_proxy_pad_get_internal(GST_PROXY_PAD(pad));
        next = outside != NULL ? gst_pad_get_peer(GST_PAD(outside)) : NULL;
        object_drop(outside);
    }
    gst_object_unref(pad);
    return next;
}

GstElement *element_feeding(GstPad *sink) {
    GstPad *pad = gst_pad_get_peer(sink);
    for (int i = 0; i < MOST_WALLS && pad != NULL && GST_IS_PROXY_PAD(pad); i++) {
        pad = through_wall(pad);
    }
    GstElement *const element = pad != NULL ? gst_pad_get_parent_element(pad) : NULL;
    object_drop(pad);
    return element;
}

static GstPad *first_sink(GstElement *element) {
    GstPad *pad = NULL;
    GST_OBJECT_LOCK(element);
    if (element->sinkpads != NULL) {
        pad = gst_object_ref(element->sinkpads->data);
    }
    GST_OBJECT_UNLOCK(element);
    return pad;
}

gboolean element_upstream(GstPad *sink, gboolean (*is_it)(GstElement *element)) {
    GstPad *pad = gst_object_ref(sink);
    gboolean found = FALSE;
    for (int i = 0; i < MOST_ELEMENTS && pad != NULL && !found; i++) {
        GstElement *const element = element_feeding(pad);
        gst_object_unref(pad);
        pad = NULL;
        if (element != NULL) {
            found = is_it(element);
            pad = first_sink(element);
            gst_object_unref(element);
        }
    }
    object_drop(pad);
    return found;
}

/* The function that takes lists apart has no name outside, but any new pad has it. */
GstPadProbeType element_probe_types(GstPad *pad) {
    GstPad *const plain = gst_object_ref_sink(gst_pad_new(NULL, GST_PAD_SINK));
    const gboolean takes_lists = GST_PAD_CHAINLISTFUNC(pad) != GST_PAD_CHAINLISTFUNC(plain);
    gst_object_unref(plain);
    return takes_lists ? GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST
                       : GST_PAD_PROBE_TYPE_BUFFER;
}
