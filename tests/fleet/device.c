/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <string.h>

enum { PEM_BYTES = 4096, ENTRY_HEADER_BYTES = 8, FIRST_TAG_OF_NO_RECORD = 0x80 };

/* --- time ---------------------------------------------------------------------------------- */

uint64_t device_real_age_ms(const device_t *device) {
    const tally_port_t *const port = tally_posix_port(&device->posix);
    return port->monotonic_ms(port->ctx) - device->booted_ms;
}

uint64_t device_age_ms(const device_t *device) {
    const uint64_t age_ms = device_real_age_ms(device);
    return age_ms < device->due_ms ? age_ms : device->due_ms;
}

static uint64_t scripted_monotonic_ms(void *ctx) {
    const device_t *const device = ctx;
    return device->booted_ms + device_age_ms(device);
}

static tally_wall_t scripted_wall(void *ctx) {
    const device_t *const device = ctx;
    tally_wall_t wall = device->wall_at_boot;
    wall.unix_ms += (int64_t)device_age_ms(device);
    return wall;
}

static void scripted_set_wall(void *ctx, int64_t unix_ms) {
    device_t *const device = ctx;
    device->wall_at_boot = (tally_wall_t){.unix_ms = unix_ms - (int64_t)device_age_ms(device),
                                          .quality = TALLY_WALL_AUTHENTICATED};
}

static bool begin_time(device_t *device) {
    if (tally_posix_init(&device->posix, TALLY_LOG_INFO) != TALLY_OK) {
        perror("device: system");
        return false;
    }
    const tally_port_t *const port = tally_posix_port(&device->posix);
    device->port = *port;
    device->port.monotonic_ms = scripted_monotonic_ms;
    device->port.wall = scripted_wall;
    device->port.set_wall = scripted_set_wall;
    device->booted_ms = port->monotonic_ms(port->ctx);
    device->began_unix_ms = port->wall(port->ctx).unix_ms;
    device->wall_at_boot =
        (tally_wall_t){.unix_ms = device->began_unix_ms + device->setup.wall_off_ms,
                       .quality = device->setup.wall_quality};
    return true;
}

/* --- the book ------------------------------------------------------------------------------ */

/* Of an entry as SPEC.md frames it: 2 bytes of length, the tag, 5 of checks, the payload. */
static int32_t noting_program(void *ctx, uint32_t block, uint32_t offset, const uint8_t *data,
                              uint32_t size) {
    device_t *const device = ctx;
    const tally_store_t *const ram = tally_ram_store(&device->ram);
    if (size > ENTRY_HEADER_BYTES && data[2] != 0 && data[2] < FIRST_TAG_OF_NO_RECORD) {
        const uint32_t bytes = data[0] | (uint32_t)data[1] << 8;
        (void)fwrite(data + ENTRY_HEADER_BYTES, 1, bytes, device->ledger);
        device->made++;
    }
    return ram->program(ram->ctx, block, offset, data, size);
}

static int32_t noting_read(void *ctx, uint32_t block, uint32_t offset, uint8_t *out,
                           uint32_t size) {
    const device_t *const device = ctx;
    const tally_store_t *const ram = tally_ram_store(&device->ram);
    return ram->read(ram->ctx, block, offset, out, size);
}

static int32_t noting_erase(void *ctx, uint32_t block) {
    const device_t *const device = ctx;
    const tally_store_t *const ram = tally_ram_store(&device->ram);
    return ram->erase(ram->ctx, block);
}

static int32_t noting_sync(void *ctx) {
    const device_t *const device = ctx;
    const tally_store_t *const ram = tally_ram_store(&device->ram);
    return ram->sync(ram->ctx);
}

static bool open_spool(device_t *device) {
    device->ledger = fopen(device->setup.ledger, "wb");
    if (device->ledger == NULL) {
        perror(device->setup.ledger);
        return false;
    }
    memset(device->spool, 0xFF, sizeof device->spool);
    (void)tally_ram_store_init(&device->ram, device->spool, DEVICE_BLOCK_BYTES, DEVICE_BLOCKS, 1);
    device->store = *tally_ram_store(&device->ram);
    device->store.ctx = device;
    device->store.read = noting_read;
    device->store.program = noting_program;
    device->store.erase = noting_erase;
    device->store.sync = noting_sync;
    return true;
}

/* --- the line out -------------------------------------------------------------------------- */

