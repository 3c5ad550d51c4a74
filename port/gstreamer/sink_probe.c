/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in the application's own threads, for each buffer and event that reaches a sink. For a
 * buffer: reading the clock, some arithmetic and stores; nothing waits.
 */
#include <stdlib.h>
#include <time.h>

#include "element.h"
#include "sink_inside.h"

uint64_t sink_now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

sink_t *sink_ref(sink_t *sink) {
    g_atomic_int_inc(&sink->references);
    return sink;
}

void sink_unref(gpointer data) {
    sink_t *const sink = data;
    if (g_atomic_int_dec_and_test(&sink->references)) {
        g_weak_ref_clear(&sink->element);
        g_weak_ref_clear(&sink->pad);
        player_unref(sink->player);
        free(sink);
    }
}

/* ---- buffers -------------------------------------------------------------------------------- */

static void note(sink_t *sink, enum fact_kind kind, int32_t value, int32_t detail) {
    const fact_t fact = {.kind = kind,
                         .at_ms = player_now_ms(),
                         .value = value,
                         .detail = detail,
                         .sink = sink->number};
    inbox_note(&sink->player->inbox, &fact, NULL);
}

/* The first since begin or flush: it is shown although the clock may not run yet. */
static void note_shown(sink_t *sink, uint64_t now_us) {
    __atomic_store_n(&sink->shown_us, (gint64)now_us, __ATOMIC_RELAXED);
    g_atomic_int_set(&sink->is_awaiting, 0);
    note(sink, FACT_SHOWN, 0, 0);
    player_wake(sink->player);
}

static void write_down(sink_t *sink, GstClockTime pts, GstClockTime length, bool is_gap) {
    const guint head = sink->head;
    const GstSegment *const segment = &sink->segment;
    const uint64_t now_us = sink_now_us();
    if (GST_CLOCK_TIME_IS_VALID(pts) && segment->format == GST_FORMAT_TIME &&
        pts < segment->start && GST_CLOCK_TIME_IS_VALID(length) && pts + length > segment->start) {
        length -= segment->start - pts;
        pts = segment->start;
    }
    const GstClockTime running_ns =
        GST_CLOCK_TIME_IS_VALID(pts) && segment->format == GST_FORMAT_TIME
            ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts)
            : GST_CLOCK_TIME_NONE;
    if (GST_CLOCK_TIME_IS_VALID(pts) && !GST_CLOCK_TIME_IS_VALID(running_ns)) {
        return; /* outside the segment: the sink leaves it out */
    }
    if (!is_gap && g_atomic_int_get(&sink->is_awaiting) != 0) {
        note_shown(sink, now_us);
    }
    if (head - __atomic_load_n(&sink->tail, __ATOMIC_ACQUIRE) >= SINK_FRAMES) {
        return;
    }
    const gdouble speed = segment->rate < 0 ? -segment->rate : segment->rate;
    const guint64 length_us = GST_CLOCK_TIME_IS_VALID(length) ? length / 1000 : 0;
    sink_frame_t *const frame = &sink->frames[head % SINK_FRAMES];
    frame->arrived_us = now_us;
    frame->running_ns = running_ns;
    frame->length_us =
        (uint32_t)(speed > 0 ? (gdouble)MIN(length_us, G_MAXINT32) / MAX(speed, 0.1) : 0);
    frame->epoch = (uint32_t)g_atomic_int_get(&sink->epoch);
    frame->is_gap = is_gap;
    __atomic_store_n(&sink->head, head + 1, __ATOMIC_RELEASE);
}

static void take_buffer(sink_t *sink, const GstBuffer *buffer) {
    write_down(sink,
               GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer),
               GST_BUFFER_DURATION(buffer), false);
}

/* ---- events --------------------------------------------------------------------------------- */

static void take_caps(sink_t *sink, GstEvent *event) {
    GstCaps *caps = NULL;
    gst_event_parse_caps(event, &caps);
    const GstStructure *const what = gst_caps_get_structure(caps, 0);
    gint width = 0;
    gint height = 0;
    g_atomic_int_set(&sink->is_video, g_str_has_prefix(gst_structure_get_name(what), "video/"));
    if (gst_structure_get_int(what, "width", &width) &&
        gst_structure_get_int(what, "height", &height) && width > 0 && width <= G_MAXINT16 &&
        height > 0 && height <= G_MAXINT16) {
        g_atomic_int_set(&sink->size, width << 16 | height);
    }
}

