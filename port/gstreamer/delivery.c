/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery.h"

#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "media.h"
#include "watch.h"

typedef struct {
    media_t *media;
    GstElement *element;
    watch_t *watch;
    gboolean is_download; /* of something, be it a manifest */
    gint has_length;      /* so that it will end */
} delivery_t;

/* By their factories; what a demuxer knows better has a higher rank (adaptive.c). */
static const struct {
    const char *factory;
    enum tally_delivery delivery;
    unsigned rank;
    gboolean is_live;
} known[] = {
    {"filesrc", TALLY_DELIVERY_FILE, 1, FALSE},    {"giosrc", TALLY_DELIVERY_FILE, 1, FALSE},
    {"udpsrc", TALLY_DELIVERY_RTP, 1, TRUE},       {"rtspsrc", TALLY_DELIVERY_RTP, 2, TRUE},
    {"rtpsrc", TALLY_DELIVERY_RTP, 2, TRUE},       {"dvbsrc", TALLY_DELIVERY_DVB, 1, TRUE},
    {"dvbbasebin", TALLY_DELIVERY_DVB, 1, TRUE},   {"webrtcbin", TALLY_DELIVERY_WEBRTC, 2, TRUE},
    {"webrtcsrc", TALLY_DELIVERY_WEBRTC, 2, TRUE}, {"rtmpsrc", TALLY_DELIVERY_RTMP, 1, TRUE},
    {"rtmp2src", TALLY_DELIVERY_RTMP, 1, TRUE},    {"srtsrc", TALLY_DELIVERY_SRT, 1, TRUE},
    {"srtclientsrc", TALLY_DELIVERY_SRT, 1, TRUE},
};

static void note_factory(const delivery_t *delivery, const char *factory) {
    for (unsigned i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(factory, known[i].factory) != 0) {
            continue;
        }
        media_number(delivery->media, delivery, known[i].rank, TALLY_M_DELIVERY, known[i].delivery);
        if (known[i].is_live || known[i].delivery == TALLY_DELIVERY_FILE) {
            media_number(delivery->media, delivery, 1, TALLY_M_PLAYBACK_TYPE,
                         known[i].is_live ? TALLY_PLAYBACK_LIVE : TALLY_PLAYBACK_VOD);
        }
    }
}

/* Decryptors say by their class that they are some, and by the caps they take for which system. */
static void note_decryptor(const delivery_t *delivery, GstElement *element) {
    const GList *const list =
        gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
    if (list == NULL) {
        return;
    }
    GstCaps *const caps = gst_pad_template_get_caps(list->data);
    gchar *const text = gst_caps_to_string(caps);
    media_number(delivery->media, delivery, 3, TALLY_M_PROTECTION,
                 manifest_protection(text, strlen(text)));
    g_free(text);
    gst_caps_unref(caps);
}

/* The host of the fragments is better than that of the manifest, and whoever answered better than
 * whom was asked. */
static void note_host(const delivery_t *delivery, unsigned rank, const char *uri) {
    GstUri *const parsed = uri == NULL ? NULL : gst_uri_from_string(uri);
    if (parsed == NULL) {
        return;
    }
    media_text(delivery->media, delivery, rank, TALLY_M_CDN_HOST, gst_uri_get_host(parsed));
    gst_uri_unref(parsed);
}

/* Names of headers come in any case; values as text, or as lists of them. */
typedef struct {
    const char *name;
    const char *value;
} header_t;

static gboolean find_header(GQuark name, const GValue *value, gpointer data) {
    header_t *const header = data;
    if (g_ascii_strcasecmp(g_quark_to_string(name), header->name) == 0 &&
        G_VALUE_HOLDS_STRING(value)) {
        header->value = g_value_get_string(value);
    }
    return TRUE;
}

static const char *header_of(const GstStructure *headers, const char *name) {
    header_t header = {name, NULL};
    (void)gst_structure_foreach(headers, find_header, &header);
    return header.value;
}

static void note_reply(delivery_t *delivery, const GstStructure *headers) {
    const char *const length = header_of(headers, "Content-Length");
    const char *const type = header_of(headers, "Content-Type");
    if (header_of(headers, "icy-metaint") != NULL || header_of(headers, "icy-name") != NULL) {
        media_number(delivery->media, delivery, 1, TALLY_M_PLAYBACK_TYPE, TALLY_PLAYBACK_LIVE);
    } else if (length != NULL) {
        stored_total(media_stored(delivery->media), strtoull(length, NULL, 10));
        g_atomic_int_set(&delivery->has_length, 1);
    }
    if (type != NULL) {
        char plain[64];
        (void)g_strlcpy(plain, type, sizeof plain);
        plain[strcspn(plain, "; ")] = '\0';
        media_text(delivery->media, delivery, 3, TALLY_M_MIME_TYPE, plain);
    }
}

