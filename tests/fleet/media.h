/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEDIA_H
#define MEDIA_H
/* What arrives and is shown while media plays: RTP with a transport stream in it, and frames. */
#include <stdint.h>

#include "tally/stats.h"

enum { MEDIA_PIDS = 3 };

typedef struct {
    tally_rtp_t rtp;
    tally_ts_t ts;
    tally_frames_t frames;
    uint16_t sequence;              /* of the next RTP packet */
    uint8_t continuity[MEDIA_PIDS]; /* of the next TS packet of each PID */
} media_t;

void media_init(media_t *media);

/* So many datagrams were sent, evenly from `begin_us` on for `length_us`; `lost` of them in a row,
 * in the middle, did not arrive. */
void media_receive(media_t *media, uint32_t begin_us, uint32_t length_us, uint32_t sent,
                   uint32_t lost);

/* So many frames were decoded in that time, and all but `dropped` shown. */
void media_show(media_t *media, uint32_t begin_us, uint32_t length_us, uint32_t decoded,
                uint32_t dropped);

#endif
