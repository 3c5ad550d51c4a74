/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BUILD_H
#define TS_BUILD_H
/* Transport packets made by hand: TS_PACKET_BYTES each, stuffed with 0xFF. */
#include <stdbool.h>
#include <stdint.h>

#define TS_PACKET_BYTES 188u
#define TS_PMT_PID      0x100u
#define TS_VIDEO_PID    0x101u
#define TS_PROGRAM      1u

/* A packet with `bytes` of payload that begins a unit. */
void ts_unit(uint8_t *packet, uint16_t pid, const uint8_t *payload, uint32_t bytes);

/* A packet that goes on with a unit. */
void ts_more(uint8_t *packet, uint16_t pid, const uint8_t *payload, uint32_t bytes);

/* Program TS_PROGRAM has its PMT in TS_PMT_PID. */
void ts_pat(uint8_t *packet);

/* One H.264 stream in TS_VIDEO_PID, which carries the PCR too. */
void ts_pmt(uint8_t *packet);

/* A packet of TS_VIDEO_PID without payload; the clock is the base of its PCR. */
void ts_clock(uint8_t *packet, uint64_t clock, bool random_access);

#endif
