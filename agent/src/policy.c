/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stddef.h>
#include <string.h>

#include "agent.h"
#include "cbor_read.h"
#include "clock.h"
#include "log.h"
#include "watch.h"

#define HEARTBEAT_DEFAULT_MS 60000u
#define UPLOAD_DEFAULT_MS    300000u
#define STOP_MOST_S          2592000u /* 30 days */

/* A value in the settings: uploads that failed with it, a number, and the message. The number is
 * when it was taken, unix seconds, 0 if that is unknown. Of one that was given up it is the version
 * and there is no message. */
enum {
    GIVEN_UP = 3, /* uploads that failed */
    HEAD_BYTES = 5,
    MESSAGE_HEADS_BYTES = 7,
};
_Static_assert((int)HEAD_BYTES <= (int)TALLY_REMOTE_ROOM, "a value's head fits in front");

/* --- in the settings ------------------------------------------------------------------------ */

/* Where a message lies while it is checked, with the head of its value in front. */
static uint8_t *value_place(tally_t *tally) {
    return tally->uplink.staging + TALLY_REMOTE_ROOM - HEAD_BYTES;
}

static int32_t read_value(tally_t *tally, enum tally_setting id) {
    return tally_settings_get(tally->options->settings, (uint32_t)id, value_place(tally),
                              sizeof tally->uplink.staging - (TALLY_REMOTE_ROOM - HEAD_BYTES));
}

static int32_t write_value(const tally_t *tally, enum tally_setting id, const uint8_t *value,
                           uint32_t bytes) {
    tally_settings_t *const settings = tally->options->settings;
    return settings == NULL ? (int32_t)TALLY_E_IO
                            : tally_settings_set(settings, (uint32_t)id, value, bytes);
}

static void refuse(tally_t *tally, int32_t status) {
    tally->policy.refused++;
    TALLY_LOG(tally->port, CONFIG_REFUSED, status);
}

/* However long a stop is meant to last, it ends. */
static void bound_stop(tally_remote_t *remote, uint32_t unix_s) {
    if (unix_s != 0 && remote->stop_until_s > unix_s &&
        remote->stop_until_s - unix_s > STOP_MOST_S) {
        remote->stop_until_s = unix_s + STOP_MOST_S;
    }
}

/* Uploads that failed with what the settings hold; GIVEN_UP also for what does not verify. */
static uint8_t load(tally_t *tally, enum tally_setting id, tally_remote_t *out) {
    uint8_t *const value = value_place(tally);
    const int32_t bytes = read_value(tally, id);
    if (bytes < HEAD_BYTES) {
        return GIVEN_UP;
    }
    const uint32_t number = tally_le_get(value + 1, 4);
    if (value[0] >= GIVEN_UP) {
        out->version = number;
        return GIVEN_UP;
    }
    const int32_t status = tally_remote_read(value + HEAD_BYTES, (uint32_t)bytes - HEAD_BYTES,
                                             tally->options, out);
    if (status < 0) {
        refuse(tally, status);
        return GIVEN_UP;
    }
    bound_stop(out, number);
    return value[0];
}

void tally_policy_begin(tally_t *tally) {
    tally_policy_t *const policy = &tally->policy;
    tally_settings_t *const settings = tally->options->settings;
    tally_remote_none(&policy->good);
    policy->active = policy->good;
    if (settings == NULL || tally->options->verifier == NULL) {
        return;
    }
    const int32_t bytes = read_value(tally, TALLY_SETTING_CONFIG);
    if (bytes >= 0) {
        /* What a cut has left in doubt could be something else when the trial ends. */
        (void)write_value(tally, TALLY_SETTING_CONFIG, value_place(tally), (uint32_t)bytes);
    }
    (void)load(tally, TALLY_SETTING_CONFIG_GOOD, &policy->good);
    policy->active = policy->good;
    policy->version_seen = policy->good.version;
    tally_remote_t newer = policy->good;
    const uint8_t failed = bytes >= 0 ? load(tally, TALLY_SETTING_CONFIG, &newer) : GIVEN_UP;
    if (newer.version > policy->version_seen) {
        policy->version_seen = newer.version;
        if (failed < GIVEN_UP) {
            policy->active = newer;
            policy->failed = failed;
            policy->is_kept = true;
            policy->on_trial = true;
        }
    } else if (failed < GIVEN_UP) {
        (void)tally_settings_clear(settings, TALLY_SETTING_CONFIG); /* a cut came before */
    }
}

