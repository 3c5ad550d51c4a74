/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PROXY_DEVICE_H
#define TALLY_TESTS_PROXY_DEVICE_H
/*
 * A device for tests and measurements: the agent, port/mbedtls, port/posix, and a clock that is put
 * forward instead of waiting. One a program, as Mbed TLS is global.
 */
#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "tally_posix.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_tls.h"

enum { DEVICE_BLOCK_BYTES = 4096, DEVICE_HEAP_BYTES = 131072 };

typedef struct {
    const char *certs;                  /* folder of ca.pem, device.pem and device.key */
    const tally_transport_t *transport; /* in the place of TLS and TCP; NULL: both */
    const char *host;                   /* of the collector; NULL: 127.0.0.1 */
    uint16_t port;
    uint32_t upload_ms;
    uint32_t heartbeat_ms;
    uint64_t capabilities[TALLY_GROUPS];
    uint8_t *memory; /* of the spool */
    uint32_t blocks;
} device_setup_t;

/* A transport that counts what goes through it. */
typedef struct {
    tally_transport_t transport;
    const tally_transport_t *lower;
    uint64_t sent;
    uint64_t received;
} device_counted_t;

typedef struct {
    tally_t agent;
    tally_endpoint_t endpoint;
    tally_options_t options;
    tally_posix_t posix;
    tally_port_t port; /* posix's, with the clock put forward */
    uint64_t ahead_ms;
    const char *certs;
    tally_posix_tcp_t tcp;
    device_counted_t wire; /* TCP */
    tally_tls_t tls;
    device_counted_t clear; /* what the agent says and hears */
    tally_ram_store_t ram;
    tally_session_id_t session;
    _Alignas(8) uint8_t heap[DEVICE_HEAP_BYTES];
} device_t;

/* Boots, and begins a session that plays. False with a line on stderr. */
bool device_boot(device_t *device, const device_setup_t *setup);
void device_stop(device_t *device);

/* Begins TLS anew: no session is left to be resumed. No connection may be open. */
bool device_forget(device_t *device);

/* That much later. */
void device_skip(device_t *device, uint64_t ms);

#endif
