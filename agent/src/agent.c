/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "attached.h"
#include "boot.h"
#include "cbor.h"
#include "consent.h"
#include "live.h"
#include "log.h"

/* What the agent cannot know of its own group. */
#define NOTED_BY_BOARD                                                                             \
    (TALLY_CAN(AGENT, TLS_HEAP_HIGH) | TALLY_CAN(AGENT, STACK_HIGH) |                              \
     TALLY_CAN(AGENT, PLAYERS_REFUSED))

/* What this agent does not measure. */
#if TALLY_PLAYERS > 0
#define UNMEASURED TALLY_CAN(AGENT, QUEUE_TIME)
#else
#define UNMEASURED (TALLY_CAN(AGENT, QUEUE_TIME) | TALLY_CAN(AGENT, MESSAGES_REFUSED))
#endif

/* --- options -------------------------------------------------------------------------------- */

/* 0 is the usual one. */
static bool is_period_sound(uint32_t ms, uint32_t most_ms) {
    return ms == 0 || (ms >= 1000 && ms <= most_ms);
}

static bool is_sound(const tally_options_t *options) {
    return tally_boot_texts_are_sound(options) &&
           options->reset_reason <= TALLY_RESET_PROCESS_START &&
           is_period_sound(options->heartbeat_ms, 3600000) &&
           is_period_sound(options->upload_ms, 86400000);
}

/* --- init ----------------------------------------------------------------------------------- */

typedef void (*callback_t)(void);

/* Each of the port's structs ends with its callbacks, all in a row. */
enum {
    PORT_CALLBACKS =
        (sizeof(tally_port_t) - offsetof(tally_port_t, monotonic_ms)) / sizeof(callback_t),
    TRANSPORT_CALLBACKS =
        (sizeof(tally_transport_t) - offsetof(tally_transport_t, open)) / sizeof(callback_t),
    STORE_CALLBACKS = (sizeof(tally_store_t) - offsetof(tally_store_t, read)) / sizeof(callback_t),
};

static bool has_all(const void *callbacks, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        callback_t callback;
        memcpy(&callback, (const char *)callbacks + i * sizeof callback, sizeof callback);
        if (callback == NULL) {
            return false;
        }
    }
    return true;
}

int32_t tally_agent_draw_id(const tally_port_t *port, uint64_t *out) {
    uint64_t bits = 0;
    if (port->random(port->ctx, (uint8_t *)&bits, sizeof bits) < 0) {
        return TALLY_E_RANDOM;
    }
    bits &= (UINT64_C(1) << 53) - 1;
    *out = bits != 0 ? bits : 1;
    return TALLY_OK;
}

/* Of the agent's group a board declares what it notes, the agent itself all the rest. */
void tally_agent_declare(tally_t *tally) {
    const uint64_t own = TALLY_CAN_ALL(AGENT) & ~(NOTED_BY_BOARD | UNMEASURED);
    memcpy(tally->capabilities, tally->options->capabilities, sizeof tally->capabilities);
    tally->capabilities[TALLY_G_AGENT] =
        own | (tally->capabilities[TALLY_G_AGENT] & NOTED_BY_BOARD);
#if !TALLY_DEVICE
    tally->capabilities[TALLY_G_DEVICE] = 0;
#endif
    tally->capabilities[TALLY_G_BOOT] |= TALLY_CAN(BOOT, PREVIOUS_BOOT);
    if (tally->options->settings != NULL) {
        tally->capabilities[TALLY_G_BOOT] |= TALLY_CAN(BOOT, BOOT_COUNT);
    }
#if TALLY_METRICS_USER
    /* Without it nobody could tell whose the keys of group USER are. */
    tally->capabilities[TALLY_G_BOOT] |= TALLY_CAN(BOOT, VENDOR_ID);
#endif
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if ((tally->policy.active.groups_off >> i & 1) != 0) {
            tally->capabilities[i] = 0;
        }
    }
}

