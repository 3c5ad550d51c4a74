/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <errno.h>
#include <mbedtls/pem.h>
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
    const bool has_ca = config->ca[0] != '\0';
    tls->ca = has_ca ? credentials->ca : NULL;
    tls->ca_size = has_ca ? load(config->ca, credentials->ca, errors) : 0;
    tls->pins = config->pins.list[0];
    tls->pin_count = config->pins.count;
    tls->certificate = credentials->certificate;
    tls->certificate_size = load(config->certificate, credentials->certificate, errors);
    tls->key = credentials->key;
    tls->key_size = load(config->key, credentials->key, errors);
    return (tls->ca_size > 0) == has_ca && tls->certificate_size > 0 && tls->key_size > 0;
}

/* A SubjectPublicKeyInfo (RFC 5480 2) of a point on P-256 that is not compressed has these bytes,
 * and the point. */
static const uint8_t p256_heads[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                     0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                     0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static bool parse_config_key(const uint8_t *text, uint8_t out[TALLY_VERIFY_KEY_BYTES]) {
    mbedtls_pem_context pem;
    size_t used = 0;
    size_t bytes = 0;
    mbedtls_pem_init(&pem);
    const int ret = mbedtls_pem_read_buffer(&pem, "-----BEGIN PUBLIC KEY-----",
                                            "-----END PUBLIC KEY-----", text, NULL, 0, &used);
    const uint8_t *const der = ret == 0 ? mbedtls_pem_get_buffer(&pem, &bytes) : NULL;
    const bool is_key = der != NULL && bytes == sizeof p256_heads + TALLY_VERIFY_KEY_BYTES &&
                        memcmp(der, p256_heads, sizeof p256_heads) == 0;
    if (is_key) {
        memcpy(out, der + sizeof p256_heads, TALLY_VERIFY_KEY_BYTES);
    }
    mbedtls_pem_free(&pem);
    return is_key;
}

bool credentials_load_config_key(const char *name, uint8_t out[TALLY_VERIFY_KEY_BYTES],
                                 FILE *errors) {
    static uint8_t text[CREDENTIALS_FILE_BYTES];
    if (load(name, text, errors) == 0) {
        return false;
    }
    const bool is_key = parse_config_key(text, out);
    if (!is_key) {
        say(errors, "tallyd: %s: not the PEM of a public key on P-256\n", name);
    }
    return is_key;
}

void credentials_wipe(credentials_t *credentials) {
    explicit_bzero(credentials, sizeof *credentials);
}
