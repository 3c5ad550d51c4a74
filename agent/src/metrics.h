/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_METRICS_H
#define TALLY_SRC_METRICS_H
/*
 * The registry as data, sets of values in its order, and the streams that players update in place.
 */
#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "level.h"
#include "tally/metrics.h"
#include "tally/stats.h"

typedef struct {
    uint16_t key : 11; /* TALLY_CBOR_KEY */
    uint16_t kind : 3; /* enum tally_kind */
    uint16_t bound : 2;
} tally_metric_info_t;

typedef struct {
    char letter;
    uint16_t first; /* index into tally_metric_infos */
    uint16_t end;
} tally_group_info_t;

extern const tally_metric_info_t tally_metric_infos[TALLY_METRICS];
extern const tally_group_info_t tally_group_infos[TALLY_GROUPS];

/* Which member holds follows from the metric's kind. */
typedef union {
    int64_t number;
    const char *text; /* NUL-terminated UTF-8; what is pointed to outlives the set */
    const tally_level_t *level;
    const tally_histogram_t *histogram;
} tally_value_t;

/* The values of one group: values[i] is metric FIRST + i. Counters and durations always have a
 * value; the others have one when their bit in `present` is set. */
typedef struct {
    const tally_value_t *values;
    uint64_t present;
    uint8_t group;   /* enum tally_group */
    uint16_t stream; /* the number of the stream that it is of; 0: of none */
} tally_view_t;

/* The largest value of a bool, percentage or enum; 0: no such bound. */
uint32_t tally_metrics_most(const tally_metric_info_t *info);

/* Within that, or 2^53; not negative unless the metric is SIGNED. */
bool tally_metrics_is_in_range(const tally_metric_info_t *info, int64_t value);

/* Whether capability sets, TALLY_GROUPS of them, have bits of metrics only: others would have the
 * registry read beyond its end. */
bool tally_metrics_are(const uint64_t *capabilities);

/* FNV-1a over keys and kinds. */
uint32_t tally_metrics_hash(void);

/* The group of a metric; TALLY_GROUPS for a number that is none. */
enum tally_group tally_metrics_group(enum tally_metric metric);

/* Whether a player may set this metric to this number, add this number to it, set it to a text. */
bool tally_metrics_can_set(enum tally_metric metric, int64_t value);
bool tally_metrics_can_add(enum tally_metric metric, int64_t amount);
bool tally_metrics_can_set_text(enum tally_metric metric);

/* --- streams -------------------------------------------------------------------------------- */

/* Whether records of a kind, which has the letter of their group, are of one stream or track. */
bool tally_stream_has_kind(char kind);

enum { TALLY_STREAM_METRICS_MOST = TALLY_TS_METRICS };

/* Copies `count` words between two equal, even versions. False when the writer was busy in each of
 * 3 tries. */
bool tally_metrics_snapshot(const uint32_t *version, const uint32_t *words, uint32_t count,
                            void *out);

/* One attached stream: where the player writes, and its counters extended to 64 bits. The lower
 * half of each total is the player's word as it was last read. */
typedef struct {
    const uint32_t *version; /* NULL: no player writes any more */
    const uint32_t *words;
    uint32_t session;
    uint8_t group;   /* enum tally_group */
    bool in_use;     /* the slot is taken */
    uint16_t number; /* none else of its session has it */
    uint64_t present;
    tally_value_t totals[TALLY_STREAM_METRICS_MOST];
} tally_stream_t;

/* What the player has counted since its init is part of it. */
void tally_stream_attach(tally_stream_t *stream, uint16_t number, uint32_t session,
                         enum tally_group group, const uint32_t *version, const uint32_t *words);

/* Brings the totals up to date. False when the writer was busy in each of 3 tries: they stand as
 * they are. A stream without a writer always succeeds. */
bool tally_stream_sample(tally_stream_t *stream);

#endif
