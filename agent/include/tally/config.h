/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_CONFIG_H
#define TALLY_CONFIG_H
/*
 * Compile-time sizes. The board's own tally_config.h is read first (it may be empty), what it
 * leaves open gets the default below, and what cannot work is refused by the checks at the end.
 * Values are plain numbers, as some become part of a name (linked.h).
 */
#include "tally_config.h"

/* Sessions measured at once (main programme, picture in picture, recording, preload). */
#ifndef TALLY_SESSIONS
#define TALLY_SESSIONS 4
#endif

/* 1 if the board has metrics of its own in tally_metrics_user.def; its IANA Private Enterprise
 * Number then says whose they are. */
#ifndef TALLY_METRICS_USER
#define TALLY_METRICS_USER 0
#endif
#ifndef TALLY_VENDOR_ID
#define TALLY_VENDOR_ID 0
#endif

/* Bytes for all dimensions (content id, title, delivery, ...) of one session. */
#ifndef TALLY_SESSION_TEXT_BYTES
#define TALLY_SESSION_TEXT_BYTES 192
#endif

/* Cells of the event ring, a power of two; 24 bytes each. A full ring drops and counts. */
#ifndef TALLY_EVENTS
#define TALLY_EVENTS 64
#endif

/* Texts on their way from a hook to the agent task, and the longest one in bytes with its NUL. */
#ifndef TALLY_TEXT_SLOTS
#define TALLY_TEXT_SLOTS 4
#endif
#ifndef TALLY_TEXT_BYTES
#define TALLY_TEXT_BYTES 64
#endif

/* RTP, TS and frame streams attached at once. */
#ifndef TALLY_STREAMS
#define TALLY_STREAMS 4
#endif

/* 0 leaves group DEVICE out: the board samples nothing of itself. */
#ifndef TALLY_DEVICE
#define TALLY_DEVICE 1
#endif

/* WebRTC tracks attached at once; 0 leaves them out. */
#ifndef TALLY_WEBRTC_TRACKS
#define TALLY_WEBRTC_TRACKS 4
#endif

/* Events may be told late, but what was reported of their session meanwhile stands, except for the
 * last so many ms. */
#define TALLY_LATE_MS 10000u

/* 1: the image has a player's half, tally_player_init() in tally/split.h. */
#ifndef TALLY_PLAYER_HALF
#define TALLY_PLAYER_HALF 0
#endif

/* Players that a daemon's half has connected at once; 0 leaves it out. How many of the sessions one
 * of them may have, and bytes kept of each session's streams. */
#ifndef TALLY_PLAYERS
#define TALLY_PLAYERS 0
#endif
#ifndef TALLY_PLAYER_SESSIONS
#define TALLY_PLAYER_SESSIONS TALLY_SESSIONS
#endif
#ifndef TALLY_PLAYER_STREAM_BYTES
#define TALLY_PLAYER_STREAM_BYTES 4096
#endif

/* The largest record in bytes. With header and checkpoint it must fit a block of the spool: in
 * blocks of 2 KiB at most 1976 do. tally_init() refuses capabilities whose records could be larger.
 */
#ifndef TALLY_RECORD_BYTES
#define TALLY_RECORD_BYTES 2016
#endif

/* Against floods: this many event records of a class (errors, stalls, others) at once, then one
 * each so many ms; likewise sessions that get records of their own. The rest is counted. */
#ifndef TALLY_EVENT_BURST
#define TALLY_EVENT_BURST 20
#endif
#ifndef TALLY_EVENT_REFILL_MS
#define TALLY_EVENT_REFILL_MS 5000
#endif
#ifndef TALLY_START_BURST
#define TALLY_START_BURST 20
#endif
#ifndef TALLY_START_REFILL_MS
#define TALLY_START_REFILL_MS 3000
#endif

/* Bytes staged for one transport send: larger is fewer TLS records, smaller is less RAM. */
#ifndef TALLY_TX_BYTES
#define TALLY_TX_BYTES 512
#endif

/* The most record bytes in one upload. */
#ifndef TALLY_BATCH_BYTES
#define TALLY_BATCH_BYTES 16384
#endif

/* Log lines above this level are not compiled in: 0 none, 1 error, 2 warning, 3 info, 4 debug. */
#ifndef TALLY_LOG_LEVEL
#define TALLY_LOG_LEVEL 3
#endif

/* 0 leaves the log's strings out of the image; the sink then gets identifiers only. */
#ifndef TALLY_LOG_TEXT
#define TALLY_LOG_TEXT 1
#endif

/* 0 for targets without atomic compare-and-swap: the port's critical section takes its place. Left
 * open, it is as the compiler says. */
#ifndef TALLY_ATOMICS
#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_4
#define TALLY_ATOMICS 1
#else
#define TALLY_ATOMICS 0
#endif
#endif

#if TALLY_SESSIONS < 1 || TALLY_SESSIONS > 64
#error "TALLY_SESSIONS: 1 to 64"
#endif
#if TALLY_WEBRTC_TRACKS < 0 || TALLY_WEBRTC_TRACKS > 8
#error "TALLY_WEBRTC_TRACKS: 0 to 8"
#endif
#if TALLY_EVENTS < 8 || (TALLY_EVENTS & (TALLY_EVENTS - 1)) != 0
#error "TALLY_EVENTS: a power of two, at least 8"
#endif
#if TALLY_TEXT_SLOTS < 1 || TALLY_TEXT_SLOTS > 255
#error "TALLY_TEXT_SLOTS: 1 to 255"
#endif
#if TALLY_TEXT_BYTES < 16 || TALLY_TEXT_BYTES > TALLY_SESSION_TEXT_BYTES
#error "TALLY_TEXT_BYTES: 16 to TALLY_SESSION_TEXT_BYTES"
#endif
#if TALLY_PLAYERS < 0 || TALLY_PLAYERS > 255
#error "TALLY_PLAYERS: 0 to 255"
#endif
#if TALLY_PLAYER_SESSIONS < 1 || TALLY_PLAYER_SESSIONS > TALLY_SESSIONS
#error "TALLY_PLAYER_SESSIONS: 1 to TALLY_SESSIONS"
#endif
#if TALLY_PLAYER_STREAM_BYTES < 256 || TALLY_PLAYER_STREAM_BYTES > 8192
#error "TALLY_PLAYER_STREAM_BYTES: 256 to 8192"
#endif
/* The record's own keys and 17 numbers at their largest need 256. */
#if TALLY_RECORD_BYTES < 256 || TALLY_RECORD_BYTES > 4096
#error "TALLY_RECORD_BYTES: 256 to 4096"
#endif
#if TALLY_SESSION_TEXT_BYTES > 1024
#error "TALLY_SESSION_TEXT_BYTES: at most 1024"
#endif
#if TALLY_METRICS_USER && !TALLY_VENDOR_ID
#error "TALLY_METRICS_USER: needs TALLY_VENDOR_ID"
#endif
#if TALLY_EVENT_BURST < 1 || TALLY_EVENT_BURST > 255 || TALLY_START_BURST < 1 ||                   \
    TALLY_START_BURST > 255
#error "TALLY_EVENT_BURST, TALLY_START_BURST: 1 to 255"
#endif
#if TALLY_TX_BYTES < 384 || TALLY_BATCH_BYTES < TALLY_RECORD_BYTES
#error "TALLY_TX_BYTES: at least 384; TALLY_BATCH_BYTES: at least one record"
#endif

#endif
