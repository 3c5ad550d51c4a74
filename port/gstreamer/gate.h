/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_H
#define GATE_H
/*
 * Keeps one media thread out of what the watcher is going to read, reset or free, without the media
 * thread ever waiting: it passes by when the gate is closed.
 *
 *     media thread:  if (gate_enter(g)) { write; gate_leave(g); }
 *     watcher:       gate_close(g);  nobody is inside  gate_open(g);
 */
#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct {
    atomic_bool is_open;
    atomic_bool is_inside;
} gate_t;

/* Each announces itself before it looks for the other (sequentially consistent), so that one of the
 * two sees the other. */
static inline bool gate_enter(gate_t *gate) {
    atomic_store(&gate->is_inside, true);
    if (atomic_load(&gate->is_open)) {
        return true;
    }
    atomic_store(&gate->is_inside, false);
    return false;
}

static inline void gate_leave(gate_t *gate) {
    atomic_store_explicit(&gate->is_inside, false, memory_order_release);
}

static inline void gate_open(gate_t *gate) {
    atomic_store(&gate->is_open, true);
}

/* Waits for who is inside, which is for as long as one packet takes to count. */
static inline void gate_close(gate_t *gate) {
    atomic_store(&gate->is_open, false);
    while (atomic_load(&gate->is_inside)) {
        g_thread_yield();
    }
}

#endif
