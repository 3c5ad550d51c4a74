/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBRTC_STATS_H
#define WEBRTC_STATS_H
/*
 * What webrtcbin's reply to "get-stats" says of a track, by its SSRC. What it says of kind and
 * codec is not used: where tracks are bundled it is that of any one of them. Nor are its counts of
 * jitter buffers, which are of any one too, and its loss, which is one too low (-1 for none).
 *
 * A member that the reply does not have is left as it was. No call keeps a pointer or blocks.
 */
#include <gst/gst.h>
#include <stdint.h>

#include "tally/webrtc.h"

/* What webrtcbin sent in answers to losses: NACK, PLI, FIR. */
void webrtc_stats_inbound(const GstStructure *reply, uint32_t ssrc, tally_webrtc_inbound_t *out);

/* What was sent, and what the receiver reported of it. */
void webrtc_stats_outbound(const GstStructure *reply, uint32_t ssrc, tally_webrtc_outbound_t *out);

/* The candidates in use. */
void webrtc_stats_pair(const GstStructure *reply, tally_webrtc_pair_t *out);

#endif
