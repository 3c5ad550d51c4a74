/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <string.h>

#include "tally/status.h"

#define AT(metric)  ((uint32_t)TALLY_M_##metric - (uint32_t)TALLY_M_PLAYBACK_FIRST)
#define BIT(metric) (UINT64_C(1) << AT(metric))

static int64_t *number(tally_session_t *session, uint32_t at) {
    return &session->playback[at].number;
}

static void count(tally_session_t *session, uint32_t at) {
    *number(session, at) += 1;
}

static void set(tally_session_t *session, uint32_t at, int64_t value) {
    *number(session, at) = value;
    session->playback_present |= UINT64_C(1) << at;
}

static enum tally_state derive_state(const tally_session_t *session) {
    if (session->over != TALLY_STATE_IDLE) {
        return (enum tally_state)session->over;
    }
    if (!session->requested) {
        return TALLY_STATE_IDLE;
    }
    if (session->seeking) {
        return TALLY_STATE_SEEKING;
    }
    if (!session->started) {
        return session->wanted ? TALLY_STATE_JOINING : TALLY_STATE_PAUSED;
    }
    if (session->buffering) {
        return session->wanted ? TALLY_STATE_STALLED : TALLY_STATE_PAUSED_STALLED;
    }
    return session->wanted ? TALLY_STATE_PLAYING : TALLY_STATE_PAUSED;
}

static uint32_t duration_of(enum tally_state state) {
    switch (state) {
    case TALLY_STATE_IDLE: return AT(IDLE_TIME);
    case TALLY_STATE_JOINING: return AT(JOINING_TIME);
    case TALLY_STATE_PLAYING: return AT(PLAY_TIME);
    case TALLY_STATE_PAUSED: return AT(PAUSED_TIME);
    case TALLY_STATE_STALLED: return AT(STALLED_TIME);
    case TALLY_STATE_PAUSED_STALLED: return AT(PAUSED_STALLED_TIME);
    case TALLY_STATE_SEEKING: return AT(SEEKING_TIME);
    case TALLY_STATE_ENDED:
    case TALLY_STATE_STOPPED:
    case TALLY_STATE_FAILED: break;
    }
    return AT(TERMINAL_TIME);
}

/* Adds `ms` spent in `state` to a set of playback values, be it the session's or a copy. */
static void add_time(tally_value_t *values, uint64_t present, enum tally_state state, int64_t ms) {
    values[duration_of(state)].number += ms;
    values[AT(ELAPSED_TIME)].number += ms;
    switch (state) {
    case TALLY_STATE_JOINING:
    case TALLY_STATE_STALLED:
    case TALLY_STATE_PAUSED_STALLED:
    case TALLY_STATE_SEEKING: values[AT(BUFFERING_TIME)].number += ms; break;
    case TALLY_STATE_PLAYING:
        if ((present & BIT(BITRATE)) != 0) {
            values[AT(BITRATE_MEDIA)].number += ms * values[AT(BITRATE)].number;
            values[AT(BITRATE_TIME)].number += ms;
        }
        break;
    default: break;
    }
}

static void account(tally_session_t *session, uint64_t at_ms) {
    if (at_ms <= session->since_ms) {
        return;
    }
    const uint64_t ms = at_ms - session->since_ms;
    const enum tally_state state = (enum tally_state)session->state;
    add_time(session->playback, session->playback_present, state, (int64_t)ms);
    if (state == TALLY_STATE_STALLED) {
        session->stall_ms += ms;
    }
    session->since_ms = at_ms;
}

static void notify(tally_outcome_t *outcome, enum tally_event_type type, int64_t code) {
    outcome->notices[outcome->count] =
        (tally_notice_t){.type = (uint8_t)type, .code = (int32_t)code};
    outcome->count++;
}

/* Ends a depletion, however it ends. */
static void end_depletion(tally_session_t *session, tally_outcome_t *outcome) {
    if (session->stall_counted) {
        const int64_t length_ms = (int64_t)session->stall_ms;
        if (length_ms > *number(session, AT(STALL_LONGEST))) {
            set(session, AT(STALL_LONGEST), length_ms);
        }
        notify(outcome, TALLY_EVENT_STALL_END, length_ms);
    }
    session->buffering = false;
    session->stall_counted = false;
    session->stall_ms = 0;
}

static bool on_play(tally_session_t *session) {
    if (session->requested) {
        return false;
    }
    session->requested = true;
    session->wanted = true;
    count(session, AT(PLAY_ATTEMPTS));
    return true;
}

static bool on_first_picture(tally_session_t *session) {
    const bool told = (session->playback_present & BIT(FIRST_PICTURE_TIME)) != 0;
    if (!session->requested || session->started || told) {
        return false;
    }
    set(session, AT(FIRST_PICTURE_TIME), *number(session, AT(JOINING_TIME)));
    return true;
}

