/* SPDX-License-Identifier: Apache-2.0 */
#include "ts_build.h"

#include <string.h>

static void header(uint8_t *packet, uint16_t pid, uint8_t unit_start, uint8_t control) {
    memset(packet, 0xFF, TS_PACKET_BYTES);
    packet[0] = 0x47;
    packet[1] = (uint8_t)(unit_start | pid >> 8);
    packet[2] = (uint8_t)pid;
    packet[3] = control;
}

void ts_unit(uint8_t *packet, uint16_t pid, const uint8_t *payload, uint32_t bytes) {
    header(packet, pid, 0x40, 0x10);
    memcpy(packet + 4, payload, bytes);
}

void ts_more(uint8_t *packet, uint16_t pid, const uint8_t *payload, uint32_t bytes) {
    header(packet, pid, 0, 0x10);
    memcpy(packet + 4, payload, bytes);
}

void ts_pat(uint8_t *packet) {
    static const uint8_t section[] = {
        0,
        0x00,
        0xB0,
        13,
        0,
        7,
        0xC1,
        0,
        0, /* pointer, PAT in force */
        0,
        TS_PROGRAM,
        0xE0 | TS_PMT_PID >> 8,
        TS_PMT_PID & 0xFF,
        0xAA,
        0xAA,
        0xAA,
        0xAA, /* a CRC nobody checks */
    };
    ts_unit(packet, 0, section, sizeof section);
}

void ts_pmt(uint8_t *packet) {
    static const uint8_t section[] = {
        0,
        0x02,
        0xB0,
        18,
        0,
        TS_PROGRAM,
        0xC1,
        0,
        0,
        0xE0 | TS_VIDEO_PID >> 8,
        TS_VIDEO_PID & 0xFF,
        0xF0,
        0,
        0x1B,
        0xE0 | TS_VIDEO_PID >> 8,
        TS_VIDEO_PID & 0xFF,
        0xF0,
        0,
        0xAA,
        0xAA,
        0xAA,
        0xAA,
    };
    ts_unit(packet, TS_PMT_PID, section, sizeof section);
}

void ts_clock(uint8_t *packet, uint64_t clock, bool random_access) {
    header(packet, TS_VIDEO_PID, 0, 0x20);
    packet[4] = TS_PACKET_BYTES - 5;
    packet[5] = random_access ? 0x50 : 0x10;
    packet[6] = (uint8_t)(clock >> 25);
    packet[7] = (uint8_t)(clock >> 17);
    packet[8] = (uint8_t)(clock >> 9);
    packet[9] = (uint8_t)(clock >> 1);
    packet[10] = (uint8_t)((clock & 1) << 7 | 0x7E);
    packet[11] = 0;
}
