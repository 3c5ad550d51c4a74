/* SPDX-License-Identifier: Apache-2.0 */
#include "pictures.h"

#include "kind.h"
#include "media.h"
#include "watch.h"

typedef struct {
    media_t *media;
    watch_t *watch;
    GstElement *sink;
} pictures_t;

static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    const pictures_t *const pictures = state;
    GstCaps *caps = NULL;
    int width = 0;
    int height = 0;
    (void)pad;
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) {
        return;
    }
    gst_event_parse_caps(event, &caps);
    const GstStructure *const structure = gst_caps_get_structure(caps, 0);
    if (g_str_has_prefix(gst_structure_get_name(structure), "video/") &&
        gst_structure_get_int(structure, "width", &width) &&
        gst_structure_get_int(structure, "height", &height) && width > 0 && height > 0) {
        renditions_on_screen(media_renditions(pictures->media), (uint32_t)width, (uint32_t)height,
                             player_now_ms());
    }
}

static void destroy(gpointer state) {
    pictures_t *const pictures = state;
    media_release(pictures->media);
    g_free(pictures);
}

static const watch_rules_t rules = {
    .direction = GST_PAD_SINK, .event = on_event, .destroy = destroy};

static gboolean takes(GstElement *element) {
    return !GST_IS_BIN(element) && (GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SINK) ||
                                    kind_is(element, "Sink/Video"));
}

static gpointer attach(player_t *player, GstElement *element) {
    pictures_t *const pictures = g_new0(pictures_t, 1);
    pictures->media = media_join(player);
    pictures->sink = element;
    pictures->watch = watch_begin(element, &rules, pictures);
    return pictures;
}

/* Sinks that own a plane of the display say how large it is (kmssink). */
static void note_display(const pictures_t *pictures, const char *property,
                         enum tally_metric metric) {
    const GParamSpec *const spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(pictures->sink), property);
    int pixels = 0;
    if (spec == NULL || spec->value_type != G_TYPE_INT || (spec->flags & G_PARAM_READABLE) == 0) {
        return;
    }
    g_object_get(pictures->sink, property, &pixels, NULL);
    if (pixels > 0) {
        media_number(pictures->media, pictures, 1, metric, pixels);
    }
}

static void tell(gpointer state, tally_session_id_t session) {
    const pictures_t *const pictures = state;
    note_display(pictures, "display-width", TALLY_M_DISPLAY_WIDTH);
    note_display(pictures, "display-height", TALLY_M_DISPLAY_HEIGHT);
    media_tell(pictures->media, session);
}

static void detach(gpointer state) {
    pictures_t *const pictures = state;
    media_leave(pictures->media, pictures);
    watch_end(pictures->watch);
}

const instrument_t instrument_pictures = {
    .name = "pictures",
    .takes = takes,
    .attach = attach,
    .begin = tell,
    .poll = tell,
    .end = tell,
    .detach = detach,
};
