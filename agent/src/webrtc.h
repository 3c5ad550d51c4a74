/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_WEBRTC_H
#define TALLY_SRC_WEBRTC_H
/* A WebRTC track as the agent sees it: what its words mean, and how they are read. */
#include "metrics.h"
#include "tally/webrtc.h"

typedef struct {
    uint64_t present;
    uint64_t pair_present;
    tally_value_t values[TALLY_WEBRTC_INBOUND_METRICS]; /* or of WEBRTC_OUTBOUND, texts left open */
    tally_value_t pair[TALLY_WEBRTC_PAIR_METRICS];
    char mime_type[TALLY_WEBRTC_MIME_BYTES];
    char mid[TALLY_WEBRTC_MID_BYTES];
    char track_identifier[TALLY_WEBRTC_TRACK_BYTES];
} tally_webrtc_image_t;

/* Takes a consistent image; its texts point into it. False when the writer was busy in each of 3
 * tries. */
bool tally_webrtc_read(const tally_webrtc_t *track, tally_webrtc_image_t *out);

#endif
