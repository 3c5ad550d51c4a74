/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <string.h>

#include "cbor.h"
#include "log.h"

/* --- one group ------------------------------------------------------------------------------ */

static bool is_sent(const tally_metric_info_t *info, const tally_value_t *value, bool present) {
    switch (info->kind) {
    case TALLY_KIND_COUNTER:
    case TALLY_KIND_DURATION: return value->number != 0;
    case TALLY_KIND_HISTOGRAM:
        return present && (value->histogram->zeros != 0 || value->histogram->used != 0);
    default: return present;
    }
}

static void encode_metric(tally_cbor_t *cbor, const tally_metric_info_t *info,
                          const tally_value_t *value) {
    if (info->kind < TALLY_KIND_TEXT) {
        tally_cbor_field(cbor, info->key, value->number);
        return;
    }
    tally_cbor_key(cbor, info->key);
    if (info->kind == TALLY_KIND_TEXT) {
        tally_cbor_text(cbor, value->text, (uint32_t)strlen(value->text));
    } else if (info->kind == TALLY_KIND_LEVEL) {
        tally_level_encode(value->level, cbor);
    } else {
        tally_histogram_encode(value->histogram, cbor);
    }
}

/* Returns the pairs that this adds to the record: 1, or 0 for a group that has nothing to send: its
 * key and head are taken back. */
static uint32_t encode_view(tally_cbor_t *cbor, const tally_view_t *view, uint64_t declared) {
    const tally_group_info_t *const group = &tally_group_infos[view->group];
    const tally_metric_info_t *info = &tally_metric_infos[group->first];
    const tally_value_t *value = view->values;
    const uint32_t before = cbor->used;
    uint64_t present = view->present;
    uint32_t pairs = 0;
    tally_cbor_letter(cbor, group->letter);
    const uint32_t map = tally_cbor_map_open(cbor);
    for (; declared != 0; declared >>= 1) {
        if ((declared & 1) != 0 && is_sent(info, value, (present & 1) != 0)) {
            encode_metric(cbor, info, value);
            pairs++;
        }
        present >>= 1;
        info++;
        value++;
    }
    if (pairs == 0) {
        cbor->used = before;
        return 0;
    }
    tally_cbor_map_close(cbor, map, pairs);
    return 1;
}

/* --- one record ----------------------------------------------------------------------------- */

static uint32_t encode_declared(tally_cbor_t *cbor, const uint64_t *declared) {
    uint32_t pairs = 0;
    tally_cbor_letter(cbor, 'c');
    const uint32_t map = tally_cbor_map_open(cbor);
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (declared[i] != 0) {
            tally_cbor_letter(cbor, tally_group_infos[i].letter);
            tally_cbor_integer(cbor, (int64_t)declared[i]);
            pairs++;
        }
    }
    tally_cbor_map_close(cbor, map, pairs);
    return 1;
}

static uint32_t encode_number(tally_cbor_t *cbor, char key, int64_t number) {
    tally_cbor_letter(cbor, key);
    tally_cbor_integer(cbor, number);
    return 1;
}

/* A field that is no group, if the record has it. Returns the pairs it adds. */
static uint32_t encode_own(tally_cbor_t *cbor, const tally_record_t *record, uint32_t sequence,
                           char key) {
    const enum tally_record kind = record->kind;
    const tally_wall_t *const wall = record->wall;
    switch (key) {
    case 'c':
        return kind == TALLY_RECORD_BOOT || kind == TALLY_RECORD_START ||
                       (kind == TALLY_RECORD_AGENT && record->count == 0)
                   ? encode_declared(cbor, record->declared)
                   : 0;
    case 'k':
        tally_cbor_letter(cbor, key);
        tally_cbor_letter(cbor, (char)kind);
        return 1;
    case 'q': return wall != NULL ? encode_number(cbor, key, sequence) : 0;
    case 's': return record->session != 0 ? encode_number(cbor, key, record->session) : 0;
    case 'u': return encode_number(cbor, key, (int64_t)record->uptime_ms);
    default:
        return wall != NULL && wall->quality != TALLY_WALL_UNKNOWN
                   ? encode_number(cbor, key, wall->unix_ms)
                   : 0;
    }
}

/* Behind all keys of one letter. Of the views of a stream the first has its number. */
static uint32_t encode_stream(tally_cbor_t *cbor, const tally_record_t *record) {
    const uint32_t number = record->count > 0 ? record->views[0].stream : 0;
    if (number == 0) {
        return 0;
    }
    tally_cbor_field(cbor, TALLY_CBOR_KEY('s', 'n'), number);
    return 1;
}

