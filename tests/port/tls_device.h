/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PORT_TLS_DEVICE_H
#define TALLY_TESTS_PORT_TLS_DEVICE_H
/* The device under test: port/posix below port/mbedtls. One at a time, as Mbed TLS is global. */
#include <stdbool.h>
#include <stdint.h>

#include "tally_posix.h"
#include "tally_posix_tcp.h"
#include "tally_tls.h"

typedef struct {
    tally_posix_t posix;
    tally_port_t port; /* posix's, with a random source that can fail and clocks of its own */
    tally_posix_tcp_t tcp;
    tally_tls_t tls;
    const tally_transport_t *transport;
    bool random_fails;
    tally_wall_t wall; /* as tls_device_start() found it in the options; stands still */
    uint64_t boot_ms;  /* of posix's clock: when this boot began */
} tls_device_t;

typedef struct {
    const char *ca;          /* "ca" stands for ca.pem, NULL for none */
    const char *pins[2];     /* "server" stands for server.pin, NULL for none */
    const char *certificate; /* "device" stands for device.pem, NULL for none */
    const char *key;         /* "device" stands for device.key, NULL for `key_id` */
    psa_key_id_t key_id;
    tally_settings_t *settings;
    tally_wall_t wall;
    uint32_t least_unix_s;
    uint32_t heap_bytes;
} tls_device_options_t;

/* A device that is set up correctly. */
extern const tls_device_options_t tls_device_good;

/* What tally_tls_init() returned. After an error there is nothing to stop. */
int32_t tls_device_start(tls_device_t *device, const tls_device_options_t *options);
void tls_device_stop(tls_device_t *device);

/* The transport's calls, repeated until they have something to tell or 10 s are over. */
int32_t tls_device_open(tls_device_t *device, const char *host, uint16_t port);
int32_t tls_device_receive(tls_device_t *device, uint8_t *data, uint32_t size);

/* Opens, sends a line and gets it back reversed, and closes: TALLY_OK or the first error. */
int32_t tls_device_talk(tls_device_t *device, const char *host, uint16_t port);

/* Seconds since 1970. */
typedef struct {
    uint32_t from_s;
    uint32_t to_s;
} tls_dates_t;

/* When a certificate is valid, as OpenSSL reads it: "server" stands for server.pem. */
tls_dates_t tls_dates_of(const char *name);

/* Fails the test unless the transport says so of its last peer. */
void tls_device_expect_dates(const tls_device_t *device, tls_dates_t expected);

#endif
