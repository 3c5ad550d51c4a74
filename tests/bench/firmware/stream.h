/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_H
#define STREAM_H
/* A live channel made on the spot: 5.3 Mbit/s of MPEG-TS in RTP, a datagram every 2 ms. */
#include <stdint.h>

#define STREAM_DATAGRAM_BYTES 1328u
#define STREAM_PERIOD_MS      2u

void stream_init(void);

/* The next datagram; it lies there until the next call. */
const uint8_t *stream_next(void);

#endif
