/* SPDX-License-Identifier: Apache-2.0 */
#include "kind.h"

#include <string.h>

const char *kind_factory(GstElement *element) {
    GstElementFactory *const factory = gst_element_get_factory(element);
    const char *const name = factory == NULL ? NULL : GST_OBJECT_NAME(factory);
    return name == NULL ? "" : name;
}

gboolean kind_is(GstElement *element, const char *part) {
    const char *const klass = gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS);
    return klass != NULL && strstr(klass, part) != NULL;
}

/* The types are not registered before their plugin is loaded. */
static gboolean is_a(GstObject *object, const char *type_name) {
    const GType type = g_type_from_name(type_name);
    return type != 0 && g_type_is_a(G_OBJECT_TYPE(object), type);
}

unsigned kind_within_adaptive(GstElement *element) {
    unsigned found = 0;
    GstObject *at = gst_object_get_parent(GST_OBJECT(element));
    while (at != NULL && found == 0) {
        if (is_a(at, "GstAdaptiveDemux")) {
            found = 1;
        } else if (is_a(at, "GstAdaptiveDemux2")) {
            found = 2;
        }
        GstObject *const above = gst_object_get_parent(at);
        gst_object_unref(at);
        at = above;
    }
    if (at != NULL) {
        gst_object_unref(at);
    }
    return found;
}

GstElement *kind_top(GstElement *element) {
    GstObject *top = gst_object_ref(GST_OBJECT(element));
    GstObject *above = gst_object_get_parent(top);
    while (above != NULL) {
        gst_object_unref(top);
        top = above;
        above = gst_object_get_parent(top);
    }
    return GST_ELEMENT(top);
}

/* A file that begins with its type is a header; one that begins with an index holds nothing else.
 */
gboolean kind_is_media(GstBuffer *first) {
    guint8 box[8] = {0};
    return gst_buffer_extract(first, 0, box, sizeof box) < sizeof box ||
           (memcmp(box + 4, "ftyp", 4) != 0 && memcmp(box + 4, "sidx", 4) != 0);
}
