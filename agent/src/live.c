/* SPDX-License-Identifier: Apache-2.0 */
#include "live.h"

#include <stddef.h>
#include <string.h>

#include "attached.h"
#include "log.h"
#include "tell.h"
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
    if (!session->announced) {
        tally_attached_disown(tally, session->number);
    }
    tally_tell_end(tally, session, at_ms);
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
        tally_tell_announce(tally, session, at_ms);
    }
    if (hook == TALLY_HOOK_FIRST_PICTURE) {
        note_picture(tally, at_ms);
    }
    if (hook == TALLY_HOOK_WAKE) {
        session->reported_ms = at_ms; /* the heartbeats slept through are not made up for */
    }
    tally_tell_outcome(tally, session, &outcome, at_ms);
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
    tally_tell_outcome(tally, session, &outcome, at_ms);
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

static void on_event(tally_t *tally, tally_session_t *session, const tally_event_t *event,
                     uint64_t at_ms) {
    const enum tally_hook hook = (enum tally_hook)event->hook;
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

/* Events of this process go to its own sessions only. */
static tally_session_t *find_own(tally_t *tally, tally_session_id_t number) {
    tally_session_t *const session = tally_live_find(tally, number);
#if TALLY_PLAYERS > 0
    return session != NULL && tally_told_is(session) ? NULL : session;
#else
    return session;
#endif
}

/* When an event was: its stamp has 32 bits and is at most 2^31 ms away from now, on either side. No
 * session goes back in time, and what was told of it stands but for its last moments. */
static uint64_t time_of(const tally_event_t *event, const tally_session_t *session,
                        uint64_t now_ms) {
    const int32_t distance_ms = (int32_t)(event->time_ms - (uint32_t)now_ms);
    const uint64_t at_ms = now_ms + (uint64_t)(int64_t)distance_ms;
    if (session == NULL) {
        return at_ms;
    }
    uint64_t least_ms = session->figures.at_ms;
    if (session->announced && session->reported_ms > least_ms + TALLY_LATE_MS) {
        least_ms = session->reported_ms - TALLY_LATE_MS;
    }
    return at_ms > least_ms ? at_ms : least_ms;
}

bool tally_live_take_events(tally_t *tally, uint64_t now_ms, tally_wall_t wall) {
    tally_event_t event;
    for (uint32_t i = 0; i < EVENTS_A_STEP; i++) {
        if (!tally_hooks_take(&tally->hooks, &event)) {
            return false;
        }
        tally_session_t *const session = find_own(tally, event.session);
        const uint64_t at_ms = time_of(&event, session, now_ms);
        tally_wall_t at_wall = wall;
        at_wall.unix_ms += (int64_t)(at_ms - now_ms);
        tally_report_set_time(&tally->report, at_ms, at_wall);
        on_event(tally, session, &event, at_ms);
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
#if TALLY_PLAYERS > 0
        if (tally_told_is(session)) {
            session->reported_ms = now_ms; /* its player says itself what standby does to it */
            continue;
        }
#endif
        /* Players put their sessions away themselves, or open them in standby. */
        if (session->number != 0 && session->suspended != (hook == TALLY_HOOK_SUSPEND)) {
            apply(tally, session, hook, 0, 0, now_ms);
        }
    }
}

/* --- what is due ---------------------------------------------------------------------------- */

/* When a session next has something to say, which it does now if that has come. */
static uint64_t report_session(tally_t *tally, tally_session_t *session, uint64_t now_ms) {
#if TALLY_PLAYERS > 0
    if (tally_told_is(session)) {
        return tally_told_report(tally, session, now_ms);
    }
#endif
    if (is_to_announce(session, TALLY_HOOK_SET, now_ms)) {
        tally_tell_announce(tally, session, now_ms);
    }
    if (session->suspended) {
        session->reported_ms = now_ms;
    } else if (now_ms >= session->reported_ms + tally->heartbeat_ms) {
        /* One beat however late: what was slept through is not made up for. */
        session->reported_ms = now_ms;
        if (session->announced) {
            tally_tell_heartbeat(tally, session, now_ms);
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
