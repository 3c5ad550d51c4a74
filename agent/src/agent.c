/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "log.h"
#include "text.h"

#define HEARTBEAT_DEFAULT_MS 60000u
#define UPLOAD_DEFAULT_MS    300000u
#define OPTION_TEXT_BYTES    64u
#define PATH_BYTES           128u

/* What the agent cannot know of its own group. */
#define NOTED_BY_BOARD (TALLY_CAN(AGENT, TLS_HEAP_HIGH) | TALLY_CAN(AGENT, STACK_HIGH))

/* Events taken in one step: a flood cannot keep the agent task from the rest of its work. */
#define EVENTS_A_STEP (2u * (uint32_t)TALLY_EVENTS)

/* --- init ----------------------------------------------------------------------------------- */

static bool is_complete(const tally_port_t *port, const tally_transport_t *transport,
                        const tally_store_t *store) {
    return port->monotonic_ms != NULL && port->wall != NULL && port->random != NULL &&
           port->critical_enter != NULL && port->critical_leave != NULL && port->wake != NULL &&
           port->log != NULL && transport->open != NULL && transport->send != NULL &&
           transport->receive != NULL && transport->close != NULL && store->read != NULL &&
           store->program != NULL && store->erase != NULL && store->sync != NULL;
}

static bool is_text(const char *text, uint32_t limit) {
    return text != NULL && tally_text_length(text, limit) > 0;
}

static bool is_optional_text(const char *text) {
    return text == NULL || tally_text_length(text, OPTION_TEXT_BYTES) >= 0;
}

/* Bytes below 0x21 could end the request line they are put into. */
static bool is_printable(const char *text) {
    for (; *text != '\0'; text++) {
        if ((uint8_t)*text <= 0x20 || (uint8_t)*text == 0x7F) {
            return false;
        }
    }
    return true;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise) {
    return value != 0 ? value : otherwise;
}

static bool is_sound(const tally_options_t *options) {
    const uint32_t heartbeat_ms = or_default(options->heartbeat_ms, HEARTBEAT_DEFAULT_MS);
    const uint32_t upload_ms = or_default(options->upload_ms, UPLOAD_DEFAULT_MS);
    return is_text(options->peer.host, OPTION_TEXT_BYTES) && is_printable(options->peer.host) &&
           options->peer.port != 0 && is_text(options->path, PATH_BYTES) &&
           options->path[0] == '/' && is_printable(options->path) &&
           is_text(options->device_id, OPTION_TEXT_BYTES) &&
           is_text(options->operator_id, OPTION_TEXT_BYTES) &&
           is_optional_text(options->device_type) && is_optional_text(options->device_model) &&
           is_optional_text(options->soc) && is_optional_text(options->firmware) &&
           is_optional_text(options->os) && heartbeat_ms >= 1000 && heartbeat_ms <= 3600000 &&
           upload_ms >= 1000 && upload_ms <= 86400000;
}

/* 53 bits, so that every JSON reader keeps them; 0 is none. */
static int32_t draw_boot_id(const tally_port_t *port, uint64_t *out) {
    uint64_t bits = 0;
    if (port->random(port->ctx, (uint8_t *)&bits, sizeof bits) < 0) {
        return TALLY_E_RANDOM;
    }
    bits &= (UINT64_C(1) << 53) - 1;
    *out = bits != 0 ? bits : 1;
    return TALLY_OK;
}

static void report_boot(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    tally_value_t values[TALLY_BOOT_METRICS] = {{0}};
    uint64_t present = TALLY_CAN(BOOT, RESET_REASON) | TALLY_CAN(BOOT, REGISTRY_HASH);
    values[TALLY_M_RESET_REASON - TALLY_M_BOOT_FIRST].number = options->reset_reason;
    values[TALLY_M_REGISTRY_HASH - TALLY_M_BOOT_FIRST].number = tally_metrics_hash();
    const struct {
        enum tally_metric metric;
        const char *text;
    } texts[] = {
        {TALLY_M_DEVICE_TYPE, options->device_type},
        {TALLY_M_DEVICE_MODEL, options->device_model},
        {TALLY_M_SOC, options->soc},
        {TALLY_M_FIRMWARE, options->firmware},
        {TALLY_M_OS, options->os},
        {TALLY_M_AGENT_VERSION, TALLY_VERSION},
    };
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text != NULL) {
            const uint32_t at = (uint32_t)texts[i].metric - (uint32_t)TALLY_M_BOOT_FIRST;
            values[at].text = texts[i].text;
            present |= UINT64_C(1) << at;
        }
    }
    tally_report_boot(&tally->report, &(tally_view_t){.values = values, .present = present});
}

