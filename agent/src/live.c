/* SPDX-License-Identifier: Apache-2.0 */
#include "live.h"

#include <stddef.h>
#include <string.h>

#include "attached.h"
#include "log.h"
#include "watch.h"

/* Events taken in one step: a flood cannot keep the agent task from the rest of its work. */
#define EVENTS_A_STEP (2u * (uint32_t)TALLY_EVENTS)

/* A session that a zap began has records of its own once it is this old. */
#define ZAP_FOLD_MS 5000u

tally_session_t *tally_live_find(tally_t *tally, tally_session_id_t number) {
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->sessions[i].number == number) {
            return &tally->sessions[i];
        }
    }
    return NULL;
}

/* --- records of a session ------------------------------------------------------------------- */

static void make(tally_t *tally, enum tally_class class, enum tally_record kind,
                 const tally_session_t *session, const tally_view_t *views, uint32_t count) {
    (void)tally_report_make(&tally->report, class, kind, session->number, views, count);
}

/* The dimensions are set by events behind OPEN, so the start is reported with the play request. */
static void announce(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
    tally_value_t values[TALLY_DIMENSION_METRICS];
    if (!tally_limit_take(&tally->starts, TALLY_START_BURST, TALLY_START_REFILL_MS, now_ms)) {
        return;
    }
    const tally_view_t view = tally_dimensions_view(&session->dimensions, values);
    session->announced = true;
    make(tally, TALLY_URGENT, TALLY_RECORD_START, session, &view, 1);
}

