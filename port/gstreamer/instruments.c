/* SPDX-License-Identifier: Apache-2.0 */
#include "adaptive.h"
#include "arrival.h"
#include "codecs.h"
#include "delivery.h"
#include "fragments.h"
#include "instrument.h"
#include "levels.h"
#include "pictures.h"
#include "rtp.h"
#include "ts.h"
#include "webrtc_call.h"

const instrument_t *const instruments[] = {
    &instrument_adaptive,
    &instrument_arrival,
    &instrument_codecs,
    &instrument_delivery,
    &instrument_fragments,
    &instrument_levels,
    &instrument_pictures,
    &instrument_rtp,
    &instrument_ts,
    &instrument_webrtc,
    NULL,
};
