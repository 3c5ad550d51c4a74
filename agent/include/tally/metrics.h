/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_METRICS_H
#define TALLY_METRICS_H
/*
 * The registry as C sees it: an identifier for each metric of metrics.def (TALLY_M_PLAY_TIME), the
 * first and the end of each group (TALLY_M_PLAYBACK_FIRST, TALLY_M_PLAYBACK_END), each group's
 * size (TALLY_PLAYBACK_METRICS) and the groups themselves (TALLY_G_PLAYBACK).
 */
#include <stdint.h>

#include "tally/config.h"

/* The version of metrics.def: raised by one with every release that changes it. */
#define TALLY_REGISTRY_VERSION 5

enum tally_group {
#define TALLY_GROUP(group, letter, meaning) TALLY_G_##group,
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
    TALLY_GROUPS
};

/* _FIRST and _END take a number in the list and give it back, so that metrics count through. */
enum tally_metric {
#define TALLY_GROUP(group, letter, meaning)                                                        \
    TALLY_M_##group##_FIRST, TALLY_M_##group##_BEFORE = TALLY_M_##group##_FIRST - 1,
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) TALLY_M_##symbol,
#define TALLY_GROUP_END(group)                                                                     \
    TALLY_M_##group##_END,                                                                         \
        TALLY_M_##group##_LAST = TALLY_M_##group##_END - 1,                                        \
        TALLY_##group##_METRICS = TALLY_M_##group##_END - TALLY_M_##group##_FIRST,                 \
        TALLY_M_##group##_NEXT = TALLY_M_##group##_LAST,
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
    TALLY_METRICS
};

enum tally_kind {
    TALLY_KIND_COUNTER,
    TALLY_KIND_DURATION,
    TALLY_KIND_SIGNED,
    TALLY_KIND_GAUGE,
    TALLY_KIND_ENUM,
    TALLY_KIND_TEXT,
    TALLY_KIND_LEVEL,
    TALLY_KIND_HISTOGRAM,
};

/* The bit of a metric in its group's capability set. */
#define TALLY_CAN(group, metric)                                                                   \
    (UINT64_C(1) << ((unsigned)TALLY_M_##metric - (unsigned)TALLY_M_##group##_FIRST))

/* All bits of a group. */
#define TALLY_CAN_ALL(group) ((UINT64_C(1) << (unsigned)TALLY_##group##_METRICS) - 1u)

#endif
