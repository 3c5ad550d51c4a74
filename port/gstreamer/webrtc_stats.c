/* SPDX-License-Identifier: Apache-2.0 */
#include "webrtc_stats.h"

#include <string.h>

/* The reports are told by their names, which are those of W3C: the numbers of their types are in a
 * library that is needed for nothing else. */
#define INBOUND        "inbound-rtp"
#define OUTBOUND       "outbound-rtp"
#define REMOTE_INBOUND "remote-inbound-rtp"
#define PAIR           "candidate-pair"

#define MICROSECONDS 1e6
#define PPM          1e6

/* ---- a reply -------------------------------------------------------------------------------- */

static const GstStructure *structure_at(const GstStructure *in, const char *field) {
    const GValue *const value = gst_structure_get_value(in, field);
    return value != NULL && GST_VALUE_HOLDS_STRUCTURE(value) ? gst_value_get_structure(value)
                                                             : NULL;
}

/* What a number of any type is; absent if there is none, or one that is no integer of 2^53. */
static int64_t number_at(const GstStructure *in, const char *field) {
    const GValue *const value = gst_structure_get_value(in, field);
    GValue number = G_VALUE_INIT;
    int64_t result = TALLY_WEBRTC_ABSENT;
    if (value == NULL) {
        return result;
    }
    g_value_init(&number, G_TYPE_INT64);
    if (g_value_transform(value, &number)) {
        result = g_value_get_int64(&number);
    }
    g_value_unset(&number);
    return result;
}

static void take_number(const GstStructure *in, const char *field, int64_t *out) {
    const int64_t number = number_at(in, field);
    if (number != TALLY_WEBRTC_ABSENT) {
        *out = number;
    }
}

/* A part of one, or of a second. */
static void take_scaled(const GstStructure *in, const char *field, double scale, int64_t *out) {
    gdouble number = 0;
    if (gst_structure_get_double(in, field, &number) && number >= 0 && number < MICROSECONDS) {
        *out = (int64_t)(number * scale + 0.5);
    }
}

/* The report of this name on a track; on any if `ssrc` is NULL. */
static const GstStructure *report_of(const GstStructure *reply, const char *name,
                                     const uint32_t *ssrc) {
    const gint fields = gst_structure_n_fields(reply);
    for (gint i = 0; i < fields; i++) {
        const GstStructure *const report =
            structure_at(reply, gst_structure_nth_field_name(reply, (guint)i));
        guint of = 0;
        if (report != NULL && gst_structure_has_name(report, name) &&
            (ssrc == NULL || (gst_structure_get_uint(report, "ssrc", &of) && of == *ssrc))) {
            return report;
        }
    }
    return NULL;
}

/* ---- tracks --------------------------------------------------------------------------------- */

void webrtc_stats_inbound(const GstStructure *reply, uint32_t ssrc, tally_webrtc_inbound_t *out) {
    const GstStructure *const report = report_of(reply, INBOUND, &ssrc);
    if (report != NULL) {
        take_number(report, "nack-count", &out->nacks);
        take_number(report, "pli-count", &out->plis);
        take_number(report, "fir-count", &out->firs);
    }
}

/* Jitter is in ticks, and the report's own in seconds is missing where the source of the report has
 * no clock rate because it sends nothing: that of the track is the one. */
static void take_jitter(const GstStructure *report, const GstStructure *source,
                        tally_webrtc_outbound_t *out) {
    const GstStructure *const ours = structure_at(report, "gst-rtpsource-stats");
    const int64_t rate = ours != NULL ? number_at(ours, "clock-rate") : TALLY_WEBRTC_ABSENT;
    const int64_t ticks = number_at(source, "rb-jitter");
    if (rate > 0 && ticks >= 0 && ticks <= UINT32_MAX) {
        out->remote_jitter_us = ticks * INT64_C(1000000) / rate;
    }
}

/* One receiver reports on several tracks, and what is kept of its reports is the last: it is of the
 * track that it names, whatever the report around it says. */
static void take_remote(const GstStructure *reply, const GstStructure *report, uint32_t ssrc,
                        tally_webrtc_outbound_t *out) {
    const GstStructure *const remote = report_of(reply, REMOTE_INBOUND, &ssrc);
    const GstStructure *const source =
        remote != NULL ? structure_at(remote, "gst-rtpsource-stats") : NULL;
    int64_t round_trip_us = TALLY_WEBRTC_ABSENT;
    if (source == NULL || number_at(source, "rb-ssrc") != (int64_t)ssrc) {
        return;
    }
    take_scaled(remote, "round-trip-time", MICROSECONDS, &round_trip_us);
    if (round_trip_us == 0) {
        return; /* of the call's begin, before a report of ours was answered; it may stand for ever
                 */
    }
    out->remote_round_trip_us = round_trip_us;
    take_number(remote, "packets-lost", &out->remote_packets_lost);
    take_scaled(remote, "fraction-lost", PPM, &out->remote_loss_ppm);
    take_jitter(report, source, out);
}

void webrtc_stats_outbound(const GstStructure *reply, uint32_t ssrc, tally_webrtc_outbound_t *out) {
    const GstStructure *const report = report_of(reply, OUTBOUND, &ssrc);
    if (report != NULL) {
        take_number(report, "packets-sent", &out->packets_sent);
        take_number(report, "bytes-sent", &out->bytes_sent);
        take_remote(reply, report, ssrc, out);
    }
}

/* ---- candidates ----------------------------------------------------------------------------- */

void webrtc_stats_pair(const GstStructure *reply, tally_webrtc_pair_t *out) {
    static const char *const names[] = {
        [TALLY_CANDIDATE_HOST] = "host",
        [TALLY_CANDIDATE_SRFLX] = "srflx",
        [TALLY_CANDIDATE_PRFLX] = "prflx",
        [TALLY_CANDIDATE_RELAY] = "relay",
    };
    const GstStructure *const pair = report_of(reply, PAIR, NULL);
    const char *const id =
        pair != NULL ? gst_structure_get_string(pair, "local-candidate-id") : NULL;
    /* By its id: the types of the two candidates' reports are swapped. */
    const GstStructure *const local = id != NULL ? structure_at(reply, id) : NULL;
    const char *const type =
        local != NULL ? gst_structure_get_string(local, "candidate-type") : NULL;
    for (uint32_t i = 0; type != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(type, names[i]) == 0) {
            out->candidate = i;
        }
    }
}
