/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYER_H
#define PLAYER_H
/*
 * A player: one pipeline with nothing above it, which is one session of tally at a time.
 *
 *     media threads          pad probes, bus messages: note a fact with its time, never wait
 *         |
 *     the watcher            one thread for the process: reads the facts each TICK, decides
 *         |                  (judge.h), tells tally; polls the instruments
 *     tally                  hook.h, over libtally-client
 *
 * All hooks of tally are called by the watcher, each with the time of its fact, so that what only
 * turns out later (a stall, by the frame that did not come) is told from when it began.
 */
#include <gst/gst.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/hook.h"

typedef struct player player_t;

/* Where all sessions of this process are told. Any thread. */
tally_t *player_tally(const player_t *player);

/* The session that is open, or 0. Watcher. */
tally_session_id_t player_session(const player_t *player);

/* The pipeline, for the time of a call of begin() or poll() of an instrument; elsewhere, and if it
 * is gone, NULL. */
GstElement *player_pipeline(const player_t *player);

/* Milliseconds of the clock that tally_hook_tell_at() takes (CLOCK_BOOTTIME). Any thread. */
uint64_t player_now_ms(void);

/* ---- what an instrument may tell, for the judge and the records to use. Watcher only. ---------
 */

/* The rendition on screen has this declared bitrate. */
void player_rendition(player_t *player, uint32_t kbps);

/* How the media arrives, if an element shows it better than the address. */
void player_delivery(player_t *player, enum tally_delivery delivery);

/* The pipeline sends media rather than plays it: a session that is not open yet will be one of
 * publishing. Any thread. */
void player_publishes(player_t *player);

/* The first media left at `at_ms`: what the first frame is to a session that plays. */
void player_sends(player_t *player, uint64_t at_ms);

#endif
