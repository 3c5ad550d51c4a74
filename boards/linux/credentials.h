/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H
/* The PEM files of the configuration, read for the moment TLS parses and copies them. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "tally_tls.h"
#include "tally_verify.h"

#define CREDENTIALS_FILE_BYTES 65536u /* with the NUL that the parser wants */

typedef struct {
    uint8_t ca[CREDENTIALS_FILE_BYTES];
    uint8_t certificate[CREDENTIALS_FILE_BYTES];
    uint8_t key[CREDENTIALS_FILE_BYTES];
} credentials_t;

/* Reads the files, points `tls` at them and at the pins of the configuration, which both must
 * outlive it. False, and a line on `errors`, if one cannot be read or is too large. */
bool credentials_load(credentials_t *credentials, const config_t *config, tally_tls_config_t *tls,
                      FILE *errors);

/* Leaves no trace of the key. */
void credentials_wipe(credentials_t *credentials);

/* Reads the public key of remote configuration, PEM of a SubjectPublicKeyInfo on P-256, while a
 * tally_tls_t is initialised. False, and a line on `errors`, if it is not one. */
bool credentials_load_config_key(const char *name, uint8_t out[TALLY_VERIFY_KEY_BYTES],
                                 FILE *errors);

#endif
