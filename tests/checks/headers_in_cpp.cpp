// SPDX-License-Identifier: Apache-2.0
// Players and agent tasks are written in C++ too: every public header must compile there, and link
// by C's names.
#include <tally/config.h>
#include <tally/device.h>
#include <tally/enums.h>
#include <tally/hook.h>
#include <tally/linked.h>
#include <tally/metrics.h>
#include <tally/port.h>
#include <tally/settings.h>
#include <tally/split.h>
#include <tally/state.h>
#include <tally/stats.h>
#include <tally/status.h>
#include <tally/tally.h>
#include <tally/webrtc.h>

#include "tally_conformance.h"

int32_t a_player_in_cpp(tally_t *tally) {
    const tally_session_id_t session = tally_hook_open(tally);
    tally_hook_set(tally, session, TALLY_M_DELIVERY, TALLY_DELIVERY_HLS);
    return tally_hook_play(tally, session);
}

static tally_t agent;

int32_t a_conformance_program_in_cpp(const tally_conformance_setup_t *setup) {
    tally_conformance_result_t result;
    return tally_conformance_run(&result, setup);
}

uint32_t an_agent_in_cpp() {
    return tally_step(&agent);
}
