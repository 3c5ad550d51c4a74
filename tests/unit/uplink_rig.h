/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UPLINK_RIG_H
#define UPLINK_RIG_H
/*
 * An uplink between a spool and a scripted server. The device was booted 10 s ago, reports every 5
 * minutes, and its first upload is due at once. Its retry wait is half the window: every random
 * number drawn later is 2^31.
 */
#include "fakes.h"
#include "spool.h"
#include "uplink.h"

#define RIG_BOOT      12345678u
#define RIG_PERIOD_MS 300000u
#define RIG_RETRY_MS  150001u /* after a first failure */

#define REPLY_OK "HTTP/1.1 204 No Content\r\n\r\n"

typedef struct {
    fake_port_t port;
    fake_transport_t wire;
    fake_store_t store;
    tally_spool_t spool;
    tally_uplink_t uplink;
    tally_endpoint_t endpoint;
    tally_uplink_config_t config;
} uplink_rig_t;

void uplink_rig_init(uplink_rig_t *rig);

/* Begins again with the period, which decides whether connections are kept between uploads. */
void uplink_rig_restart(uplink_rig_t *rig, uint32_t period_ms);

/* Puts a record of `bytes` times that letter into the spool. */
void uplink_rig_keep(uplink_rig_t *rig, char letter, uint32_t bytes);

/* Lets the uplink go on until it wants to wait; how many milliseconds. */
uint32_t uplink_rig_run(uplink_rig_t *rig);

/* As many steps, whatever the uplink wants. */
void uplink_rig_steps(uplink_rig_t *rig, uint32_t steps);

/* Moves the clock and lets the uplink go on. */
uint32_t uplink_rig_run_after(uplink_rig_t *rig, uint32_t ms);

/* Uploads so far have failed as often, for the last time with this error; the transport is closed
 * and the record is still there. */
void assert_failed(const uplink_rig_t *rig, uint32_t times, int32_t error);

#endif
