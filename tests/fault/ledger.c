/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

static void make_room(ledger_t *ledger, uint32_t wanted) {
    if (wanted <= ledger->room) {
        return;
    }
    ledger->room = 2 * wanted + 64;
    ledger->held = realloc(ledger->held, ledger->room * sizeof *ledger->held);
    if (ledger->held == NULL) {
        abort();
    }
}

uint32_t ledger_add(ledger_t *ledger, const held_t *held) {
    make_room(ledger, ledger->count + 1);
    ledger->held[ledger->count] = *held;
    return ledger->count++;
}

void ledger_bytes(const ledger_t *ledger, uint32_t number, uint8_t *out) {
    const held_t *const held = &ledger->held[number];
    uint64_t chance = held->seed;
    const uint32_t style = (uint32_t)(nor_chance(&chance) % 8);
    for (uint32_t i = 0; i < held->bytes; i += 8) {
        uint64_t bits = nor_chance(&chance);
        if (style == 0) {
            bits = UINT64_MAX; /* like erased */
        } else if (style == 1) {
            bits = 0;
        } else if (style == 2) {
            bits |= nor_chance(&chance) | nor_chance(&chance) | nor_chance(&chance);
        }
        const uint32_t left = held->bytes - i;
        memcpy(out + i, &bits, left < 8 ? left : 8);
    }
    for (uint32_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(number >> 8 * i);
    }
    out[4] = (uint8_t)held->bytes;
    out[5] = (uint8_t)(held->bytes >> 8);
}

enum standing ledger_standing(const held_t *held, uint32_t op) {
    if (held->begun > op) {
        return STANDS_NOT_YET;
    }
    if (held->freed_by <= op) {
        return STANDS_GONE;
    }
    return held->kept > op || held->freed_from <= op ? STANDS_MAY : STANDS_MUST;
}

void ledger_after_cut(ledger_t *ledger, const ledger_t *before, uint32_t op) {
    const uint32_t live = before->live;
    const uint32_t count = before->count;
    make_room(ledger, count);
    if (ledger != before) {
        memcpy(ledger->held, before->held, live * sizeof *ledger->held);
    }
    ledger->live = live;
    ledger->count = live;
    for (uint32_t i = live; i < count; i++) {
        held_t held = before->held[i];
        const enum standing standing = ledger_standing(&held, op);
        if (standing == STANDS_NOT_YET) {
            break;
        }
        held.begun = 0;
        held.kept = standing == STANDS_MUST ? 0 : NEVER;
        held.freed_from = standing == STANDS_GONE ? 0 : NEVER;
        held.freed_by = held.freed_from;
        held.note_due = false;
        held.sync_due = false;
        held.forgotten = false;
        ledger->held[ledger->count++] = held;
        if (standing == STANDS_GONE && ledger->live + 1 == ledger->count) {
            ledger->live++;
        }
    }
}

void ledger_close(ledger_t *ledger) {
    free(ledger->held);
    memset(ledger, 0, sizeof *ledger);
}
