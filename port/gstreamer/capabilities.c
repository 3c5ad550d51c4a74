/* SPDX-License-Identifier: Apache-2.0 */
#include "capabilities.h"

#include <string.h>

#define ALL(group)         TALLY_CAN_ALL(group)
#define CAN(group, metric) TALLY_CAN(group, metric)

static uint64_t of_playback(void) {
    /* GStreamer knows no advertisements, rights, standby or change of channel. */
    return ALL(PLAYBACK) & ~(CAN(PLAYBACK, REFUSALS) | CAN(PLAYBACK, FIRST_PICTURE_TIME) |
                             CAN(PLAYBACK, LIVE_CORRECTIONS) | CAN(PLAYBACK, RENDITION_CHOICES) |
                             CAN(PLAYBACK, SUSPENSIONS) | CAN(PLAYBACK, SUSPENDED_TIME) |
                             CAN(PLAYBACK, STARTUP_WITH_ADS) | CAN(PLAYBACK, STARTUP_PLAYING_ADS) |
                             CAN(PLAYBACK, ZAP_TIME) | CAN(PLAYBACK, ZAPPING_TIME));
}

static uint64_t of_dimension(void) {
    return CAN(DIMENSION, APPLICATION) | CAN(DIMENSION, AUDIO_CODEC) | CAN(DIMENSION, CDN_HOST) |
           CAN(DIMENSION, CONTAINER) | CAN(DIMENSION, DELIVERY) | CAN(DIMENSION, DISPLAY_HEIGHT) |
           CAN(DIMENSION, DISPLAY_WIDTH) | CAN(DIMENSION, ERROR_TEXT) | CAN(DIMENSION, MIME_TYPE) |
           CAN(DIMENSION, PLAYBACK_TECH) | CAN(DIMENSION, PLAYBACK_TYPE) |
           CAN(DIMENSION, PLAYER_NAME) | CAN(DIMENSION, PLAYER_VERSION) |
           CAN(DIMENSION, PLUGIN_VERSION) | CAN(DIMENSION, PROTECTION) |
           CAN(DIMENSION, RENDITION_NAME) | CAN(DIMENSION, SESSION_KIND) | CAN(DIMENSION, SOURCE) |
           CAN(DIMENSION, VIDEO_CODEC);
}

static uint64_t of_media(void) {
    return CAN(MEDIA, DOWNLOAD_BYTES) | CAN(MEDIA, DOWNLOAD_TIME) | CAN(MEDIA, DOWNLOADS) |
           CAN(MEDIA, DOWNLOADS_FAILED) | CAN(MEDIA, FIRST_FRAME_AT) | CAN(MEDIA, FRAME_HEIGHT) |
           CAN(MEDIA, FRAME_WIDTH) | CAN(MEDIA, MEDIA_DURATION) | CAN(MEDIA, MUTED) |
           CAN(MEDIA, PLAYING_AT) | CAN(MEDIA, RENDITION_HEIGHT) | CAN(MEDIA, RENDITION_WIDTH) |
           CAN(MEDIA, VIDEO_DOWNLOADS_FAILED) | CAN(MEDIA, VOLUME);
}

static uint64_t of_level(void) {
    return CAN(LEVEL, BANDWIDTH) | CAN(LEVEL, BUFFER_GOAL) | CAN(LEVEL, BUFFER_LENGTH) |
           CAN(LEVEL, FRAME_RATE) | CAN(LEVEL, PLAYBACK_RATE);
}

static uint64_t of_frames(void) {
    return CAN(FRAMES, FRAMES_RENDERED) | CAN(FRAMES, FRAMES_DROPPED) | CAN(FRAMES, FREEZES) |
           CAN(FRAMES, FREEZE_TIME) | CAN(FRAMES, FRAME_WIDTH_NOW) | CAN(FRAMES, FRAME_HEIGHT_NOW);
}

/* What webrtcbin depayloads and decodes is none of its business, nor how long that takes; frames
 * and freezes are those of the sink (group FRAMES). */
