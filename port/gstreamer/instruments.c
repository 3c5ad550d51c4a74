/* SPDX-License-Identifier: Apache-2.0 */
#include "adaptive.h"
#include "codecs.h"
#include "delivery.h"
#include "fragments.h"
#include "instrument.h"
#include "levels.h"
#include "pictures.h"

const instrument_t *const instruments[] = {
    &instrument_adaptive,
    &instrument_codecs,
    &instrument_delivery,
    &instrument_fragments,
    &instrument_levels,
    &instrument_pictures,
    NULL,
};
