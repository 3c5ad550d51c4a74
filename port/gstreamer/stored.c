/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include "playhead.h"

#define MOST_POINTS 24
#define APART_MS    900u

typedef struct {
    const void *key; /* NULL: free */
    enum stored_point point;
    gboolean ended;
    GstClockTime until; /* of a fragment that is not all here: its beginning */
    /* Of fragments only. */
    uint32_t begun;
    uint32_t received;
    uint32_t bps;
    GstClockTime length; /* of the last one received */
} point_t;

struct stored {
    GMutex lock;
    point_t points[MOST_POINTS];
    uint64_t bytes;
    uint64_t total;
    GstClockTime duration;
    uint64_t told_ms;
};

stored_t *stored_new(void) {
    stored_t *const stored = g_new0(stored_t, 1);
    g_mutex_init(&stored->lock);
    return stored;
}

void stored_free(stored_t *stored) {
    g_mutex_clear(&stored->lock);
    g_free(stored);
}

static point_t *find(stored_t *stored, enum stored_point point, const void *key) {
    for (unsigned i = 0; i < MOST_POINTS; i++) {
        if (stored->points[i].key == key && (key == NULL || stored->points[i].point == point)) {
            return &stored->points[i];
        }
    }
    return NULL;
}

/* The point, made if it is new; NULL: there is no room. */
static point_t *made(stored_t *stored, enum stored_point point, const void *key) {
    point_t *at = find(stored, point, key);
    if (at == NULL) {
        at = find(stored, point, NULL);
        if (at != NULL) {
            *at = (point_t){.key = key, .point = point, .until = GST_CLOCK_TIME_NONE};
        }
    }
    return at;
}

void stored_reached(stored_t *stored, enum stored_point point, const void *key,
                    GstClockTime until) {
    g_mutex_lock(&stored->lock);
    point_t *const at = made(stored, point, key);
    if (at != NULL && (at->ended || !GST_CLOCK_TIME_IS_VALID(at->until) || until > at->until)) {
        at->until = until;
        at->ended = FALSE;
    }
    g_mutex_unlock(&stored->lock);
}

void stored_rate(stored_t *stored, const void *key, uint32_t bps) {
    g_mutex_lock(&stored->lock);
    point_t *const at = made(stored, STORED_FRAGMENT, key);
    if (at != NULL) {
        at->bps = bps;
    }
    g_mutex_unlock(&stored->lock);
}

void stored_begins(stored_t *stored, const void *key, GstClockTime at_time) {
    g_mutex_lock(&stored->lock);
    point_t *const at = made(stored, STORED_FRAGMENT, key);
    if (at != NULL) {
        at->begun++;
        at->ended = FALSE;
        at->until = GST_CLOCK_TIME_IS_VALID(at_time)     ? at_time
                    : GST_CLOCK_TIME_IS_VALID(at->until) ? at->until + at->length
                                                         : GST_CLOCK_TIME_NONE;
    }
    g_mutex_unlock(&stored->lock);
}

/* Its bytes by its bitrate are its length; without, it is taken to be as long as the one before. */
void stored_received(stored_t *stored, const void *key, uint64_t bytes) {
    g_mutex_lock(&stored->lock);
    point_t *const at = made(stored, STORED_FRAGMENT, key);
    if (at != NULL) {
        at->received++;
        at->length =
            at->bps > 0 ? gst_util_uint64_scale(bytes, 8 * GST_SECOND, at->bps) : at->length;
    }
    g_mutex_unlock(&stored->lock);
}

void stored_ended(stored_t *stored, enum stored_point point, const void *key) {
    g_mutex_lock(&stored->lock);
    point_t *const at = find(stored, point, key);
    if (at != NULL) {
        at->ended = TRUE;
    }
    g_mutex_unlock(&stored->lock);
}

void stored_dropped(stored_t *stored, enum stored_point point, const void *key) {
    g_mutex_lock(&stored->lock);
    point_t *const at = find(stored, point, key);
    if (at != NULL) {
        at->key = NULL;
    }
    g_mutex_unlock(&stored->lock);
}

void stored_bytes(stored_t *stored, uint64_t bytes, GstClockTime duration) {
    g_mutex_lock(&stored->lock);
    stored->bytes = bytes;
    stored->duration = duration;
    g_mutex_unlock(&stored->lock);
}

void stored_total(stored_t *stored, uint64_t bytes) {
    g_mutex_lock(&stored->lock);
    stored->total = bytes;
    g_mutex_unlock(&stored->lock);
}

static GstClockTime in_bytes(const stored_t *stored) {
    return stored->total == 0
               ? 0
               : gst_util_uint64_scale(stored->bytes, stored->duration, stored->total);
}

static GstClockTime end_of(const point_t *at) {
    return at->begun > 0 && at->received >= at->begun ? at->until + at->length : at->until;
}

/* The shortest of those that go on; if all are at their end the longest. */
static GstClockTime until(const stored_t *stored, enum stored_point point) {
    GstClockTime least = GST_CLOCK_TIME_NONE;
    GstClockTime most = GST_CLOCK_TIME_NONE;
    for (unsigned i = 0; i < MOST_POINTS; i++) {
        const point_t *const at = &stored->points[i];
        if (at->key == NULL || at->point != point || !GST_CLOCK_TIME_IS_VALID(at->until)) {
            continue;
        }
        if (!at->ended && (least == GST_CLOCK_TIME_NONE || end_of(at) < least)) {
            least = end_of(at);
        }
        if (most == GST_CLOCK_TIME_NONE || end_of(at) > most) {
            most = end_of(at);
        }
    }
    return least == GST_CLOCK_TIME_NONE ? most : least;
}

GstClockTime stored_until(stored_t *stored) {
    g_mutex_lock(&stored->lock);
    const GstClockTime tracks = until(stored, STORED_TRACK);
    const GstClockTime fragments = until(stored, STORED_FRAGMENT);
    const GstClockTime bytes = in_bytes(stored);
    g_mutex_unlock(&stored->lock);
    if (tracks == GST_CLOCK_TIME_NONE || fragments == GST_CLOCK_TIME_NONE) {
        return tracks == GST_CLOCK_TIME_NONE ? fragments : tracks + bytes;
    }
    return MAX(tracks + bytes, fragments);
}

void stored_tell(stored_t *stored, player_t *player, tally_session_id_t session) {
    const GstClockTime end = stored_until(stored);
    const GstClockTime now = playhead_running_time(player_pipeline(player));
    const uint64_t now_ms = player_now_ms();
    if (end == GST_CLOCK_TIME_NONE || now == GST_CLOCK_TIME_NONE ||
        now_ms - stored->told_ms < APART_MS) {
        return;
    }
    stored->told_ms = now_ms;
    (void)tally_hook_set(player_tally(player), session, TALLY_M_BUFFER_LENGTH,
                         end > now ? (int64_t)((end - now) / GST_MSECOND) : 0);
}
