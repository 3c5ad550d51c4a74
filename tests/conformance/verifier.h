/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFORMANCE_VERIFIER_H
#define CONFORMANCE_VERIFIER_H
/* port/mbedtls as the device's verifier. The kit asks the same again at each run: the answers are
 * kept. */
#include "tally/port.h"

/* Starts Mbed TLS. Once in a program. */
tally_verifier_t conformance_verifier(void);

#endif
