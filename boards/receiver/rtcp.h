/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCP_H
#define RTCP_H
/* The one thing a receiver must know of RTCP: that a source says it ends (RFC 3550 6.6). */
#include <stdbool.h>
#include <stdint.h>

/* Whether a datagram of the stream's port is RTCP: packet types 192 to 223 (RFC 5761 4). */
bool rtcp_is_rtcp(const uint8_t *datagram, uint32_t bytes);

/* Whether an RTCP datagram of any content has a BYE of the source `ssrc`. */
bool rtcp_says_bye(const uint8_t *datagram, uint32_t bytes, uint32_t ssrc);

#endif
