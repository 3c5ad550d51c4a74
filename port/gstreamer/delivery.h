/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_H
#define DELIVERY_H
/* Instrument of sources and decryptors: how the media arrives, from where, and how it is protected.
 */
#include "instrument.h"

extern const instrument_t instrument_delivery;

#endif
