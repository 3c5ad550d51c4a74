/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <stdlib.h>
#include <string.h>

#include "element.h"
#include "sink_inside.h"

/* ---- which elements ------------------------------------------------------------------------- */

static bool is_of_class(GstElement *element, const char *what) {
    const gchar *const klass =
        gst_element_class_get_metadata(GST_ELEMENT_GET_CLASS(element), GST_ELEMENT_METADATA_KLASS);
    return klass != NULL && strstr(klass, what) != NULL;
}

static bool is_for_viewers(GstElement *element) {
    return is_of_class(element, "Sink") &&
           (is_of_class(element, "Video") || is_of_class(element, "Audio")) &&
           !is_of_class(element, "Network") && !is_of_class(element, "File");
}

typedef struct {
    bool is_viewed;
    bool
        is_inner; /* the business of a source or a peer connection, that has it for RTCP and such */
} place_t;

/* The real sink may lie in a bin that is one by its class (fakevideosink, autovideosink). */
static place_t look_around(GstElement *element) {
    place_t place = {.is_viewed = is_for_viewers(element)};
    GstObject *above = gst_object_get_parent(GST_OBJECT(element));
    while (above != NULL) {
        GstObject *const next = gst_object_get_parent(above);
        if (GST_IS_ELEMENT(above) && next != NULL) {
            GstElement *const bin = GST_ELEMENT(above);
            place.is_viewed = place.is_viewed || is_for_viewers(bin);
            place.is_inner =
                place.is_inner || is_of_class(bin, "Source") || is_of_class(bin, "WebRTC");
        }
        gst_object_unref(above);
        above = next;
    }
    return place;
}

static GstPad *last_pad(GstElement *element) {
    GstPad *pad = gst_element_get_static_pad(element, "sink");
    if (pad == NULL) {
        GST_OBJECT_LOCK(element);
        pad = element->sinkpads != NULL ? gst_object_ref(element->sinkpads->data) : NULL;
        GST_OBJECT_UNLOCK(element);
    }
    return pad;
}

static bool has_flag(GstElement *element, const char *name) {
    const GParamSpec *const spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
    return spec != NULL && spec->value_type == G_TYPE_BOOLEAN;
}

/* A sink by Rialto is no GstBaseSink, and its `stats` a pointer to something of its own. */
static bool has_stats(GstElement *element) {
    const GParamSpec *const spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element), "stats");
    return spec != NULL && spec->value_type == GST_TYPE_STRUCTURE;
}

static sink_t *make(player_t *player, GstElement *element, GstPad *pad) {
    static gint last_number;
    sink_t *const sink = calloc(1, sizeof *sink);
    if (sink == NULL) {
        return NULL;
    }
    sink->references = 1;
    sink->number = (uint32_t)g_atomic_int_add(&last_number, 1) + 1;
    sink->player = player_ref(player);
    sink->is_awaiting = 1;
    sink->has_stats = has_stats(element);
    g_weak_ref_init(&sink->element, element);
    g_weak_ref_init(&sink->pad, pad);
    gst_segment_init(&sink->segment, GST_FORMAT_UNDEFINED);
    return sink;
}

bool sink_is_player(GstElement *element) {
    return is_of_class(element, "Bin/Player");
}

sink_t *sink_new(player_t *player, GstElement *element) {
    if (GST_IS_BIN(element) || !GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SINK)) {
        return NULL;
    }
    const place_t place = look_around(element);
    const bool may_be_timed = !is_of_class(element, "Network") && !is_of_class(element, "File") &&
                              has_flag(element, "sync");
    if (place.is_inner) {
        return NULL;
    }
    if (!place.is_viewed && !may_be_timed) {
        player_note(player, FACT_SINK, ROLE_OTHER, 0, NULL);
        return NULL;
    }
    GstPad *pad = last_pad(element);
    sink_t *const sink = pad != NULL ? make(player, element, pad) : NULL;
    if (sink != NULL) {
        const GstPadProbeType buffers = place.is_viewed ? element_probe_types(pad) : 0;
        sink->is_viewed = place.is_viewed;
        sink->is_video = is_of_class(element, "Video");
        sink->probe = sink_probe_add(
            sink, pad, buffers | GST_PAD_PROBE_TYPE_EVENT_BOTH | GST_PAD_PROBE_TYPE_EVENT_FLUSH);
        if (place.is_viewed) {
            player_note(player, FACT_SINK, ROLE_VIEWED, 0, NULL);
        }
    }
    g_clear_object(&pad);
    return sink;
}

