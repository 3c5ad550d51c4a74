/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stddef.h>

#include "client.h"

#define CLOSING_MS     500u
#define ANSWERS_A_TURN 64u
#define NAME           "tally"
#define LOG(client, level, text, value)                                                            \
    (client)->port.port.log((client)->port.port.ctx, (level), 0, (text), (value))

static uint64_t now_of(const tally_client_t *client) {
    return client->port.port.monotonic_ms(client->port.port.ctx);
}

/* --- the connection ------------------------------------------------------------------------- */

static void lose(tally_client_t *client, uint64_t now_ms, int32_t why) {
    LOG(client, TALLY_LOG_WARNING, "connection to the daemon lost", why);
    tally_connection_fail(&client->connection, now_ms);
    tally_outbox_rewind(&client->outbox);
    atomic_store(&client->figures.is_connected, false);
}

static void take_answers(tally_client_t *client, uint64_t now_ms) {
    for (uint32_t i = 0; i < ANSWERS_A_TURN && tally_connection_is_open(&client->connection); i++) {
        tally_answer_t answer;
        int32_t status = tally_connection_receive(&client->connection, &answer);
        if (status == TALLY_E_EMPTY) {
            return;
        }
        if (status == TALLY_OK) {
            status = tally_outbox_acknowledge(&client->outbox, answer.done);
        }
        if (status == TALLY_OK) {
            atomic_fetch_add(&client->figures.refused, answer.refused);
        } else {
            lose(client, now_ms, status);
        }
    }
}

/* Nothing can be sent any more; what the daemon said before that counts. */
static void lose_behind_answers(tally_client_t *client, uint64_t now_ms) {
    take_answers(client, now_ms);
    if (tally_connection_is_open(&client->connection)) {
        lose(client, now_ms, TALLY_E_CLOSED);
    }
}

/* Sends what can be sent now; in the middle of an announcement nothing but that. */
static int32_t send_messages(tally_client_t *client) {
    int32_t status = TALLY_OK;
    tally_outbox_message_t message;
    while (status == TALLY_OK && tally_outbox_next(&client->outbox, &message) &&
           (message.is_announcement || !client->is_announcing)) {
        status = tally_connection_send(&client->connection, message.bytes, message.size);
        if (status == TALLY_OK) {
            tally_outbox_sent(&client->outbox);
            atomic_fetch_add(&client->figures.sent, 1);
        }
    }
    return status == TALLY_E_FULL ? (int32_t)TALLY_OK : status;
}

static bool has_to_tell(const tally_client_t *client) {
    return client->outbox.count > 0 || tally_unlocked_sessions(&client->tally, NULL, 0) > 0;
}

/* Without anything to tell nobody is looked for a second time. */
static bool wants_connection(const tally_client_t *client) {
    return !tally_connection_is_open(&client->connection) &&
           (has_to_tell(client) || !client->has_tried);
}

static void connect_to_daemon(tally_client_t *client, uint64_t now_ms) {
    client->has_tried = true;
    if (tally_connection_open(&client->connection, now_ms) != TALLY_OK) {
        return;
    }
    client->is_announcing = true;
    client->is_broken = false;
    client->is_held_up = false;
    (void)pthread_mutex_lock(&client->agent);
    tally_player_announce(&client->tally);
    (void)pthread_mutex_unlock(&client->agent);
    client->is_announcing = false;
    if (client->is_broken) {
        lose(client, now_ms, TALLY_E_CLOSED);
        return;
    }
    LOG(client, TALLY_LOG_INFO, "connected to the daemon, messages waiting",
        (int32_t)client->outbox.count);
    atomic_fetch_add(&client->figures.connections, 1);
    atomic_store(&client->figures.is_connected, true);
}

/* --- the agent ------------------------------------------------------------------------------ */

/* Snapshots are not for later: whoever connects is told a newer one. Nor are sums, which the agent
 * adds up until they are taken: among them is what tells of the messages that are dropped here. */
static int32_t put(tally_client_t *client, enum tally_keep keep, tally_session_id_t session,
                   const uint8_t *message, uint32_t bytes) {
    const bool is_connected = tally_connection_is_open(&client->connection);
    if (keep == TALLY_REPLACE && !is_connected) {
        return TALLY_OK;
    }
    if (session == 0 && (!is_connected || client->is_held_up)) {
        return TALLY_E_FULL;
    }
    return tally_outbox_put(&client->outbox, keep, session, message, bytes);
}