/* What HTTP sources tell of each answer. */
static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    delivery_t *const delivery = state;
    const GstStructure *const structure = gst_event_get_structure(event);
    GstStructure *headers = NULL;
    (void)pad;
    if (GST_EVENT_TYPE(event) != GST_EVENT_CUSTOM_DOWNSTREAM_STICKY || structure == NULL ||
        !gst_structure_has_name(structure, "http-headers")) {
        return;
    }
    const char *const moved = gst_structure_get_string(structure, "redirection-uri");
    const gboolean is_fragment = kind_within_adaptive(delivery->element) > 0;
    note_host(delivery, is_fragment ? 2 : 1,
              moved != NULL ? moved : gst_structure_get_string(structure, "uri"));
    if (!is_fragment &&
        gst_structure_get(structure, "response-headers", GST_TYPE_STRUCTURE, &headers, NULL)) {
        note_reply(delivery, headers);
        gst_structure_free(headers);
    }
}

static void destroy(gpointer state) {
    delivery_t *const delivery = state;
    media_release(delivery->media);
    g_free(delivery);
}

static const watch_rules_t rules = {
    .direction = GST_PAD_SRC, .event = on_event, .destroy = destroy};

static gboolean is_source(GstElement *element) {
    return kind_is(element, "Source") || g_str_equal(kind_factory(element), "webrtcbin");
}

static gboolean takes(GstElement *element) {
    return is_source(element) || kind_is(element, "Decryptor");
}

static gboolean is_download(GstElement *element) {
    const char *const factory = kind_factory(element);
    return g_str_equal(factory, "souphttpsrc") || g_str_equal(factory, "curlhttpsrc") ||
           g_str_equal(factory, "neonhttpsrc");
}

static gpointer attach(player_t *player, GstElement *element) {
    delivery_t *const delivery = g_new0(delivery_t, 1);
    delivery->media = media_join(player);
    delivery->element = element;
    if (!is_source(element)) {
        note_decryptor(delivery, element);
    } else if (kind_within_adaptive(element) == 0) {
        note_factory(delivery, kind_factory(element));
        delivery->is_download = is_download(element);
    }
    delivery->watch = watch_begin(element, &rules, delivery);
    return delivery;
}

/* Sources that do not speak of their answers have an address all the same. */
static void note_address(const delivery_t *delivery) {
    if (GST_IS_URI_HANDLER(delivery->element)) {
        gchar *const uri = gst_uri_handler_get_uri(GST_URI_HANDLER(delivery->element));
        note_host(delivery, 1, uri);
        g_free(uri);
    }
}

static void note_playback(const delivery_t *delivery) {
    if (g_atomic_int_get(&delivery->has_length) != 0 &&
        media_noted(delivery->media, TALLY_M_DELIVERY) == TALLY_DELIVERY_PROGRESSIVE) {
        media_number(delivery->media, delivery, 1, TALLY_M_PLAYBACK_TYPE, TALLY_PLAYBACK_VOD);
    }
}

/* What is downloaded is the media itself unless a demuxer of adaptive streaming turns up, which it
 * has when the media is known. */
static void tell(gpointer state, tally_session_id_t session) {
    const delivery_t *const delivery = state;
    media_t *const media = delivery->media;
    if (delivery->is_download &&
        (media_has_text(media, TALLY_M_CONTAINER) || media_has_text(media, TALLY_M_VIDEO_CODEC) ||
         media_has_text(media, TALLY_M_AUDIO_CODEC))) {
        media_number(media, delivery, 1, TALLY_M_DELIVERY, TALLY_DELIVERY_PROGRESSIVE);
        note_playback(delivery);
    }
    media_tell(media, session);
}

static void begin(gpointer state, tally_session_id_t session) {
    note_address(state);
    tell(state, session);
}

static void detach(gpointer state) {
    const delivery_t *const delivery = state;
    media_leave(delivery->media, delivery);
    watch_end(delivery->watch);
}

const instrument_t instrument_delivery = {
    .name = "delivery",
    .takes = takes,
    .attach = attach,
    .begin = begin,
    .poll = tell,
    .end = tell,
    .detach = detach,
};
