/* SPDX-License-Identifier: Apache-2.0 */
/* The zapper on Linux with all of tally's ports: its records reach the collector over TLS. */
#include <stdio.h>
#include <tally/state.h>

#include "provision.h"
#include "tally_posix.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_tls.h"

#define GIVE_UP_MS 60000u

static tally_t agent;
static tally_posix_t posix;
static tally_posix_tcp_t tcp;
static tally_tls_t tls;
static tally_ram_store_t ram;
static uint8_t memory[16 * 4096];
static uint8_t tls_heap[32768];

static bool start(void) {
    static tally_endpoint_t collector;
    collector = (tally_endpoint_t){{provision.host, provision.port}, provision.path};
    static tally_options_t options;
    options = (tally_options_t){
        .endpoints = &collector,
        .endpoint_count = 1,
        .device_id = provision.device_id,
        .operator_id = provision.operator_id,
        .upload_ms = provision.upload_ms,
        .capabilities =
            {[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK), [TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT)},
    };
    const tally_tls_config_t credentials = {
        .ca = provision.ca,
        .ca_size = provision.ca_bytes,
        .certificate = provision.certificate,
        .certificate_size = provision.certificate_bytes,
        .key = provision.key,
        .key_size = provision.key_bytes,
        .heap = tls_heap,
        .heap_bytes = sizeof tls_heap,
    };
    tally_posix_init(&posix, TALLY_LOG_INFO);
    const tally_port_t *const port = tally_posix_port(&posix);
    tally_posix_tcp_init(&tcp, port);
    tally_ram_store_init(&ram, memory, 4096, 16, 1);
    return tally_tls_init(&tls, &credentials, port, tally_posix_tcp_transport(&tcp)) == TALLY_OK &&
           tally_init(&agent, &options, port, tally_tls_transport(&tls), tally_ram_store(&ram)) ==
               TALLY_OK;
}

int main(void) {
    if (!start()) {
        return 1;
    }
    const tally_session_id_t film = tally_hook_open(&agent);
    tally_hook_play(&agent, film);
    tally_hook_first_frame(&agent, film);
    tally_hook_close(&agent, film, TALLY_STOP_USER);
    (void)tally_step(&agent);
    printf("records waiting: %u\n", (unsigned)tally_pending(&agent));

    tally_flush(&agent);
    const tally_port_t *const port = tally_posix_port(&posix);
    const uint64_t began_ms = port->monotonic_ms(port->ctx);
    while (tally_pending(&agent) > 0 && port->monotonic_ms(port->ctx) < began_ms + GIVE_UP_MS) {
        const uint32_t wait_ms = tally_step(&agent);
        struct pollfd ready = tally_posix_tcp_poll(&tcp);
        (void)tally_posix_wait(&posix, wait_ms < 1000 ? wait_ms : 1000, &ready, 1);
    }
    printf("records waiting: %u\n", (unsigned)tally_pending(&agent));
    return tally_pending(&agent) == 0 ? 0 : 1;
}
