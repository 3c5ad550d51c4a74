/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#if TALLY_PLAYERS > 0

#include <stddef.h>
#include <string.h>

#include "agent.h"
#include "cbor.h"
#include "log.h"

tally_connected_t *tally_daemon_find(tally_t *tally, uint32_t player) {
    for (uint32_t i = 0; i < TALLY_PLAYERS; i++) {
        if (tally->players.connected[i].player == player) {
            return &tally->players.connected[i];
        }
    }
    return NULL;
}

bool tally_daemon_is_sound(const uint64_t *capabilities) {
    return capabilities == NULL ||
           (tally_metrics_are(capabilities) && tally_report_fits(capabilities));
}

/* --- what is of no session ------------------------------------------------------------------ */

static int32_t greet(tally_t *tally, uint32_t player) {
    const tally_message_t *const record = &tally->players.record;
    if (record->version != TALLY_SPLIT_VERSION) {
        return TALLY_E_VERSION;
    }
    if (tally_daemon_find(tally, player) != NULL) {
        return TALLY_E_STATE;
    }
    tally_connected_t *const place = tally_daemon_find(tally, 0);
    if (place == NULL) {
        return TALLY_E_FULL;
    }
    place->player = player;
    memcpy(place->can, record->can, sizeof place->can);
    return TALLY_OK;
}

/* The time that the daemon runs is its own. */
static void add_viewing(tally_t *tally) {
    const tally_message_t *const record = &tally->players.record;
    const uint64_t bits = record->present[TALLY_G_HISTOGRAM];
    for (uint32_t i = 0; i < TALLY_VIEWING_METRICS; i++) {
        int64_t *const sum = &tally->viewing.values[i].number;
        const int64_t room = TALLY_CBOR_INTEGER_MOST - *sum;
        const int64_t more = record->values[TALLY_M_VIEWING_FIRST + i].number;
        if (TALLY_M_VIEWING_FIRST + i != TALLY_M_ENGAGED_TIME) {
            *sum += more < room ? more : room;
        }
    }
    for (uint32_t i = 0; i < TALLY_HISTOGRAM_METRICS; i++) {
        if ((bits >> i & 1) != 0) {
            tally_histogram_merge(&tally->viewing.histograms[i], &record->histograms[i]);
        }
    }
}

static void add_losses(tally_t *tally) {
    static const uint16_t metrics[TALLY_LOSSES] = TALLY_LOSS_METRICS;
    for (uint32_t i = 0; i < TALLY_LOSSES; i++) {
        uint32_t *const sum = &tally->players.losses[i];
        const int64_t more = tally->players.record.values[metrics[i]].number;
        *sum = more < (int64_t)(UINT32_MAX - *sum) ? *sum + (uint32_t)more : UINT32_MAX;
    }
}

/* --- what is of a session ------------------------------------------------------------------- */

/* What is behind the record of a snapshot: how much of it can be kept, and how many records of it
 * cannot. */
typedef struct {
    uint32_t bytes;
    uint32_t left_out;
} streams_t;

static int32_t check_streams(tally_t *tally, tally_cbor_reader_t *cbor, uint32_t theirs,
                             streams_t *out) {
    const tally_message_t *const record = &tally->players.record;
    const uint8_t *const begin = cbor->at;
    *out = (streams_t){0};
    while (cbor->left > 0) {
        const int32_t status = tally_message_read(cbor, &tally->players.record);
        const uint32_t bytes = (uint32_t)(cbor->at - begin);
        if (status < 0) {
            return status;
        }
        if (tally_stream_has_kind(record->kind) && record->session != theirs) {
            return TALLY_E_CBOR;
        }
        if (bytes <= TALLY_PLAYER_STREAM_BYTES) {
            out->bytes = bytes;
        } else {
            out->left_out++;
        }
    }
    return TALLY_OK;
}

static int32_t take_snapshot(tally_t *tally, uint32_t player, const uint8_t *message,
                             uint32_t bytes) {
    tally_message_t *const record = &tally->players.record;
    tally_cbor_reader_t cbor;
    streams_t kept;
    tally_cbor_read_begin(&cbor, message, bytes);
    (void)tally_message_read(&cbor, record);
    const uint8_t *const streams = cbor.at;
    tally_session_t *const session = tally_told_find(tally, player, record->session);
    if (session != NULL && tally_told_has_fallen(session, record)) {
        return TALLY_E_ARGUMENT;
    }
    const int32_t status = check_streams(tally, &cbor, record->session, &kept);
    if (status < 0 || session == NULL) {
        return status;
    }
    tally_cbor_read_begin(&cbor, message, bytes);
    (void)tally_message_read(&cbor, record);
    tally_told_snapshot(tally, session, record, streams, kept.bytes);
    tally->snapshots_stale += kept.left_out;
    return TALLY_OK;
}

