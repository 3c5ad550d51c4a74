/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_cycles CYCLES SHOWN PIPELINE...: an application that plays and stops, again and again, and
 * knows nothing of tally. Each cycle builds one of the pipelines in turn, plays until its element
 * named "sink", or its video-sink, was handed SHOWN buffers, and throws it away.
 *
 * Ten times on the way it writes a line of JSON with what the process holds and has used up. With
 * TALLY_CYCLES_LEAK set it loses an object each time, for tests of who looks for that.
 */
#include <dirent.h>
#include <gst/gst.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS (20 * GST_SECOND)

typedef struct {
    GMutex lock;
    GCond changed;
    unsigned shown;
} screen_t;

static uint64_t cpu_ns(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        abort();
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static unsigned entries(const char *folder) {
    DIR *const dir = opendir(folder);
    unsigned count = 0;
    if (dir == NULL)
        abort();
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

static uint64_t resident_bytes(void) {
    FILE *const in = fopen("/proc/self/statm", "r");
    uint64_t total = 0;
    uint64_t pages = 0;
    if (in == NULL || fscanf(in, "%" SCNu64 " %" SCNu64, &total, &pages) != 2)
        abort();
    (void)fclose(in);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void report(unsigned cycles, unsigned unseen) {
    (void)printf("{\"cycles\": %u, \"unseen\": %u, \"cpu_ns\": %" PRIu64 ", \"resident\": %" PRIu64
                 ", \"heap\": %zu, \"files\": %u, \"threads\": %u}\n",
                 cycles, unseen, cpu_ns(), resident_bytes(), mallinfo2().uordblks,
                 entries("/proc/self/fd"), entries("/proc/self/task"));
    (void)fflush(stdout);
}

static GstPadProbeReturn note_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    screen_t *const screen = (screen_t *)data;
    (void)pad;
    (void)info;
    g_mutex_lock(&screen->lock);
    screen->shown++;
    g_cond_signal(&screen->changed);
    g_mutex_unlock(&screen->lock);
    return GST_PAD_PROBE_OK;
}

static gboolean await_buffers(screen_t *screen, unsigned shown) {
    const gint64 until = g_get_monotonic_time() + (gint64)(WAIT_NS / GST_USECOND);
    gboolean is_in_time = TRUE;
    g_mutex_lock(&screen->lock);
    while (screen->shown < shown && is_in_time)
        is_in_time = g_cond_wait_until(&screen->changed, &screen->lock, until);
    g_mutex_unlock(&screen->lock);
    return is_in_time;
}

/* playbin has its sink as a property, and nowhere else before it plays. */
static GstElement *find_sink(GstElement *pipeline) {
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(pipeline), "video-sink") == NULL)
        return gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    GstElement *sink = NULL;
    g_object_get(pipeline, "video-sink", &sink, NULL);
    return sink;
}

/* Whether a frame was shown: a sink drops those that come late. It may be inside a bin. */
static gboolean has_rendered(GstElement *sink) {
    GValue inner = G_VALUE_INIT;
    GstStructure *stats = NULL;
    guint64 rendered = 0;
    GstIterator *const sinks = GST_IS_BIN(sink) ? gst_bin_iterate_sinks(GST_BIN(sink)) : NULL;
    if (sinks != NULL && gst_iterator_next(sinks, &inner) == GST_ITERATOR_OK)
        sink = g_value_get_object(&inner);
    g_object_get(sink, "stats", &stats, NULL);
    (void)gst_structure_get_uint64(stats, "rendered", &rendered);
    gst_structure_free(stats);
    if (G_IS_VALUE(&inner))
        g_value_unset(&inner);
    if (sinks != NULL)
        gst_iterator_free(sinks);
    return rendered > 0;
}

static void leak(void) {
    static GstBus *volatile lost;
    if (g_getenv("TALLY_CYCLES_LEAK") == NULL)
        return;
    lost = gst_bus_new();
    (void)lost;
    lost = NULL;
}

static gboolean play(const char *text, unsigned shown, unsigned *unseen) {
    GstElement *const pipeline = gst_parse_launch(text, NULL);
    GstElement *const sink = pipeline == NULL ? NULL : find_sink(pipeline);
    if (sink == NULL)
        return FALSE;
    screen_t screen = {.shown = 0};
    g_mutex_init(&screen.lock);
    g_cond_init(&screen.changed);
    GstPad *const pad = gst_element_get_static_pad(sink, "sink");
    (void)gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, note_buffer, &screen, NULL);
    const gboolean is_shown =
        gst_element_set_state(pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE &&
        await_buffers(&screen, shown) &&
        gst_element_get_state(pipeline, NULL, NULL, WAIT_NS) == GST_STATE_CHANGE_SUCCESS;
    *unseen += has_rendered(sink) ? 0 : 1;
    (void)gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pad);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    g_cond_clear(&screen.changed);
    g_mutex_clear(&screen.lock);
    return is_shown;
}

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    if (argc < 4)
        return 2;
    const unsigned cycles = (unsigned)strtoul(argv[1], NULL, 10);
    const unsigned shown = (unsigned)strtoul(argv[2], NULL, 10);
    const unsigned tenth = cycles < 10 ? 1 : cycles / 10;
    unsigned unseen = 0;
    for (unsigned played = 0; played < cycles; played++) {
        const char *const text = argv[3 + played % (unsigned)(argc - 3)];
        if (!play(text, shown, &unseen)) {
            (void)fprintf(stderr, "cycle %u did not play: %s\n", played + 1, text);
            return 1;
        }
        leak();
        if ((played + 1) % tenth == 0)
            report(played + 1, unseen);
    }
    g_usleep(G_USEC_PER_SEC); /* what is on its way out has left by then */
    gst_deinit();
    return 0;
}