static int32_t begin_uplink(tally_t *tally, uint64_t now_ms) {
    const tally_options_t *const options = tally->options;
    const tally_uplink_config_t uplink = {
        .endpoint = &options->endpoints[0],
        .device_id = options->device_id,
        .operator_id = options->operator_id,
        .boot_id = tally->boot_id,
        .boot_ms = now_ms,
        .period_ms = tally->upload_ms,
        .daily_bytes = options->daily_bytes,
        .settings = options->settings,
    };
    return tally_uplink_init(&tally->uplink, &uplink, tally->port, tally->transport, &tally->spool,
                             now_ms);
}

/* What was counted before consent is no part of what is told behind it. */
static void begin_counts(tally_t *tally) {
    tally->events_illegal = 0;
    tally->events_stray = 0;
    tally->sessions_refused = 0;
    tally->snapshots_stale = 0;
    tally->step_longest_ms = 0;
    tally->dropped_logged = 0;
    tally->damaged_logged = 0;
#if TALLY_PLAYERS > 0
    tally_daemon_forget(tally);
#endif
    tally_viewing_init(&tally->viewing);
#if TALLY_DEVICE
    memset(&tally->machine, 0, sizeof tally->machine);
#endif
}

int32_t tally_agent_begin(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    const tally_wall_t wall = port->wall(port->ctx);
    int32_t status = tally_agent_draw_id(port, &tally->boot_id);
    tally_policy_apply(tally);
    if (status == TALLY_OK) {
        status = tally_spool_init(&tally->spool, tally->store, tally->options->urgent_blocks,
                                  tally->boot_id);
    }
    if (status == TALLY_OK) {
        status = begin_uplink(tally, now_ms);
    }
    if (status != TALLY_OK) {
        return status;
    }
    begin_counts(tally);
    tally->engaged_ms = now_ms;
    tally_report_init(&tally->report, port, &tally_report_to_spool, &tally->spool,
                      tally->capabilities, now_ms);
    tally_report_set_time(&tally->report, now_ms, wall);
    tally_policy_apply_to_uplink(tally);
    tally->report.muted = tally->consent != TALLY_CONSENT_GIVEN;
    tally->has_offset = false;
    tally->wall_quality = TALLY_WALL_UNKNOWN;
    (void)tally_clock_has_news(tally);
    tally->agent_due_ms = now_ms + tally->upload_ms;
    if (!tally->report.muted) {
        tally_clock_use(tally);
        tally_boot_begin(tally, now_ms);
        (void)tally_boot_report(tally, now_ms);
        TALLY_LOG(port, BOOT, TALLY_REGISTRY_VERSION);
    }
    return TALLY_OK;
}

#if TALLY_PLAYERS > 0
#define EMPTIED offsetof(tally_t, told_streams)
#else
#define EMPTIED sizeof(tally_t)
#endif

int32_t tally_init(tally_t *tally, const tally_options_t *options, const tally_port_t *port,
                   const tally_transport_t *transport, const tally_store_t *store) {
    if (tally == NULL || options == NULL || options->endpoints == NULL || port == NULL ||
        transport == NULL || store == NULL || !has_all(&port->monotonic_ms, PORT_CALLBACKS) ||
        !has_all(&transport->open, TRANSPORT_CALLBACKS) ||
        !has_all(&store->read, STORE_CALLBACKS)) {
        return TALLY_E_ARGUMENT;
    }
    memset(tally, 0, EMPTIED);
    tally->port = port;
    tally->options = options;
    tally->transport = transport;
    tally->store = store;
    tally_agent_declare(tally);
#if TALLY_PLAYERS > 0
    if (!tally_daemon_is_sound(options->player_capabilities)) {
        return TALLY_E_CONFIG;
    }
#endif
    if (!is_sound(options) || !tally_metrics_are(options->capabilities) ||
        !tally_report_fits(tally->capabilities)) {
        return TALLY_E_CONFIG;
    }
    tally_hooks_init(&tally->hooks, port);
    tally_consent_begin(tally);
    tally_policy_begin(tally);
    return tally_agent_begin(tally);
}

