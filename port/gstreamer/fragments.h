/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FRAGMENTS_H
#define FRAGMENTS_H
/* Instrument of what demuxers of adaptive streaming fetch: fragments, bytes, time, failures. */
#include "instrument.h"

extern const instrument_t instrument_fragments;

#endif
