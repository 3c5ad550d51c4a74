/* SPDX-License-Identifier: Apache-2.0 */
#include "player.h"

#if TALLY_PLAYER_HALF

#include <stddef.h>
#include <string.h>

#include "agent.h"
#include "atomic.h"
#include "attached.h"
#include "cbor.h"
#include "live.h"
#include "tell.h"

_Static_assert(TALLY_SESSIONS <= 64, "`wanted` and `resting` have a bit for each session");

/* What sums are told of, whatever sessions have. */
static const uint64_t in_sums[TALLY_GROUPS] = {
    [TALLY_G_AGENT] = TALLY_CAN(AGENT, EVENTS_DROPPED) | TALLY_CAN(AGENT, EVENTS_ILLEGAL) |
                      TALLY_CAN(AGENT, RECORDS_LOST) | TALLY_CAN(AGENT, SNAPSHOTS_STALE) |
                      TALLY_CAN(AGENT, TEXTS_DROPPED) | TALLY_CAN(AGENT, EVENTS_STRAY) |
                      TALLY_CAN(AGENT, SESSIONS_REFUSED),
    [TALLY_G_VIEWING] = TALLY_CAN_ALL(VIEWING) & ~TALLY_CAN(VIEWING, ENGAGED_TIME),
    [TALLY_G_HISTOGRAM] = TALLY_CAN_ALL(HISTOGRAM),
};

/* The finalizer of SplitMix64, as in S. Vigna's public domain code: no two sessions of a player get
 * one id, and those of several players have nothing in common. */
uint64_t tally_player_session_id(const tally_t *tally, tally_session_id_t number) {
    uint64_t bits = tally->boot_id + number * UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    bits = (bits ^ bits >> 31) & ((UINT64_C(1) << 53) - 1);
    return bits != 0 ? bits : 1;
}

/* --- messages ------------------------------------------------------------------------------- */

static int32_t put(tally_t *tally, enum tally_keep keep, tally_session_id_t session,
                   const uint8_t *message, uint32_t bytes) {
    const tally_link_t *const link = tally->player.link;
    return link->put(link->ctx, keep, session, message, bytes);
}

/* What cannot be put is lost, and told as such. */
static void put_or_lose(tally_t *tally, enum tally_keep keep, tally_session_id_t session,
                        const uint8_t *message, uint32_t bytes) {
    if (put(tally, keep, session, message, bytes) < 0) {
        tally->report.lost++;
    }
}

static void put_snapshot(tally_t *tally) {
    tally_player_t *const player = &tally->player;
    if (player->used != 0) {
        put_or_lose(tally, TALLY_REPLACE, player->session, player->message, player->used);
        player->used = 0;
    }
}

static uint8_t *begin_record(void *ctx, uint32_t *sequence) {
    tally_player_t *const player = &((tally_t *)ctx)->player;
    (void)sequence;
    return player->message + player->used;
}

/* The bit of an open session; 0 of another. */
static uint64_t bit_of(tally_t *tally, tally_session_id_t number) {
    const tally_session_t *const session = tally_live_find(tally, number);
    return number != 0 && session != NULL ? UINT64_C(1) << (session - tally->sessions) : 0;
}

/* FNV-1a of what is set. */
static uint32_t hash_of(const tally_dimensions_t *dimensions) {
    uint32_t hash = UINT32_C(2166136261);
    for (uint32_t i = 0; i < dimensions->used; i++) {
        hash = (hash ^ dimensions->bytes[i]) * UINT32_C(16777619);
    }
    return hash;
}

static void note_dimensions(tally_t *tally, tally_session_id_t number) {
    const tally_session_t *const session = tally_live_find(tally, number);
    tally->player.dimensions[session - tally->sessions] = hash_of(&session->dimensions);
}

static bool is_of_stream(enum tally_record kind) {
    return strchr("fjort", (char)kind) != NULL;
}

