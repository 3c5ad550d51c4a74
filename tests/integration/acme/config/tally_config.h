/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACME_TALLY_CONFIG_H
#define ACME_TALLY_CONFIG_H
/* A zapper: the channel, the one in the small picture, and nothing of WebRTC. */
#define TALLY_SESSIONS      2
#define TALLY_STREAMS       3
#define TALLY_WEBRTC_TRACKS 0
#define TALLY_DEVICE        0
#define TALLY_RECORD_BYTES  1024

#endif
