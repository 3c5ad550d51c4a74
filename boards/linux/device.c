/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "credentials.h"
#include "say.h"

#define BLOCK_BYTES     4096u /* of both stores */
#define SETTINGS_BLOCKS 2u
#define DAY_S           86400u

static bool is_ok(int32_t status, const char *what, FILE *errors) {
    if (status != TALLY_OK) {
        say(errors, "tallyd: %s: %s\n", what, tally_status_name(status));
    }
    return status == TALLY_OK;
}

static const char *text_or_null(const char *text) {
    return text[0] == '\0' ? NULL : text;
}

static tally_settings_t *settings_or_null(device_t *device, const config_t *config) {
    return config->settings[0] == '\0' ? NULL : &device->settings;
}

/* ---- options -------------------------------------------------------------------------------- */

static const char *os_name(device_t *device) {
    struct utsname name;
    if (uname(&name) != 0) {
        return NULL;
    }
    (void)snprintf(device->os, sizeof device->os, "%.20s %.40s", name.sysname, name.release);
    return device->os;
}

static uint64_t boot_capabilities(const tally_options_t *options) {
    uint64_t can = TALLY_CAN(BOOT, AGENT_VERSION) | TALLY_CAN(BOOT, REGISTRY_HASH) |
                   TALLY_CAN(BOOT, RESET_REASON);
    can |= options->device_model != NULL ? TALLY_CAN(BOOT, DEVICE_MODEL) : 0;
    can |= options->device_type != NULL ? TALLY_CAN(BOOT, DEVICE_TYPE) : 0;
    can |= options->firmware != NULL ? TALLY_CAN(BOOT, FIRMWARE) : 0;
    can |= options->os != NULL ? TALLY_CAN(BOOT, OS) : 0;
    can |= options->soc != NULL ? TALLY_CAN(BOOT, SOC) : 0;
    return can;
}

/* All that a session can have: what of it one measures its player says itself. */
static void declare_players(device_t *device, tally_options_t *options) {
    uint64_t *const can = device->player_capabilities;
    can[TALLY_G_ADS] = TALLY_CAN_ALL(ADS);
    can[TALLY_G_DIMENSION] = TALLY_CAN_ALL(DIMENSION);
    can[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT);
    can[TALLY_G_FRAMES] = TALLY_CAN_ALL(FRAMES);
    can[TALLY_G_LEVEL] = TALLY_CAN_ALL(LEVEL);
    can[TALLY_G_MEDIA] = TALLY_CAN_ALL(MEDIA);
    can[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK);
    can[TALLY_G_RTP] = TALLY_CAN_ALL(RTP);
    can[TALLY_G_SINCE] = TALLY_CAN_ALL(SINCE);
    can[TALLY_G_TS] = TALLY_CAN_ALL(TS);
    can[TALLY_G_WEBRTC_INBOUND] = TALLY_CAN_ALL(WEBRTC_INBOUND);
    can[TALLY_G_WEBRTC_OUTBOUND] = TALLY_CAN_ALL(WEBRTC_OUTBOUND);
    can[TALLY_G_WEBRTC_PAIR] = TALLY_CAN_ALL(WEBRTC_PAIR);
    options->player_capabilities = can;
    options->capabilities[TALLY_G_AGENT] |= TALLY_CAN(AGENT, PLAYERS_REFUSED);
    options->capabilities[TALLY_G_HISTOGRAM] = TALLY_CAN_ALL(HISTOGRAM);
    options->capabilities[TALLY_G_VIEWING] = TALLY_CAN_ALL(VIEWING);
}