static void declare_capabilities(tally_t *tally) {
    memcpy(tally->capabilities, tally->options->capabilities, sizeof tally->capabilities);
    const uint64_t all = (UINT64_C(1) << (uint32_t)TALLY_AGENT_METRICS) - 1;
    tally->capabilities[TALLY_G_AGENT] |= all & ~NOTED_BY_BOARD;
}

int32_t tally_init(tally_t *tally, const tally_options_t *options, const tally_port_t *port,
                   const tally_transport_t *transport, const tally_store_t *store) {
    if (tally == NULL || options == NULL || port == NULL || transport == NULL || store == NULL ||
        !is_complete(port, transport, store)) {
        return TALLY_E_ARGUMENT;
    }
    if (!is_sound(options)) {
        return TALLY_E_CONFIG;
    }
    memset(tally, 0, sizeof *tally);
    tally->port = port;
    tally->options = options;
    tally->heartbeat_ms = or_default(options->heartbeat_ms, HEARTBEAT_DEFAULT_MS);
    tally->upload_ms = or_default(options->upload_ms, UPLOAD_DEFAULT_MS);
    declare_capabilities(tally);
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    int32_t status = draw_boot_id(port, &tally->boot_id);
    if (status == TALLY_OK) {
        status = tally_spool_init(&tally->spool, store);
    }
    if (status != TALLY_OK) {
        return status;
    }
    const tally_uplink_config_t uplink = {
        .peer = options->peer,
        .path = options->path,
        .device_id = options->device_id,
        .operator_id = options->operator_id,
        .boot_id = tally->boot_id,
        .boot_ms = now_ms,
        .period_ms = tally->upload_ms,
    };
    status = tally_uplink_init(&tally->uplink, &uplink, port, transport, &tally->spool, now_ms);
    if (status != TALLY_OK) {
        return status;
    }
    tally_hooks_init(&tally->hooks, port);
    tally_report_init(&tally->report, port, &tally->spool, tally->capabilities, now_ms);
    tally_report_set_time(&tally->report, now_ms, port->wall(port->ctx));
    tally->wall_known = tally->report.wall.quality != TALLY_WALL_UNKNOWN;
    tally->agent_due_ms = now_ms + tally->upload_ms;
    report_boot(tally);
    TALLY_LOG(port, BOOT, TALLY_REGISTRY_VERSION);
    return TALLY_OK;
}

/* --- events --------------------------------------------------------------------------------- */

static tally_session_t *find_session(tally_t *tally, tally_session_id_t number) {
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->sessions[i].number == number) {
            return &tally->sessions[i];
        }
    }
    return NULL;
}

static void open_session(tally_t *tally, tally_session_id_t number, uint64_t at_ms) {
    tally_session_t *const session = find_session(tally, 0);
    if (session == NULL) {
        tally->sessions_refused++;
        TALLY_LOG(tally->port, SESSION_REFUSED, number);
        return;
    }
    tally_session_open(session, number, at_ms);
    TALLY_LOG(tally->port, SESSION_OPENED, number);
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
        tally_report_stream(&tally->report, stream);
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
            tally_report_stream(&tally->report, &stream);
        }
    }
}

static void report_start(tally_t *tally, const tally_session_t *session) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    const tally_view_t dimensions = tally_session_dimensions(session, values);
    tally_report_start(&tally->report, session->number, &dimensions);
}

static void report_heartbeat(tally_t *tally, const tally_session_t *session, uint64_t now_ms) {
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    const tally_view_t playback = tally_session_playback(session, now_ms, values);
    tally_report_heartbeat(&tally->report, session->number, &playback);
    report_streams_of(tally, session->number);
}

static void report_end(tally_t *tally, const tally_session_t *session, uint64_t at_ms) {
    tally_value_t dimension_values[TALLY_DIMENSION_METRICS];
    tally_value_t playback_values[TALLY_PLAYBACK_METRICS];
    const tally_view_t dimensions = tally_session_dimensions(session, dimension_values);
    const tally_view_t playback = tally_session_playback(session, at_ms, playback_values);
    tally_report_end(&tally->report, session->number, &dimensions, &playback);
    TALLY_LOG(tally->port, SESSION_ENDED, session->number);
}

/* The dimensions are set by events behind OPEN, so the start is reported with the play request. */
static void after_event(tally_t *tally, tally_session_t *session, enum tally_hook hook,
                        const tally_outcome_t *outcome, uint64_t at_ms) {
    if (outcome->illegal) {
        tally->events_illegal++;
        return;
    }
    if (hook == TALLY_HOOK_PLAY) {
        report_start(tally, session);
    }
    for (uint32_t i = 0; i < outcome->count; i++) {
        const tally_notice_t *const notice = &outcome->notices[i];
        tally_report_event(&tally->report, session->number, (enum tally_event_type)notice->type,
                           notice->code);
    }
    if (hook == TALLY_HOOK_CLOSE) {
        report_end(tally, session, at_ms);
        session->number = 0;
    }
}

