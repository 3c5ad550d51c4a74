/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBRTC_CALL_H
#define WEBRTC_CALL_H
/* Calls: the tracks of each webrtcbin, received and sent. */
#include "instrument.h"

extern const instrument_t instrument_webrtc;

#endif
