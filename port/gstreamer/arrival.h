/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARRIVAL_H
#define ARRIVAL_H
/*
 * When a packet arrived. A udpsrc stamps its buffers when it gets to read them, which is when the
 * scheduler let it; the kernel knows when the network delivered them. So the kernel is asked for
 * each datagram as it leaves its udpsrc, and what is asked further down the same thread finds it.
 */
#include <gst/gst.h>
#include <stdint.h>

#include "instrument.h"

/* A stream has one clock, chosen by its first packet: arrivals are only compared. */
enum arrival_clock {
    ARRIVAL_UNKNOWN = 0,
    ARRIVAL_KERNEL,  /* CLOCK_MONOTONIC */
    ARRIVAL_RUNNING, /* running time, by the buffers' DTS: interleaved in RTSP, or behind a queue */
};

typedef struct {
    enum arrival_clock clock;
    uint32_t last_us;
} arrival_t;

/* Microseconds, which wrap; `state` is zeroed before the first packet. Streaming thread. */
uint32_t arrival_us(arrival_t *state, const GstBuffer *buffer);

/* For udpsrc. */
extern const instrument_t instrument_arrival;

#endif
