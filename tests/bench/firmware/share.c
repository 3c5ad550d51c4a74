/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the statistics of a stream cost the board: a loop over datagrams that counts each as RTP and
 * as 7 transport packets, less the same loop that only makes them.
 */
#include "board.h"
#include "network.h"
#include "rig.h"
#include "semihost.h"
#include "stream.h"
#include "tally/stats.h"

#define DATAGRAMS 4000u

static tally_rtp_t rtp;
static tally_ts_t ts;

void board_on_tick(void) {
    network_tick();
}

static void count(const uint8_t *datagram, uint32_t arrival_us) {
    tally_rtp_header_t header;
    if (tally_rtp_parse(datagram, STREAM_DATAGRAM_BYTES, &header) == TALLY_OK) {
        (void)tally_rtp_packet(&rtp, &header, arrival_us);
        (void)tally_ts_packets(&ts, header.payload, header.payload_bytes, arrival_us);
    }
}

static uint64_t loop_us(bool counted) {
    const uint64_t begin_us = board_now_us();
    for (uint32_t i = 0; i < DATAGRAMS; i++) {
        const uint8_t *const datagram = stream_next();
        if (counted) {
            count(datagram, i * STREAM_PERIOD_MS * 1000);
        }
    }
    return board_now_us() - begin_us;
}

int main(void) {
    rig_start();
    stream_init();
    rig_check(tally_rtp_init(&rtp, 90000), "rtp");
    tally_ts_init(&ts);
    const uint64_t bare_us = loop_us(false);
    const uint64_t counted_us = loop_us(true);
    rig_print("streams.datagrams_us", (uint32_t)(counted_us - bare_us));
    semihost_exit(0);
}
