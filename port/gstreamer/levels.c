/* SPDX-License-Identifier: Apache-2.0 */
#include "levels.h"

#include "kind.h"
#include "media.h"
#include "watch.h"

#define MOST_TRACKS 16

/* Where an element stands on the way of the media. */
enum place {
    NOWHERE,
    DEMUXER,    /* takes a container apart */
    FRAGMENTS,  /* adaptive, passes fragments on as they are (hlsdemux) */
    BUFFERED,   /* adaptive, with tracks and their buffers inside (hlsdemux2) */
    BYTE_QUEUE, /* in front of all that, and knows no time */
};

typedef struct {
    const GstPad *pad; /* NULL: free */
    gboolean counts;   /* audio or video */
    GstSegment segment;
    GstClockTime reached; /* in running time */
} track_t;

typedef struct {
    media_t *media;
    GstElement *element;
    watch_t *watch; /* NULL for a queue of bytes */
    enum place place;
    GstClockTime duration; /* of the media; 0: not known. Watcher */
    GMutex lock;
    track_t tracks[MOST_TRACKS];
} levels_t;

static track_t *track_of(levels_t *levels, const GstPad *pad) {
    for (unsigned i = 0; i < MOST_TRACKS; i++) {
        if (levels->tracks[i].pad == pad) {
            return &levels->tracks[i];
        }
    }
    return NULL;
}

static track_t *track_made(levels_t *levels, const GstPad *pad) {
    track_t *track = track_of(levels, pad);
    if (track == NULL) {
        track = track_of(levels, NULL);
        if (track != NULL) {
            *track = (track_t){.pad = pad, .reached = GST_CLOCK_TIME_NONE};
            gst_segment_init(&track->segment, GST_FORMAT_UNDEFINED);
        }
    }
    return track;
}

static enum stored_point point_of(const levels_t *levels) {
    return levels->place == FRAGMENTS ? STORED_FRAGMENT : STORED_TRACK;
}

/* Fragments are known by the name of their pad, which whoever fetches them knows too. */
static const void *key_of(const levels_t *levels, const GstPad *pad) {
    return levels->place == FRAGMENTS ? (const void *)g_intern_string(GST_OBJECT_NAME(pad)) : pad;
}

static gboolean is_played(const GstCaps *caps) {
    const char *const name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    return g_str_has_prefix(name, "video/") || g_str_has_prefix(name, "audio/") ||
           g_str_has_prefix(name, "application/x-cenc");
}

/* hlsdemux and dashdemux say in front of each fragment what bitrate it has. */
static void on_tag(const levels_t *levels, const track_t *track, GstEvent *event) {
    GstTagList *tags = NULL;
    guint bps = 0;
    gst_event_parse_tag(event, &tags);
    if (levels->place == FRAGMENTS && gst_tag_list_get_uint(tags, GST_TAG_NOMINAL_BITRATE, &bps)) {
        stored_rate(media_stored(levels->media), key_of(levels, track->pad), bps);
    }
}

static void on_event(gpointer state, GstPad *pad, GstEvent *event) {
    levels_t *const levels = state;
    GstCaps *caps = NULL;
    g_mutex_lock(&levels->lock);
    track_t *const track = track_made(levels, pad);
    if (track == NULL) {
        g_mutex_unlock(&levels->lock);
        return;
    }
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS:
        gst_event_parse_caps(event, &caps);
        track->counts = is_played(caps);
        break;
    case GST_EVENT_TAG: on_tag(levels, track, event); break;
    case GST_EVENT_SEGMENT: gst_event_copy_segment(event, &track->segment); break;
    case GST_EVENT_EOS:
        stored_ended(media_stored(levels->media), point_of(levels), key_of(levels, pad));
        break;
    case GST_EVENT_FLUSH_STOP:
        track->reached = GST_CLOCK_TIME_NONE;
        stored_dropped(media_stored(levels->media), point_of(levels), key_of(levels, pad));
        break;
    default: break;
    }
    g_mutex_unlock(&levels->lock);
}

