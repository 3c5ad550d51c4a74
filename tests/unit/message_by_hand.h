/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MESSAGE_BY_HAND_H
#define MESSAGE_BY_HAND_H
/*
 * What a player says to a daemon, word by word: also what no client of ours would.
 */
#include "cbor.h"
#include "player.h"

extern device_t tallyd;
extern uint8_t said_bytes[2 * TALLY_MESSAGE_BYTES];
extern tally_cbor_t said; /* the message so far, in said_bytes */

/* --- words ---------------------------------------------------------------------------------- */

void say_begin(void);
void say_letter(char key);
void say_number(char key, int64_t value);
void say_text(const char *value);
void say_field(const char *key, int64_t value);
void say_kind(char kind);

/* What was said, as one player or another; what the daemon answers. */
int32_t say_as(uint32_t player);
int32_t say_it(void);

/* --- messages ------------------------------------------------------------------------------- */

int32_t say_greeting(uint32_t player, int64_t version);
int32_t say_start(uint32_t player, int64_t session);

/* Begins a heartbeat of session 3 with one figure. */
void say_snapshot(const char *key, int64_t value);

/* --- a test --------------------------------------------------------------------------------- */

/* A daemon whose player 1 has begun session 3. */
int say_set_up(void **state);

/* So many messages were refused, by the agent's own count. */
void say_expect_refused(uint32_t messages);

/* Of the one session that there is. */
int64_t say_play_time(void);

#endif
