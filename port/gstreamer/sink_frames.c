/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a picture, for tally_frames_t. How many were rendered and dropped is the sink's own
 * word where it has `stats`; when they were on screen, and with it freezes, follows from what the
 * probe wrote down. Frames that the sink dropped are looked for among those that came late.
 */
#include <string.h>

#include "sink_inside.h"

/* By then a frame that was due is in the sink's count, or was never rendered. */
#define COUNTED_AFTER_US 1000000u
#define MOST_AT_ONCE     1000u
#define KEPT_FRAMES      (SINK_FRAMES / 2)

/* False: it has none, or is gone. */
static bool read_stats(sink_t *sink, uint64_t *rendered, uint64_t *dropped) {
    GstElement *const element = sink->has_stats ? g_weak_ref_get(&sink->element) : NULL;
    GstStructure *stats = NULL;
    if (element == NULL) {
        return false;
    }
    g_object_get(element, "stats", &stats, NULL);
    gst_object_unref(element);
    guint64 shown = 0;
    guint64 left_out = 0;
    const bool has = stats != NULL && gst_structure_get_uint64(stats, "rendered", &shown) &&
                     gst_structure_get_uint64(stats, "dropped", &left_out);
    g_clear_pointer(&stats, gst_structure_free);
    *rendered = shown;
    *dropped = left_out;
    return has;
}

static void show(sink_t *sink, uint64_t at_us) {
    tally_frames_rendered(&sink->statistics, (uint32_t)at_us);
    sink->told++;
}

/* Whether this frame was rendered, and may be counted by now. */
enum verdict { SHOWN, NOT_SHOWN, NOT_YET };

static enum verdict judge(sink_t *sink, const sink_frame_t *frame, uint64_t due_us,
                          uint64_t until_us) {
    if (frame->is_gap || frame->epoch != (uint32_t)g_atomic_int_get(&sink->epoch)) {
        return NOT_SHOWN;
    }
    if (due_us > until_us) {
        return NOT_YET;
    }
    if (sink->to_skip > 0 && sink->clock.is_clocked && due_us == frame->arrived_us) {
        sink->to_skip--;
        return NOT_SHOWN;
    }
    if (!sink->has_stats || sink->told < sink->stated) {
        return SHOWN;
    }
    return due_us + COUNTED_AFTER_US < until_us ? NOT_SHOWN : NOT_YET;
}

static void count_frames(sink_t *sink, uint64_t until_us) {
    const guint head = __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE);
    while (sink->counted != head) {
        const sink_frame_t *const frame = &sink->frames[sink->counted % SINK_FRAMES];
        const uint64_t due_us = sink_due_us(sink, sink->counted, head);
        const enum verdict verdict = judge(sink, frame, due_us, until_us);
        if (verdict == NOT_YET) {
            break;
        }
        if (verdict == SHOWN) {
            show(sink, due_us);
        }
        sink->counted++;
    }
}

/* Frames written down, not counted yet, that have left the sink: it takes no other before it has
 * shown the one it has. */
static uint64_t count_left(const sink_t *sink) {
    const guint head = __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE);
    const uint32_t epoch = (uint32_t)g_atomic_int_get(&sink->epoch);
    uint64_t left = 0;
    for (guint nth = sink->counted; nth != head; nth++) {
        const sink_frame_t *const frame = &sink->frames[nth % SINK_FRAMES];
        const bool has_left = nth + 1 != head || g_atomic_int_get(&sink->is_drained) != 0 ||
                              sink_has_shown(sink, nth, head);
        left += !frame->is_gap && frame->epoch == epoch && has_left ? 1 : 0;
    }
    return left;
}

/* The sink's counts begin anew when it leaves PLAYING: what it had rendered since it was asked last
 * is what has left it. */
static void take_restart(sink_t *sink, uint64_t rendered, uint64_t dropped) {
    sink->stated = sink->told + count_left(sink);
    sink->own_rendered = rendered;
    sink->own_dropped = dropped;
    sink->to_skip = 0;
}

static void take_stats(sink_t *sink) {
    uint64_t rendered = 0;
    uint64_t dropped = 0;
    if (!read_stats(sink, &rendered, &dropped)) {
        return;
    }
    if (rendered < sink->own_rendered || dropped < sink->own_dropped) {
        take_restart(sink, rendered, dropped);
        return;
    }
    sink->stated += rendered - sink->own_rendered;
    sink->to_skip += dropped - sink->own_dropped;
    tally_frames_dropped(&sink->statistics, (uint32_t)(dropped - sink->own_dropped));
    sink->own_rendered = rendered;
    sink->own_dropped = dropped;
}

void sink_begin(sink_t *sink, tally_session_id_t session) {
    if (sink->session == session || g_atomic_int_get(&sink->is_video) == 0) {
        return;
    }
    tally_frames_init(&sink->statistics);
    sink->told_size = 0;
    sink->told = 0;
    sink->stated = 0;
    sink->to_skip = 0;
    if (tally_attach_frames(watcher_tally(), session, &sink->statistics) == 0) {
        sink->session = session;
    }
}

static void settle(sink_t *sink) {
    for (uint32_t i = 0; i < MOST_AT_ONCE && sink->told < sink->stated; i++) {
        show(sink, 0);
    }
}

/* Without a session nobody wants them; those of the moments before it begins are kept for it. */
static void skip_frames(sink_t *sink) {
    const bool may_begin = g_atomic_int_get(&sink->is_video) != 0 && sink->clock.runs;
    if (!may_begin ||
        __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE) - sink->counted > KEPT_FRAMES) {
        sink->counted = sink->judged;
    }
    sink_give_room(sink);
}

void sink_count(sink_t *sink, uint64_t until_ms, bool advances) {
    const uint64_t until_us = until_ms * 1000u + 999u;
    const gint size = g_atomic_int_get(&sink->size);
    if (sink->session == 0) {
        skip_frames(sink);
        return;
    }
    if (size != sink->told_size) {
        sink->told_size = size;
        tally_frames_size(&sink->statistics, (uint16_t)((guint)size >> 16),
                          (uint16_t)((guint)size & 0xffffu));
    }
    if (sink->statistics.is_held == advances) {
        tally_frames_hold(&sink->statistics, !advances, (uint32_t)sink_now_us());
    }
    take_stats(sink);
    count_frames(sink, until_us);
    if (!advances) {
        settle(sink);
    }
    sink_give_room(sink);
}

void sink_drop(sink_t *sink, uint32_t frames) {
    if (sink->session != 0) {
        tally_frames_dropped(&sink->statistics, frames);
    }
}

void sink_end(sink_t *sink, uint64_t until_ms, bool goes_on) {
    if (sink->session != 0) {
        if (goes_on) {
            take_stats(sink);
        } else if (sink->has_stats) {
            take_restart(sink, 0, 0);
        }
        count_frames(sink, until_ms * 1000u + 999u);
        tally_frames_hold(&sink->statistics, true, (uint32_t)sink_now_us());
        settle(sink);
        (void)tally_detach(watcher_tally(), &sink->statistics);
        sink->session = 0;
    }
    if (!goes_on) {
        sink->own_rendered = 0;
        sink->own_dropped = 0;
    }
}
