/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_UNIT_DEVICE_H
#define TALLY_TESTS_UNIT_DEVICE_H
/*
 * A whole agent on a platform of fakes, whose records stay in one ring in the order they were made:
 * the server is never reached unless a test lets it be.
 */
#include "agent.h"
#include "fakes.h"
#include "records.h"

typedef struct {
    fake_port_t port;
    fake_transport_t transport;
    fake_store_t store;
    tally_endpoint_t endpoint;
    tally_options_t options;
    tally_t agent;
    records_t records;
} device_t;

/* Everything as tally_init() wants it; a test may still change what it likes. */
void device_prepare(device_t *device);

int32_t device_init(device_t *device);

/* Prepared and started: the boot record waits. */
void device_boot(device_t *device);

/* Lets time pass, then steps once. What the step returned. */
uint32_t device_wait(device_t *device, uint64_t ms);

/* Opens a session and brings it to its first frame at once. */
tally_session_id_t device_play(device_t *device);

/* All records made since boot are of these kinds: "bshx". */
void device_expect_kinds(device_t *device, const char *kinds);

/* The last record of a kind. */
record_t device_last(device_t *device, char kind);

/* How many records of a kind were made since boot; how many that tell this event. */
uint32_t device_count(device_t *device, char kind);
uint32_t device_count_events(device_t *device, enum tally_event_type type);

/* The records about the agent and about all sessions, made now. */
record_t device_tell_agent(device_t *device);
record_t device_tell_viewing(device_t *device);

#endif