/* PEM with its NUL; its size, or 0. */
static uint32_t load(const char *folder, const char *name, const char *suffix,
                     uint8_t out[PEM_BYTES]) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *const in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        return 0;
    }
    const size_t bytes = fread(out, 1, PEM_BYTES - 1, in);
    (void)fclose(in);
    out[bytes] = '\0';
    return (uint32_t)bytes + 1;
}

static bool is_ok(int32_t status, const char *what) {
    if (status != TALLY_OK) {
        (void)fprintf(stderr, "device: %s: %s\n", what, tally_status_name(status));
    }
    return status == TALLY_OK;
}

static bool open_tls(device_t *device) {
    static uint8_t ca[PEM_BYTES];
    static uint8_t certificate[PEM_BYTES];
    static uint8_t key[PEM_BYTES];
    const char *const folder = device->setup.certificates;
    const char *const name = device->setup.agent.device_id;
    const tally_tls_config_t config = {
        .ca = ca,
        .ca_size = load(folder, "ca", ".pem", ca),
        .certificate = certificate,
        .certificate_size = load(folder, name, ".pem", certificate),
        .key = key,
        .key_size = load(folder, name, ".key", key),
        .heap = device->heap,
        .heap_bytes = sizeof device->heap,
    };
    if (config.ca_size == 0 || config.certificate_size == 0 || config.key_size == 0) {
        return false;
    }
    tally_posix_tcp_init(&device->tcp, &device->port);
    return is_ok(tally_tls_init(&device->tls, &config, &device->port,
                                tally_posix_tcp_transport(&device->tcp)),
                 "credentials");
}

static const uint64_t capabilities[TALLY_GROUPS] = {
    [TALLY_G_BOOT] = TALLY_CAN(BOOT, DEVICE_MODEL) | TALLY_CAN(BOOT, DEVICE_TYPE) |
                     TALLY_CAN(BOOT, FIRMWARE) | TALLY_CAN(BOOT, AGENT_VERSION) |
                     TALLY_CAN(BOOT, OS) | TALLY_CAN(BOOT, RESET_REASON) |
                     TALLY_CAN(BOOT, REGISTRY_HASH) | TALLY_CAN(BOOT, SOC),
    [TALLY_G_DIMENSION] = TALLY_CAN_ALL(DIMENSION) & ~TALLY_CAN(DIMENSION, SESSION_ID),
    [TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT),
    [TALLY_G_FRAMES] = TALLY_CAN(FRAMES, FRAMES_RECEIVED) | TALLY_CAN(FRAMES, FRAMES_DECODED) |
                       TALLY_CAN(FRAMES, KEY_FRAMES_DECODED) | TALLY_CAN(FRAMES, FRAMES_RENDERED) |
                       TALLY_CAN(FRAMES, FRAMES_DROPPED) | TALLY_CAN(FRAMES, FREEZES) |
                       TALLY_CAN(FRAMES, FREEZE_TIME),
    [TALLY_G_VIEWING] = TALLY_CAN_ALL(VIEWING),
    [TALLY_G_HISTOGRAM] = TALLY_CAN_ALL(HISTOGRAM),
    [TALLY_G_ADS] = TALLY_CAN_ALL(ADS),
    [TALLY_G_LEVEL] = TALLY_CAN(LEVEL, BUFFER_LENGTH) | TALLY_CAN(LEVEL, BANDWIDTH) |
                      TALLY_CAN(LEVEL, VIDEO_BITRATE) | TALLY_CAN(LEVEL, LATENCY),
    [TALLY_G_MEDIA] = TALLY_CAN_ALL(MEDIA),
    [TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK),
    [TALLY_G_RTP] = TALLY_CAN_ALL(RTP),
    [TALLY_G_TS] = TALLY_CAN_ALL(TS),
    [TALLY_G_DEVICE] = DEVICE_SAMPLED,
    [TALLY_G_SINCE] = TALLY_CAN_ALL(SINCE),
};

static bool open_agent(device_t *device) {
    tally_options_t *const options = &device->setup.agent;
    options->endpoints = &device->setup.endpoint;
    options->endpoint_count = 1;
    options->reset_reason = TALLY_RESET_POWER_ON;
    memcpy(options->capabilities, capabilities, sizeof capabilities);
    return is_ok(tally_init(&device->agent, options, &device->port,
                            tally_tls_transport(&device->tls), &device->store),
                 "agent");
}

bool device_boot(device_t *device) {
    device->due_ms = 0; /* it is not any older before the script goes on */
    return begin_time(device) && open_spool(device) && open_tls(device) && open_agent(device);
}

void device_end(device_t *device) {
    tally_tls_deinit(&device->tls);
    (void)fclose(device->ledger);
    tally_posix_close(&device->posix);
}
