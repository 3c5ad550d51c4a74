/* SPDX-License-Identifier: Apache-2.0 */
/* What elements say on the pipeline's bus, heard in the thread that says it. */
#include "kind.h"
#include "player_inside.h"

_Static_assert((int)RUNG_NULL == (int)GST_STATE_NULL && (int)RUNG_READY == (int)GST_STATE_READY &&
                   (int)RUNG_PAUSED == (int)GST_STATE_PAUSED &&
                   (int)RUNG_PLAYING == (int)GST_STATE_PLAYING,
               "a rung is a state");

/* ---- errors --------------------------------------------------------------------------------- */

/* Codes of different domains begin anew: the thousands tell them apart. */
enum { OF_CORE = 1000, OF_LIBRARY = 2000, OF_RESOURCE = 3000, OF_STREAM = 4000, OF_OTHERS = 9000 };

static bool is_sink(GstObject *object) {
    return GST_IS_ELEMENT(object) && GST_OBJECT_FLAG_IS_SET(object, GST_ELEMENT_FLAG_SINK);
}

static bool is_local(GstObject *object) {
    gchar *const uri =
        GST_IS_URI_HANDLER(object) ? gst_uri_handler_get_uri(GST_URI_HANDLER(object)) : NULL;
    const bool is = uri != NULL && g_str_has_prefix(uri, "file:");
    g_free(uri);
    return is;
}

static bool is_of_class(GstObject *object, const char *part) {
    return GST_IS_ELEMENT(object) && kind_is(GST_ELEMENT(object), part);
}

static enum tally_error_class class_of_resource(GstObject *source, gint code) {
    if (is_sink(source)) {
        return TALLY_ERROR_PLAYER;
    }
    const bool is_there =
        is_of_class(source, "Adaptive") || /* it had the manifest */
        (code != GST_RESOURCE_ERROR_NOT_FOUND && code != GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    return is_there && !is_local(source) ? TALLY_ERROR_NETWORK : TALLY_ERROR_STREAM;
}

/* A source that ends with an error of its flow says that its stream failed, and not why: its server
 * is gone. A flow that nobody wants (not-linked) is another matter. A demuxer that fetches has
 * given up fetching. */
static bool has_lost_server(GstObject *source, const GstStructure *details) {
    gint flow = GST_FLOW_OK;
    const bool has_flow =
        details != NULL && gst_structure_get_int(details, "flow-return", &flow) != FALSE;
    return (has_flow && flow == GST_FLOW_ERROR && is_of_class(source, "Network")) ||
           ((!has_flow || flow == GST_FLOW_ERROR) && is_of_class(source, "Adaptive"));
}

static enum tally_error_class class_of_stream(GstObject *source, const GstStructure *details,
                                              gint code) {
    switch (code) {
    case GST_STREAM_ERROR_DECRYPT:
    case GST_STREAM_ERROR_DECRYPT_NOKEY: return TALLY_ERROR_DRM;
    case GST_STREAM_ERROR_FAILED:
        return has_lost_server(source, details) ? TALLY_ERROR_NETWORK : TALLY_ERROR_MEDIA;
    default: return TALLY_ERROR_MEDIA;
    }
}

static void note_error(player_t *player, enum fact_kind kind, GstObject *source,
                       const GError *error, const GstStructure *details) {
    enum tally_error_class class_ = TALLY_ERROR_UNKNOWN;
    int32_t thousands = OF_OTHERS;
    if (error->domain == GST_CORE_ERROR) {
        /* No decoder: nothing is wrong with the player but that it cannot play this. */
        class_ =
            error->code == GST_CORE_ERROR_MISSING_PLUGIN ? TALLY_ERROR_MEDIA : TALLY_ERROR_PLAYER;
        thousands = OF_CORE;
    } else if (error->domain == GST_LIBRARY_ERROR) {
        class_ = TALLY_ERROR_PLAYER;
        thousands = OF_LIBRARY;
    } else if (error->domain == GST_RESOURCE_ERROR) {
        class_ = class_of_resource(source, error->code);
        thousands = OF_RESOURCE;
    } else if (error->domain == GST_STREAM_ERROR) {
        class_ = class_of_stream(source, details, error->code);
        thousands = OF_STREAM;
    }
    player_note(player, kind, thousands + error->code, (int32_t)class_, error->message);
    player_wake(player);
}

/* ---- messages ------------------------------------------------------------------------------- */

static void take_error(player_t *player, GstMessage *message) {
    GError *error = NULL;
    const GstStructure *details = NULL;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &error, NULL);
        gst_message_parse_error_details(message, &details);
        note_error(player, FACT_FATAL, GST_MESSAGE_SRC(message), error, details);
    } else {
        gst_message_parse_warning(message, &error, NULL);
        note_error(player, FACT_ERROR, GST_MESSAGE_SRC(message), error, NULL);
    }
    g_error_free(error);
}

