/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODECS_H
#define CODECS_H
/* Instrument of parsers, demuxers and decoders: codecs, container, size and rate of the pictures.
 */
#include "instrument.h"

extern const instrument_t instrument_codecs;

#endif
