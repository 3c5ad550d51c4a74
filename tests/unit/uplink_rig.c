/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink_rig.h"

#include <string.h>

#include "test.h"

void uplink_rig_init(uplink_rig_t *rig) {
    fake_port_init(&rig->port);
    fake_transport_init(&rig->wire);
    fake_store_init(&rig->store, 4096, 12, 1);
    assert_int_equal(tally_spool_init(&rig->spool, &rig->store.store, 0, RIG_BOOT), TALLY_OK);
    rig->port.now_ms = 1000000;
    rig->endpoint = (tally_endpoint_t){
        .peer = {.host = "collector.example", .port = 8443},
        .path = "/v1/records",
    };
    rig->config = (tally_uplink_config_t){
        .endpoint = &rig->endpoint,
        .device_id = "stb-1",
        .operator_id = "op",
        .boot_id = RIG_BOOT,
        .boot_ms = 990000,
    };
    uplink_rig_restart(rig, RIG_PERIOD_MS);
}

void uplink_rig_restart(uplink_rig_t *rig, uint32_t period_ms) {
    rig->config.period_ms = period_ms;
    rig->port.random = 0;
    assert_int_equal(tally_uplink_init(&rig->uplink, &rig->config, &rig->port.port,
                                       &rig->wire.transport, &rig->spool, rig->port.now_ms),
                     TALLY_OK);
    rig->port.random = UINT32_C(1) << 31;
}

void uplink_rig_keep(uplink_rig_t *rig, char letter, uint32_t bytes) {
    uint32_t sequence;
    memset(tally_spool_begin(&rig->spool, &sequence), letter, bytes);
    assert_int_equal(tally_spool_commit(&rig->spool, TALLY_ROUTINE, 'h', bytes), TALLY_OK);
}

uint32_t uplink_rig_run(uplink_rig_t *rig) {
    for (uint32_t steps = 0; steps < 10000; steps++) {
        const uint32_t wait_ms = tally_uplink_step(&rig->uplink, rig->port.now_ms, &rig->port.wall);
        if (wait_ms > 0) {
            return wait_ms;
        }
    }
    fail_msg("the uplink does not come to rest");
    return 0;
}

void uplink_rig_steps(uplink_rig_t *rig, uint32_t steps) {
    for (uint32_t i = 0; i < steps; i++) {
        (void)tally_uplink_step(&rig->uplink, rig->port.now_ms, &rig->port.wall);
    }
}

uint32_t uplink_rig_run_after(uplink_rig_t *rig, uint32_t ms) {
    rig->port.now_ms += ms;
    return uplink_rig_run(rig);
}

void assert_failed(const uplink_rig_t *rig, uint32_t times, int32_t error) {
    const tally_uplink_stats_t *const stats = &rig->uplink.stats;
    const uint32_t failures =
        stats->rejected + stats->failed_net + stats->failed_tls + stats->failed_http;
    assert_int_equal(failures, times);
    assert_int_equal(stats->last_error, error);
    assert_int_equal(stats->accepted, 0);
    assert_false(rig->wire.is_open);
    assert_int_equal(tally_spool_waiting(&rig->spool), 1);
}
