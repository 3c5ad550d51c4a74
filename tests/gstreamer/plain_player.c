/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application that plays a pipeline the way some products do: what comes on the bus is handled
 * where it is posted, and dropped, so that nobody else hears of it; or it loads no tracer and calls
 * tally_gst_attach().
 *
 *     plain_player [-d] [-a LIBRARY] PIPELINE [SECONDS:WHAT ...]
 *
 * -d drops messages. SECONDS count from when it plays. WHAT: pause, play, seek (to the begin),
 * ready, null; hold, flow (the element "valve" drops all, or nothing); quit, exit (without a word).
 * It ends with the media, with an error or as told. Its own account goes to stdout: lines of
 * milliseconds of CLOCK_BOOTTIME and what it did or heard.
 */
#include <dlfcn.h>
#include <gst/gst.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_NS (20 * GST_SECOND)

static gint is_over;

static void say(const char *what) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    printf("%lld %s\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, what);
    (void)fflush(stdout);
}

static void look(GstMessage *message) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
        say("eos");
        g_atomic_int_set(&is_over, 1);
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        say("error");
        g_atomic_int_set(&is_over, 1);
    }
}

static GstBusSyncReply drop(GstBus *bus, GstMessage *message, gpointer unused) {
    (void)bus;
    (void)unused;
    look(message);
    gst_message_unref(message);
    return GST_BUS_DROP;
}

static void listen(GstElement *pipeline, bool drops) {
    GstBus *const bus = gst_element_get_bus(pipeline);
    if (drops) {
        gst_bus_set_sync_handler(bus, drop, NULL, NULL);
    }
    gst_object_unref(bus);
}

static void wait_until(GstElement *pipeline, gint64 at_us) {
    GstBus *const bus = gst_element_get_bus(pipeline);
    while (g_get_monotonic_time() < at_us && g_atomic_int_get(&is_over) == 0) {
        GstMessage *const message = gst_bus_timed_pop(bus, 10 * GST_MSECOND);
        if (message != NULL) {
            look(message);
            gst_message_unref(message);
        }
    }
    gst_object_unref(bus);
}

static void turn_valve(GstElement *pipeline, gboolean is_shut) {
    GstElement *const valve = gst_bin_get_by_name(GST_BIN(pipeline), "valve");
    g_object_set(valve, "drop", is_shut, NULL);
    gst_object_unref(valve);
}

static void act(GstElement *pipeline, const char *what) {
    static const struct {
        const char *name;
        GstState state;
    } states[] = {{"null", GST_STATE_NULL},
                  {"ready", GST_STATE_READY},
                  {"pause", GST_STATE_PAUSED},
                  {"play", GST_STATE_PLAYING}};
    say(what);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(what, states[i].name) == 0) {
            (void)gst_element_set_state(pipeline, states[i].state);
        }
    }
    if (strcmp(what, "seek") == 0) {
        (void)gst_element_seek_simple(pipeline, GST_FORMAT_TIME,
                                      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT, 0);
    } else if (strcmp(what, "hold") == 0 || strcmp(what, "flow") == 0) {
        turn_valve(pipeline, what[0] == 'h');
    } else if (strcmp(what, "exit") == 0) {
        exit(0);
    }
}

static bool attach(const char *path) {
    void *const library = dlopen(path, RTLD_NOW);
    gboolean (*call)(void) = NULL;
    if (library == NULL) {
        return false;
    }
    *(void **)&call = dlsym(library, "tally_gst_attach");
    return call != NULL && call() && call();
}

int main(int argc, char **argv) {
    bool drops = false;
    int at = 1;
    gst_init(NULL, NULL);
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "-d") == 0) {
            drops = true;
        } else if (strcmp(argv[at], "-a") == 0 && at + 1 < argc && !attach(argv[++at])) {
            return 3;
        }
    }
    GstElement *const pipeline = at < argc ? gst_parse_launch(argv[at], NULL) : NULL;
    if (pipeline == NULL) {
        return 2;
    }
    listen(pipeline, drops);
    act(pipeline, "play");
    (void)gst_element_get_state(pipeline, NULL, NULL, START_NS);
    const gint64 begin_us = g_get_monotonic_time();
    bool quits = false;
    for (at++; at < argc && !quits; at++) {
        char *what = NULL;
        const double seconds = strtod(argv[at], &what);
        wait_until(pipeline, begin_us + (gint64)(seconds * 1e6));
        quits = strcmp(what, ":quit") == 0;
        if (g_atomic_int_get(&is_over) == 0) {
            act(pipeline, what + 1);
        }
    }
    if (!quits) {
        wait_until(pipeline, G_MAXINT64);
    }
    act(pipeline, "null");
    gst_object_unref(pipeline);
    /* Whoever has looked at it just then has let go of it by now. */
    g_usleep(200000);
    gst_deinit();
    return 0;
}
