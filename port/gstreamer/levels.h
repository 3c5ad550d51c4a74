/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEVELS_H
#define LEVELS_H
/* Instrument of demuxers and queues: media stored ahead of the playhead. */
#include "instrument.h"

extern const instrument_t instrument_levels;

#endif
