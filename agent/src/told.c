/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#if TALLY_PLAYERS > 0

#include <stddef.h>
#include <string.h>

#include "agent.h"
#include "live.h"
#include "log.h"
#include "tell.h"

#define FORGOTTEN_MS (INT64_C(1) << 31)

/* The groups that figures.h keeps. */
static const uint8_t kept_groups[] = {
    TALLY_G_ADS,
    TALLY_G_MEDIA,
    TALLY_G_PLAYBACK,
#if TALLY_METRICS_USER
    TALLY_G_USER,
#endif
};

static tally_told_t *told_of(tally_t *tally, const tally_session_t *session) {
    return &tally->told[session - tally->sessions];
}

static uint8_t *streams_of(tally_t *tally, const tally_session_t *session) {
    return tally->told_streams[session - tally->sessions];
}

tally_session_t *tally_told_find(tally_t *tally, uint32_t player, uint32_t theirs) {
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->told[i].player == player && tally->told[i].theirs == theirs) {
            return &tally->sessions[i];
        }
    }
    return NULL;
}

/* --- time and what is declared -------------------------------------------------------------- */

/* What both the session's player and the daemon can measure, and what is the device's own. */
static void declare(tally_t *tally, const tally_session_t *session) {
    const tally_connected_t *const connected =
        tally_daemon_find(tally, told_of(tally, session)->player);
    const uint64_t *const may = tally->options->player_capabilities;
    uint64_t *const declared = tally->players.declared;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const bool is_off = (tally->policy.active.groups_off >> i & 1) != 0;
        if ((TALLY_SPLIT_GROUPS >> i & 1) == 0) {
            declared[i] = tally->capabilities[i];
        } else {
            declared[i] =
                may != NULL && connected != NULL && !is_off ? may[i] & connected->can[i] : 0;
        }
    }
    if (connected != NULL) {
        declared[TALLY_G_DIMENSION] |=
            connected->can[TALLY_G_DIMENSION] & TALLY_CAN(DIMENSION, SESSION_ID);
    }
    tally->report.declared = declared;
}

/* The next records are of this session and this time. */
static void begin_records(tally_t *tally, const tally_session_t *session, uint64_t at_ms) {
    const tally_port_t *const port = tally->port;
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    tally_wall_t wall = port->wall(port->ctx);
    wall.unix_ms += (int64_t)(at_ms - now_ms);
    tally_report_set_time(&tally->report, at_ms, wall);
    declare(tally, session);
}

static void end_records(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    tally->report.declared = tally->capabilities;
    tally_report_set_time(&tally->report, port->monotonic_ms(port->ctx), port->wall(port->ctx));
}

/* The time of a record: of this boot, not to come, and not before another one. Events may be told
 * late, a moment behind a snapshot. */
static uint64_t time_of(const tally_t *tally, const tally_message_t *record, uint64_t least_ms) {
    const tally_port_t *const port = tally->port;
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    const uint64_t boot_ms = tally->report.boot_ms;
    const uint64_t most_ms = record->at_ms < now_ms ? record->at_ms : now_ms;
    const uint64_t since_ms = least_ms > boot_ms ? least_ms : boot_ms;
    return most_ms > since_ms ? most_ms : since_ms;
}

static uint64_t event_time_of(const tally_t *tally, const tally_told_t *told,
                              const tally_message_t *record) {
    return time_of(tally, record, told->at_ms);
}

/* --- what is kept --------------------------------------------------------------------------- */

/* Events that were told late take back time, by less than TALLY_LATE_MS: and with it bits of up to
 * 2^31 kbit/s. */
static int64_t may_fall(uint32_t metric) {
    if (metric == (uint32_t)TALLY_M_BITRATE_MEDIA) {
        return (int64_t)TALLY_LATE_MS << 31;
    }
    return tally_metric_infos[metric].kind == TALLY_KIND_DURATION ? TALLY_LATE_MS : 0;
}

bool tally_told_has_fallen(const tally_session_t *session, const tally_message_t *record) {
    for (uint32_t i = 0; i < sizeof kept_groups; i++) {
        const tally_group_info_t *const group = &tally_group_infos[kept_groups[i]];
        for (uint32_t metric = group->first; metric < group->end; metric++) {
            const uint32_t at = (uint32_t)tally_figures_place((enum tally_metric)metric);
            if (tally_metric_infos[metric].kind <= TALLY_KIND_DURATION &&
                record->values[metric].number + may_fall(metric) <
                    tally_figures_get(&session->figures, at)) {
                return true;
            }
        }
    }
    return false;
}

