/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libtally-client: writes each call as one line of JSON to the file $TALLY_HOOK_LOG,
 * so that tests see what a player tells without a daemon. `at` and `now` are milliseconds of
 * CLOCK_BOOTTIME: of the fact, and of the call. What the real one refuses for its arguments is
 * refused here too, and its line says `"refused":true`.
 *
 *     {"call":"tell","now":901,"at":900,"session":1,"hook":"FIRST_FRAME","code":0,"detail":0}
 *     {"call":"set","now":901,"session":1,"metric":"VOLUME","value":100}
 *     {"call":"text","now":901,"session":1,"metric":"SOURCE","text":"file:///a"}
 *     {"call":"values","now":1901,"session":1,"stream":1,"group":"FRAMES","values":{...}}
 *
 * The values of streams come once a second, and for the last time as call "detach".
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "metrics.h"
#include "tally/hook.h"
#include "tally_client.h"
#include "webrtc.h"

#define MOST_STREAMS 64

static const char *const hook_names[] = {
#define NAMED(hook) [TALLY_HOOK_##hook] = #hook
    NAMED(OPEN),
    NAMED(LOADED),
    NAMED(SOURCE),
    NAMED(CONNECTED),
    NAMED(FIRST_DATA),
    NAMED(PLAYABLE),
    NAMED(PLAY),
    NAMED(FIRST_PICTURE),
    NAMED(FIRST_FRAME),
    NAMED(PLAYING),
    NAMED(PAUSE),
    NAMED(RESUME),
    NAMED(BUFFERING_BEGIN),
    NAMED(BUFFERING_END),
    NAMED(SEEK_BEGIN),
    NAMED(SEEK_END),
    NAMED(LIVE_EDGE),
    NAMED(REPLAY),
    NAMED(ERROR),
    NAMED(FATAL),
    NAMED(REFUSED),
    NAMED(RENDITION),
    NAMED(AUDIO_TRACK),
    NAMED(SUBTITLE),
    NAMED(SWITCH),
    NAMED(QUALIFIED),
    NAMED(CUSTOM),
    NAMED(SUSPEND),
    NAMED(WAKE),
    NAMED(AD_REQUEST),
    NAMED(AD_LOADED),
    NAMED(AD_BREAK_BEGIN),
    NAMED(AD_IMPRESSION),
    NAMED(AD_START),
    NAMED(AD_MILESTONE),
    NAMED(AD_CLICK),
    NAMED(AD_ERROR),
    NAMED(AD_END),
    NAMED(AD_BREAK_END),
    NAMED(END),
    NAMED(CLOSE),
    NAMED(SET),
    NAMED(ADD),
    NAMED(TEXT),
#undef NAMED
};

static const char *const metric_names[TALLY_METRICS] = {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning) #symbol,
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

static const char *const group_names[TALLY_GROUPS] = {
#define TALLY_GROUP(group, letter, meaning) #group,
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
};

/* One stream or track; a NULL `stream` is a free place. */
typedef struct {
    const void *stream;
    const uint32_t *version;
    const uint32_t *words;
    enum tally_group group; /* TALLY_GROUPS: a WebRTC track */
    tally_session_id_t session;
    uint32_t number;
} entry_t;

struct tally {
    pthread_mutex_t lock;
    pthread_cond_t over;
    pthread_t thread;
    bool is_over;
    FILE *file;
    tally_session_id_t sessions;
    uint32_t streams;
    entry_t entries[MOST_STREAMS];
};

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void begin_line(tally_t *tally, const char *call) {
    (void)pthread_mutex_lock(&tally->lock);
    (void)fprintf(tally->file, "{\"call\":\"%s\",\"now\":%" PRIu64, call, now_ms());
}

static void end_line(tally_t *tally, int32_t status) {
    (void)fputs(status < 0 ? ",\"refused\":true}\n" : "}\n", tally->file);
    (void)fflush(tally->file);
    (void)pthread_mutex_unlock(&tally->lock);
}