static void set_text(tally_t *tally, tally_session_t *session, const tally_event_t *event) {
    const char *const text = tally_hooks_text(&tally->hooks, event);
    if (session == NULL) {
        tally->events_stray++;
    } else if (tally_session_set_text(session, (enum tally_metric)event->metric, text) < 0) {
        tally_hooks_count_lost_text(&tally->hooks);
    }
    tally_hooks_release_text(&tally->hooks, event);
}

static void on_event(tally_t *tally, const tally_event_t *event, uint64_t now_ms,
                     tally_wall_t wall) {
    /* The stamp is 32 bits and at most 2^31 ms away from now, on either side. */
    const int32_t distance_ms = (int32_t)(event->time_ms - (uint32_t)now_ms);
    const uint64_t at_ms = now_ms + (uint64_t)(int64_t)distance_ms;
    const enum tally_hook hook = (enum tally_hook)event->hook;
    tally_session_t *const session = find_session(tally, event->session);
    wall.unix_ms += distance_ms;
    tally_report_set_time(&tally->report, at_ms, wall);
    if (hook == TALLY_HOOK_OPEN) {
        open_session(tally, event->session, at_ms);
    } else if (hook == TALLY_HOOK_TEXT) {
        set_text(tally, session, event);
    } else if (session == NULL) {
        tally->events_stray++;
        TALLY_LOG(tally->port, EVENT_STRAY, event->session);
    } else if (hook == TALLY_HOOK_SET) {
        tally_session_set(session, (enum tally_metric)event->metric, tally_event_value(event));
    } else {
        const tally_outcome_t outcome = tally_session_apply(session, hook, event->value_low, at_ms);
        after_event(tally, session, hook, &outcome, at_ms);
    }
}

static bool take_events(tally_t *tally, uint64_t now_ms, tally_wall_t wall) {
    tally_event_t event;
    for (uint32_t i = 0; i < EVENTS_A_STEP; i++) {
        if (!tally_hooks_take(&tally->hooks, &event)) {
            return false;
        }
        on_event(tally, &event, now_ms, wall);
    }
    return true;
}

/* --- what is due ---------------------------------------------------------------------------- */

static void sample_streams(tally_t *tally) {
    for (uint32_t i = 0; i < TALLY_STREAMS; i++) {
        sample_stream(tally, &tally->streams[i]);
    }
}

static uint64_t report_sessions(tally_t *tally, uint64_t now_ms) {
    uint64_t next_ms = UINT64_MAX;
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        tally_session_t *const session = &tally->sessions[i];
        if (session->number == 0) {
            continue;
        }
        if (now_ms >= session->reported_ms + tally->heartbeat_ms) {
            report_heartbeat(tally, session, now_ms);
            /* One beat however late: what was slept through is not made up for. */
            session->reported_ms = now_ms;
        }
        const uint64_t due_ms = session->reported_ms + tally->heartbeat_ms;
        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    return next_ms;
}

static void report_agent(tally_t *tally) {
    const tally_uplink_stats_t *const uplink = &tally->uplink.stats;
    const struct {
        enum tally_metric metric;
        int64_t value;
    } known[] = {
        {TALLY_M_UPLOAD_BYTES, uplink->bytes},
        {TALLY_M_UPLOAD_CONNECTS, uplink->connects},
        {TALLY_M_RECORDS_DROPPED, tally->spool.dropped[TALLY_ROUTINE]},
        {TALLY_M_EVENTS_DROPPED, tally_atomic_load(&tally->hooks.dropped)},
        {TALLY_M_UPLOAD_FAILED_HTTP, uplink->failed_http},
        {TALLY_M_EVENTS_ILLEGAL, tally->events_illegal},
        {TALLY_M_RECORDS_MADE, tally->spool.made},
        {TALLY_M_UPLOAD_FAILED_NET, uplink->failed_net},
        {TALLY_M_RECORDS_LOST, tally->report.lost + tally->spool.damaged},
        {TALLY_M_SPOOL_HIGH, tally->spool.bytes_high},
        {TALLY_M_UPLOAD_REJECTED, uplink->rejected},
        {TALLY_M_UPLOAD_FAILED_TLS, uplink->failed_tls},
        {TALLY_M_UPLOAD_ACCEPTED, uplink->accepted},
        {TALLY_M_SNAPSHOTS_STALE, tally->snapshots_stale},
        {TALLY_M_TEXTS_DROPPED, tally_atomic_load(&tally->hooks.texts_dropped)},
        {TALLY_M_EVENTS_STRAY, tally->events_stray},
        {TALLY_M_LAST_ERROR, uplink->last_error},
        {TALLY_M_LAST_HTTP_STATUS, uplink->last_status},
        {TALLY_M_URGENT_DROPPED, tally->spool.dropped[TALLY_URGENT]},
        {TALLY_M_SESSIONS_REFUSED, tally->sessions_refused},
        {TALLY_M_WALL_QUALITY, tally->report.wall.quality},
    };
    tally_value_t values[TALLY_AGENT_METRICS];
    uint64_t present = tally->notes_present;
    memcpy(values, tally->notes, sizeof values);
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        values[known[i].metric - TALLY_M_AGENT_FIRST].number = known[i].value;
    }
    present |= TALLY_CAN(AGENT, SPOOL_HIGH) | TALLY_CAN(AGENT, WALL_QUALITY);
    present |= uplink->last_error != TALLY_OK ? TALLY_CAN(AGENT, LAST_ERROR) : 0;
    present |= uplink->last_status != 0 ? TALLY_CAN(AGENT, LAST_HTTP_STATUS) : 0;
    /* A board without a network stack of its own has noted nothing of it. */
    const tally_view_t network = {.values = tally->network_present != 0 ? tally->network : NULL,
                                  .present = tally->network_present};
    tally_report_agent(&tally->report, &(tally_view_t){.values = values, .present = present},
                       &network);
}

