/* SPDX-License-Identifier: Apache-2.0 */
#include "rendition.h"

#include <string.h>

#include "playhead.h"

#define MOST_CHANGES 32
#define NEAR_PIXELS  8 /* manifests say 1080 of what is coded as 1088 */

typedef struct {
    uint32_t width;
    uint32_t height;
    uint64_t at_ms;
} size_change_t;

typedef struct {
    uint32_t kbps;
    GstClockTime running_time;
} fetch_t;

struct renditions {
    GMutex lock;
    const void *demuxer; /* whose manifest it is */
    manifest_t manifest;
    unsigned sizes;
    size_change_t size[MOST_CHANGES]; /* not told yet, in their order */
    unsigned fetches;
    fetch_t fetch[MOST_CHANGES]; /* not on screen yet */
    gboolean declared;           /* the demuxer names its renditions */
    uint32_t width;              /* on screen */
    uint32_t height;
    uint32_t fetched_kbps; /* of what is on screen, as it was fetched; 0: not known */
    uint32_t told_kbps;
    tally_session_id_t told_to;
};

renditions_t *renditions_new(void) {
    renditions_t *const renditions = g_new0(renditions_t, 1);
    g_mutex_init(&renditions->lock);
    return renditions;
}

void renditions_free(renditions_t *renditions) {
    g_mutex_clear(&renditions->lock);
    g_free(renditions);
}

static void forget(renditions_t *renditions) {
    renditions->fetches = 0;
    renditions->declared = FALSE;
    renditions->fetched_kbps = 0;
    renditions->told_kbps = 0;
    renditions->manifest.count = 0;
}

void renditions_declared(renditions_t *renditions, const void *demuxer,
                         const manifest_t *manifest) {
    g_mutex_lock(&renditions->lock);
    forget(renditions);
    renditions->demuxer = demuxer;
    renditions->manifest = *manifest;
    g_mutex_unlock(&renditions->lock);
}

void renditions_gone(renditions_t *renditions, const void *demuxer) {
    g_mutex_lock(&renditions->lock);
    if (renditions->demuxer == demuxer) {
        forget(renditions);
        renditions->demuxer = NULL;
    }
    g_mutex_unlock(&renditions->lock);
}

void renditions_on_screen(renditions_t *renditions, uint32_t width, uint32_t height,
                          uint64_t at_ms) {
    g_mutex_lock(&renditions->lock);
    if (renditions->sizes < MOST_CHANGES) {
        renditions->size[renditions->sizes] = (size_change_t){width, height, at_ms};
        renditions->sizes++;
    }
    g_mutex_unlock(&renditions->lock);
}

void renditions_fetched(renditions_t *renditions, uint32_t kbps, gboolean declared,
                        GstClockTime running_time) {
    g_mutex_lock(&renditions->lock);
    renditions->declared = renditions->declared || declared;
    if (renditions->fetches < MOST_CHANGES && (declared || !renditions->declared)) {
        renditions->fetch[renditions->fetches] = (fetch_t){kbps, running_time};
        renditions->fetches++;
    }
    g_mutex_unlock(&renditions->lock);
}

static uint32_t distance(uint32_t a, uint32_t b) {
    return a > b ? a - b : b - a;
}

static gboolean is_candidate(const renditions_t *renditions, const manifest_variant_t *variant) {
    return renditions->width == 0 || variant->width == 0 ||
           (distance(variant->width, renditions->width) <= NEAR_PIXELS &&
            distance(variant->height, renditions->height) <= NEAR_PIXELS);
}

/* The variant that is on screen; NULL if that cannot be said. */
static const manifest_variant_t *on_screen(const renditions_t *renditions) {
    const manifest_variant_t *found = NULL;
    unsigned candidates = 0;
    for (uint32_t i = 0; i < renditions->manifest.count; i++) {
        const manifest_variant_t *const variant = &renditions->manifest.variants[i];
        if (!is_candidate(renditions, variant)) {
            continue;
        }
        candidates++;
        if (found == NULL || distance(variant->kbps, renditions->fetched_kbps) <
                                 distance(found->kbps, renditions->fetched_kbps)) {
            found = variant;
        }
    }
    return candidates > 1 && renditions->fetched_kbps == 0 ? NULL : found;
}

/* Tells what is on screen since `at_ms`, if that is news. */
static void tell(renditions_t *renditions, player_t *player, uint64_t at_ms) {
    const manifest_variant_t *const variant = on_screen(renditions);
    tally_t *const tally = player_tally(player);
    const tally_session_id_t session = renditions->told_to;
    if (variant == NULL || variant->kbps == renditions->told_kbps) {
        return;
    }
    renditions->told_kbps = variant->kbps;
    (void)tally_hook_tell_at(tally, session, TALLY_HOOK_RENDITION, (int32_t)variant->kbps,
                             TALLY_CAUSE_AUTO, at_ms);
    if (variant->width > 0) {
        (void)tally_hook_set(tally, session, TALLY_M_RENDITION_WIDTH, variant->width);
        (void)tally_hook_set(tally, session, TALLY_M_RENDITION_HEIGHT, variant->height);
    }
    if (variant->name[0] != '\0') {
        (void)tally_hook_text(tally, session, TALLY_M_RENDITION_NAME, variant->name);
    }
}

static void take_sizes(renditions_t *renditions, player_t *player) {
    for (unsigned i = 0; i < renditions->sizes; i++) {
        renditions->width = renditions->size[i].width;
        renditions->height = renditions->size[i].height;
        tell(renditions, player, renditions->size[i].at_ms);
    }
    renditions->sizes = 0;
}

/* What was fetched and has reached the screen by now. */
static void take_fetches(renditions_t *renditions, player_t *player, GstClockTime now) {
    const uint64_t now_ms = player_now_ms();
    unsigned left = 0;
    for (unsigned i = 0; i < renditions->fetches; i++) {
        const fetch_t fetch = renditions->fetch[i];
        if (!GST_CLOCK_TIME_IS_VALID(now) || fetch.running_time > now) {
            renditions->fetch[left] = fetch;
            left++;
            continue;
        }
        const uint64_t ago_ms = (now - fetch.running_time) / GST_MSECOND;
        renditions->fetched_kbps = fetch.kbps;
        tell(renditions, player, ago_ms < now_ms ? now_ms - ago_ms : 0);
    }
    renditions->fetches = left;
}

void renditions_tell(renditions_t *renditions, player_t *player, tally_session_id_t session) {
    const GstClockTime now = playhead_running_time(player_pipeline(player));
    g_mutex_lock(&renditions->lock);
    if (renditions->told_to != session) {
        renditions->told_to = session;
        renditions->told_kbps = 0;
    }
    take_sizes(renditions, player);
    take_fetches(renditions, player, now);
    tell(renditions, player, player_now_ms());
    g_mutex_unlock(&renditions->lock);
}
