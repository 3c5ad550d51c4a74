/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "ts_build.h"

#define RTP_BYTES    12u
#define CLOCK_PERIOD (STREAM_PERIOD_MS * 90u) /* ticks of 90 kHz */

/* Places of the datagram's transport packets. */
enum { PAT, PMT, CLOCK, VIDEO, PACKETS = 7 };
#define VIDEO_PACKETS ((uint32_t)(PACKETS - VIDEO))

static uint8_t datagram[STREAM_DATAGRAM_BYTES];
static uint32_t sent;

_Static_assert(STREAM_DATAGRAM_BYTES == RTP_BYTES + PACKETS * TS_PACKET_BYTES, "7 packets");

static uint8_t *packet(uint32_t place) {
    return datagram + RTP_BYTES + place * TS_PACKET_BYTES;
}

void stream_init(void) {
    datagram[0] = 0x80;
    datagram[1] = 33; /* MP2T, RFC 3551 */
    ts_pat(packet(PAT));
    ts_pmt(packet(PMT));
    for (uint32_t i = VIDEO; i < PACKETS; i++) {
        ts_more(packet(i), TS_VIDEO_PID, datagram, 0);
    }
}

static void put_counter(uint32_t place, uint32_t counter) {
    uint8_t *const byte = packet(place) + 3;
    *byte = (uint8_t)((*byte & 0xF0u) | (counter & 0x0Fu));
}

const uint8_t *stream_next(void) {
    const uint32_t clock = sent * CLOCK_PERIOD;
    datagram[2] = (uint8_t)(sent >> 8);
    datagram[3] = (uint8_t)sent;
    for (uint32_t i = 0; i < 4; i++) {
        datagram[4 + i] = (uint8_t)(clock >> (24 - 8 * i));
    }
    ts_clock(packet(CLOCK), clock, true);
    put_counter(PAT, sent);
    put_counter(PMT, sent);
    put_counter(CLOCK, sent * VIDEO_PACKETS - 1); /* that of the packet before: no payload here */
    for (uint32_t i = 0; i < VIDEO_PACKETS; i++) {
        put_counter(VIDEO + i, sent * VIDEO_PACKETS + i);
    }
    sent++;
    return datagram;
}