static void put_text(FILE *file, const char *text) {
    (void)fputc('"', file);
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at < 0x20 || *at == '"' || *at == '\\') {
            (void)fprintf(file, "\\u%04x", *at);
        } else {
            (void)fputc(*at, file);
        }
    }
    (void)fputc('"', file);
}

static const char *metric_name(enum tally_metric metric) {
    return (uint32_t)metric < TALLY_METRICS ? metric_names[metric] : "?";
}

/* ---- streams -------------------------------------------------------------------------------- */

static void put_number(FILE *file, bool *first, const char *name, int64_t value) {
    (void)fprintf(file, "%s\"%s\":%" PRId64, *first ? "" : ",", name, value);
    *first = false;
}

static void put_words(FILE *file, const entry_t *entry) {
    const uint32_t base = tally_group_infos[entry->group].first;
    const uint32_t count = tally_group_infos[entry->group].end - base;
    uint32_t words[TALLY_STREAM_METRICS_MOST];
    bool first = true;
    if (!tally_metrics_snapshot(entry->version, entry->words, count, words)) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t kind = tally_metric_infos[base + i].kind;
        if (kind == TALLY_KIND_SIGNED) {
            if (words[i] != TALLY_NO_SIGNED) {
                put_number(file, &first, metric_names[base + i], (int32_t)words[i]);
            }
        } else if (kind == TALLY_KIND_COUNTER || kind == TALLY_KIND_DURATION ||
                   words[i] != TALLY_NO_VALUE) {
            put_number(file, &first, metric_names[base + i], words[i]);
        }
    }
}

static void put_values(FILE *file, bool *first, uint32_t base, uint32_t count, uint64_t present,
                       const tally_value_t *values) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t kind = tally_metric_infos[base + i].kind;
        if ((kind != TALLY_KIND_COUNTER && kind != TALLY_KIND_DURATION &&
             (present >> i & 1u) == 0) ||
            (kind == TALLY_KIND_TEXT && values[i].text == NULL)) {
            continue;
        }
        if (kind != TALLY_KIND_TEXT) {
            put_number(file, first, metric_names[base + i], values[i].number);
            continue;
        }
        (void)fprintf(file, "%s\"%s\":", *first ? "" : ",", metric_names[base + i]);
        put_text(file, values[i].text);
        *first = false;
    }
}

static void put_track(FILE *file, const entry_t *entry) {
    const tally_webrtc_t *const track = entry->stream;
    const enum tally_group group = (enum tally_group)track->group;
    tally_webrtc_image_t image;
    bool first = true;
    if (!tally_webrtc_read(track, &image)) {
        return;
    }
    put_values(file, &first, tally_group_infos[group].first,
               (uint32_t)tally_group_infos[group].end - tally_group_infos[group].first,
               image.present, image.values);
    put_values(file, &first, TALLY_M_WEBRTC_PAIR_FIRST, TALLY_WEBRTC_PAIR_METRICS,
               image.pair_present, image.pair);
}

/* The caller holds no lock. */
static void log_entry(tally_t *tally, const char *call, const entry_t *entry, bool with_values) {
    const bool is_track = entry->group == TALLY_GROUPS;
    const enum tally_group group =
        is_track ? (enum tally_group)((const tally_webrtc_t *)entry->stream)->group : entry->group;
    begin_line(tally, call);
    (void)fprintf(tally->file, ",\"session\":%u,\"stream\":%u,\"group\":\"%s\"", entry->session,
                  entry->number, group_names[group]);
    if (with_values) {
        (void)fputs(",\"values\":{", tally->file);
        if (is_track) {
            put_track(tally->file, entry);
        } else {
            put_words(tally->file, entry);
        }
        (void)fputc('}', tally->file);
    }
    end_line(tally, TALLY_OK);
}

/* Reading goes on beside detach(), which waits for it. */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;

static int32_t attach(tally_t *tally, entry_t entry) {
    entry_t *place = NULL;
    (void)pthread_mutex_lock(&reading);
    for (uint32_t i = 0; i < MOST_STREAMS && place == NULL; i++) {
        place = tally->entries[i].stream == NULL ? &tally->entries[i] : NULL;
    }
    if (place != NULL) {
        tally->streams++;
        *place = entry;
        place->number = tally->streams;
        log_entry(tally, "attach", place, false);
    }
    (void)pthread_mutex_unlock(&reading);
    return place != NULL ? TALLY_OK : TALLY_E_FULL;
}