static uint64_t of_webrtc_inbound(void) {
    return CAN(WEBRTC_INBOUND, IN_BITRATE) | CAN(WEBRTC_INBOUND, IN_BYTES) |
           CAN(WEBRTC_INBOUND, IN_DISCARDED) | CAN(WEBRTC_INBOUND, IN_FIRS) |
           CAN(WEBRTC_INBOUND, IN_JITTER) | CAN(WEBRTC_INBOUND, IN_LOSS) |
           CAN(WEBRTC_INBOUND, IN_LOST) | CAN(WEBRTC_INBOUND, IN_MEDIA) |
           CAN(WEBRTC_INBOUND, IN_MID) | CAN(WEBRTC_INBOUND, IN_MIME_TYPE) |
           CAN(WEBRTC_INBOUND, IN_NACKS) | CAN(WEBRTC_INBOUND, IN_PACKETS) |
           CAN(WEBRTC_INBOUND, IN_PLIS) | CAN(WEBRTC_INBOUND, IN_RESETS) |
           CAN(WEBRTC_INBOUND, IN_RETRANSMITTED);
}

static uint64_t of_webrtc_outbound(void) {
    return CAN(WEBRTC_OUTBOUND, OUT_BITRATE) | CAN(WEBRTC_OUTBOUND, OUT_BYTES) |
           CAN(WEBRTC_OUTBOUND, OUT_MEDIA) | CAN(WEBRTC_OUTBOUND, OUT_MID) |
           CAN(WEBRTC_OUTBOUND, OUT_MIME_TYPE) | CAN(WEBRTC_OUTBOUND, OUT_PACKETS) |
           CAN(WEBRTC_OUTBOUND, OUT_REMOTE_JITTER) | CAN(WEBRTC_OUTBOUND, OUT_REMOTE_LOSS) |
           CAN(WEBRTC_OUTBOUND, OUT_REMOTE_LOST) | CAN(WEBRTC_OUTBOUND, OUT_RESETS) |
           CAN(WEBRTC_OUTBOUND, OUT_ROUND_TRIP);
}

static uint64_t of_since(void) {
    return CAN(SINCE, SINCE_BUFFERING) | CAN(SINCE, SINCE_HEARTBEAT) | CAN(SINCE, SINCE_MILESTONE) |
           CAN(SINCE, SINCE_PAUSE) | CAN(SINCE, SINCE_RENDITION_CHANGE) |
           CAN(SINCE, SINCE_REQUEST) | CAN(SINCE, SINCE_SEEK) | CAN(SINCE, SINCE_STALL) |
           CAN(SINCE, SINCE_START);
}

void capabilities_declare(uint64_t out[TALLY_GROUPS]) {
    memset(out, 0, TALLY_GROUPS * sizeof out[0]);
    out[TALLY_G_DIMENSION] = of_dimension();
    out[TALLY_G_EVENT] = ALL(EVENT);
    out[TALLY_G_FRAMES] = of_frames();
    out[TALLY_G_HISTOGRAM] = ALL(HISTOGRAM) & ~CAN(HISTOGRAM, ZAP_HISTOGRAM);
    out[TALLY_G_LEVEL] = of_level();
    out[TALLY_G_MEDIA] = of_media();
    out[TALLY_G_PLAYBACK] = of_playback();
    out[TALLY_G_RTP] = ALL(RTP);
    out[TALLY_G_SINCE] = of_since();
    out[TALLY_G_TS] = ALL(TS);
    out[TALLY_G_VIEWING] = ALL(VIEWING) & ~(CAN(VIEWING, VIEWING_AD_PLAYS) |
                                            CAN(VIEWING, VIEWING_LOADS) | CAN(VIEWING, ZAPS));
    out[TALLY_G_WEBRTC_INBOUND] = of_webrtc_inbound();
    out[TALLY_G_WEBRTC_OUTBOUND] = of_webrtc_outbound();
    out[TALLY_G_WEBRTC_PAIR] = CAN(WEBRTC_PAIR, PAIR_CANDIDATE);
}
