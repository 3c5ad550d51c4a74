/* SPDX-License-Identifier: Apache-2.0 */
#include "hook.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "text.h"

/* Producers that meet on one position try again; with this many losses in a row the event is
 * dropped rather than the caller held up. */
#define CLAIM_TRIES 64u

#define MASK ((uint32_t)TALLY_EVENTS - 1u)

/* Events that are told late have a way in of their own, which must not make the others' dearer. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

void tally_hooks_init(tally_hooks_t *hooks, const tally_port_t *port) {
    memset(hooks, 0, sizeof *hooks);
    hooks->port = port;
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        hooks->cells[i].turn = i;
    }
}

/* The two operations that must not be torn, in both variants. `claim` gives a free cell to exactly
 * one producer; its turn still is its position. */
#if TALLY_ATOMICS

static uint32_t add_shared(const tally_port_t *port, uint32_t *word, uint32_t amount) {
    (void)port;
    return __atomic_add_fetch(word, amount, __ATOMIC_RELAXED);
}

ALWAYS_INLINE tally_cell_t *claim(tally_hooks_t *hooks) {
    uint32_t at = tally_atomic_load(&hooks->head);
    for (uint32_t tries = 0; tries < CLAIM_TRIES; tries++) {
        tally_cell_t *const cell = &hooks->cells[at & MASK];
        const uint32_t turn = tally_atomic_load_acquire(&cell->turn);
        if (turn == at) {
            if (__atomic_compare_exchange_n(&hooks->head, &at, at + 1, true, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED)) {
                return cell;
            }
        } else if ((int32_t)(turn - at) < 0) {
            return NULL;
        } else {
            at = tally_atomic_load(&hooks->head);
        }
    }
    return NULL;
}

#else

static uint32_t add_shared(const tally_port_t *port, uint32_t *word, uint32_t amount) {
    const uint32_t state = port->critical_enter(port->ctx);
    const uint32_t sum = tally_atomic_load(word) + amount;
    tally_atomic_store(word, sum);
    port->critical_leave(port->ctx, state);
    return sum;
}

ALWAYS_INLINE tally_cell_t *claim(tally_hooks_t *hooks) {
    const tally_port_t *const port = hooks->port;
    const uint32_t state = port->critical_enter(port->ctx);
    const uint32_t at = tally_atomic_load(&hooks->head);
    tally_cell_t *const cell = &hooks->cells[at & MASK];
    const bool free = tally_atomic_load_acquire(&cell->turn) == at;
    if (free) {
        tally_atomic_store(&hooks->head, at + 1);
    }
    port->critical_leave(port->ctx, state);
    return free ? cell : NULL;
}

#endif

ALWAYS_INLINE void fill(tally_cell_t *cell, tally_session_id_t session, enum tally_hook hook,
                        enum tally_metric metric, int64_t value) {
    cell->event.session = session;
    cell->event.hook = (uint16_t)hook;
    cell->event.metric = (uint16_t)metric;
    cell->event.value_low = (int32_t)(uint32_t)value;
    cell->event.value_high = (int32_t)(uint32_t)((uint64_t)value >> 32);
}

int32_t tally_hooks_put(tally_hooks_t *hooks, tally_session_id_t session, enum tally_hook hook,
                        enum tally_metric metric, int64_t value) {
    const tally_port_t *const port = hooks->port;
    tally_cell_t *const cell = claim(hooks);
    if (cell == NULL) {
        (void)add_shared(port, &hooks->dropped, 1);
        return TALLY_E_FULL;
    }
    /* The clock is read last: nothing but the cell has to be kept across its call. */
    fill(cell, session, hook, metric, value);
    cell->event.time_ms = (uint32_t)port->monotonic_ms(port->ctx);
    tally_atomic_store_release(&cell->turn, tally_atomic_load(&cell->turn) + 1);
    port->wake(port->ctx);
    return TALLY_OK;
}

int32_t tally_hooks_put_at(tally_hooks_t *hooks, tally_session_id_t session, enum tally_hook hook,
                           int64_t value, uint32_t time_ms) {
    const tally_port_t *const port = hooks->port;
    tally_cell_t *const cell = claim(hooks);
    if (cell == NULL) {
        (void)add_shared(port, &hooks->dropped, 1);
        return TALLY_E_FULL;
    }
    fill(cell, session, hook, 0, value);
    cell->event.time_ms = time_ms;
    tally_atomic_store_release(&cell->turn, tally_atomic_load(&cell->turn) + 1);
    port->wake(port->ctx);
    return TALLY_OK;
}

tally_session_id_t tally_hooks_new_session(tally_hooks_t *hooks) {
    const uint32_t number = add_shared(hooks->port, &hooks->last_session, 1);
    return number != 0 ? number : add_shared(hooks->port, &hooks->last_session, 1);
}

static int32_t claim_text(tally_hooks_t *hooks) {
    const tally_port_t *const port = hooks->port;
    int32_t slot = TALLY_E_FULL;
    const uint32_t state = port->critical_enter(port->ctx);
    for (int32_t i = 0; i < TALLY_TEXT_SLOTS && slot < 0; i++) {
        if (tally_atomic_load_acquire(&hooks->texts[i].busy) == 0) {
            tally_atomic_store(&hooks->texts[i].busy, 1);
            slot = i;
        }
    }
    port->critical_leave(port->ctx, state);
    return slot;
}

int32_t tally_hooks_put_text(tally_hooks_t *hooks, tally_session_id_t session,
                             enum tally_metric metric, const char *text) {
    const int32_t length = tally_text_length(text, TALLY_TEXT_BYTES);
    const int32_t slot = length < 0 ? length : claim_text(hooks);
    if (slot < 0) {
        tally_hooks_count_lost_text(hooks);
        return slot;
    }
    memcpy(hooks->texts[slot].text, text, (uint32_t)length + 1);
    const int32_t status = tally_hooks_put(hooks, session, TALLY_HOOK_TEXT, metric, slot);
    if (status < 0) {
        tally_atomic_store_release(&hooks->texts[slot].busy, 0);
        tally_hooks_count_lost_text(hooks);
    }
    return status;
}

bool tally_hooks_take(tally_hooks_t *hooks, tally_event_t *out) {
    tally_cell_t *const cell = &hooks->cells[hooks->tail & MASK];
    if (tally_atomic_load_acquire(&cell->turn) != hooks->tail + 1) {
        return false;
    }
    *out = cell->event;
    tally_atomic_store_release(&cell->turn, hooks->tail + TALLY_EVENTS);
    hooks->tail++;
    return true;
}

const char *tally_hooks_text(const tally_hooks_t *hooks, const tally_event_t *event) {
    return hooks->texts[event->value_low].text;
}

void tally_hooks_release_text(tally_hooks_t *hooks, const tally_event_t *event) {
    tally_atomic_store_release(&hooks->texts[event->value_low].busy, 0);
}

void tally_hooks_count_lost_text(tally_hooks_t *hooks) {
    (void)add_shared(hooks->port, &hooks->texts_dropped, 1);
}
