/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_VERIFY_H
#define TALLY_VERIFY_H
/*
 * A tally_verifier_t over PSA, for remote configuration. It needs the memory of an initialised
 * tally_tls_t, from tally_tls_init() to tally_tls_deinit(): README.md says how much.
 */
#include <stdint.h>

#include "tally/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TALLY_VERIFY_KEY_BYTES = 65 };

typedef struct {
    tally_verifier_t verifier;
    const uint8_t *key;
} tally_verify_t;

/*
 * Makes a verifier with a public key on P-256: 0x04, x, y. Returns 0, TALLY_E_ARGUMENT for a NULL,
 * or TALLY_E_CONFIG for a key that does not begin with 0x04. Agent task or before it. Does not
 * block. `verify` must not move; it and the key live as long as the agent.
 *
 * Besides what port.h says, verify() returns TALLY_E_TLS_MEMORY when the heap did not suffice and
 * TALLY_E_STATE when no tally_tls_t is initialised. A key that is no point of the curve verifies
 * nothing: TALLY_E_SIGNATURE.
 */
int32_t tally_verify_init(tally_verify_t *verify, const uint8_t key[TALLY_VERIFY_KEY_BYTES]);

/* The verifier for tally_init(). Valid as long as `verify`. */
const tally_verifier_t *tally_verify_verifier(const tally_verify_t *verify);

#ifdef __cplusplus
}
#endif

#endif
