/* SPDX-License-Identifier: Apache-2.0 */
#include "attached.h"

#include <stddef.h>
#include <string.h>

#include "live.h"

/* A session without a start record has no others. One that is not open any more may have had; 0 is
 * one that is to be forgotten. */
static bool is_unannounced(tally_t *tally, tally_session_id_t number) {
    const tally_session_t *const session = tally_live_find(tally, number);
    return number == 0 || (session != NULL && !session->announced);
}

/* --- streams and tracks ---------------------------------------------------------------------- */

/* Within the critical section. Never 0; by the time one comes again its stream is long gone. */
static uint16_t next_number(tally_t *tally) {
    tally->last_stream = (uint16_t)(tally->last_stream == UINT16_MAX ? 1 : tally->last_stream + 1);
    return tally->last_stream;
}

/* --- streams: from players ------------------------------------------------------------------ */

static int32_t attach(tally_t *tally, tally_session_id_t session, enum tally_group group,
                      const uint32_t *version, const uint32_t *words) {
    const tally_port_t *const port = tally->port;
    int32_t status = TALLY_E_FULL;
    if (session == 0) {
        return TALLY_E_ARGUMENT;
    }
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_STREAMS && status != TALLY_OK; i++) {
        if (!tally->streams[i].in_use) {
            tally_stream_attach(&tally->streams[i], next_number(tally), session, group, version,
                                words);
            status = TALLY_OK;
        }
    }
    port->critical_leave(port->ctx, state);
    return status;
}

int32_t tally_attach_rtp(tally_t *tally, tally_session_id_t session, const tally_rtp_t *rtp) {
    return rtp == NULL ? (int32_t)TALLY_E_ARGUMENT
                       : attach(tally, session, TALLY_G_RTP, &rtp->version, rtp->values);
}

int32_t tally_attach_ts(tally_t *tally, tally_session_id_t session, const tally_ts_t *ts) {
    return ts == NULL ? (int32_t)TALLY_E_ARGUMENT
                      : attach(tally, session, TALLY_G_TS, &ts->version, ts->values);
}

int32_t tally_attach_frames(tally_t *tally, tally_session_id_t session,
                            const tally_frames_t *frames) {
    return frames == NULL
               ? (int32_t)TALLY_E_ARGUMENT
               : attach(tally, session, TALLY_G_FRAMES, &frames->version, frames->values);
}

int32_t tally_detach(tally_t *tally, const void *stream) {
    const tally_port_t *const port = tally->port;
    int32_t status = TALLY_E_EMPTY;
    if (stream == NULL) {
        return TALLY_E_ARGUMENT;
    }
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        /* Every stream struct begins with its version. */
        if (tally->streams[i].in_use && (const void *)tally->streams[i].version == stream) {
            (void)tally_stream_sample(&tally->streams[i]);
            tally->streams[i].version = NULL;
            status = TALLY_OK;
        }
    }
    port->critical_leave(port->ctx, state);
    if (status == TALLY_OK) {
        port->wake(port->ctx);
    }
    return status;
}

/* --- streams: to the report ----------------------------------------------------------------- */

static void report_stream(tally_t *tally, const tally_stream_t *stream) {
    const tally_view_t view = {.values = stream->totals,
                               .present = stream->present,
                               .group = stream->group,
                               .stream = stream->number};
    /* A stream's record goes by the letter of its group. */
    const enum tally_record kind = (enum tally_record)tally_group_infos[stream->group].letter;
    (void)tally_report_make(&tally->report, TALLY_ROUTINE, kind, stream->session, &view, 1);
}

/* Takes the last figures of a stream and, once its player is gone, reports them and frees it. */
static void sample_stream(tally_t *tally, tally_stream_t *stream) {
    const tally_port_t *const port = tally->port;
    uint32_t state = port->critical_enter(port->ctx);
    const bool fresh = !stream->in_use || tally_stream_sample(stream);
    const bool over = stream->in_use && stream->version == NULL;
    port->critical_leave(port->ctx, state);
    tally->snapshots_stale += fresh ? 0 : 1;
    if (over) {
        /* Until it is freed, nobody else writes to a slot in use without a player. */
        if (!is_unannounced(tally, stream->session)) {
            report_stream(tally, stream);
        }
        state = port->critical_enter(port->ctx);
        stream->in_use = false;
        port->critical_leave(port->ctx, state);
    }
}