/* Groups and the fields that are none, each in the order of their keys, are merged into one. */
uint32_t tally_record_encode(const tally_record_t *record, uint32_t sequence, uint8_t *out,
                             uint32_t size) {
    static const char own_keys[] = {'c', 'k', 'q', 's', 'u', 'w'};
    uint32_t own = 0;
    uint32_t pairs = 0;
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, out, size);
    const uint32_t map = tally_cbor_map_open(&cbor);
    for (uint32_t i = 0; i <= record->count; i++) {
        const tally_view_t *const view = i < record->count ? &record->views[i] : NULL;
        const char end = view != NULL ? tally_group_infos[view->group].letter : 'z' + 1;
        for (; own < sizeof own_keys && own_keys[own] < end; own++) {
            pairs += encode_own(&cbor, record, sequence, own_keys[own]);
        }
        if (view != NULL) {
            pairs += encode_view(&cbor, view, record->declared[view->group]);
        }
    }
    pairs += encode_stream(&cbor, record);
    tally_cbor_map_close(&cbor, map, pairs);
    return cbor.used;
}

/* --- the largest ones ----------------------------------------------------------------------- */

enum {
    KEY_BYTES = 3,
    NUMBER_BYTES = 9, /* +-2^53 */
    STREAM_BYTES = KEY_BYTES + 3,
};

static uint32_t head_bytes(uint32_t argument) {
    return argument < 24 ? 1 : argument <= UINT8_MAX ? 2 : 3;
}

/* A metric with its key. */
static uint32_t largest_metric(const tally_metric_info_t *info) {
    const uint32_t most = tally_metrics_most(info);
    switch (info->kind) {
    case TALLY_KIND_TEXT: return KEY_BYTES + 2 + TALLY_REPORT_TEXT_MOST;
    case TALLY_KIND_LEVEL: return KEY_BYTES + TALLY_LEVEL_BYTES;
    case TALLY_KIND_HISTOGRAM: return KEY_BYTES + TALLY_HISTOGRAM_BYTES;
    default: return KEY_BYTES + (most != 0 ? head_bytes(most) : NUMBER_BYTES);
    }
}

/* A session stores its dimensions in TALLY_SESSION_TEXT_BYTES: a text of n bytes in n + 2
 * (identifier, NUL), a number of 32 bits in 5. On the wire the text takes n + 4, and 1 more from 24
 * bytes on and from 256 on; a number takes 8, or 4 if it is an enum. So all of them together take
 * at most what is stored, 2 more for each text and 3 for each number that is no enum, and 1 more
 * for each 26 and each 258 bytes stored, as only so many texts can be that long. */
static uint32_t largest_dimension(const tally_metric_info_t *info) {
#if TALLY_PLAYER_HALF || TALLY_PLAYERS > 0
    if (info == &tally_metric_infos[TALLY_M_SESSION_ID]) {
        return 0; /* see below */
    }
#endif
    return info->kind == TALLY_KIND_TEXT ? 2 : info->kind == TALLY_KIND_ENUM ? 0 : 3;
}

enum {
    /* Sessions of players have an id, which is not stored there, declared or not. */
    SESSION_ID_BYTES = TALLY_PLAYER_HALF || TALLY_PLAYERS > 0 ? KEY_BYTES + NUMBER_BYTES : 0,
    DIMENSION_BYTES = SESSION_ID_BYTES + TALLY_SESSION_TEXT_BYTES + TALLY_SESSION_TEXT_BYTES / 26 +
                      TALLY_SESSION_TEXT_BYTES / 258
};

static uint32_t largest_group(uint32_t group, uint64_t declared) {
    const tally_metric_info_t *info = &tally_metric_infos[tally_group_infos[group].first];
    const bool packed = group == TALLY_G_DIMENSION;
    uint32_t bytes = packed ? DIMENSION_BYTES : 0;
    uint32_t metrics = 0;
    for (; declared != 0; declared >>= 1) {
        if ((declared & 1) != 0) {
            bytes += packed ? largest_dimension(info) : largest_metric(info);
            metrics++;
        }
        info++;
    }
    return metrics != 0 ? 2 + head_bytes(metrics) + bytes : 0;
}

