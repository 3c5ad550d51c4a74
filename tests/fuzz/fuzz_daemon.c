/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of bytes plays the players of a daemon: one whose messages are made by hand, of any
 * bytes, and two that are tally's own, whose messages may be spoilt on the way. Whatever comes:
 *
 *   - each message is taken, or refused with one of the errors of tally/split.h, and then nothing
 *     of it is kept;
 *   - each record that is made is deterministic CBOR within its limit;
 *   - a player that is gone leaves no session behind.
 */
#include <stdbool.h>
#include <string.h>

#include "device.h"
#include "fuzzer.h"
#include "player.h"
#include "test.h"

enum { OWN = 2, BY_HAND = 3, STREAMS = 2, MESSAGES_A_LOOK = 16 };

static device_t tallyd;
static player_t players[OWN];
static tally_rtp_t rtp[OWN];
static bool is_attached[OWN];
static tally_session_t sessions_before[TALLY_SESSIONS];
static tally_told_t told_before[TALLY_SESSIONS];
static uint32_t taken;

/* --- what is checked ------------------------------------------------------------------------ */

static void check_records(void) {
    records_load(&tallyd.records, &tallyd.agent.spool);
    for (uint32_t i = 0; i < tallyd.records.count; i++) {
        assert_true(tallyd.records.list[i].size <= TALLY_RECORD_BYTES);
        assert_true(record_has(tallyd.records.list[i], "q"));
    }
}

static void look(void) {
    tally_session_id_t open[TALLY_SESSIONS];
    const uint32_t count = tally_sessions(&tallyd.agent, open, TALLY_SESSIONS);
    assert_true(count <= TALLY_SESSIONS);
    for (uint32_t i = 0; i < count; i++) {
        int64_t value;
        for (uint32_t metric = 0; metric < TALLY_METRICS; metric++) {
            (void)tally_query(&tallyd.agent, open[i], (enum tally_metric)metric, &value);
        }
    }
    check_records();
}

static bool is_known(int32_t status) {
    return status == TALLY_OK || status == TALLY_E_CBOR || status == TALLY_E_ARGUMENT ||
           status == TALLY_E_VERSION || status == TALLY_E_STATE || status == TALLY_E_FULL ||
           status == TALLY_E_TOO_BIG;
}

static void give(uint32_t player, const uint8_t *message, uint32_t bytes) {
    tally_t *const agent = &tallyd.agent;
    memcpy(sessions_before, agent->sessions, sizeof sessions_before);
    memcpy(told_before, agent->told, sizeof told_before);
    const int32_t status = tally_daemon_take(agent, player, message, bytes);
    assert_true(is_known(status));
    if (status < 0) {
        assert_memory_equal(sessions_before, agent->sessions, sizeof sessions_before);
        assert_memory_equal(told_before, agent->told, sizeof told_before);
    }
    taken++;
    if (taken % MESSAGES_A_LOOK == 0) {
        look();
    }
}

/* --- what is played ------------------------------------------------------------------------- */

static void give_by_hand(script_t *script) {
    static uint8_t message[TALLY_MESSAGE_BYTES + 1];
    const uint32_t wanted = take(script, 2) % sizeof message;
    const uint32_t bytes = wanted < script->left ? wanted : script->left;
    memcpy(message, script->at, bytes);
    script->at += bytes;
    script->left -= bytes;
    give(BY_HAND, message, bytes);
}

/* Every message of an own player, or all but some, some of them with a byte that is another. */
static void deliver(script_t *script) {
    const uint32_t which = pick(script, OWN);
    const uint32_t how = pick(script, 8);
    player_t *const player = &players[which];
    (void)tally_player_step(&player->agent);
    for (uint32_t i = 0; i < player->count; i++) {
        message_t *const message = &player->messages[i];
        if (how == 1) {
            message->data[take(script, 2) % message->bytes] = (uint8_t)take(script, 1);
        } else if (how == 2) {
            message->bytes = 1 + take(script, 2) % message->bytes;
        }
        if (how != 3 || pick(script, 2) == 0) {
            give(which + 1, message->data, message->bytes);
        }
    }
    player_forget(player);
}

static void connect(script_t *script) {
    tally_player_announce(&players[pick(script, OWN)].agent);
}

static void leave(script_t *script) {
    const uint32_t player = 1 + pick(script, BY_HAND);
    tally_daemon_leave(&tallyd.agent, player);
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        assert_true(tallyd.agent.told[i].player != player);
    }
}

static tally_session_id_t session_of(const player_t *player) {
    tally_session_id_t open[1] = {1};
    (void)tally_sessions(&player->agent, open, 1);
    return open[0];
}

static void act(script_t *script) {
    const uint32_t which = pick(script, OWN);
    tally_t *const agent = &players[which].agent;
    const uint32_t hook = pick(script, TALLY_HOOK_SET + 2);
    const tally_session_id_t session = session_of(&players[which]);
    if (hook == 0) {
        (void)tally_hook_play(agent, tally_hook_open(agent));
    } else if (hook >= TALLY_HOOK_SET) {
        (void)tally_hook_text(agent, session, TALLY_M_CONTENT_ID, "film-42");
        (void)tally_hook_set(agent, session, TALLY_M_BUFFER_LENGTH, (int64_t)take(script, 2));
    } else {
        (void)tally_hook_tell(agent, session, (enum tally_hook)hook, (int32_t)take(script, 1),
                              (int32_t)take(script, 1));
    }
}

static void stream(script_t *script) {
    const uint32_t which = pick(script, OWN);
    tally_t *const agent = &players[which].agent;
    if (is_attached[which]) {
        (void)tally_detach(agent, &rtp[which]);
    } else {
        (void)tally_rtp_init(&rtp[which], 90000);
        (void)tally_attach_rtp(agent, session_of(&players[which]), &rtp[which]);
    }
    is_attached[which] = !is_attached[which];
}

static void move_clock(script_t *script) {
    static const uint32_t units_ms[] = {1, 1000, 60000, 3600000};
    const uint32_t ms = units_ms[pick(script, 4)] * take(script, 1);
    tallyd.port.now_ms += ms;
    for (uint32_t i = 0; i < OWN; i++) {
        players[i].port.now_ms += ms;
    }
}

static void step(script_t *script) {
    (void)script;
    (void)tally_step(&tallyd.agent);
}

static void change(script_t *script) {
    static int32_t (*const changes[])(tally_t *) = {tally_suspend, tally_resume};
    const uint32_t which = pick(script, 4);
    (void)(which < 2 ? changes[which](&tallyd.agent) : tally_consent(&tallyd.agent, which == 2));
}

/* --- from boot to the last player ----------------------------------------------------------- */

static void boot(void) {
    device_prepare(&tallyd);
    tallyd.options.heartbeat_ms = 2000;
    assert_int_equal(device_init(&tallyd), TALLY_OK);
    for (uint32_t i = 0; i < OWN; i++) {
        player_begin(&players[i], 7 + i);
        tally_player_announce(&players[i].agent);
        is_attached[i] = false;
    }
    taken = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const plays[])(script_t *) = {give_by_hand, give_by_hand, deliver, deliver,
                                                act,          act,          connect, leave,
                                                stream,       move_clock,   step,    change};
    script_t script = {.at = data, .left = (uint32_t)size};
    boot();
    while (script.left > 0) {
        plays[pick(&script, sizeof plays / sizeof plays[0])](&script);
        for (uint32_t i = 0; i < OWN; i++) {
            if (players[i].count > MESSAGES_MOST / 2) {
                player_forget(&players[i]);
            }
        }
    }
    look();
    return 0;
}