/* --- what is due ---------------------------------------------------------------------------- */

/* Words of tally_t that are told as they are. Two of one metric are added up. */
static const struct {
    uint16_t metric;
    uint16_t word;
} agent_words[] = {
#define TOLD(symbol, member)                                                                       \
    {                                                                                              \
        (uint16_t)(TALLY_M_##symbol - TALLY_M_AGENT_FIRST),                                        \
            (uint16_t)(offsetof(tally_t, member) / 4)                                              \
    }
    TOLD(CONFIG_VERSION, policy.active.version),
    TOLD(CONFIG_REFUSED, policy.refused),
    TOLD(CONFIG_REVERTED, policy.reverted),
    TOLD(SAMPLING, policy.active.sampling_ppm),
    TOLD(UPLOAD_BYTES, uplink.stats.bytes),
    TOLD(UPLOAD_CONNECTS, uplink.stats.connects),
    TOLD(RECORDS_DROPPED, spool.dropped[TALLY_ROUTINE]),
    TOLD(EVENTS_DROPPED, hooks.dropped),
    TOLD(UPLOAD_FAILED_HTTP, uplink.stats.failed_http),
    TOLD(TLS_HEAP_HIGH, tls_heap_high),
    TOLD(EVENTS_ILLEGAL, events_illegal),
    TOLD(CALL_TIME, uplink.stats.call_ms),
    TOLD(SEND_TIME, uplink.stats.send_ms),
    TOLD(STEP_LONGEST, step_longest_ms),
    TOLD(RECORDS_MADE, spool.made),
    TOLD(UPLOAD_FAILED_NET, uplink.stats.failed_net),
    TOLD(RECORDS_LOST, report.lost),
    TOLD(RECORDS_LOST, spool.damaged),
    TOLD(SPOOL_HIGH, spool.bytes_high),
    TOLD(UPLOAD_REJECTED, uplink.stats.rejected),
    TOLD(STACK_HIGH, stack_high),
    TOLD(UPLOAD_FAILED_TLS, uplink.stats.failed_tls),
    TOLD(UPLOAD_ACCEPTED, uplink.stats.accepted),
    TOLD(SNAPSHOTS_STALE, snapshots_stale),
    TOLD(TEXTS_DROPPED, hooks.texts_dropped),
    TOLD(EVENTS_STRAY, events_stray),
    TOLD(UPLOAD_ATTEMPTS, uplink.stats.attempts),
    TOLD(LAST_HTTP_STATUS, uplink.stats.last_status),
    TOLD(RECORDS_EXPIRED, spool.expired),
    TOLD(STORE_FAILED, spool.store_failed),
    TOLD(DROPPED_EVENT, spool.dropped_kind['e' - 'a']),
    TOLD(DROPPED_HEARTBEAT, spool.dropped_kind['h' - 'a']),
    TOLD(DROPPED_START, spool.dropped_kind['s' - 'a']),
    TOLD(DROPPED_END, spool.dropped_kind['x' - 'a']),
    TOLD(URGENT_DROPPED, spool.dropped[TALLY_URGENT]),
    TOLD(SESSIONS_REFUSED, sessions_refused),
    TOLD(UPLOAD_PORTAL, uplink.stats.portal),
    TOLD(RECORDS_REFUSED, uplink.stats.refused),
    TOLD(UPLOAD_RECEIVED, uplink.stats.received),
    TOLD(UPLOADS_DEFERRED, uplink.stats.deferred),
#if TALLY_PLAYERS > 0
    TOLD(PLAYERS_REFUSED, players.refused),
    TOLD(MESSAGES_REFUSED, players.messages_refused),
    TOLD(EVENTS_DROPPED, players.losses[TALLY_LOSS_EVENTS_DROPPED]),
    TOLD(EVENTS_ILLEGAL, players.losses[TALLY_LOSS_EVENTS_ILLEGAL]),
    TOLD(RECORDS_LOST, players.losses[TALLY_LOSS_RECORDS_LOST]),
    TOLD(SNAPSHOTS_STALE, players.losses[TALLY_LOSS_SNAPSHOTS_STALE]),
    TOLD(TEXTS_DROPPED, players.losses[TALLY_LOSS_TEXTS_DROPPED]),
    TOLD(EVENTS_STRAY, players.losses[TALLY_LOSS_EVENTS_STRAY]),
    TOLD(SESSIONS_REFUSED, players.losses[TALLY_LOSS_SESSIONS_REFUSED]),
#endif
#undef TOLD
};
_Static_assert(offsetof(tally_t, sessions) / 4 <= UINT16_MAX,
               "agent_words has 16 bits for a place");

static void report_agent(tally_t *tally) {
    const tally_uplink_stats_t *const uplink = &tally->uplink.stats;
    const uint32_t *const words = (const void *)tally;
    tally_value_t values[TALLY_AGENT_METRICS] = {{0}};
    uint64_t present = TALLY_CAN(AGENT, STEP_LONGEST) | TALLY_CAN(AGENT, SPOOL_HIGH) |
                       TALLY_CAN(AGENT, SPOOL_FOREIGN) | TALLY_CAN(AGENT, WALL_QUALITY) |
                       TALLY_CAN(AGENT, SAMPLING);
    present |= tally->policy.active.version != 0 ? TALLY_CAN(AGENT, CONFIG_VERSION) : 0;
    present |= tally->has_offset ? TALLY_CAN(AGENT, CLOCK_OFFSET) : 0;
    present |= tally->tls_heap_high != 0 ? TALLY_CAN(AGENT, TLS_HEAP_HIGH) : 0;
    present |= tally->stack_high != 0 ? TALLY_CAN(AGENT, STACK_HIGH) : 0;
    for (uint32_t i = 0; i < sizeof agent_words / sizeof agent_words[0]; i++) {
        values[agent_words[i].metric].number += tally_atomic_load(&words[agent_words[i].word]);
    }
    values[TALLY_M_CLOCK_OFFSET - TALLY_M_AGENT_FIRST].number = tally->clock.offset_ms;
    values[TALLY_M_LAST_ERROR - TALLY_M_AGENT_FIRST].number = uplink->last_error;
    values[TALLY_M_WALL_QUALITY - TALLY_M_AGENT_FIRST].number = tally->report.wall.quality;
    values[TALLY_M_SPOOL_FOREIGN - TALLY_M_AGENT_FIRST].number = tally->spool.foreign_blocks;
    if (uplink->last_error != TALLY_OK) {
        present |= TALLY_CAN(AGENT, LAST_ERROR);
    }
    if (uplink->last_status != 0) {
        present |= TALLY_CAN(AGENT, CALL_TIME) | TALLY_CAN(AGENT, SEND_TIME) |
                   TALLY_CAN(AGENT, LAST_HTTP_STATUS);
    }
    const tally_view_t views[] = {
        {.values = values, .present = present, .group = TALLY_G_AGENT},
        {.values = tally->network, .present = tally->network_present, .group = TALLY_G_NETWORK},
    };
    (void)tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_AGENT, 0, views, 2);
}

