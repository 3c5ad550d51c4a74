/* SPDX-License-Identifier: Apache-2.0 */
#include "adaptive.h"

#include <string.h>

#include "kind.h"
#include "media.h"
#include "watch.h"

#define MOST_MANIFEST (2u << 20)
#define LEAST_WINDOW  (120 * (gint64)GST_SECOND) /* to be worth seeking in */

typedef struct {
    media_t *media;
    GstElement *element;
    watch_t *watch;
    GMutex lock;
    GByteArray *text; /* the manifest so far; NULL: too long, or read */
} adaptive_t;

static void note_manifest(const adaptive_t *adaptive, const manifest_t *manifest) {
    media_number(adaptive->media, adaptive, 3, TALLY_M_DELIVERY, manifest->delivery);
    media_number(adaptive->media, adaptive, 1, TALLY_M_PROTECTION, manifest->protection);
    if (manifest->playback >= 0) {
        media_number(adaptive->media, adaptive, 3, TALLY_M_PLAYBACK_TYPE, manifest->playback);
    }
    renditions_declared(media_renditions(adaptive->media), adaptive, manifest);
}

static void read_manifest(adaptive_t *adaptive) {
    manifest_t *const manifest = g_new(manifest_t, 1);
    g_mutex_lock(&adaptive->lock);
    const gboolean is_known =
        adaptive->text != NULL &&
        manifest_read(manifest, (const char *)adaptive->text->data, adaptive->text->len);
    g_clear_pointer(&adaptive->text, g_byte_array_unref);
    g_mutex_unlock(&adaptive->lock);
    if (is_known) {
        note_manifest(adaptive, manifest);
    }
    g_free(manifest);
}

static void on_buffer(gpointer state, GstPad *pad, GstBuffer *buffer) {
    adaptive_t *const adaptive = state;
    GstMapInfo map;
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SINK || !gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        return;
    }
    g_mutex_lock(&adaptive->lock);
    if (adaptive->text != NULL && adaptive->text->len + map.size > MOST_MANIFEST) {
        g_clear_pointer(&adaptive->text, g_byte_array_unref);
    }
    if (adaptive->text != NULL) {
        g_byte_array_append(adaptive->text, map.data, (guint)map.size);
    }
    g_mutex_unlock(&adaptive->lock);
    gst_buffer_unmap(buffer, &map);
}

/* hlsdemux and dashdemux put in front of each fragment what bitrate it has. */
static void on_tag(const adaptive_t *adaptive, GstEvent *event) {
    GstTagList *tags = NULL;
    guint bps = 0;
    gst_event_parse_tag(event, &tags);
    const GstClockTime until = stored_until(media_stored(adaptive->media));
    if (gst_tag_list_get_uint(tags, GST_TAG_NOMINAL_BITRATE, &bps) && bps >= 1000 &&
        GST_CLOCK_TIME_IS_VALID(until)) {
        renditions_fetched(media_renditions(adaptive->media), bps / 1000, FALSE, until);
    }
}

static void on_protection(const adaptive_t *adaptive, GstEvent *event) {
    const gchar *system = NULL;
    gst_event_parse_protection(event, &system, NULL, NULL);
    if (system != NULL) {
        media_number(adaptive->media, adaptive, 2, TALLY_M_PROTECTION,
                     manifest_protection(system, strlen(system)));
    }
}

static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    adaptive_t *const adaptive = state;
    const gboolean is_manifest = GST_PAD_DIRECTION(pad) == GST_PAD_SINK;
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_EOS:
        if (is_manifest) {
            read_manifest(adaptive);
        }
        break;
    case GST_EVENT_TAG:
        if (!is_manifest && !g_str_has_prefix(GST_OBJECT_NAME(pad), "audio")) {
            on_tag(adaptive, event);
        }
        break;
    case GST_EVENT_PROTECTION: on_protection(adaptive, event); break;
    default: break;
    }
}

/* HLS says on the bus which variant it has turned to, for what it fetches from now on. */
static void on_message(GstBus *bus, GstMessage *message, gpointer data) {
    const adaptive_t *const adaptive = watch_state(data);
    const GstStructure *const structure = gst_message_get_structure(message);
    int bps = 0;
    (void)bus;
    if (GST_MESSAGE_SRC(message) != GST_OBJECT(adaptive->element) || structure == NULL ||
        !gst_structure_has_name(structure, "adaptive-streaming-statistics") ||
        !gst_structure_get_int(structure, "bitrate", &bps) || bps < 1000) {
        return;
    }
    const GstClockTime until = stored_until(media_stored(adaptive->media));
    renditions_fetched(media_renditions(adaptive->media), (uint32_t)bps / 1000, TRUE,
                       GST_CLOCK_TIME_IS_VALID(until) ? until : 0);
}

static void destroy(gpointer state) {
    adaptive_t *const adaptive = state;
    media_release(adaptive->media);
    g_clear_pointer(&adaptive->text, g_byte_array_unref);
    g_mutex_clear(&adaptive->lock);
    g_free(adaptive);
}