static GstClockTime end_of(const GstBuffer *buffer) {
    const GstClockTime pts = GST_BUFFER_PTS(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(pts)) {
        return GST_CLOCK_TIME_NONE;
    }
    return GST_BUFFER_DURATION_IS_VALID(buffer) ? pts + GST_BUFFER_DURATION(buffer) : pts;
}

static GstClockTime running_at(const track_t *track, GstClockTime position) {
    return track->segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(position)
               ? gst_segment_to_running_time(&track->segment, GST_FORMAT_TIME, position)
               : GST_CLOCK_TIME_NONE;
}

/* A fragment begins at offset 0; those of HLS have no timestamps but the first. */
static void on_fragment(const levels_t *levels, const track_t *track, GstBuffer *buffer) {
    if ((GST_BUFFER_OFFSET(buffer) == 0 || GST_BUFFER_PTS_IS_VALID(buffer)) &&
        kind_is_media(buffer)) {
        stored_begins(media_stored(levels->media), key_of(levels, track->pad),
                      running_at(track, GST_BUFFER_PTS(buffer)));
    }
}

static void on_frame(const levels_t *levels, track_t *track, const GstBuffer *buffer) {
    const GstClockTime until = running_at(track, end_of(buffer));
    if (GST_CLOCK_TIME_IS_VALID(until)) {
        track->reached = until;
        stored_reached(media_stored(levels->media), STORED_TRACK, track->pad, until);
    }
}

static void on_buffer(gpointer state, GstPad *pad, GstBuffer *buffer) {
    levels_t *const levels = state;
    g_mutex_lock(&levels->lock);
    track_t *const track = track_of(levels, pad);
    if (track != NULL && levels->place == FRAGMENTS) {
        on_fragment(levels, track, buffer);
    } else if (track != NULL && track->counts) {
        on_frame(levels, track, buffer);
    }
    g_mutex_unlock(&levels->lock);
}

static void on_gone(gpointer state, const GstPad *pad) {
    levels_t *const levels = state;
    g_mutex_lock(&levels->lock);
    track_t *const track = track_of(levels, pad);
    if (track != NULL) {
        stored_dropped(media_stored(levels->media), point_of(levels), key_of(levels, pad));
        track->pad = NULL;
    }
    g_mutex_unlock(&levels->lock);
}

static void destroy(gpointer state) {
    levels_t *const levels = state;
    media_release(levels->media);
    g_mutex_clear(&levels->lock);
    g_free(levels);
}

static const watch_rules_t rules = {.direction = GST_PAD_SRC,
                                    .event = on_event,
                                    .buffer = on_buffer,
                                    .gone = on_gone,
                                    .destroy = destroy};

static enum place place_of(GstElement *element) {
    const char *const factory = kind_factory(element);
    const unsigned within = kind_within_adaptive(element);
    if (g_str_equal(factory, "queue2") || g_str_equal(factory, "downloadbuffer")) {
        return BYTE_QUEUE;
    }
    if (kind_is(element, "Adaptive")) {
        return g_str_has_suffix(factory, "2") ? BUFFERED : FRAGMENTS;
    }
    return kind_is(element, "Demuxer") && within == 0 ? DEMUXER : NOWHERE;
}

static gboolean takes(GstElement *element) {
    return place_of(element) != NOWHERE;
}

static gpointer attach(player_t *player, GstElement *element) {
    levels_t *const levels = g_new0(levels_t, 1);
    g_mutex_init(&levels->lock);
    levels->media = media_join(player);
    levels->element = element;
    levels->place = place_of(element);
    if (levels->place != BYTE_QUEUE) {
        levels->watch = watch_begin(element, &rules, levels);
    }
    return levels;
}

/* Asked once: it is answered from what the demuxer has read. */
static GstClockTime duration_of(levels_t *levels) {
    GstElement *const pipeline = player_pipeline(media_player(levels->media));
    gint64 duration = 0;
    if (levels->duration == 0 && pipeline != NULL &&
        gst_element_query_duration(pipeline, GST_FORMAT_TIME, &duration) && duration > 0) {
        levels->duration = (GstClockTime)duration;
    }
    return levels->duration;
}

