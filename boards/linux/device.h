/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_H
#define DEVICE_H
/* The agent with all that Linux puts below it: clock, TCP, TLS, and stores in files or RAM. */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "credentials.h"
#include "device_sample.h"
#include "receiver.h"
#include "tally/state.h"
#include "tally/tally.h"
#include "tally_posix.h"
#include "tally_posix_store.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_tls.h"
#include "tally_verify.h"

#define DEVICE_TLS_HEAP_BYTES (128u * 1024u)

typedef struct {
    tally_posix_t posix;
    tally_posix_tcp_t tcp;
    tally_tls_t tls;
    tally_verify_t verify; /* of remote configuration, with this key */
    uint8_t config_key[TALLY_VERIFY_KEY_BYTES];
    const tally_store_t *spool; /* of the two below the one that the configuration asks for */
    tally_posix_store_t spool_file;
    tally_ram_store_t spool_ram;
    uint8_t *spool_memory;
    tally_posix_store_t settings_file;
    tally_settings_t settings;
    tally_endpoint_t endpoints[CONFIG_ENDPOINTS];
    tally_options_t options;
    uint64_t player_capabilities[TALLY_GROUPS];
    bool wants_consent; /* as soon as what an earlier answer had destroyed is */
    receiver_config_t receiver_config;
    char os[CONFIG_TEXT_BYTES];
    credentials_stamps_t credentials; /* the files it was opened with */
    uint32_t heap_high_noted;
    device_sample_t sample;
    uint64_t sample_due_ms;
    uint32_t sample_period_ms;
    tally_t agent;
    uint8_t tls_heap[DEVICE_TLS_HEAP_BYTES];
} device_t;

/* Builds the agent up from `config`, which must outlive it. False, with a line on `errors`, if any
 * layer refuses; nothing is held then. */
bool device_open(device_t *device, const config_t *config, FILE *errors);

/* One turn of the agent. Returns after how many milliseconds it wants the next one. */
uint32_t device_step(device_t *device);

/* The agent's clock. */
uint64_t device_now_ms(const device_t *device);

/* Sleeps until the agent, its connection or one of the first `count` descriptors wants attention.
 * `fds` has room for one more. False if the kernel would not have it. */
bool device_wait(device_t *device, uint32_t timeout_ms, struct pollfd *fds, uint32_t count);

/* Lines above `most` are no longer written. */
void device_set_log(device_t *device, enum tally_log_level most);

void device_close(device_t *device);

#endif
