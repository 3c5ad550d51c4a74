/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include "kind.h"
#include "media.h"
#include "watch.h"

typedef struct {
    media_t *media;
    watch_t *watch;
    GstElement *sink;
} screen_t;

static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    const screen_t *const screen = state;
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
        renditions_on_screen(media_renditions(screen->media), (uint32_t)width, (uint32_t)height,
                             player_now_ms());
    }
}

static void destroy(gpointer state) {
    screen_t *const screen = state;
    media_release(screen->media);
    g_free(screen);
}

static const watch_rules_t rules = {
    .direction = GST_PAD_SINK, .event = on_event, .destroy = destroy};

static gboolean takes(GstElement *element) {
    return !GST_IS_BIN(element) && (GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SINK) ||
                                    kind_is(element, "Sink/Video"));
}

static gpointer attach(player_t *player, GstElement *element) {
    screen_t *const screen = g_new0(screen_t, 1);
    screen->media = media_of(player);
    screen->sink = element;
    screen->watch = watch_begin(element, &rules, screen);
    return screen;
}

/* Sinks that own a plane of the display say how large it is (kmssink). */
static void note_display(const screen_t *screen, const char *property, enum tally_metric metric) {
    const GParamSpec *const spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(screen->sink), property);
    int pixels = 0;
    if (spec == NULL || spec->value_type != G_TYPE_INT || (spec->flags & G_PARAM_READABLE) == 0) {
        return;
    }
    g_object_get(screen->sink, property, &pixels, NULL);
    if (pixels > 0) {
        media_number(screen->media, screen, 1, metric, pixels);
    }
}

static void tell(gpointer state, tally_session_id_t session) {
    const screen_t *const screen = state;
    note_display(screen, "display-width", TALLY_M_DISPLAY_WIDTH);
    note_display(screen, "display-height", TALLY_M_DISPLAY_HEIGHT);
    media_tell(screen->media, session);
}

static void detach(gpointer state) {
    screen_t *const screen = state;
    media_forget(screen->media, screen);
    watch_end(screen->watch);
}

const instrument_t instrument_screen = {
    .name = "screen",
    .takes = takes,
    .attach = attach,
    .begin = tell,
    .poll = tell,
    .end = tell,
    .detach = detach,
};