/* Of a time of the media in running time; beyond the segment's end, too. */
static GstClockTime running(const GstSegment *segment, GstClockTime media) {
    guint64 position = 0;
    guint64 time = 0;
    return gst_segment_position_from_stream_time_full(segment, GST_FORMAT_TIME, media, &position) >
                       0 &&
                   gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, position, &time) > 0
               ? time
               : GST_CLOCK_TIME_NONE;
}

/* What left the tracks, at the one that is behind; with `inside` of media still in them, or all of
 * it up to the end of the media. */
static GstClockTime reached(levels_t *levels, GstClockTime inside, GstClockTime duration) {
    GstClockTime least = GST_CLOCK_TIME_NONE;
    g_mutex_lock(&levels->lock);
    for (unsigned i = 0; i < MOST_TRACKS; i++) {
        const track_t *const track = &levels->tracks[i];
        if (track->pad == NULL || !track->counts || !GST_CLOCK_TIME_IS_VALID(track->reached)) {
            continue;
        }
        const GstClockTime until = GST_CLOCK_TIME_IS_VALID(inside)
                                       ? track->reached + inside
                                       : running(&track->segment, duration);
        least = MIN(least, until);
    }
    g_mutex_unlock(&levels->lock);
    return least;
}

/* What is in its tracks comes on top of what has left them. It does not say how much that is once
 * all is fetched. */
static void read_buffered(levels_t *levels) {
    guint64 video = GST_CLOCK_TIME_NONE;
    guint64 audio = GST_CLOCK_TIME_NONE;
    g_object_get(levels->element, "current-level-time-video", &video, "current-level-time-audio",
                 &audio, NULL);
    const GstClockTime inside = MIN(video, audio);
    const GstClockTime duration = GST_CLOCK_TIME_IS_VALID(inside) ? 0 : duration_of(levels);
    if (!GST_CLOCK_TIME_IS_VALID(inside) && duration == 0) {
        return; /* live, and nothing is there yet */
    }
    const GstClockTime until = reached(levels, inside, duration);
    if (GST_CLOCK_TIME_IS_VALID(until)) {
        stored_reached(media_stored(levels->media), STORED_FRAGMENT, levels, until);
    }
}

static void read_bytes(levels_t *levels) {
    guint bytes = 0;
    g_object_get(levels->element, "current-level-bytes", &bytes, NULL);
    stored_bytes(media_stored(levels->media), bytes, duration_of(levels));
}

static void tell(gpointer state, tally_session_id_t session) {
    levels_t *const levels = state;
    if (levels->place == BUFFERED) {
        read_buffered(levels);
    } else if (levels->place == BYTE_QUEUE) {
        read_bytes(levels);
    }
    const int64_t delivery = media_noted(levels->media, TALLY_M_DELIVERY);
    if (delivery == TALLY_DELIVERY_HLS || delivery == TALLY_DELIVERY_DASH ||
        delivery == TALLY_DELIVERY_SMOOTH || delivery == TALLY_DELIVERY_PROGRESSIVE) {
        stored_tell(media_stored(levels->media), media_player(levels->media), session);
    }
    media_tell(levels->media, session);
}

/* Nothing of a session remains to be told, but the next one's media may be another. */
static void end(gpointer state, tally_session_id_t session) {
    levels_t *const levels = state;
    levels->duration = 0;
    media_tell(levels->media, session);
}

static void detach(gpointer state) {
    levels_t *const levels = state;
    stored_t *const stored = media_stored(levels->media);
    media_leave(levels->media, levels);
    stored_dropped(stored, STORED_FRAGMENT, levels);
    if (levels->place == BYTE_QUEUE) {
        stored_bytes(stored, 0, 0);
        destroy(levels); /* nothing else has it */
        return;
    }
    for (unsigned i = 0; i < MOST_TRACKS; i++) {
        if (levels->tracks[i].pad != NULL) {
            on_gone(levels, levels->tracks[i].pad);
        }
    }
    watch_end(levels->watch);
}

const instrument_t instrument_levels = {
    .name = "levels",
    .takes = takes,
    .attach = attach,
    .begin = tell,
    .poll = tell,
    .end = end,
    .detach = detach,
};
