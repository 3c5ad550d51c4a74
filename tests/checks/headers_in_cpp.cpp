// SPDX-License-Identifier: Apache-2.0
// Players are written in C++ too: every public header must compile there, and link by C's names.
#include <tally/config.h>
#include <tally/device.h>
#include <tally/enums.h>
#include <tally/hook.h>
#include <tally/metrics.h>
#include <tally/port.h>
#include <tally/stats.h>
#include <tally/status.h>
#include <tally/tally.h>
#include <tally/webrtc.h>

int32_t a_player_in_cpp(tally_t *tally) {
    const tally_session_id_t session = tally_hook_open(tally);
    tally_hook_set(tally, session, TALLY_M_DELIVERY, TALLY_DELIVERY_HLS);
    return tally_hook_play(tally, session);
}
