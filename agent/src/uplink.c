/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink.h"

#include <string.h>

#include "log.h"
#include "uplink_body.h"
#include "uplink_reply.h"

#define RESOLVE_MS  10000u
#define CONNECT_MS  15000u
#define SECURE_MS   30000u
#define OPENING_MS  90000u /* all of these, however often they take turns */
#define QUIET_MS    30000u /* of an exchange: without a byte either way */
#define EXCHANGE_MS 600000u

/* Pieces of work in one step: keeps the longest step short whatever the transport swallows. */
#define PIECES 16u

#define CHUNK 128u

/* --- begin --------------------------------------------------------------------------------- */

int32_t tally_uplink_init(tally_uplink_t *uplink, const tally_uplink_config_t *config,
                          const tally_port_t *port, const tally_transport_t *transport,
                          tally_spool_t *spool, uint64_t now_ms) {
    memset(uplink, 0, sizeof *uplink);
    uplink->config = *config;
    uplink->port = port;
    uplink->transport = transport;
    uplink->spool = spool;
    uplink->batch_most = TALLY_BATCH_BYTES;
    uplink->may_give_up = true;
    tally_backoff_init(&uplink->backoff, config->period_ms);
    tally_budget_init(&uplink->budget, config->settings, config->daily_bytes);
    uint32_t random = 0;
    if (port->random(port->ctx, (uint8_t *)&random, sizeof random) < 0) {
        return TALLY_E_RANDOM;
    }
    uplink->due_ms = now_ms + tally_backoff_part(config->period_ms, random);
    /* The longest head and envelope are those of a large upload of this boot, very late. */
    const tally_wall_t latest = {.unix_ms = INT64_MAX, .quality = TALLY_WALL_AUTHENTICATED};
    uplink->batch.boot = config->boot_id;
    uplink->batch.bytes = INT32_MAX;
    uplink->now_ms = INT64_MAX;
    return tally_uplink_body_begin(uplink, &latest) < 0 ? TALLY_E_CONFIG : TALLY_OK;
}

/* --- what changes from outside -------------------------------------------------------------- */

void tally_uplink_stop(tally_uplink_t *uplink) {
    uplink->stats.attempts -= uplink->state != TALLY_UPLINK_IDLE ? 1 : 0;
    tally_uplink_hang_up(uplink);
}

bool tally_uplink_is_idle(const tally_uplink_t *uplink) {
    return uplink->state == TALLY_UPLINK_IDLE;
}

void tally_uplink_set_endpoint(tally_uplink_t *uplink, const tally_endpoint_t *endpoint) {
    tally_uplink_stop(uplink);
    uplink->config.endpoint = endpoint;
}

void tally_uplink_set_period(tally_uplink_t *uplink, uint32_t period_ms, uint64_t now_ms) {
    uplink->config.period_ms = period_ms;
    uplink->backoff.period_ms = period_ms;
    if (uplink->due_ms > now_ms + period_ms) {
        uplink->due_ms = now_ms + period_ms;
    }
}

void tally_uplink_hold(tally_uplink_t *uplink, bool held) {
    uplink->held = held;
}

void tally_uplink_reconnect(tally_uplink_t *uplink, uint64_t now_ms) {
    if (uplink->state != TALLY_UPLINK_IDLE) {
        uplink->due_ms = now_ms;
    }
    tally_uplink_stop(uplink);
}

void tally_uplink_flush(tally_uplink_t *uplink, uint64_t now_ms) {
    uplink->due_ms = now_ms;
}

/* A date is cut to its second, whose middle is nearest on average. */
bool tally_uplink_take_time(tally_uplink_t *uplink, int64_t *unix_ms, uint64_t *at_ms) {
    *unix_ms = (int64_t)uplink->date_s * 1000 + 500;
    *at_ms = uplink->date_ms;
    const bool is_there = uplink->date_s != 0;
    uplink->date_s = 0;
    return is_there;
}

