/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTP_PAD_H
#define RTP_PAD_H
/*
 * Counts the RTP packets that come to a sink pad: one stream of tally/stats.h, written by the pad's
 * streaming thread, which takes no lock and waits for nobody. All calls: one thread at a time
 * unless said otherwise.
 */
#include <gst/gst.h>
#include <stdint.h>

#include "tally/hook.h"

typedef struct rtp_pad rtp_pad_t;

/* Counts from now on. NULL: no memory. Any thread. */
rtp_pad_t *rtp_pad_new(GstPad *pad);

/* Its stream must be detached. Afterwards nothing is counted; NULL is allowed. */
void rtp_pad_free(rtp_pad_t *self);

/* Nothing is counted, and the stream is at rest, until rtp_pad_restart(), which begins with 0. */
void rtp_pad_rest(rtp_pad_t *self);
void rtp_pad_restart(rtp_pad_t *self);

/* To attach; valid until rtp_pad_free(). */
const tally_rtp_t *rtp_pad_stream(const rtp_pad_t *self);

/* A counter or gauge of group RTP, as it is at the moment. */
uint32_t rtp_pad_value(const rtp_pad_t *self, enum tally_metric metric);

/* Of the source that is counted. */
uint32_t rtp_pad_ssrc(const rtp_pad_t *self);

/* What the pad's caps do not say: taken with the next packet, as all that the watcher tells. 0 is
 * none. `packets` were received since restart and are not going to be played. */
void rtp_pad_set_clock(rtp_pad_t *self, uint32_t clock_rate_hz);
void rtp_pad_set_discarded(rtp_pad_t *self, uint32_t packets);

/* The clock rate of RTP caps; 0: they have none. */
uint32_t rtp_pad_clock_of(const GstCaps *caps);

#endif
