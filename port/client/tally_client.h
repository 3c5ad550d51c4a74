/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_CLIENT_H
#define TALLY_CLIENT_H
/*
 * libtally-client: tally/hook.h, tally/stats.h and tally/webrtc.h for players on Linux, whose
 * sessions the daemon tallyd reports. A player that links with an agent of its own, on bare metal,
 * has the same calls.
 *
 *     tally_t *const tally = tally_client_open(NULL);
 *     const tally_session_id_t film = tally_hook_open(tally);
 *     tally_hook_text(tally, film, TALLY_M_CONTENT_ID, "film-42");
 *     tally_hook_play(tally, film);
 *     ...
 *     tally_hook_close(tally, film, TALLY_STOP_USER);
 *     tally_client_close(tally);
 *
 * One thread of its own, with all signals blocked, talks to the daemon; no call of a hook does. If
 * there is no daemon it tries again, and tells a new one all about the sessions that are open. What
 * has to wait for a daemon waits in TALLY_CLIENT_QUEUE_BYTES; beyond that the oldest is dropped,
 * and counted, here and on the wire.
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/hook.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TALLY_CLIENT_SOCKET      "/run/tally/tallyd.sock"
#define TALLY_CLIENT_QUEUE_BYTES 65536u

/* What can be measured by the caller: as in tally_options_t (tally/tally.h). */
typedef struct {
    const char *socket; /* NULL: $TALLY_SOCKET, and if that is not set TALLY_CLIENT_SOCKET. A name
                           that begins with '@' is in the abstract name space */
    const uint64_t *capabilities; /* TALLY_GROUPS of them; NULL: all that hooks can tell */
} tally_client_options_t;

/* Begins the thread. The options need not outlive the call, and may be NULL. NULL: no memory, no
 * thread, no such capabilities, or a name that is empty or too long for a socket; no other call
 * takes that NULL but tally_client_close(). Any thread. Blocks no longer than its system calls do.
 *
 * In a child of fork() hooks have no effect, and detaching a WebRTC track has none ever; it is to
 * call nothing but tally_client_close(), if it does not exec: as long as it holds the connection
 * the daemon does not see the player die. */
tally_t *tally_client_open(const tally_client_options_t *options);

/* Ends the thread and frees all. Blocks: what is still to be told has 500 ms to reach the daemon,
 * if there is one. Sessions still open end as a dead player's do. After it no call with this
 * tally_t may be made or be going on. NULL is allowed. Any thread. */
void tally_client_close(tally_t *tally);

typedef struct {
    bool is_connected;
    uint32_t connections; /* that were accepted, and greeted */
    uint32_t sent;        /* messages */
    uint32_t waiting;     /* messages, those sent and not yet acknowledged included, but not
                             snapshots that were sent */
    uint32_t dropped;     /* messages that found no room, or were too old */
    uint32_t refused;     /* by the daemon */
} tally_client_stats_t;

/* Any thread. */
void tally_client_stats(const tally_t *tally, tally_client_stats_t *out);

#ifdef __cplusplus
}
#endif

#endif