uint8_t *tally_uplink_take_message(tally_uplink_t *uplink, uint32_t *bytes) {
    *bytes = uplink->message_bytes;
    uplink->message_bytes = 0;
    return *bytes != 0 ? uplink->staging + TALLY_REMOTE_ROOM : NULL;
}

/* --- the machine ---------------------------------------------------------------------------- */

/* Each returns a negative error, 0 to wait for the transport, or 1 to go on at once. */

static int32_t begin_exchange(tally_uplink_t *uplink, const tally_wall_t *wall) {
    uplink->state = TALLY_UPLINK_SENDING;
    uplink->end_ms = uplink->now_ms + EXCHANGE_MS;
    const int32_t status = tally_uplink_body_begin(uplink, wall);
    return status < 0 ? status : 1;
}

static int32_t on_opening(tally_uplink_t *uplink, const tally_wall_t *wall) {
    static const uint16_t phase_ms[] = {0, RESOLVE_MS, CONNECT_MS, SECURE_MS};
    uplink->connected = true;
    const int32_t phase =
        uplink->transport->open(uplink->transport->ctx, &uplink->config.endpoint->peer);
    if (phase < 0) {
        return phase;
    }
    const bool is_there = phase == TALLY_OPEN || phase == TALLY_OPENING_SECURE;
    if (is_there && uplink->opening != TALLY_OPENING_SECURE) {
        tally_budget_spend(&uplink->budget, TALLY_BUDGET_CONNECTION_BYTES);
    }
    if (phase == TALLY_OPEN) {
        uplink->stats.connects++;
        TALLY_LOG(uplink->port, UPLINK_OPEN, 0);
        return begin_exchange(uplink, wall);
    }
    if (phase != uplink->opening) {
        uplink->opening = (uint8_t)phase;
        uplink->deadline_ms = uplink->now_ms + phase_ms[phase & 3];
    }
    return 0;
}

static int32_t on_sending(tally_uplink_t *uplink) {
    if (uplink->sent == uplink->staged) {
        if (tally_uplink_body_is_whole(uplink)) {
            uplink->state = TALLY_UPLINK_AWAITING;
            uplink->reply.body = uplink->staging + TALLY_REMOTE_ROOM;
            uplink->reply.body_room = TALLY_REMOTE_MESSAGE_MOST;
            return 1;
        }
        const int32_t status = tally_uplink_body_more(uplink);
        if (status < 0) {
            return status;
        }
    }
    const tally_transport_t *const transport = uplink->transport;
    const int32_t taken = transport->send(transport->ctx, uplink->staging + uplink->sent,
                                          uplink->staged - uplink->sent);
    if (taken <= 0) {
        return taken;
    }
    uplink->sent += (uint32_t)taken;
    uplink->sent_ms = (uint32_t)uplink->now_ms;
    uplink->stats.bytes += (uint32_t)taken;
    tally_budget_spend(&uplink->budget, (uint32_t)taken);
    return 1;
}

static int32_t receive(tally_uplink_t *uplink) {
    uint8_t chunk[CHUNK];
    const tally_transport_t *const transport = uplink->transport;
    const int32_t bytes = transport->receive(transport->ctx, chunk, sizeof chunk);
    if (bytes <= 0) {
        return bytes;
    }
    uplink->stats.received += (uint32_t)bytes;
    tally_budget_spend(&uplink->budget, (uint32_t)bytes);
    uplink->reused = false;
    const int32_t status = tally_http_reply_take(&uplink->reply, chunk, (uint32_t)bytes);
    if (status < 0) {
        return status;
    }
    if (uplink->reply.done) {
        tally_uplink_on_reply(uplink);
    }
    return 1;
}

static int32_t on_exchange(tally_uplink_t *uplink) {
    int32_t sent = 0;
    if (uplink->state == TALLY_UPLINK_SENDING) {
        sent = on_sending(uplink);
        if (sent > 0) {
            return sent;
        }
    }
    /* Also after a failed send: the reason may lie in the receive queue. */
    const int32_t received = receive(uplink);
    if (received == 0 || (received < 0 && sent < 0)) {
        return sent < 0 ? sent : received;
    }
    return received;
}

