/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_late_watcher WHEN:FRAMES:PIPELINE...: an application that plays so many frames of each of
 * the pipelines and throws it away, in a process whose watcher does not get to run meanwhile, as on
 * a machine that is starved. It rests in poll(), which is this program's own here, and is kept
 * there until all pipelines are gone.
 *
 * WHEN the watcher looks: "never"; "paused": once, while the pipeline is paused before it plays;
 * "hidden": never, and the application drops all messages of the bus; "failing": never, and the
 * application leaves for an error that it sees in its own sync handler, before the plugin does. For
 * each pipeline a line goes to stdout: the milliseconds of CLOCK_BOOTTIME at which its sink showed
 * the first frame; 0: none.
 */
#include <gst/gst.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WATCHER    "tally"
#define NAME_BYTES 16
#define WAIT_NS    (20 * GST_SECOND)

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* ---- the watcher ---------------------------------------------------------------------------- */

static struct {
    GMutex lock;
    GCond changed;
    bool is_held;
    bool is_here;   /* in poll(), held */
    unsigned looks; /* that it may have */
} watcher;

static bool is_watcher(void) {
    char name[NAME_BYTES] = "";
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 && strcmp(name, WATCHER) == 0;
}

/* Whether it was kept here, and for the sake of a look comes out at once. */
static bool keep(void) {
    g_mutex_lock(&watcher.lock);
    const bool was_held = watcher.is_held;
    while (watcher.is_held && watcher.looks == 0) {
        watcher.is_here = true;
        g_cond_broadcast(&watcher.changed);
        g_cond_wait(&watcher.changed, &watcher.lock);
    }
    watcher.is_here = false;
    watcher.looks -= watcher.looks > 0 ? 1 : 0;
    g_mutex_unlock(&watcher.lock);
    return was_held;
}

/* The plugin's calls come here rather than to the C library. */
int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
    const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    const struct timespec at_once = {0, 0};
    const bool was_held = is_watcher() && keep();
    const struct timespec *const wait = was_held ? &at_once : timeout_ms < 0 ? NULL : &timeout;
    return (int)syscall(SYS_ppoll, fds, count, wait, NULL, 0);
}

static void await_watcher(void) {
    while (!watcher.is_here || watcher.looks > 0)
        g_cond_wait(&watcher.changed, &watcher.lock);
}

/* Begins with the first pipeline that there is. */
static void let_look(unsigned looks) {
    g_mutex_lock(&watcher.lock);
    watcher.looks = looks;
    g_cond_broadcast(&watcher.changed);
    await_watcher();
    g_mutex_unlock(&watcher.lock);
}

static void let_go(void) {
    g_mutex_lock(&watcher.lock);
    watcher.is_held = false;
    g_cond_broadcast(&watcher.changed);
    g_mutex_unlock(&watcher.lock);
}

/* ---- the pipelines -------------------------------------------------------------------------- */

typedef struct {
    GMutex lock;
    GCond changed;
    unsigned frames;
    uint64_t first_ms;
} screen_t;

static void note_frame(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data) {
    screen_t *const screen = data;
    (void)sink;
    (void)buffer;
    (void)pad;
    g_mutex_lock(&screen->lock);
    screen->first_ms = screen->frames++ == 0 ? now_ms() : screen->first_ms;
    g_cond_signal(&screen->changed);
    g_mutex_unlock(&screen->lock);
}

static gboolean await_frames(screen_t *screen, unsigned frames) {
    const gint64 until = g_get_monotonic_time() + (gint64)(WAIT_NS / GST_USECOND);
    gboolean is_in_time = TRUE;
    g_mutex_lock(&screen->lock);
    while (screen->frames < frames && is_in_time)
        is_in_time = g_cond_wait_until(&screen->changed, &screen->lock, until);
    g_mutex_unlock(&screen->lock);
    return is_in_time;
}

