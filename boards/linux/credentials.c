/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <errno.h>
#include <mbedtls/pem.h>
#include <string.h>
#include <sys/stat.h>

/* Why the file cannot be had; NULL: it is in `out`. */
static const char *load(const char *name, credential_t *out) {
    out->bytes = 0;
    FILE *const in = fopen(name, "re");
    if (in == NULL) {
        return strerror(errno);
    }
    /* Without a buffer of its own: that one could not be wiped. */
    (void)setvbuf(in, NULL, _IONBF, 0);
    const size_t bytes = fread(out->text, 1, sizeof out->text, in);
    const char *const failed = ferror(in) != 0 ? strerror(errno) : NULL;
    (void)fclose(in);
    if (failed != NULL || bytes == 0 || bytes == sizeof out->text) {
        explicit_bzero(out->text, bytes);
        return failed != NULL ? failed : bytes == 0 ? "empty" : "larger than 65535 bytes";
    }
    out->text[bytes] = '\0';
    out->bytes = (uint32_t)bytes + 1;
    return NULL;
}

/* `name` is a member of `config`. Good is also what is not given. */
static bool load_told(const config_t *config, const char *name, credential_t *out, FILE *errors) {
    out->bytes = 0;
    if (name[0] == '\0') {
        return true;
    }
    const char *const why = load(name, out);
    if (why != NULL) {
        config_complain(config, name, errors, name, why);
    }
    return why == NULL;
}

bool credentials_load(credentials_t *credentials, const config_t *config, FILE *errors) {
    bool good = load_told(config, config->ca, &credentials->ca, errors);
    good &= load_told(config, config->certificate, &credentials->certificate, errors);
    good &= load_told(config, config->key, &credentials->key, errors);
    return good;
}

void credentials_fill(const credentials_t *credentials, const config_t *config,
                      tally_tls_config_t *tls) {
    tls->ca = credentials->ca.bytes > 0 ? credentials->ca.text : NULL;
    tls->ca_size = credentials->ca.bytes;
    tls->pins = config->pins.list[0];
    tls->pin_count = config->pins.count;
    tls->certificate = credentials->certificate.text;
    tls->certificate_size = credentials->certificate.bytes;
    tls->key = credentials->key.text;
    tls->key_size = credentials->key.bytes;
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

bool credentials_load_config_key(const config_t *config, uint8_t out[TALLY_VERIFY_KEY_BYTES],
                                 FILE *errors) {
    static credential_t file;
    const char *why = load(config->config_key, &file);
    if (why == NULL && !parse_config_key(file.text, out)) {
        why = "not the PEM of a public key on P-256";
    }
    if (why != NULL) {
        config_complain(config, config->config_key, errors, config->config_key, why);
    }
    return why == NULL;
}

bool credentials_check(const config_t *config, FILE *errors) {
    static credentials_t credentials;
    bool good = credentials_load(&credentials, config, errors);
    credentials_wipe(&credentials);
    good &= load_told(config, config->config_key, &credentials.ca, errors);
    return good;
}

static void stamp(const char *name, uint64_t out[CREDENTIALS_STAMP]) {
    struct stat file;
    memset(out, 0, CREDENTIALS_STAMP * sizeof *out);
    if (name[0] != '\0' && stat(name, &file) == 0) {
        out[0] = file.st_ino;
        out[1] = (uint64_t)file.st_size;
        out[2] = (uint64_t)file.st_mtim.tv_sec;
        out[3] = (uint64_t)file.st_mtim.tv_nsec;
    }
}

void credentials_stamp(const config_t *config, credentials_stamps_t *out) {
    stamp(config->ca, out->list[0]);
    stamp(config->certificate, out->list[1]);
    stamp(config->key, out->list[2]);
    stamp(config->config_key, out->list[3]);
}

bool credentials_changed(const config_t *config, const credentials_stamps_t *before) {
    credentials_stamps_t now = {.list = {{0}}};
    credentials_stamp(config, &now);
    return memcmp(&now, before, sizeof now) != 0;
}

/* What no file filled was never touched, and stays so: a page that is, is memory in use. */
static void wipe(credential_t *credential) {
    explicit_bzero(credential->text, credential->bytes);
    credential->bytes = 0;
}

void credentials_wipe(credentials_t *credentials) {
    wipe(&credentials->ca);
    wipe(&credentials->certificate);
    wipe(&credentials->key);
}
