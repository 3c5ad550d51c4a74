/* SPDX-License-Identifier: Apache-2.0 */
#include "player_state.h"

#include "tally/enums.h"

bool player_state_in_ad(int32_t state) {
    return state == TALLY_STATE_AD_JOINING || state == TALLY_STATE_AD_PLAYING ||
           state == TALLY_STATE_AD_STALLED || state == TALLY_STATE_AD_PAUSED;
}

/* A zap tells its start when it is 5 s old: it may play by then. */
player_state_t player_state_begin(bool has_kind, int64_t kind) {
    const bool is_joining = has_kind && kind == TALLY_SESSION_PLAYBACK;
    return (player_state_t){is_joining ? TALLY_STATE_JOINING : PLAYER_STATE_UNKNOWN,
                            PLAYER_STATE_UNKNOWN, true};
}

static bool is_paused(int32_t state) {
    return state == TALLY_STATE_PAUSED || state == TALLY_STATE_PAUSED_STALLED ||
           state == TALLY_STATE_AD_PAUSED;
}

player_state_t player_state_said(player_state_t before, int64_t state) {
    const bool is_known = state >= 0 && state <= TALLY_STATE_SUSPENDED;
    player_state_t after = before;
    after.state = is_known ? (int32_t)state : PLAYER_STATE_UNKNOWN;
    after.is_wanted = !is_paused(after.state);
    return after;
}

static int32_t paused(int32_t before) {
    if (player_state_in_ad(before)) {
        return TALLY_STATE_AD_PAUSED;
    }
    return before == TALLY_STATE_STALLED   ? TALLY_STATE_PAUSED_STALLED
           : before == TALLY_STATE_SEEKING ? TALLY_STATE_SEEKING
                                           : TALLY_STATE_PAUSED;
}

static int32_t resumed(player_state_t before) {
    return before.state == TALLY_STATE_PAUSED_STALLED ? TALLY_STATE_STALLED
           : before.state == TALLY_STATE_SEEKING      ? TALLY_STATE_SEEKING
                                                      : before.resumes_to;
}

/* A stall may end because a seek or a break begins; that event is there, then, or comes. */
static int32_t stall_ended(int32_t before) {
    switch (before) {
    case TALLY_STATE_STALLED: return TALLY_STATE_PLAYING;
    case TALLY_STATE_PAUSED_STALLED: return TALLY_STATE_PAUSED;
    case TALLY_STATE_AD_STALLED: return TALLY_STATE_AD_PLAYING;
    default: return before;
    }
}

static int32_t next_state(player_state_t before, int64_t event) {
    const int32_t state = before.state;
    const bool in_ad = player_state_in_ad(state);
    switch (event) {
    case TALLY_EVENT_FATAL: return TALLY_STATE_FAILED;
    case TALLY_EVENT_STALL_BEGIN: return in_ad ? TALLY_STATE_AD_STALLED : TALLY_STATE_STALLED;
    case TALLY_EVENT_STALL_END: return stall_ended(state);
    case TALLY_EVENT_FIRST_FRAME: return TALLY_STATE_PLAYING;
    case TALLY_EVENT_PAUSE: return paused(state);
    case TALLY_EVENT_RESUME: return resumed(before);
    case TALLY_EVENT_SEEK: return in_ad ? state : TALLY_STATE_SEEKING;
    case TALLY_EVENT_SEEKED: return before.is_wanted ? TALLY_STATE_PLAYING : TALLY_STATE_PAUSED;
    case TALLY_EVENT_ENDED: return TALLY_STATE_ENDED;
    case TALLY_EVENT_SUSPEND: return TALLY_STATE_SUSPENDED;
    case TALLY_EVENT_AD_BREAK_BEGIN:
    case TALLY_EVENT_AD_END: return TALLY_STATE_AD_JOINING;
    case TALLY_EVENT_AD_START: return TALLY_STATE_AD_PLAYING;
    case TALLY_EVENT_REPLAY:
    case TALLY_EVENT_REFUSED:
    case TALLY_EVENT_WAKE:
    case TALLY_EVENT_AD_BREAK_END: return PLAYER_STATE_UNKNOWN;
    default: return state;
    }
}

player_state_t player_state_after(player_state_t before, int64_t event) {
    player_state_t after = before;
    after.state = next_state(before, event);
    if (event == TALLY_EVENT_PAUSE && !is_paused(before.state)) {
        after.resumes_to = before.state;
    }
    if (event == TALLY_EVENT_PAUSE || event == TALLY_EVENT_RESUME) {
        after.is_wanted = event == TALLY_EVENT_RESUME;
    }
    return after;
}
