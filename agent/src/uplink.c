/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink.h"

#include <string.h>

#include "cbor.h"
#include "log.h"
#include "tally/metrics.h"

enum { IDLE, OPENING, SENDING, AWAITING };
enum { STAGE_RECORDS, STAGE_END, STAGE_DONE };

#define RESOLVE_MS    10000u
#define CONNECT_MS    15000u
#define SECURE_MS     30000u
#define SEND_MS       30000u /* without a byte taken */
#define AWAIT_MS      30000u
#define KEEP_ALIVE_MS 30000u

/* Pieces of work in one step: keeps the longest step short whatever the transport swallows. */
#define PIECES 16u

#define CHUNK 128u

/* --- ends of an upload ---------------------------------------------------------------------- */

static void hang_up(tally_uplink_t *uplink) {
    if (uplink->connected) {
        uplink->transport->close(uplink->transport->ctx);
    }
    uplink->connected = false;
}

static void count_failure(tally_uplink_stats_t *stats, int32_t status) {
    stats->last_error = status;
    switch (status) {
    case TALLY_E_HTTP_STATUS: stats->rejected++; break;
    case TALLY_E_HTTP:
    case TALLY_E_HTTP_BODY:
    case TALLY_E_HTTP_SIZE: stats->failed_http++; break;
    case TALLY_E_TLS:
    case TALLY_E_TLS_MEMORY:
    case TALLY_E_TLS_CA:
    case TALLY_E_TLS_NAME:
    case TALLY_E_TLS_DATE:
    case TALLY_E_TLS_EARLY:
    case TALLY_E_TLS_SELF_SIGNED:
    case TALLY_E_TLS_PIN:
    case TALLY_E_TLS_WEAK:
    case TALLY_E_TLS_VERSION:
    case TALLY_E_TLS_ALERT:
    case TALLY_E_TLS_REFUSED: stats->failed_tls++; break;
    default: stats->failed_net++; break;
    }
}

static void fail(tally_uplink_t *uplink, int32_t status, uint64_t now_ms) {
    hang_up(uplink);
    uplink->state = IDLE;
    if (uplink->reused && status != TALLY_E_GONE) {
        /* The server ended the kept connection while it was idle: no failure, open a new one. */
        uplink->reused = false;
        uplink->stats.attempts--;
        uplink->due_ms = now_ms;
        return;
    }
    count_failure(&uplink->stats, status);
    if (status == TALLY_E_GONE) {
        /* The spool overflows: waiting would lose more, and the server has done nothing wrong. */
        uplink->due_ms = now_ms;
        return;
    }
    uint32_t random = 0;
    /* Without random numbers the longest wait is the safe one. */
    if (uplink->port->random(uplink->port->ctx, (uint8_t *)&random, sizeof random) < 0) {
        random = UINT32_MAX;
    }
    uint32_t wait_ms = tally_backoff_next(&uplink->backoff, random);
    const uint64_t told_ms = (uint64_t)uplink->reply.retry_after_s * 1000;
    if (status == TALLY_E_HTTP_STATUS && told_ms > wait_ms) {
        wait_ms = told_ms < UINT32_C(86400000) ? (uint32_t)told_ms : UINT32_C(86400000);
    }
    uplink->retry_ms = now_ms + wait_ms;
    uplink->due_ms = uplink->retry_ms;
    if (status == TALLY_E_HTTP_STATUS) {
        TALLY_LOG(uplink->port, UPLINK_STATUS, uplink->stats.last_status);
    } else {
        TALLY_LOG(uplink->port, UPLINK_FAILED, status);
    }
    TALLY_LOG(uplink->port, UPLINK_RETRY, wait_ms);
}

static void succeed(tally_uplink_t *uplink, uint64_t now_ms) {
    tally_spool_accept(uplink->spool, &uplink->batch);
    uplink->stats.accepted++;
    tally_backoff_reset(&uplink->backoff);
    TALLY_LOG(uplink->port, UPLINK_ACCEPTED, uplink->batch.records);
    uplink->state = IDLE;
    const bool more = tally_spool_waiting(uplink->spool) > 0;
    uplink->due_ms = more ? now_ms : now_ms + uplink->config.period_ms;
    if (uplink->reply.close || (!more && uplink->config.period_ms > KEEP_ALIVE_MS)) {
        hang_up(uplink);
    }
}

