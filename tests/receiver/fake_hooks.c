/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_hooks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SESSION 7u

static char told[512];
static char given[512];
static int64_t position_ms;
static bool open_refused;
static bool attach_refused;

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...) {
    const size_t used = strlen(told);
    va_list values;
    va_start(values, format);
    (void)vsnprintf(told + used, sizeof told - used, format, values);
    va_end(values);
}

static const char *key_of(enum tally_metric metric) {
    switch (metric) {
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)                              \
    case TALLY_M_##symbol:                                                                         \
        return key;
#define TALLY_GROUP_END(group)
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
    default: return "?";
    }
}

void fake_reset(void) {
    told[0] = '\0';
    position_ms = -1;
    open_refused = false;
    attach_refused = false;
}

const char *fake_told(void) {
    memcpy(given, told, sizeof given);
    told[0] = '\0';
    const size_t length = strlen(given);
    if (length > 0) {
        given[length - 1] = '\0'; /* the space behind the last word */
    }
    return given;
}

int64_t fake_position_ms(void) {
    return position_ms;
}

void fake_refuse_open(void) {
    open_refused = true;
}

void fake_refuse_attach(void) {
    attach_refused = true;
}

tally_session_id_t tally_hook_open(tally_t *tally) {
    (void)tally;
    tell("open ");
    return open_refused ? 0 : SESSION;
}

tally_session_id_t tally_hook_zap(tally_t *tally, tally_session_id_t from) {
    (void)tally;
    tell(from == 0 || from == SESSION ? "zap " : "stranger ");
    return open_refused ? 0 : SESSION;
}

int32_t tally_hook_tell(tally_t *tally, tally_session_id_t session, enum tally_hook hook,
                        int32_t code, int32_t detail) {
    (void)tally;
    (void)detail;
    static const char *const names[] = {
        [TALLY_HOOK_PLAY] = "play",
        [TALLY_HOOK_FIRST_PICTURE] = "first_picture",
        [TALLY_HOOK_FIRST_FRAME] = "first_frame",
        [TALLY_HOOK_BUFFERING_BEGIN] = "froze",
        [TALLY_HOOK_END] = "end",
        [TALLY_HOOK_BUFFERING_END] = "moved",
        [TALLY_HOOK_RENDITION] = "rendition",
        [TALLY_HOOK_CLOSE] = "close",
    };
    tell("%s", session == SESSION ? names[hook] : "stranger");
    if (hook == TALLY_HOOK_RENDITION || hook == TALLY_HOOK_CLOSE) {
        tell("=%d", (int)code);
    }
    tell(" ");
    return TALLY_OK;
}

int32_t tally_hook_set(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                       int64_t value) {
    (void)tally;
    (void)session;
    if (metric == TALLY_M_POSITION) {
        position_ms = value;
    } else {
        tell("%s=%lld ", key_of(metric), (long long)value);
    }
    return TALLY_OK;
}

int32_t tally_hook_text(tally_t *tally, tally_session_id_t session, enum tally_metric metric,
                        const char *text) {
    (void)tally;
    (void)session;
    tell("%s=%s ", key_of(metric), text);
    return TALLY_OK;
}

int32_t tally_attach_rtp(tally_t *tally, tally_session_id_t session, const tally_rtp_t *rtp) {
    (void)tally;
    (void)session;
    (void)rtp;
    tell("+rtp ");
    return attach_refused ? TALLY_E_FULL : TALLY_OK;
}

int32_t tally_attach_ts(tally_t *tally, tally_session_id_t session, const tally_ts_t *ts) {
    (void)tally;
    (void)session;
    (void)ts;
    tell("+ts ");
    return attach_refused ? TALLY_E_FULL : TALLY_OK;
}

int32_t tally_detach(tally_t *tally, const void *stream) {
    (void)tally;
    (void)stream;
    tell("- ");
    return TALLY_OK;
}