static void look_at_screen(GstElement *pipeline, screen_t *screen) {
    GstIterator *const sinks =
        gst_bin_iterate_all_by_element_factory_name(GST_BIN(pipeline), "fakesink");
    GValue sink = G_VALUE_INIT;
    while (gst_iterator_next(sinks, &sink) == GST_ITERATOR_OK) {
        g_object_set(g_value_get_object(&sink), "signal-handoffs", TRUE, NULL);
        g_signal_connect(g_value_get_object(&sink), "handoff", G_CALLBACK(note_frame), screen);
        g_value_reset(&sink);
    }
    g_value_unset(&sink);
    gst_iterator_free(sinks);
}

static gboolean ask(GstElement *pipeline, GstState state) {
    return gst_element_set_state(pipeline, state) != GST_STATE_CHANGE_FAILURE &&
           gst_element_get_state(pipeline, NULL, NULL, WAIT_NS) != GST_STATE_CHANGE_FAILURE;
}

static struct {
    GMutex lock;
    GCond changed;
    bool is_there;
} failure;

static GstBusSyncReply drop(GstBus *bus, GstMessage *message, gpointer unused) {
    (void)bus;
    (void)unused;
    gst_message_unref(message);
    return GST_BUS_DROP;
}

static void hide(GstElement *pipeline) {
    GstBus *const bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, drop, NULL, NULL);
    gst_object_unref(bus);
}

/* In the thread that fails, until another one leaves. */
static GstBusSyncReply hold_error(GstBus *bus, GstMessage *message, gpointer data) {
    GstElement *const pipeline = data;
    (void)bus;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        g_mutex_lock(&failure.lock);
        failure.is_there = true;
        g_cond_signal(&failure.changed);
        g_mutex_unlock(&failure.lock);
        while (GST_STATE_TARGET(pipeline) != GST_STATE_NULL)
            g_usleep(1000);
    }
    return GST_BUS_PASS;
}

static bool fail(GstElement *pipeline) {
    const gint64 until = g_get_monotonic_time() + (gint64)(WAIT_NS / GST_USECOND);
    GstBus *const bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, hold_error, pipeline, NULL);
    gst_object_unref(bus);
    failure.is_there = false;
    (void)gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_mutex_lock(&failure.lock);
    bool is_in_time = true;
    while (!failure.is_there && is_in_time)
        is_in_time = g_cond_wait_until(&failure.changed, &failure.lock, until) != FALSE;
    g_mutex_unlock(&failure.lock);
    return is_in_time;
}

static gboolean play(const char *when, const char *text, unsigned frames) {
    screen_t screen = {.frames = 0};
    GstElement *const pipeline = gst_parse_launch(text, NULL);
    if (pipeline == NULL)
        return FALSE;
    if (g_str_has_prefix(when, "hidden:"))
        hide(pipeline);
    g_mutex_init(&screen.lock);
    g_cond_init(&screen.changed);
    look_at_screen(pipeline, &screen);
    gboolean is_played = TRUE;
    if (g_str_has_prefix(when, "paused:")) {
        is_played = ask(pipeline, GST_STATE_PAUSED);
        let_look(1);
    }
    if (g_str_has_prefix(when, "failing:")) {
        is_played = fail(pipeline);
    } else {
        is_played = is_played && ask(pipeline, GST_STATE_PLAYING) && await_frames(&screen, frames);
    }
    (void)gst_element_set_state(pipeline, GST_STATE_NULL);
    (void)printf("%" PRIu64 "\n", screen.first_ms);
    gst_object_unref(pipeline);
    g_cond_clear(&screen.changed);
    g_mutex_clear(&screen.lock);
    return is_played;
}

int main(int argc, char **argv) {
    gst_init(NULL, NULL);
    watcher.is_held = true;
    for (int i = 1; i < argc; i++) {
        char *text = strchr(argv[i], ':');
        const unsigned frames = text == NULL ? 0 : (unsigned)strtoul(text + 1, &text, 10);
        if (frames == 0 || *text != ':' || !play(argv[i], text + 1, frames)) {
            (void)fprintf(stderr, "did not play: %s\n", argv[i]);
            return 1;
        }
        let_look(i == 1 ? 1 : 0);
    }
    let_look(1);
    let_go();
    gst_deinit();
    return 0;
}
