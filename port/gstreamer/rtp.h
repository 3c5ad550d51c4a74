/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTP_H
#define RTP_H
/* RTP: for each rtpjitterbuffer, and each depayloader without one, a stream of group RTP. Those
 * inside a webrtcbin are the tracks of its own instrument. */
#include "instrument.h"

extern const instrument_t instrument_rtp;

/* The clock rate that is found behind a jitter buffer, whose own caps need not have one: rtpbin
 * tells payload types apart only after it. 0: none yet. */
uint32_t rtp_clock_behind(GstElement *jitterbuffer);

/* So many packets came too late, or again, for a jitter buffer to pass them on. */
uint32_t rtp_discarded_by(GstElement *jitterbuffer);

#endif
