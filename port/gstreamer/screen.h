/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCREEN_H
#define SCREEN_H
/* Instrument of video sinks: what reaches the screen. */
#include "instrument.h"

extern const instrument_t instrument_screen;

#endif