/* A sink that is neither screen nor loudspeaker: now its `sync` is what it will be. */
static void take_begin(sink_t *sink, GstPad *pad) {
    g_atomic_int_set(&sink->is_drained, 0);
    g_atomic_int_set(&sink->is_awaiting, 1);
    g_atomic_int_set(&sink->is_streaming, 1);
    if (!sink->is_viewed && sink->buffer_probe == 0) {
        gboolean is_timed = FALSE;
        GstElement *const element = gst_pad_get_parent_element(pad);
        if (element != NULL) {
            g_object_get(element, "sync", &is_timed, NULL);
            gst_object_unref(element);
        }
        g_atomic_int_set(&sink->is_timed, is_timed);
        note(sink, FACT_SINK, is_timed ? ROLE_TIMED : ROLE_OTHER, 0);
        if (is_timed) {
            sink->buffer_probe = sink_probe_add(sink, pad, element_probe_types(pad));
        }
    }
    player_wake(sink->player);
}

static void take_gap(sink_t *sink, GstEvent *event) {
    GstClockTime at = GST_CLOCK_TIME_NONE;
    GstClockTime length = GST_CLOCK_TIME_NONE;
    gst_event_parse_gap(event, &at, &length);
    write_down(sink, at, length, true);
}

static void take_segment(sink_t *sink, GstEvent *event) {
    gst_event_copy_segment(event, &sink->segment);
    g_atomic_int_set(&sink->is_drained, 0);
    g_atomic_int_set(&sink->rate_permille,
                     (gint)(CLAMP(sink->segment.rate, -1000.0, 1000.0) * 1000.0));
}

static void take_seek(sink_t *sink, GstEvent *event) {
    GstSeekFlags flags = GST_SEEK_FLAG_NONE;
    gst_event_parse_seek(event, NULL, NULL, &flags, NULL, NULL, NULL, NULL);
    note(sink, FACT_SEEK, (int32_t)gst_event_get_seqnum(event),
         (flags & GST_SEEK_FLAG_FLUSH) != 0 ? 1 : 0);
    player_wake(sink->player);
}

static void take_flush(sink_t *sink, GstEvent *event) {
    g_atomic_int_inc(&sink->epoch);
    g_atomic_int_set(&sink->is_awaiting, 1);
    g_atomic_int_set(&sink->is_drained, 0);
    note(sink, FACT_FLUSH, (int32_t)gst_event_get_seqnum(event), 0);
    player_wake(sink->player);
}

static void take_event(sink_t *sink, GstPad *pad, GstEvent *event) {
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START: take_begin(sink, pad); break;
    case GST_EVENT_CAPS: take_caps(sink, event); break;
    case GST_EVENT_SEGMENT: take_segment(sink, event); break;
    case GST_EVENT_GAP: take_gap(sink, event); break;
    case GST_EVENT_EOS: g_atomic_int_set(&sink->is_drained, 1); break;
    case GST_EVENT_FLUSH_START: take_flush(sink, event); break;
    case GST_EVENT_SEEK: take_seek(sink, event); break;
    default: break;
    }
}

/* ---- the probe ------------------------------------------------------------------------------ */

/* On behalf of a watcher who may come when all is gone. The bus tells most of it, too, unless the
 * application keeps it from us. */
static void look_ahead(sink_t *sink, GstPad *pad) {
    GstElement *const pipeline = g_weak_ref_get(&sink->player->weak);
    if (pipeline != NULL) {
        player_look_at_target(sink->player, pipeline);
        gst_object_unref(pipeline);
    }
    GstElement *const element = gst_pad_get_parent_element(pad);
    if (element != NULL) {
        sink_keep_clock(sink, element);
        gst_object_unref(element);
    }
}

static GstPadProbeReturn look(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    sink_t *const sink = data;
    if (g_atomic_int_get(&sink->is_seen) == 0) {
        look_ahead(sink, pad);
    }
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
        take_buffer(sink, GST_PAD_PROBE_INFO_BUFFER(info));
    } else if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
        GstBufferList *const list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
        const guint count = gst_buffer_list_length(list);
        for (guint i = 0; i < count; i++) {
            take_buffer(sink, gst_buffer_list_get(list, i));
        }
    } else {
        take_event(sink, pad, GST_PAD_PROBE_INFO_EVENT(info));
    }
    return GST_PAD_PROBE_OK;
}

gulong sink_probe_add(sink_t *sink, GstPad *pad, GstPadProbeType what) {
    return gst_pad_add_probe(pad, what, look, sink_ref(sink), sink_unref);
}
