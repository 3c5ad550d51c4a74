/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of hook.h: arguments are checked here, then the event goes to the hook stage and the
 * stream to its slot. Everything here may run beside the agent task.
 */
#include <stddef.h>

#include "agent.h"

static tally_session_id_t open_as(tally_t *tally, enum tally_session_kind kind) {
    const tally_session_id_t number = tally_hooks_new_session(&tally->hooks);
    const int32_t status = tally_hooks_put(&tally->hooks, number, TALLY_HOOK_OPEN, 0, kind);
    return status < 0 ? 0 : number;
}

tally_session_id_t tally_hook_open(tally_t *tally) {
    return open_as(tally, TALLY_SESSION_PLAYBACK);
}

tally_session_id_t tally_hook_open_publish(tally_t *tally) {
    return open_as(tally, TALLY_SESSION_PUBLISH);
}

tally_session_id_t tally_hook_zap(tally_t *tally, tally_session_id_t from) {
    if (from != 0 && tally_hook_close(tally, from, TALLY_STOP_ZAP) < 0) {
        return 0; /* or the old session would stay open, unknown to its player */
    }
    return open_as(tally, TALLY_SESSION_ZAP);
}

static int32_t put_event(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                         int32_t code, int32_t detail) {
    const uint64_t numbers = (uint64_t)(uint32_t)detail << 32 | (uint32_t)code;
    return tally_hooks_put(&tally->hooks, session, hook, 0, (int64_t)numbers);
}

/* Out of line, so that the events without limits, which are most, save no registers for it. */
__attribute__((noinline)) static int32_t put_limited(tally_t *tally, tally_session_id_t session,
                                                     enum tally_hook hook, int32_t code,
                                                     int32_t detail) {
    return tally_session_takes(hook, code, detail) ? put_event(tally, session, hook, code, detail)
                                                   : (int32_t)TALLY_E_ARGUMENT;
}

int32_t tally_hook_tell(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                        int32_t code, int32_t detail) {
    if (session == 0 || hook <= TALLY_HOOK_OPEN || hook >= TALLY_HOOK_SET) {
        return TALLY_E_ARGUMENT;
    }
    return tally_session_limits(hook) ? put_limited(tally, session, hook, code, detail)
                                      : put_event(tally, session, hook, code, detail);
}

int32_t tally_hook_set(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t value) {
    if (session == 0 || !tally_metrics_can_set(metric, value)) {
        return TALLY_E_ARGUMENT;
    }
    return tally_hooks_put(&tally->hooks, session, TALLY_HOOK_SET, metric, value);
}

int32_t tally_hook_add(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t amount) {
    if (session == 0 || !tally_metrics_can_add(metric, amount)) {
        return TALLY_E_ARGUMENT;
    }
    return tally_hooks_put(&tally->hooks, session, TALLY_HOOK_ADD, metric, amount);
}

int32_t tally_hook_text(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                        const char *text) {
    if (session == 0 || text == NULL || !tally_metrics_can_set_text(metric)) {
        return TALLY_E_ARGUMENT;
    }
    return tally_hooks_put_text(&tally->hooks, session, metric, text);
}

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
            tally_stream_attach(&tally->streams[i], session, group, version, words);
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
            tally->tracks[i] = (tally_webrtc_slot_t){.track = track, .session = session};
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

#endif
