/* SPDX-License-Identifier: Apache-2.0 */
#include "arrival.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <time.h>

#include "element.h"

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* Both clocks have to be read within this time to be compared. */
#define COMPARE_NS (50 * NS_PER_MS / 1000)
/* The wall clock was set if it moved against the other by more. */
#define STEP_NS NS_PER_MS
/* A stamp older than this is not of the datagram at hand: the socket has stopped renewing it,
 * because the application has the stamps delivered with the data (SO_TIMESTAMPNS). */
#define OLDEST_NS (10 * NS_PER_S)

/* rtpsession keeps the first packets of a source until it believes it (2 by default). */
#define RECENT 8u

/* The datagrams that this thread pushed down its pipeline last. */
static _Thread_local struct {
    GstClockTime dts[RECENT]; /* 0: none, as good as */
    uint32_t us[RECENT];
    uint32_t next;
} recent;

static int64_t read_ns(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void remember(GstClockTime dts, int64_t arrival_ns) {
    recent.dts[recent.next % RECENT] = dts;
    recent.us[recent.next % RECENT] = (uint32_t)(arrival_ns / 1000);
    recent.next++;
}

static bool recall(GstClockTime dts, uint32_t *us) {
    for (uint32_t i = 1; i <= RECENT; i++) {
        const uint32_t at = (recent.next - i) % RECENT;
        if (recent.dts[at] == dts && dts != 0) {
            *us = recent.us[at];
            return true;
        }
    }
    return false;
}

uint32_t arrival_us(arrival_t *state, const GstBuffer *buffer) {
    const GstClockTime dts = GST_BUFFER_DTS(buffer);
    const bool has_dts = GST_CLOCK_TIME_IS_VALID(dts);
    uint32_t kernel_us = 0;
    const bool is_recalled = has_dts && recall(dts, &kernel_us);
    if (state->clock == ARRIVAL_UNKNOWN) {
        state->clock = is_recalled || !has_dts ? ARRIVAL_KERNEL : ARRIVAL_RUNNING;
    }
    if (state->clock == ARRIVAL_RUNNING) {
        state->last_us = has_dts ? (uint32_t)(dts / 1000u) : state->last_us;
    } else {
        state->last_us = is_recalled ? kernel_us : (uint32_t)(read_ns(CLOCK_MONOTONIC) / 1000);
    }
    return state->last_us;
}

/* ---- udpsrc --------------------------------------------------------------------------------- */

typedef struct {
    GstElement *udpsrc;
    GstPad *pad;
    gulong probe;
    /* the media thread's own */
    int fd; /* -1: not known yet */
    int64_t stamp_ns;
    int64_t offset_ns; /* of the monotonic clock against the wall clock */
    bool has_offset;
} source_t;

/* The socket is opened anew with each start. */
static int find_socket(GstElement *udpsrc) {
    GObject *used = NULL;
    int fd = -1;
    g_object_get(udpsrc, "used-socket", &used, NULL);
    if (used != NULL) {
        g_object_get(used, "fd", &fd, NULL);
        g_object_unref(used);
    }
    return fd;
}

/* Stamps are of the wall clock, which may be set; the monotonic clock may not. */
static void compare_clocks(source_t *self) {
    const int64_t before_ns = read_ns(CLOCK_MONOTONIC);
    const int64_t wall_ns = read_ns(CLOCK_REALTIME);
    const int64_t after_ns = read_ns(CLOCK_MONOTONIC);
    const int64_t offset_ns = before_ns - wall_ns;
    const int64_t moved_ns = offset_ns - self->offset_ns;
    const bool is_precise = after_ns - before_ns < COMPARE_NS;
    if (!self->has_offset || (is_precise && (moved_ns > STEP_NS || moved_ns < -STEP_NS))) {
        self->offset_ns = offset_ns;
        self->has_offset = true;
    }
}

/* When the datagram that was read last had arrived; false if the kernel does not say. */
static bool ask_kernel(source_t *self, int64_t *arrival_ns) {
    struct timespec stamp;
    if (self->fd < 0) {
        self->fd = find_socket(self->udpsrc);
    }
    if (self->fd < 0 || ioctl(self->fd, SIOCGSTAMPNS, &stamp) != 0) {
        return false;
    }
    const int64_t stamp_ns = (int64_t)stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
    const bool is_new = stamp_ns != self->stamp_ns;
    compare_clocks(self);
    *arrival_ns = stamp_ns + self->offset_ns;
    const int64_t age_ns = read_ns(CLOCK_MONOTONIC) - *arrival_ns;
    self->stamp_ns = stamp_ns;
    return is_new && age_ns > -STEP_NS && age_ns < OLDEST_NS;
}

static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    source_t *const self = data;
    int64_t arrival_ns = 0;
    (void)pad;
    if ((info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0) {
        if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_STREAM_START) {
            self->fd = -1;
        }
        return GST_PAD_PROBE_OK;
    }
    const GstClockTime dts = GST_BUFFER_DTS(GST_PAD_PROBE_INFO_BUFFER(info));
    if (GST_CLOCK_TIME_IS_VALID(dts) && ask_kernel(self, &arrival_ns)) {
        remember(dts, arrival_ns);
    }
    return GST_PAD_PROBE_OK;
}

static void free_source(gpointer data) {
    source_t *const self = data;
    gst_object_unref(self->pad);
    g_free(self);
}

static gboolean takes(GstElement *element) {
    return element_is(element, "udpsrc");
}

static gpointer attach(player_t *player, GstElement *element) {
    GstPad *const pad = gst_element_get_static_pad(element, "src");
    source_t *const self = pad == NULL ? NULL : g_try_new0(source_t, 1);
    (void)player;
    if (self == NULL) {
        object_drop(pad);
        return NULL;
    }
    self->udpsrc = element;
    self->pad = pad;
    self->fd = -1;
    self->probe =
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                          on_data, self, free_source);
    return self;
}

static void no_session(gpointer state, tally_session_id_t session) {
    (void)state;
    (void)session;
}

/* The state goes with the last call of the probe. */
static void detach(gpointer state) {
    source_t *const self = state;
    GstPad *const pad = gst_object_ref(self->pad);
    gst_pad_remove_probe(pad, self->probe);
    gst_object_unref(pad);
}

const instrument_t instrument_arrival = {
    .name = "arrival",
    .takes = takes,
    .attach = attach,
    .begin = no_session,
    .poll = no_session,
    .end = no_session,
    .detach = detach,
};
