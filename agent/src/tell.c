/* SPDX-License-Identifier: Apache-2.0 */
#include "tell.h"

#include <stddef.h>

/* --- start and heartbeat -------------------------------------------------------------------- */

static void make(tally_t *tally, enum tally_class rank, enum tally_record kind,
                 const tally_session_t *session, const tally_view_t *views, uint32_t count) {
    (void)tally_report_make(&tally->report, rank, kind, session->number, views, count);
}

/* With the session's id where there are two halves. */
static tally_view_t view_dimensions(const tally_t *tally, const tally_session_t *session,
                                    tally_value_t out[TALLY_DIMENSION_METRICS]) {
    tally_view_t view = tally_dimensions_view(&session->dimensions, out);
    uint64_t id = 0;
#if TALLY_PLAYERS > 0
    id = tally->told[session - tally->sessions].id;
#endif
#if TALLY_PLAYER_HALF
    id = tally->player.link != NULL ? tally_player_session_id(tally, session->number) : id;
#endif
    if (id != 0) {
        out[TALLY_M_SESSION_ID - TALLY_M_DIMENSION_FIRST].number = (int64_t)id;
        view.present |= TALLY_CAN(DIMENSION, SESSION_ID);
    }
    (void)tally;
    return view;
}

void tally_tell_start(tally_t *tally, const tally_session_t *session) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    const tally_view_t view = view_dimensions(tally, session, values);
    make(tally, TALLY_URGENT, TALLY_RECORD_START, session, &view, 1);
}

/* The dimensions are set by events behind OPEN, so the start is reported with the play request. */
void tally_tell_announce(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
    if (tally_limit_take(&tally->starts, TALLY_START_BURST, TALLY_START_REFILL_MS, now_ms)) {
        session->announced = true;
        tally_tell_start(tally, session);
    }
}

void tally_tell_heartbeat(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
    tally_figures_t figures;
    tally_value_t levels[TALLY_LEVEL_METRICS];
    tally_session_figures(session, now_ms, &figures);
    const tally_view_t views[] = {
        tally_figures_view(&figures, TALLY_G_ADS),
        tally_figures_levels(&figures, levels),
        tally_figures_view(&figures, TALLY_G_MEDIA),
        tally_figures_view(&figures, TALLY_G_PLAYBACK),
#if TALLY_METRICS_USER
        tally_figures_view(&figures, TALLY_G_USER),
#endif
    };
    make(tally, TALLY_ROUTINE, TALLY_RECORD_HEARTBEAT, session, views,
         sizeof views / sizeof views[0]);
    tally_session_beat(session, now_ms);
}

/* --- events --------------------------------------------------------------------------------- */

/* Events are limited by class, so that a player that flaps in one way hides no other. */
static tally_limit_t *limit_of(tally_t *tally, enum tally_event_type type) {
    switch (type) {
    case TALLY_EVENT_ERROR:
    case TALLY_EVENT_FATAL:
    case TALLY_EVENT_REFUSED:
    case TALLY_EVENT_AD_ERROR: return &tally->events[TALLY_LIMIT_ERRORS];
    case TALLY_EVENT_STALL_BEGIN:
    case TALLY_EVENT_STALL_END: return &tally->events[TALLY_LIMIT_STALLS];
    default: return &tally->events[TALLY_LIMIT_OTHERS];
    }
}

void tally_tell_event(tally_t *tally, const tally_session_t *session, enum tally_event_type type,
                      const tally_view_t *event, uint64_t at_ms) {
    tally_value_t since[TALLY_SINCE_METRICS];
    tally_limit_t *const limit = limit_of(tally, type);
    if (!session->announced ||
        !tally_limit_take(limit, TALLY_EVENT_BURST, TALLY_EVENT_REFILL_MS, at_ms)) {
        tally_viewing_add(&tally->viewing, TALLY_M_EVENTS_UNTOLD, 1);
        return;
    }
    const tally_view_t views[] = {*event, tally_session_since(session, at_ms, since)};
    make(tally, limit == &tally->events[TALLY_LIMIT_OTHERS] ? TALLY_ROUTINE : TALLY_URGENT,
         TALLY_RECORD_EVENT, session, views, sizeof views / sizeof views[0]);
}

static void tell_notice(tally_t *tally, const tally_session_t *session,
                        const tally_notice_t *notice, uint64_t at_ms) {
    tally_value_t event[TALLY_EVENT_METRICS];
    const bool positioned = tally_figures_has(&session->figures, TALLY_PLAYBACK_AT(POSITION));
    event[TALLY_M_EVENT_CODE - TALLY_M_EVENT_FIRST].number = notice->code;
    event[TALLY_M_EVENT_DETAIL - TALLY_M_EVENT_FIRST].number = notice->detail;
    event[TALLY_M_EVENT_POSITION - TALLY_M_EVENT_FIRST].number =
        tally_figures_get(&session->figures, TALLY_PLAYBACK_AT(POSITION));
    event[TALLY_M_EVENT_TYPE - TALLY_M_EVENT_FIRST].number = notice->type;
    const tally_view_t view = {
        .values = event,
        .present = TALLY_CAN(EVENT, EVENT_CODE) | TALLY_CAN(EVENT, EVENT_DETAIL) |
                   TALLY_CAN(EVENT, EVENT_TYPE) |
                   (positioned ? TALLY_CAN(EVENT, EVENT_POSITION) : 0),
        .group = TALLY_G_EVENT,
    };
    tally_tell_event(tally, session, (enum tally_event_type)notice->type, &view, at_ms);
}

void tally_tell_outcome(tally_t *tally, const tally_session_t *session,
                        const tally_outcome_t *outcome, uint64_t at_ms) {
    if ((tally->capabilities[TALLY_G_EVENT] & TALLY_CAN(EVENT, EVENT_TYPE)) == 0) {
        return; /* the device wants none: none is untold */
    }
    for (uint32_t i = 0; i < outcome->count; i++) {
        tell_notice(tally, session, &outcome->notices[i], at_ms);
    }
}

/* --- the end -------------------------------------------------------------------------------- */

static void report_end(tally_t *tally, const tally_session_t *session, uint64_t at_ms) {
    tally_value_t dimensions[TALLY_DIMENSION_METRICS];
    tally_value_t levels[TALLY_LEVEL_METRICS];
    tally_value_t since[TALLY_SINCE_METRICS];
    const tally_figures_t *const figures = &session->figures;
    const tally_view_t views[] = {
        view_dimensions(tally, session, dimensions),
        tally_figures_view(figures, TALLY_G_ADS),
        tally_figures_levels(figures, levels),
        tally_figures_view(figures, TALLY_G_MEDIA),
        tally_figures_view(figures, TALLY_G_PLAYBACK),
        tally_session_since(session, at_ms, since),
#if TALLY_METRICS_USER
        tally_figures_view(figures, TALLY_G_USER),
#endif
    };
    make(tally, TALLY_URGENT, TALLY_RECORD_END, session, views, sizeof views / sizeof views[0]);
}

void tally_tell_end(tally_t *tally, const tally_session_t *session, uint64_t at_ms) {
    if (session->announced) {
        report_end(tally, session, at_ms);
    } else {
        tally_viewing_fold(&tally->viewing, &session->figures);
        tally_viewing_add(&tally->viewing, TALLY_M_SESSIONS_UNSAMPLED, session->unsampled ? 1 : 0);
    }
}
