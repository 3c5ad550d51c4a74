/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <string.h>

#include "cbor.h"
#include "log.h"

/* --- one record ----------------------------------------------------------------------------- */

/* Whether metric `at` of a group goes on the wire: see "absent means one thing" in SPEC.md. */
static bool is_sent(const tally_metric_info_t *info, const tally_view_t *view, uint32_t at) {
    if (info->kind <= TALLY_KIND_DURATION) {
        return view->values[at].number != 0;
    }
    return (view->present >> at & 1) != 0;
}

static void encode_group(tally_cbor_t *cbor, uint32_t group, const tally_view_t *view) {
    const tally_metric_info_t *const infos = &tally_metric_infos[tally_group_infos[group].first];
    const uint32_t count = (uint32_t)tally_group_infos[group].end - tally_group_infos[group].first;
    uint32_t pairs = 0;
    for (uint32_t i = 0; i < count; i++) {
        pairs += is_sent(&infos[i], view, i) ? 1 : 0;
    }
    tally_cbor_map(cbor, pairs);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_sent(&infos[i], view, i)) {
            continue;
        }
        tally_cbor_key(cbor, infos[i].key);
        if (infos[i].kind == TALLY_KIND_TEXT) {
            const char *const text = view->values[i].text;
            tally_cbor_text(cbor, text, (uint32_t)strlen(text));
        } else {
            tally_cbor_integer(cbor, view->values[i].number);
        }
    }
}

static void encode_capabilities(tally_cbor_t *cbor, const uint64_t *capabilities) {
    uint32_t pairs = 0;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        pairs += capabilities[i] != 0 ? 1 : 0;
    }
    tally_cbor_map(cbor, pairs);
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (capabilities[i] != 0) {
            tally_cbor_letter(cbor, tally_group_infos[i].letter);
            tally_cbor_integer(cbor, (int64_t)capabilities[i]);
        }
    }
}

/* The fields of a record that are no groups, in the order of their keys. */
static const char own_keys[] = {'c', 'k', 'q', 's', 'u', 'w'};

static bool has_own(const tally_record_t *record, char key) {
    switch (key) {
    case 'c': return record->capabilities != NULL;
    case 's': return record->session != 0;
    case 'w': return record->wall->quality != TALLY_WALL_UNKNOWN;
    default: return true;
    }
}

static void encode_own(tally_cbor_t *cbor, const tally_record_t *record, char key,
                       uint32_t sequence) {
    if (!has_own(record, key)) {
        return;
    }
    tally_cbor_letter(cbor, key);
    switch (key) {
    case 'c': encode_capabilities(cbor, record->capabilities); break;
    case 'k': tally_cbor_letter(cbor, (char)record->kind); break;
    case 'q': tally_cbor_integer(cbor, sequence); break;
    case 's': tally_cbor_integer(cbor, record->session); break;
    case 'u': tally_cbor_integer(cbor, (int64_t)record->uptime_ms); break;
    default: tally_cbor_integer(cbor, record->wall->unix_ms); break;
    }
}

uint32_t tally_record_encode(const tally_record_t *record, uint32_t sequence, uint8_t *out,
                             uint32_t size) {
    uint32_t pairs = 0;
    for (uint32_t i = 0; i < sizeof own_keys; i++) {
        pairs += has_own(record, own_keys[i]) ? 1 : 0;
    }
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        pairs += record->groups[i].values != NULL ? 1 : 0;
    }
    tally_cbor_t cbor;
    tally_cbor_begin(&cbor, out, size);
    tally_cbor_map(&cbor, pairs);
    uint32_t own = 0;
    for (uint32_t i = 0; i < TALLY_GROUPS; i++) {
        if (record->groups[i].values == NULL) {
            continue;
        }
        const char letter = tally_group_infos[i].letter;
        for (; own < sizeof own_keys && own_keys[own] < letter; own++) {
            encode_own(&cbor, record, own_keys[own], sequence);
        }
        tally_cbor_letter(&cbor, letter);
        encode_group(&cbor, i, &record->groups[i]);
    }
    for (; own < sizeof own_keys; own++) {
        encode_own(&cbor, record, own_keys[own], sequence);
    }
    return cbor.used;
}

/* --- into the spool ------------------------------------------------------------------------- */

void tally_report_init(tally_report_t *report, const tally_port_t *port, tally_spool_t *spool,
                       const uint64_t *capabilities, uint64_t boot_ms) {
    memset(report, 0, sizeof *report);
    report->port = port;
    report->spool = spool;
    report->capabilities = capabilities;
    report->boot_ms = boot_ms;
    report->now_ms = boot_ms;
}

