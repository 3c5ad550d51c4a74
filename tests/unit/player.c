/* SPDX-License-Identifier: Apache-2.0 */
#include "player.h"

#include <string.h>

#include "test.h"

static int32_t put(void *ctx, enum tally_keep keep, tally_session_id_t session,
                   const uint8_t *message, uint32_t bytes) {
    player_t *const player = ctx;
    assert_in_range(bytes, 1, TALLY_MESSAGE_BYTES);
    if (player->is_full) {
        return TALLY_E_FULL;
    }
    assert_true(player->count < MESSAGES_MOST);
    message_t *const place = &player->messages[player->count];
    place->keep = keep;
    place->session = session;
    place->bytes = bytes;
    memcpy(place->data, message, bytes);
    player->count++;
    return TALLY_OK;
}

void player_prepare(player_t *player, uint32_t random) {
    memset(player, 0, offsetof(player_t, messages)); /* megabytes, none of which is looked at */
    fake_port_init(&player->port);
    player->port.now_ms = 1000000;
    player->port.random = random;
    player->link = (tally_link_t){.ctx = player, .put = put};
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const tally_group_info_t *const group = &tally_group_infos[i];
        player->capabilities[i] = (UINT64_C(1) << (group->end - group->first)) - 1;
    }
}

int32_t player_init(player_t *player) {
    return tally_player_init(&player->agent, player->capabilities, &player->port.port,
                             &player->link);
}

void player_begin(player_t *player, uint32_t random) {
    player_prepare(player, random);
    assert_int_equal(player_init(player), TALLY_OK);
}

uint32_t player_wait(player_t *player, uint64_t ms) {
    player->port.now_ms += ms;
    return tally_player_step(&player->agent);
}

tally_session_id_t player_play(player_t *player) {
    const tally_session_id_t session = tally_hook_open(&player->agent);
    assert_int_not_equal(session, 0);
    assert_int_equal(tally_hook_play(&player->agent, session), TALLY_OK);
    assert_int_equal(tally_hook_first_frame(&player->agent, session), TALLY_OK);
    (void)player_wait(player, 0);
    return session;
}

/* --- messages ------------------------------------------------------------------------------- */

record_t message_record(const message_t *message, uint32_t at) {
    record_t record = record_read(message->data, message->bytes);
    while (at > 0) {
        const uint8_t *const next = record.bytes + record.size;
        record = record_read(next, message->bytes - (uint32_t)(next - message->data));
        at--;
    }
    return record;
}

uint32_t message_records(const message_t *message) {
    uint32_t count = 0;
    for (uint32_t at = 0; at < message->bytes; count++) {
        at += record_read(message->data + at, message->bytes - at).size;
    }
    return count;
}

void player_expect_kinds(const player_t *player, const char *kinds) {
    char found[MESSAGES_MOST + 1] = {0};
    for (uint32_t i = 0; i < player->count; i++) {
        found[i] = record_kind(message_record(&player->messages[i], 0));
    }
    assert_string_equal(found, kinds);
}

uint32_t player_count(const player_t *player, char kind) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < player->count; i++) {
        count += record_kind(message_record(&player->messages[i], 0)) == kind ? 1 : 0;
    }
    return count;
}

const message_t *player_last(const player_t *player, char kind) {
    for (uint32_t i = player->count; i > 0; i--) {
        if (record_kind(message_record(&player->messages[i - 1], 0)) == kind) {
            return &player->messages[i - 1];
        }
    }
    fail_msg("no message of kind %c", kind);
    return NULL;
}

void player_forget(player_t *player) {
    player->count = 0;
}

/* --- with a daemon -------------------------------------------------------------------------- */

#if TALLY_PLAYERS > 0

void player_deliver(player_t *player, device_t *daemon) {
    for (uint32_t i = 0; i < player->count && player->connection != 0; i++) {
        const message_t *const message = &player->messages[i];
        assert_int_equal(
            tally_daemon_take(&daemon->agent, player->connection, message->data, message->bytes),
            TALLY_OK);
    }
    player_forget(player);
}

void player_connect(player_t *player, device_t *daemon, uint32_t connection) {
    player->connection = connection;
    player_forget(player);
    tally_player_announce(&player->agent);
    player_deliver(player, daemon);
}

void player_leave(player_t *player, device_t *daemon) {
    tally_daemon_leave(&daemon->agent, player->connection);
    player->connection = 0;
}

void player_live(player_t *player, device_t *daemon, uint64_t ms) {
    const uint64_t end_ms = player->port.now_ms + ms;
    for (;;) {
        const uint32_t player_ms = player_wait(player, 0);
        player_deliver(player, daemon);
        const uint32_t daemon_ms = device_wait(daemon, 0);
        const uint64_t left_ms = end_ms - player->port.now_ms;
        if (left_ms == 0) {
            return;
        }
        const uint32_t wanted_ms = player_ms < daemon_ms ? player_ms : daemon_ms;
        const uint32_t step_ms = wanted_ms > 0 ? wanted_ms : 1;
        player->port.now_ms += step_ms < left_ms ? step_ms : left_ms;
        daemon->port.now_ms = player->port.now_ms;
    }
}

#endif
