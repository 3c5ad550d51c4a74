/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came is counted here, at the jitter buffers, by the rules of RFC 3550: webrtcbin's own
 * counts of what was lost are not to be had for each track (webrtc_stats.h). The rest is its reply
 * to "get-stats", which it gives in a thread of its own, when it comes to it: the question is put
 * with each poll, and the answer there is by then is used.
 */
#include "webrtc_call.h"

#include <stdatomic.h>

#include "element.h"
#include "rtp.h"
#include "rtp_pad.h"
#include "webrtc_stats.h"
#include "webrtc_tracks.h"

/* One for each SSRC received; those of a call that are over stay counted among them. */
enum { MOST_BUFFERS = 16 };

/* GstWebRTCPeerConnectionState, which is in a library that is needed for nothing else. */
enum { CONNECTED = 2 };

typedef struct {
    GstElement *element;
    rtp_pad_t *packets;
} jitterbuffer_t;

/* Referenced by what webrtcbin may still call: the handler of its signal and open questions. */
typedef struct {
    player_t *player;
    GstElement *webrtcbin;
    gulong added; /* the handlers */
    gulong connection;
    atomic_uint_least64_t connected_ms; /* 0: not yet */
    gboolean had_session;
    gboolean is_sending;
    webrtc_tracks_t tracks;
    GMutex lock; /* of what follows */
    jitterbuffer_t buffers[MOST_BUFFERS];
    uint32_t buffer_count;
    GstStructure *reply; /* not looked at yet */
    uint32_t reply_ms;
    gboolean is_asked;
} call_t;

static void clear_call(gpointer data) {
    call_t *const self = data;
    if (self->reply != NULL) {
        gst_structure_free(self->reply);
    }
    g_mutex_clear(&self->lock);
}

static void drop_call(gpointer data) {
    g_atomic_rc_box_release_full(data, clear_call);
}

static void drop_closure(gpointer data, GClosure *closure) {
    (void)closure;
    drop_call(data);
}

static uint32_t now_ms(void) {
    return (uint32_t)player_now_ms();
}

/* ---- jitter buffers: any thread ------------------------------------------------------------- */

static void on_added(GstBin *bin, GstBin *inner, GstElement *element, gpointer data) {
    call_t *const self = data;
    (void)bin;
    (void)inner;
    if (!element_is(element, "rtpjitterbuffer")) {
        return;
    }
    GstPad *const pad = gst_element_get_static_pad(element, "sink");
    g_mutex_lock(&self->lock);
    if (pad != NULL && self->buffer_count < MOST_BUFFERS) {
        rtp_pad_t *const packets = rtp_pad_new(pad);
        if (packets != NULL) {
            self->buffers[self->buffer_count] = (jitterbuffer_t){gst_object_ref(element), packets};
            self->buffer_count++;
        }
    }
    g_mutex_unlock(&self->lock);
    object_drop(pad);
}

/* ---- the connection: webrtcbin's thread ------------------------------------------------------ */

static void on_connection(GObject *webrtcbin, GParamSpec *property, gpointer data) {
    call_t *const self = data;
    gint state = 0;
    g_object_get(webrtcbin, property->name, &state, NULL);
    if (state == CONNECTED) {
        atomic_store(&self->connected_ms, player_now_ms());
    }
}

/* ---- questions: webrtcbin's thread ---------------------------------------------------------- */

static void on_reply(GstPromise *promise, gpointer data) {
    call_t *const self = data;
    const GstStructure *reply = NULL;
    if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED) {
        reply = gst_promise_get_reply(promise);
    }
    if (reply == NULL) {
        return;
    }
    GstStructure *const copy = gst_structure_copy(reply);
    g_mutex_lock(&self->lock);
    GstStructure *const before = self->reply;
    self->reply = copy;
    self->reply_ms = now_ms();
    g_mutex_unlock(&self->lock);
    if (before != NULL) {
        gst_structure_free(before);
    }
}

/* Answered or not. */
static void on_over(gpointer data) {
    call_t *const self = data;
    g_mutex_lock(&self->lock);
    self->is_asked = FALSE;
    g_mutex_unlock(&self->lock);
    drop_call(self);
}

/* ---- watcher -------------------------------------------------------------------------------- */