void tally_report_set_time(tally_report_t *report, uint64_t now_ms, tally_wall_t wall) {
    report->now_ms = now_ms;
    report->wall = wall;
}

static tally_record_t begin(const tally_report_t *report, enum tally_record kind,
                            uint32_t session) {
    return (tally_record_t){
        .kind = kind,
        .session = session,
        .uptime_ms = report->now_ms - report->boot_ms,
        .wall = &report->wall,
    };
}

static void put(tally_report_t *report, enum tally_class class, const tally_record_t *record) {
    uint32_t sequence = 0;
    uint8_t *const place = tally_spool_begin(report->spool, &sequence);
    const uint32_t bytes = tally_record_encode(record, sequence, place, TALLY_RECORD_BYTES);
    if (bytes > TALLY_RECORD_BYTES) {
        report->lost++;
        TALLY_LOG(report->port, RECORD_TOO_BIG, bytes);
        return;
    }
    const int32_t status = tally_spool_commit(report->spool, class, (uint8_t)record->kind, bytes);
    if (status < 0) {
        report->lost++;
        TALLY_LOG(report->port, SPOOL_STORE, status);
    }
}

void tally_report_boot(tally_report_t *report, const tally_view_t *boot) {
    tally_record_t record = begin(report, TALLY_RECORD_BOOT, 0);
    record.capabilities = report->capabilities;
    record.groups[TALLY_G_BOOT] = *boot;
    put(report, TALLY_URGENT, &record);
}

void tally_report_clock(tally_report_t *report) {
    const tally_record_t record = begin(report, TALLY_RECORD_CLOCK, 0);
    put(report, TALLY_URGENT, &record);
}

void tally_report_start(tally_report_t *report, uint32_t session, const tally_view_t *dimensions) {
    tally_record_t record = begin(report, TALLY_RECORD_START, session);
    record.capabilities = report->capabilities;
    record.groups[TALLY_G_DIMENSION] = *dimensions;
    put(report, TALLY_URGENT, &record);
}

void tally_report_heartbeat(tally_report_t *report, uint32_t session,
                            const tally_view_t *playback) {
    tally_record_t record = begin(report, TALLY_RECORD_HEARTBEAT, session);
    record.groups[TALLY_G_PLAYBACK] = *playback;
    put(report, TALLY_ROUTINE, &record);
}

void tally_report_event(tally_report_t *report, uint32_t session, enum tally_event_type type,
                        int32_t code) {
    tally_value_t values[TALLY_EVENT_METRICS] = {{0}};
    tally_record_t record = begin(report, TALLY_RECORD_EVENT, session);
    values[TALLY_M_EVENT_TYPE - TALLY_M_EVENT_FIRST].number = type;
    values[TALLY_M_EVENT_CODE - TALLY_M_EVENT_FIRST].number = code;
    record.groups[TALLY_G_EVENT] = (tally_view_t){
        .values = values, .present = TALLY_CAN(EVENT, EVENT_TYPE) | TALLY_CAN(EVENT, EVENT_CODE)};
    put(report, TALLY_URGENT, &record);
}

void tally_report_end(tally_report_t *report, uint32_t session, const tally_view_t *dimensions,
                      const tally_view_t *playback) {
    tally_record_t record = begin(report, TALLY_RECORD_END, session);
    record.groups[TALLY_G_DIMENSION] = *dimensions;
    record.groups[TALLY_G_PLAYBACK] = *playback;
    put(report, TALLY_URGENT, &record);
}

void tally_report_stream(tally_report_t *report, const tally_stream_t *stream) {
    /* A stream's record has the letter of its group for a kind. */
    const enum tally_record kind = (enum tally_record)tally_group_infos[stream->group].letter;
    tally_record_t record = begin(report, kind, stream->session);
    record.groups[stream->group] =
        (tally_view_t){.values = stream->totals, .present = stream->present};
    put(report, TALLY_ROUTINE, &record);
}

void tally_report_agent(tally_report_t *report, const tally_view_t *agent,
                        const tally_view_t *network) {
    tally_record_t record = begin(report, TALLY_RECORD_AGENT, 0);
    record.groups[TALLY_G_AGENT] = *agent;
    record.groups[TALLY_G_NETWORK] = *network;
    put(report, TALLY_ROUTINE, &record);
}
