/* SPDX-License-Identifier: Apache-2.0 */
/* What every_call.c works on, in a file of its own so that no compiler knows it. */
#include "tally/state.h"
#include "tally/tally.h"

tally_t agent;
tally_rtp_t rtp;
tally_ts_t ts;
tally_frames_t frames;
tally_webrtc_t track;
extern const tally_options_t options;
extern const tally_port_t port;
extern const tally_device_t sample;
extern const tally_transport_t transport;
extern const tally_store_t store;
const tally_options_t options = {.heartbeat_ms = 1000};
const tally_port_t port = {0};
const tally_device_t sample = {0};
const tally_transport_t transport = {0};
const tally_store_t store = {0};
volatile int32_t sink;
uint8_t packet[188];
