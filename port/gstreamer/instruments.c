/* SPDX-License-Identifier: Apache-2.0 */
#include "instrument.h"

const instrument_t *const instruments[] = {
    NULL,
};