static void ask(call_t *self) {
    g_mutex_lock(&self->lock);
    const gboolean was_asked = self->is_asked;
    self->is_asked = TRUE;
    g_mutex_unlock(&self->lock);
    if (!was_asked) {
        GstPromise *const promise =
            gst_promise_new_with_change_func(on_reply, g_atomic_rc_box_acquire(self), on_over);
        g_signal_emit_by_name(self->webrtcbin, "get-stats", NULL, promise);
        gst_promise_unref(promise);
    }
}

static GstStructure *take_reply(call_t *self, uint32_t *time_ms) {
    g_mutex_lock(&self->lock);
    GstStructure *const reply = self->reply;
    *time_ms = self->reply_ms;
    self->reply = NULL;
    g_mutex_unlock(&self->lock);
    return reply;
}

/* A copy, and a list that only grows while a session is open: buffers stay valid. */
static uint32_t list_buffers(call_t *self, jitterbuffer_t out[MOST_BUFFERS]) {
    g_mutex_lock(&self->lock);
    const uint32_t count = self->buffer_count;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = self->buffers[i];
    }
    g_mutex_unlock(&self->lock);
    return count;
}

typedef struct {
    call_t *call;
    tally_session_id_t session;
    const GstStructure *reply; /* NULL: none since the last poll */
    uint32_t reply_ms;
    tally_webrtc_pair_t pair;
    uint32_t received; /* tracks */
    uint32_t sent;
} poll_t;

/* ---- received ------------------------------------------------------------------------------- */

typedef struct {
    uint32_t ssrc;
    webrtc_media_t media;
} wanted_t;

static gboolean is_track_of_pad(GstElement *element, GstPad *pad, gpointer data) {
    wanted_t *const wanted = data;
    webrtc_media_t media;
    (void)element;
    if (webrtc_media_of(pad, &media) && media.ssrc == wanted->ssrc) {
        wanted->media = media;
        return FALSE;
    }
    return TRUE; /* go on */
}

static void take_counts(const jitterbuffer_t *buffer, tally_webrtc_inbound_t *stats) {
    const rtp_pad_t *const packets = buffer->packets;
    const uint32_t jitter_us = rtp_pad_value(packets, TALLY_M_RTP_JITTER);
    stats->packets_received = rtp_pad_value(packets, TALLY_M_RTP_RECEIVED);
    stats->packets_lost = (int32_t)rtp_pad_value(packets, TALLY_M_RTP_LOST);
    stats->bytes_received = rtp_pad_value(packets, TALLY_M_RTP_BYTES);
    stats->retransmitted_packets = rtp_pad_value(packets, TALLY_M_RTP_RECOVERED);
    stats->packets_discarded = rtp_discarded_by(buffer->element);
    stats->jitter_us = jitter_us != TALLY_NO_VALUE ? jitter_us : TALLY_WEBRTC_ABSENT;
}

static void poll_received(poll_t *poll, const jitterbuffer_t *buffer) {
    tally_webrtc_inbound_t stats;
    wanted_t wanted = {.ssrc = rtp_pad_ssrc(buffer->packets)};
    webrtc_track_t *const track =
        webrtc_tracks_of(&poll->call->tracks, wanted.ssrc, TALLY_G_WEBRTC_INBOUND);
    if (track == NULL) {
        return;
    }
    wanted.media.media = TALLY_WEBRTC_ABSENT;
    (void)gst_element_foreach_src_pad(poll->call->webrtcbin, is_track_of_pad, &wanted);
    rtp_pad_set_clock(buffer->packets, wanted.media.clock_rate_hz);
    tally_webrtc_no_inbound(&stats);
    if (poll->reply != NULL) {
        webrtc_stats_inbound(poll->reply, wanted.ssrc, &stats);
    }
    take_counts(buffer, &stats);
    stats.media = wanted.media.media;
    stats.mime_type = wanted.media.mime_type[0] != '\0' ? wanted.media.mime_type : NULL;
    stats.mid = wanted.media.mid[0] != '\0' ? wanted.media.mid : NULL;
    (void)tally_webrtc_inbound(&track->stats, &stats, &poll->pair, now_ms());
    webrtc_track_attach(track, player_tally(poll->call->player), poll->session);
}

/* ---- sent ----------------------------------------------------------------------------------- */

