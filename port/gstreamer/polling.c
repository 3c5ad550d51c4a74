/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody announces: asked for once a second. */
#include <gst/audio/streamvolume.h>
#include <string.h>

#include "player_inside.h"
#include "sink.h"
#include "tally/tally.h"

/* A length that is known may still grow. */
#define DURATION_AGAIN_MS 10000u

/* ---- texts ---------------------------------------------------------------------------------- */

void polling_text(const player_t *player, enum tally_metric metric, const char *text) {
    gchar *const whole = g_utf8_make_valid(text, -1);
    const gchar *end = whole + MIN(strlen(whole), (size_t)TALLY_TEXT_BYTES - 1);
    end = *end == '\0' ? end : g_utf8_find_prev_char(whole, end + 1);
    gchar *const cut = g_strndup(whole, end != NULL ? (gsize)(end - whole) : 0);
    (void)tally_hook_text(watcher_tally(), player->session, metric, cut);
    g_free(cut);
    g_free(whole);
}

/* Without what may be a secret: user and password, query and fragment; of data in the address
 * itself no more than that. */
static gchar *strip(const gchar *uri) {
    if (g_str_has_prefix(uri, "data:")) {
        return g_strdup("data:");
    }
    GString *const out = g_string_new_len(uri, (gssize)strcspn(uri, "?#"));
    const gchar *const authority = strstr(out->str, "://");
    if (authority != NULL) {
        const gchar *const begin = authority + 3;
        const gchar *const at = g_strrstr_len(begin, (gssize)strcspn(begin, "/"), "@");
        if (at != NULL) {
            g_string_erase(out, begin - out->str, at + 1 - begin);
        }
    }
    return g_string_free(out, FALSE);
}

static gchar *property_text(GstElement *element, const char *name) {
    const GParamSpec *const spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
    gchar *text = NULL;
    if (spec != NULL && spec->value_type == G_TYPE_STRING) {
        g_object_get(element, name, &text, NULL);
    }
    return text;
}

static gint is_not_source(gconstpointer value, gconstpointer unused) {
    const GstElement *const element = g_value_get_object(value);
    (void)unused;
    return GST_IS_URI_HANDLER(element) &&
                   gst_uri_handler_get_uri_type(GST_URI_HANDLER(element)) == GST_URI_SRC
               ? 0
               : 1;
}

static gchar *source_uri(GstElement *pipeline) {
    GstIterator *const all = gst_bin_iterate_recurse(GST_BIN(pipeline));
    GValue found = G_VALUE_INIT;
    gchar *uri = NULL;
    if (gst_iterator_find_custom(all, is_not_source, &found, NULL)) {
        uri = gst_uri_handler_get_uri(GST_URI_HANDLER(g_value_get_object(&found)));
        g_value_unset(&found);
    }
    gst_iterator_free(all);
    return uri;
}

char *polling_uri(GstElement *pipeline) {
    gchar *uri = property_text(pipeline, "current-uri");
    if (uri == NULL) {
        uri = property_text(pipeline, "uri");
    }
    if (uri == NULL && GST_IS_BIN(pipeline)) {
        uri = source_uri(pipeline);
    }
    return uri;
}

static void tell_source(player_t *player) {
    gchar *const uri = player->pipeline != NULL ? polling_uri(player->pipeline) : NULL;
    if (uri != NULL) {
        gchar *const bare = strip(uri);
        polling_text(player, TALLY_M_SOURCE, bare);
        g_free(bare);
        g_free(player->uri);
        player->uri = uri;
    }
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void set(const player_t *player, enum tally_metric metric, int64_t value) {
    (void)tally_hook_set(watcher_tally(), player->session, metric, value);
}

static void set_changed(const player_t *player, enum tally_metric metric, int32_t *last,
                        int32_t value) {
    if (*last != value) {
        *last = value;
        set(player, metric, value);
    }
}

static void poll_volume(player_t *player) {
    if (!GST_IS_STREAM_VOLUME(player->pipeline)) {
        return;
    }
    GstStreamVolume *const volume = GST_STREAM_VOLUME(player->pipeline);
    const gdouble level = gst_stream_volume_get_volume(volume, GST_STREAM_VOLUME_FORMAT_CUBIC);
    set_changed(player, TALLY_M_VOLUME, &player->volume_percent,
                (int32_t)(CLAMP(level, 0.0, 1.0) * 100.0 + 0.5));
    set_changed(player, TALLY_M_MUTED, &player->is_muted, gst_stream_volume_get_mute(volume));
}

static void poll_rate(player_t *player) {
    const int32_t rate = player->leader != NULL ? sink_rate_permille(player->leader) : 0;
    if (rate != 0) {
        set_changed(player, TALLY_M_PLAYBACK_RATE, &player->rate_permille, rate);
    }
}

static void poll_place(player_t *player, uint64_t now_ms) {
    gint64 at_ns = 0;
    gint64 length_ns = 0;
    if (gst_element_query_position(player->pipeline, GST_FORMAT_TIME, &at_ns) && at_ns >= 0) {
        set(player, TALLY_M_POSITION, at_ns / GST_MSECOND);
    }
    if (player->duration_asked_ms != 0 && now_ms < player->duration_asked_ms + DURATION_AGAIN_MS) {
        return;
    }
    player->duration_asked_ms = now_ms;
    if (gst_element_query_duration(player->pipeline, GST_FORMAT_TIME, &length_ns) &&
        length_ns > 0 && length_ns / (gint64)GST_MSECOND != player->duration_ms) {
        player->duration_ms = length_ns / (gint64)GST_MSECOND;
        set(player, TALLY_M_MEDIA_DURATION, player->duration_ms);
    }
}

void polling_begin(player_t *player) {
    guint major = 0;
    guint minor = 0;
    guint micro = 0;
    guint nano = 0;
    gst_version(&major, &minor, &micro, &nano);
    gchar *const version = g_strdup_printf("%u.%u.%u", major, minor, micro);
    const char *const application = watcher_application();
    player->kbps = 0;
    player->rate_permille = 0;
    player->volume_percent = -1;
    player->is_muted = -1;
    player->duration_ms = 0;
    player->duration_asked_ms = 0;
    polling_text(player, TALLY_M_PLAYER_NAME, "GStreamer");
    polling_text(player, TALLY_M_PLAYER_VERSION, version);
    polling_text(player, TALLY_M_PLUGIN_VERSION, TALLY_VERSION);
    if (application != NULL) {
        polling_text(player, TALLY_M_APPLICATION, application);
    }
    g_free(version);
    tell_source(player);
}

void polling_poll(player_t *player, uint64_t now_ms) {
    if (player->uri == NULL) {
        tell_source(player);
    }
    poll_volume(player);
    poll_rate(player);
    if (judge_is_advancing(&player->judge)) {
        poll_place(player, now_ms);
    }
}
