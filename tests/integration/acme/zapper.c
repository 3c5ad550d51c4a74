/* SPDX-License-Identifier: Apache-2.0 */
/* The README's player on a box of somebody else's: the same source, however tally is built in. */
#include <stdio.h>
#include <tally/state.h>

#include "acme_port.h"
#include "tally_ram_store.h"

static tally_t agent;
static uint8_t memory[16 * 4096];

int main(void) {
    static const tally_endpoint_t collector = {{"collector.example", 443}, "/v1/records"};
    static const tally_options_t options = {
        .endpoints = &collector,
        .endpoint_count = 1,
        .device_id = "acme-0001",
        .operator_id = "example",
        .capabilities =
            {[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK), [TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT)},
    };
    static tally_ram_store_t ram;
    acme_start();
    tally_ram_store_init(&ram, memory, 4096, 16, 1);
    const int32_t status =
        tally_init(&agent, &options, &acme_port, &acme_transport, tally_ram_store(&ram));
    if (status != TALLY_OK) {
        printf("tally_init: %s\n", tally_status_name(status));
        return 1;
    }

    const tally_session_id_t film = tally_hook_open(&agent);
    tally_hook_play(&agent, film);
    tally_hook_first_frame(&agent, film);
    tally_hook_close(&agent, film, TALLY_STOP_USER);

    acme_sleep(tally_step(&agent)); /* the hooks have woken the agent: this returns at once */
    tally_step(&agent);
    printf("records waiting: %u\n", (unsigned)tally_pending(&agent));
    return tally_pending(&agent) == 4 ? 0 : 1; /* boot, start, first frame, end */
}
