/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink_reply.h"

#include "log.h"

#define KEEP_ALIVE_MS 30000u

/* What the most bytes of a batch grow by with each success. A server with a limit refuses one
 * upload in several then, not every other one. */
#define GROWTH_PART  8u
#define GROWTH_BYTES 64u

enum meaning { LATER, MUCH_LATER, PORTAL, RECORDS };

static enum meaning meaning_of(uint32_t status) {
    switch (status) {
    case 400:
    case 413:
    case 415:
    case 422: return RECORDS;
    case 408:
    case 425:
    case 429: return LATER;
    case 511: return PORTAL; /* RFC 6585 */
    default: return status >= 500 ? LATER : status >= 400 ? MUCH_LATER : PORTAL;
    }
}

/* --- a wait --------------------------------------------------------------------------------- */

void tally_uplink_hang_up(tally_uplink_t *uplink) {
    if (uplink->connected) {
        uplink->transport->close(uplink->transport->ctx);
    }
    uplink->connected = false;
    uplink->state = TALLY_UPLINK_IDLE;
}

void tally_uplink_put_off(tally_uplink_t *uplink, uint64_t until_ms) {
    tally_uplink_hang_up(uplink);
    uplink->retry_ms = until_ms;
    uplink->due_ms = until_ms;
}

/* Without random numbers the longest wait is the safe one. */
uint32_t tally_uplink_draw(const tally_uplink_t *uplink) {
    uint32_t random = 0;
    const int32_t status =
        uplink->port->random(uplink->port->ctx, (uint8_t *)&random, sizeof random);
    return status < 0 ? UINT32_MAX : random;
}

/* The errors of TLS and of HTTP have numbers in a row: a bit for each. */
#define BIT(status)  (1u << (TALLY_E_TLS - (status)))
#define BITS_OF_HTTP (BIT(TALLY_E_HTTP) | BIT(TALLY_E_HTTP_BODY) | BIT(TALLY_E_HTTP_SIZE))
#define BITS_OF_TLS  ((BIT(TALLY_E_TLS_ALERT) * 2 - 1) & ~(BITS_OF_HTTP | BIT(TALLY_E_HTTP_STATUS)))

/* Somebody between has answered, with a page or a certificate that are not the endpoint's. */
#define BITS_OF_A_PORTAL                                                                           \
    (BIT(TALLY_E_HTTP_BODY) | BIT(TALLY_E_TLS_CA) | BIT(TALLY_E_TLS_NAME) |                        \
     BIT(TALLY_E_TLS_SELF_SIGNED) | BIT(TALLY_E_TLS_PIN))

static void count_failure(tally_uplink_stats_t *stats, int32_t status) {
    const uint32_t at = (uint32_t)TALLY_E_TLS - (uint32_t)status;
    const uint32_t bit = at < 32 ? 1u << at : 0;
    uint32_t *const count = (bit & BITS_OF_TLS) != 0                ? &stats->failed_tls
                            : (bit & BITS_OF_HTTP) != 0             ? &stats->failed_http
                            : (bit & BIT(TALLY_E_HTTP_STATUS)) != 0 ? &stats->rejected
                                                                    : &stats->failed_net;
    (*count)++;
    stats->portal += (bit & BITS_OF_A_PORTAL) != 0 ? 1 : 0;
    stats->last_error = status;
}

static void wait(tally_uplink_t *uplink, enum meaning meaning, uint32_t told_s) {
    const uint32_t random = tally_uplink_draw(uplink);
    const uint32_t ms = meaning == MUCH_LATER
                            ? tally_backoff_long(&uplink->backoff, random)
                            : tally_backoff_next(&uplink->backoff, told_s, random);
    tally_uplink_put_off(uplink, uplink->now_ms + ms);
    TALLY_LOG(uplink->port, UPLINK_RETRY, ms);
}