static void keep_group(tally_figures_t *figures, const tally_message_t *record,
                       enum tally_group group) {
    const tally_group_info_t *const info = &tally_group_infos[group];
    const uint32_t at = (uint32_t)tally_figures_place((enum tally_metric)info->first);
    const uint64_t present = record->present[group];
    for (uint32_t i = 0; i < (uint32_t)info->end - info->first; i++) {
        if ((present >> i & 1) != 0) {
            tally_figures_set(figures, at + i, record->values[info->first + i].number);
        }
    }
}

static void keep_figures(tally_session_t *session, const tally_message_t *record, uint64_t at_ms) {
    tally_figures_t *const figures = &session->figures;
    memset(figures, 0, sizeof *figures);
    figures->still = true;
    figures->at_ms = at_ms;
    for (uint32_t i = 0; i < sizeof kept_groups; i++) {
        keep_group(figures, record, (enum tally_group)kept_groups[i]);
    }
    figures->levels_known = (uint8_t)record->present[TALLY_G_LEVEL];
    memcpy(figures->levels, record->levels, sizeof figures->levels);
    figures->state = (uint8_t)tally_figures_get(figures, TALLY_PLAYBACK_AT(STATE));
}

static void keep_dimension(tally_t *tally, tally_session_t *session, enum tally_metric metric,
                           const tally_value_t *value) {
    tally_dimensions_t *const dimensions = &session->dimensions;
    int32_t status = TALLY_OK;
    if (metric == TALLY_M_SESSION_ID) {
        told_of(tally, session)->id = (uint64_t)value->number;
    } else if (tally_metric_infos[metric].kind == TALLY_KIND_TEXT) {
        status = tally_dimensions_set_text(dimensions, metric, value->text);
    } else {
        status = tally_dimensions_set(dimensions, metric, (int32_t)value->number);
    }
    if (status < 0) {
        tally_hooks_count_lost_text(&tally->hooks);
    }
}

/* All of them, in place of those before. */
static void keep_dimensions(tally_t *tally, tally_session_t *session,
                            const tally_message_t *record) {
    memset(&session->dimensions, 0, sizeof session->dimensions);
    for (uint32_t i = 0; i < TALLY_DIMENSION_METRICS; i++) {
        const uint32_t metric = (uint32_t)TALLY_M_DIMENSION_FIRST + i;
        if ((record->present[TALLY_G_DIMENSION] >> i & 1) != 0) {
            keep_dimension(tally, session, (enum tally_metric)metric, &record->values[metric]);
        }
    }
    for (uint32_t i = 0; i < record->texts_lost; i++) {
        tally_hooks_count_lost_text(&tally->hooks);
    }
}

/* When things were last. Heartbeats are the daemon's. */
static void keep_since(tally_session_t *session, const tally_message_t *record, uint64_t at_ms) {
    for (uint32_t i = 0; i < TALLY_SINCE_METRICS; i++) {
        const uint32_t metric = (uint32_t)TALLY_M_SINCE_FIRST + i;
        const int64_t since_ms = record->values[metric].number;
        const uint16_t bit = (uint16_t)(1u << i);
        if (metric == (uint32_t)TALLY_M_SINCE_HEARTBEAT) {
            continue;
        }
        session->last_known &= (uint16_t)~bit;
        if ((record->present[TALLY_G_SINCE] & bit) != 0 && since_ms < FORGOTTEN_MS) {
            session->last_ms[i] = (uint32_t)at_ms - (uint32_t)since_ms;
            session->last_known |= bit;
        }
    }
}

/* --- its streams ---------------------------------------------------------------------------- */

/* The group of a stream's record has the letter of its kind. */
static enum tally_group group_of(char kind) {
    uint32_t group = 0;
    while (tally_group_infos[group].letter != kind) {
        group++;
    }
    return (enum tally_group)group;
}

static void tell_stream(tally_t *tally, const tally_session_t *session,
                        const tally_message_t *record) {
    const bool has_pair = record->kind == 'j' || record->kind == 'o';
    const tally_view_t views[] = {
        tally_message_view(record, group_of(record->kind)),
        tally_message_view(record, TALLY_G_WEBRTC_PAIR),
    };
    (void)tally_report_make(&tally->report, TALLY_ROUTINE, (enum tally_record)record->kind,
                            session->number, views, has_pair ? 2 : 1);
}

/* The next of the records that are kept, all of which were read once. */
static bool next_stream(tally_t *tally, tally_cbor_reader_t *cbor) {
    tally_message_t *const record = &tally->players.record;
    while (cbor->left > 0 && tally_message_read(cbor, record) == TALLY_OK) {
        if (tally_stream_has_kind(record->kind)) {
            return true;
        }
    }
    return false;
}

