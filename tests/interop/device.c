/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interop_device --ca FILE --port PORT [SWITCH VALUE]...      (the switches are in options.h)
 *
 * The agent with the Linux ports, for servers that are not ours: boots, shows the viewer something,
 * uploads, and prints a line of JSON for what became of each upload. Ends by itself: 0 when as many
 * uploads as were asked for have an outcome, 1 if it could not begin, 2 for a bad switch, 3 if time
 * ran out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tally/state.h>
#include <tally/tally.h>

#include "options.h"
#include "tally_posix.h"
#include "tally_posix_store.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_tls.h"

enum { BLOCK_BYTES = 4096, BLOCKS = 32, SETTINGS_BLOCKS = 2, FILE_BYTES = 32768 };
enum { HEARTBEAT_MS = 3600000 };
enum { DONE = 0, NOT_BEGUN = 1, BAD_SWITCH = 2, TIMED_OUT = 3 };

/* The numbers of the agent's log lines. */
enum {
#define TALLY_LOG_ROW(symbol, level, text) LOG_##symbol,
#include <tally/log.def>
#undef TALLY_LOG_ROW
};

typedef struct {
    bool is_known;
    int32_t status;
    int32_t http;     /* of an error status */
    int32_t records;  /* accepted */
    int32_t retry_ms; /* the agent will wait so long */
} outcome_t;

typedef struct {
    tally_posix_t posix; /* first: its callbacks are called with the address of the whole */
    tally_port_t port;
    options_t options;
    uint64_t begun_ms;
    int64_t wall_unix_ms; /* as the device began; 0: unknown */
    outcome_t outcome;
    uint32_t outcomes;
    tally_posix_tcp_t tcp;
    tally_tls_t tls;
    tally_posix_store_t settings_file;
    tally_settings_t settings;
    tally_ram_store_t spool;
    tally_endpoint_t endpoint;
    tally_options_t agent_options;
    tally_t agent;
} device_t;

static uint64_t age_ms(const device_t *device) {
    return device->port.monotonic_ms(device->port.ctx) - device->begun_ms;
}

/* --- what the agent says ------------------------------------------------------------------- */

static void print_outcome(device_t *device) {
    const outcome_t *const outcome = &device->outcome;
    const tally_tls_stats_t tls = tally_tls_stats(&device->tls);
    (void)printf("{\"at_ms\": %u, \"status\": \"%s\", \"http\": %d, \"records\": %d, "
                 "\"retry_ms\": %d, \"pending\": %u, \"handshakes\": %u, \"resumed\": %u, "
                 "\"heap_high\": %u, \"tls_error\": %d}\n",
                 (unsigned)age_ms(device), tally_status_name(outcome->status), (int)outcome->http,
                 (int)outcome->records, (int)outcome->retry_ms,
                 (unsigned)tally_pending(&device->agent), (unsigned)tls.handshakes,
                 (unsigned)tls.resumed, (unsigned)tls.heap_high_water, (int)tls.last_error);
    (void)fflush(stdout);
    device->outcomes++;
    device->outcome = (outcome_t){.is_known = false};
}

/* Two uploads may end within one step of the agent. */
static void begin_outcome(device_t *device, int32_t status) {
    if (device->outcome.is_known) {
        print_outcome(device);
    }
    device->outcome = (outcome_t){.is_known = true, .status = status};
}

static void device_log(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                       int32_t value) {
    device_t *const device = ctx;
    const tally_port_t *const port = tally_posix_port(&device->posix);
    port->log(port->ctx, level, id, text, value);
    switch (id) {
    case LOG_UPLINK_ACCEPTED:
        begin_outcome(device, TALLY_OK);
        device->outcome.records = value;
        break;
    case LOG_UPLINK_STATUS:
        begin_outcome(device, TALLY_E_HTTP_STATUS);
        device->outcome.http = value;
        break;
    case LOG_UPLINK_FAILED: begin_outcome(device, value); break;
    case LOG_UPLINK_RETRY: device->outcome.retry_ms = value; break;
    default: break;
    }
}

/* --- time ---------------------------------------------------------------------------------- */

/* A board without a clock boots in 1970. */
static tally_wall_t device_wall(void *ctx) {
    const device_t *const device = ctx;
    return (tally_wall_t){.unix_ms = device->wall_unix_ms + (int64_t)age_ms(device),
                          .quality = device->wall_unix_ms != 0 ? TALLY_WALL_AUTHENTICATED
                                                               : TALLY_WALL_UNKNOWN};
}

static void device_set_wall(void *ctx, int64_t unix_ms) {
    device_t *const device = ctx;
    device->wall_unix_ms = unix_ms - (int64_t)age_ms(device);
}

/* --- layers -------------------------------------------------------------------------------- */

static bool is_ok(int32_t status, const char *what) {
    if (status != TALLY_OK) {
        (void)printf("{\"begins\": \"%s\", \"status\": \"%s\"}\n", what, tally_status_name(status));
    }
    return status == TALLY_OK;
}

/* PEM with its NUL; the size, or 0. */
static uint32_t load(const char *name, uint8_t *out) {
    FILE *const in = fopen(name, "rb");
    if (in == NULL) {
        perror(name);
        return 0;
    }
    const size_t bytes = fread(out, 1, FILE_BYTES - 1, in);
    (void)fclose(in);
    out[bytes] = '\0';
    return bytes < FILE_BYTES - 1 ? (uint32_t)bytes + 1 : 0;
}

static bool open_settings(device_t *device) {
    device->settings_file.fd = -1;
    if (device->options.settings == NULL) {
        return true;
    }
    return is_ok(tally_posix_store_open(&device->settings_file, device->options.settings,
                                        BLOCK_BYTES, SETTINGS_BLOCKS, 1),
                 "settings file") &&
           is_ok(tally_settings_init(&device->settings, tally_posix_store(&device->settings_file)),
                 "settings");
}