static void fill_options(device_t *device, const config_t *config) {
    device->receiver_config = (receiver_config_t){
        .start_buffer_ms = config->start_buffer_ms,
        .resume_buffer_ms = config->resume_buffer_ms,
        .end_after_ms = config->end_after_ms,
        .bitrate_kbps = (int32_t)config->bitrate_kbps,
        .content_id = text_or_null(config->content_id),
        .title = text_or_null(config->title),
        .player_name = "tallyd",
        .player_version = TALLY_VERSION,
    };
    for (uint32_t i = 0; i < config->endpoints.count; i++) {
        const config_endpoint_t *const endpoint = &config->endpoints.list[i];
        device->endpoints[i] = (tally_endpoint_t){
            .peer = {.host = endpoint->host, .port = endpoint->port},
            .path = endpoint->path,
        };
    }
    tally_options_t *const options = &device->options;
    *options = (tally_options_t){
        .endpoints = device->endpoints,
        .endpoint_count = config->endpoints.count,
        .device_id = config->device_id,
        .operator_id = config->operator_id,
        .device_type = text_or_null(config->device_type),
        .device_model = text_or_null(config->device_model),
        .soc = text_or_null(config->soc),
        .firmware = text_or_null(config->firmware),
        .os = os_name(device),
        .reset_reason = TALLY_RESET_PROCESS_START,
        .age_most_s = config->age_days * DAY_S,
        .settings = settings_or_null(device, config),
        .verifier = config->config_key[0] != '\0' ? tally_verify_verifier(&device->verify) : NULL,
        .daily_bytes = config->daily_bytes,
        .consent_needed = config->consent != CONFIG_CONSENT_UNASKED,
        .heartbeat_ms = config->heartbeat_ms,
        .upload_ms = config->upload_ms,
    };
    if (config->listen.address[0] != '\0') {
        receiver_capabilities(&device->receiver_config, options->capabilities);
    }
    if (config->socket[0] != '\0') {
        declare_players(device, options);
    }
    options->capabilities[TALLY_G_AGENT] |= TALLY_CAN(AGENT, TLS_HEAP_HIGH);
    options->capabilities[TALLY_G_BOOT] = boot_capabilities(options);
    options->capabilities[TALLY_G_DEVICE] =
        device_sample_open(&device->sample, "", "/") | TALLY_CAN(DEVICE, BOOT_TO_PICTURE);
}

/* ---- layers, each of which needs those before it -------------------------------------------- */

static bool open_tls(device_t *device, const config_t *config, FILE *errors) {
    static credentials_t credentials;
    credentials_stamp(config, &device->credentials);
    tally_tls_config_t tls = {
        .settings = settings_or_null(device, config),
        .heap = device->tls_heap,
        .heap_bytes = sizeof device->tls_heap,
    };
    tally_posix_tcp_init(&device->tcp, tally_posix_port(&device->posix));
    bool opened = credentials_load(&credentials, config, errors);
    if (opened) {
        credentials_fill(&credentials, config, &tls);
        opened = is_ok(tally_tls_init(&device->tls, &tls, tally_posix_port(&device->posix),
                                      tally_posix_tcp_transport(&device->tcp)),
                       "ca, certificate or key", errors);
    }
    credentials_wipe(&credentials);
    return opened;
}

static bool open_verifier(device_t *device, const config_t *config, FILE *errors) {
    return config->config_key[0] == '\0' ||
           (credentials_load_config_key(config, device->config_key, errors) &&
            is_ok(tally_verify_init(&device->verify, device->config_key), "config_key", errors));
}

/* In the words of whoever configured it, where the agent's are about something else. */
static const char *store_refusal(int32_t status) {
    switch (status) {
    case TALLY_E_CONFIG: return "is not a store of this size; left as it is";
    case TALLY_E_STATE: return "in use by another tallyd, or given twice";
    case TALLY_E_TOO_BIG:
    case TALLY_E_IO: return strerror(errno);
    default: return tally_status_name(status);
    }
}

/* The store, or NULL with a line on `errors`. */
static const tally_store_t *open_file(tally_posix_store_t *file, const char *name, uint32_t blocks,
                                      FILE *errors) {
    const int32_t status = tally_posix_store_open(file, name, BLOCK_BYTES, blocks, 1);
    if (status != TALLY_OK) {
        say(errors, "tallyd: %s: %s\n", name, store_refusal(status));
        return NULL;
    }
    return tally_posix_store(file);
}

static const tally_store_t *open_ram(device_t *device, uint32_t blocks, FILE *errors) {
    device->spool_memory = calloc(blocks, BLOCK_BYTES);
    if (device->spool_memory == NULL) {
        say(errors, "tallyd: spool_bytes: no memory\n");
        return NULL;
    }
    const int32_t status =
        tally_ram_store_init(&device->spool_ram, device->spool_memory, BLOCK_BYTES, blocks, 1);
    return is_ok(status, "spool_bytes", errors) ? tally_ram_store(&device->spool_ram) : NULL;
}