static bool on_first_frame(tally_session_t *session) {
    if (!session->requested || session->started) {
        return false;
    }
    session->started = true;
    if (*number(session, AT(STARTUPS_SPOILT)) == 0) {
        set(session, AT(STARTUP_TIME), *number(session, AT(JOINING_TIME)));
    }
    return true;
}

static bool on_pause(tally_session_t *session) {
    if (!session->wanted) {
        return false;
    }
    session->wanted = false;
    count(session, AT(PAUSES));
    return true;
}

static bool on_resume(tally_session_t *session) {
    if (!session->requested || session->wanted) {
        return false;
    }
    session->wanted = true;
    return true;
}

/* Players report buffering while they preload, join and seek too; that is what those states are,
 * and the end of it may come after they have passed. */
static bool on_buffering_begin(tally_session_t *session) {
    if (session->buffering) {
        return false;
    }
    session->buffering_told = true;
    session->buffering = session->started && !session->seeking;
    return true;
}

static bool on_buffering_end(tally_session_t *session, tally_outcome_t *outcome) {
    const bool legal = session->buffering_told;
    session->buffering_told = false;
    end_depletion(session, outcome);
    return legal;
}

static bool on_seek_begin(tally_session_t *session, tally_outcome_t *outcome) {
    if (!session->requested) {
        return false;
    }
    end_depletion(session, outcome);
    session->seeking = true;
    count(session, AT(SEEKS));
    if (!session->started) {
        *number(session, AT(STARTUPS_SPOILT)) = 1;
    }
    return true;
}

static bool on_seek_end(tally_session_t *session) {
    const bool legal = session->seeking;
    session->seeking = false;
    return legal;
}

static bool on_error(tally_session_t *session, int32_t code, tally_outcome_t *outcome) {
    count(session, AT(ERRORS));
    set(session, AT(ERROR_CODE), code);
    notify(outcome, TALLY_EVENT_ERROR, code);
    return true;
}

static bool on_fatal(tally_session_t *session, int32_t code, tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    count(session, AT(ERRORS));
    set(session, AT(ERROR_CODE), code);
    count(session, session->started ? AT(PLAYBACK_FAILURES) : AT(START_FAILURES));
    session->over = TALLY_STATE_FAILED;
    notify(outcome, TALLY_EVENT_FATAL, code);
    return true;
}

static bool on_rendition(tally_session_t *session, int32_t bitrate_kbps) {
    if (bitrate_kbps <= 0) {
        return false;
    }
    const bool known = (session->playback_present & BIT(BITRATE)) != 0;
    if (known && *number(session, AT(BITRATE)) != bitrate_kbps) {
        count(session, AT(RENDITION_CHANGES));
    }
    set(session, AT(BITRATE), bitrate_kbps);
    return true;
}

static bool on_end(tally_session_t *session, tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    session->over = TALLY_STATE_ENDED;
    return true;
}

static bool on_close(tally_session_t *session, int32_t reason, tally_outcome_t *outcome) {
    end_depletion(session, outcome);
    if (session->requested && !session->started && session->over != TALLY_STATE_FAILED) {
        *number(session, AT(EXITS_BEFORE_START)) = 1;
    }
    if (session->over == TALLY_STATE_IDLE) {
        session->over = TALLY_STATE_STOPPED;
    }
    /* How the media ended says more than how the player was put away afterwards. */
    set(session, AT(STOP_REASON),
        session->over == TALLY_STATE_FAILED  ? TALLY_STOP_ERROR
        : session->over == TALLY_STATE_ENDED ? TALLY_STOP_COMPLETED
                                             : reason);
    return true;
}

static bool apply(tally_session_t *session, enum tally_hook hook, int32_t code,
                  tally_outcome_t *outcome) {
    if (session->over != TALLY_STATE_IDLE && hook != TALLY_HOOK_CLOSE) {
        return false;
    }
    switch (hook) {
    case TALLY_HOOK_PLAY: return on_play(session);
    case TALLY_HOOK_FIRST_PICTURE: return on_first_picture(session);
    case TALLY_HOOK_FIRST_FRAME: return on_first_frame(session);
    case TALLY_HOOK_PAUSE: return on_pause(session);
    case TALLY_HOOK_RESUME: return on_resume(session);
    case TALLY_HOOK_BUFFERING_BEGIN: return on_buffering_begin(session);
    case TALLY_HOOK_BUFFERING_END: return on_buffering_end(session, outcome);
    case TALLY_HOOK_SEEK_BEGIN: return on_seek_begin(session, outcome);
    case TALLY_HOOK_SEEK_END: return on_seek_end(session);
    case TALLY_HOOK_ERROR: return on_error(session, code, outcome);
    case TALLY_HOOK_FATAL: return on_fatal(session, code, outcome);
    case TALLY_HOOK_RENDITION: return on_rendition(session, code);
    case TALLY_HOOK_END: return on_end(session, outcome);
    case TALLY_HOOK_CLOSE: return on_close(session, code, outcome);
    case TALLY_HOOK_OPEN:
    case TALLY_HOOK_SET:
    case TALLY_HOOK_TEXT: break;
    }
    return false;
}

