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
    uint32_t bytes; /* with the NUL; 0: none was read */
    uint8_t text[CREDENTIALS_FILE_BYTES];
} credential_t;

typedef struct {
    credential_t ca;
    credential_t certificate;
    credential_t key;
} credentials_t;

/* Reads the files. False, and a line on `errors` for each that cannot be read or is too large. */
bool credentials_load(credentials_t *credentials, const config_t *config, FILE *errors);

/* Points `tls` at what was loaded and at the pins of the configuration, which both must outlive
 * it. */
void credentials_fill(const credentials_t *credentials, const config_t *config,
                      tally_tls_config_t *tls);

/* Whether all files can be read, that of remote configuration's key included; a line on `errors`
 * for each that cannot. What is in them only a tally_tls_t can tell. */
bool credentials_check(const config_t *config, FILE *errors);

/* By which a file that was replaced is known: for each of the four. */
enum { CREDENTIALS_STAMP = 4 };
typedef struct {
    uint64_t list[4][CREDENTIALS_STAMP];
} credentials_stamps_t;

void credentials_stamp(const config_t *config, credentials_stamps_t *out);
bool credentials_changed(const config_t *config, const credentials_stamps_t *before);

/* Leaves no trace of the key. */
void credentials_wipe(credentials_t *credentials);

/* Reads the public key of remote configuration, PEM of a SubjectPublicKeyInfo on P-256, while a
 * tally_tls_t is initialised. False, and a line on `errors`, if it is not one. */
bool credentials_load_config_key(const config_t *config, uint8_t out[TALLY_VERIFY_KEY_BYTES],
                                 FILE *errors);

#endif
