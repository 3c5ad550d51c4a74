/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PROXY_DEVICE_H
#define TALLY_TESTS_PROXY_DEVICE_H
/*
 * The device behind the relay: the agent, port/mbedtls, port/posix, and a clock that a test puts
 * forward instead of waiting. One a program, as Mbed TLS is global.
 */
#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "tally_posix.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_tls.h"

enum { DEVICE_BLOCK_BYTES = 4096, DEVICE_BLOCKS = 32, DEVICE_HEAP_BYTES = 131072 };

typedef struct {
    tally_t agent;
    tally_endpoint_t endpoint;
    tally_options_t options;
    tally_posix_t posix;
    tally_port_t port; /* posix's, with the clock put forward */
    uint64_t ahead_ms;
    tally_posix_tcp_t tcp;
    tally_tls_t tls;
    tally_ram_store_t ram;
    tally_session_id_t session;
    uint8_t memory[DEVICE_BLOCKS * DEVICE_BLOCK_BYTES];
    _Alignas(8) uint8_t heap[DEVICE_HEAP_BYTES];
} device_t;

/* Boots, with the credentials in `certs`, and begins a session. False with a line on stderr. */
bool device_boot(device_t *device, const char *certs, uint16_t port);
void device_stop(device_t *device);

/* Makes one record, which tells `number` and is urgent. */
void device_tell(device_t *device, int32_t number);

/* That much later. */
void device_skip(device_t *device, uint64_t ms);

#endif