static uint64_t report_due(tally_t *tally, uint64_t now_ms, tally_wall_t wall) {
    tally_report_set_time(&tally->report, now_ms, wall);
    if (!tally->wall_known && wall.quality != TALLY_WALL_UNKNOWN) {
        tally->wall_known = true;
        tally_report_clock(&tally->report);
    }
    const uint64_t session_ms = report_sessions(tally, now_ms);
    if (now_ms >= tally->agent_due_ms) {
        tally->agent_due_ms = now_ms + tally->upload_ms;
        report_agent(tally);
    }
    return session_ms < tally->agent_due_ms ? session_ms : tally->agent_due_ms;
}

static void log_losses(tally_t *tally) {
    const tally_spool_t *const spool = &tally->spool;
    const uint32_t dropped = spool->dropped[TALLY_URGENT] + spool->dropped[TALLY_ROUTINE];
    if (dropped != tally->dropped_logged) {
        tally->dropped_logged = dropped;
        TALLY_LOG(tally->port, SPOOL_EVICTED, dropped);
    }
    if (spool->damaged != tally->damaged_logged) {
        tally->damaged_logged = spool->damaged;
        TALLY_LOG(tally->port, SPOOL_DAMAGED, spool->damaged);
    }
}

/* --- the line ------------------------------------------------------------------------------- */

uint32_t tally_step(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    const tally_wall_t wall = port->wall(port->ctx);

    tally_report_set_time(&tally->report, now_ms, wall);
    sample_streams(tally);
    const bool more_events = take_events(tally, now_ms, wall);
    const uint64_t report_ms = report_due(tally, now_ms, wall);
    const uint32_t uplink_ms = tally_uplink_step(&tally->uplink, now_ms, &wall);
    log_losses(tally);

    const uint64_t wait_ms = report_ms > now_ms ? report_ms - now_ms : 0;
    return more_events ? 0 : wait_ms < uplink_ms ? (uint32_t)wait_ms : uplink_ms;
}

void tally_flush(tally_t *tally) {
    tally_uplink_flush(&tally->uplink, tally->port->monotonic_ms(tally->port->ctx));
}

static void note(tally_value_t *values, uint64_t *present, uint32_t at, int64_t value) {
    values[at].number = value;
    *present |= UINT64_C(1) << at;
}

int32_t tally_note(tally_t *tally, enum tally_metric metric, int64_t value) {
    if (metric >= TALLY_M_NETWORK_FIRST && metric < TALLY_M_NETWORK_END) {
        note(tally->network, &tally->network_present,
             (uint32_t)metric - (uint32_t)TALLY_M_NETWORK_FIRST, value);
        return TALLY_OK;
    }
    if (metric >= TALLY_M_AGENT_FIRST && metric < TALLY_M_AGENT_END &&
        (NOTED_BY_BOARD >> ((uint32_t)metric - (uint32_t)TALLY_M_AGENT_FIRST) & 1) != 0) {
        note(tally->notes, &tally->notes_present, (uint32_t)metric - (uint32_t)TALLY_M_AGENT_FIRST,
             value);
        return TALLY_OK;
    }
    return TALLY_E_ARGUMENT;
}

uint32_t tally_pending(const tally_t *tally) {
    return tally_spool_waiting(&tally->spool);
}
