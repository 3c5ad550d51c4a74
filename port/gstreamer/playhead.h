/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYHEAD_H
#define PLAYHEAD_H
/* Where a pipeline's clock stands. */
#include <gst/gst.h>

/* Running time of what is on screen, by the clock: it stands still while the pipeline is paused.
 * GST_CLOCK_TIME_NONE before the pipeline has a clock, and for NULL. Any thread; no queries, never
 * blocks. */
GstClockTime playhead_running_time(GstElement *pipeline);

#endif
