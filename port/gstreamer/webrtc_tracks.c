/* SPDX-License-Identifier: Apache-2.0 */
#include "webrtc_tracks.h"

#include <stdio.h>
#include <string.h>

/* Tally's own thread has to come by. */
enum { LEAVE_TRIES = 100, LEAVE_WAIT_US = 1000 };

webrtc_track_t *webrtc_tracks_of(webrtc_tracks_t *tracks, uint32_t ssrc, enum tally_group group) {
    for (uint32_t i = 0; i < tracks->count; i++) {
        if (tracks->tracks[i].ssrc == ssrc && tracks->tracks[i].group == group) {
            return &tracks->tracks[i];
        }
    }
    if (tracks->count == WEBRTC_TRACKS) {
        return NULL;
    }
    webrtc_track_t *const track = &tracks->tracks[tracks->count];
    tracks->count++;
    *track = (webrtc_track_t){.ssrc = ssrc, .group = group};
    (void)tally_webrtc_init(&track->stats, group, 64);
    return track;
}

void webrtc_track_attach(webrtc_track_t *track, tally_t *tally, tally_session_id_t session) {
    if (!track->is_attached) {
        track->is_attached = tally_attach_webrtc(tally, session, &track->stats) == TALLY_OK;
    }
}

bool webrtc_tracks_leave(webrtc_tracks_t *tracks, tally_t *tally) {
    bool all_left = true;
    for (uint32_t i = 0; i < tracks->count; i++) {
        webrtc_track_t *const track = &tracks->tracks[i];
        for (int tries = 0; track->is_attached && tries < LEAVE_TRIES; tries++) {
            track->is_attached = tally_detach_webrtc(tally, &track->stats) != 0;
            if (track->is_attached) {
                g_usleep(LEAVE_WAIT_US);
            }
        }
        all_left = all_left && !track->is_attached;
    }
    if (all_left) {
        tracks->count = 0;
    }
    return all_left;
}

/* ---- what a track is ------------------------------------------------------------------------ */

/* A text that is too long would have the whole update refused. */
static void copy(char *to, size_t bytes, const char *text) {
    to[0] = '\0';
    if (text != NULL && strlen(text) < bytes) {
        memcpy(to, text, strlen(text) + 1);
    }
}

static void take_mid(GstPad *pad, webrtc_media_t *out) {
    GObject *transceiver = NULL;
    gchar *mid = NULL;
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(pad), "transceiver") != NULL) {
        g_object_get(pad, "transceiver", &transceiver, NULL);
    }
    if (transceiver != NULL &&
        g_object_class_find_property(G_OBJECT_GET_CLASS(transceiver), "mid") != NULL) {
        g_object_get(transceiver, "mid", &mid, NULL);
    }
    copy(out->mid, sizeof out->mid, mid);
    g_free(mid);
    if (transceiver != NULL) {
        g_object_unref(transceiver);
    }
}

static bool take_caps(const GstStructure *caps, webrtc_media_t *out) {
    const char *const media = gst_structure_get_string(caps, "media");
    const char *const codec = gst_structure_get_string(caps, "encoding-name");
    gint rate = 0;
    (void)gst_structure_get_int(caps, "clock-rate", &rate);
    out->clock_rate_hz = rate > 0 ? (uint32_t)rate : 0;
    if (media != NULL && codec != NULL) {
        gchar *const mime = g_strdup_printf("%s/%s", media, codec);
        copy(out->mime_type, sizeof out->mime_type, mime);
        g_free(mime);
    }
    out->media = g_strcmp0(media, "video") == 0   ? TALLY_MEDIA_VIDEO
                 : g_strcmp0(media, "audio") == 0 ? TALLY_MEDIA_AUDIO
                                                  : TALLY_WEBRTC_ABSENT;
    return gst_structure_get_uint(caps, "ssrc", &out->ssrc);
}

bool webrtc_media_of(GstPad *pad, webrtc_media_t *out) {
    GstCaps *const caps = gst_pad_get_current_caps(pad);
    memset(out, 0, sizeof *out);
    out->media = TALLY_WEBRTC_ABSENT;
    const bool has_track = caps != NULL && gst_caps_get_size(caps) > 0 &&
                           take_caps(gst_caps_get_structure(caps, 0), out);
    if (has_track) {
        take_mid(pad, out);
    }
    if (caps != NULL) {
        gst_caps_unref(caps);
    }
    return has_track;
}