/* Begins a snapshot; the one before ends with that. */
static void begin_snapshot(tally_t *tally, uint32_t session, uint32_t bytes) {
    tally_player_t *const player = &tally->player;
    const uint8_t *const record = player->message + player->used;
    put_snapshot(tally);
    memmove(player->message, record, bytes);
    player->session = session;
    player->used = bytes;
}

static int32_t commit_record(void *ctx, enum tally_class rank, const tally_record_t *record,
                             uint32_t bytes) {
    tally_t *const tally = ctx;
    tally_player_t *const player = &tally->player;
    const enum tally_record kind = record->kind;
    const uint8_t *const at = player->message + player->used;
    (void)rank;
    if (kind == TALLY_RECORD_HEARTBEAT) {
        begin_snapshot(tally, record->session, bytes);
    } else if (is_of_stream(kind) && player->used != 0 && record->session == player->session) {
        if (player->used + bytes <= TALLY_MESSAGE_BYTES) {
            player->used += bytes;
        } else {
            tally->snapshots_stale++;
        }
    } else if (kind == TALLY_RECORD_VIEWING || kind == TALLY_RECORD_AGENT) {
        /* Sums stay until they are told. */
        return put(tally, TALLY_KEEP, 0, at, bytes) < 0 ? TALLY_E_FULL : TALLY_OK;
    } else {
        put_or_lose(tally, TALLY_KEEP, record->session, at, bytes);
        if (kind == TALLY_RECORD_START || is_of_stream(kind)) {
            player->wanted |= bit_of(tally, record->session);
        }
        if (kind == TALLY_RECORD_START) {
            note_dimensions(tally, record->session);
        }
    }
    return TALLY_OK;
}

static const tally_sink_t to_messages = {.begin = begin_record, .commit = commit_record};

/* --- starts and snapshots ------------------------------------------------------------------- */

static void tell_snapshot(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
    const uint64_t bit = bit_of(tally, session->number);
    tally_player_t *const player = &tally->player;
    tally_tell_heartbeat(tally, session, now_ms);
    tally_attached_report(tally, session->number);
    put_snapshot(tally);
    player->wanted &= ~bit;
    player->resting = session->suspended ? player->resting | bit : player->resting & ~bit;
}

/* What is learnt of a session behind its start must not wait for its end: its player may die. */
static void tell_dimensions(tally_t *tally, uint64_t now_ms) {
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        const tally_session_t *const session = &tally->sessions[i];
        if (session->number != 0 && session->announced &&
            now_ms >= session->reported_ms + TALLY_SNAPSHOT_MS &&
            tally->player.dimensions[i] != hash_of(&session->dimensions)) {
            tally_tell_start(tally, session);
        }
    }
}

/* Not only every second: at its start, when a stream is gone and when it is put away, or the last
 * snapshot would stand for another state than the one that lasts. */
static void tell_wanted(tally_t *tally, uint64_t now_ms) {
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        tally_session_t *const session = &tally->sessions[i];
        const bool rests = (tally->player.resting >> i & 1) != 0;
        const bool is_wanted = (tally->player.wanted >> i & 1) != 0;
        if (session->number != 0 && session->announced &&
            (is_wanted || session->suspended != rests)) {
            tell_snapshot(tally, session, now_ms);
        }
    }
    tally->player.wanted = 0;
}

/* --- sums ----------------------------------------------------------------------------------- */

static bool has_viewing(const tally_viewing_t *viewing) {
    for (uint32_t i = 0; i < TALLY_VIEWING_METRICS; i++) {
        if (viewing->values[i].number != 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < TALLY_HISTOGRAM_METRICS; i++) {
        if (viewing->histograms[i].used != 0 || viewing->histograms[i].zeros != 0) {
            return true;
        }
    }
    return false;
}

static void tell_viewing(tally_t *tally) {
    tally_value_t histograms[TALLY_HISTOGRAM_METRICS];
    const tally_view_t views[] = {
        tally_viewing_view(&tally->viewing),
        tally_viewing_histograms(&tally->viewing, histograms),
    };
    if (tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_VIEWING, 0, views, 2) ==
        TALLY_OK) {
        tally_viewing_init(&tally->viewing);
    }
}

