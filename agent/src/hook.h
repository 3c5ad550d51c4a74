/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_HOOK_H
#define TALLY_SRC_HOOK_H
/*
 * The first stage: events from any thread or ISR into the agent task, through a bounded ring with
 * many producers and one consumer (after D. Vyukov's bounded MPMC queue).
 *
 * Each cell carries its turn. For N cells and a position p that only grows:
 *
 *     turn == p          free for the producer that claims position p
 *     turn == p + 1      full, for the consumer at position p
 *     turn == p + N      free again, one lap later
 *
 *          tail                 head
 *     ... | full | full | busy | full | free | free ...
 *                         ^ claimed, not written yet: the consumer stops here and comes back at
 *                           its next step; later cells wait, so order is kept
 */
#include <stdbool.h>
#include <stdint.h>

#include "tally/config.h"
#include "tally/hook.h"
#include "tally/port.h"

/* An event as the session stage gets it. */
typedef struct {
    uint32_t time_ms; /* the lower 32 bits of the monotonic clock at the call */
    tally_session_id_t session;
    uint16_t hook;   /* enum tally_hook */
    uint16_t metric; /* enum tally_metric for SET and TEXT */
    int32_t value_low;
    int32_t value_high; /* in two halves: a cell needs no 8-byte alignment */
} tally_event_t;

typedef struct {
    uint32_t turn;
    tally_event_t event;
} tally_cell_t;

typedef struct {
    uint32_t busy; /* 1 from the claim in a hook until the agent task has copied the text */
    char text[TALLY_TEXT_BYTES];
} tally_text_slot_t;

typedef struct {
    tally_cell_t cells[TALLY_EVENTS]; /* first: a cell's address is then one sum */
    const tally_port_t *port;
    tally_text_slot_t texts[TALLY_TEXT_SLOTS];
    uint32_t head;          /* next position to claim; producers */
    uint32_t tail;          /* next position to take; agent task */
    uint32_t last_session;  /* number of the newest session */
    uint32_t dropped;       /* events; producers */
    uint32_t texts_dropped; /* producers and agent task */
} tally_hooks_t;

void tally_hooks_init(tally_hooks_t *hooks, const tally_port_t *port);

/* Puts an event in, stamps it and wakes the agent task. 0, or TALLY_E_FULL, counted. Any thread
 * and ISR. */
int32_t tally_hooks_put(tally_hooks_t *hooks, tally_session_id_t session, enum tally_hook hook,
                        enum tally_metric metric, int64_t value);

/* The same at another time: the lower 32 bits of the monotonic clock, less than 2^31 ms ago. */
int32_t tally_hooks_put_at(tally_hooks_t *hooks, tally_session_id_t session, enum tally_hook hook,
                           int64_t value, uint32_t time_ms);

/* A number for a new session, never 0. Any thread and ISR. */
tally_session_id_t tally_hooks_new_session(tally_hooks_t *hooks);

/* Copies a text into a free slot and puts its event in. As tally_hook_text() in tally/hook.h. */
int32_t tally_hooks_put_text(tally_hooks_t *hooks, tally_session_id_t session,
                             enum tally_metric metric, const char *text);

/* Takes the oldest event out; false when there is none or the next one is still being written.
 * Agent task. */
bool tally_hooks_take(tally_hooks_t *hooks, tally_event_t *out);

static inline int64_t tally_event_value(const tally_event_t *event) {
    return (int64_t)(((uint64_t)(uint32_t)event->value_high << 32) | (uint32_t)event->value_low);
}

/* The text of a TEXT event, until it is released. Agent task. */
const char *tally_hooks_text(const tally_hooks_t *hooks, const tally_event_t *event);
void tally_hooks_release_text(tally_hooks_t *hooks, const tally_event_t *event);

/* Counts a text that found no room further on. */
void tally_hooks_count_lost_text(tally_hooks_t *hooks);

#endif