void tally_session_open(tally_session_t *session, tally_session_id_t number_, uint64_t now_ms) {
    memset(session, 0, sizeof *session);
    session->number = number_;
    session->since_ms = now_ms;
    session->reported_ms = now_ms;
    session->over = TALLY_STATE_IDLE;
    set(session, AT(STATE), TALLY_STATE_IDLE);
}

tally_outcome_t tally_session_apply(tally_session_t *session, enum tally_hook hook, int32_t code,
                                    uint64_t at_ms) {
    tally_outcome_t outcome = {.illegal = false, .count = 0};
    account(session, at_ms);
    outcome.illegal = !apply(session, hook, code, &outcome);
    session->state = (uint8_t)derive_state(session);
    set(session, AT(STATE), session->state);
    /* A depletion that began in a pause becomes a stall when play is wanted again. */
    if (session->state == TALLY_STATE_STALLED && !session->stall_counted) {
        session->stall_counted = true;
        count(session, AT(STALLS));
        notify(&outcome, TALLY_EVENT_STALL_BEGIN, *number(session, AT(STALLS)));
    }
    return outcome;
}

void tally_session_set(tally_session_t *session, enum tally_metric metric, int64_t value) {
    if (metric == TALLY_M_POSITION) {
        set(session, AT(POSITION), value);
        return;
    }
    const uint32_t at = (uint32_t)metric - (uint32_t)TALLY_M_DIMENSION_FIRST;
    session->dimensions[at] = value;
    session->dimensions_present |= UINT64_C(1) << at;
}

static bool is_set_text(const tally_session_t *session, uint32_t at) {
    return (session->dimensions_present >> at & 1) != 0 &&
           tally_metric_infos[(uint32_t)TALLY_M_DIMENSION_FIRST + at].kind == TALLY_KIND_TEXT;
}

/* Takes a text out of the session; those behind it move up. */
static void drop_text(tally_session_t *session, uint32_t at) {
    char *const place = session->text + session->dimensions[at];
    const uint32_t bytes = (uint32_t)strlen(place) + 1;
    const char *const end = session->text + session->text_used;
    memmove(place, place + bytes, (size_t)(end - place) - bytes);
    session->text_used -= bytes;
    session->dimensions_present &= ~(UINT64_C(1) << at);
    for (uint32_t i = 0; i < TALLY_DIMENSION_METRICS; i++) {
        if (is_set_text(session, i) && session->dimensions[i] > session->dimensions[at]) {
            session->dimensions[i] -= bytes;
        }
    }
}

int32_t tally_session_set_text(tally_session_t *session, enum tally_metric metric,
                               const char *text) {
    const uint32_t at = (uint32_t)metric - (uint32_t)TALLY_M_DIMENSION_FIRST;
    const uint32_t bytes = (uint32_t)strlen(text) + 1;
    const bool is_set = is_set_text(session, at);
    const uint32_t old_bytes =
        is_set ? (uint32_t)strlen(session->text + session->dimensions[at]) + 1 : 0;
    if (bytes > TALLY_SESSION_TEXT_BYTES - session->text_used + old_bytes) {
        return TALLY_E_FULL;
    }
    if (is_set) {
        drop_text(session, at);
    }
    memcpy(session->text + session->text_used, text, bytes);
    session->dimensions[at] = session->text_used;
    session->text_used += bytes;
    session->dimensions_present |= UINT64_C(1) << at;
    return TALLY_OK;
}

tally_view_t tally_session_playback(const tally_session_t *session, uint64_t now_ms,
                                    tally_value_t out[TALLY_PLAYBACK_METRICS]) {
    tally_view_t view = {.values = out, .present = session->playback_present};
    const enum tally_state state = (enum tally_state)session->state;
    const bool running = now_ms > session->since_ms;
    const int64_t ms = running ? (int64_t)(now_ms - session->since_ms) : 0;
    memcpy(out, session->playback, sizeof session->playback);
    add_time(out, view.present, state, ms);
    /* The stall going on may be the longest; in a pause it is no longer, but no shorter either. */
    const int64_t stall_ms = (int64_t)session->stall_ms + (state == TALLY_STATE_STALLED ? ms : 0);
    if (stall_ms > out[AT(STALL_LONGEST)].number) {
        out[AT(STALL_LONGEST)].number = stall_ms;
        view.present |= BIT(STALL_LONGEST);
    }
    return view;
}

tally_view_t tally_session_dimensions(const tally_session_t *session,
                                      tally_value_t out[TALLY_DIMENSION_METRICS]) {
    for (uint32_t i = 0; i < TALLY_DIMENSION_METRICS; i++) {
        if (is_set_text(session, i)) {
            out[i].text = session->text + session->dimensions[i];
        } else {
            out[i].number = session->dimensions[i];
        }
    }
    return (tally_view_t){.values = out, .present = session->dimensions_present};
}
