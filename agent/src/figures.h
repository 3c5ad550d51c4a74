/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_FIGURES_H
#define TALLY_SRC_FIGURES_H
/*
 * The figures of one session, and what the passing of time does to them. They stand alone, so that
 * a report in the middle of an interval can let time pass on a copy and never on the original.
 *
 * All numbers are in one array, group after group:
 *
 *     | ads ... | media ... | playback ... | user ... |
 *
 * Invariants: idle + joining + zapping + playing + paused + stalled + paused_stalled + seeking +
 * suspended + terminal time = elapsed; each ad's part is at most the whole; stalled <= buffering.
 */
#include <stdbool.h>
#include <stdint.h>

#include "level.h"
#include "metrics.h"
#include "tally/enums.h"

enum {
    TALLY_AT_ADS = 0,
    TALLY_AT_MEDIA = (int)TALLY_AT_ADS + (int)TALLY_ADS_METRICS,
    TALLY_AT_PLAYBACK = (int)TALLY_AT_MEDIA + (int)TALLY_MEDIA_METRICS,
    TALLY_AT_USER = (int)TALLY_AT_PLAYBACK + (int)TALLY_PLAYBACK_METRICS,
#if TALLY_METRICS_USER
    TALLY_FIGURES = (int)TALLY_AT_USER + (int)TALLY_USER_METRICS,
#else
    TALLY_FIGURES = TALLY_AT_USER,
#endif
    TALLY_FIGURE_WORDS = (TALLY_FIGURES + 31) / 32 + 2, /* two more, to read across the end */
};

/* Where a metric of each group stands. */
#define TALLY_ADS_AT(metric)   ((uint32_t)TALLY_M_##metric - TALLY_M_ADS_FIRST + TALLY_AT_ADS)
#define TALLY_MEDIA_AT(metric) ((uint32_t)TALLY_M_##metric - TALLY_M_MEDIA_FIRST + TALLY_AT_MEDIA)
#define TALLY_PLAYBACK_AT(metric)                                                                  \
    ((uint32_t)TALLY_M_##metric - TALLY_M_PLAYBACK_FIRST + TALLY_AT_PLAYBACK)

/* Which level a metric of group LEVEL is. */
#define TALLY_LEVEL_AT(metric) ((uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_LEVEL_FIRST)

typedef struct {
    tally_value_t values[TALLY_FIGURES];
    uint32_t present[TALLY_FIGURE_WORDS];
    tally_level_t levels[TALLY_LEVEL_METRICS];
    uint64_t at_ms;       /* accounted up to here */
    uint64_t media_ms;    /* media time of the content played: real time x speed */
    uint64_t stall_ms;    /* of the stall going on so far, pauses left out */
    uint16_t media_rest;  /* thousandths of a ms of media time */
    uint8_t levels_known; /* one bit for each that was ever set */
    uint8_t state;        /* enum tally_state */
    bool preloading;      /* a source is set */
#if TALLY_PLAYERS > 0
    bool still; /* they come whole from a player's process: no time passes on them */
#endif
} tally_figures_t;

/* Lets time pass up to `at_ms`; nothing if that is not after the last time. Returns by how many ms.
 */
uint64_t tally_figures_advance(tally_figures_t *figures, uint64_t at_ms);

/* Lets the longest stall be the one going on, if it is. */
void tally_figures_note_stall(tally_figures_t *figures);

void tally_figures_set(tally_figures_t *figures, uint32_t at, int64_t value);

/* Adds `amount`, 0 to 2^62, and stays within 2^53: what players and bitrates give. */
void tally_figures_add(tally_figures_t *figures, uint32_t at, int64_t amount);

/* Adds one. */
void tally_figures_count(tally_figures_t *figures, uint32_t at);

void tally_figures_set_level(tally_figures_t *figures, uint32_t level, int32_t value);

bool tally_figures_has(const tally_figures_t *figures, uint32_t at);

static inline int64_t tally_figures_get(const tally_figures_t *figures, uint32_t at) {
    return figures->values[at].number;
}

/* Where a metric of the groups ADS, MEDIA, PLAYBACK and USER stands; -1 for others. */
int32_t tally_figures_place(enum tally_metric metric);

/* One of these groups, as it stands. */
tally_view_t tally_figures_view(const tally_figures_t *figures, enum tally_group group);

/* Group LEVEL, by way of `out`. */
tally_view_t tally_figures_levels(const tally_figures_t *figures,
                                  tally_value_t out[TALLY_LEVEL_METRICS]);

#endif
