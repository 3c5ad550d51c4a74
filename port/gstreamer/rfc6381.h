/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RFC6381_H
#define RFC6381_H
/* Names of codecs as RFC 6381 and the bindings of the codecs have them: avc1.4d401e, mp4a.40.2. */
#include <gst/gst.h>

#define RFC6381_BYTES 40

/* Writes the name for these caps; as much of it as they tell, or of an unknown codec the media type
 * that GStreamer gives it. FALSE: raw media, or none. Any thread; never blocks. */
gboolean rfc6381_of_caps(const GstCaps *caps, char name[RFC6381_BYTES]);

#endif