/* Sinks say what they drop in their statistics; decoders say it here alone. */
static void take_qos(player_t *player, GstMessage *message) {
    GstFormat format = GST_FORMAT_UNDEFINED;
    guint64 dropped = 0;
    gst_message_parse_qos_stats(message, &format, NULL, &dropped);
    if (!is_sink(GST_MESSAGE_SRC(message)) && format == GST_FORMAT_BUFFERS &&
        dropped <= G_MAXINT32) {
        player_note(player, FACT_DROPPED, (int32_t)dropped, 0, NULL);
    }
}

static void take_own(player_t *player, GstMessage *message) {
    GstState state = GST_STATE_VOID_PENDING;
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_STATE_CHANGED:
        gst_message_parse_state_changed(message, NULL, &state, NULL);
        player_note(player, FACT_STATE, (int32_t)state, 0, NULL);
        if (state == GST_STATE_PLAYING) {
            player_plays(player);
        }
        break;
    case GST_MESSAGE_STREAM_START: player_note(player, FACT_STREAM, 0, 0, NULL); break;
    case GST_MESSAGE_SEGMENT_DONE: player_note(player, FACT_SEGMENT_DONE, 0, 0, NULL); break;
    case GST_MESSAGE_EOS:
        player_note(player, FACT_END, 0, 0, NULL);
        player_wake(player);
        break;
    default: break;
    }
}

static void hear(GstBus *bus, GstMessage *message, gpointer data) {
    player_t *const player = data;
    GstElement *const pipeline = g_weak_ref_get(&player->weak);
    gint percent = 0;
    (void)bus;
    if (pipeline == NULL) {
        return;
    }
    g_atomic_int_set(&player->is_heard, 1);
    player_look_at_target(player, pipeline);
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_BUFFERING:
        gst_message_parse_buffering(message, &percent);
        player_note(player, FACT_BUFFERING, percent, 0, NULL);
        break;
    case GST_MESSAGE_ERROR:
    case GST_MESSAGE_WARNING: take_error(player, message); break;
    case GST_MESSAGE_QOS: take_qos(player, message); break;
    default:
        if (GST_MESSAGE_SRC(message) == GST_OBJECT(pipeline)) {
            take_own(player, message);
        }
        break;
    }
    gst_object_unref(pipeline);
}

/* ---- to it and away ------------------------------------------------------------------------- */

static void unref_player(gpointer player, GClosure *closure) {
    (void)closure;
    player_unref(player);
}

void bus_listen(player_t *player, GstElement *pipeline) {
    GstBus *const bus = gst_element_get_bus(pipeline);
    if (bus != NULL) {
        gst_bus_enable_sync_message_emission(bus);
        player->listening = g_signal_connect_data(bus, "sync-message", G_CALLBACK(hear),
                                                  player_ref(player), unref_player, 0);
        g_weak_ref_set(&player->bus, bus);
        gst_object_unref(bus);
    }
}

void bus_leave(player_t *player) {
    GstBus *const bus = g_weak_ref_get(&player->bus);
    if (bus != NULL) {
        g_signal_handler_disconnect(bus, player->listening);
        gst_bus_disable_sync_message_emission(bus);
        g_weak_ref_set(&player->bus, NULL);
        gst_object_unref(bus);
    }
}
