/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tracer for the sake of being loaded: it registers no hook, since one makes each buffer's way
 * through each pad dearer. Where bins get elements and lose them is all that is listened to.
 */
/* As long as GStreamer has had tracers, their interface has been called unstable. */
#define GST_USE_UNSTABLE_API
#include <gmodule.h>
#include <gst/gst.h>
#include <gst/gsttracer.h>

#include "player_inside.h"
#include "tally/tally.h"
#include "tally_gst.h"
#include "watcher.h"

#define PACKAGE "tally"

/* ---- pipelines ------------------------------------------------------------------------------ */

static GQuark player_quark(void) {
    return g_quark_from_static_string("tally-player");
}

static player_t *find_player(GstElement *pipeline) {
    static GMutex lock;
    g_mutex_lock(&lock);
    player_t *player = g_object_get_qdata(G_OBJECT(pipeline), player_quark());
    if (player == NULL) {
        player = player_new(pipeline);
        g_object_set_qdata_full(G_OBJECT(pipeline), player_quark(), player, player_unref);
        bus_listen(player, pipeline);
    }
    g_mutex_unlock(&lock);
    return player;
}

/* A pipeline that was made part of another one is no player of its own any more. */
static void swallow(GstElement *inner) {
    player_t *const player = g_object_steal_qdata(G_OBJECT(inner), player_quark());
    if (player != NULL) {
        bus_leave(player);
        player_retire(player, inner);
        player_unref(player);
    }
}

static bool is_top(gpointer bin) {
    return GST_IS_PIPELINE(bin) && GST_OBJECT_PARENT(bin) == NULL;
}

/* Emitted for each bin above the element: the topmost is the pipeline. */
static gboolean on_added(GSignalInvocationHint *hint, guint count, const GValue *values,
                         gpointer unused) {
    void *const bin = g_value_get_object(&values[0]);
    GstElement *const element = count == 3 ? g_value_get_object(&values[2]) : NULL;
    (void)hint;
    (void)unused;
    if (element != NULL && is_top(bin)) {
        player_t *const player = find_player(bin);
        if (GST_IS_PIPELINE(element)) {
            swallow(element);
        }
        player_add(player, element);
        player_look_at_target(player, bin);
    }
    return TRUE;
}

static gboolean on_removed(GSignalInvocationHint *hint, guint count, const GValue *values,
                           gpointer unused) {
    void *const bin = g_value_get_object(&values[0]);
    GstElement *const element = count == 3 ? g_value_get_object(&values[2]) : NULL;
    (void)hint;
    (void)unused;
    if (element != NULL && is_top(bin)) {
        player_t *const player = g_object_get_qdata(G_OBJECT(bin), player_quark());
        if (player != NULL) {
            player_remove(player, element);
        }
    }
    return TRUE;
}

static gpointer attach_once(gpointer unused) {
    void *const bins = g_type_class_ref(GST_TYPE_BIN);
    (void)unused;
    g_signal_add_emission_hook(g_signal_lookup("deep-element-added", GST_TYPE_BIN), 0, on_added,
                               NULL, NULL);
    g_signal_add_emission_hook(g_signal_lookup("deep-element-removed", GST_TYPE_BIN), 0, on_removed,
                               NULL, NULL);
    return bins;
}

G_MODULE_EXPORT gboolean tally_gst_attach(void) {
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, attach_once, NULL) != NULL;
}

/* ---- the tracer ----------------------------------------------------------------------------- */

typedef struct {
    GstTracer parent;
} TallyTracer;

typedef struct {
    GstTracerClass parent;
} TallyTracerClass;

GType tally_tracer_get_type(void);

/* cppcheck-suppress unknownMacro */
G_DEFINE_TYPE(TallyTracer, tally_tracer, GST_TYPE_TRACER)

/* GST_TRACERS="tally(socket=/run/other.sock,application=launcher)" */
static void read_params(GObject *tracer) {
    gchar *params = NULL;
    g_object_get(tracer, "params", &params, NULL);
    gchar *const whole = params != NULL ? g_strdup_printf("tally,%s", params) : NULL;
    GstStructure *const read = whole != NULL ? gst_structure_from_string(whole, NULL) : NULL;
    if (read != NULL) {
        watcher_configure(gst_structure_get_string(read, "socket"),
                          gst_structure_get_string(read, "application"));
        gst_structure_free(read);
    } else if (whole != NULL) {
        g_warning("tally: parameters not understood: %s", params);
    }
    g_free(whole);
    g_free(params);
}

static void tally_tracer_constructed(GObject *object) {
    G_OBJECT_CLASS(tally_tracer_parent_class)->constructed(object);
    read_params(object);
    (void)tally_gst_attach();
}

static void tally_tracer_class_init(TallyTracerClass *class) {
    G_OBJECT_CLASS(class)->constructed = tally_tracer_constructed;
}

static void tally_tracer_init(TallyTracer *tracer) {
    (void)tracer;
}

static gboolean init(GstPlugin *plugin) {
    return gst_tracer_register(plugin, "tally", tally_tracer_get_type());
}

/* The list of licences that GStreamer knows grew over its versions, and a plugin with one that it
 * does not know is refused: "unknown" is in all of them. */
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, tally,
                  "Quality of experience, told to tallyd", init, TALLY_VERSION, GST_LICENSE_UNKNOWN,
                  PACKAGE, "tally")
