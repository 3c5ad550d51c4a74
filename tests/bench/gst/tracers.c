/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tracers for a plugin to be compared with: one that does nothing at all, and one that has a
 * single hook, which does nothing either.
 */
#define GST_USE_UNSTABLE_API
#include <gst/gst.h>
#include <gst/gsttracer.h>

typedef struct {
    GstTracer parent;
} bench_tracer_t;

typedef struct {
    GstTracerClass parent_class;
} bench_tracer_class_t;

typedef bench_tracer_t BenchEmpty;
typedef bench_tracer_class_t BenchEmptyClass;
GType bench_empty_get_type(void);
G_DEFINE_TYPE(BenchEmpty, bench_empty, GST_TYPE_TRACER)

static void bench_empty_class_init(BenchEmptyClass *klass) {
    (void)klass;
}
static void bench_empty_init(BenchEmpty *self) {
    (void)self;
}

typedef bench_tracer_t BenchHook;
typedef bench_tracer_class_t BenchHookClass;
GType bench_hook_get_type(void);
G_DEFINE_TYPE(BenchHook, bench_hook, GST_TYPE_TRACER)

static void bench_hook_class_init(BenchHookClass *klass) {
    (void)klass;
}

static void bench_hook_pad_push(GObject *self, GstClockTime at, GstPad *pad, GstBuffer *buffer) {
    (void)self;
    (void)at;
    (void)pad;
    (void)buffer;
}

static void bench_hook_init(BenchHook *self) {
    gst_tracing_register_hook(GST_TRACER(self), "pad-push-pre", G_CALLBACK(bench_hook_pad_push));
}

static gboolean begin(GstPlugin *plugin) {
    return gst_tracer_register(plugin, "benchempty", bench_empty_get_type()) &&
           gst_tracer_register(plugin, "benchhook", bench_hook_get_type());
}

#define PACKAGE "tally"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, benchtracers, "Tracers to compare with",
                  begin, "1", "Apache-2.0", "tally", "tally")
