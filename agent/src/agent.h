/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_AGENT_H
#define TALLY_SRC_AGENT_H
/* All stages in one struct. Only agent.c, live.c, tell.c, attached.c, front.c and the halves of
 * tally/split.h know more than one of them. */
#include "clock.h"
#include "daemon.h"
#include "hook.h"
#include "limit.h"
#include "machine.h"
#include "metrics.h"
#include "player.h"
#include "policy.h"
#include "report.h"
#include "session.h"
#include "spool.h"
#include "tally/tally.h"
#include "uplink.h"
#include "viewing.h"
#include "watch.h"
#include "webrtc.h"

/* Classes of events whose records are limited apart. */
enum tally_limit_class {
    TALLY_LIMIT_ERRORS,
    TALLY_LIMIT_STALLS,
    TALLY_LIMIT_OTHERS,
    TALLY_LIMIT_CLASSES
};

#if TALLY_WEBRTC_TRACKS > 0
typedef struct {
    const tally_webrtc_t *track; /* NULL: the slot is free */
    uint32_t session;
    uint16_t number; /* as a stream's */
} tally_webrtc_slot_t;
#endif

/* Short members come first: what is near the beginning takes fewer instructions to reach. */
struct tally {
    const tally_port_t *port;
    const tally_options_t *options;
    const tally_transport_t *transport;
    const tally_store_t *store;

    uint64_t capabilities[TALLY_GROUPS];
    uint64_t boot_id;
    uint64_t agent_due_ms; /* the next records about the agent itself and all sessions */
    uint64_t engaged_ms;   /* ENGAGED_TIME is accounted up to here */
    uint64_t boot_due_ms;  /* the boot record; UINT64_MAX: it is made */
    uint32_t boot_count;   /* 0: unknown */
    uint32_t destroyed;    /* blocks of the spool, after consent was withdrawn */
    uint32_t heartbeat_ms;
    uint32_t upload_ms;
    uint32_t events_illegal;
    uint32_t events_stray;
    uint32_t sessions_refused;
    uint32_t snapshots_stale;
    uint32_t step_longest_ms;
    uint32_t tls_heap_high; /* what the board noted; 0: nothing yet */
    uint32_t stack_high;
    tally_value_t network[TALLY_NETWORK_METRICS];
    uint64_t network_present;
    uint32_t dropped_logged; /* losses of the spool that the log has told */
    uint32_t damaged_logged;
    uint8_t consent; /* enum tally_consent */
    bool destroy_failed;
    bool consent_late; /* given after tally_init(): what came before is unknown */
    bool suspended;
    bool has_offset;      /* the clock: a server has told the time */
    uint8_t wall_quality; /* the best so far: enum tally_wall_quality */
#if TALLY_WEBRTC_TRACKS > 0
    uint8_t tracks_leaving; /* bit n: the player has detached track n; shared as `tracks` is */
#endif
    uint16_t last_stream; /* the number of the one attached last; shared as `streams` are */

    tally_report_t report;
    tally_clock_t clock;
    tally_policy_t policy;
    tally_watch_t watch;
    tally_spool_t spool;
    tally_limit_t starts;
    tally_limit_t events[TALLY_LIMIT_CLASSES];
#if TALLY_DEVICE
    tally_machine_t machine;
#endif
    tally_viewing_t viewing;
    tally_uplink_t uplink;
    tally_hooks_t hooks;
#if TALLY_WEBRTC_TRACKS > 0
    tally_webrtc_slot_t tracks[TALLY_WEBRTC_TRACKS]; /* as `streams`; the agent task frees them */
#endif
    tally_stream_t streams[TALLY_STREAMS]; /* shared with hooks: under the critical section */
#if TALLY_PLAYERS > 0
    tally_players_t players;
#endif
#if TALLY_PLAYER_HALF
    tally_player_t player;
#endif
    tally_session_t sessions[TALLY_SESSIONS];
#if TALLY_PLAYERS > 0
    tally_told_t told[TALLY_SESSIONS]; /* of those sessions that players tell */

    /* Last, and not emptied with the rest: most of it is memory that nobody ever touches. */
    uint8_t told_streams[TALLY_SESSIONS][TALLY_PLAYER_STREAM_BYTES];
#endif
};

/* Draws an id, of a boot or a player: 53 bits, so that every JSON reader keeps them; 0 is none. 0,
 * TALLY_E_RANDOM. */
int32_t tally_agent_draw_id(const tally_port_t *port, uint64_t *out);

/* Begins to collect and report as after a boot, under a new boot id. 0, TALLY_E_CONFIG,
 * TALLY_E_RANDOM. */
int32_t tally_agent_begin(tally_t *tally);

/* Works out anew what is measured: what the options say, and remote configuration has left on. */
void tally_agent_declare(tally_t *tally);

#endif
