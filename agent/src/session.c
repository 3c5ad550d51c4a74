/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <string.h>

#include "story.h"
#include "tally/status.h"

/* Half of what 32 bits can tell: 24 days. */
#define FORGOTTEN_MS (UINT32_C(1) << 31)
#define CROSSING_MS  60000u

/* --- state and time ------------------------------------------------------------------------- */

static enum tally_state derive_ad_state(const tally_session_t *session) {
    return !session->wanted       ? TALLY_STATE_AD_PAUSED
           : !session->ad_started ? TALLY_STATE_AD_JOINING
           : session->buffering   ? TALLY_STATE_AD_STALLED
                                  : TALLY_STATE_AD_PLAYING;
}

static enum tally_state derive_content_state(const tally_session_t *session) {
    if (!session->requested) {
        return TALLY_STATE_IDLE;
    }
    if (session->seeking) {
        return TALLY_STATE_SEEKING;
    }
    if (session->started && session->buffering) {
        return session->wanted ? TALLY_STATE_STALLED : TALLY_STATE_PAUSED_STALLED;
    }
    if (!session->wanted) {
        return TALLY_STATE_PAUSED;
    }
    return session->started                     ? TALLY_STATE_PLAYING
           : session->kind == TALLY_SESSION_ZAP ? TALLY_STATE_ZAPPING
                                                : TALLY_STATE_JOINING;
}

static enum tally_state derive_state(const tally_session_t *session) {
    if (session->suspended) {
        return TALLY_STATE_SUSPENDED;
    }
    if (session->over == TALLY_STATE_FAILED || session->over == TALLY_STATE_STOPPED) {
        return (enum tally_state)session->over;
    }
    if (session->in_ad) {
        return derive_ad_state(session);
    }
    return session->over != TALLY_STATE_IDLE ? (enum tally_state)session->over
                                             : derive_content_state(session);
}

/* The buffer's length is counted by the second; what is less waits for the next time. */
static void sample_buffer(tally_session_t *session, uint64_t ms) {
    const uint32_t buffer = TALLY_LEVEL_AT(BUFFER_LENGTH);
    const uint64_t waited_ms = session->buffer_rest_ms + ms;
    const uint64_t seconds = waited_ms / 1000;
    session->buffer_rest_ms = (uint32_t)(waited_ms % 1000);
    tally_viewing_sample(session->viewing, TALLY_M_BUFFER_HISTOGRAM,
                         session->figures.levels[buffer].last,
                         seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX);
}

static void account(tally_session_t *session, uint64_t at_ms) {
    const uint32_t buffer = TALLY_LEVEL_AT(BUFFER_LENGTH);
    const uint32_t before_ms = session->figures.levels[buffer].time_ms;
    if (tally_figures_advance(&session->figures, at_ms) >= FORGOTTEN_MS) {
        session->last_known = 0;
    }
    const uint32_t held_ms = session->figures.levels[buffer].time_ms - before_ms;
    if (held_ms != 0) {
        sample_buffer(session, held_ms);
    }
}

/* Whose visible buffering a state is. */
enum buffering { NO_BUFFERING, OF_CONTENT, OF_AD };

static enum buffering buffering_in(enum tally_state state) {
    switch (state) {
    case TALLY_STATE_JOINING:
    case TALLY_STATE_ZAPPING:
    case TALLY_STATE_SEEKING:
    case TALLY_STATE_STALLED:
    case TALLY_STATE_PAUSED_STALLED: return OF_CONTENT;
    case TALLY_STATE_AD_JOINING:
    case TALLY_STATE_AD_STALLED: return OF_AD;
    default: return NO_BUFFERING;
    }
}

/* A depletion that began in a pause becomes a stall when play is wanted again. */
static void begin_stall(tally_session_t *session, tally_outcome_t *outcome) {
    const bool in_ad = session->figures.state == TALLY_STATE_AD_STALLED;
    session->stall_counted = true;
    count(session, P(STALLS));
    if (in_ad) {
        count(session, ADS(AD_STALLS));
    }
    tally_story_touch(session, in_ad ? SINCE(SINCE_AD_STALL) : SINCE(SINCE_STALL));
    tally_story_notify(outcome, TALLY_EVENT_STALL_BEGIN, tally_story_code(get(session, P(STALLS))),
                       in_ad ? 1 : 0);
}

static void enter_state(tally_session_t *session, tally_outcome_t *outcome) {
    const enum tally_state state = derive_state(session);
    const enum buffering before = buffering_in((enum tally_state)session->figures.state);
    const enum buffering after = buffering_in(state);
    session->figures.state = (uint8_t)state;
    tally_story_set(session, P(STATE), (int32_t)state);
    if (after != NO_BUFFERING && after != before) {
        tally_story_touch(session,
                          after == OF_AD ? SINCE(SINCE_AD_BUFFERING) : SINCE(SINCE_BUFFERING));
    }
    if ((state == TALLY_STATE_STALLED || state == TALLY_STATE_AD_STALLED) &&
        !session->stall_counted) {
        begin_stall(session, outcome);
    }
}

/* The notices are left open: only as many as are counted are read. */
static void begin(tally_outcome_t *outcome) {
    outcome->illegal = false;
    outcome->count = 0;
}

/* --- in ------------------------------------------------------------------------------------- */

bool tally_session_takes(enum tally_hook hook, int32_t code, int32_t detail) {
    switch (hook) {
    case TALLY_HOOK_ERROR:
    case TALLY_HOOK_FATAL: return detail >= 0 && detail <= TALLY_ERROR_TUNER;
    case TALLY_HOOK_RENDITION: return code > 0 && detail >= 0 && detail <= TALLY_CAUSE_USER;
    case TALLY_HOOK_SWITCH: return code >= 0 && code <= TALLY_SWITCH_ABORTED_FREQUENCY;
    case TALLY_HOOK_AD_MILESTONE: return code >= 0 && code <= 100;
    case TALLY_HOOK_AD_END: return code >= 0 && code <= TALLY_AD_FAILED;
    case TALLY_HOOK_CLOSE: return code >= 0 && code <= TALLY_STOP_PLAYER_DIED;
    default: return true;
    }
}

