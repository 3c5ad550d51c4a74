/* SPDX-License-Identifier: Apache-2.0 */
#include "figures.h"

#include "cbor.h"

#define NORMAL_SPEED 1000

enum { NOWHERE = UINT8_MAX };
_Static_assert((int)TALLY_FIGURES < (int)NOWHERE, "places are kept in bytes");
_Static_assert(TALLY_LEVEL_METRICS <= 8, "levels_known has 8 bits");

/* Where the time spent in a state goes, the ad's part of it, and whether it is buffering. */
static const struct {
    uint8_t whole;
    uint8_t ads;
    bool buffering;
} durations[] = {
    [TALLY_STATE_IDLE] = {TALLY_PLAYBACK_AT(IDLE_TIME), NOWHERE, false},
    [TALLY_STATE_JOINING] = {TALLY_PLAYBACK_AT(JOINING_TIME), NOWHERE, true},
    [TALLY_STATE_PLAYING] = {TALLY_PLAYBACK_AT(PLAY_TIME), NOWHERE, false},
    [TALLY_STATE_PAUSED] = {TALLY_PLAYBACK_AT(PAUSED_TIME), NOWHERE, false},
    [TALLY_STATE_STALLED] = {TALLY_PLAYBACK_AT(STALLED_TIME), NOWHERE, true},
    [TALLY_STATE_PAUSED_STALLED] = {TALLY_PLAYBACK_AT(PAUSED_STALLED_TIME), NOWHERE, true},
    [TALLY_STATE_SEEKING] = {TALLY_PLAYBACK_AT(SEEKING_TIME), NOWHERE, true},
    [TALLY_STATE_AD_JOINING] = {TALLY_PLAYBACK_AT(JOINING_TIME), TALLY_ADS_AT(AD_JOINING_TIME),
                                true},
    [TALLY_STATE_AD_PLAYING] = {TALLY_PLAYBACK_AT(PLAY_TIME), TALLY_ADS_AT(AD_PLAY_TIME), false},
    [TALLY_STATE_AD_STALLED] = {TALLY_PLAYBACK_AT(STALLED_TIME), TALLY_ADS_AT(AD_STALLED_TIME),
                                true},
    [TALLY_STATE_ENDED] = {TALLY_PLAYBACK_AT(TERMINAL_TIME), NOWHERE, false},
    [TALLY_STATE_STOPPED] = {TALLY_PLAYBACK_AT(TERMINAL_TIME), NOWHERE, false},
    [TALLY_STATE_FAILED] = {TALLY_PLAYBACK_AT(TERMINAL_TIME), NOWHERE, false},
    [TALLY_STATE_AD_PAUSED] = {TALLY_PLAYBACK_AT(PAUSED_TIME), TALLY_ADS_AT(AD_PAUSED_TIME), false},
    [TALLY_STATE_ZAPPING] = {TALLY_PLAYBACK_AT(ZAPPING_TIME), NOWHERE, true},
    [TALLY_STATE_SUSPENDED] = {TALLY_PLAYBACK_AT(SUSPENDED_TIME), NOWHERE, false},
};

bool tally_figures_has(const tally_figures_t *figures, uint32_t at) {
    return (figures->present[at / 32] >> (at % 32) & 1) != 0;
}

void tally_figures_set(tally_figures_t *figures, uint32_t at, int64_t value) {
    figures->values[at].number = value;
    figures->present[at / 32] |= UINT32_C(1) << (at % 32);
}

void tally_figures_add(tally_figures_t *figures, uint32_t at, int64_t amount) {
    const int64_t room = TALLY_CBOR_INTEGER_MOST - figures->values[at].number;
    figures->values[at].number += amount < room ? amount : room;
}

void tally_figures_count(tally_figures_t *figures, uint32_t at) {
    figures->values[at].number++;
}

/* Times need no bound: together they are no more than the clock has run. */
static void add_time(tally_figures_t *figures, uint32_t at, uint64_t ms) {
    figures->values[at].number += (int64_t)ms;
}

void tally_figures_set_level(tally_figures_t *figures, uint32_t level, int32_t value) {
    const uint8_t bit = (uint8_t)(1u << level);
    tally_level_set(&figures->levels[level], (figures->levels_known & bit) == 0, value);
    figures->levels_known |= bit;
}

/* --- time ----------------------------------------------------------------------------------- */

/* Media time is real time x speed, whichever the direction; thousandths are carried over. */
static uint64_t media_time(tally_figures_t *figures, uint64_t ms) {
    const uint32_t rate = TALLY_LEVEL_AT(PLAYBACK_RATE);
    const bool known = (figures->levels_known >> rate & 1) != 0;
    const int64_t speed = known ? figures->levels[rate].last : NORMAL_SPEED;
    if (speed == NORMAL_SPEED) {
        return ms;
    }
    /* 32 bits of each, so that the product fits; nobody is silent for 49 days of trick play. */
    const uint64_t real_ms = ms < UINT32_MAX ? ms : UINT32_MAX;
    const uint64_t thousandths =
        real_ms * (uint64_t)(speed < 0 ? -speed : speed) + figures->media_rest;
    figures->media_rest = (uint16_t)(thousandths % 1000);
    return thousandths / 1000;
}

