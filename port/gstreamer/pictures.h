/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PICTURES_H
#define PICTURES_H
/* Instrument of video sinks: what reaches the screen. */
#include "instrument.h"

extern const instrument_t instrument_pictures;

#endif
