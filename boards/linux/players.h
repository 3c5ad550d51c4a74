/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYERS_H
#define PLAYERS_H
/*
 * The players of this machine: who may connect, how many, how much of each is read, and what the
 * agent makes of it (agent/SPEC.md, "Between player and daemon"). One thread; nothing here blocks,
 * and a player that floods, stands still or never reads its answers costs the others nothing.
 *
 * Times are of any clock that never goes back.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "listener.h"
#include "pace.h"
#include "tally/config.h"
#include "tally/split.h"

typedef struct {
    int fd;          /* -1: the place is free */
    uint32_t number; /* of its connection, from 1 */
    pid_t pid;
    uid_t uid;
    uint32_t taken;    /* messages dealt with, */
    uint32_t refused;  /* of these, */
    uint32_t answered; /* and of these told to it */
    pace_t pace;
    bool is_paused; /* beyond its pace, and not read */
    bool is_ending; /* closed once it is answered */
    bool is_deaf;   /* there was no room for an answer; it gets one when there is */
} player_t;

typedef struct {
    const config_t *config; /* of players_serve() */
    tally_t *agent;
    listener_t listener;
    int poll_fd;       /* ready when a player wants something; -1: there is no socket */
    bool is_accepting; /* the listener is watched */
    bool is_parting;
    uint64_t accept_at_us; /* not before */
    pace_t accept_pace;
    uint32_t last;    /* number of a connection */
    uint32_t refused; /* connections since this agent began, */
    uint32_t noted;   /* of these, by the agent, */
    uint32_t untold;  /* and of these not in the log */
    pace_t log_pace;
    player_t list[TALLY_PLAYERS];
    uint8_t message[TALLY_MESSAGE_BYTES];
} players_t;

/* Opens the socket that `config` asks for, if it does. False, with a line on standard error, if
 * that cannot be. */
bool players_open(players_t *players, const config_t *config);

/* Whether the socket is the one that `config` asks for. */
bool players_fit(const players_t *players, const config_t *config);

/* From now on players are accepted, for this agent. */
void players_serve(players_t *players, const config_t *config, tally_t *agent);

/* Accepts, reads and lets go what is due, a share of each player. Returns after how many
 * milliseconds there is more to do, UINT32_MAX: when poll_fd is ready. */
uint32_t players_take(players_t *players, uint64_t now_us);

/* Tells each player what was dealt with. Call it when the agent has kept that. */
void players_answer(players_t *players);

/* Users may have changed: those that may no longer be here are let go. */
void players_check(players_t *players);

/* Takes what players have sent already, has the next players_answer() close their connections, and
 * accepts nobody. Their sessions stay open: they go on with the next agent. */
void players_part(players_t *players);

/* Behind players_part() and players_answer(), or with the end of the process. */
void players_close(players_t *players);

#endif