void sink_free(sink_t *sink) {
    GstPad *const pad = g_weak_ref_get(&sink->pad);
    if (pad != NULL) {
        gst_pad_remove_probe(pad, sink->probe);
        if (sink->buffer_probe != 0) {
            gst_pad_remove_probe(pad, sink->buffer_probe);
        }
        gst_object_unref(pad);
    }
    sink_unref(sink);
}

bool sink_is_of(const sink_t *sink, const GstElement *element) {
    GstElement *own = g_weak_ref_get((GWeakRef *)&sink->element);
    const bool is = own == element;
    g_clear_object(&own);
    return is;
}

void sink_remove(sink_t *sink) {
    g_atomic_int_set(&sink->is_removed, 1);
}

void sink_note_leave(sink_t *sink) {
    sink->has_left = g_atomic_int_get(&sink->is_removed) != 0;
}

bool sink_has_left(const sink_t *sink) {
    return sink->has_left;
}

/* ---- what it saw ---------------------------------------------------------------------------- */

uint64_t sink_shown_ms(const sink_t *sink) {
    const bool was_shown =
        g_atomic_int_get(&sink->is_streaming) != 0 && g_atomic_int_get(&sink->is_awaiting) == 0;
    return was_shown ? (uint64_t)__atomic_load_n(&sink->shown_us, __ATOMIC_RELAXED) / 1000u : 0;
}

uint32_t sink_rank(const sink_t *sink) {
    if (!sink->is_viewed && g_atomic_int_get(&sink->is_timed) == 0) {
        return 0;
    }
    const uint32_t viewed = sink->is_viewed ? 2 : 1;
    const uint32_t picture = g_atomic_int_get(&sink->is_video) != 0 ? SINK_PICTURE : 0;
    return viewed + picture;
}

bool sink_saw(const sink_t *sink, const fact_t *fact) {
    return sink->number == fact->sink;
}

bool sink_is_drained(const sink_t *sink) {
    return g_atomic_int_get(&sink->is_drained) != 0 &&
           sink->judged == __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE);
}

bool sink_is_at_hand(const sink_t *sink) {
    return g_atomic_int_get(&sink->is_drained) != 0 ||
           sink->judged != __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE);
}

int32_t sink_rate_permille(const sink_t *sink) {
    return g_atomic_int_get(&sink->rate_permille);
}

/* ---- frames as facts ---------------------------------------------------------------------------
 */

static fact_t *make_fact(const sink_t *sink, const sink_frame_t *frame, uint64_t due_us) {
    fact_t *const fact = malloc(sizeof *fact + 1);
    if (fact != NULL) {
        *fact = (fact_t){.kind = FACT_FRAME,
                         .at_ms = due_us / 1000u,
                         .arrived_ms = frame->arrived_us / 1000u,
                         .length_ms = frame->length_us / 1000u,
                         .sink = sink->number};
    }
    return fact;
}

void sink_give_room(sink_t *sink) {
    const bool judged_is_behind = (gint)(sink->judged - sink->counted) < 0;
    __atomic_store_n(&sink->tail, judged_is_behind ? sink->judged : sink->counted,
                     __ATOMIC_RELEASE);
}

fact_t *sink_frames(sink_t *sink, uint64_t until_ms) {
    const guint head = __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE);
    const uint32_t epoch = (uint32_t)g_atomic_int_get(&sink->epoch);
    fact_t *first = NULL;
    fact_t **last = &first;
    while (sink->judged != head) {
        const sink_frame_t *const frame = &sink->frames[sink->judged % SINK_FRAMES];
        const uint64_t due_us = sink_due_us(sink, sink->judged, head);
        if (frame->epoch == epoch && due_us / 1000u > until_ms) {
            break;
        }
        if (frame->epoch == epoch) {
            *last = make_fact(sink, frame, due_us);
            last = *last != NULL ? &(*last)->next : last;
        }
        sink->judged++;
    }
    return first;
}

void sink_pass(sink_t *sink) {
    sink->judged = __atomic_load_n(&sink->head, __ATOMIC_ACQUIRE);
}