static void read_losses(const tally_t *tally, uint32_t out[TALLY_LOSSES]) {
    out[TALLY_LOSS_EVENTS_DROPPED] = tally_atomic_load(&tally->hooks.dropped);
    out[TALLY_LOSS_EVENTS_ILLEGAL] = tally->events_illegal;
    out[TALLY_LOSS_RECORDS_LOST] = tally->report.lost;
    out[TALLY_LOSS_SNAPSHOTS_STALE] = tally->snapshots_stale;
    out[TALLY_LOSS_TEXTS_DROPPED] = tally_atomic_load(&tally->hooks.texts_dropped);
    out[TALLY_LOSS_EVENTS_STRAY] = tally->events_stray;
    out[TALLY_LOSS_SESSIONS_REFUSED] = tally->sessions_refused;
}

static void tell_losses(tally_t *tally, const uint32_t losses[TALLY_LOSSES]) {
    static const uint16_t metrics[TALLY_LOSSES] = TALLY_LOSS_METRICS;
    tally_value_t values[TALLY_AGENT_METRICS] = {{0}};
    for (uint32_t i = 0; i < TALLY_LOSSES; i++) {
        values[metrics[i] - TALLY_M_AGENT_FIRST].number =
            (uint32_t)(losses[i] - tally->player.losses[i]);
    }
    const tally_view_t view = {.values = values, .present = 0, .group = TALLY_G_AGENT};
    if (tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_AGENT, 0, &view, 1) ==
        TALLY_OK) {
        memcpy(tally->player.losses, losses, sizeof tally->player.losses);
    }
}

/* Tells by how much they have grown. When it is to be asked again. With the last session gone
 * nothing is put off: the process may end with it. */
static uint64_t tell_sums(tally_t *tally, uint64_t now_ms) {
    tally_player_t *const player = &tally->player;
    uint32_t losses[TALLY_LOSSES];
    read_losses(tally, losses);
    const bool has_views = has_viewing(&tally->viewing);
    const bool has_losses = memcmp(losses, player->losses, sizeof losses) != 0;
    if (!has_views && !has_losses) {
        return UINT64_MAX;
    }
    if (now_ms >= player->sums_due_ms || tally_sessions(tally, NULL, 0) == 0) {
        tally->report.declared = in_sums;
        player->sums_due_ms = now_ms + TALLY_SNAPSHOT_MS;
        if (has_views) {
            tell_viewing(tally);
        }
        if (has_losses) {
            tell_losses(tally, losses);
        }
        tally->report.declared = tally->capabilities;
    }
    return player->sums_due_ms;
}

/* --- the greeting --------------------------------------------------------------------------- */

/* By their keys: which bit a metric has is another matter in each version of the registry. */
static void encode_keys(tally_cbor_t *cbor, const tally_group_info_t *group, uint64_t can) {
    char keys[2 * 64];
    uint32_t length = 0;
    for (uint32_t metric = group->first; metric < group->end; metric++) {
        if ((can >> (metric - group->first) & 1) != 0) {
            const uint32_t letters = tally_cbor_letters(tally_metric_infos[metric].key);
            keys[length] = (char)letters;
            keys[length + 1] = (char)(letters >> 8);
            length += 2;
        }
    }
    tally_cbor_letter(cbor, group->letter);
    tally_cbor_text(cbor, keys, length);
}