/* --- in force ------------------------------------------------------------------------------- */

/* Of a number: what is configured, or provisioned, or usual. */
static uint32_t chosen(uint32_t remote, uint32_t provisioned, uint32_t usual) {
    return remote != 0 ? remote : provisioned != 0 ? provisioned : usual;
}

void tally_policy_apply(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    const tally_remote_t *const active = &tally->policy.active;
    tally->heartbeat_ms =
        chosen(active->heartbeat_ms, options->heartbeat_ms, HEARTBEAT_DEFAULT_MS);
    tally->upload_ms = chosen(active->upload_ms, options->upload_ms, UPLOAD_DEFAULT_MS);
    tally_agent_declare(tally);
}

static uint32_t failures(const tally_t *tally) {
    const tally_uplink_stats_t *const stats = &tally->uplink.stats;
    return stats->rejected + stats->failed_net + stats->failed_tls + stats->failed_http;
}

void tally_policy_apply_to_uplink(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    tally_policy_t *const policy = &tally->policy;
    tally_uplink_t *const uplink = &tally->uplink;
    const tally_endpoint_t *const endpoint = &options->endpoints[policy->active.endpoint];
    const uint32_t daily_bytes = policy->active.daily_bytes;
    if (uplink->config.endpoint != endpoint) {
        tally_uplink_set_endpoint(uplink, endpoint);
    }
    if (uplink->config.period_ms != tally->upload_ms) {
        tally_uplink_set_period(uplink, tally->upload_ms, tally->report.now_ms);
    }
    tally_budget_set(&uplink->budget,
                     daily_bytes != UINT32_MAX ? daily_bytes : options->daily_bytes);
    policy->accepted = uplink->stats.accepted;
    policy->failures = failures(tally);
}

static void change_to(tally_t *tally, const tally_remote_t *remote) {
    tally_remote_t *const active = &tally->policy.active;
    const bool redeclares = remote->groups_off != active->groups_off;
    *active = *remote;
    tally_policy_apply(tally);
    if (redeclares) {
        (void)tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_AGENT, 0, NULL, 0);
    }
    tally_policy_apply_to_uplink(tally);
    tally_watch_begin(tally);
    tally->agent_due_ms = tally->report.now_ms;
    tally->port->wake(tally->port->ctx);
}

/* --- a newer one ---------------------------------------------------------------------------- */

/* The version that a message says it has, before anybody has checked that; 0 if none is found. */
static uint32_t told_version(const uint8_t *message, uint32_t bytes) {
    tally_cbor_reader_t cbor;
    uint32_t length;
    if (bytes < MESSAGE_HEADS_BYTES) {
        return 0;
    }
    tally_cbor_read_begin(&cbor, message + MESSAGE_HEADS_BYTES, bytes - MESSAGE_HEADS_BYTES);
    const uint8_t *const map = tally_cbor_read_string(&cbor, TALLY_CBOR_BYTES, &length);
    tally_cbor_read_begin(&cbor, map, length);
    const uint32_t pairs = tally_cbor_read_head(&cbor, TALLY_CBOR_MAP);
    for (uint32_t i = 0; i < pairs && !cbor.failed; i++) {
        const uint8_t *const key = tally_cbor_read_string(&cbor, TALLY_CBOR_TEXT, &length);
        if (length == 1 && *key == 'v') {
            return tally_cbor_read_head(&cbor, TALLY_CBOR_UNSIGNED);
        }
        tally_cbor_read_skip(&cbor);
    }
    return 0;
}

void tally_policy_take(tally_t *tally, uint8_t *message, uint32_t bytes) {
    tally_policy_t *const policy = &tally->policy;
    const uint32_t version = told_version(message, bytes);
    if (tally->options->verifier == NULL || (version != 0 && version <= policy->version_seen)) {
        return;
    }
    tally_remote_t remote;
    const int32_t status = tally_remote_read(message, bytes, tally->options, &remote);
    if (status < 0) {
        refuse(tally, status);
        return;
    }
    const uint32_t unix_s = tally_clock_unix_s(&tally->report.wall);
    uint8_t *const value = message - HEAD_BYTES;
    value[0] = 0;
    tally_le_put(value + 1, unix_s, 4);
    bound_stop(&remote, unix_s);
    policy->is_kept =
        write_value(tally, TALLY_SETTING_CONFIG, value, HEAD_BYTES + bytes) == TALLY_OK;
    policy->version_seen = remote.version;
    policy->failed = 0;
    policy->on_trial = true;
    change_to(tally, &remote);
    TALLY_LOG(tally->port, CONFIG_TAKEN, remote.version);
}