/* A server may refuse before it has read all; it cannot have accepted then. A success with a body
 * is somebody else's page (a captive portal's, a default site's), not a collector's answer. */
static void on_reply(tally_uplink_t *uplink, uint64_t now_ms) {
    const bool is_success = uplink->reply.status >= 200 && uplink->reply.status <= 299;
    uplink->stats.last_status = uplink->reply.status;
    uplink->stats.call_ms = (uint32_t)now_ms - uplink->begun_ms;
    uplink->stats.send_ms = uplink->sent_ms - uplink->begun_ms;
    if (!is_success) {
        fail(uplink, TALLY_E_HTTP_STATUS, now_ms);
    } else if (uplink->state != AWAITING) {
        fail(uplink, TALLY_E_HTTP, now_ms);
    } else if (uplink->reply.has_body) {
        fail(uplink, TALLY_E_HTTP_BODY, now_ms);
    } else {
        succeed(uplink, now_ms);
    }
}

/* --- the body ------------------------------------------------------------------------------- */

/* {v, d, o, b, m, t, r: [ ... as far as the first record. What the time is now says nothing about a
 * boot that is over. */
static uint32_t write_envelope(const tally_uplink_t *uplink, uint8_t *out, uint32_t size,
                               uint64_t now_ms, const tally_wall_t *wall) {
    const tally_uplink_config_t *const config = &uplink->config;
    const bool is_this_boot = uplink->batch.boot == config->boot_id;
    const bool knows_wall = is_this_boot && wall->quality != TALLY_WALL_UNKNOWN;
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, out, size);
    tally_cbor_map(&cbor, knows_wall ? 7 : is_this_boot ? 6 : 5);
    tally_cbor_letter(&cbor, 'v');
    tally_cbor_integer(&cbor, TALLY_REGISTRY_VERSION);
    tally_cbor_letter(&cbor, 'd');
    tally_cbor_text(&cbor, config->device_id, (uint32_t)strlen(config->device_id));
    tally_cbor_letter(&cbor, 'o');
    tally_cbor_text(&cbor, config->operator_id, (uint32_t)strlen(config->operator_id));
    tally_cbor_letter(&cbor, 'b');
    tally_cbor_integer(&cbor, (int64_t)uplink->batch.boot);
    if (is_this_boot) {
        tally_cbor_letter(&cbor, 'm');
        tally_cbor_integer(&cbor, (int64_t)(now_ms - config->boot_ms));
    }
    if (knows_wall) {
        tally_cbor_letter(&cbor, 't');
        tally_cbor_integer(&cbor, wall->unix_ms);
    }
    tally_cbor_letter(&cbor, 'r');
    tally_cbor_array_open(&cbor);
    return cbor.used;
}

/* Stages the request head and the envelope, which tally_uplink_init() has made sure to fit. */
static int32_t begin_request(tally_uplink_t *uplink, uint64_t now_ms, const tally_wall_t *wall) {
    const uint32_t envelope = write_envelope(uplink, NULL, 0, now_ms, wall);
    const uint32_t body = envelope + uplink->batch.bytes + 1;
    const int32_t head =
        tally_http_post(uplink->staging, TALLY_TX_BYTES, &uplink->config.endpoint->peer,
                        uplink->config.endpoint->path, body);
    if (head < 0 || (uint32_t)head + envelope > TALLY_TX_BYTES) {
        return TALLY_E_TOO_BIG;
    }
    (void)write_envelope(uplink, uplink->staging + head, TALLY_TX_BYTES - (uint32_t)head, now_ms,
                         wall);
    uplink->staged = (uint32_t)head + envelope;
    uplink->sent = 0;
    uplink->stage = STAGE_RECORDS;
    uplink->begun_ms = (uint32_t)now_ms;
    uplink->sent_ms = (uint32_t)now_ms;
    tally_http_reply_begin(&uplink->reply);
    return TALLY_OK;
}