static const watch_rules_t rules = {
    .direction = GST_PAD_UNKNOWN, .event = on_event, .buffer = on_buffer, .destroy = destroy};

static gboolean takes(GstElement *element) {
    return kind_is(element, "Adaptive");
}

static void note_kind(const adaptive_t *adaptive) {
    const char *const factory = kind_factory(adaptive->element);
    const enum tally_delivery delivery = g_str_has_prefix(factory, "dash")  ? TALLY_DELIVERY_DASH
                                         : g_str_has_prefix(factory, "mss") ? TALLY_DELIVERY_SMOOTH
                                                                            : TALLY_DELIVERY_HLS;
    media_number(adaptive->media, adaptive, 2, TALLY_M_DELIVERY, delivery);
}

static gpointer attach(player_t *player, GstElement *element) {
    adaptive_t *const adaptive = g_new0(adaptive_t, 1);
    g_mutex_init(&adaptive->lock);
    adaptive->media = media_join(player);
    adaptive->element = element;
    adaptive->text = g_byte_array_new();
    note_kind(adaptive);
    adaptive->watch = watch_begin(element, &rules, adaptive);
    GstElement *const top = kind_top(element);
    GstBus *const bus = gst_element_get_bus(top);
    if (bus != NULL) {
        watch_signal(adaptive->watch, bus, "sync-message::element", G_CALLBACK(on_message));
        gst_object_unref(bus);
    }
    gst_object_unref(top);
    return adaptive;
}

static GstPad *any_source_pad(GstElement *element) {
    GST_OBJECT_LOCK(element);
    GstPad *const pad =
        element->srcpads == NULL ? NULL : gst_object_ref(GST_PAD(element->srcpads->data));
    GST_OBJECT_UNLOCK(element);
    return pad;
}

/* What can be sought in of a live stream, in ns. */
static gint64 window_of(GstPad *pad) {
    GstQuery *const query = gst_query_new_seeking(GST_FORMAT_TIME);
    gboolean can_seek = FALSE;
    gint64 start = 0;
    gint64 stop = 0;
    if (gst_pad_query(pad, query)) {
        gst_query_parse_seeking(query, NULL, &can_seek, &start, &stop);
    }
    gst_query_unref(query);
    return can_seek && stop > start ? stop - start : 0;
}

/* The master playlist of HLS does not say whether it is live; the demuxer knows by the others. It
 * answers that a live stream's duration is unknown. */
static void note_playback(const adaptive_t *adaptive) {
    gint64 duration = 0;
    GstPad *const pad = any_source_pad(adaptive->element);
    if (pad == NULL) {
        return;
    }
    if (gst_pad_query_duration(pad, GST_FORMAT_TIME, &duration)) {
        const enum tally_playback live = duration < 0 && window_of(pad) >= LEAST_WINDOW
                                             ? TALLY_PLAYBACK_DVR
                                             : TALLY_PLAYBACK_LIVE;
        media_number(adaptive->media, adaptive, 2, TALLY_M_PLAYBACK_TYPE,
                     duration > 0 ? TALLY_PLAYBACK_VOD : live);
    }
    gst_object_unref(pad);
}

static gboolean has(const adaptive_t *adaptive, const char *property) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(adaptive->element), property) != NULL;
}

static void note_throughput(const adaptive_t *adaptive) {
    guint bps = 0;
    guint64 goal = 0;
    if (has(adaptive, "current-bandwidth")) {
        g_object_get(adaptive->element, "current-bandwidth", &bps, NULL);
    }
    if (bps > 0) {
        media_number(adaptive->media, adaptive, 1, TALLY_M_BANDWIDTH, bps / 1000);
    }
    if (has(adaptive, "high-watermark-time")) {
        g_object_get(adaptive->element, "high-watermark-time", &goal, NULL);
    }
    if (goal > 0) {
        media_number(adaptive->media, adaptive, 1, TALLY_M_BUFFER_GOAL,
                     (int64_t)(goal / GST_MSECOND));
    }
}

static void poll(gpointer state, tally_session_id_t session) {
    const adaptive_t *const adaptive = state;
    note_throughput(adaptive);
    if (media_noted(adaptive->media, TALLY_M_PLAYBACK_TYPE) < 0) {
        note_playback(adaptive);
    }
    media_tell(adaptive->media, session);
}

static void tell(gpointer state, tally_session_id_t session) {
    const adaptive_t *const adaptive = state;
    media_tell(adaptive->media, session);
}

static void detach(gpointer state) {
    const adaptive_t *const adaptive = state;
    media_leave(adaptive->media, adaptive);
    renditions_gone(media_renditions(adaptive->media), adaptive);
    watch_end(adaptive->watch);
}

const instrument_t instrument_adaptive = {
    .name = "adaptive",
    .takes = takes,
    .attach = attach,
    .begin = tell,
    .poll = poll,
    .end = tell,
    .detach = detach,
};
