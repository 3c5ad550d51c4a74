/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <string.h>

#include "agent.h"
#include "attached.h"

#define LOOK_MS   10000u
#define RISE_MOST (UINT32_C(1) << 30) /* well within what tells a rise from a fall */

/* The lower halves of what the thresholds are about. */
static void read_figures(tally_t *tally, const tally_session_t *session, uint64_t now_ms,
                         uint32_t out[TALLY_REMOTE_THRESHOLDS]) {
    const tally_remote_t *const remote = &tally->policy.active;
    tally_figures_t figures;
    if (remote->thresholds == 0) {
        return;
    }
    tally_session_figures(session, now_ms, &figures);
    for (uint32_t i = 0; i < remote->thresholds; i++) {
        const enum tally_metric metric = (enum tally_metric)remote->threshold[i].metric;
        const int32_t place = tally_figures_place(metric);
        out[i] = place >= 0 ? (uint32_t)tally_figures_get(&figures, (uint32_t)place)
                            : tally_attached_sum(tally, session->number, metric);
    }
}

static uint32_t *reported_of(tally_t *tally, const tally_session_t *session) {
    return tally->watch.reported[session - tally->sessions];
}

void tally_watch_note(tally_t *tally, const tally_session_t *session, uint64_t now_ms) {
    read_figures(tally, session, now_ms, reported_of(tally, session));
}

void tally_watch_begin(tally_t *tally) {
    tally->watch.due_ms = tally->report.now_ms + LOOK_MS;
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        tally_watch_note(tally, &tally->sessions[i], tally->report.now_ms);
    }
}

/* What has fallen, because a stream is gone, has not risen. */
static bool has_risen(tally_t *tally, const tally_session_t *session, uint64_t now_ms) {
    const tally_remote_t *const remote = &tally->policy.active;
    const uint32_t *const reported = reported_of(tally, session);
    uint32_t now[TALLY_REMOTE_THRESHOLDS];
    read_figures(tally, session, now_ms, now);
    for (uint32_t i = 0; i < remote->thresholds; i++) {
        const uint32_t rise = now[i] - reported[i];
        const uint32_t wanted = remote->threshold[i].rise;
        if (rise <= INT32_MAX && rise >= (wanted < RISE_MOST ? wanted : RISE_MOST)) {
            return true;
        }
    }
    return false;
}

/* The time that the next heartbeat can be of. */
static uint64_t latest_ms(const tally_session_t *session, uint64_t now_ms) {
#if TALLY_PLAYERS > 0
    return tally_told_is(session) ? session->figures.at_ms : now_ms;
#else
    (void)session;
    return now_ms;
#endif
}

uint64_t tally_watch_step(tally_t *tally, uint64_t now_ms) {
    const bool looks = now_ms >= tally->watch.due_ms;
    bool has_any = false;
    if (looks) {
        tally->watch.due_ms = now_ms + LOOK_MS;
    }
    for (uint32_t i = 0; i < TALLY_SESSIONS; i++) {
        tally_session_t *const session = &tally->sessions[i];
        if (session->number == 0 || session->suspended) {
            continue;
        }
        has_any = tally->policy.active.thresholds != 0;
        if (looks && session->announced && has_risen(tally, session, now_ms)) {
            session->reported_ms = latest_ms(session, now_ms) - tally->heartbeat_ms;
            tally_uplink_flush(&tally->uplink, now_ms);
        }
    }
    return has_any ? tally->watch.due_ms : UINT64_MAX;
}
