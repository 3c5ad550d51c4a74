/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench_hop: pushes buffers through a chain of elements, as often as it is told to on
 * standard input, and says what that took: one line with a number of buffers in, one line with
 * nanoseconds of the pushing thread's CPU out. Its tracer is whichever GST_TRACERS names.
 *
 * The buffers are pushed by this thread and not by a source of the pipeline, so that nothing but
 * their way is measured.
 */
#include <gst/gst.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHAIN "identity name=first "

static uint64_t thread_ns(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
        abort();
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* `hops` pads are crossed from the pad returned to the sink. */
static GstPad *open_chain(GstElement **pipeline, unsigned hops) {
    GString *const text = g_string_new(CHAIN);
    for (unsigned at = 2; at < hops; at++)
        g_string_append(text, "! identity ");
    g_string_append(text, "! fakevideosink sync=false async=false");
    *pipeline = gst_parse_launch(text->str, NULL);
    (void)g_string_free(text, TRUE);
    if (*pipeline == NULL)
        return NULL;
    GstElement *const first = gst_bin_get_by_name(GST_BIN(*pipeline), "first");
    GstPad *const entrance = gst_element_get_static_pad(first, "sink");
    GstPad *const pad = gst_pad_new("src", GST_PAD_SRC);
    const gboolean is_open =
        gst_pad_set_active(pad, TRUE) && gst_pad_link(pad, entrance) == GST_PAD_LINK_OK &&
        gst_element_set_state(*pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_SUCCESS;
    gst_object_unref(entrance);
    gst_object_unref(first);
    return is_open ? pad : NULL;
}

static gboolean begin_stream(GstPad *pad) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    return gst_pad_push_event(pad, gst_event_new_stream_start("bench")) &&
           gst_pad_push_event(pad, gst_event_new_segment(&segment));
}

static gpointer idle(gpointer never) {
    g_mutex_lock((GMutex *)never);
    return NULL;
}

/* Every player has threads of its own. Without one the C library would leave out what makes locks
 * safe among threads, but not beside a tracer that begins one. */
static void begin_thread(void) {
    static GMutex never;
    g_mutex_lock(&never);
    g_thread_unref(g_thread_new("idle", idle, &never));
}

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    begin_thread();
    GstElement *pipeline;
    GstPad *const pad = argc == 2 ? open_chain(&pipeline, (unsigned)atoi(argv[1])) : NULL;
    if (pad == NULL || !begin_stream(pad)) {
        (void)fprintf(stderr, "usage: tally_bench_hop HOPS\n");
        return 1;
    }
    GstBuffer *const buffer = gst_buffer_new_allocate(NULL, 188, NULL);
    unsigned wanted;
    while (scanf("%u", &wanted) == 1) {
        const uint64_t began = thread_ns();
        for (unsigned made = 0; made < wanted; made++) {
            if (gst_pad_push(pad, gst_buffer_ref(buffer)) != GST_FLOW_OK)
                return 1;
        }
        (void)printf("%" PRIu64 "\n", thread_ns() - began);
        (void)fflush(stdout);
    }
    gst_buffer_unref(buffer);
    (void)gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    gst_object_unref(pad);
    return 0;
}
