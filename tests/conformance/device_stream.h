/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFORMANCE_DEVICE_STREAM_H
#define CONFORMANCE_DEVICE_STREAM_H
/* The device's transport, and the peers it knows. */
#include "device.h"

extern const tally_peer_t device_echo;
extern const tally_peer_t device_ending;
extern const tally_peer_t device_refusing;
extern const tally_peer_t device_silent;
extern const tally_peer_t device_unresolved;

void device_stream_boot(device_t *device);

/* A millisecond on the line. */
void device_stream_move(device_t *device);

#endif
