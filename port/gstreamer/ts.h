/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_H
#define TS_H
/* MPEG transport streams that come as they were sent, by a network or a tuner: for the first
 * tsparse or tsdemux behind a live source a stream of group TS. One that is fetched has no arrivals
 * worth measuring, and is left alone. */
#include "instrument.h"

extern const instrument_t instrument_ts;

#endif