static int32_t detach(tally_t *tally, const void *stream) {
    int32_t status = TALLY_E_EMPTY;
    (void)pthread_mutex_lock(&reading);
    for (uint32_t i = 0; i < MOST_STREAMS; i++) {
        if (tally->entries[i].stream == stream) {
            log_entry(tally, "detach", &tally->entries[i], true);
            tally->entries[i].stream = NULL;
            status = TALLY_OK;
        }
    }
    (void)pthread_mutex_unlock(&reading);
    return status;
}

static void *sample(void *ctx) {
    tally_t *const tally = ctx;
    (void)pthread_mutex_lock(&tally->lock);
    while (!tally->is_over) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        (void)pthread_cond_timedwait(&tally->over, &tally->lock, &until);
        (void)pthread_mutex_unlock(&tally->lock);
        (void)pthread_mutex_lock(&reading);
        for (uint32_t i = 0; i < MOST_STREAMS; i++) {
            if (tally->entries[i].stream != NULL) {
                log_entry(tally, "values", &tally->entries[i], true);
            }
        }
        (void)pthread_mutex_unlock(&reading);
        (void)pthread_mutex_lock(&tally->lock);
    }
    (void)pthread_mutex_unlock(&tally->lock);
    return NULL;
}

int32_t tally_attach_rtp(tally_t *tally, tally_session_id_t session, const tally_rtp_t *rtp) {
    return attach(tally, (entry_t){rtp, &rtp->version, rtp->values, TALLY_G_RTP, session, 0});
}

int32_t tally_attach_ts(tally_t *tally, tally_session_id_t session, const tally_ts_t *ts) {
    return attach(tally, (entry_t){ts, &ts->version, ts->values, TALLY_G_TS, session, 0});
}

int32_t tally_attach_frames(tally_t *tally, tally_session_id_t session,
                            const tally_frames_t *frames) {
    return attach(tally,
                  (entry_t){frames, &frames->version, frames->values, TALLY_G_FRAMES, session, 0});
}

int32_t tally_detach(tally_t *tally, const void *stream) {
    return detach(tally, stream);
}

int32_t tally_attach_webrtc(tally_t *tally, tally_session_id_t session,
                            const tally_webrtc_t *track) {
    return attach(tally, (entry_t){track, NULL, NULL, TALLY_GROUPS, session, 0});
}

int32_t tally_detach_webrtc(tally_t *tally, const tally_webrtc_t *track) {
    (void)detach(tally, track);
    return 0;
}

/* ---- the client ----------------------------------------------------------------------------- */

tally_t *tally_client_open(const tally_client_options_t *options) {
    const char *const path = getenv("TALLY_HOOK_LOG");
    tally_t *const tally = calloc(1, sizeof *tally);
    if (tally == NULL) {
        return NULL;
    }
    tally->file = fopen(path != NULL ? path : "/dev/null", "a");
    (void)pthread_mutex_init(&tally->lock, NULL);
    (void)pthread_cond_init(&tally->over, NULL);
    if (tally->file == NULL || pthread_create(&tally->thread, NULL, sample, tally) != 0) {
        free(tally);
        return NULL;
    }
    begin_line(tally, "client_open");
    (void)fputs(",\"socket\":", tally->file);
    put_text(tally->file, options != NULL && options->socket != NULL ? options->socket : "");
    (void)fputs(",\"capabilities\":{", tally->file);
    for (uint32_t i = 0; options != NULL && options->capabilities != NULL && i < TALLY_GROUPS;
         i++) {
        (void)fprintf(tally->file, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", group_names[i],
                      options->capabilities[i]);
    }
    (void)fputc('}', tally->file);
    end_line(tally, TALLY_OK);
    return tally;
}