/* False for what is not 64 hexadecimal digits. */
static bool read_pin(const char *text, uint8_t pin[TALLY_TLS_PIN_BYTES]) {
    for (uint32_t i = 0; i < TALLY_TLS_PIN_BYTES; i++) {
        const char digits[3] = {text[0], text[0] != '\0' ? text[1] : '\0', '\0'};
        char *end = NULL;
        pin[i] = (uint8_t)strtoul(digits, &end, 16);
        if (end != digits + 2) {
            return false;
        }
        text += 2;
    }
    return *text == '\0';
}

static bool open_tls(device_t *device) {
    static uint8_t ca[FILE_BYTES];
    static uint8_t certificate[FILE_BYTES];
    static uint8_t key[FILE_BYTES];
    static _Alignas(8) uint8_t heap[1 << 20];
    const options_t *const options = &device->options;
    static uint8_t pin[TALLY_TLS_PIN_BYTES];
    tally_tls_config_t config = {
        .settings = options->settings != NULL ? &device->settings : NULL,
        .least_unix_s = (uint32_t)options->least_unix_s,
        .heap = heap,
        .heap_bytes = options->heap_bytes,
    };
    if (options->ca != NULL) {
        config.ca = ca;
        config.ca_size = load(options->ca, ca);
    }
    if (options->pin != NULL) {
        config.pins = pin;
        config.pin_count = 1;
        if (!read_pin(options->pin, pin)) {
            return is_ok(TALLY_E_ARGUMENT, "pin");
        }
    }
    if (options->certificate != NULL && options->key != NULL) {
        config.certificate = certificate;
        config.certificate_size = load(options->certificate, certificate);
        config.key = key;
        config.key_size = load(options->key, key);
    }
    tally_posix_tcp_init(&device->tcp, &device->port);
    return is_ok(tally_tls_init(&device->tls, &config, &device->port,
                                tally_posix_tcp_transport(&device->tcp)),
                 "tls");
}

static bool open_agent(device_t *device) {
    static uint8_t memory[BLOCKS * BLOCK_BYTES];
    const options_t *const options = &device->options;
    device->endpoint =
        (tally_endpoint_t){.peer = {options->host, options->port}, .path = options->path};
    device->agent_options = (tally_options_t){
        .endpoints = &device->endpoint,
        .endpoint_count = 1,
        .device_id = "stb-0001",
        .operator_id = "operator-1",
        .settings = options->settings != NULL ? &device->settings : NULL,
        .heartbeat_ms = HEARTBEAT_MS,
        .upload_ms = options->period_ms,
        .capabilities =
            {[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK), [TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT)},
    };
    return is_ok(tally_ram_store_init(&device->spool, memory, BLOCK_BYTES, BLOCKS, 1), "spool") &&
           is_ok(tally_init(&device->agent, &device->agent_options, &device->port,
                            tally_tls_transport(&device->tls), tally_ram_store(&device->spool)),
                 "agent");
}

static bool begin(device_t *device) {
    if (!is_ok(tally_posix_init(&device->posix,
                                device->options.is_talkative ? TALLY_LOG_DEBUG : TALLY_LOG_ERROR),
               "system")) {
        return false;
    }
    device->port = *tally_posix_port(&device->posix);
    device->port.wall = device_wall;
    device->port.set_wall = device_set_wall;
    device->port.log = device_log;
    device->begun_ms = device->port.monotonic_ms(device->port.ctx);
    device->wall_unix_ms = device->options.wall_unix_s * 1000;
    return open_settings(device) && open_tls(device) && open_agent(device);
}

/* --- viewing and uploading ----------------------------------------------------------------- */

static void view(device_t *device) {
    for (uint32_t i = 0; i < device->options.sessions; i++) {
        const tally_session_id_t film = tally_hook_open(&device->agent);
        tally_hook_play(&device->agent, film);
        tally_hook_first_frame(&device->agent, film);
        tally_hook_close(&device->agent, film, TALLY_STOP_USER);
        (void)tally_step(&device->agent);
    }
    tally_flush(&device->agent);
}

/* A failed upload is tried again by the agent, when it thinks fit. */
static void go_on(device_t *device) {
    const bool was_accepted = device->outcome.status == TALLY_OK;
    print_outcome(device);
    if (!was_accepted || device->outcomes >= device->options.uploads) {
        return;
    }
    if (!device->options.keeps) {
        tally_reconnect(&device->agent);
    }
    view(device);
}

static int upload(device_t *device) {
    view(device);
    while (device->outcomes < device->options.uploads) {
        uint32_t wait_ms = tally_step(&device->agent);
        if (device->outcome.is_known) {
            go_on(device);
            wait_ms = 0;
        }
        const uint64_t now_ms = age_ms(device);
        if (now_ms >= device->options.timeout_ms) {
            return TIMED_OUT;
        }
        const uint32_t left_ms = (uint32_t)(device->options.timeout_ms - now_ms);
        struct pollfd fd = tally_posix_tcp_poll(&device->tcp);
        (void)tally_posix_wait(&device->posix, wait_ms < left_ms ? wait_ms : left_ms, &fd, 1);
    }
    return DONE;
}

int main(int argc, char **argv) {
    static device_t device; /* large */
    if (!options_read(&device.options, argc, argv)) {
        return BAD_SWITCH;
    }
    if (!begin(&device)) {
        return NOT_BEGUN;
    }
    const int result = upload(&device);
    tally_tls_deinit(&device.tls);
    tally_posix_store_close(&device.settings_file);
    tally_posix_close(&device.posix);
    return result;
}
