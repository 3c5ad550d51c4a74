/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of hook.h for events: arguments are checked here, then the event goes to the hook
 * stage. Everything here may run beside the agent task. What attaches streams is in attached.c.
 */
#include <stddef.h>

#include "agent.h"

/* What a cell's 32 bits of time can tell, with an hour to spare until the agent gets to it. */
#define LATE_MOST_MS ((UINT32_C(1) << 31) - 3600000u)

static tally_session_id_t open_as(tally_t *tally, enum tally_session_kind kind) {
    const tally_session_id_t number = tally_hooks_new_session(&tally->hooks);
    const int32_t status = tally_hooks_put(&tally->hooks, number, TALLY_HOOK_OPEN, 0, kind);
    return status < 0 ? 0 : number;
}

tally_session_id_t tally_hook_open(tally_t *tally) {
    return open_as(tally, TALLY_SESSION_PLAYBACK);
}

tally_session_id_t tally_hook_open_publish(tally_t *tally) {
    return open_as(tally, TALLY_SESSION_PUBLISH);
}

/* The stamp of an event that is told late. */
static uint32_t stamp_of(const tally_t *tally, uint64_t at_ms) {
    const tally_port_t *const port = tally->port;
    const uint64_t now_ms = port->monotonic_ms(port->ctx);
    const uint64_t ago_ms = now_ms > at_ms ? now_ms - at_ms : 0;
    return (uint32_t)now_ms - (ago_ms < LATE_MOST_MS ? (uint32_t)ago_ms : LATE_MOST_MS);
}

tally_session_id_t tally_hook_open_at(tally_t *tally, enum tally_session_kind kind,
                                      uint64_t at_ms) {
    if (kind != TALLY_SESSION_PLAYBACK && kind != TALLY_SESSION_PUBLISH) {
        return 0;
    }
    const tally_session_id_t number = tally_hooks_new_session(&tally->hooks);
    const int32_t status = tally_hooks_put_at(&tally->hooks, number, TALLY_HOOK_OPEN, (int64_t)kind,
                                              stamp_of(tally, at_ms));
    return status < 0 ? 0 : number;
}

tally_session_id_t tally_hook_zap(tally_t *tally, tally_session_id_t from) {
    if (from != 0 && tally_hook_close(tally, from, TALLY_STOP_ZAP) < 0) {
        return 0; /* or the old session would stay open, unknown to its player */
    }
    return open_as(tally, TALLY_SESSION_ZAP);
}

static int32_t put_event(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                         int32_t code, int32_t detail) {
    const uint64_t numbers = (uint64_t)(uint32_t)detail << 32 | (uint32_t)code;
    return tally_hooks_put(&tally->hooks, session, hook, 0, (int64_t)numbers);
}

/* Out of line, so that the events without limits, which are most, save no registers for it. */
__attribute__((noinline)) static int32_t put_limited(tally_t *tally, tally_session_id_t session,
                                                     enum tally_hook hook, int32_t code,
                                                     int32_t detail) {
    return tally_session_takes(hook, code, detail) ? put_event(tally, session, hook, code, detail)
                                                   : (int32_t)TALLY_E_ARGUMENT;
}

int32_t tally_hook_tell(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                        int32_t code, int32_t detail) {
    if (session == 0 || hook <= TALLY_HOOK_OPEN || hook >= TALLY_HOOK_SET) {
        return TALLY_E_ARGUMENT;
    }
    return tally_session_limits(hook) ? put_limited(tally, session, hook, code, detail)
                                      : put_event(tally, session, hook, code, detail);
}

int32_t tally_hook_tell_at(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                           int32_t code, int32_t detail, uint64_t at_ms) {
    if (session == 0 || hook <= TALLY_HOOK_OPEN || hook >= TALLY_HOOK_SET ||
        !tally_session_takes(hook, code, detail)) {
        return TALLY_E_ARGUMENT;
    }
    const uint64_t numbers = (uint64_t)(uint32_t)detail << 32 | (uint32_t)code;
    return tally_hooks_put_at(&tally->hooks, session, hook, (int64_t)numbers,
                              stamp_of(tally, at_ms));
}

int32_t tally_hook_set(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t value) {
    if (session == 0 || !tally_metrics_can_set(metric, value)) {
        return TALLY_E_ARGUMENT;
    }
    return tally_hooks_put(&tally->hooks, session, TALLY_HOOK_SET, metric, value);
}

int32_t tally_hook_add(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t amount) {
    if (session == 0 || !tally_metrics_can_add(metric, amount)) {
        return TALLY_E_ARGUMENT;
    }
    return tally_hooks_put(&tally->hooks, session, TALLY_HOOK_ADD, metric, amount);
}

int32_t tally_hook_text(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                        const char *text) {
    if (session == 0 || text == NULL || !tally_metrics_can_set_text(metric)) {
        return TALLY_E_ARGUMENT;
    }
    return tally_hooks_put_text(&tally->hooks, session, metric, text);
}