void tally_uplink_fail(tally_uplink_t *uplink, int32_t status) {
    const bool is_gone = status == TALLY_E_GONE;
    if (uplink->reused && !is_gone) {
        /* The server ended the kept connection while it was idle: no failure, open a new one. */
        uplink->stats.attempts--;
    } else {
        count_failure(&uplink->stats, status);
        TALLY_LOG(uplink->port, UPLINK_FAILED, status);
        if (!is_gone) {
            wait(uplink, LATER, 0);
            return;
        }
        /* The spool overflows: waiting would lose more, and the server has done nothing wrong. */
    }
    tally_uplink_hang_up(uplink);
    uplink->due_ms = uplink->now_ms;
}

/* --- a reply -------------------------------------------------------------------------------- */

/* The next one is due so much later. The connection is kept if it can carry another request, and
 * that comes soon. */
static void go_idle(tally_uplink_t *uplink, uint32_t wait_ms) {
    if (uplink->reply.close || uplink->state != TALLY_UPLINK_AWAITING || wait_ms > KEEP_ALIVE_MS) {
        tally_uplink_hang_up(uplink);
    }
    uplink->state = TALLY_UPLINK_IDLE;
    uplink->due_ms = uplink->now_ms + wait_ms;
}

static void forget(tally_uplink_t *uplink) {
    tally_spool_accept(uplink->spool, &uplink->batch);
    go_idle(uplink, tally_spool_waiting(uplink->spool) > 0 ? 0 : uplink->config.period_ms);
}

static void on_refusal(tally_uplink_t *uplink) {
    const uint16_t told = uplink->reply.status;
    const enum meaning meaning = meaning_of(told);
    count_failure(&uplink->stats, TALLY_E_HTTP_STATUS);
    TALLY_LOG(uplink->port, UPLINK_STATUS, told);
    if (meaning == RECORDS && uplink->batch.records > 1) {
        uplink->batch_most = uplink->batch.bytes / 2;
        go_idle(uplink, 0);
        return;
    }
    if (meaning == RECORDS && uplink->may_give_up) {
        uplink->may_give_up = false;
        uplink->stats.refused++;
        TALLY_LOG(uplink->port, UPLINK_REFUSED, uplink->stats.refused);
        forget(uplink);
        return;
    }
    uplink->may_give_up = uplink->may_give_up || meaning == RECORDS;
    uplink->stats.portal += meaning == PORTAL ? 1 : 0;
    wait(uplink, meaning, meaning == LATER ? uplink->reply.retry_after_s : 0);
}

static void succeed(tally_uplink_t *uplink) {
    const tally_http_reply_t *const reply = &uplink->reply;
    uplink->stats.accepted++;
    uplink->may_give_up = true;
    tally_backoff_reset(&uplink->backoff);
    const uint32_t most = uplink->batch_most + uplink->batch_most / GROWTH_PART + GROWTH_BYTES;
    uplink->batch_most = most < TALLY_BATCH_BYTES ? most : TALLY_BATCH_BYTES;
    if (uplink->transport->is_authenticated) {
        uplink->date_s = reply->date_s;
        uplink->date_ms = uplink->now_ms;
        uplink->message_bytes = reply->body_bytes;
    }
    TALLY_LOG(uplink->port, UPLINK_ACCEPTED, uplink->batch.records);
    forget(uplink);
}

/* A server may refuse before it has read all; it cannot have accepted then. A success with a body
 * is somebody else's page (a captive portal's, a default site's), not a collector's answer. */
void tally_uplink_on_reply(tally_uplink_t *uplink) {
    const tally_http_reply_t *const reply = &uplink->reply;
    uplink->stats.last_status = reply->status;
    uplink->stats.call_ms = (uint32_t)uplink->now_ms - uplink->begun_ms;
    uplink->stats.send_ms = uplink->sent_ms - uplink->begun_ms;
    if (reply->status > 299) {
        on_refusal(uplink);
    } else if (uplink->state != TALLY_UPLINK_AWAITING) {
        tally_uplink_fail(uplink, TALLY_E_HTTP);
    } else if (reply->has_body && !reply->is_message) {
        tally_uplink_fail(uplink, TALLY_E_HTTP_BODY);
    } else {
        succeed(uplink);
    }
}
