/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <stdio.h>
#include <string.h>

enum { FILE_BYTES = 4096, UPLOAD_MS = 30000, HEARTBEAT_MS = 3600000 };

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

/* ---- boot ----------------------------------------------------------------------------------- */

static bool is_ok(int32_t status, const char *what) {
    if (status != TALLY_OK) {
        (void)fprintf(stderr, "proxy: %s: %s\n", what, tally_status_name(status));
    }
    return status == TALLY_OK;
}

static bool open_tls(device_t *device, const char *certs) {
    file_t ca;
    file_t certificate;
    file_t key;
    if (!load(&ca, certs, "ca.pem") || !load(&certificate, certs, "device.pem") ||
        !load(&key, certs, "device.key")) {
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
    tally_posix_tcp_init(&device->tcp, &device->port);
    return is_ok(tally_tls_init(&device->tls, &config, &device->port,
                                tally_posix_tcp_transport(&device->tcp)),
                 "credentials");
}

static bool open_agent(device_t *device, uint16_t port) {
    device->endpoint =
        (tally_endpoint_t){.peer = {.host = "127.0.0.1", .port = port}, .path = "/v1/records"};
    device->options = (tally_options_t){
        .endpoints = &device->endpoint,
        .endpoint_count = 1,
        .device_id = "stb-0001",
        .operator_id = "operator-1",
        .heartbeat_ms = HEARTBEAT_MS,
        .upload_ms = UPLOAD_MS,
    };
    device->options.capabilities[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT);
    device->options.capabilities[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK);
    return is_ok(tally_ram_store_init(&device->ram, device->memory, DEVICE_BLOCK_BYTES,
                                      DEVICE_BLOCKS, 1),
                 "spool") &&
           is_ok(tally_init(&device->agent, &device->options, &device->port,
                            tally_tls_transport(&device->tls), tally_ram_store(&device->ram)),
                 "agent");
}

bool device_boot(device_t *device, const char *certs, uint16_t port) {
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
    if (!open_tls(device, certs)) {
        tally_posix_close(&device->posix);
        return false;
    }
    if (!open_agent(device, port)) {
        device_stop(device);
        return false;
    }
    device->session = tally_hook_open(&device->agent);
    (void)tally_hook_play(&device->agent, device->session);
    (void)tally_hook_first_frame(&device->agent, device->session);
    return true;
}

void device_stop(device_t *device) {
    tally_tls_deinit(&device->tls);
    tally_posix_close(&device->posix);
}

void device_tell(device_t *device, int32_t number) {
    (void)tally_hook_tell(&device->agent, device->session, TALLY_HOOK_ERROR, number, 0);
}
