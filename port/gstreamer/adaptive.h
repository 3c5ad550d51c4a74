/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ADAPTIVE_H
#define ADAPTIVE_H
/* Instrument of demuxers of adaptive streaming: manifest, choice of renditions, throughput. */
#include "instrument.h"

extern const instrument_t instrument_adaptive;

#endif