static void play_content(tally_figures_t *figures, uint64_t ms) {
    const uint64_t media_ms = media_time(figures, ms);
    figures->media_ms += media_ms;
    if (tally_figures_has(figures, TALLY_PLAYBACK_AT(BITRATE))) {
        const uint32_t kbps = (uint32_t)tally_figures_get(figures, TALLY_PLAYBACK_AT(BITRATE));
        /* What fills the sum alone, 2^53, and overflows nothing. Less would make the sum depend on
         * how often somebody tells something on the way. */
        const uint64_t full_ms = (uint64_t)((UINT32_C(1) << 31) / kbps + 1) << 22;
        const uint64_t weighed_ms = media_ms < full_ms ? media_ms : full_ms;
        tally_figures_add(figures, TALLY_PLAYBACK_AT(BITRATE_MEDIA), (int64_t)(weighed_ms * kbps));
        add_time(figures, TALLY_PLAYBACK_AT(BITRATE_TIME), media_ms);
    }
}

static void advance_levels(tally_figures_t *figures, uint64_t ms) {
    for (uint32_t i = 0; i < TALLY_LEVEL_METRICS; i++) {
        if ((figures->levels_known >> i & 1) != 0) {
            tally_level_advance(&figures->levels[i], ms);
        }
    }
}

/* What else the time in a state counts as. */
static void advance_parts(tally_figures_t *figures, uint64_t ms) {
    const enum tally_state state = (enum tally_state)figures->state;
    const bool playing = state == TALLY_STATE_PLAYING || state == TALLY_STATE_AD_PLAYING;
    const bool stalled = state == TALLY_STATE_STALLED || state == TALLY_STATE_AD_STALLED;
    if (state == TALLY_STATE_PLAYING) {
        play_content(figures, ms);
    }
    if (playing && tally_figures_get(figures, TALLY_MEDIA_AT(FULLSCREEN)) != 0) {
        add_time(figures, TALLY_MEDIA_AT(FULLSCREEN_TIME), ms);
    }
    if (stalled) {
        figures->stall_ms += ms;
    }
    if (playing || stalled) {
        advance_levels(figures, ms);
    }
    if (state == TALLY_STATE_IDLE && figures->preloading) {
        add_time(figures, TALLY_PLAYBACK_AT(PRELOAD_TIME), ms);
    }
}

uint64_t tally_figures_advance(tally_figures_t *figures, uint64_t at_ms) {
#if TALLY_PLAYERS > 0
    if (figures->still) {
        return 0;
    }
#endif
    if (at_ms <= figures->at_ms) {
        return 0;
    }
    const uint64_t ms = at_ms - figures->at_ms;
    const uint32_t state = figures->state;
    figures->at_ms = at_ms;
    add_time(figures, durations[state].whole, ms);
    add_time(figures, TALLY_PLAYBACK_AT(ELAPSED_TIME), ms);
    if (durations[state].buffering) {
        add_time(figures, TALLY_PLAYBACK_AT(BUFFERING_TIME), ms);
    }
    if (durations[state].ads != NOWHERE) {
        add_time(figures, durations[state].ads, ms);
        if (durations[state].buffering) {
            add_time(figures, TALLY_ADS_AT(AD_BUFFERING_TIME), ms);
        }
    }
    advance_parts(figures, ms);
    return ms;
}

void tally_figures_note_stall(tally_figures_t *figures) {
    const int64_t stall_ms = (int64_t)figures->stall_ms;
    if (stall_ms > tally_figures_get(figures, TALLY_PLAYBACK_AT(STALL_LONGEST))) {
        tally_figures_set(figures, TALLY_PLAYBACK_AT(STALL_LONGEST), stall_ms);
    }
}

/* --- out ------------------------------------------------------------------------------------ */

/* Of the groups that are kept here. */
static uint32_t begin_of(enum tally_group group) {
    switch (group) {
    case TALLY_G_ADS: return TALLY_AT_ADS;
    case TALLY_G_MEDIA: return TALLY_AT_MEDIA;
#if TALLY_METRICS_USER
    case TALLY_G_USER: return TALLY_AT_USER;
#endif
    default: return TALLY_AT_PLAYBACK;
    }
}

int32_t tally_figures_place(enum tally_metric metric) {
    const enum tally_group group = tally_metrics_group(metric);
    const uint32_t begin = begin_of(group);
    if (begin == TALLY_AT_PLAYBACK && group != TALLY_G_PLAYBACK) {
        return -1;
    }
    return (int32_t)(begin + (uint32_t)metric - tally_group_infos[group].first);
}

/* The bits of 32 figures from one on. */
static uint32_t present_from(const tally_figures_t *figures, uint32_t at) {
    const uint32_t *const words = &figures->present[at / 32];
    return words[0] >> (at % 32) | words[1] << 1 << (31 - at % 32);
}

tally_view_t tally_figures_view(const tally_figures_t *figures, enum tally_group group) {
    const uint32_t begin = begin_of(group);
    const uint64_t present =
        (uint64_t)present_from(figures, begin + 32) << 32 | present_from(figures, begin);
    return (tally_view_t){
        .values = &figures->values[begin], .present = present, .group = (uint8_t)group};
}

tally_view_t tally_figures_levels(const tally_figures_t *figures,
                                  tally_value_t out[TALLY_LEVEL_METRICS]) {
    for (uint32_t i = 0; i < TALLY_LEVEL_METRICS; i++) {
        out[i].level = &figures->levels[i];
    }
    return (tally_view_t){.values = out, .present = figures->levels_known, .group = TALLY_G_LEVEL};
}