/* Time goes into ENGAGED_TIME up to now, or past it in standby. */
static void account_engaged(tally_t *tally, uint64_t now_ms) {
    if (now_ms <= tally->engaged_ms) {
        return;
    }
    if (!tally->suspended) {
        tally_viewing_add(&tally->viewing, TALLY_M_ENGAGED_TIME,
                          (int64_t)(now_ms - tally->engaged_ms));
    }
    tally->engaged_ms = now_ms;
}

static void report_viewing(tally_t *tally, uint64_t now_ms) {
    tally_value_t histograms[TALLY_HISTOGRAM_METRICS];
    account_engaged(tally, now_ms);
    const tally_view_t views[] = {
        tally_viewing_view(&tally->viewing),
        tally_viewing_histograms(&tally->viewing, histograms),
    };
    (void)tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_VIEWING, 0, views, 2);
}

/* What was never sampled in this period would be told as if it were new. */
static void report_device(tally_t *tally) {
#if TALLY_DEVICE
    tally_value_t values[TALLY_DEVICE_METRICS];
    if (tally->capabilities[TALLY_G_DEVICE] == 0 || !tally_machine_has_news(&tally->machine)) {
        return;
    }
    const tally_view_t view = tally_machine_view(&tally->machine, values);
    (void)tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_DEVICE, 0, &view, 1);
    tally_machine_told(&tally->machine);
