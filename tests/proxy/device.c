/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <stdio.h>
#include <string.h>

enum { FILE_BYTES = 4096 };

typedef struct {
    uint8_t bytes[FILE_BYTES];
    uint32_t size; /* with the NUL that the PEM parser wants */
} file_t;

static bool load(file_t *file, const char *folder, const char *name) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const stream = fopen(path, "rb");
    if (stream == NULL) {
        (void)fprintf(stderr, "proxy: cannot read %s\n", path);
        return false;
    }
    file->size = (uint32_t)fread(file->bytes, 1, FILE_BYTES - 1, stream);
    file->bytes[file->size++] = '\0';
    (void)fclose(stream);
    return true;
}

/* ---- the port ------------------------------------------------------------------------------- */

static uint64_t skipping_monotonic_ms(void *ctx) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    return port->monotonic_ms(port->ctx) + device->ahead_ms;
}

static tally_wall_t skipping_wall(void *ctx) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    tally_wall_t wall = port->wall(port->ctx);
    wall.unix_ms += (int64_t)device->ahead_ms;
    return wall;
}

static void skipping_set_wall(void *ctx, int64_t unix_ms) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    port->set_wall(port->ctx, unix_ms - (int64_t)device->ahead_ms);
}

static int32_t random_of_posix(void *ctx, uint8_t *out, uint32_t size) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    return port->random(port->ctx, out, size);
}

static uint32_t critical_enter_of_posix(void *ctx) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    return port->critical_enter(port->ctx);
}

static void critical_leave_of_posix(void *ctx, uint32_t state) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    port->critical_leave(port->ctx, state);
}

static void wake_of_posix(void *ctx) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    port->wake(port->ctx);
}

static void log_of_posix(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                         int32_t value) {
    const device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    port->log(port->ctx, level, id, text, value);
}

void device_skip(device_t *device, uint64_t ms) {
    device->ahead_ms += ms;
}

/* ---- counting transports -------------------------------------------------------------------- */

static int32_t counted_open(void *ctx, const tally_peer_t *peer) {
    device_counted_t *const counted = ctx;
    const int32_t status = counted->lower->open(counted->lower->ctx, peer);
    counted->transport.valid_from_s = counted->lower->valid_from_s;
    counted->transport.valid_to_s = counted->lower->valid_to_s;
    return status;
}

static int32_t counted_send(void *ctx, const uint8_t *data, uint32_t size) {
    device_counted_t *const counted = ctx;
    const int32_t sent = counted->lower->send(counted->lower->ctx, data, size);
    counted->sent += sent > 0 ? (uint32_t)sent : 0;
    return sent;
}

static int32_t counted_receive(void *ctx, uint8_t *data, uint32_t size) {
    device_counted_t *const counted = ctx;
    const int32_t got = counted->lower->receive(counted->lower->ctx, data, size);
    counted->received += got > 0 ? (uint32_t)got : 0;
    return got;
}

static void counted_close(void *ctx) {
    const device_counted_t *const counted = ctx;
    counted->lower->close(counted->lower->ctx);
}

static const tally_transport_t *count(device_counted_t *counted, const tally_transport_t *lower) {
    *counted = (device_counted_t){
        .transport =
            {
                .ctx = counted,
                .is_authenticated = lower->is_authenticated,
                .open = counted_open,
                .send = counted_send,
                .receive = counted_receive,
                .close = counted_close,
            },
        .lower = lower,
    };
    return &counted->transport;
}

/* ---- boot ----------------------------------------------------------------------------------- */

static bool is_ok(int32_t status, const char *what) {
    if (status != TALLY_OK) {
        (void)fprintf(stderr, "proxy: %s: %s\n", what, tally_status_name(status));
    }
    return status == TALLY_OK;
}

static bool open_tls(device_t *device) {
    file_t ca;
    file_t certificate;
    file_t key;
    if (!load(&ca, device->certs, "ca.pem") || !load(&certificate, device->certs, "device.pem") ||
        !load(&key, device->certs, "device.key")) {
        return false;
    }
    const tally_tls_config_t config = {
        .ca = ca.bytes,
        .ca_size = ca.size,
        .certificate = certificate.bytes,
        .certificate_size = certificate.size,
        .key = key.bytes,
        .key_size = key.size,
        .heap = device->heap,
        .heap_bytes = sizeof device->heap,
    };
    return is_ok(tally_tls_init(&device->tls, &config, &device->port, &device->wire.transport),
                 "credentials");
}

static bool open_agent(device_t *device, const device_setup_t *setup) {
    device->endpoint = (tally_endpoint_t){
        .peer = {.host = setup->host != NULL ? setup->host : "127.0.0.1", .port = setup->port},
        .path = "/v1/records",
    };
    device->options = (tally_options_t){
        .endpoints = &device->endpoint,
        .endpoint_count = 1,
        .device_id = "stb-0001",
        .operator_id = "operator-1",
        .heartbeat_ms = setup->heartbeat_ms,
        .upload_ms = setup->upload_ms,
    };
    memcpy(device->options.capabilities, setup->capabilities, sizeof setup->capabilities);
    const tally_transport_t *const lower =
        setup->transport != NULL ? setup->transport : tally_tls_transport(&device->tls);
    return is_ok(tally_ram_store_init(&device->ram, setup->memory, DEVICE_BLOCK_BYTES,
                                      setup->blocks, 1),
                 "spool") &&
           is_ok(tally_init(&device->agent, &device->options, &device->port,
                            count(&device->clear, lower), tally_ram_store(&device->ram)),
                 "agent");
}

static void play(device_t *device) {
    device->session = tally_hook_open(&device->agent);
    (void)tally_hook_play(&device->agent, device->session);
    (void)tally_hook_first_frame(&device->agent, device->session);
}

bool device_boot(device_t *device, const device_setup_t *setup) {
    memset(device, 0, sizeof *device);
    if (!is_ok(tally_posix_init(&device->posix, TALLY_LOG_ERROR), "system")) {
        return false;
    }
    device->port = (tally_port_t){
        .ctx = device,
        .monotonic_ms = skipping_monotonic_ms,
        .wall = skipping_wall,
        .set_wall = skipping_set_wall,
        .random = random_of_posix,
        .critical_enter = critical_enter_of_posix,
        .critical_leave = critical_leave_of_posix,
        .wake = wake_of_posix,
        .log = log_of_posix,
    };
    device->certs = setup->certs;
    tally_posix_tcp_init(&device->tcp, &device->port);
    (void)count(&device->wire, tally_posix_tcp_transport(&device->tcp));
    if (setup->transport == NULL && !open_tls(device)) {
        tally_posix_close(&device->posix);
        return false;
    }
    if (!open_agent(device, setup)) {
        return false;
    }
    play(device);
    return true;
}

bool device_forget(device_t *device) {
    tally_tls_deinit(&device->tls);
    return open_tls(device);
}

void device_stop(device_t *device) {
    if (device->tls.lower != NULL) {
        tally_tls_deinit(&device->tls);
    }
    tally_posix_close(&device->posix);
}
