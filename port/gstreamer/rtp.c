/* SPDX-License-Identifier: Apache-2.0 */
#include "rtp.h"

#include "element.h"
#include "rtp_pad.h"

#define JITTERBUFFER "rtpjitterbuffer"

/* What feeds a depayloader is known once packets come: it is not linked when it is made. */
enum role { ROLE_OPEN, ROLE_MEASURES, ROLE_LEFT_TO_OTHERS };

typedef struct {
    player_t *player;
    GstElement *element;
    rtp_pad_t *packets;
    enum role role;
    gboolean is_jitterbuffer;
    gboolean had_session;
    guint latency_ms;
    uint32_t discarded_before; /* this session */
} rtp_t;

/* ---- jitter buffers ------------------------------------------------------------------------- */

static uint32_t clock_of_pad(GstPad *pad) {
    GstCaps *const caps = gst_pad_get_current_caps(pad);
    const uint32_t rate = rtp_pad_clock_of(caps);
    if (caps != NULL) {
        gst_caps_unref(caps);
    }
    return rate;
}

static gboolean take_clock(GstElement *element, GstPad *pad, gpointer data) {
    uint32_t *const rate = data;
    (void)element;
    *rate = clock_of_pad(pad);
    return *rate == 0; /* go on */
}

uint32_t rtp_clock_behind(GstElement *jitterbuffer) {
    uint32_t rate = 0;
    GstPad *const src = gst_element_get_static_pad(jitterbuffer, "src");
    GstPad *const peer = src != NULL ? gst_pad_get_peer(src) : NULL;
    GstElement *const next = peer != NULL ? gst_pad_get_parent_element(peer) : NULL;
    if (next != NULL) {
        (void)gst_element_foreach_src_pad(next, take_clock, &rate);
    }
    object_drop(src);
    object_drop(peer);
    object_drop(next);
    return rate;
}

uint32_t rtp_discarded_by(GstElement *jitterbuffer) {
    GstStructure *stats = NULL;
    guint64 late = 0;
    guint64 duplicates = 0;
    g_object_get(jitterbuffer, "stats", &stats, NULL);
    if (stats != NULL) {
        (void)gst_structure_get_uint64(stats, "num-late", &late);
        (void)gst_structure_get_uint64(stats, "num-duplicates", &duplicates);
        gst_structure_free(stats);
    }
    return (uint32_t)(late + duplicates);
}

static gboolean is_jitterbuffer(GstElement *element) {
    return element_is(element, JITTERBUFFER);
}

/* How much the buffer is meant to hold. */
static void tell_latency(rtp_t *self, tally_session_id_t session) {
    guint latency_ms = 0;
    g_object_get(self->element, "latency", &latency_ms, NULL);
    if (latency_ms != self->latency_ms) {
        self->latency_ms = latency_ms;
        (void)tally_hook_set(player_tally(self->player), session, TALLY_M_BUFFER_GOAL, latency_ms);
    }
}

static void poll_jitterbuffer(rtp_t *self, tally_session_id_t session) {
    rtp_pad_set_clock(self->packets, rtp_clock_behind(self->element));
    const uint32_t discarded = rtp_discarded_by(self->element);
    if (discarded < self->discarded_before) { /* its counters have restarted */
        self->discarded_before = 0;
    }
    rtp_pad_set_discarded(self->packets, discarded - self->discarded_before);
    tell_latency(self, session);
}

/* ---- the instrument ------------------------------------------------------------------------- */

/* By the name of their type, which is in a library that is needed for nothing else. What only calls
 * itself a depayloader takes apart redundancy, for several sources at once. */
static gboolean is_depayloader(GstElement *element) {
    const GType type = g_type_from_name("GstRTPBaseDepayload");
    return type != 0 && g_type_is_a(G_OBJECT_TYPE(element), type);
}

static gboolean takes(GstElement *element) {
    return is_jitterbuffer(element) || is_depayloader(element);
}

static gpointer attach(player_t *player, GstElement *element) {
    if (element_is_inside(element, "webrtcbin")) {
        return NULL;
    }
    GstPad *const pad = gst_element_get_static_pad(element, "sink");
    rtp_t *const self = pad != NULL ? g_try_new0(rtp_t, 1) : NULL;
    if (self != NULL) {
        self->player = player;
        self->element = element;
        self->is_jitterbuffer = is_jitterbuffer(element);
        self->packets = rtp_pad_new(pad);
    }
    object_drop(pad);
    if (self != NULL && self->packets == NULL) {
        g_free(self);
        return NULL;
    }
    return self;
}

/* What came before the first session is the beginning of it. */
static void begin(gpointer state, tally_session_id_t session) {
    rtp_t *const self = state;
    (void)session;
    if (self->had_session) {
        rtp_pad_restart(self->packets);
    }
    self->had_session = TRUE;
    self->role = ROLE_OPEN;
    self->latency_ms = 0;
}

static gboolean is_left_to_jitterbuffer(const rtp_t *self) {
    GstPad *const pad = gst_element_get_static_pad(self->element, "sink");
    const gboolean is_left =
        !self->is_jitterbuffer && pad != NULL && element_upstream(pad, is_jitterbuffer);
    object_drop(pad);
    return is_left;
}

/* A stream without packets takes no place among those that can be told of. */
static void take_role(rtp_t *self, tally_session_id_t session) {
    if (is_left_to_jitterbuffer(self)) {
        rtp_pad_rest(self->packets);
        self->role = ROLE_LEFT_TO_OTHERS;
    } else if (tally_attach_rtp(player_tally(self->player), session,
                                rtp_pad_stream(self->packets)) == TALLY_OK) {
        self->role = ROLE_MEASURES;
        player_delivery(self->player, TALLY_DELIVERY_RTP);
    }
}

static void poll(gpointer state, tally_session_id_t session) {
    rtp_t *const self = state;
    if (self->role == ROLE_OPEN && rtp_pad_value(self->packets, TALLY_M_RTP_RECEIVED) > 0) {
        take_role(self, session);
    }
    if (self->is_jitterbuffer) {
        poll_jitterbuffer(self, session);
    }
}

static void end(gpointer state, tally_session_id_t session) {
    rtp_t *const self = state;
    (void)session;
    rtp_pad_rest(self->packets);
    if (self->role == ROLE_MEASURES) {
        (void)tally_detach(player_tally(self->player), rtp_pad_stream(self->packets));
    }
    self->discarded_before = self->is_jitterbuffer ? rtp_discarded_by(self->element) : 0;
}

static void detach(gpointer state) {
    rtp_t *const self = state;
    rtp_pad_free(self->packets);
    g_free(self);
}

const instrument_t instrument_rtp = {
    .name = "rtp",
    .takes = takes,
    .attach = attach,
    .begin = begin,
    .poll = poll,
    .end = end,
    .detach = detach,
};
