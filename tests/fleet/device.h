/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_H
#define DEVICE_H
/*
 * The agent with what Linux puts below it, and two things of a simulated device: a clock that waits
 * for the script, and a book of all that the agent puts into its spool.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "media.h"
#include "tally/state.h"
#include "tally/tally.h"
#include "tally_posix.h"
#include "tally_posix_tcp.h"
#include "tally_ram_store.h"
#include "tally_tls.h"

enum {
    DEVICE_BLOCK_BYTES = 4096,
    DEVICE_BLOCKS = 128,
    DEVICE_TLS_HEAP_BYTES = 128 * 1024,
    DEVICE_PLAYS = 4, /* sessions that a script can have open at once */
};

#define DEVICE_NEVER_MS UINT64_MAX

/* What it samples of itself. */
#define DEVICE_SAMPLED                                                                             \
    (TALLY_CAN(DEVICE, CPU_LOAD) | TALLY_CAN(DEVICE, MEMORY_USED) |                                \
     TALLY_CAN(DEVICE, TEMPERATURE) | TALLY_CAN(DEVICE, WIFI_RSSI) |                               \
     TALLY_CAN(DEVICE, NET_BYTES_RECEIVED))

/* What the head of a script says, and the command line. */
typedef struct {
    const char *certificates; /* folder with ca.pem, and NAME.pem and NAME.key of the device */
    const char *ledger;
    tally_endpoint_t endpoint;
    tally_options_t agent;
    uint8_t wall_quality; /* of the clock that it boots with, */
    int64_t wall_off_ms;  /* and how far that is ahead */
} device_setup_t;

typedef struct {
    tally_session_id_t session;
    media_t media;
} device_play_t;

typedef struct {
    tally_posix_t posix; /* first: its callbacks are called with the address of the whole */
    tally_port_t port;
    device_setup_t setup;
    uint64_t booted_ms;
    uint64_t due_ms; /* age at which the next command of the script is due */
    int64_t began_unix_ms;
    tally_wall_t wall_at_boot;
    tally_posix_tcp_t tcp;
    tally_tls_t tls;
    tally_ram_store_t ram;
    tally_store_t store;
    FILE *ledger;
    uint32_t made;
    device_play_t plays[DEVICE_PLAYS];
    tally_t agent;
    uint8_t spool[DEVICE_BLOCKS * DEVICE_BLOCK_BYTES];
    _Alignas(8) uint8_t heap[DEVICE_TLS_HEAP_BYTES];
} device_t;

/* Boots the device that `setup` describes. False, with a line on standard error, if it cannot. */
bool device_boot(device_t *device);
void device_end(device_t *device);

/* How long ago it booted: by this machine's clock, and by its own, which never runs ahead of the
 * next command: all that a script tells is told on the millisecond, however late this machine is.
 */
uint64_t device_real_age_ms(const device_t *device);
uint64_t device_age_ms(const device_t *device);

#endif
