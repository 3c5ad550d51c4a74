/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When frames are due: how the running time of a sink stands to the clock of all facts. The watcher
 * reads that each tick while the sink plays. A pipeline may come and go between two of them: until
 * it was seen, whoever pushes keeps the clock of its sinks.
 */
#include <gst/base/gstbasesink.h>

#include "sink_inside.h"

/* A frame that was due this long before a pause was rendered before it. */
#define RENDERING_US 5000u

/* Two clocks are read one after the other; a machine that stands still in between is late. */
#define READINGS      3u
#define APART_MOST_US 200u

/* ---- reading -------------------------------------------------------------------------------- */

static int64_t read_offset(GstClock *clock) {
    uint64_t least_us = UINT64_MAX;
    int64_t offset_ns = 0;
    for (uint32_t i = 0; i < READINGS && least_us > APART_MOST_US; i++) {
        const uint64_t before_us = sink_now_us();
        const int64_t now_ns = (int64_t)gst_clock_get_time(clock);
        const uint64_t apart_us = sink_now_us() - before_us;
        if (apart_us < least_us) {
            least_us = apart_us;
            offset_ns = (int64_t)(before_us + apart_us / 2) * 1000 - now_ns;
        }
    }
    return offset_ns;
}

static void read_clock(GstElement *element, sink_clock_t *out) {
    GstClock *clock = gst_element_get_clock(element);
    GstClockTimeDiff late_ns = 0;
    gboolean is_timed = TRUE;
    if (GST_IS_BASE_SINK(element)) {
        GstBaseSink *const base = GST_BASE_SINK(element);
        is_timed = gst_base_sink_get_sync(base);
        late_ns =
            (GstClockTimeDiff)gst_base_sink_get_latency(base) + gst_base_sink_get_ts_offset(base);
    }
    out->is_clocked = clock != NULL && is_timed;
    if (out->is_clocked) {
        out->offset_ns = read_offset(clock) + (int64_t)gst_element_get_base_time(element) + late_ns;
    }
    g_clear_object(&clock);
}

/* ---- for a watcher who comes too late ------------------------------------------------------- */

void sink_keep_clock(sink_t *sink, GstElement *element) {
    const gint state = g_atomic_int_get(&sink->kept_state);
    if (state == KEPT_BUSY || GST_STATE(element) != GST_STATE_PLAYING ||
        !g_atomic_int_compare_and_exchange(&sink->kept_state, state, KEPT_BUSY)) {
        return;
    }
    read_clock(element, &sink->kept);
    g_atomic_int_set(&sink->kept_state, KEPT_READY);
}

void sink_plays(sink_t *sink) {
    GstElement *const element = g_weak_ref_get(&sink->element);
    if (element != NULL) {
        sink_keep_clock(sink, element);
        gst_object_unref(element);
    }
}

/* What was kept of a sink that does not play any more. */
static bool take_kept(sink_t *sink, GstElement *element) {
    const bool is_over = element == NULL || GST_STATE_TARGET(element) != GST_STATE_PLAYING;
    if (!is_over || !g_atomic_int_compare_and_exchange(&sink->kept_state, KEPT_READY, KEPT_BUSY)) {
        return false;
    }
    sink->clock = sink->kept;
    g_atomic_int_set(&sink->kept_state, KEPT_NONE);
    return true;
}

static void forget_kept(sink_t *sink) {
    (void)g_atomic_int_compare_and_exchange(&sink->kept_state, KEPT_READY, KEPT_NONE);
}

/* ---- the watcher's -------------------------------------------------------------------------- */

void sink_look(sink_t *sink, uint64_t paused_ms) {
    GstElement *element = g_weak_ref_get(&sink->element);
    const bool is_playing = element != NULL && GST_STATE(element) == GST_STATE_PLAYING;
    g_atomic_int_set(&sink->is_seen, is_playing);
    /* One that has just stopped has its last frames yet to be told of, by the clock it had. */
    const bool was_playing = (!is_playing && take_kept(sink, element)) || sink->was_playing;
    sink->was_playing = is_playing;
    if (is_playing) {
        forget_kept(sink);
        read_clock(element, &sink->clock);
    }
    sink->clock.runs = is_playing || was_playing;
    sink->clock.until_us = is_playing ? UINT64_MAX : paused_ms * 1000u + 999u;
    gst_clear_object(&element);
}

uint64_t sink_due_us(const sink_t *sink, guint nth, guint head) {
    const sink_frame_t *const frame = &sink->frames[nth % SINK_FRAMES];
    const sink_clock_t *const clock = &sink->clock;
    if (!clock->runs) {
        /* A sink takes no other frame before it has shown this one. */
        return nth + 1 != head ? sink->frames[(nth + 1) % SINK_FRAMES].arrived_us : UINT64_MAX;
    }
    if (!clock->is_clocked || !GST_CLOCK_TIME_IS_VALID(frame->running_ns)) {
        return frame->arrived_us;
    }
    const int64_t due_ns = (int64_t)frame->running_ns + clock->offset_ns;
    const uint64_t due_us = MAX(due_ns > 0 ? (uint64_t)due_ns / 1000u : 0, frame->arrived_us);
    return due_us <= clock->until_us ? due_us : UINT64_MAX;
}

bool sink_has_shown(const sink_t *sink, guint nth, guint head) {
    const uint64_t due_us = sink_due_us(sink, nth, head);
    return sink->clock.runs && due_us != UINT64_MAX &&
           due_us + RENDERING_US <= sink->clock.until_us && sink->clock.until_us != UINT64_MAX;
}
