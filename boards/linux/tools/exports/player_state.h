/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYER_STATE_H
#define PLAYER_STATE_H
/* The state of a session between two heartbeats, as its events tell it. */
#include <stdbool.h>
#include <stdint.h>

#define PLAYER_STATE_UNKNOWN INT32_C(-1)

typedef struct {
    int32_t state;      /* enum tally_state or PLAYER_STATE_UNKNOWN */
    int32_t resumes_to; /* where a pause came from */
    bool is_wanted;     /* no pause holds */
} player_state_t;

/* After the record of a session's start; `kind` as its session_kind. */
player_state_t player_state_begin(bool has_kind, int64_t kind);

/* After a record that says the state. */
player_state_t player_state_said(player_state_t before, int64_t state);

/* After an event. Where the events alone do not tell, unknown: the next heartbeat says it. */
player_state_t player_state_after(player_state_t before, int64_t event);

bool player_state_in_ad(int32_t state);

#endif