int32_t tally_client_take(void *ctx, enum tally_keep keep, tally_session_id_t session,
                          const uint8_t *message, uint32_t bytes) {
    tally_client_t *const client = ctx;
    if (!client->is_announcing) {
        return put(client, keep, session, message, bytes);
    }
    const int32_t status = tally_outbox_announce(&client->outbox, keep, session, message, bytes);
    /* Each at once: all announcements together may be more than there is room for. */
    if (!client->is_broken && send_messages(client) != TALLY_OK) {
        client->is_broken = true;
    }
    return status;
}

static uint32_t step_agent(tally_client_t *client) {
    (void)pthread_mutex_lock(&client->agent);
    const uint32_t wait_ms = tally_player_step(&client->tally);
    const uint32_t lost = tally_outbox_lost(&client->outbox);
    if (lost > 0) {
        tally_player_lost(&client->tally, lost);
    }
    (void)pthread_mutex_unlock(&client->agent);
    return wait_ms;
}

/* --- the loop ------------------------------------------------------------------------------- */

static uint32_t least(uint32_t one, uint64_t other) {
    return other < one ? (uint32_t)other : one;
}

/* Without a connection all that the agent wants is for the sake of its sessions. */
static uint32_t until_next(const tally_client_t *client, uint64_t now_ms, uint32_t agent_ms) {
    if (tally_connection_is_open(&client->connection)) {
        return agent_ms;
    }
    if (!has_to_tell(client)) {
        return agent_ms > 0 ? TALLY_POSIX_FOREVER_MS : 0;
    }
    const uint64_t retry_ms = client->connection.retry_ms;
    return least(agent_ms, retry_ms > now_ms ? retry_ms - now_ms : 0);
}

/* Does what is due; returns after how many milliseconds there is more. */
static uint32_t turn(tally_client_t *client, uint64_t now_ms) {
    take_answers(client, now_ms);
    /* Ahead of the agent: what it tells for the first time is not announced too. */
    if (wants_connection(client) && now_ms >= client->connection.retry_ms) {
        connect_to_daemon(client, now_ms);
    }
    const uint32_t wait_ms = step_agent(client);
    if (tally_connection_is_open(&client->connection) && send_messages(client) != TALLY_OK) {
        lose_behind_answers(client, now_ms);
    }
    client->is_held_up = tally_outbox_has_unsent(&client->outbox);
    atomic_store(&client->figures.waiting, client->outbox.count);
    atomic_store(&client->figures.dropped, client->outbox.dropped);
    return until_next(client, now_ms, wait_ms);
}

/* Seen ahead of a turn, so that the turn has all that was told before the close. */
static void look_for_the_end(tally_client_t *client, uint64_t now_ms) {
    if (!client->is_last_word && atomic_load(&client->is_closing)) {
        client->is_last_word = true;
        client->closing_ms = now_ms;
        client->connection.retry_ms = now_ms;
    }
}

static bool is_over(const tally_client_t *client, uint64_t now_ms, uint32_t wait_ms) {
    const bool has_told_all = wait_ms > 0 && client->outbox.count == 0;
    const bool has_tried_in_vain =
        !tally_connection_is_open(&client->connection) && client->connection.retry_ms > now_ms;
    return client->is_last_word &&
           (has_told_all || has_tried_in_vain || now_ms >= client->closing_ms + CLOSING_MS);
}

void *tally_client_run(void *argument) {
    tally_client_t *const client = argument;
    int32_t status = TALLY_OK;
    (void)pthread_setname_np(pthread_self(), NAME);
    /* Woken by a hook, it does not take the processor from the thread that called. */
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    while (status >= 0) {
        const uint64_t now_ms = now_of(client);
        look_for_the_end(client, now_ms);
        uint32_t wait_ms = turn(client, now_ms);
        if (is_over(client, now_ms, wait_ms)) {
            break;
        }
        if (client->is_last_word) {
            wait_ms = least(wait_ms, client->closing_ms + CLOSING_MS - now_ms);
        }
        const short output = client->connection.is_full ? POLLOUT : 0;
        struct pollfd fd = {.fd = client->connection.fd, .events = (short)(POLLIN | output)};
        status = tally_client_port_wait(&client->port, wait_ms, &fd);
    }
    return NULL;
}