static void tell_streams(tally_t *tally, const tally_session_t *session) {
    const tally_told_t *const told = told_of(tally, session);
    tally_cbor_reader_t cbor;
    tally_cbor_read_begin(&cbor, streams_of(tally, session), told->stream_bytes);
    while (next_stream(tally, &cbor)) {
        tell_stream(tally, session, &tally->players.record);
    }
}

uint32_t tally_told_sum(tally_t *tally, const tally_session_t *session, enum tally_metric metric) {
    const tally_told_t *const told = told_of(tally, session);
    const tally_message_t *const record = &tally->players.record;
    const char letter = tally_group_infos[tally_metrics_group(metric)].letter;
    tally_cbor_reader_t cbor;
    uint32_t sum = 0;
    tally_cbor_read_begin(&cbor, streams_of(tally, session), told->stream_bytes);
    while (next_stream(tally, &cbor)) {
        sum += record->kind == letter ? (uint32_t)record->values[metric].number : 0;
    }
    return sum;
}

void tally_told_stream(tally_t *tally, tally_session_t *session, const tally_message_t *record) {
    tally_told_t *const told = told_of(tally, session);
    /* A snapshot with those that are left follows. */
    told->stream_bytes = 0;
    if (session->announced) {
        begin_records(tally, session, time_of(tally, record, told->at_ms));
        tell_stream(tally, session, record);
        end_records(tally);
    }
}

/* --- its course ----------------------------------------------------------------------------- */

static uint32_t count_of(const tally_t *tally, uint32_t player) {
    uint32_t sessions = 0;
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        sessions += tally->told[i].player == player ? 1 : 0;
    }
    return sessions;
}

tally_session_t *tally_told_open(tally_t *tally, uint32_t player, const tally_message_t *record) {
    tally_session_t *const session = tally_live_find(tally, 0);
    if (session == NULL || count_of(tally, player) >= TALLY_PLAYER_SESSIONS) {
        tally->sessions_refused++;
        TALLY_LOG(tally->port, SESSION_REFUSED, record->session);
        return NULL;
    }
    tally_told_t *const told = told_of(tally, session);
    memset(told, 0, sizeof *told);
    told->player = player;
    told->theirs = record->session;
    const uint64_t at_ms = time_of(tally, record, 0);
    memset(session, 0, sizeof *session);
    session->number = tally_hooks_new_session(&tally->hooks);
    session->viewing = &tally->viewing;
    session->reported_ms = at_ms;
    session->figures.still = true;
    session->figures.at_ms = at_ms;
    session->unsampled = !tally_policy_samples(tally, session->number);
    tally_watch_note(tally, session, at_ms);
    TALLY_LOG(tally->port, SESSION_OPENED, session->number);
    return session;
}

static void close_session(tally_t *tally, tally_session_t *session) {
    tally_told_t *const told = told_of(tally, session);
    begin_records(tally, session, told->at_ms);
    if (!session->announced && !session->unsampled) {
        tally_tell_announce(tally, session, told->at_ms);
    }
    if (session->announced) {
        tell_streams(tally, session);
    }
    tally_tell_end(tally, session, told->at_ms);
    end_records(tally);
    TALLY_LOG(tally->port, SESSION_ENDED, session->number);
    memset(session, 0, sizeof *session);
    memset(told, 0, sizeof *told);
}

static void announce(tally_t *tally, tally_session_t *session, uint64_t at_ms) {
    if (!session->announced && !session->unsampled) {
        begin_records(tally, session, at_ms);
        tally_tell_announce(tally, session, at_ms);
        end_records(tally);
    }
}

void tally_told_start(tally_t *tally, tally_session_t *session, const tally_message_t *record) {
    keep_dimensions(tally, session, record);
    announce(tally, session, time_of(tally, record, 0));
}

/* A heartbeat, if it is due with the last snapshot: of its time, and only one. */
static void beat(tally_t *tally, tally_session_t *session) {
    tally_told_t *const told = told_of(tally, session);
    const uint64_t at_ms = session->figures.at_ms;
    if (tally->suspended || told->is_resting) {
        session->reported_ms = at_ms;
        return;
    }
    if (!told->has_news || at_ms < session->reported_ms + tally->heartbeat_ms) {
        return;
    }
    told->has_news = false;
    session->reported_ms = at_ms;
    if (session->announced) {
        begin_records(tally, session, at_ms);
        tally_tell_heartbeat(tally, session, at_ms);
        tell_streams(tally, session);
        end_records(tally);
        tally_watch_note(tally, session, at_ms);
    }
}

