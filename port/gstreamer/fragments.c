/* SPDX-License-Identifier: Apache-2.0 */
#include "fragments.h"

#include <string.h>

#include "kind.h"
#include "media.h"
#include "watch.h"

/*
 * A file that is played as it comes is fetched by the one source there is: of it only the bytes
 * count. hlsdemux has a source element for each stream, which begins and ends with each fragment.
 * hlsdemux2 fetches without elements: what it got goes into a parsebin, where a fragment begins
 * anew at offset 0 or with a timestamp, and ends with the next.
 */
enum way { NO_WAY, WHOLE, BY_SOURCE, BY_PARSER };

typedef struct {
    uint64_t bytes;
    uint64_t first_bytes; /* of the first buffer */
    gint64 asked_us;
    gint64 first_us;
    gint64 last_us;
    GstClockTime begin; /* of its media; GST_CLOCK_TIME_NONE: not known */
    GstClockTime shown; /* running time at which it will be on screen */
    gboolean is_media;  /* and no header or index */
} fragment_t;

typedef struct {
    int64_t fragments;
    int64_t failed;
    int64_t bytes;
    int64_t time_us;
} sums_t;

typedef struct {
    media_t *media;
    watch_t *watch;
    enum way way;
    const char *stream; /* name of the demuxer's pad, where that is known */
    GMutex lock;
    gboolean is_video;
    gboolean open; /* a fragment is */
    fragment_t fragment;
    sums_t sums; /* not told yet */
} fragments_t;

/* How long it was received. Where only its data is seen, the request and the first piece are taken
 * to have come as fast as the rest. */
static gint64 time_of(const fragments_t *fragments, const fragment_t *fragment) {
    if (fragments->way == BY_SOURCE) {
        return fragment->last_us - fragment->asked_us;
    }
    const uint64_t rest = fragment->bytes - fragment->first_bytes;
    const int64_t kbps = media_noted(fragments->media, TALLY_M_BANDWIDTH);
    if (rest > 0) {
        return (gint64)gst_util_uint64_scale((guint64)(fragment->last_us - fragment->first_us),
                                             fragment->bytes, rest);
    }
    return kbps > 0 ? (gint64)fragment->bytes * 8000 / kbps : 0;
}

static void note_throughput(const fragments_t *fragments, uint64_t bytes, gint64 time_us) {
    if (fragments->way == BY_SOURCE && time_us > 0) {
        media_number(fragments->media, fragments, 1, TALLY_M_BANDWIDTH,
                     (int64_t)bytes * 8000 / time_us);
    }
}

static void complete(fragments_t *fragments) {
    const fragment_t *const fragment = &fragments->fragment;
    if (fragments->open && fragment->bytes > 0 && fragment->is_media) {
        const gint64 time_us = time_of(fragments, fragment);
        fragments->sums.fragments++;
        fragments->sums.time_us += time_us;
        note_throughput(fragments, fragment->bytes, time_us);
        if (fragments->stream != NULL) {
            stored_received(media_stored(fragments->media), fragments->stream, fragment->bytes);
        }
    }
    fragments->open = FALSE;
}

/* dashdemux2 names no bitrates: a fragment has its bytes in the time until the next one's
 * beginning. */
static void measure(const fragments_t *fragments, GstClockTime next) {
    const fragment_t *const fragment = &fragments->fragment;
    if (!fragments->is_video || !fragment->is_media || !GST_CLOCK_TIME_IS_VALID(fragment->begin) ||
        !GST_CLOCK_TIME_IS_VALID(next) || next <= fragment->begin) {
        return;
    }
    const guint64 kbps =
        gst_util_uint64_scale(fragment->bytes, 8 * GST_MSECOND, next - fragment->begin);
    if (kbps > 0 && kbps < G_MAXINT32) {
        renditions_fetched(media_renditions(fragments->media), (uint32_t)kbps, FALSE,
                           fragment->shown);
    }
}

/* It is shown when what is stored has been: at once, if that is nothing. */
static void open_one(fragments_t *fragments, GstClockTime begin) {
    const GstClockTime stored = stored_until(media_stored(fragments->media));
    fragments->open = TRUE;
    fragments->fragment = (fragment_t){.asked_us = g_get_monotonic_time(),
                                       .begin = begin,
                                       .shown = GST_CLOCK_TIME_IS_VALID(stored) ? stored : 0,
                                       .is_media = TRUE};
}

static gboolean begins_one(const fragments_t *fragments, const GstBuffer *buffer) {
    return fragments->way == BY_PARSER &&
           (GST_BUFFER_OFFSET(buffer) == 0 || GST_BUFFER_PTS_IS_VALID(buffer));
}

static void on_buffer(gpointer state, GstPad *pad, GstBuffer *buffer) {
    fragments_t *const fragments = state;
    const gsize bytes = gst_buffer_get_size(buffer);
    fragment_t *const fragment = &fragments->fragment;
    (void)pad;
    g_mutex_lock(&fragments->lock);
    if (begins_one(fragments, buffer)) {
        measure(fragments, GST_BUFFER_PTS(buffer));
        complete(fragments);
        open_one(fragments, GST_BUFFER_PTS(buffer));
    }
    fragment->last_us = g_get_monotonic_time();
    if (fragment->bytes == 0) {
        fragment->first_us = fragment->last_us;
        fragment->first_bytes = bytes;
        fragment->is_media = kind_is_media(buffer);
    }
    fragment->bytes += bytes;
    fragments->sums.bytes += (int64_t)bytes;
    g_mutex_unlock(&fragments->lock);
}

