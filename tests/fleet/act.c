/* SPDX-License-Identifier: Apache-2.0 */
#include "act.h"

#include <string.h>

typedef struct {
    const char *name;
    enum tally_hook hook;
} hook_name_t;

static const hook_name_t hooks[] = {
    {"loaded", TALLY_HOOK_LOADED},
    {"source", TALLY_HOOK_SOURCE},
    {"connected", TALLY_HOOK_CONNECTED},
    {"first_data", TALLY_HOOK_FIRST_DATA},
    {"playable", TALLY_HOOK_PLAYABLE},
    {"play", TALLY_HOOK_PLAY},
    {"first_picture", TALLY_HOOK_FIRST_PICTURE},
    {"first_frame", TALLY_HOOK_FIRST_FRAME},
    {"playing", TALLY_HOOK_PLAYING},
    {"pause", TALLY_HOOK_PAUSE},
    {"resume", TALLY_HOOK_RESUME},
    {"buffering_begin", TALLY_HOOK_BUFFERING_BEGIN},
    {"buffering_end", TALLY_HOOK_BUFFERING_END},
    {"seek_begin", TALLY_HOOK_SEEK_BEGIN},
    {"seek_end", TALLY_HOOK_SEEK_END},
    {"error", TALLY_HOOK_ERROR},
    {"fatal", TALLY_HOOK_FATAL},
    {"refused", TALLY_HOOK_REFUSED},
    {"rendition", TALLY_HOOK_RENDITION},
    {"end", TALLY_HOOK_END},
    {"close", TALLY_HOOK_CLOSE},
};

static const char *const keys[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) key,
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

/* --- words --------------------------------------------------------------------------------- */

/* One of the plays that a script tells apart by a number; NULL for another word. */
static device_play_t *take_play(device_t *device, script_command_t *command) {
    int64_t at = 0;
    return script_number(&command->rest, 0, DEVICE_PLAYS - 1, &at) ? &device->plays[at] : NULL;
}

static bool take_metric(script_command_t *command, enum tally_metric *out) {
    const char *const word = script_word(&command->rest);
    for (uint32_t i = 0; word != NULL && i < TALLY_METRICS; i++) {
        if (strcmp(keys[i], word) == 0) {
            *out = (enum tally_metric)i;
            return true;
        }
    }
    return false;
}

static bool take_count(script_command_t *command, uint32_t *out) {
    int64_t number = 0;
    const bool is_one = script_number(&command->rest, 0, INT32_MAX, &number);
    *out = (uint32_t)number;
    return is_one;
}

static uint32_t now_us(const device_t *device) {
    return (uint32_t)(device_age_ms(device) * 1000);
}

/* --- sessions ------------------------------------------------------------------------------ */

static void begin_play(device_play_t *play, tally_session_id_t session) {
    *play = (device_play_t){.session = session};
    media_init(&play->media);
}

static bool do_open(device_t *device, device_play_t *play, script_command_t *command) {
    (void)command;
    begin_play(play, tally_hook_open(&device->agent));
    return play->session != 0;
}

/* From the session that the play has, or from none. */
static bool do_zap(device_t *device, device_play_t *play, script_command_t *command) {
    (void)command;
    begin_play(play, tally_hook_zap(&device->agent, play->session));
    return play->session != 0;
}

static bool do_tell(device_t *device, device_play_t *play, script_command_t *command) {
    const char *const name = script_word(&command->rest);
    for (uint32_t i = 0; name != NULL && i < sizeof hooks / sizeof hooks[0]; i++) {
        int64_t code = 0;
        int64_t detail = 0;
        if (strcmp(hooks[i].name, name) != 0) {
            continue;
        }
        (void)script_number(&command->rest, INT32_MIN, INT32_MAX, &code);
        (void)script_number(&command->rest, INT32_MIN, INT32_MAX, &detail);
        const int32_t status = tally_hook_tell(&device->agent, play->session, hooks[i].hook,
                                               (int32_t)code, (int32_t)detail);
        if (hooks[i].hook == TALLY_HOOK_CLOSE) {
            play->session = 0;
        }
        return status == TALLY_OK;
    }
    return false;
}

static bool do_set(device_t *device, device_play_t *play, script_command_t *command) {
    enum tally_metric metric = TALLY_METRICS;
    int64_t value = 0;
    return take_metric(command, &metric) &&
           script_number(&command->rest, INT64_MIN, INT64_MAX, &value) &&
           tally_hook_set(&device->agent, play->session, metric, value) == TALLY_OK;
}

static bool do_add(device_t *device, device_play_t *play, script_command_t *command) {
    enum tally_metric metric = TALLY_METRICS;
    int64_t amount = 0;
    return take_metric(command, &metric) && script_number(&command->rest, 0, INT64_MAX, &amount) &&
           tally_hook_add(&device->agent, play->session, metric, amount) == TALLY_OK;
}

