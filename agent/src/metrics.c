/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"
#include "cbor.h"
#include "tally/enums.h"

/* The largest value goes by unit: 0 is none, and the last of a list is in `listed`. */
enum { NO_BOUND, BOUND_1, BOUND_100, BOUND_OF_ITS_LIST };
enum {
#define OF_UNIT(unit, name, most)                                                                  \
    BOUND_##unit = (most) == 1 ? BOUND_1 : (most) == 100 ? BOUND_100 : NO_BOUND, LAST_##unit = 0,
#define ONE_BYTE(symbol, value, name, meaning) 0,
#define OF_LIST(unit, list)                                                                        \
    BOUND_##unit = BOUND_OF_ITS_LIST, LAST_##unit = sizeof((const char[]){list(ONE_BYTE)}) - 1,
    TALLY_UNITS(OF_UNIT) TALLY_LISTS(OF_LIST) BOUND_STATUS = NO_BOUND,
    BOUND_WALL = NO_BOUND,
    LAST_STATUS = 0,
    LAST_WALL = 0
#undef OF_UNIT
#undef ONE_BYTE
#undef OF_LIST
};
_Static_assert(TALLY_KIND_HISTOGRAM < 8, "a kind has 3 bits");
_Static_assert((int)TALLY_RTP_METRICS <= (int)TALLY_STREAM_METRICS_MOST &&
                   (int)TALLY_FRAMES_METRICS <= (int)TALLY_STREAM_METRICS_MOST,
               "the stream with the most metrics");

/* Each metric whose values are a list, and the last of them. */
static const struct {
    uint16_t metric : 9;
    uint16_t last : 7;
} listed[] = {
#define LISTED(symbol, unit)  {.metric = TALLY_M_##symbol, .last = LAST_##unit},
#define OF_ENUM(symbol, unit) LISTED(symbol, unit)
#define OF_COUNTER(symbol, unit)
#define OF_DURATION(symbol, unit)
#define OF_SIGNED(symbol, unit)
#define OF_GAUGE(symbol, unit)
#define OF_TEXT(symbol, unit)
#define OF_LEVEL(symbol, unit)
#define OF_HISTOGRAM(symbol, unit)
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) OF_##kind(symbol, unit)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
#if TALLY_METRICS_USER
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) LISTED(symbol, unit)
#include "tally_metrics_user.def"
#undef TALLY_METRIC
#endif
};
_Static_assert(TALLY_METRICS <= 512, "a metric has 9 bits");