/* Stages the next part of the body. */
static int32_t stage_more(tally_uplink_t *uplink) {
    uplink->staged = 0;
    uplink->sent = 0;
    if (uplink->stage == STAGE_RECORDS) {
        const int32_t bytes =
            tally_spool_read(uplink->spool, &uplink->batch, uplink->staging, TALLY_TX_BYTES - 1);
        if (bytes < 0) {
            return bytes;
        }
        uplink->staged = (uint32_t)bytes;
        if (uplink->staged < TALLY_TX_BYTES - 1) {
            uplink->stage = STAGE_END;
        }
    }
    if (uplink->stage == STAGE_END) {
        tally_cbor_t cbor;
        tally_cbor_begin(&cbor, uplink->staging + uplink->staged, 1);
        tally_cbor_array_close(&cbor);
        uplink->staged++;
        uplink->stage = STAGE_DONE;
    }
    return TALLY_OK;
}

/* --- begin --------------------------------------------------------------------------------- */

int32_t tally_uplink_init(tally_uplink_t *uplink, const tally_uplink_config_t *config,
                          const tally_port_t *port, const tally_transport_t *transport,
                          tally_spool_t *spool, uint64_t now_ms) {
    memset(uplink, 0, sizeof *uplink);
    uplink->config = *config;
    uplink->port = port;
    uplink->transport = transport;
    uplink->spool = spool;
    tally_backoff_init(&uplink->backoff, config->period_ms);
    uplink->batch.boot = config->boot_id; /* the longest envelope is measured below */
    uint32_t random = 0;
    if (port->random(port->ctx, (uint8_t *)&random, sizeof random) < 0) {
        return TALLY_E_RANDOM;
    }
    uplink->due_ms = now_ms + (((uint64_t)config->period_ms * random) >> 32);
    const tally_wall_t latest = {.unix_ms = INT64_MAX, .quality = TALLY_WALL_AUTHENTICATED};
    const uint32_t envelope = write_envelope(uplink, NULL, 0, INT64_MAX, &latest);
    const int32_t head = tally_http_post(uplink->staging, TALLY_TX_BYTES, &config->endpoint->peer,
                                         config->endpoint->path, UINT32_MAX);
    return head < 0 || (uint32_t)head + envelope > TALLY_TX_BYTES ? TALLY_E_CONFIG : TALLY_OK;
}

void tally_uplink_stop(tally_uplink_t *uplink) {
    hang_up(uplink);
    uplink->state = IDLE;
}

bool tally_uplink_is_idle(const tally_uplink_t *uplink) {
    return uplink->state == IDLE;
}

void tally_uplink_reconnect(tally_uplink_t *uplink, uint64_t now_ms) {
    hang_up(uplink);
    uplink->stats.attempts -= uplink->state != IDLE ? 1 : 0;
    uplink->due_ms = uplink->state != IDLE ? now_ms : uplink->due_ms;
    uplink->state = IDLE;
}

void tally_uplink_flush(tally_uplink_t *uplink, uint64_t now_ms) {
    uplink->due_ms = now_ms;
}

/* --- the machine ---------------------------------------------------------------------------- */

/* Each returns a negative error, 0 to wait for the transport, or 1 to go on at once. */

static int32_t on_opening(tally_uplink_t *uplink, uint64_t now_ms, const tally_wall_t *wall) {
    static const uint32_t phase_ms[] = {0, RESOLVE_MS, CONNECT_MS, SECURE_MS};
    uplink->connected = true;
    const int32_t phase =
        uplink->transport->open(uplink->transport->ctx, &uplink->config.endpoint->peer);
    if (phase < 0) {
        return phase;
    }
    if (phase != TALLY_OPEN) {
        if (phase != uplink->opening) {
            uplink->opening = (uint8_t)phase;
            uplink->deadline_ms = now_ms + phase_ms[phase & 3];
        }
        return 0;
    }
    uplink->stats.connects++;
    TALLY_LOG(uplink->port, UPLINK_OPEN, 0);
    uplink->state = SENDING;
    uplink->deadline_ms = now_ms + SEND_MS;
    const int32_t status = begin_request(uplink, now_ms, wall);
    return status < 0 ? status : 1;
}