static void report_streams_of(tally_t *tally, tally_session_id_t number) {
    const tally_port_t *const port = tally->port;
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        const uint32_t state = port->critical_enter(port->ctx);
        const tally_stream_t stream = tally->streams[i];
        port->critical_leave(port->ctx, state);
        if (stream.in_use && stream.session == number) {
            report_stream(tally, &stream);
        }
    }
}

void tally_attached_disown(tally_t *tally, tally_session_id_t number) {
    const tally_port_t *const port = tally->port;
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        if (number == 0 || tally->streams[i].session == number) {
            tally->streams[i].session = 0;
        }
    }
    port->critical_leave(port->ctx, state);
}

static uint32_t sum_streams(tally_t *tally, tally_session_id_t number, enum tally_group group,
                            uint32_t at) {
    const tally_port_t *const port = tally->port;
    uint32_t sum = 0;
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        const tally_stream_t *const stream = &tally->streams[i];
        if (stream->in_use && stream->session == number && stream->group == group) {
            sum += (uint32_t)stream->totals[at].number;
        }
    }
    port->critical_leave(port->ctx, state);
    return sum;
}

/* --- WebRTC tracks -------------------------------------------------------------------------- */

#if TALLY_WEBRTC_TRACKS > 0

int32_t tally_attach_webrtc(tally_t *tally, tally_session_id_t session,
                            const tally_webrtc_t *track) {
    const tally_port_t *const port = tally->port;
    int32_t status = TALLY_E_FULL;
    if (session == 0 || track == NULL) {
        return TALLY_E_ARGUMENT;
    }
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS && status != TALLY_OK; i++) {
        if (tally->tracks[i].track == NULL) {
            tally->tracks[i] = (tally_webrtc_slot_t){
                .track = track, .session = session, .number = next_number(tally)};
            status = TALLY_OK;
        }
    }
    port->critical_leave(port->ctx, state);
    return status;
}

int32_t tally_detach_webrtc(tally_t *tally, const tally_webrtc_t *track) {
    const tally_port_t *const port = tally->port;
    uint32_t asked = 0;
    if (track == NULL) {
        return TALLY_E_ARGUMENT;
    }
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS; i++) {
        asked |= tally->tracks[i].track == track ? UINT32_C(1) << i : 0;
    }
    tally->tracks_leaving |= (uint8_t)asked;
    port->critical_leave(port->ctx, state);
    if (asked != 0) {
        port->wake(port->ctx);
    }
    return asked != 0 ? 1 : 0;
}

static void report_track(tally_t *tally, const tally_webrtc_slot_t *slot) {
    tally_webrtc_image_t image;
    if (!tally_webrtc_read(slot->track, &image)) {
        tally->snapshots_stale++;
        return; /* the last record stands: all in it is cumulative */
    }
    const tally_view_t views[] = {
        {.values = image.values,
         .present = image.present,
         .group = (uint8_t)slot->track->group,
         .stream = slot->number},
        {.values = image.pair, .present = image.pair_present, .group = TALLY_G_WEBRTC_PAIR},
    };
    const enum tally_record kind = (enum tally_record)tally_group_infos[slot->track->group].letter;
    (void)tally_report_make(&tally->report, TALLY_ROUTINE, kind, slot->session, views, 2);
}

/* Reports and frees the tracks of these slots that have a session to be told of with. */
static void leave_tracks(tally_t *tally, uint32_t leaving) {
    const tally_port_t *const port = tally->port;
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS; i++) {
        if ((leaving >> i & 1) == 0) {
            continue;
        }
        /* Nobody else writes to a slot in use. */
        if (!is_unannounced(tally, tally->tracks[i].session)) {
            report_track(tally, &tally->tracks[i]);
        }
        const uint32_t state = port->critical_enter(port->ctx);
        tally->tracks[i].track = NULL;
        tally->tracks_leaving &= (uint8_t) ~(UINT32_C(1) << i);
        port->critical_leave(port->ctx, state);
    }
}