const tally_metric_info_t tally_metric_infos[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, name, metric_kind, unit, role, privacy, meaning)                      \
    {.key = TALLY_CBOR_KEY((name)[0], (name)[1]),                                                  \
     .kind = TALLY_KIND_##metric_kind,                                                             \
     .bound = BOUND_##unit},
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

const tally_group_info_t tally_group_infos[TALLY_GROUPS] = {
#define TALLY_GROUP(group, symbol, meaning)                                                        \
    {.letter = (symbol), .first = TALLY_M_##group##_FIRST, .end = TALLY_M_##group##_END},
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

uint32_t tally_metrics_most(const tally_metric_info_t *info) {
    const uint32_t metric = (uint32_t)(info - tally_metric_infos);
    uint32_t row = 0;
    if (info->bound != BOUND_OF_ITS_LIST) {
        return info->bound == BOUND_100 ? 100 : info->bound;
    }
    while (listed[row].metric != metric) {
        row++;
    }
    return listed[row].last;
}

#if TALLY_METRICS_USER
/* A session keeps a vendor's metrics as plain numbers. */
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)                              \
    _Static_assert(TALLY_KIND_##kind <= TALLY_KIND_GAUGE,                                          \
                   #symbol ": metrics of a vendor are COUNTER, DURATION, SIGNED or GAUGE");        \
    _Static_assert(sizeof(key) == 3, #symbol ": a key has two letters");
#include "tally_metrics_user.def"
#undef TALLY_METRIC
_Static_assert(TALLY_USER_METRICS <= 53, "a capability set has 53 bits");
#endif

bool tally_metrics_are(const uint64_t *capabilities) {
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const tally_group_info_t *const group = &tally_group_infos[i];
        if (capabilities[i] >> (group->end - group->first) != 0) {
            return false;
        }
    }
    return true;
}

uint32_t tally_metrics_hash(void) {
    uint32_t hash = UINT32_C(2166136261);
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        const tally_metric_info_t *const info = &tally_metric_infos[i];
        uint32_t bytes = tally_cbor_letters(info->key) | (uint32_t)info->kind << 16;
        for (uint32_t j = 0; j < 3; j++) {
            hash = (hash ^ (bytes & 0xFF)) * UINT32_C(16777619);
            bytes >>= 8;
        }
    }
    return hash;
}

enum tally_group tally_metrics_group(enum tally_metric metric) {
    uint32_t group = 0;
    while (group < TALLY_GROUPS && (uint32_t)metric >= tally_group_infos[group].end) {
        group++;
    }
    return (enum tally_group)group;
}

/* The gauges of group MEDIA that follow from events. */
static bool follows_from_events(enum tally_metric metric) {
    const uint64_t derived = TALLY_CAN(MEDIA, CONNECTED_AT) | TALLY_CAN(MEDIA, FIRST_DATA_AT) |
                             TALLY_CAN(MEDIA, PLAYABLE_AT) | TALLY_CAN(MEDIA, LOAD_TIME) |
                             TALLY_CAN(MEDIA, FIRST_FRAME_AT) | TALLY_CAN(MEDIA, PLAYING_AT);
    return (derived >> ((uint32_t)metric - (uint32_t)TALLY_M_MEDIA_FIRST) & 1) != 0;
}

bool tally_metrics_is_in_range(const tally_metric_info_t *info, int64_t value) {
    const uint32_t bound = tally_metrics_most(info);
    const int64_t most = bound != 0 ? (int64_t)bound : TALLY_CBOR_INTEGER_MOST;
    const int64_t least = info->kind == TALLY_KIND_SIGNED ? -most : 0;
    return value >= least && value <= most;
}

static bool is_cumulative(const tally_metric_info_t *info) {
    return info->kind == TALLY_KIND_COUNTER || info->kind == TALLY_KIND_DURATION;
}

bool tally_metrics_can_set(enum tally_metric metric, int64_t value) {
    const enum tally_group group = tally_metrics_group(metric);
    if (group == TALLY_GROUPS) {
        return false;
    }
    const tally_metric_info_t *const info = &tally_metric_infos[metric];
    const bool is_small = value >= INT32_MIN && value <= INT32_MAX;
    switch (group) {
    case TALLY_G_DIMENSION:
        return metric != TALLY_M_SESSION_KIND && metric != TALLY_M_SESSION_ID &&
               info->kind != TALLY_KIND_TEXT && is_small && tally_metrics_is_in_range(info, value);
    case TALLY_G_LEVEL: return is_small;
    case TALLY_G_MEDIA:
        return !is_cumulative(info) && !follows_from_events(metric) &&
               tally_metrics_is_in_range(info, value);
    case TALLY_G_PLAYBACK:
        return metric == TALLY_M_POSITION && tally_metrics_is_in_range(info, value);
#if TALLY_METRICS_USER
    case TALLY_G_USER: return !is_cumulative(info) && tally_metrics_is_in_range(info, value);
#endif
    default: return false;
    }
}

bool tally_metrics_can_add(enum tally_metric metric, int64_t amount) {
    const uint64_t downloads = TALLY_CAN(MEDIA, DOWNLOADS) | TALLY_CAN(MEDIA, DOWNLOADS_FAILED) |
                               TALLY_CAN(MEDIA, DOWNLOAD_BYTES) | TALLY_CAN(MEDIA, DOWNLOAD_TIME) |
                               TALLY_CAN(MEDIA, VIDEO_DOWNLOADS_FAILED);
    if (amount < 0 || amount > TALLY_CBOR_INTEGER_MOST) {
        return false;
    }
    switch (tally_metrics_group(metric)) {
    case TALLY_G_MEDIA:
        return (downloads >> ((uint32_t)metric - (uint32_t)TALLY_M_MEDIA_FIRST) & 1) != 0;
#if TALLY_METRICS_USER
    case TALLY_G_USER: return is_cumulative(&tally_metric_infos[metric]);
#endif
    default: return false;
    }
}

bool tally_metrics_can_set_text(enum tally_metric metric) {
    return tally_metrics_group(metric) == TALLY_G_DIMENSION &&
           tally_metric_infos[metric].kind == TALLY_KIND_TEXT;
}

bool tally_metrics_snapshot(const uint32_t *version, const uint32_t *words, uint32_t count,
                            void *out) {
    for (uint32_t tries = 0; tries < 3; tries++) {
        const uint32_t before = tally_atomic_load_acquire(version);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t word = tally_atomic_load(&words[i]);
            memcpy((char *)out + sizeof word * i, &word, sizeof word);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((before & 1) == 0 && tally_atomic_load(version) == before) {
            return true;
        }
    }
    return false;
}

bool tally_stream_has_kind(char kind) {
    return kind == 'f' || kind == 'j' || kind == 'o' || kind == 'r' || kind == 't';
}

void tally_stream_attach(tally_stream_t *stream, uint16_t number, uint32_t session,
                         enum tally_group group, const uint32_t *version, const uint32_t *words) {
    memset(stream, 0, sizeof *stream);
    stream->version = version;
    stream->words = words;
    stream->number = number;
    stream->session = session;
    stream->group = (uint8_t)group;
    stream->in_use = true;
}

bool tally_stream_sample(tally_stream_t *stream) {
    uint32_t now[TALLY_STREAM_METRICS_MOST] = {0};
    const tally_group_info_t *const group = &tally_group_infos[stream->group];
    const tally_metric_info_t *const infos = &tally_metric_infos[group->first];
    const uint32_t count = (uint32_t)group->end - group->first;
    if (stream->version == NULL) {
        return true;
    }
    if (!tally_metrics_snapshot(stream->version, stream->words, count, now)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        int64_t *const total = &stream->totals[i].number;
        const uint32_t advance = now[i] - (uint32_t)*total;
        if (infos[i].kind <= TALLY_KIND_DURATION) {
            *total += advance;
            continue;
        }
        if (now[i] == (infos[i].kind == TALLY_KIND_SIGNED ? TALLY_NO_SIGNED : TALLY_NO_VALUE)) {
            continue;
        }
        if (infos[i].kind == TALLY_KIND_SIGNED) {
            *total += (int32_t)advance;
        } else {
            *total = now[i];
        }
        stream->present |= UINT64_C(1) << i;
    }
    return true;
}
