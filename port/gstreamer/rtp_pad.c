/* SPDX-License-Identifier: Apache-2.0 */
#include "rtp_pad.h"

#include <stdatomic.h>

#include "arrival.h"
#include "element.h"
#include "gate.h"

/* That of video and MPEG-TS, until it is known better. */
#define CLOCK_HZ 90000u

/* GST_RTP_BUFFER_FLAG_RETRANSMISSION of gstrtpbuffer.h, which is in a library that is needed for
 * nothing else. */
#define RETRANSMITTED GST_BUFFER_FLAG_LAST

/* Each packet makes up for so many discarded ones. */
enum { DISCARDED_AT_ONCE = 16 };

struct rtp_pad {
    GstPad *pad;
    gulong probe;
    gate_t gate;
    atomic_uint clock_rate_hz; /* wanted */
    atomic_uint discarded;     /* wanted */
    /* the streaming thread's own while the gate is open */
    uint32_t discards; /* counted */
    arrival_t arrival;
    tally_rtp_t stream;
};

static int32_t read_clock(const GstCaps *caps) {
    gint rate = 0;
    if (caps != NULL && gst_caps_get_size(caps) > 0) {
        (void)gst_structure_get_int(gst_caps_get_structure(caps, 0), "clock-rate", &rate);
    }
    return rate;
}

uint32_t rtp_pad_clock_of(const GstCaps *caps) {
    const int32_t rate = read_clock(caps);
    return rate > 0 ? (uint32_t)rate : 0;
}

void rtp_pad_set_clock(rtp_pad_t *self, uint32_t clock_rate_hz) {
    if (clock_rate_hz != 0) {
        atomic_store(&self->clock_rate_hz, clock_rate_hz);
    }
}

void rtp_pad_set_discarded(rtp_pad_t *self, uint32_t packets) {
    const uint32_t received = rtp_pad_value(self, TALLY_M_RTP_RECEIVED);
    atomic_store(&self->discarded, MIN(packets, received));
}

/* ---- streaming thread ----------------------------------------------------------------------- */

/* A rate that is none is refused, and the one before stands. */
static void take_told(rtp_pad_t *self) {
    const uint32_t discarded = atomic_load_explicit(&self->discarded, memory_order_relaxed);
    (void)tally_rtp_set_clock(&self->stream,
                              atomic_load_explicit(&self->clock_rate_hz, memory_order_relaxed));
    for (int i = 0; i < DISCARDED_AT_ONCE && self->discards < discarded; i++) {
        tally_rtp_discard(&self->stream);
        self->discards++;
    }
}

static void count(rtp_pad_t *self, GstBuffer *buffer) {
    GstMapInfo map;
    tally_rtp_header_t header;
    const uint32_t now_us = arrival_us(&self->arrival, buffer);
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        return;
    }
    take_told(self);
    const uint32_t bytes = map.size < UINT32_MAX ? (uint32_t)map.size : UINT32_MAX;
    if (tally_rtp_parse(map.data, bytes, &header) != TALLY_OK) {
        tally_rtp_invalid(&self->stream);
    } else if (GST_BUFFER_FLAG_IS_SET(buffer, RETRANSMITTED)) {
        (void)tally_rtp_recovered(&self->stream, header.sequence);
    } else {
        (void)tally_rtp_packet(&self->stream, &header, now_us);
    }
    gst_buffer_unmap(buffer, &map);
}

static void count_list(rtp_pad_t *self, GstBufferList *list) {
    const guint length = gst_buffer_list_length(list);
    for (guint i = 0; i < length; i++) {
        count(self, gst_buffer_list_get(list, i));
    }
}

static void take_event(rtp_pad_t *self, GstEvent *event) {
    GstCaps *caps = NULL;
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        gst_event_parse_caps(event, &caps);
        rtp_pad_set_clock(self, rtp_pad_clock_of(caps));
    }
}

static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    rtp_pad_t *const self = data;
    (void)pad;
    if ((info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0) {
        take_event(self, GST_PAD_PROBE_INFO_EVENT(info));
    } else if (gate_enter(&self->gate)) {
        if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
            count_list(self, GST_PAD_PROBE_INFO_BUFFER_LIST(info));
        } else {
            count(self, GST_PAD_PROBE_INFO_BUFFER(info));
        }
        gate_leave(&self->gate);
    }
    return GST_PAD_PROBE_OK;
}

/* ---- the owner ------------------------------------------------------------------------------ */

void rtp_pad_restart(rtp_pad_t *self) {
    GstCaps *const caps = gst_pad_get_current_caps(self->pad);
    gate_close(&self->gate);
    rtp_pad_set_clock(self, rtp_pad_clock_of(caps));
    atomic_store(&self->discarded, 0);
    self->discards = 0;
    self->arrival = (arrival_t){.clock = ARRIVAL_UNKNOWN};
    (void)tally_rtp_init(&self->stream, CLOCK_HZ);
    gate_open(&self->gate);
    if (caps != NULL) {
        gst_caps_unref(caps);
    }
}

void rtp_pad_rest(rtp_pad_t *self) {
    gate_close(&self->gate);
    while (self->discards < atomic_load(&self->discarded)) {
        tally_rtp_discard(&self->stream);
        self->discards++;
    }
}

static void free_state(gpointer data) {
    rtp_pad_t *const self = data;
    gst_object_unref(self->pad);
    g_free(self);
}

rtp_pad_t *rtp_pad_new(GstPad *pad) {
    rtp_pad_t *const self = g_try_new0(rtp_pad_t, 1);
    if (self != NULL) {
        self->pad = gst_object_ref(pad);
        atomic_init(&self->clock_rate_hz, CLOCK_HZ);
        rtp_pad_restart(self);
        self->probe =
            gst_pad_add_probe(pad, element_probe_types(pad) | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                              on_data, self, free_state);
    }
    return self;
}

/* The state goes with the last call of the probe. */
void rtp_pad_free(rtp_pad_t *self) {
    if (self != NULL) {
        GstPad *const pad = gst_object_ref(self->pad);
        gate_close(&self->gate);
        gst_pad_remove_probe(pad, self->probe);
        gst_object_unref(pad);
    }
}

/* ---- what was counted ----------------------------------------------------------------------- */

const tally_rtp_t *rtp_pad_stream(const rtp_pad_t *self) {
    return &self->stream;
}

uint32_t rtp_pad_value(const rtp_pad_t *self, enum tally_metric metric) {
    return __atomic_load_n(&self->stream.values[(int)metric - (int)TALLY_M_RTP_FIRST],
                           __ATOMIC_RELAXED);
}

uint32_t rtp_pad_ssrc(const rtp_pad_t *self) {
    return __atomic_load_n(&self->stream.ssrc, __ATOMIC_RELAXED);
}