static void greet(tally_t *tally) {
    uint8_t *const message = tally->player.message;
    tally_cbor_t cbor;
    uint32_t groups = 0;
    tally_cbor_begin(&cbor, message, sizeof tally->player.message);
    tally_cbor_map(&cbor, 3);
    tally_cbor_letter(&cbor, 'c');
    const uint32_t map = tally_cbor_map_open(&cbor);
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (tally->capabilities[i] != 0) {
            encode_keys(&cbor, &tally_group_infos[i], tally->capabilities[i]);
            groups++;
        }
    }
    tally_cbor_map_close(&cbor, map, groups);
    tally_cbor_letter(&cbor, 'k');
    tally_cbor_letter(&cbor, 'p');
    tally_cbor_letter(&cbor, 'v');
    tally_cbor_integer(&cbor, TALLY_SPLIT_VERSION);
    put_or_lose(tally, TALLY_KEEP, 0, message, cbor.used);
}
_Static_assert(TALLY_GROUPS * 5 + TALLY_METRICS * 2 + 16 < TALLY_MESSAGE_BYTES,
               "a greeting is one message");

/* --- the half ------------------------------------------------------------------------------- */

static bool is_sound(const tally_port_t *port, const tally_link_t *link) {
    return port != NULL && port->monotonic_ms != NULL && port->random != NULL &&
           port->critical_enter != NULL && port->critical_leave != NULL && port->wake != NULL &&
           port->log != NULL && link != NULL && link->put != NULL;
}

int32_t tally_player_init(tally_t *tally, const uint64_t capabilities[TALLY_GROUPS],
                          const tally_port_t *port, const tally_link_t *link) {
    if (tally == NULL || capabilities == NULL || !is_sound(port, link)) {
        return TALLY_E_ARGUMENT;
    }
    memset(tally, 0, sizeof *tally);
    tally->port = port;
    tally->player.link = link;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        tally->capabilities[i] = (TALLY_SPLIT_GROUPS >> i & 1) != 0 ? capabilities[i] : 0;
    }
    tally->capabilities[TALLY_G_DIMENSION] |= TALLY_CAN(DIMENSION, SESSION_ID);
    if (!tally_metrics_are(capabilities) || !tally_report_fits(tally->capabilities)) {
        return TALLY_E_CONFIG;
    }
    tally->consent = TALLY_CONSENT_GIVEN; /* the daemon asks for it, or takes nothing */
    tally->heartbeat_ms = TALLY_SNAPSHOT_MS;
    tally_hooks_init(&tally->hooks, port);
    tally_viewing_init(&tally->viewing);
    tally_remote_none(&tally->policy.active);
    tally_report_init(&tally->report, port, &to_messages, tally, tally->capabilities, 0);
    return tally_agent_draw_id(port, &tally->boot_id);
}

uint32_t tally_player_step(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const tally_wall_t no_wall = {.quality = TALLY_WALL_UNKNOWN};
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    tally_report_set_time(&tally->report, now_ms, no_wall);
    tally_attached_sample(tally);
    const bool has_more = tally_live_take_events(tally, now_ms, no_wall);
    tally_report_set_time(&tally->report, now_ms, no_wall);
    tell_dimensions(tally, now_ms);
    tell_wanted(tally, now_ms);
    const uint64_t report_ms = tally_live_report(tally, now_ms);
    put_snapshot(tally);
    const uint64_t sums_ms = tell_sums(tally, now_ms);
    const uint64_t next_ms = report_ms < sums_ms ? report_ms : sums_ms;
    if (has_more || next_ms <= now_ms) {
        return 0;
    }
    return next_ms - now_ms < UINT32_MAX ? (uint32_t)(next_ms - now_ms) : UINT32_MAX;
}

void tally_player_announce(tally_t *tally) {
    const tally_port_t *const port = tally->port;
    const tally_wall_t no_wall = {.quality = TALLY_WALL_UNKNOWN};
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    tally_report_set_time(&tally->report, now_ms, no_wall);
    greet(tally);
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        tally_session_t *const session = &tally->sessions[i];
        if (session->number != 0 && session->announced) {
            tally_tell_start(tally, session);
            tell_snapshot(tally, session, now_ms);
        }
    }
}

void tally_player_lost(tally_t *tally, uint32_t messages) {
    tally->report.lost += messages;
}

#endif