/* --- its trial ------------------------------------------------------------------------------ */

/* The good one is kept before the one on trial is cleared: a cut in between leaves both, alike. */
static void keep_good(tally_t *tally) {
    tally_policy_t *const policy = &tally->policy;
    policy->good = policy->active;
    policy->on_trial = false;
    const int32_t bytes = policy->is_kept ? read_value(tally, TALLY_SETTING_CONFIG) : 0;
    if (bytes > 0 && write_value(tally, TALLY_SETTING_CONFIG_GOOD, value_place(tally),
                                 (uint32_t)bytes) == TALLY_OK) {
        (void)tally_settings_clear(tally->options->settings, TALLY_SETTING_CONFIG);
    }
    TALLY_LOG(tally->port, CONFIG_GOOD, policy->active.version);
}

static void give_up(tally_t *tally) {
    tally_policy_t *const policy = &tally->policy;
    uint8_t value[HEAD_BYTES] = {GIVEN_UP};
    tally_le_put(value + 1, policy->version_seen, 4);
    (void)write_value(tally, TALLY_SETTING_CONFIG, value, sizeof value);
    policy->on_trial = false;
    policy->reverted++;
    TALLY_LOG(tally->port, CONFIG_REVERTED, policy->version_seen);
    change_to(tally, &policy->good);
}

static void keep_failed(tally_t *tally) {
    const int32_t bytes = tally->policy.is_kept ? read_value(tally, TALLY_SETTING_CONFIG) : 0;
    if (bytes > 0) {
        value_place(tally)[0] = tally->policy.failed;
        (void)write_value(tally, TALLY_SETTING_CONFIG, value_place(tally), (uint32_t)bytes);
    }
}

/* Whether uploads have shown something new, for which the uplink's staging was used. What a server
 * refuses until the batch is small enough has failed once, if at all. */
static bool judge(tally_t *tally) {
    tally_policy_t *const policy = &tally->policy;
    if (!policy->on_trial || !tally_uplink_is_idle(&tally->uplink)) {
        return false;
    }
    if (tally->uplink.stats.accepted != policy->accepted) {
        keep_good(tally);
        return true;
    }
    if (failures(tally) == policy->failures) {
        return false;
    }
    policy->failures = failures(tally);
    policy->failed++;
    if (policy->failed < GIVEN_UP) {
        keep_failed(tally);
    } else {
        give_up(tally);
    }
    return true;
}

/* A message that comes while a trial ends is passed over: its place is used, and servers send again
 * what a device has not taken. */
void tally_policy_step(tally_t *tally) {
    uint32_t bytes = 0;
    uint8_t *const message = tally_uplink_take_message(&tally->uplink, &bytes);
    bound_stop(&tally->policy.active, tally_clock_unix_s(&tally->report.wall));
    if (!judge(tally) && message != NULL) {
        tally_policy_take(tally, message, bytes);
    }
}

/* --- what it says --------------------------------------------------------------------------- */

bool tally_policy_is_running(const tally_t *tally) {
    const uint32_t unix_s = tally_clock_unix_s(&tally->report.wall);
    return unix_s == 0 || unix_s >= tally->policy.active.stop_until_s;
}

/* 32 bits in which sessions next to each other, and equal ones of other boots, have nothing in
 * common: the finalizer of MurmurHash3 (A. Appleby, public domain). */
static uint32_t draw(uint64_t boot, uint32_t session) {
    uint32_t bits = (uint32_t)boot ^ (uint32_t)(boot >> 32) * UINT32_C(0x9E3779B1);
    bits ^= session * UINT32_C(0x85EBCA77);
    bits = (bits ^ bits >> 16) * UINT32_C(0x85EBCA6B);
    bits = (bits ^ bits >> 13) * UINT32_C(0xC2B2AE35);
    return bits ^ bits >> 16;
}

bool tally_policy_samples(const tally_t *tally, uint32_t session) {
    const uint64_t drawn_ppm = (uint64_t)draw(tally->boot_id, session) * 1000000 >> 32;
    return tally_policy_is_running(tally) && drawn_ppm < tally->policy.active.sampling_ppm;
}
