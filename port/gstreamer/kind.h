/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIND_H
#define KIND_H
/* What kind of element an element is, by what its factory says and where it stands. Quick; no locks
 * of the element are taken but that of its parent's pointer. */
#include <gst/gst.h>

/* Name of the factory; "" for an element without one. */
const char *kind_factory(GstElement *element);

/* Whether its class, as in "Codec/Decoder/Video", has this part. */
gboolean kind_is(GstElement *element, const char *part);

/* The demuxer of adaptive streaming that the element is part of, 0 if it is in none: 1 is that of
 * gst-plugins-bad (hlsdemux), 2 that of gst-plugins-good (hlsdemux2). */
unsigned kind_within_adaptive(GstElement *element);

/* What has nothing above it, with a reference. */
GstElement *kind_top(GstElement *element);

/* Whether a piece of adaptive streaming that begins with this buffer has media in it, and is no
 * header or index by itself. */
gboolean kind_is_media(GstBuffer *first);

#endif