static bool do_text(device_t *device, device_play_t *play, script_command_t *command) {
    enum tally_metric metric = TALLY_METRICS;
    return take_metric(command, &metric) &&
           tally_hook_text(&device->agent, play->session, metric, script_rest(&command->rest)) ==
               TALLY_OK;
}

/* --- media --------------------------------------------------------------------------------- */

static bool do_attach(device_t *device, device_play_t *play, script_command_t *command) {
    const char *const what = script_word(&command->rest);
    if (what != NULL && strcmp(what, "rtp") == 0) {
        return tally_attach_rtp(&device->agent, play->session, &play->media.rtp) == TALLY_OK &&
               tally_attach_ts(&device->agent, play->session, &play->media.ts) == TALLY_OK;
    }
    return what != NULL && strcmp(what, "frames") == 0 &&
           tally_attach_frames(&device->agent, play->session, &play->media.frames) == TALLY_OK;
}

/* What is attached behind it counts from 0. */
static bool do_detach(device_t *device, device_play_t *play, script_command_t *command) {
    (void)command;
    (void)tally_detach(&device->agent, &play->media.rtp);
    (void)tally_detach(&device->agent, &play->media.ts);
    (void)tally_detach(&device->agent, &play->media.frames);
    media_init(&play->media);
    return true;
}

/* In the last so many ms: datagrams sent and lost, frames decoded and dropped. */
static bool do_media(device_t *device, device_play_t *play, script_command_t *command) {
    uint32_t length_ms = 0;
    uint32_t sent = 0;
    uint32_t lost = 0;
    uint32_t decoded = 0;
    uint32_t dropped = 0;
    if (!take_count(command, &length_ms) || !take_count(command, &sent) ||
        !take_count(command, &lost) || !take_count(command, &decoded) ||
        !take_count(command, &dropped) || lost > sent || dropped > decoded) {
        return false;
    }
    const uint32_t begin_us = now_us(device) - length_ms * 1000;
    media_receive(&play->media, begin_us, length_ms * 1000, sent, lost);
    media_show(&play->media, begin_us, length_ms * 1000, decoded, dropped);
    return true;
}

/* Between seek or pause and what is shown afterwards. */
static bool do_hold(device_t *device, device_play_t *play, script_command_t *command) {
    uint32_t on = 0;
    if (!take_count(command, &on)) {
        return false;
    }
    tally_frames_hold(&play->media.frames, on != 0, now_us(device));
    return true;
}

/* --- the device ---------------------------------------------------------------------------- */

static bool do_sample(device_t *device, script_command_t *command) {
    int64_t rssi_dbm = 0;
    uint32_t millicelsius = 0;
    uint32_t received_kib = 0;
    tally_device_t sample = {.known = DEVICE_SAMPLED};
    if (!take_count(command, &sample.cpu_load_permille) ||
        !take_count(command, &sample.memory_used_kib) || !take_count(command, &millicelsius) ||
        !script_number(&command->rest, -200, 100, &rssi_dbm) ||
        !take_count(command, &received_kib)) {
        return false;
    }
    sample.temperature_millicelsius = (int32_t)millicelsius;
    sample.wifi_rssi_dbm = (int32_t)rssi_dbm;
    sample.net_bytes_received = (uint64_t)received_kib * 1024;
    return tally_device_sample(&device->agent, &sample) == TALLY_OK;
}

/* In standby nothing is told of: every session is suspended. */
static bool do_standby(device_t *device, script_command_t *command) {
    (void)command;
    return tally_suspend(&device->agent) == TALLY_OK;
}

static bool do_wake(device_t *device, script_command_t *command) {
    (void)command;
    return tally_resume(&device->agent) == TALLY_OK;
}

/* --- which --------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    bool (*act)(device_t *device, script_command_t *command);
} device_verb_t;

typedef struct {
    const char *name;
    bool (*act)(device_t *device, device_play_t *play, script_command_t *command);
} play_verb_t;

static const device_verb_t device_verbs[] = {
    {"sample", do_sample},
    {"standby", do_standby},
    {"wake", do_wake},
};

static const play_verb_t play_verbs[] = {
    {"open", do_open}, {"zap", do_zap},     {"tell", do_tell},     {"set", do_set},
    {"add", do_add},   {"text", do_text},   {"attach", do_attach}, {"detach", do_detach},
    {"hold", do_hold}, {"media", do_media},
};

bool act(device_t *device, script_command_t *command) {
    for (uint32_t i = 0; i < sizeof device_verbs / sizeof device_verbs[0]; i++) {
        if (strcmp(device_verbs[i].name, command->verb) == 0) {
            return device_verbs[i].act(device, command);
        }
    }
    for (uint32_t i = 0; i < sizeof play_verbs / sizeof play_verbs[0]; i++) {
        if (strcmp(play_verbs[i].name, command->verb) == 0) {
            device_play_t *const play = take_play(device, command);
            return play != NULL && play_verbs[i].act(device, play, command);
        }
    }
    return false;
}
