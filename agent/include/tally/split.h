/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SPLIT_H
#define TALLY_SPLIT_H
/*
 * One tally in two processes, for systems that protect players from each other:
 *
 *     a player's process                         the daemon, one for the device
 *     hook -> session -> metrics -> messages  ~~>  sessions -> report -> spool -> uplink
 *
 * Sessions live in the player's half, so that a new daemon gets whole cumulative values of what was
 * going on when the old one died. Messages are sequences of records as they are in SPEC.md,
 * "Between player and daemon"; whoever owns the connection carries them: port/client and tallyd.
 *
 * Each half is a tally_t of its own. The player's half (TALLY_PLAYER_HALF in tally_config.h) takes
 * all of hook.h, stats.h and webrtc.h; of tally.h it has tally_query() and tally_sessions(), and
 * nothing else is for it. The daemon's half (TALLY_PLAYERS) is a whole agent, whose calls are all
 * as without players; tally_options_t says what players may tell.
 */
#include <stdint.h>

#include "tally/tally.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No message is longer. */
#define TALLY_MESSAGE_BYTES 8192u

/* How often a player's half tells all there is about each of its sessions. */
#define TALLY_SNAPSHOT_MS 1000u

/* --- the player's half ----------------------------------------------------------------------- */

#if TALLY_PLAYER_HALF

/* What is to become of a message that cannot be sent at once. */
enum tally_keep {
    TALLY_KEEP,    /* nothing else tells it: send it later, in order */
    TALLY_REPLACE, /* a snapshot: a later one of the same session says all it says, and more */
};

typedef struct {
    void *ctx;

    /* Takes a copy of a message. 0, or TALLY_E_FULL: it is lost, and told to the daemon as such
     * with a later one. Agent task; never blocks. */
    int32_t (*put)(void *ctx, enum tally_keep keep, tally_session_id_t session,
                   const uint8_t *message, uint32_t bytes);
} tally_link_t;

#define tally_player_init TALLY_LINKED(tally_player_init)

/* Empties the state. `capabilities` as in tally_options_t, of the groups that sessions have; both
 * pointers and what is behind them must outlive the half. Of `port`: clock, random, critical
 * section, wake and log. The port's clock must be the daemon's (CLOCK_BOOTTIME). TALLY_E_ARGUMENT
 * for NULL, TALLY_E_CONFIG for capabilities that are none or whose records would be too large,
 * TALLY_E_RANDOM. */
int32_t tally_player_init(tally_t *tally, const uint64_t capabilities[TALLY_GROUPS],
                          const tally_port_t *port, const tally_link_t *link);

/* As tally_step(): takes events, samples streams, makes messages. Returns after how many
 * milliseconds it wants to be called again; UINT32_MAX: with the next event. Agent task. */
uint32_t tally_player_step(tally_t *tally);

/* There is a new connection, with nothing told on it yet: the greeting, then each open session
 * anew, with a snapshot. Agent task. */
void tally_player_announce(tally_t *tally);

/* Messages that the link took and gave up all the same. Told to the daemon with the next sums.
 * Agent task. */
void tally_player_lost(tally_t *tally, uint32_t messages);

#endif

/* --- the daemon's half ----------------------------------------------------------------------- */

#if TALLY_PLAYERS > 0
/*
 * Takes one message of a player, known by the number of its connection, 1 and up: begins, goes on
 * with and ends its sessions, makes their records. What is in it is hostile: nothing of a message
 * is kept that is refused, and each refused one is counted (`w1`).
 *
 * 0; TALLY_E_CBOR: not in the form of SPEC.md; TALLY_E_ARGUMENT: a value out of its range, or a
 * counter that fell; TALLY_E_VERSION: a greeting of another version; TALLY_E_STATE: no greeting
 * came before; TALLY_E_FULL: no room for this player (TALLY_PLAYERS) or session (TALLY_SESSIONS,
 * TALLY_PLAYER_SESSIONS), which is counted (`us`); TALLY_E_TOO_BIG. Agent task.
 */
int32_t tally_daemon_take(tally_t *tally, uint32_t player, const uint8_t *message, uint32_t bytes);

/* The connection is over. Sessions of this player that are still open end as TALLY_STOP_PLAYER_DIED
 * with the values of their last snapshot. Agent task. */
void tally_daemon_leave(tally_t *tally, uint32_t player);
#endif

#ifdef __cplusplus
}
#endif

#endif
