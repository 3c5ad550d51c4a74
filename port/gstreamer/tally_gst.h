/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_GST_H
#define TALLY_GST_H
/*
 * libgsttally: every pipeline of a GStreamer application is measured, and told to tallyd.
 *
 * Without a change to the application: GST_TRACERS=tally, with the folder of libgsttally.so in
 * GST_PLUGIN_PATH. Where the system's GStreamer is built without tracers: one call below, once,
 * behind gst_init().
 *
 * The plugin registers no tracer hook, which would slow down every buffer of every element; it
 * looks at what bins get as elements, at the messages on their buses, and at the buffers that reach
 * sinks.
 */
#include <gst/gst.h>

G_BEGIN_DECLS

/* Measures all pipelines made from now on. TRUE, also if it does so already; FALSE: no memory or
 * thread. Any thread; never blocks. */
gboolean tally_gst_attach(void);

G_END_DECLS

#endif
