/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <stddef.h>
#include <string.h>

#include "atomic.h"

const tally_metric_info_t tally_metric_infos[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, name, metric_kind, unit, role, privacy, meaning)                      \
    {.key = {(name)[0], (name)[1]}, .kind = TALLY_KIND_##metric_kind},
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

uint32_t tally_metrics_hash(void) {
    uint32_t hash = UINT32_C(2166136261);
    for (uint32_t i = 0; i < TALLY_METRICS; i++) {
        const tally_metric_info_t *const info = &tally_metric_infos[i];
        const uint8_t bytes[3] = {(uint8_t)info->key[0], (uint8_t)info->key[1], info->kind};
        for (uint32_t j = 0; j < sizeof bytes; j++) {
            hash = (hash ^ bytes[j]) * UINT32_C(16777619);
        }
    }
    return hash;
}

bool tally_metrics_settable(enum tally_metric metric) {
    /* The rest of group PLAYBACK follows from events. */
    const bool dimension = metric >= TALLY_M_DIMENSION_FIRST && metric < TALLY_M_DIMENSION_END;
    return metric == TALLY_M_POSITION ||
           (dimension && tally_metric_infos[metric].kind != TALLY_KIND_TEXT);
}

bool tally_metrics_settable_text(enum tally_metric metric) {
    return metric >= TALLY_M_DIMENSION_FIRST && metric < TALLY_M_DIMENSION_END &&
           tally_metric_infos[metric].kind == TALLY_KIND_TEXT;
}

/* Copies the words between two equal, even versions. */
static bool snapshot(const tally_stream_t *stream, uint32_t count, uint32_t *out) {
    for (uint32_t tries = 0; tries < 3; tries++) {
        const uint32_t before = tally_atomic_load_acquire(stream->version);
        for (uint32_t i = 0; i < count; i++) {
            out[i] = tally_atomic_load(&stream->words[i]);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((before & 1) == 0 && tally_atomic_load(stream->version) == before) {
            return true;
        }
    }
    return false;
}

static uint32_t metric_count(const tally_stream_t *stream) {
    const tally_group_info_t *const group = &tally_group_infos[stream->group];
    return (uint32_t)group->end - group->first;
}

void tally_stream_attach(tally_stream_t *stream, uint32_t session, enum tally_group group,
                         const uint32_t *version, const uint32_t *words) {
    memset(stream, 0, sizeof *stream);
    stream->version = version;
    stream->words = words;
    stream->session = session;
    stream->group = (uint8_t)group;
    stream->in_use = true;
    stream->has_last = snapshot(stream, metric_count(stream), stream->last);
}

bool tally_stream_sample(tally_stream_t *stream) {
    uint32_t now[TALLY_STREAM_METRICS_MOST] = {0};
    const uint32_t count = metric_count(stream);
    if (stream->version == NULL) {
        return true;
    }
    if (!snapshot(stream, count, now)) {
        return false;
    }
    if (!stream->has_last) {
        memcpy(stream->last, now, sizeof now);
        stream->has_last = true;
    }
    const tally_metric_info_t *const infos =
        &tally_metric_infos[tally_group_infos[stream->group].first];
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t advance = now[i] - stream->last[i];
        switch (infos[i].kind) {
        case TALLY_KIND_COUNTER:
        case TALLY_KIND_DURATION: stream->totals[i].number += advance; break;
        case TALLY_KIND_SIGNED:
            stream->totals[i].number += (int32_t)advance;
            stream->present |= UINT64_C(1) << i;
            break;
        default:
            if (now[i] != TALLY_NO_VALUE) {
                stream->totals[i].number = now[i];
                stream->present |= UINT64_C(1) << i;
            }
            break;
        }
        stream->last[i] = now[i];
    }
    return true;
}