void tally_client_close(tally_t *tally) {
    if (tally == NULL) {
        return;
    }
    begin_line(tally, "client_close");
    tally->is_over = true;
    (void)pthread_cond_signal(&tally->over);
    end_line(tally, TALLY_OK);
    (void)pthread_join(tally->thread, NULL);
    (void)fclose(tally->file);
    free(tally);
}

void tally_client_stats(const tally_t *tally, tally_client_stats_t *out) {
    (void)tally;
    *out = (tally_client_stats_t){.is_connected = true, .connections = 1};
}

/* ---- hooks ---------------------------------------------------------------------------------- */

static int32_t log_tell(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                        int32_t code, int32_t detail, uint64_t at_ms) {
    const bool known = (uint32_t)hook < sizeof hook_names / sizeof hook_names[0];
    const int32_t status = session == 0 || !known ? TALLY_E_ARGUMENT : TALLY_OK;
    begin_line(tally, "tell");
    (void)fprintf(tally->file,
                  ",\"at\":%" PRIu64 ",\"session\":%u,\"hook\":\"%s\",\"code\":%d,\"detail\":%d",
                  at_ms, session, known ? hook_names[hook] : "?", code, detail);
    end_line(tally, status);
    return status;
}

static tally_session_id_t log_open(tally_t *tally, const char *kind, uint64_t at_ms) {
    begin_line(tally, "open");
    tally->sessions++;
    const tally_session_id_t session = tally->sessions;
    (void)fprintf(tally->file, ",\"at\":%" PRIu64 ",\"session\":%u,\"kind\":\"%s\"", at_ms, session,
                  kind);
    end_line(tally, TALLY_OK);
    return session;
}

tally_session_id_t tally_hook_open(tally_t *tally) {
    return log_open(tally, "playback", now_ms());
}

tally_session_id_t tally_hook_open_publish(tally_t *tally) {
    return log_open(tally, "publish", now_ms());
}

tally_session_id_t tally_hook_open_at(tally_t *tally, enum tally_session_kind kind,
                                      uint64_t at_ms) {
    return log_open(tally, kind == TALLY_SESSION_PUBLISH ? "publish" : "playback", at_ms);
}

tally_session_id_t tally_hook_zap(tally_t *tally, tally_session_id_t from) {
    if (from != 0) {
        (void)log_tell(tally, from, TALLY_HOOK_CLOSE, TALLY_STOP_ZAP, 0, now_ms());
    }
    return log_open(tally, "zap", now_ms());
}

int32_t tally_hook_tell(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                        int32_t code, int32_t detail) {
    return log_tell(tally, session, hook, code, detail, now_ms());
}

int32_t tally_hook_tell_at(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                           int32_t code, int32_t detail, uint64_t at_ms) {
    return log_tell(tally, session, hook, code, detail, at_ms);
}

static int32_t log_number(tally_t *tally, const char *call, tally_session_id_t session,
                          enum tally_metric metric, int64_t value, bool takes) {
    const int32_t status = session != 0 && takes ? TALLY_OK : TALLY_E_ARGUMENT;
    begin_line(tally, call);
    (void)fprintf(tally->file, ",\"session\":%u,\"metric\":\"%s\",\"value\":%" PRId64, session,
                  metric_name(metric), value);
    end_line(tally, status);
    return status;
}

int32_t tally_hook_set(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t value) {
    return log_number(tally, "set", session, metric, value, tally_metrics_can_set(metric, value));
}

int32_t tally_hook_add(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t amount) {
    return log_number(tally, "add", session, metric, amount, tally_metrics_can_add(metric, amount));
}

int32_t tally_hook_text(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                        const char *text) {
    const bool takes =
        session != 0 && tally_metrics_can_set_text(metric) && strlen(text) < TALLY_TEXT_BYTES;
    begin_line(tally, "text");
    (void)fprintf(tally->file, ",\"session\":%u,\"metric\":\"%s\",\"text\":", session,
                  metric_name(metric));
    put_text(tally->file, text);
    end_line(tally, takes ? TALLY_OK : TALLY_E_ARGUMENT);
    return takes ? TALLY_OK : TALLY_E_ARGUMENT;
}
