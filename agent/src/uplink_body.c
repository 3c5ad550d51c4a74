/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink_body.h"

#include <string.h>

#include "cbor.h"
#include "tally/metrics.h"

enum { STAGE_RECORDS, STAGE_END, STAGE_DONE };

/* {v, d, o, b, m, t, r: [ ... as far as the first record. What the time is now says nothing about a
 * boot that is over. */
static uint32_t write_envelope(const tally_uplink_t *uplink, uint8_t *out, uint32_t size,
                               const tally_wall_t *wall) {
    const tally_uplink_config_t *const config = &uplink->config;
    const bool is_this_boot = uplink->batch.boot == config->boot_id;
    const bool knows_wall = is_this_boot && wall->quality != TALLY_WALL_UNKNOWN;
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, out, size);
    tally_cbor_map(&cbor, 5u + is_this_boot + knows_wall);
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
        tally_cbor_integer(&cbor, (int64_t)(uplink->now_ms - config->boot_ms));
    }
    if (knows_wall) {
        tally_cbor_letter(&cbor, 't');
        tally_cbor_integer(&cbor, wall->unix_ms);
    }
    tally_cbor_letter(&cbor, 'r');
    tally_cbor_array_open(&cbor);
    return cbor.used;
}

int32_t tally_uplink_body_begin(tally_uplink_t *uplink, const tally_wall_t *wall) {
    const uint32_t envelope = write_envelope(uplink, NULL, 0, wall);
    const uint32_t body = envelope + uplink->batch.bytes + 1;
    const int32_t head =
        tally_http_post(uplink->staging, TALLY_TX_BYTES, &uplink->config.endpoint->peer,
                        uplink->config.endpoint->path, body);
    if (head < 0 || (uint32_t)head + envelope > TALLY_TX_BYTES) {
        return TALLY_E_TOO_BIG;
    }
    (void)write_envelope(uplink, uplink->staging + head, TALLY_TX_BYTES - (uint32_t)head, wall);
    uplink->staged = (uint32_t)head + envelope;
    uplink->sent = 0;
    uplink->stage = STAGE_RECORDS;
    uplink->begun_ms = (uint32_t)uplink->now_ms;
    uplink->sent_ms = (uint32_t)uplink->now_ms;
    tally_http_reply_begin(&uplink->reply);
    return TALLY_OK;
}

bool tally_uplink_body_is_whole(const tally_uplink_t *uplink) {
    return uplink->stage == STAGE_DONE;
}

int32_t tally_uplink_body_more(tally_uplink_t *uplink) {
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