#else
    (void)tally;
#endif
}

static uint64_t report_due(tally_t *tally, uint64_t now_ms, tally_wall_t wall) {
    tally_report_set_time(&tally->report, now_ms, wall);
    if (tally_clock_has_news(tally)) {
        tally_clock_use(tally);
        if (tally->spool.made > 0) { /* in this boot, and not dated or not well */
            (void)tally_report_make(&tally->report, TALLY_URGENT, TALLY_RECORD_CLOCK, 0, NULL, 0);
        }
    }
    const uint64_t session_ms = tally_live_report(tally, now_ms);
    if (now_ms >= tally->agent_due_ms) {
        tally->agent_due_ms = now_ms + tally->upload_ms;
        if (tally_policy_is_running(tally)) {
            report_agent(tally);
            report_viewing(tally, now_ms);
            report_device(tally);
        }
        tally_clock_use(tally);
    }
    const uint64_t boot_ms = tally_boot_report(tally, now_ms);
    const uint64_t agent_ms = boot_ms < tally->agent_due_ms ? boot_ms : tally->agent_due_ms;
    return session_ms < agent_ms ? session_ms : agent_ms;
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

static void note_step(tally_t *tally, uint64_t ms) {
    if (ms > tally->step_longest_ms) {
        tally->step_longest_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
    }
}

/* --- the line ------------------------------------------------------------------------------- */

uint32_t tally_step(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    const tally_wall_t wall = port->wall(port->ctx);
    if (tally->consent != TALLY_CONSENT_GIVEN) {
        return tally_consent_step(tally);
    }

    tally_report_set_time(&tally->report, now_ms, wall);
    tally_attached_sample(tally);
    const bool more_events = tally_live_take_events(tally, now_ms, wall);
    const uint64_t report_ms = report_due(tally, now_ms, wall);
    tally_uplink_hold(&tally->uplink, !tally_policy_is_running(tally));
    const uint32_t uplink_ms = tally_uplink_step(&tally->uplink, now_ms, &wall);
    tally_clock_take(tally);
    tally_policy_step(tally);
    if (!more_events && tally_uplink_is_idle(&tally->uplink)) {
        (void)tally_spool_prepare(&tally->spool);
    }
    log_losses(tally);
    note_step(tally, port->monotonic_ms(port->ctx) - now_ms);

    const uint64_t wait_ms = report_ms > now_ms ? report_ms - now_ms : 0;
    return more_events ? 0 : wait_ms < uplink_ms ? (uint32_t)wait_ms : uplink_ms;
}

/* Standby begins or ends for the whole device, behind all events so far. */
static int32_t change_standby(tally_t *tally, bool suspended) {
    const tally_port_t *const port = tally->port;
    if (tally->suspended == suspended) {
        return TALLY_E_STATE;
    }
    if (tally->consent != TALLY_CONSENT_GIVEN) {
        tally->suspended = suspended;
        return TALLY_OK;
    }
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    const tally_wall_t wall = port->wall(port->ctx);
    (void)tally_live_take_events(tally, now_ms, wall);
    tally_report_set_time(&tally->report, now_ms, wall);
    account_engaged(tally, now_ms);
    tally->suspended = suspended;
    tally_live_tell_all(tally, suspended ? TALLY_HOOK_SUSPEND : TALLY_HOOK_WAKE, now_ms);
    return TALLY_OK;
}

int32_t tally_suspend(tally_t *tally) {
    return change_standby(tally, true);
}

int32_t tally_resume(tally_t *tally) {
    return change_standby(tally, false);
}

/* --- queries and notes ---------------------------------------------------------------------- */

uint32_t tally_sessions(const tally_t *tally, tally_session_id_t *out, uint32_t most) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->sessions[i].number != 0) {
            if (open < most) {
                out[open] = tally->sessions[i].number;
            }
            open++;
        }
    }
    return open;
}

