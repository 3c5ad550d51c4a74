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

/* A value in the settings: uploads that failed with it, when it was taken (unix seconds, 0 if that
 * is unknown), and the message. */
enum {
    GIVEN_UP = 3, /* uploads that failed */
    HEAD_BYTES = 5,
};
_Static_assert((int)HEAD_BYTES <= (int)TALLY_REMOTE_ROOM, "a value's head fits in front");

/* --- a message ------------------------------------------------------------------------------ */

/* The version that a message says it has, before anybody has checked that; 0 if none is found. */
static uint32_t told_version(const uint8_t *message, uint32_t bytes) {
    tally_cbor_reader_t cbor;
    uint32_t length;
    if (bytes < TALLY_REMOTE_HEADS_BYTES) {
        return 0;
    }
    tally_cbor_read_begin(&cbor, message + TALLY_REMOTE_HEADS_BYTES,
                          bytes - TALLY_REMOTE_HEADS_BYTES);
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

static bool read_message(tally_t *tally, uint8_t *message, uint32_t bytes, tally_remote_t *out) {
    const int32_t status = tally_remote_read(message, bytes, tally->options, out);
    if (status < 0) {
        tally->policy.refused++;
        TALLY_LOG(tally->port, CONFIG_REFUSED, status);
    }
    return status == TALLY_OK;
}

/* Out of line: five copies of 64 bytes are more code than five calls. */
__attribute__((noinline)) static void copy(tally_remote_t *to, const tally_remote_t *from) {
    *to = *from;
}

/* However long a stop is meant to last, it ends. */
static void bound_stop(tally_remote_t *remote, uint32_t unix_s) {
    if (unix_s != 0 && remote->stop_until_s > unix_s &&
        remote->stop_until_s - unix_s > STOP_MOST_S) {
        remote->stop_until_s = unix_s + STOP_MOST_S;
    }
}

/* --- in the settings ------------------------------------------------------------------------ */

/* Where a message lies while it is checked, with the head of its value in front. */
static uint8_t *value_place(tally_t *tally) {
    return tally->uplink.staging + TALLY_REMOTE_ROOM - HEAD_BYTES;
}

static int32_t read_value(tally_t *tally, enum tally_setting id) {
    return tally_settings_get(tally->options->settings, (uint32_t)id, value_place(tally),
                              sizeof tally->uplink.staging - (TALLY_REMOTE_ROOM - HEAD_BYTES));
}

/* Uploads that failed with what the settings hold. GIVEN_UP also for what does not verify, and then
 * nothing is read but the version of what was given up. What a cut has left in doubt could be
 * something else when it is read again, so it is written as it was read. */
static uint8_t load(tally_t *tally, enum tally_setting id, tally_remote_t *out) {
    uint8_t *const value = value_place(tally);
    uint8_t *const message = value + HEAD_BYTES;
    const int32_t bytes = read_value(tally, id);
    if (bytes <= HEAD_BYTES) {
        return GIVEN_UP;
    }
    const uint32_t message_bytes = (uint32_t)bytes - HEAD_BYTES;
    (void)tally_settings_set(tally->options->settings, (uint32_t)id, value, (uint32_t)bytes);
    if (value[0] >= GIVEN_UP) {
        out->version = told_version(message, message_bytes);
        return GIVEN_UP;
    }
    if (!read_message(tally, message, message_bytes, out)) {
        return GIVEN_UP;
    }
    bound_stop(out, tally_le_get(value + 1, 4));
    return value[0];
}

void tally_policy_begin(tally_t *tally) {
    tally_policy_t *const policy = &tally->policy;
    tally_remote_t *const active = &policy->active;
    tally_remote_t *const good = &policy->good;
    tally_remote_none(good);
    copy(active, good);
    if (tally->options->settings == NULL) {
        return;
    }
    policy->failed = load(tally, TALLY_SETTING_CONFIG, active);
    (void)load(tally, TALLY_SETTING_CONFIG_GOOD, good);
    policy->version_seen = active->version > good->version ? active->version : good->version;
    /* A cut may have come before the trial that ended well was cleared. */
    policy->on_trial = policy->failed < GIVEN_UP && active->version != good->version;
    policy->is_kept = true;
    if (!policy->on_trial) {
        copy(active, good);
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
    tally->heartbeat_ms = chosen(active->heartbeat_ms, options->heartbeat_ms, HEARTBEAT_DEFAULT_MS);
    tally->upload_ms = chosen(active->upload_ms, options->upload_ms, UPLOAD_DEFAULT_MS);
    tally_agent_declare(tally);
}

void tally_policy_apply_to_uplink(tally_t *tally) {
    const tally_options_t *const options = tally->options;
    tally_policy_t *const policy = &tally->policy;
    tally_uplink_t *const uplink = &tally->uplink;
    const uint32_t daily_bytes = policy->active.daily_bytes;
    tally_uplink_set_endpoint(uplink, &options->endpoints[policy->active.endpoint]);
    tally_uplink_set_period(uplink, tally->upload_ms, tally->report.now_ms);
    tally_budget_set(&uplink->budget,
                     daily_bytes != UINT32_MAX ? daily_bytes : options->daily_bytes);
    policy->attempts = uplink->stats.attempts;
    policy->accepted = uplink->stats.accepted;
}

static void change_to(tally_t *tally, const tally_remote_t *remote) {
    tally_remote_t *const active = &tally->policy.active;
    const bool redeclares = remote->groups_off != active->groups_off;
    copy(active, remote);
    tally_policy_apply(tally);
    tally_policy_apply_to_uplink(tally);
    tally_watch_begin(tally);
    if (redeclares) {
        (void)tally_report_make(&tally->report, TALLY_ROUTINE, TALLY_RECORD_AGENT, 0, NULL, 0);
    }
    tally->agent_due_ms = tally->report.now_ms;
    tally->port->wake(tally->port->ctx);
    TALLY_LOG(tally->port, CONFIG_CHANGED, active->version);
}

void tally_policy_take(tally_t *tally, uint8_t *message, uint32_t bytes) {
    tally_policy_t *const policy = &tally->policy;
    tally_settings_t *const settings = tally->options->settings;
    const uint32_t version = told_version(message, bytes);
    tally_remote_t remote;
    if ((version != 0 && version <= policy->version_seen) ||
        !read_message(tally, message, bytes, &remote)) {
        return;
    }
    uint8_t *const value = message - HEAD_BYTES;
    value[0] = 0;
    tally_le_put(value + 1, tally_clock_unix_s(&tally->report.wall), 4);
    policy->is_kept = settings != NULL && tally_settings_set(settings, TALLY_SETTING_CONFIG, value,
                                                             HEAD_BYTES + bytes) == TALLY_OK;
    policy->version_seen = remote.version;
    policy->failed = 0;
    policy->on_trial = true;
    change_to(tally, &remote);
}

/* --- its trial ------------------------------------------------------------------------------ */

/* Keeps how the trial goes, or with the good ones what it was about. A cut in between leaves both,
 * alike. */
static void keep(tally_t *tally, enum tally_setting id) {
    uint8_t *const value = value_place(tally);
    tally_settings_t *const settings = tally->options->settings;
    const int32_t bytes = tally->policy.is_kept ? read_value(tally, TALLY_SETTING_CONFIG) : 0;
    if (bytes <= 0) {
        return;
    }
    value[0] = tally->policy.failed;
    if (tally_settings_set(settings, (uint32_t)id, value, (uint32_t)bytes) == TALLY_OK &&
        id != TALLY_SETTING_CONFIG) {
        (void)tally_settings_clear(settings, TALLY_SETTING_CONFIG);
    }
}

/* Whether uploads have shown something new, for which the uplink's staging was used. What a server
 * refuses until the batch is small enough has failed once, if at all. */
static bool judge(tally_t *tally) {
    tally_policy_t *const policy = &tally->policy;
    if (!policy->on_trial || !tally_uplink_is_idle(&tally->uplink)) {
        return false;
    }
    const tally_uplink_stats_t *const uplink = &tally->uplink.stats;
    if (uplink->accepted != policy->accepted) {
        copy(&policy->good, &policy->active);
        policy->on_trial = false;
        keep(tally, TALLY_SETTING_CONFIG_GOOD);
        return true;
    }
    if (uplink->attempts == policy->attempts) {
        return false;
    }
    policy->attempts = uplink->attempts;
    policy->failed++;
    keep(tally, TALLY_SETTING_CONFIG);
    if (policy->failed >= GIVEN_UP) {
        policy->on_trial = false;
        policy->reverted++;
        change_to(tally, &policy->good);
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
    uint32_t bits = (uint32_t)boot ^ session * UINT32_C(0x9E3779B1);
    bits = (bits ^ bits >> 16) * UINT32_C(0x85EBCA6B);
    bits = (bits ^ bits >> 13) * UINT32_C(0xC2B2AE35);
    return bits ^ bits >> 16;
}

bool tally_policy_samples(const tally_t *tally, uint32_t session) {
    const uint64_t drawn_ppm = (uint64_t)draw(tally->boot_id, session) * 1000000 >> 32;
    return tally_policy_is_running(tally) && drawn_ppm < tally->policy.active.sampling_ppm;
}