/* Which groups records of a kind hold. */
static const struct {
    char kind;
    char groups[9]; /* letters */
} contents[] = {
#define CONTENT_OF(symbol, value, name, letters, meaning) {.kind = (value), .groups = {letters}},
    TALLY_RECORDS(CONTENT_OF)
#undef CONTENT_OF
};

uint32_t tally_report_largest(enum tally_record kind, const uint64_t *declared) {
    const tally_wall_t wall = {.unix_ms = TALLY_CBOR_INTEGER_MOST,
                               .quality = TALLY_WALL_AUTHENTICATED};
    const bool declares = kind == TALLY_RECORD_BOOT || kind == TALLY_RECORD_START;
    const tally_record_t no_views = {.kind = declares ? kind : TALLY_RECORD_CLOCK,
                                     .session = UINT32_MAX,
                                     .uptime_ms = TALLY_CBOR_INTEGER_MOST,
                                     .wall = &wall,
                                     .declared = declared};
    uint32_t row = 0;
    while (contents[row].kind != (char)kind) {
        row++;
    }
    uint32_t bytes = tally_record_encode(&no_views, UINT32_MAX, NULL, 0);
    bytes += tally_stream_has_kind((char)kind) ? (uint32_t)STREAM_BYTES : 0;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (strchr(contents[row].groups, tally_group_infos[i].letter) != NULL) {
            bytes += largest_group(i, declared[i]);
        }
    }
    return bytes;
}

bool tally_report_fits(const uint64_t *declared) {
    for (uint32_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        if (tally_report_largest((enum tally_record)contents[i].kind, declared) >
            TALLY_RECORD_BYTES) {
            return false;
        }
    }
    return true;
}

/* --- into the sink -------------------------------------------------------------------------- */

static uint8_t *begin_in_spool(void *ctx, uint32_t *sequence) {
    return tally_spool_begin(ctx, sequence);
}

static int32_t commit_to_spool(void *ctx, enum tally_class rank, const tally_record_t *record,
                               uint32_t bytes) {
    return tally_spool_commit(ctx, rank, (uint8_t)record->kind, bytes);
}

const tally_sink_t tally_report_to_spool = {
    .begin = begin_in_spool, .commit = commit_to_spool, .is_numbered = true};

void tally_report_init(tally_report_t *report, const tally_port_t *port, const tally_sink_t *sink,
                       void *ctx, const uint64_t *declared, uint64_t boot_ms) {
    memset(report, 0, sizeof *report);
    report->port = port;
    report->sink = sink;
    report->ctx = ctx;
    report->declared = declared;
    report->boot_ms = boot_ms;
    report->now_ms = boot_ms;
}

void tally_report_set_time(tally_report_t *report, uint64_t now_ms, tally_wall_t wall) {
    report->now_ms = now_ms;
    report->wall = wall;
}

/* Of a stream, of the device, of all sessions: nothing but its groups. */
static bool is_empty(const tally_record_t *record) {
    for (uint32_t i = 0; i < record->count; i++) {
        if (record->declared[record->views[i].group] != 0) {
            return false;
        }
    }
    return record->kind == TALLY_RECORD_DEVICE || record->kind == TALLY_RECORD_VIEWING ||
           tally_stream_has_kind((char)record->kind);
}

int32_t tally_report_make(tally_report_t *report, enum tally_class rank, enum tally_record kind,
                          uint32_t session, const tally_view_t *views, uint32_t count) {
    const tally_record_t record = {
        .kind = kind,
        .session = session,
        .uptime_ms = report->now_ms - report->boot_ms,
        .wall = report->sink->is_numbered ? &report->wall : NULL,
        .declared = report->declared,
        .views = views,
        .count = count,
    };
    if (report->muted || is_empty(&record)) {
        return TALLY_OK;
    }
    uint32_t sequence = 0;
    uint8_t *const place = report->sink->begin(report->ctx, &sequence);
    const uint32_t bytes = tally_record_encode(&record, sequence, place, TALLY_RECORD_BYTES);
    if (bytes > TALLY_RECORD_BYTES) {
        report->lost++;
        TALLY_LOG(report->port, RECORD_TOO_BIG, bytes);
        return TALLY_E_TOO_BIG;
    }
    const int32_t status = report->sink->commit(report->ctx, rank, &record, bytes);
    if (status < 0 && status != TALLY_E_FULL) {
        report->lost++;
        TALLY_LOG(report->port, SPOOL_STORE, status);
    }
    return status;
}
