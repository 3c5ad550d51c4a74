/* SPDX-License-Identifier: Apache-2.0 */
#include "rtcp.h"

#define HEADER_BYTES 4u
#define SOURCE_BYTES 4u
#define TYPE_BYE     203u

static uint32_t read_be32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

bool rtcp_is_rtcp(const uint8_t *datagram, uint32_t bytes) {
    return bytes >= HEADER_BYTES && (datagram[0] & 0xC0u) == 0x80u && datagram[1] >= 192 &&
           datagram[1] <= 223;
}

/* A BYE names as many sources as its count says, as far as its length goes. */
static bool names(const uint8_t *packet, uint32_t bytes, uint32_t ssrc) {
    const uint32_t named = HEADER_BYTES + SOURCE_BYTES * (packet[0] & 0x1Fu);
    const uint32_t end = named < bytes ? named : bytes;
    for (uint32_t at = HEADER_BYTES; at + SOURCE_BYTES <= end; at += SOURCE_BYTES) {
        if (read_be32(packet + at) == ssrc) {
            return true;
        }
    }
    return false;
}

bool rtcp_says_bye(const uint8_t *datagram, uint32_t bytes, uint32_t ssrc) {
    uint32_t at = 0;
    /* A compound of packets, each a whole number of words long. */
    while (rtcp_is_rtcp(datagram + at, bytes - at)) {
        const uint8_t *const packet = datagram + at;
        const uint32_t length = HEADER_BYTES * (1u + ((uint32_t)packet[2] << 8 | packet[3]));
        if (length > bytes - at) {
            return false;
        }
        if (packet[1] == TYPE_BYE && names(packet, length, ssrc)) {
            return true;
        }
        at += length;
    }
    return false;
}