static int32_t take_start(tally_t *tally, uint32_t player, tally_session_t *known) {
    const tally_message_t *const record = &tally->players.record;
    tally_session_t *const session = known != NULL ? known : tally_told_open(tally, player, record);
    if (session == NULL) {
        return TALLY_E_FULL;
    }
    tally_told_start(tally, session, record);
    return TALLY_OK;
}

/* One that is not known has begun and ended while there was no daemon to be told. */
static int32_t take_end(tally_t *tally, uint32_t player, tally_session_t *known) {
    const tally_message_t *const record = &tally->players.record;
    if (known != NULL && tally_told_has_fallen(known, record)) {
        return TALLY_E_ARGUMENT;
    }
    tally_session_t *const session = known != NULL ? known : tally_told_open(tally, player, record);
    if (session == NULL) {
        return TALLY_E_FULL;
    }
    tally_told_end(tally, session, record);
    return TALLY_OK;
}

/* Events and streams of a session that there was no room for are passed over with it. */
static int32_t take_of_session(tally_t *tally, uint32_t player) {
    const tally_message_t *const record = &tally->players.record;
    tally_session_t *const session = tally_told_find(tally, player, record->session);
    if (record->kind == 's') {
        return take_start(tally, player, session);
    }
    if (record->kind == 'x') {
        return take_end(tally, player, session);
    }
    if (session != NULL && record->kind == 'e') {
        tally_told_event(tally, session, record);
    } else if (session != NULL) {
        tally_told_stream(tally, session, record);
    }
    return TALLY_OK;
}

/* --- messages ------------------------------------------------------------------------------- */

static bool is_of_session(char kind) {
    return kind == 'e' || kind == 'h' || kind == 's' || kind == 'x' || tally_stream_has_kind(kind);
}

static int32_t deal(tally_t *tally, uint32_t player, const uint8_t *message, uint32_t bytes) {
    tally_message_t *const record = &tally->players.record;
    tally_cbor_reader_t cbor;
    tally_cbor_read_begin(&cbor, message, bytes);
    const int32_t status = tally_message_read(&cbor, record);
    if (status < 0) {
        return status;
    }
    if ((is_of_session(record->kind) && record->session == 0) ||
        (record->kind != 'h' && cbor.left != 0)) {
        return TALLY_E_CBOR;
    }
    if (record->kind == 'p') {
        return greet(tally, player);
    }
    if (tally_daemon_find(tally, player) == NULL) {
        return TALLY_E_STATE;
    }
    if (record->kind == 'v') {
        add_viewing(tally);
    } else if (record->kind == 'a') {
        add_losses(tally);
    } else if (record->kind == 'h') {
        return take_snapshot(tally, player, message, bytes);
    } else if (is_of_session(record->kind)) {
        return take_of_session(tally, player);
    }
    return TALLY_OK;
}

int32_t tally_daemon_take(tally_t *tally, uint32_t player, const uint8_t *message, uint32_t bytes) {
    if (player == 0 || message == NULL) {
        return TALLY_E_ARGUMENT;
    }
    if (tally->consent != TALLY_CONSENT_GIVEN) {
        return TALLY_OK; /* forgotten, greeting and all */
    }
    const int32_t status = bytes <= TALLY_MESSAGE_BYTES ? deal(tally, player, message, bytes)
                                                        : (int32_t)TALLY_E_TOO_BIG;
    if (status < 0) {
        tally->players.messages_refused++;
    }
    return status;
}

void tally_daemon_leave(tally_t *tally, uint32_t player) {
    tally_connected_t *const connected = player != 0 ? tally_daemon_find(tally, player) : NULL;
    if (connected == NULL) {
        return;
    }
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->told[i].player == player) {
            tally_told_died(tally, &tally->sessions[i]);
        }
    }
    connected->player = 0;
}

void tally_daemon_forget(tally_t *tally) {
    tally_players_t *const players = &tally->players;
    players->messages_refused = 0;
    memset(players->losses, 0, sizeof players->losses);
    memset(players->connected, 0, sizeof players->connected);
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->told[i].player != 0) {
            memset(&tally->sessions[i], 0, sizeof tally->sessions[i]);
            memset(&tally->told[i], 0, sizeof tally->told[i]);
            memset(tally->told_streams[i], 0, sizeof tally->told_streams[i]);
        }
    }
}

#endif