static int32_t query_value(const tally_view_t *view, enum tally_metric metric, int64_t *out) {
    const uint32_t at = (uint32_t)metric - tally_group_infos[view->group].first;
    if (tally_metric_infos[metric].kind > TALLY_KIND_DURATION && (view->present >> at & 1) == 0) {
        return TALLY_E_EMPTY;
    }
    *out = view->values[at].number;
    return TALLY_OK;
}

int32_t tally_query(const tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                    int64_t *out) {
    const tally_port_t *const port = tally->port;
    const enum tally_group group = tally_metrics_group(metric);
    const tally_session_t *found = tally->sessions;
    const tally_session_t *const end = tally->sessions + TALLY_SESSIONS;
    while (found < end && found->number != session) {
        found++;
    }
    if (session == 0 || found == end) {
        return TALLY_E_STATE;
    }
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    if (group == TALLY_G_SINCE) {
        tally_value_t since[TALLY_SINCE_METRICS];
        const tally_view_t view = tally_session_since(found, now_ms, since);
        return query_value(&view, metric, out);
    }
    tally_figures_t figures;
    tally_session_figures(found, now_ms, &figures);
    if (group == TALLY_G_LEVEL) {
        const uint32_t level = (uint32_t)metric - (uint32_t)TALLY_M_LEVEL_FIRST;
        if ((figures.levels_known >> level & 1) == 0) {
            return TALLY_E_EMPTY;
        }
        *out = figures.levels[level].last;
        return TALLY_OK;
    }
    if (tally_figures_place(metric) < 0) {
        return TALLY_E_ARGUMENT;
    }
    const tally_view_t view = tally_figures_view(&figures, group);
    return query_value(&view, metric, out);
}

void tally_reconnect(tally_t *tally) {
    tally_uplink_reconnect(&tally->uplink, tally->port->monotonic_ms(tally->port->ctx));
}

void tally_flush(tally_t *tally) {
    tally_uplink_flush(&tally->uplink, tally->port->monotonic_ms(tally->port->ctx));
}

int32_t tally_note(tally_t *tally, enum tally_metric metric, int64_t value) {
    if (value < 0 || value > TALLY_CBOR_INTEGER_MOST) {
        return TALLY_E_ARGUMENT;
    }
    if (metric >= TALLY_M_NETWORK_FIRST && metric < TALLY_M_NETWORK_END) {
        const uint32_t at = (uint32_t)metric - (uint32_t)TALLY_M_NETWORK_FIRST;
        tally->network[at].number = value;
        tally->network_present |= UINT64_C(1) << at;
        return TALLY_OK;
    }
    uint32_t *const word = metric == TALLY_M_TLS_HEAP_HIGH ? &tally->tls_heap_high
                           : metric == TALLY_M_STACK_HIGH  ? &tally->stack_high
#if TALLY_PLAYERS > 0
                           : metric == TALLY_M_PLAYERS_REFUSED ? &tally->players.refused
#endif
                                                               : NULL;
    if (word == NULL || value > UINT32_MAX) {
        return TALLY_E_ARGUMENT;
    }
    *word = (uint32_t)value;
    return TALLY_OK;
}

#if TALLY_DEVICE
int32_t tally_device_sample(tally_t *tally, const tally_device_t *sample) {
    return tally_machine_sample(&tally->machine, sample);
}
#endif

uint32_t tally_pending(const tally_t *tally) {
    const bool is_withdrawn = tally->consent >= TALLY_CONSENT_WITHDRAWING;
    return is_withdrawn ? 0 : tally_spool_waiting(&tally->spool);
}