static void report_heartbeat(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
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

static void report_end(tally_t *tally, const tally_session_t *session, uint64_t at_ms) {
    tally_value_t dimensions[TALLY_DIMENSION_METRICS];
    tally_value_t levels[TALLY_LEVEL_METRICS];
    tally_value_t since[TALLY_SINCE_METRICS];
    const tally_figures_t *const figures = &session->figures;
    const tally_view_t views[] = {
        tally_dimensions_view(&session->dimensions, dimensions),
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

static void report_event(tally_t *tally, const tally_session_t *session,
                         const tally_notice_t *notice, uint64_t at_ms) {
    tally_value_t event[TALLY_EVENT_METRICS];
    tally_value_t since[TALLY_SINCE_METRICS];
    tally_limit_t *const limit = limit_of(tally, (enum tally_event_type)notice->type);
    if (!tally_limit_take(limit, TALLY_EVENT_BURST, TALLY_EVENT_REFILL_MS, at_ms)) {
        tally_viewing_add(&tally->viewing, TALLY_M_EVENTS_UNTOLD, 1);
        return;
    }
    const bool positioned = tally_figures_has(&session->figures, TALLY_PLAYBACK_AT(POSITION));
    event[TALLY_M_EVENT_CODE - TALLY_M_EVENT_FIRST].number = notice->code;
    event[TALLY_M_EVENT_DETAIL - TALLY_M_EVENT_FIRST].number = notice->detail;
    event[TALLY_M_EVENT_POSITION - TALLY_M_EVENT_FIRST].number =
        tally_figures_get(&session->figures, TALLY_PLAYBACK_AT(POSITION));
    event[TALLY_M_EVENT_TYPE - TALLY_M_EVENT_FIRST].number = notice->type;
    const tally_view_t views[] = {
        {.values = event,
         .present = TALLY_CAN(EVENT, EVENT_CODE) | TALLY_CAN(EVENT, EVENT_DETAIL) |
                    TALLY_CAN(EVENT, EVENT_TYPE) |
                    (positioned ? TALLY_CAN(EVENT, EVENT_POSITION) : 0),
         .group = TALLY_G_EVENT},
        tally_session_since(session, at_ms, since),
    };
    make(tally, limit == &tally->events[TALLY_LIMIT_OTHERS] ? TALLY_ROUTINE : TALLY_URGENT,
         TALLY_RECORD_EVENT, session, views, sizeof views / sizeof views[0]);
}

/* --- events --------------------------------------------------------------------------------- */

static void open_session(tally_t *tally, tally_session_id_t number, enum tally_session_kind kind,
                         uint64_t at_ms) {
    tally_session_t *const session = tally_live_find(tally, 0);
    if (session == NULL) {
        tally->sessions_refused++;
        TALLY_LOG(tally->port, SESSION_REFUSED, number);
        return;
    }
    tally_session_open(session, number, kind, &tally->viewing, at_ms);
    session->unsampled = !tally_policy_samples(tally, number);
    tally_watch_note(tally, session, at_ms);
    TALLY_LOG(tally->port, SESSION_OPENED, number);
}

static void close_session(tally_t *tally, tally_session_t *session, uint64_t at_ms) {
    tally_attached_leave(tally, session->number);
    if (session->announced) {
        report_end(tally, session, at_ms);
    } else {
        tally_attached_disown(tally, session->number);
        tally_viewing_fold(&tally->viewing, &session->figures);
        tally_viewing_add(&tally->viewing, TALLY_M_SESSIONS_UNSAMPLED, session->unsampled ? 1 : 0);
    }
    TALLY_LOG(tally->port, SESSION_ENDED, session->number);
    session->number = 0;
}

/* A zap waits until it has lasted, or has failed, which is worth telling however short it was;
 * others until play is asked for, or they end without. */
static bool is_to_announce(const tally_session_t *session, enum tally_hook hook, uint64_t at_ms) {
    if (session->announced || session->unsampled) {
        return false;
    }
    if (session->kind == TALLY_SESSION_ZAP) {
        /* A step that began before the zap may look at it with an earlier time. */
        return hook == TALLY_HOOK_FATAL || tally_session_age_ms(session, at_ms) >= ZAP_FOLD_MS;
    }
    return session->requested || hook == TALLY_HOOK_CLOSE;
}

static void tell(tally_t *tally, const tally_session_t *session, const tally_outcome_t *outcome,
                 uint64_t at_ms) {
    if ((tally->capabilities[TALLY_G_EVENT] & TALLY_CAN(EVENT, EVENT_TYPE)) == 0) {
        return; /* the device wants none: none is untold */
    }
    if (!session->announced) {
        tally_viewing_add(&tally->viewing, TALLY_M_EVENTS_UNTOLD, outcome->count);
        return;
    }
    for (uint32_t i = 0; i < outcome->count; i++) {
        report_event(tally, session, &outcome->notices[i], at_ms);
    }
}

/* The device's first picture is that of whichever session comes first. */
static void note_picture(tally_t *tally, uint64_t at_ms) {
#if TALLY_DEVICE
    const uint64_t boot_ms = tally->report.boot_ms;
    const uint64_t since_init_ms = at_ms > boot_ms ? at_ms - boot_ms : 0;
    if ((tally->capabilities[TALLY_G_DEVICE] & TALLY_CAN(DEVICE, BOOT_TO_PICTURE)) != 0 &&
        !tally->consent_late) {
        tally_machine_picture(&tally->machine, since_init_ms + tally->options->booted_ms);
    }
#else
    (void)tally;
    (void)at_ms;
#endif
}

static void apply(tally_t *tally, tally_session_t *session, enum tally_hook hook, int32_t code,
                  int32_t detail, uint64_t at_ms) {
    const tally_outcome_t outcome = tally_session_apply(session, hook, code, detail, at_ms);
    tally_viewing_add(&tally->viewing, TALLY_M_EVENTS_TAKEN, 1);
    if (outcome.illegal) {
        tally->events_illegal++;
        return;
    }
    if (is_to_announce(session, hook, at_ms)) {
        announce(tally, session, at_ms);
    }
    if (hook == TALLY_HOOK_FIRST_PICTURE) {
        note_picture(tally, at_ms);
    }
    if (hook == TALLY_HOOK_WAKE) {
        session->reported_ms = at_ms; /* the heartbeats slept through are not made up for */
    }
    tell(tally, session, &outcome, at_ms);
    if (hook == TALLY_HOOK_CLOSE) {
        close_session(tally, session, at_ms);
    }
}

static void set(tally_t *tally, tally_session_t *session, const tally_event_t *event,
                uint64_t at_ms) {
    bool full = false;
    const tally_outcome_t outcome = tally_session_set(session, (enum tally_metric)event->metric,
                                                      tally_event_value(event), at_ms, &full);
    if (full) {
        tally_hooks_count_lost_text(&tally->hooks);
    }
    tell(tally, session, &outcome, at_ms);
}

static void set_text(tally_t *tally, tally_session_t *session, const tally_event_t *event) {
    const char *const text = tally_hooks_text(&tally->hooks, event);
    if (session == NULL) {
        tally->events_stray++;
    } else if (tally_session_set_text(session, (enum tally_metric)event->metric, text) < 0) {
        tally_hooks_count_lost_text(&tally->hooks);
    }
    tally_hooks_release_text(&tally->hooks, event);
}

static void on_event(tally_t *tally, const tally_event_t *event, uint64_t at_ms) {
    const enum tally_hook hook = (enum tally_hook)event->hook;
    tally_session_t *const session = tally_live_find(tally, event->session);
    if (hook == TALLY_HOOK_OPEN) {
        open_session(tally, event->session, (enum tally_session_kind)event->value_low, at_ms);
    } else if (hook == TALLY_HOOK_TEXT) {
        set_text(tally, session, event);
    } else if (session == NULL) {
        tally->events_stray++;
        TALLY_LOG(tally->port, EVENT_STRAY, event->session);
    } else if (hook == TALLY_HOOK_SET) {
        set(tally, session, event, at_ms);
    } else if (hook == TALLY_HOOK_ADD) {
        tally_session_add(session, (enum tally_metric)event->metric, tally_event_value(event));
    } else {
        apply(tally, session, hook, event->value_low, event->value_high, at_ms);
    }
}

bool tally_live_take_events(tally_t *tally, uint64_t now_ms, tally_wall_t wall) {
    tally_event_t event;
    for (uint32_t i = 0; i < EVENTS_A_STEP; i++) {
        if (!tally_hooks_take(&tally->hooks, &event)) {
            return false;
        }
        /* The stamp is 32 bits and at most 2^31 ms away from now, on either side. */
        const int32_t distance_ms = (int32_t)(event.time_ms - (uint32_t)now_ms);
        const uint64_t at_ms = now_ms + (uint64_t)(int64_t)distance_ms;
        tally_wall_t at_wall = wall;
        at_wall.unix_ms += distance_ms;
        tally_report_set_time(&tally->report, at_ms, at_wall);
        on_event(tally, &event, at_ms);
    }
    return true;
}

bool tally_live_forget_events(tally_t *tally) {
    tally_event_t event;
    for (uint32_t i = 0; i < EVENTS_A_STEP; i++) {
        if (!tally_hooks_take(&tally->hooks, &event)) {
            return false;
        }
        if (event.hook == TALLY_HOOK_TEXT) {
            tally_hooks_release_text(&tally->hooks, &event);
        } else if (event.hook == TALLY_HOOK_CLOSE) {
            tally_attached_leave(tally, event.session); /* as its player relies on */
        }
    }
    return true;
}

void tally_live_forget(tally_t *tally) {
    memset(tally->sessions, 0, sizeof tally->sessions);
}

void tally_live_tell_all(tally_t *tally, enum tally_hook hook, uint64_t now_ms) {
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        tally_session_t *const session = &tally->sessions[i];
        /* Players put their sessions away themselves, or open them in standby. */
        if (session->number != 0 && session->suspended != (hook == TALLY_HOOK_SUSPEND)) {
            apply(tally, session, hook, 0, 0, now_ms);
        }
    }
}

/* --- what is due ---------------------------------------------------------------------------- */

/* When a session next has something to say, which it does now if that has come. */
static uint64_t report_session(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
    if (is_to_announce(session, TALLY_HOOK_SET, now_ms)) {
        announce(tally, session, now_ms);
    }
    if (session->suspended) {
        session->reported_ms = now_ms;
    } else if (now_ms >= session->reported_ms + tally->heartbeat_ms) {
        /* One beat however late: what was slept through is not made up for. */
        session->reported_ms = now_ms;
        if (session->announced) {
            report_heartbeat(tally, session, now_ms);
            tally_attached_report(tally, session->number); /* not on top of its stack */
            tally_watch_note(tally, session, now_ms);
        }
    }
    const uint64_t beat_ms = session->reported_ms + tally->heartbeat_ms;
    const uint64_t age_ms = tally_session_age_ms(session, now_ms);
    const bool waits = session->kind == TALLY_SESSION_ZAP && age_ms < ZAP_FOLD_MS;
    const uint64_t fold_ms = now_ms + ZAP_FOLD_MS - age_ms;
    return waits && fold_ms < beat_ms ? fold_ms : beat_ms;
}

uint64_t tally_live_report(tally_t *tally, uint64_t now_ms) {
    uint64_t next_ms = tally_watch_step(tally, now_ms);
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        if (tally->sessions[i].number != 0) {
            const uint64_t due_ms = report_session(tally, &tally->sessions[i], now_ms);
            next_ms = due_ms < next_ms ? due_ms : next_ms;
        }
    }
    return next_ms;
}
