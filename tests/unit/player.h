/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_PLAYER_H
#define TALLY_TESTS_UNIT_PLAYER_H
/*
 * A player's half whose messages stay in a queue in the order they were put, until a daemon's half
 * is given them.
 */
#include "device.h"
#include "tally/split.h"

enum { MESSAGES_MOST = 256 };

typedef struct {
    enum tally_keep keep;
    tally_session_id_t session;
    uint32_t bytes;
    uint8_t data[TALLY_MESSAGE_BYTES];
} message_t;

typedef struct {
    fake_port_t port;
    tally_link_t link;
    uint64_t capabilities[TALLY_GROUPS];
    tally_t agent;
    bool is_full;        /* the test sets: the link takes nothing */
    uint32_t connection; /* the number it has at its daemon; 0: none */
    uint32_t count;
    message_t messages[MESSAGES_MOST];
} player_t;

/* Everything as tally_player_init() wants it; `random` is what its draws give. */
void player_prepare(player_t *player, uint32_t random);

int32_t player_init(player_t *player);

/* Prepared and begun, at the time of the fakes' clocks. */
void player_begin(player_t *player, uint32_t random);

/* Lets time pass, then steps once. What the step returned. */
uint32_t player_wait(player_t *player, uint64_t ms);

/* Opens a session and brings it to its first frame at once. */
tally_session_id_t player_play(player_t *player);

/* The kinds of the first records of all messages in the queue: "psh". */
void player_expect_kinds(const player_t *player, const char *kinds);

/* The nth record of a message; the last message of a kind. */
record_t message_record(const message_t *message, uint32_t at);
uint32_t message_records(const message_t *message);
const message_t *player_last(const player_t *player, char kind);
uint32_t player_count(const player_t *player, char kind);

void player_forget(player_t *player);

/* --- with a daemon -------------------------------------------------------------------------- */

/* All messages in the queue go to the daemon, which takes each. */
void player_deliver(player_t *player, device_t *daemon);

/* A new connection: the greeting and all open sessions. */
void player_connect(player_t *player, device_t *daemon, uint32_t connection);

/* The connection ends. */
void player_leave(player_t *player, device_t *daemon);

/* Lets time pass for both, each stepped whenever it asks for it, and delivers. */
void player_live(player_t *player, device_t *daemon, uint64_t ms);

#endif