static void leave_detached_tracks(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const uint32_t state = port->critical_enter(port->ctx);
    const uint32_t leaving = tally->tracks_leaving;
    port->critical_leave(port->ctx, state);
    leave_tracks(tally, leaving);
}

/* The slots with tracks of a session. */
static uint32_t tracks_of(tally_t *tally, tally_session_id_t number) {
    const tally_port_t *const port = tally->port;
    uint32_t slots = 0;
    const uint32_t state = port->critical_enter(port->ctx);
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS; i++) {
        const tally_webrtc_slot_t *const slot = &tally->tracks[i];
        slots |= slot->track != NULL && slot->session == number ? UINT32_C(1) << i : 0;
    }
    port->critical_leave(port->ctx, state);
    return slots;
}

static void report_tracks_of(tally_t *tally, tally_session_id_t number) {
    const uint32_t slots = tracks_of(tally, number);
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS; i++) {
        if ((slots >> i & 1) != 0) {
            report_track(tally, &tally->tracks[i]);
        }
    }
}

static void leave_tracks_of(tally_t *tally, tally_session_id_t number) {
    leave_tracks(tally, tracks_of(tally, number));
}

static uint32_t sum_tracks(tally_t *tally, tally_session_id_t number, enum tally_group group,
                           uint32_t at) {
    const uint32_t slots = tracks_of(tally, number);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < TALLY_WEBRTC_TRACKS; i++) {
        tally_webrtc_image_t image;
        const tally_webrtc_t *const track = tally->tracks[i].track;
        if ((slots >> i & 1) != 0 && track->group == (uint32_t)group &&
            tally_webrtc_read(track, &image)) {
            sum += (uint32_t)image.values[at].number;
        }
    }
    return sum;
}

static void forget_tracks(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const uint32_t state = port->critical_enter(port->ctx);
    memset(tally->tracks, 0, sizeof tally->tracks);
    tally->tracks_leaving = 0;
    port->critical_leave(port->ctx, state);
}

#else

static void leave_detached_tracks(tally_t *tally) {
    (void)tally;
}

static void report_tracks_of(tally_t *tally, tally_session_id_t number) {
    (void)tally;
    (void)number;
}

static void leave_tracks_of(tally_t *tally, tally_session_id_t number) {
    (void)tally;
    (void)number;
}

static uint32_t sum_tracks(tally_t *tally, tally_session_id_t number, enum tally_group group,
                           uint32_t at) {
    (void)tally;
    (void)number;
    (void)group;
    (void)at;
    return 0;
}

static void forget_tracks(tally_t *tally) {
    (void)tally;
}

#endif

/* --- both ----------------------------------------------------------------------------------- */

void tally_attached_sample(tally_t *tally) {
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        sample_stream(tally, &tally->streams[i]);
    }
    leave_detached_tracks(tally);
}

void tally_attached_report(tally_t *tally, tally_session_id_t number) {
    report_streams_of(tally, number);
    report_tracks_of(tally, number);
}

void tally_attached_leave(tally_t *tally, tally_session_id_t number) {
    leave_tracks_of(tally, number);
}

uint32_t tally_attached_sum(tally_t *tally, tally_session_id_t number, enum tally_metric metric) {
    const enum tally_group group = tally_metrics_group(metric);
    const uint32_t at = (uint32_t)metric - tally_group_infos[group].first;
#if TALLY_PLAYERS > 0
    const tally_session_t *const session = tally_live_find(tally, number);
    if (session != NULL && tally_told_is(session)) {
        return tally_told_sum(tally, session, metric);
    }
#endif
    return sum_streams(tally, number, group, at) + sum_tracks(tally, number, group, at);
}

void tally_attached_forget(tally_t *tally) {
    tally_attached_disown(tally, 0);
    forget_tracks(tally);
}
