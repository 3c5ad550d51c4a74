/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <string.h>

#include "test.h"

void device_prepare(device_t *device) {
    memset(&device->agent, 0, sizeof device->agent);
    device->records.count = 0;
    fake_port_init(&device->port);
    fake_transport_init(&device->transport);
    fake_store_init(&device->store, 8192, 5, 4); /* too few blocks for two rings */
    device->port.now_ms = 1000000;
    device->port.random = UINT32_MAX; /* the first upload is due as late as can be */
    device->transport.open_says = TALLY_OPENING_RESOLVE;
    device->endpoint = (tally_endpoint_t){
        .peer = {.host = "collector.example", .port = 443},
        .path = "/v1/records",
    };
    device->options = (tally_options_t){
        .endpoints = &device->endpoint,
        .endpoint_count = 1,
        .device_id = "stb-1",
        .operator_id = "operator",
        .heartbeat_ms = 60000,
        .upload_ms = 300000,
    };
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        const tally_group_info_t *const group = &tally_group_infos[i];
        device->options.capabilities[i] = (UINT64_C(1) << (group->end - group->first)) - 1;
    }
#if TALLY_PLAYERS > 0
    device->options.player_capabilities = device->options.capabilities;
#endif
}

int32_t device_init(device_t *device) {
    return tally_init(&device->agent, &device->options, &device->port.port,
                      &device->transport.transport, &device->store.store);
}

void device_boot(device_t *device) {
    device_prepare(device);
    assert_int_equal(device_init(device), TALLY_OK);
}

uint32_t device_wait(device_t *device, uint64_t ms) {
    device->port.now_ms += ms;
    return tally_step(&device->agent);
}

tally_session_id_t device_play(device_t *device) {
    const tally_session_id_t session = tally_hook_open(&device->agent);
    assert_int_not_equal(session, 0);
    assert_int_equal(tally_hook_play(&device->agent, session), TALLY_OK);
    assert_int_equal(tally_hook_first_frame(&device->agent, session), TALLY_OK);
    return session;
}

void device_expect_kinds(device_t *device, const char *kinds) {
    records_load(&device->records, &device->agent.spool);
    records_expect_kinds(&device->records, kinds);
}

record_t device_last(device_t *device, char kind) {
    records_load(&device->records, &device->agent.spool);
    return records_last(&device->records, kind);
}

uint32_t device_count(device_t *device, char kind) {
    records_load(&device->records, &device->agent.spool);
    return records_count(&device->records, kind);
}

uint32_t device_count_events(device_t *device, enum tally_event_type type) {
    records_load(&device->records, &device->agent.spool);
    return records_count_with(&device->records, 'e', "e.et", (int64_t)type);
}

record_t device_tell_agent(device_t *device) {
    device->agent.agent_due_ms = device->port.now_ms;
    (void)device_wait(device, 0);
    return device_last(device, 'a');
}

record_t device_tell_viewing(device_t *device) {
    (void)device_tell_agent(device);
    return device_last(device, 'v');
}
