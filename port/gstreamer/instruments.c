/* SPDX-License-Identifier: Apache-2.0 */
#include "arrival.h"
#include "instrument.h"
#include "rtp.h"
#include "ts.h"
#include "webrtc_call.h"

const instrument_t *const instruments[] = {
    &instrument_arrival, &instrument_rtp, &instrument_ts, &instrument_webrtc, NULL,
};
