// SPDX-License-Identifier: Apache-2.0
// The same in C++17.
#include <cstdint>
#include <cstdio>
#include <tally/state.h>

#include "acme_port.h"
#include "tally_ram_store.h"

namespace {
tally_t agent;
tally_ram_store_t ram;
std::uint8_t memory[16 * 4096];
} // namespace

int main() {
    static const tally_endpoint_t collector{{"collector.example", 443}, "/v1/records"};
    static tally_options_t options{};
    options.endpoints = &collector;
    options.endpoint_count = 1;
    options.device_id = "acme-0001";
    options.operator_id = "example";
    options.capabilities[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK);
    options.capabilities[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT);
    acme_start();
    tally_ram_store_init(&ram, memory, 4096, 16, 1);
    if (tally_init(&agent, &options, &acme_port, &acme_transport, tally_ram_store(&ram)) < 0) {
        return 1;
    }
    const tally_session_id_t film = tally_hook_open(&agent);
    tally_hook_play(&agent, film);
    tally_hook_first_frame(&agent, film);
    tally_hook_close(&agent, film, TALLY_STOP_USER);

    acme_sleep(tally_step(&agent));
    tally_step(&agent);
    std::printf("records waiting: %u\n", static_cast<unsigned>(tally_pending(&agent)));
    return tally_pending(&agent) == 4 ? 0 : 1;
}