static gboolean poll_sent(GstElement *element, GstPad *pad, gpointer data) {
    poll_t *const poll = data;
    tally_webrtc_outbound_t stats;
    webrtc_media_t media;
    (void)element;
    tally_webrtc_no_outbound(&stats);
    if (!webrtc_media_of(pad, &media)) {
        return TRUE;
    }
    webrtc_stats_outbound(poll->reply, media.ssrc, &stats);
    webrtc_track_t *const track =
        stats.packets_sent > 0
            ? webrtc_tracks_of(&poll->call->tracks, media.ssrc, TALLY_G_WEBRTC_OUTBOUND)
            : NULL;
    if (track != NULL) {
        stats.media = media.media;
        stats.mime_type = media.mime_type[0] != '\0' ? media.mime_type : NULL;
        stats.mid = media.mid[0] != '\0' ? media.mid : NULL;
        (void)tally_webrtc_outbound(&track->stats, &stats, &poll->pair, poll->reply_ms);
        webrtc_track_attach(track, player_tally(poll->call->player), poll->session);
        poll->sent++;
    }
    return TRUE;
}

/* Nothing comes, and something leaves: it could from when the peers were connected. */
static void tell_sending(const poll_t *poll) {
    call_t *const self = poll->call;
    if (!self->is_sending && poll->sent > 0 && poll->received == 0) {
        const uint64_t connected_ms = atomic_load(&self->connected_ms);
        self->is_sending = TRUE;
        player_sends(self->player, connected_ms != 0 ? connected_ms : player_now_ms());
    }
}

/* ---- the instrument ------------------------------------------------------------------------- */

static gboolean takes(GstElement *element) {
    return element_is(element, "webrtcbin");
}

static gpointer attach(player_t *player, GstElement *element) {
    call_t *const self = g_atomic_rc_box_new0(call_t);
    self->player = player;
    self->webrtcbin = element;
    g_mutex_init(&self->lock);
    self->added = g_signal_connect_data(element, "deep-element-added", G_CALLBACK(on_added),
                                        g_atomic_rc_box_acquire(self), drop_closure, 0);
    self->connection =
        g_signal_connect_data(element, "notify::connection-state", G_CALLBACK(on_connection),
                              g_atomic_rc_box_acquire(self), drop_closure, 0);
    return self;
}

/* What came before the first session is the beginning of it. */
static void begin(gpointer state, tally_session_id_t session) {
    call_t *const self = state;
    jitterbuffer_t buffers[MOST_BUFFERS];
    const uint32_t count = list_buffers(self, buffers);
    for (uint32_t i = 0; self->had_session && i < count; i++) {
        rtp_pad_restart(buffers[i].packets);
    }
    self->had_session = TRUE;
    self->is_sending = FALSE;
    (void)session;
    player_delivery(self->player, TALLY_DELIVERY_WEBRTC);
    ask(self);
}

static void poll(gpointer state, tally_session_id_t session) {
    call_t *const self = state;
    jitterbuffer_t buffers[MOST_BUFFERS];
    const uint32_t count = list_buffers(self, buffers);
    poll_t poll = {.call = self, .session = session};
    GstStructure *const reply = take_reply(self, &poll.reply_ms);
    poll.reply = reply;
    tally_webrtc_no_pair(&poll.pair);
    if (reply != NULL) {
        webrtc_stats_pair(reply, &poll.pair);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (rtp_pad_value(buffers[i].packets, TALLY_M_RTP_RECEIVED) > 0) {
            poll.received++;
            poll_received(&poll, &buffers[i]);
        }
    }
    if (reply != NULL) {
        (void)gst_element_foreach_sink_pad(self->webrtcbin, poll_sent, &poll);
        gst_structure_free(reply);
    }
    tell_sending(&poll);
    ask(self);
}

static void end(gpointer state, tally_session_id_t session) {
    call_t *const self = state;
    (void)session;
    if (!webrtc_tracks_leave(&self->tracks, player_tally(self->player))) {
        (void)g_atomic_rc_box_acquire(self); /* never given back */
    }
}

static void detach(gpointer state) {
    call_t *const self = state;
    jitterbuffer_t buffers[MOST_BUFFERS];
    g_signal_handler_disconnect(self->webrtcbin, self->added);
    g_signal_handler_disconnect(self->webrtcbin, self->connection);
    const uint32_t count = list_buffers(self, buffers);
    for (uint32_t i = 0; i < count; i++) {
        rtp_pad_free(buffers[i].packets);
        gst_object_unref(buffers[i].element);
    }
    drop_call(self);
}

const instrument_t instrument_webrtc = {
    .name = "webrtc",
    .takes = takes,
    .attach = attach,
    .begin = begin,
    .poll = poll,
    .end = end,
    .detach = detach,
};
