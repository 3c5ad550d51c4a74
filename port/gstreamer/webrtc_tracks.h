/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBRTC_TRACKS_H
#define WEBRTC_TRACKS_H
/* The tracks of a call that tally is told of. Watcher. */
#include <gst/gst.h>
#include <stdbool.h>
#include <stdint.h>

#include "tally/hook.h"

#define WEBRTC_TRACKS 8

typedef struct {
    uint32_t ssrc;
    enum tally_group group;
    bool is_attached;
    tally_webrtc_t stats;
} webrtc_track_t;

typedef struct {
    webrtc_track_t tracks[WEBRTC_TRACKS];
    uint32_t count;
} webrtc_tracks_t;

/* The track of this SSRC and direction, which is new if it was not known; NULL: there are enough.
 */
webrtc_track_t *webrtc_tracks_of(webrtc_tracks_t *tracks, uint32_t ssrc, enum tally_group group);

/* Has tally read the track from now on; tries again if there was no room before. */
void webrtc_track_attach(webrtc_track_t *track, tally_t *tally, tally_session_id_t session);

/* All are told for the last time and forgotten, which takes a step of tally. False: tally did not
 * let go of one in time, and their memory must stay for ever. */
bool webrtc_tracks_leave(webrtc_tracks_t *tracks, tally_t *tally);

/* What the caps of a webrtcbin's pad, and its transceiver, say of a track. */
typedef struct {
    uint32_t ssrc;
    uint32_t clock_rate_hz;
    int64_t media; /* enum tally_media; TALLY_WEBRTC_ABSENT */
    char mime_type[TALLY_WEBRTC_MIME_BYTES];
    char mid[TALLY_WEBRTC_MID_BYTES];
} webrtc_media_t;

/* False: it has no track yet. */
bool webrtc_media_of(GstPad *pad, webrtc_media_t *out);

#endif