/* The end of what a source was asked for: without a byte it was nothing. A demuxer that asks again
 * may not let it come to an end. */
static void on_end(fragments_t *fragments) {
    if (fragments->way == BY_SOURCE && fragments->open && fragments->fragment.bytes == 0) {
        fragments->sums.failed++;
    }
}

static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    fragments_t *const fragments = state;
    GstCaps *caps = NULL;
    (void)pad;
    g_mutex_lock(&fragments->lock);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS:
        gst_event_parse_caps(event, &caps);
        fragments->is_video =
            g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(caps, 0)), "video/");
        break;
    case GST_EVENT_STREAM_START:
        if (fragments->way == BY_SOURCE) {
            on_end(fragments);
            open_one(fragments, GST_CLOCK_TIME_NONE);
        }
        break;
    case GST_EVENT_EOS:
        on_end(fragments);
        complete(fragments);
        break;
    case GST_EVENT_FLUSH_START: fragments->open = FALSE; break;
    default: break;
    }
    g_mutex_unlock(&fragments->lock);
}

static void destroy(gpointer state) {
    fragments_t *const fragments = state;
    media_release(fragments->media);
    g_mutex_clear(&fragments->lock);
    g_free(fragments);
}

static const watch_rules_t by_source = {
    .direction = GST_PAD_SRC, .event = on_event, .buffer = on_buffer, .destroy = destroy};
static const watch_rules_t by_parser = {
    .direction = GST_PAD_SINK, .event = on_event, .buffer = on_buffer, .destroy = destroy};

static enum way way_of(GstElement *element) {
    const unsigned within = kind_within_adaptive(element);
    if (within < 2 && kind_is(element, "Source/Network") && !GST_IS_BIN(element)) {
        return within == 1 ? BY_SOURCE : WHOLE;
    }
    return within == 2 && g_str_equal(kind_factory(element), "parsebin") ? BY_PARSER : NO_WAY;
}

static gboolean takes(GstElement *element) {
    return way_of(element) != NO_WAY;
}

/* hlsdemux keeps the source for its pad NAME in a bin named srcbin-NAME. */
static const char *stream_of(GstElement *element) {
    GstObject *const bin = gst_object_get_parent(GST_OBJECT(element));
    const char *stream = NULL;
    if (bin != NULL) {
        gchar *const name = gst_object_get_name(bin);
        if (g_str_has_prefix(name, "srcbin-")) {
            stream = g_intern_string(name + strlen("srcbin-"));
        }
        g_free(name);
        gst_object_unref(bin);
    }
    return stream;
}

static gpointer attach(player_t *player, GstElement *element) {
    fragments_t *const fragments = g_new0(fragments_t, 1);
    g_mutex_init(&fragments->lock);
    fragments->media = media_join(player);
    fragments->way = way_of(element);
    if (fragments->way == BY_SOURCE) {
        fragments->stream = stream_of(element);
    }
    fragments->watch =
        watch_begin(element, fragments->way == BY_PARSER ? &by_parser : &by_source, fragments);
    return fragments;
}

static void add(const fragments_t *fragments, tally_session_id_t session, enum tally_metric metric,
                int64_t amount) {
    if (amount > 0) {
        (void)tally_hook_add(player_tally(media_player(fragments->media)), session, metric, amount);
    }
}

static void tell(gpointer state, tally_session_id_t session) {
    fragments_t *const fragments = state;
    const gboolean is_video =
        fragments->stream != NULL && g_str_has_prefix(fragments->stream, "video");
    if (fragments->way == WHOLE &&
        media_noted(fragments->media, TALLY_M_DELIVERY) != TALLY_DELIVERY_PROGRESSIVE) {
        return; /* a manifest, no download at all, or not known yet */
    }
    g_mutex_lock(&fragments->lock);
    const sums_t sums = fragments->sums;
    fragments->sums = (sums_t){.time_us = sums.time_us % 1000};
    g_mutex_unlock(&fragments->lock);
    add(fragments, session, TALLY_M_DOWNLOADS, sums.fragments);
    add(fragments, session, TALLY_M_DOWNLOADS_FAILED, sums.failed);
    add(fragments, session, TALLY_M_VIDEO_DOWNLOADS_FAILED, is_video ? sums.failed : 0);
    add(fragments, session, TALLY_M_DOWNLOAD_BYTES, sums.bytes);
    add(fragments, session, TALLY_M_DOWNLOAD_TIME, sums.time_us / 1000);
}

/* Elements come and go while a session goes on: what they fetched last is told, too. */
static void detach(gpointer state) {
    fragments_t *const fragments = state;
    const tally_session_id_t session = player_session(media_player(fragments->media));
    if (session != 0) {
        tell(fragments, session);
    }
    media_leave(fragments->media, fragments);
    watch_end(fragments->watch);
}

const instrument_t instrument_fragments = {
    .name = "fragments",
    .takes = takes,
    .attach = attach,
    .begin = tell,
    .poll = tell,
    .end = tell,
    .detach = detach,
};