void tally_session_open(tally_session_t *session, tally_session_id_t number,
                        enum tally_session_kind kind, tally_viewing_t *viewing, uint64_t now_ms) {
    memset(session, 0, sizeof *session);
    session->number = number;
    session->kind = (uint8_t)kind;
    session->viewing = viewing;
    session->reported_ms = now_ms;
    session->figures.at_ms = now_ms;
    (void)tally_dimensions_set(&session->dimensions, TALLY_M_SESSION_KIND, (int32_t)kind);
    tally_viewing_add(viewing, TALLY_M_VIEWING_SESSIONS, 1);
    if (kind == TALLY_SESSION_ZAP) {
        tally_viewing_add(viewing, TALLY_M_ZAPS, 1);
        tally_story_request(session);
    }
    tally_outcome_t nothing;
    begin(&nothing);
    enter_state(session, &nothing);
}

tally_outcome_t tally_session_apply(tally_session_t *session, enum tally_hook hook, int32_t code,
                                    int32_t detail, uint64_t at_ms) {
    tally_outcome_t outcome;
    begin(&outcome);
    account(session, at_ms);
    outcome.illegal = !tally_story_tell(session, hook, code, detail, &outcome);
    enter_state(session, &outcome);
    return outcome;
}

/* Only what plays counts as played: a position told in a seek is where that goes. */
static void move_playhead(tally_session_t *session, int64_t position_ms, tally_outcome_t *outcome) {
    tally_playhead_t *const playhead = &session->playhead;
    if (session->in_ad) {
        return;
    }
    if (session->seeking || !session->started) {
        tally_playhead_break(playhead);
    }
    const uint8_t milestone = tally_playhead_move(playhead, position_ms, session->figures.media_ms);
    set(session, P(POSITION), position_ms);
    set(session, P(UNIQUE_PLAY_TIME), tally_playhead_unique_ms(playhead));
    if (get(session, MEDIA(MEDIA_DURATION)) > 0) {
        tally_story_set(session, P(FURTHEST), tally_playhead_furthest_percent(playhead));
    }
    tally_story_reach(session, milestone, outcome);
}

tally_outcome_t tally_session_set(tally_session_t *session, enum tally_metric metric, int64_t value,
                                  uint64_t at_ms, bool *full) {
    tally_outcome_t outcome;
    const enum tally_group group = tally_metrics_group(metric);
    begin(&outcome);
    account(session, at_ms);
    *full = false;
    if (group == TALLY_G_DIMENSION) {
        *full = tally_dimensions_set(&session->dimensions, metric, (int32_t)value) < 0;
    } else if (group == TALLY_G_LEVEL) {
        tally_figures_set_level(&session->figures, (uint32_t)metric - (uint32_t)TALLY_M_LEVEL_FIRST,
                                (int32_t)value);
    } else if (metric == TALLY_M_POSITION) {
        move_playhead(session, value, &outcome);
    } else {
        set(session, (uint32_t)tally_figures_place(metric), value);
    }
    if (metric == TALLY_M_MEDIA_DURATION) {
        tally_playhead_set_duration(&session->playhead, value);
    }
    return outcome;
}

void tally_session_add(tally_session_t *session, enum tally_metric metric, int64_t amount) {
    tally_figures_add(&session->figures, (uint32_t)tally_figures_place(metric), amount);
}

int32_t tally_session_set_text(tally_session_t *session, enum tally_metric metric,
                               const char *text) {
    return tally_dimensions_set_text(&session->dimensions, metric, text);
}

void tally_session_beat(tally_session_t *session, uint64_t now_ms) {
    session->reported_ms = now_ms;
    for (uint32_t i = 0; i < TALLY_SINCE_METRICS; i++) {
        if ((uint32_t)now_ms - session->last_ms[i] >= FORGOTTEN_MS) {
            session->last_known &= (uint16_t) ~(1u << i);
        }
    }
    session->last_ms[SINCE(SINCE_HEARTBEAT)] = (uint32_t)now_ms;
    session->last_known |= (uint16_t)(1u << SINCE(SINCE_HEARTBEAT));
}

uint64_t tally_session_age_ms(const tally_session_t *session, uint64_t now_ms) {
    const uint64_t accounted_ms = (uint64_t)get(session, P(ELAPSED_TIME));
    const uint64_t at_ms = session->figures.at_ms;
    return accounted_ms + (now_ms > at_ms ? now_ms - at_ms : 0);
}

/* --- out ------------------------------------------------------------------------------------ */

void tally_session_figures(const tally_session_t *session, uint64_t now_ms, tally_figures_t *out) {
    *out = session->figures;
    (void)tally_figures_advance(out, now_ms);
    tally_figures_note_stall(out);
}

tally_view_t tally_session_since(const tally_session_t *session, uint64_t now_ms,
                                 tally_value_t out[TALLY_SINCE_METRICS]) {
    for (uint32_t i = 0; i < TALLY_SINCE_METRICS; i++) {
        /* A last time may be a moment ahead: stamps of several producers cross. */
        const uint32_t since_ms = (uint32_t)now_ms - session->last_ms[i];
        out[i].number = since_ms <= UINT32_MAX - CROSSING_MS ? since_ms : 0;
    }
    return (tally_view_t){.values = out, .present = session->last_known, .group = TALLY_G_SINCE};
}
