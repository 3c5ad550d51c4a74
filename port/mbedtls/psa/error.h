/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_PSA_ERROR_H
#define TALLY_PSA_ERROR_H
/* Mbed TLS asks for this file of a platform's own PSA storage; the errors are those it has. */
#include <psa/crypto_types.h>
#include <psa/crypto_values.h>

#endif
