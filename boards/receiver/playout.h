/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYOUT_H
#define PLAYOUT_H
/*
 * What is on screen, told from what has arrived. Media time is the stream's own clock (PCR): what
 * arrives up to a PCR lets the decoder's clock run to it, and when there is no more the clock has
 * to stop and the picture freezes.
 *
 *   joining -> playing <-> stalled
 *
 * Joining ends when the first picture has arrived and `start_buffer_ms` of media lie behind it; a
 * stall ends when `resume_buffer_ms` lie ahead again.
 *
 * Pure: time is an argument, in microseconds of any clock that never goes back. Before each group
 * of playout_picture() and playout_clock() and after it, and when playout_due_us() says so, call
 * playout_advance(): its answers are the moments a viewer would name.
 */
#include <stdbool.h>
#include <stdint.h>

enum playout_state { PLAYOUT_JOINING, PLAYOUT_PLAYING, PLAYOUT_STALLED };

enum playout_change {
    PLAYOUT_SAME,
    PLAYOUT_STARTED, /* the first frame is on screen */
    PLAYOUT_FROZE,
    PLAYOUT_MOVED, /* again, after it froze */
};

#define PLAYOUT_NEVER_US UINT64_MAX

/* Media is counted in ticks of 90 kHz since the first clock; jumps of the clock add nothing. */
typedef struct {
    enum playout_state state;
    bool has_clock;
    bool has_picture;
    uint32_t start_ticks;
    uint32_t resume_ticks;
    uint32_t jumps;   /* discontinuities of the clock so far */
    uint64_t clock;   /* the last one, 33 bits */
    uint64_t arrived; /* media received */
    uint64_t first;   /* media time of the first picture */
    uint64_t anchor;  /* media time on screen at anchor_us; when not playing: now */
    uint64_t anchor_us;
    uint64_t window_us;   /* when the present window of rate control ends */
    uint64_t window_lead; /* most media ahead of the playhead in this window */
    uint64_t target_lead; /* the same of the first window; 0 in it */
} playout_t;

/* Buffers: at least the distance of two PCRs (ISO/IEC 13818-1 2.7.2: up to 100 ms), at most
 * 60,000 ms. */
void playout_init(playout_t *playout, uint32_t start_buffer_ms, uint32_t resume_buffer_ms);

/* A picture that decodes by itself has begun to arrive. All after the first are ignored. */
void playout_picture(playout_t *playout);

/* The stream's clock has arrived: the base of a PCR, 33 bits of 90 kHz. A step back, or ahead by
 * more than a second, is a jump: the media behind it follows what came before without a gap. */
void playout_clock(playout_t *playout, uint64_t base, uint64_t now_us);

/* Brings the model up to `now_us`. At most one change for each call. */
enum playout_change playout_advance(playout_t *playout, uint64_t now_us);

/* When the picture will freeze if nothing more arrives; PLAYOUT_NEVER_US when it is not moving. */
uint64_t playout_due_us(const playout_t *playout);

/* Media time on screen, counted from the first picture. */
uint64_t playout_position_ms(const playout_t *playout, uint64_t now_us);

#endif
