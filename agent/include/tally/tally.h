/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TALLY_H
#define TALLY_TALLY_H
/*
 * tally: a QoE telemetry agent. Players call hook.h and stats.h from any thread; one task, the
 * agent task, calls what is declared here.
 *
 *     hook -> session -> metrics -> report -> spool -> uplink
 *
 * To allocate the state, include tally/state.h where it is defined:
 *
 *     static tally_t agent;
 *     tally_init(&agent, &options, &port, &transport, &store);
 *     for (;;) { wait_for_wake_or_io(tally_step(&agent)); }
 */
#include <stdint.h>

#include "tally/device.h"
#include "tally/hook.h"
#include "tally/linked.h"
#include "tally/port.h"
#include "tally/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TALLY_VERSION "0.1.0"

/* How a device is provisioned. Texts are UTF-8, at most 63 bytes where not said otherwise, and
 * live as long as the agent, as does the struct. */
typedef struct {
    /* The collectors that may be uploaded to, at most 8. The first is used unless remote
     * configuration chooses another. */
    const tally_endpoint_t *endpoints;
    uint32_t endpoint_count;
    const char *device_id;   /* the identity in the device's TLS certificate */
    const char *operator_id; /* the tenant the device reports to */

    /* told in the boot record; NULL where not known */
    const char *device_type;
    const char *device_model;
    const char *soc;
    const char *firmware;
    const char *os;
    const char *middleware;
    const char *browser;
    const char *time_zone;
    enum tally_reset reset_reason;

    uint32_t booted_ms; /* how long before tally_init() the device booted; 0: with it */

    /* Of a store that holds nothing yet, the blocks for urgent records (boots, starts, ends,
     * errors): at least 3, with as many left for the others; all of them: one ring for both; 0: a
     * quarter. */
    uint32_t urgent_blocks;

    /* Records older than this are given up unsent, a block of the spool at a time, while the wall
     * time is authenticated; 0: none are. */
    uint32_t age_most_s;

    /* What must outlive the boot beside the records: consent, remote configuration, boot count,
     * last known time. NULL: none of it does. */
    tally_settings_t *settings;

    /* Whose signature remote configuration must bear; NULL: none is taken. */
    const tally_verifier_t *verifier;

    /* Bytes that uploads may take a day, both ways, with 4,000 for each connection; 0: any number.
     * Days are UTC once the wall time is known. Remote configuration may change it. */
    uint32_t daily_bytes;

    bool consent_needed; /* nothing is collected before tally_consent() was once called with true */

    uint32_t heartbeat_ms; /* 1,000 to 3,600,000; 0 is 60,000 */
    uint32_t upload_ms;    /* 1,000 to 86,400,000; 0 is 300,000 */

    /* What the platform's hooks can measure: for each group an OR of TALLY_CAN(), or
     * TALLY_CAN_ALL(). A metric that is declared and absent is 0; one that is not declared was not
     * measured, and is never sent. The agent adds VENDOR_ID where it has metrics of a vendor, and
     * of its own group all but what boards note, see tally_note(); it leaves out group DEVICE if it
     * is built without (TALLY_DEVICE). */
    uint64_t capabilities[TALLY_GROUPS];

#if TALLY_PLAYERS > 0
    /* The same of what players in other processes may tell of their sessions, of which each
     * measures a part; NULL: nothing. Must outlive the agent. */
    const uint64_t *player_capabilities;
#endif
} tally_options_t;

#define tally_init TALLY_LINKED(tally_init)

/* Empties the state, draws a boot id and makes the boot record. The structs behind the pointers
 * must outlive the agent. Blocks for up to two signature checks if remote configuration is kept.
 * 0; TALLY_E_ARGUMENT for a NULL pointer or callback; TALLY_E_CONFIG for options, capabilities or a
 * store geometry out of range, or if a record of what is declared could be larger than
 * TALLY_RECORD_BYTES; TALLY_E_RANDOM, TALLY_E_IO from the port. */
int32_t tally_init(tally_t *tally, const tally_options_t *options, const tally_port_t *port,
                   const tally_transport_t *transport, const tally_store_t *store);

enum tally_consent {
    TALLY_CONSENT_NONE = 0, /* never asked for, and needed */
    TALLY_CONSENT_GIVEN = 1,
    TALLY_CONSENT_WITHDRAWING = 2, /* what was stored is being destroyed */
    TALLY_CONSENT_WITHDRAWN = 3,
};

/* Whether the viewer lets the device measure and report; kept in the settings. Agent task; blocks
 * as long as they do.
 *
 * False: collection stops with this call, open sessions are forgotten and uploads end. Each
 * tally_step() then destroys one block of the spool, so that no record can be read back from the
 * raw store; tally_consent_state() tells when it is done. Power cuts do not end it, the next boot
 * begins again. Blocks that can neither be erased nor written are told in the log, and tried again
 * at each boot. TALLY_E_IO: the settings could not keep it, it holds for this boot.
 *
 * True: begins anew, as a boot does, with another boot id. TALLY_E_STATE while what was stored is
 * being destroyed; else as tally_init(). */
int32_t tally_consent(tally_t *tally, bool given);
enum tally_consent tally_consent_state(const tally_t *tally);

/* Does what is due: takes events from the ring, samples streams, makes records, moves the upload
 * on by one non-blocking step. Returns after how many milliseconds it wants to be called again;
 * call it earlier when the port's wake() ran or the transport can go on. Never blocks. Its longest
 * time is one message of a TLS handshake, public-key work: with port/mbedtls 2.0 s on a Cortex-M3
 * that does 31 million instructions a second, without such work 11 ms (measured by make bench). */
uint32_t tally_step(tally_t *tally);

/* The device goes into standby, and comes out of it. Call the first before it sleeps: every session
 * is SUSPENDED from now on, and the time asleep counts as nothing else, however long it is (the
 * port's monotonic clock counts it). tally_step() may be called in standby; there are no heartbeats
 * then, and none to make up for afterwards. Agent task. TALLY_E_STATE if it is so already. */
int32_t tally_suspend(tally_t *tally);
int32_t tally_resume(tally_t *tally);

/* The numbers of the open sessions, at most `most` of them. Returns how many there are. Agent
 * task. */
uint32_t tally_sessions(const tally_t *tally, tally_session_id_t *out, uint32_t most);

/* A figure of an open session as of now: a metric of the groups ADS, MEDIA, PLAYBACK, SINCE or
 * USER, or the last value of a LEVEL. TALLY_E_STATE: no such session; TALLY_E_EMPTY: the metric has
 * no value yet; TALLY_E_ARGUMENT: a metric of another group. Agent task; some thousand
 * instructions. Events still in the ring do not count yet. */
int32_t tally_query(const tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                    int64_t *out);

/* The device has another network, or another address in it: connections begin anew. Agent task. */
void tally_reconnect(tally_t *tally);

/* Asks for an upload as soon as the retry time allows. */
void tally_flush(tally_t *tally);

/* Notes what only the board knows: TALLY_M_TLS_HEAP_HIGH, TALLY_M_STACK_HIGH, or any metric of
 * group NETWORK. It is told with the next record about the agent. Agent task. TALLY_E_ARGUMENT for
 * another metric and for values outside 0 to 2^53. */
int32_t tally_note(tally_t *tally, enum tally_metric metric, int64_t value);

/* Records made and not yet accepted by a server. */
uint32_t tally_pending(const tally_t *tally);

#ifdef __cplusplus
}
#endif

#endif