void tally_told_snapshot(tally_t *tally, tally_session_t *session, const tally_message_t *record,
                         const uint8_t *streams, uint32_t bytes) {
    tally_told_t *const told = told_of(tally, session);
    const bool was_resting = told->is_resting;
    const uint64_t least_ms = session->figures.at_ms;
    const uint64_t at_ms = time_of(tally, record, told->at_ms > least_ms ? told->at_ms : least_ms);
    keep_figures(session, record, at_ms);
    memcpy(streams_of(tally, session), streams, bytes);
    told->stream_bytes = (uint16_t)bytes;
    told->is_resting = session->figures.state == TALLY_STATE_SUSPENDED;
    told->has_news = true;
    if (!told->has_figures) {
        /* It may have begun before this daemon: then its first heartbeat is due. */
        const uint64_t age_ms =
            (uint64_t)tally_figures_get(&session->figures, TALLY_PLAYBACK_AT(ELAPSED_TIME));
        if (age_ms > at_ms - session->reported_ms) {
            session->reported_ms = age_ms < at_ms ? at_ms - age_ms : 0;
        }
        told->has_figures = true;
    } else if (was_resting && !told->is_resting) {
        session->reported_ms = at_ms; /* what was slept through is not made up for */
    }
    beat(tally, session);
}

void tally_told_event(tally_t *tally, tally_session_t *session, const tally_message_t *record) {
    tally_told_t *const told = told_of(tally, session);
    const tally_view_t event = tally_message_view(record, TALLY_G_EVENT);
    const int64_t type = record->values[TALLY_M_EVENT_TYPE].number;
    told->at_ms = event_time_of(tally, told, record);
    keep_since(session, record, told->at_ms);
    if ((event.present & TALLY_CAN(EVENT, EVENT_TYPE)) == 0) {
        return; /* one that this daemon does not know */
    }
    if (type == TALLY_EVENT_WAKE) {
        session->reported_ms = told->at_ms;
        told->is_resting = false;
    }
    begin_records(tally, session, told->at_ms);
    if ((tally->report.declared[TALLY_G_EVENT] & TALLY_CAN(EVENT, EVENT_TYPE)) != 0) {
        tally_tell_event(tally, session, (enum tally_event_type)type, &event, told->at_ms);
    }
    end_records(tally);
}

void tally_told_end(tally_t *tally, tally_session_t *session, const tally_message_t *record) {
    tally_told_t *const told = told_of(tally, session);
    told->at_ms = event_time_of(tally, told, record);
    keep_dimensions(tally, session, record);
    keep_figures(session, record, told->at_ms);
    keep_since(session, record, told->at_ms);
    close_session(tally, session);
}

/* What the engine knows of a session, as far as its figures tell. A depletion is left out: how long
 * it was is in them, and when it ended nobody knows. */
static void revive(tally_session_t *session, bool tells_attempts) {
    const tally_figures_t *const figures = &session->figures;
    const bool has_failed = tally_figures_get(figures, TALLY_PLAYBACK_AT(START_FAILURES)) != 0 ||
                            tally_figures_get(figures, TALLY_PLAYBACK_AT(PLAYBACK_FAILURES)) != 0;
    const bool is_over = figures->state == TALLY_STATE_ENDED ||
                         figures->state == TALLY_STATE_STOPPED ||
                         figures->state == TALLY_STATE_FAILED;
    session->requested =
        !tells_attempts || tally_figures_get(figures, TALLY_PLAYBACK_AT(PLAY_ATTEMPTS)) != 0;
    session->started = tally_figures_get(figures, TALLY_PLAYBACK_AT(FIRST_PLAYS)) != 0;
    session->over = has_failed ? TALLY_STATE_FAILED : is_over ? figures->state : TALLY_STATE_IDLE;
}

void tally_told_died(tally_t *tally, tally_session_t *session) {
    tally_told_t *const told = told_of(tally, session);
    const tally_connected_t *const connected = tally_daemon_find(tally, told->player);
    const uint64_t figures_ms = session->figures.at_ms;
    const uint64_t can = connected != NULL ? connected->can[TALLY_G_PLAYBACK] : 0;
    told->at_ms = told->at_ms > figures_ms ? told->at_ms : figures_ms;
    revive(session, (can & TALLY_CAN(PLAYBACK, PLAY_ATTEMPTS)) != 0);
    (void)tally_session_apply(session, TALLY_HOOK_CLOSE, TALLY_STOP_PLAYER_DIED, 0, told->at_ms);
    /* What has happened since the last event is not known, nor when. */
    session->last_known &= (uint16_t)(1u << (TALLY_M_SINCE_HEARTBEAT - TALLY_M_SINCE_FIRST));
    close_session(tally, session);
}

uint64_t tally_told_report(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
    announce(tally, session, now_ms);
    beat(tally, session);
    return session->announced || session->unsampled ? UINT64_MAX : now_ms + TALLY_START_REFILL_MS;
}

#endif