static int32_t on_sending(tally_uplink_t *uplink, uint64_t now_ms) {
    if (uplink->sent == uplink->staged) {
        if (uplink->stage == STAGE_DONE) {
            uplink->state = AWAITING;
            uplink->deadline_ms = now_ms + AWAIT_MS;
            return 1;
        }
        const int32_t status = stage_more(uplink);
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
    uplink->sent_ms = (uint32_t)now_ms;
    uplink->stats.bytes += (uint32_t)taken;
    uplink->deadline_ms = now_ms + SEND_MS;
    return 1;
}

static int32_t receive(tally_uplink_t *uplink, uint64_t now_ms) {
    uint8_t chunk[CHUNK];
    const tally_transport_t *const transport = uplink->transport;
    const int32_t bytes = transport->receive(transport->ctx, chunk, sizeof chunk);
    if (bytes <= 0) {
        return bytes;
    }
    const int32_t status = tally_http_reply_take(&uplink->reply, chunk, (uint32_t)bytes);
    uplink->reused = false;
    if (status < 0) {
        return status;
    }
    if (uplink->reply.done) {
        on_reply(uplink, now_ms);
    }
    return 1;
}

static int32_t on_exchange(tally_uplink_t *uplink, uint64_t now_ms) {
    int32_t sent = 0;
    if (uplink->state == SENDING) {
        sent = on_sending(uplink, now_ms);
        if (sent > 0) {
            return sent;
        }
    }
    /* Also after a failed send: the reason may lie in the receive queue. */
    const int32_t received = receive(uplink, now_ms);
    if (received == 0 || (received < 0 && sent < 0)) {
        return sent < 0 ? sent : received;
    }
    return received;
}

static bool is_due(const tally_uplink_t *uplink, uint64_t now_ms) {
    const bool half_full = tally_spool_fill_percent(uplink->spool) >= 50;
    return now_ms >= uplink->retry_ms && (now_ms >= uplink->due_ms || half_full);
}

/* A kept connection has nothing to say while idle but that it ends. */
static void watch_idle(tally_uplink_t *uplink) {
    uint8_t byte;
    if (uplink->connected && uplink->transport->receive(uplink->transport->ctx, &byte, 1) != 0) {
        hang_up(uplink);
    }
}

static int32_t on_idle(tally_uplink_t *uplink, uint64_t now_ms, const tally_wall_t *wall) {
    watch_idle(uplink);
    if (!is_due(uplink, now_ms)) {
        return 0;
    }
    if (tally_spool_plan(uplink->spool, TALLY_BATCH_BYTES, &uplink->batch) == 0) {
        uplink->due_ms = now_ms + uplink->config.period_ms;
        return 0;
    }
    uplink->stats.attempts++;
    uplink->reused = uplink->connected;
    if (!uplink->connected) {
        uplink->state = OPENING;
        uplink->opening = TALLY_OPEN;
        uplink->deadline_ms = now_ms + RESOLVE_MS;
        return 1;
    }
    uplink->state = SENDING;
    uplink->deadline_ms = now_ms + SEND_MS;
    const int32_t status = begin_request(uplink, now_ms, wall);
    return status < 0 ? status : 1;
}

static uint32_t wait_ms(const tally_uplink_t *uplink, uint64_t now_ms) {
    uint64_t until = uplink->deadline_ms;
    if (uplink->state == IDLE) {
        until = uplink->due_ms > uplink->retry_ms ? uplink->due_ms : uplink->retry_ms;
    }
    if (until <= now_ms) {
        return 0;
    }
    return until - now_ms < UINT32_MAX ? (uint32_t)(until - now_ms) : UINT32_MAX;
}

uint32_t tally_uplink_step(tally_uplink_t *uplink, uint64_t now_ms, const tally_wall_t *wall) {
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        int32_t status = 0;
        if (uplink->state == IDLE) {
            status = on_idle(uplink, now_ms, wall);
        } else if (uplink->state == OPENING) {
            status = on_opening(uplink, now_ms, wall);
        } else {
            status = on_exchange(uplink, now_ms);
        }
        if (status == 0 && uplink->state != IDLE && now_ms >= uplink->deadline_ms) {
            status = TALLY_E_TIMEOUT;
        }
        if (status < 0) {
            fail(uplink, status, now_ms);
        }
        if (status == 0) {
            return wait_ms(uplink, now_ms);
        }
    }
    return 0;
}
