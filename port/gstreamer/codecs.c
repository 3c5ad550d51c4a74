/* SPDX-License-Identifier: Apache-2.0 */
#include "codecs.h"

#include <string.h>

#include "kind.h"
#include "media.h"
#include "rfc6381.h"
#include "watch.h"

/* Who knows better what is played: a demuxer has tracks that are not, a decoder only those that
 * are. */
enum { RANK_DEMUXER = 1, RANK_PARSER = 2, RANK_DECODER = 3 };

typedef struct {
    media_t *media;
    watch_t *watch;
    unsigned rank;
    gboolean has_container;
    char factory[40];
} codecs_t;

static const struct {
    const char *caps;
    const char *container;
    const char *mime;
} containers[] = {
    {"video/quicktime", "mp4", "video/mp4"},
    {"audio/x-m4a", "mp4", "audio/mp4"},
    {"video/mpegts", "mpegts", "video/mp2t"},
    {"video/x-matroska", "matroska", "video/x-matroska"},
    {"audio/x-matroska", "matroska", "audio/x-matroska"},
    {"video/webm", "webm", "video/webm"},
    {"audio/webm", "webm", "audio/webm"},
    {"application/ogg", "ogg", "application/ogg"},
    {"video/ogg", "ogg", "video/ogg"},
    {"audio/ogg", "ogg", "audio/ogg"},
    {"video/x-flv", "flv", "video/x-flv"},
    {"video/x-msvideo", "avi", "video/x-msvideo"},
    {"video/mpeg", "mpegps", "video/mpeg"},
    {"audio/x-wav", "wav", "audio/wav"},
};

static gboolean note_container(const codecs_t *codecs, const GstStructure *structure,
                               unsigned rank) {
    for (unsigned i = 0; i < G_N_ELEMENTS(containers); i++) {
        if (gst_structure_has_name(structure, containers[i].caps)) {
            media_text(codecs->media, codecs, rank, TALLY_M_CONTAINER, containers[i].container);
            media_text(codecs->media, codecs, rank, TALLY_M_MIME_TYPE, containers[i].mime);
            return TRUE;
        }
    }
    return FALSE;
}

/* A demuxer that pulls gets no caps event: what it is for is known, if not whether there is a
 * picture. The first that is known and has one. */
static void note_template(const codecs_t *codecs, GstElement *element) {
    GstPadTemplate *const template = gst_element_get_pad_template(element, "sink");
    if (template == NULL) {
        return;
    }
    GstCaps *const caps = gst_pad_template_get_caps(template);
    const guint count = gst_caps_is_any(caps) ? 0 : gst_caps_get_size(caps);
    for (guint i = 0; i < count; i++) {
        const GstStructure *const structure = gst_caps_get_structure(caps, i);
        if (!g_str_has_prefix(gst_structure_get_name(structure), "audio/") &&
            note_container(codecs, structure, 1)) {
            break;
        }
    }
    gst_caps_unref(caps);
}

static void note_picture(const codecs_t *codecs, const GstStructure *structure) {
    int width = 0;
    int height = 0;
    int frames = 0;
    int seconds = 0;
    if (gst_structure_get_int(structure, "width", &width) &&
        gst_structure_get_int(structure, "height", &height) && width > 0 && height > 0) {
        media_number(codecs->media, codecs, codecs->rank, TALLY_M_FRAME_WIDTH, width);
        media_number(codecs->media, codecs, codecs->rank, TALLY_M_FRAME_HEIGHT, height);
    }
    if (gst_structure_get_fraction(structure, "framerate", &frames, &seconds) && frames > 0 &&
        seconds > 0) {
        media_number(codecs->media, codecs, codecs->rank, TALLY_M_FRAME_RATE,
                     ((int64_t)frames * 1000 + seconds / 2) / seconds);
    }
}

static void note_protection(const codecs_t *codecs, const GstStructure *structure) {
    const char *const system = gst_structure_get_string(structure, "protection-system");
    if (system != NULL) {
        media_number(codecs->media, codecs, 2, TALLY_M_PROTECTION,
                     manifest_protection(system, strlen(system)));
    }
}

static void note_codec(const codecs_t *codecs, const GstCaps *caps) {
    char name[RFC6381_BYTES];
    if (!rfc6381_of_caps(caps, name)) {
        return;
    }
    const gboolean is_video =
        g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(caps, 0)), "video/");
    media_text(codecs->media, codecs, codecs->rank,
               is_video ? TALLY_M_VIDEO_CODEC : TALLY_M_AUDIO_CODEC, name);
    if (codecs->rank == RANK_DECODER) {
        media_text(codecs->media, codecs, is_video ? 2 : 1, TALLY_M_PLAYBACK_TECH, codecs->factory);
    }
}

static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    const codecs_t *const codecs = state;
    GstCaps *caps = NULL;
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) {
        return;
    }
    gst_event_parse_caps(event, &caps);
    const GstStructure *const structure = gst_caps_get_structure(caps, 0);
    const char *const name = gst_structure_get_name(structure);
    note_protection(codecs, structure);
    if (codecs->has_container && GST_PAD_DIRECTION(pad) == GST_PAD_SINK) {
        (void)note_container(codecs, structure, 2);
        return;
    }
    if (GST_PAD_DIRECTION(pad) == GST_PAD_SRC || codecs->rank == RANK_DECODER) {
        note_codec(codecs, caps);
        if (g_str_has_prefix(name, "video/")) {
            note_picture(codecs, structure);
        }
    }
}

static void destroy(gpointer state) {
    codecs_t *const codecs = state;
    media_release(codecs->media);
    g_free(codecs);
}

static const watch_rules_t rules = {
    .direction = GST_PAD_UNKNOWN, .event = on_event, .destroy = destroy};

static unsigned rank_of(GstElement *element) {
    if (GST_IS_BIN(element) || kind_is(element, "Adaptive") || kind_is(element, "Encoder")) {
        return 0;
    }
    return kind_is(element, "Decoder")   ? RANK_DECODER
           : kind_is(element, "Parser")  ? RANK_PARSER
           : kind_is(element, "Demuxer") ? RANK_DEMUXER
                                         : 0;
}

static gboolean takes(GstElement *element) {
    return rank_of(element) > 0;
}

static gpointer attach(player_t *player, GstElement *element) {
    codecs_t *const codecs = g_new0(codecs_t, 1);
    codecs->media = media_join(player);
    codecs->rank = rank_of(element);
    codecs->has_container = kind_is(element, "Demuxer");
    (void)g_strlcpy(codecs->factory, kind_factory(element), sizeof codecs->factory);
    if (codecs->has_container) {
        note_template(codecs, element);
    }
    codecs->watch = watch_begin(element, &rules, codecs);
    return codecs;
}

static void tell(gpointer state, tally_session_id_t session) {
    const codecs_t *const codecs = state;
    media_tell(codecs->media, session);
}

static void detach(gpointer state) {
    codecs_t *const codecs = state;
    watch_t *const watch = codecs->watch;
    media_leave(codecs->media, codecs);
    watch_end(watch);
}

const instrument_t instrument_codecs = {
    .name = "codecs",
    .takes = takes,
    .attach = attach,
    .begin = tell,
    .poll = tell,
    .end = tell,
    .detach = detach,
};