static bool is_due(const tally_uplink_t *uplink) {
    const bool half_full = tally_spool_fill_percent(uplink->spool) >= 50;
    return !uplink->held && uplink->now_ms >= uplink->retry_ms &&
           (uplink->now_ms >= uplink->due_ms || half_full);
}

/* A kept connection has nothing to say while idle but that it ends. */
static void watch_idle(tally_uplink_t *uplink) {
    uint8_t byte;
    if (uplink->connected && uplink->transport->receive(uplink->transport->ctx, &byte, 1) != 0) {
        tally_uplink_hang_up(uplink);
    }
}

static int32_t on_idle(tally_uplink_t *uplink, const tally_wall_t *wall) {
    watch_idle(uplink);
    if (!is_due(uplink)) {
        return 0;
    }
    if (tally_spool_plan(uplink->spool, uplink->batch_most, &uplink->batch) == 0) {
        uplink->due_ms = uplink->now_ms + uplink->config.period_ms;
        return 0;
    }
    const uint64_t day_ms = tally_budget_held_until_ms(&uplink->budget, uplink->now_ms, wall);
    if (day_ms != 0) {
        /* The day ends for all devices at once. */
        uplink->stats.deferred++;
        TALLY_LOG(uplink->port, UPLINK_DEFERRED, uplink->budget.daily_bytes);
        const uint32_t spread_ms =
            tally_backoff_part(uplink->config.period_ms, tally_uplink_draw(uplink));
        tally_uplink_put_off(uplink, day_ms + spread_ms);
        return 0;
    }
    uplink->stats.attempts++;
    uplink->reused = uplink->connected;
    if (uplink->connected) {
        return begin_exchange(uplink, wall);
    }
    uplink->state = TALLY_UPLINK_OPENING;
    uplink->opening = TALLY_OPEN;
    uplink->end_ms = uplink->now_ms + OPENING_MS;
    return 1;
}

/* When the machine goes on whatever the transport does. */
static uint64_t next_ms(const tally_uplink_t *uplink) {
    if (uplink->state == TALLY_UPLINK_IDLE) {
        const uint64_t later_ms =
            uplink->due_ms > uplink->retry_ms ? uplink->due_ms : uplink->retry_ms;
        return uplink->held ? UINT64_MAX : later_ms;
    }
    return uplink->deadline_ms < uplink->end_ms ? uplink->deadline_ms : uplink->end_ms;
}

static uint32_t wait_ms(const tally_uplink_t *uplink) {
    const uint64_t until_ms = next_ms(uplink);
    if (until_ms <= uplink->now_ms) {
        return 0;
    }
    return until_ms - uplink->now_ms < UINT32_MAX ? (uint32_t)(until_ms - uplink->now_ms)
                                                  : UINT32_MAX;
}

uint32_t tally_uplink_step(tally_uplink_t *uplink, uint64_t now_ms, const tally_wall_t *wall) {
    uplink->now_ms = now_ms;
    uplink->message_bytes = 0;
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        int32_t status = 0;
        if (uplink->state == TALLY_UPLINK_IDLE) {
            status = on_idle(uplink, wall);
        } else if (uplink->state == TALLY_UPLINK_OPENING) {
            status = on_opening(uplink, wall);
        } else {
            status = on_exchange(uplink);
        }
        if (status == 0 && uplink->state != TALLY_UPLINK_IDLE &&
            uplink->now_ms >= next_ms(uplink)) {
            status = TALLY_E_TIMEOUT;
        }
        if (status < 0) {
            tally_uplink_fail(uplink, status);
        } else if (status > 0) {
            uplink->deadline_ms = now_ms + QUIET_MS;
        }
        if (status == 0 || uplink->message_bytes != 0) {
            return wait_ms(uplink);
        }
    }
    return 0;
}
