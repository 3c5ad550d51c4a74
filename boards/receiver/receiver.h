/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECEIVER_H
#define RECEIVER_H
/*
 * The receiver of a set-top box without its decoder: takes the datagrams of one live channel, plays
 * them as far as a viewer could tell the difference, and tells tally what that viewer would see.
 * MPEG-TS in RTP (RFC 2250) or straight in UDP; which one, the first byte of a datagram tells.
 *
 * A source that ends with an RTCP BYE (on the same port, RFC 5761) is shown to its last picture;
 * then the session is over.
 *
 * There is no reorder buffer: a packet that comes after its successor is discarded, and counted.
 *
 * The player of a real product calls the same hooks from its own demultiplexer and decoder. One
 * thread; `now_us` is microseconds of any clock that never goes back.
 */
#include <stdbool.h>
#include <stdint.h>

#include "demux.h"
#include "playout.h"
#include "tally/hook.h"
#include "tally/stats.h"

/* Texts may be NULL and live, as the struct does, as long as the receiver. */
typedef struct {
    uint32_t start_buffer_ms;  /* media ahead of the playhead to start with, see playout.h */
    uint32_t resume_buffer_ms; /* the same to end a stall with */
    uint32_t end_after_ms;     /* the source has stopped after so long without data; 0: never */
    int32_t bitrate_kbps;      /* declared, 0 unknown */
    const char *content_id;
    const char *title;
    const char *player_name;
    const char *player_version;
} receiver_config_t;

typedef struct {
    tally_t *tally;
    const receiver_config_t *config;
    tally_session_id_t session; /* 0: not joined */
    bool ts_attached;
    bool rtp_attached;
    bool source_believed; /* RFC 3550 A.1 has accepted a packet of this session */
    bool source_ended;    /* it has said goodbye; what it sent before is still shown */
    bool picture_told;    /* the session's first intra picture */
    uint64_t now_us;      /* of the last call */
    uint64_t last_data_us;
    uint64_t position_due_us; /* UINT64_MAX before the first frame */
    tally_rtp_t rtp;
    tally_ts_t ts;
    demux_t demux;
    playout_t playout;
} receiver_t;

/* Bounds for receiver_tick(): a datagram is never waited for longer than this. */
#define RECEIVER_TICK_MS 1000u

/* Declares in tally_options_t.capabilities what a receiver of this configuration measures. */
void receiver_capabilities(const receiver_config_t *config, uint64_t groups[TALLY_GROUPS]);

void receiver_init(receiver_t *receiver, tally_t *tally, const receiver_config_t *config);

/* Opens a session and asks for play. TALLY_E_STATE if one is open already, TALLY_E_FULL if the
 * agent took no event. */
int32_t receiver_join(receiver_t *receiver);

/* The viewer changes the channel, which here is the same one again: the session ends and the next
 * one begins, a zap (tally_hook_zap()). Also without a session. TALLY_E_FULL if the agent did not
 * take it; no session is open then. */
int32_t receiver_zap(receiver_t *receiver);

/* Whether a session is open. */
bool receiver_joined(const receiver_t *receiver);

/* Plays a datagram of any content. TALLY_E_STATE without a session. TALLY_E_CORRUPT: neither RTP
 * nor MPEG-TS, counted. TALLY_E_FULL: played, but the agent had no place for its statistics. */
int32_t receiver_datagram(receiver_t *receiver, const uint8_t *data, uint32_t bytes,
                          uint64_t now_us);

/* Does what time alone brings about: the picture freezes, the source has stopped (which ends the
 * session, TALLY_STOP_SOURCE_STOPPED, counted from the last datagram; a channel that never sent
 * one is waited for). Returns the milliseconds after which to call again, at most
 * RECEIVER_TICK_MS; datagrams may move that moment, so ask again after each batch. */
uint32_t receiver_tick(receiver_t *receiver, uint64_t now_us);

/* Ends the session, if there is one. */
void receiver_leave(receiver_t *receiver, enum tally_stop reason);

#endif