static bool open_stores(device_t *device, const config_t *config, FILE *errors) {
    const uint32_t blocks = config->spool_bytes / BLOCK_BYTES;
    device->spool = config->spool[0] == '\0'
                        ? open_ram(device, blocks, errors)
                        : open_file(&device->spool_file, config->spool, blocks, errors);
    if (device->spool == NULL) {
        return false;
    }
    if (config->settings[0] == '\0') {
        return true;
    }
    const tally_store_t *const settings =
        open_file(&device->settings_file, config->settings, SETTINGS_BLOCKS, errors);
    return settings != NULL &&
           is_ok(tally_settings_init(&device->settings, settings), "settings", errors);
}

uint64_t device_now_ms(const device_t *device) {
    const tally_port_t *const port = tally_posix_port(&device->posix);
    return port->monotonic_ms(port->ctx);
}

/* What was answered before may still be going on; then this answer waits for its end. */
static int32_t answer(device_t *device, enum config_consent consent) {
    device->wants_consent = consent == CONFIG_CONSENT_YES;
    if (consent == CONFIG_CONSENT_UNASKED) {
        return TALLY_OK;
    }
    const int32_t status = tally_consent(&device->agent, device->wants_consent);
    return status == TALLY_E_STATE ? (int32_t)TALLY_OK : status;
}

/* Samples are due no later than the records that tell them: their periods begin here, those of the
 * records in tally_init(). */
static bool open_agent(device_t *device, const config_t *config, FILE *errors) {
    fill_options(device, config);
    device->sample_period_ms = config->upload_ms;
    device->sample_due_ms = device_now_ms(device) + device->sample_period_ms;
    return is_ok(tally_init(&device->agent, &device->options, tally_posix_port(&device->posix),
                            tally_tls_transport(&device->tls), device->spool),
                 "agent", errors) &&
           is_ok(answer(device, config->consent), "consent", errors);
}

static void close_below_tls(device_t *device) {
    tally_posix_store_close(&device->settings_file);
    tally_posix_store_close(&device->spool_file);
    free(device->spool_memory);
    tally_posix_close(&device->posix);
}

bool device_open(device_t *device, const config_t *config, FILE *errors) {
    device->spool_memory = NULL;
    device->spool_file.fd = -1;
    device->settings_file.fd = -1;
    device->heap_high_noted = 0;
    if (!is_ok(tally_posix_init(&device->posix, config->log), "system", errors)) {
        return false;
    }
    if (!open_stores(device, config, errors) || !open_tls(device, config, errors)) {
        close_below_tls(device);
        return false;
    }
    if (!open_verifier(device, config, errors) || !open_agent(device, config, errors)) {
        device_close(device);
        return false;
    }
    return true;
}

void device_close(device_t *device) {
    tally_tls_deinit(&device->tls);
    close_below_tls(device);
}

/* ---- running -------------------------------------------------------------------------------- */

static void sample_when_due(device_t *device) {
    const uint64_t at_ms = device_now_ms(device);
    if (at_ms >= device->sample_due_ms) {
        tally_device_t sample;
        device_sample_take(&device->sample, &sample);
        (void)tally_device_sample(&device->agent, &sample);
        device->sample_due_ms = at_ms + device->sample_period_ms;
    }
}

uint32_t device_step(device_t *device) {
    sample_when_due(device);
    if (device->wants_consent && tally_consent_state(&device->agent) == TALLY_CONSENT_WITHDRAWN) {
        (void)tally_consent(&device->agent, true);
    }
    const uint32_t wait_ms = tally_step(&device->agent);
    const uint32_t heap_high = tally_tls_stats(&device->tls).heap_high_water;
    if (heap_high != device->heap_high_noted) {
        device->heap_high_noted = heap_high;
        (void)tally_note(&device->agent, TALLY_M_TLS_HEAP_HIGH, heap_high);
    }
    return wait_ms;
}

bool device_wait(device_t *device, uint32_t timeout_ms, struct pollfd *fds, uint32_t count) {
    fds[count] = tally_posix_tcp_poll(&device->tcp);
    return tally_posix_wait(&device->posix, timeout_ms, fds, count + 1) >= 0;
}

void device_set_log(device_t *device, enum tally_log_level most) {
    device->posix.most = most;
}
