/* SPDX-License-Identifier: Apache-2.0 */
#include "playout.h"

#define TICKS_PER_MS 90u
#define CLOCK_MASK   ((UINT64_C(1) << 33) - 1)
#define JUMP_TICKS   (UINT64_C(1000) * TICKS_PER_MS)

/* A decoder slaves its clock to the sender's. Crystals differ by up to 100 ppm, which is one
 * millisecond in this window; unslaved, a buffer of half a second runs dry every few hours. */
#define WINDOW_US  UINT64_C(10000000)
#define SLEW_TICKS TICKS_PER_MS

static uint64_t us_to_ticks(uint64_t us) {
    return us * 9 / 100;
}

/* Rounded up: after so many microseconds the ticks have passed. */
static uint64_t ticks_to_us(uint64_t ticks) {
    return (ticks * 100 + 8) / 9;
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t playhead(const playout_t *playout, uint64_t now_us) {
    uint64_t position = playout->anchor;
    if (playout->state == PLAYOUT_PLAYING) {
        position = least(position + us_to_ticks(now_us - playout->anchor_us), playout->arrived);
    }
    return position;
}

static void move(playout_t *playout, uint64_t now_us) {
    playout->state = PLAYOUT_PLAYING;
    playout->anchor_us = now_us;
    playout->window_us = now_us + WINDOW_US;
    playout->window_lead = 0;
    playout->target_lead = 0;
}

/* Moves the playhead by at most SLEW_TICKS so that the lead returns to what it was at first. The
 * most lead of a window stands for it: packets come late, never early. */
static void slave_to_sender(playout_t *playout, uint64_t now_us) {
    const uint64_t on_screen = playhead(playout, now_us);
    const uint64_t lead = playout->arrived - on_screen;
    if (lead > playout->window_lead) {
        playout->window_lead = lead;
    }
    if (now_us < playout->window_us) {
        return;
    }
    if (playout->target_lead == 0) {
        playout->target_lead = playout->window_lead;
    }
    playout->anchor = on_screen;
    playout->anchor_us = now_us;
    if (playout->window_lead > playout->target_lead) {
        const uint64_t excess = playout->window_lead - playout->target_lead;
        playout->anchor += least(least(excess, SLEW_TICKS), lead);
    } else {
        const uint64_t shortage = playout->target_lead - playout->window_lead;
        playout->anchor -= least(shortage, SLEW_TICKS);
    }
    playout->window_us = now_us + WINDOW_US;
    playout->window_lead = 0;
}

void playout_init(playout_t *playout, uint32_t start_buffer_ms, uint32_t resume_buffer_ms) {
    *playout = (playout_t){
        .state = PLAYOUT_JOINING,
        .start_ticks = start_buffer_ms * TICKS_PER_MS,
        .resume_ticks = resume_buffer_ms * TICKS_PER_MS,
    };
}

void playout_picture(playout_t *playout) {
    if (!playout->has_picture) {
        playout->has_picture = true;
        playout->first = playout->arrived;
        playout->anchor = playout->arrived;
    }
}

void playout_clock(playout_t *playout, uint64_t base, uint64_t now_us) {
    if (playout->has_clock) {
        const uint64_t step = (base - playout->clock) & CLOCK_MASK;
        if (step > JUMP_TICKS) {
            playout->jumps++;
        } else {
            playout->arrived += step;
        }
    }
    playout->clock = base & CLOCK_MASK;
    playout->has_clock = true;
    if (playout->state == PLAYOUT_PLAYING) {
        slave_to_sender(playout, now_us);
    }
}

enum playout_change playout_advance(playout_t *playout, uint64_t now_us) {
    const uint64_t ahead = playout->arrived - playhead(playout, now_us);
    switch (playout->state) {
    case PLAYOUT_JOINING:
        if (playout->has_picture && playout->has_clock && ahead >= playout->start_ticks) {
            move(playout, now_us);
            return PLAYOUT_STARTED;
        }
        break;
    case PLAYOUT_PLAYING:
        if (ahead == 0) {
            playout->state = PLAYOUT_STALLED;
            playout->anchor = playout->arrived;
            return PLAYOUT_FROZE;
        }
        break;
    case PLAYOUT_STALLED:
        if (ahead >= playout->resume_ticks) {
            move(playout, now_us);
            return PLAYOUT_MOVED;
        }
        break;
    }
    return PLAYOUT_SAME;
}

uint64_t playout_due_us(const playout_t *playout) {
    if (playout->state != PLAYOUT_PLAYING) {
        return PLAYOUT_NEVER_US;
    }
    return playout->anchor_us + ticks_to_us(playout->arrived - playout->anchor);
}

uint64_t playout_position_ms(const playout_t *playout, uint64_t now_us) {
    return (playhead(playout, now_us) - playout->first) / TICKS_PER_MS;
}
