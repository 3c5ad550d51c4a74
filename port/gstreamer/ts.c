/* SPDX-License-Identifier: Apache-2.0 */
#include "ts.h"

#include <gst/base/gstbasesrc.h>
#include <stdatomic.h>
#include <string.h>

#include "arrival.h"
#include "element.h"
#include "gate.h"

/* What feeds it is known once packets come: it is not linked when it is made. */
enum role { ROLE_OPEN, ROLE_MEASURES, ROLE_LEFT_ALONE };

/* Referenced by the probe too: it goes with the last call of that. */
typedef struct {
    player_t *player;
    GstPad *pad;
    gulong probe;
    gate_t gate;
    enum role role;
    gboolean had_session;
    /* the streaming thread's own while the gate is open */
    arrival_t arrival;
    uint32_t carried; /* bytes of a packet that began in an earlier buffer */
    uint8_t carry[TALLY_TS_BYTES];
    tally_ts_t stream;
} ts_t;

/* ---- streaming thread ----------------------------------------------------------------------- */

#define SYNC 0x47u

/* A datagram is whole packets, but what has been through a queue of bytes need not be. Whole
 * packets again behind a part of one: that one was cut short, which is an error of the stream. */
static uint32_t take_carried(ts_t *self, const uint8_t *data, uint32_t bytes, uint32_t now_us) {
    if (self->carried == 0) {
        return 0;
    }
    if (bytes > 0 && bytes % TALLY_TS_BYTES == 0 && data[0] == SYNC) {
        (void)tally_ts_packets(&self->stream, self->carry, self->carried, now_us);
        self->carried = 0;
        return 0;
    }
    const uint32_t taken = MIN(TALLY_TS_BYTES - self->carried, bytes);
    memcpy(self->carry + self->carried, data, taken);
    self->carried += taken;
    if (self->carried == TALLY_TS_BYTES) {
        self->carried = 0;
        (void)tally_ts_packets(&self->stream, self->carry, TALLY_TS_BYTES, now_us);
    }
    return taken;
}

static void count_bytes(ts_t *self, const uint8_t *data, uint32_t bytes, uint32_t now_us) {
    const uint32_t begin = take_carried(self, data, bytes, now_us);
    const uint32_t rest = (bytes - begin) % TALLY_TS_BYTES;
    const uint32_t whole = bytes - begin - rest;
    if (whole > 0) {
        (void)tally_ts_packets(&self->stream, data + begin, whole, now_us);
    }
    if (rest > 0) {
        memcpy(self->carry, data + begin + whole, rest);
        self->carried = rest;
    }
}

static void count(ts_t *self, GstBuffer *buffer) {
    GstMapInfo map;
    const uint32_t now_us = arrival_us(&self->arrival, buffer);
    if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        count_bytes(self, map.data, map.size < UINT32_MAX ? (uint32_t)map.size : UINT32_MAX,
                    now_us);
        gst_buffer_unmap(buffer, &map);
    }
}

static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    ts_t *const self = data;
    (void)pad;
    if (!gate_enter(&self->gate)) {
        return GST_PAD_PROBE_OK;
    }
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
        GstBufferList *const list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
        const guint length = gst_buffer_list_length(list);
        for (guint i = 0; i < length; i++) {
            count(self, gst_buffer_list_get(list, i));
        }
    } else {
        count(self, GST_PAD_PROBE_INFO_BUFFER(info));
    }
    gate_leave(&self->gate);
    return GST_PAD_PROBE_OK;
}

/* ---- the instrument ------------------------------------------------------------------------- */

static gboolean is_parser(GstElement *element) {
    return element_is(element, "tsparse");
}

static gboolean is_live(GstElement *element) {
    return GST_IS_BASE_SRC(element) && gst_base_src_is_live(GST_BASE_SRC(element));
}

static gboolean takes(GstElement *element) {
    return is_parser(element) || element_is(element, "tsdemux");
}

static void restart(ts_t *self) {
    gate_close(&self->gate);
    tally_ts_init(&self->stream);
    self->arrival = (arrival_t){.clock = ARRIVAL_UNKNOWN};
    self->carried = 0;
    gate_open(&self->gate);
}

static void free_state(gpointer data) {
    ts_t *const self = data;
    gst_object_unref(self->pad);
    g_free(self);
}

static gpointer attach(player_t *player, GstElement *element) {
    GstPad *const pad = gst_element_get_static_pad(element, "sink");
    ts_t *const self = pad != NULL ? g_try_new0(ts_t, 1) : NULL;
    if (self == NULL) {
        object_drop(pad);
        return NULL;
    }
    self->player = player;
    self->pad = pad;
    restart(self);
    self->probe = gst_pad_add_probe(pad, element_probe_types(pad), on_data, self, free_state);
    return self;
}

/* What came before the first session is the beginning of it. */
static void begin(gpointer state, tally_session_id_t session) {
    ts_t *const self = state;
    (void)session;
    if (self->had_session) {
        restart(self);
    }
    self->had_session = TRUE;
    self->role = ROLE_OPEN;
}

static gboolean has_packets(const ts_t *self) {
    const int place = (int)TALLY_M_TS_PACKETS - (int)TALLY_M_TS_FIRST;
    return __atomic_load_n(&self->stream.values[place], __ATOMIC_RELAXED) > 0;
}

static void poll(gpointer state, tally_session_id_t session) {
    ts_t *const self = state;
    if (self->role != ROLE_OPEN || !has_packets(self)) {
        return;
    }
    if (element_upstream(self->pad, is_parser) || !element_upstream(self->pad, is_live)) {
        gate_close(&self->gate);
        self->role = ROLE_LEFT_ALONE;
    } else if (tally_attach_ts(player_tally(self->player), session, &self->stream) == TALLY_OK) {
        self->role = ROLE_MEASURES;
    }
}

static void end(gpointer state, tally_session_id_t session) {
    ts_t *const self = state;
    (void)session;
    gate_close(&self->gate);
    if (self->role == ROLE_MEASURES) {
        (void)tally_detach(player_tally(self->player), &self->stream);
    }
}

static void detach(gpointer state) {
    ts_t *const self = state;
    GstPad *const pad = gst_object_ref(self->pad);
    gate_close(&self->gate);
    gst_pad_remove_probe(pad, self->probe);
    gst_object_unref(pad);
}

const instrument_t instrument_ts = {
    .name = "ts",
    .takes = takes,
    .attach = attach,
    .begin = begin,
    .poll = poll,
    .end = end,
    .detach = detach,
};
