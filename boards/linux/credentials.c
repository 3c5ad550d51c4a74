/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <errno.h>
#include <string.h>

#include "say.h"

/* The size with the NUL, or 0. */
static uint32_t load(const char *name, uint8_t *out, FILE *errors) {
    FILE *const in = fopen(name, "re");
    if (in == NULL) {
        say(errors, "tallyd: %s: %s\n", name, strerror(errno));
        return 0;
    }
    /* Without a buffer of its own: that one could not be wiped. */
    (void)setvbuf(in, NULL, _IONBF, 0);
    const size_t bytes = fread(out, 1, CREDENTIALS_FILE_BYTES, in);
    const bool failed = ferror(in) != 0;
    (void)fclose(in);
    if (failed || bytes == 0 || bytes == CREDENTIALS_FILE_BYTES) {
        say(errors, "tallyd: %s: %s\n", name,
            failed       ? "cannot be read"
            : bytes == 0 ? "empty"
                         : "larger than 65535 bytes");
        return 0;
    }
    out[bytes] = '\0';
    return (uint32_t)bytes + 1;
}

bool credentials_load(credentials_t *credentials, const config_t *config, tally_tls_config_t *tls,
                      FILE *errors) {
    tls->ca = credentials->ca;
    tls->ca_size = load(config->ca, credentials->ca, errors);
    tls->certificate = credentials->certificate;
    tls->certificate_size = load(config->certificate, credentials->certificate, errors);
    tls->key = credentials->key;
    tls->key_size = load(config->key, credentials->key, errors);
    return tls->ca_size > 0 && tls->certificate_size > 0 && tls->key_size > 0;
}

void credentials_wipe(credentials_t *credentials) {
    explicit_bzero(credentials, sizeof *credentials);
}
