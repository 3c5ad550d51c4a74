/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_DAEMON_H
#define TALLY_SRC_DAEMON_H
/*
 * The daemon's half: which players are connected, and what their messages are about. The sessions
 * that they tell of are in told.h.
 */
#include <stdbool.h>
#include <stdint.h>

#include "message.h"
#include "player.h"
#include "told.h"

#if TALLY_PLAYERS > 0

typedef struct {
    uint32_t player;            /* the number of the connection; 0: none */
    uint64_t can[TALLY_GROUPS]; /* what it can measure */
} tally_connected_t;

typedef struct {
    uint32_t refused; /* connections, as the board noted */
    uint32_t messages_refused;
    uint32_t losses[TALLY_LOSSES];   /* of all players together */
    uint64_t declared[TALLY_GROUPS]; /* of the session whose records are being made */
    tally_connected_t connected[TALLY_PLAYERS];
    tally_message_t record; /* the one being looked at */
} tally_players_t;

/* What a connected player can measure; with 0 a free place for one. NULL if there is none. */
tally_connected_t *tally_daemon_find(struct tally *tally, uint32_t player);

/* Whether records of what players may tell fit. NULL is sound. */
bool tally_daemon_is_sound(const uint64_t *capabilities);

/* Forgets all players and all they have told. */
void tally_daemon_forget(struct tally *tally);

#endif

#endif
