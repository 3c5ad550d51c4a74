/* SPDX-License-Identifier: Apache-2.0 */
#include "playhead.h"

GstClockTime playhead_running_time(GstElement *pipeline) {
    if (pipeline == NULL) {
        return GST_CLOCK_TIME_NONE;
    }
    if (GST_STATE(pipeline) != GST_STATE_PLAYING) {
        return gst_element_get_start_time(pipeline);
    }
    GstClock *const clock = gst_element_get_clock(pipeline);
    if (clock == NULL) {
        return GST_CLOCK_TIME_NONE;
    }
    const GstClockTime now = gst_clock_get_time(clock);
    const GstClockTime base = gst_element_get_base_time(pipeline);
    gst_object_unref(clock);
    return GST_CLOCK_TIME_IS_VALID(base) && now > base ? now - base : 0;
}
