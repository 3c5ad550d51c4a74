/* SPDX-License-Identifier: Apache-2.0 */
#include "fold.h"

#include <string.h>

#include "json.h"
#include "names.h"

#define EVENT_GROUPS "ey" /* of one record, not of what lasts */
#define TRACK_GROUPS "jo"
#define PAIR_GROUPS  "x" /* of a connection: of its session, or of the boot */
#define BOOT_GROUPS  "abghnv"

/* ---- scopes --------------------------------------------------------------------------------- */

static const fold_moment_t never = {FOLD_UNKNOWN, FOLD_UNKNOWN};

static void begin_scope(fold_scope_t *scope, int64_t session) {
    memset(scope, 0, sizeof(*scope));
    scope->session = session;
    scope->last = never;
    scope->previous = never;
}

static void begin_session(fold_session_t *session, int64_t number) {
    begin_scope(&session->scope, number);
    session->state = (player_state_t){PLAYER_STATE_UNKNOWN, .resumes_to = PLAYER_STATE_UNKNOWN,
                                      .is_wanted = true};
    session->content_start_ms = FOLD_UNKNOWN;
    session->start_is_exact = false;
}

void fold_begin_boot(fold_t *fold, const uint8_t *data, size_t size, const gather_body_t *first) {
    fold->data = data;
    fold->size = size;
    fold->boot_wall_ms = first->boot_wall_ms;
    begin_scope(&fold->boot, RECORD_ABSENT);
    begin_scope(&fold->event, RECORD_ABSENT);
    begin_scope(&fold->no_track, RECORD_ABSENT);
    begin_session(&fold->no_session, RECORD_ABSENT);
    fold->boot_record = never;
    fold->agent_record = never;
    fold->ended_ad_errors = FOLD_UNKNOWN;
    fold->session_count = 0;
    fold->track_count = 0;
}

/* When all places are taken, the session that was told of least recently gives its own. */
static fold_session_t *place_for_session(fold_t *fold) {
    if (fold->session_count < FOLD_SESSIONS) {
        return &fold->sessions[fold->session_count++];
    }
    fold_session_t *oldest = &fold->sessions[0];
    for (uint32_t i = 1; i < FOLD_SESSIONS; i++) {
        if (fold->sessions[i].scope.last.uptime_ms < oldest->scope.last.uptime_ms) {
            oldest = &fold->sessions[i];
        }
    }
    return oldest;
}

static fold_session_t *session_of(fold_t *fold, int64_t number) {
    if (number == RECORD_ABSENT) {
        begin_session(&fold->no_session, RECORD_ABSENT);
        return &fold->no_session;
    }
    for (uint32_t i = 0; i < fold->session_count; i++) {
        if (fold->sessions[i].scope.session == number) {
            return &fold->sessions[i];
        }
    }
    fold_session_t *const session = place_for_session(fold);
    begin_session(session, number);
    return session;
}

/* ---- reading what is known ------------------------------------------------------------------ */

static cbor_reader_t reader_at(const fold_t *fold, size_t at) {
    return (cbor_reader_t){.data = fold->data, .size = fold->size, .at = at};
}

static const names_group_t *group_of_metric(uint32_t metric) {
    const names_group_t *group = names_groups;
    while (metric >= group->end) {
        group++;
    }
    return group;
}

static uint32_t bit_of_group(const names_group_t *group) {
    return UINT32_C(1) << (group - names_groups);
}

static const fold_scope_t *scope_of_group(const fold_t *fold, const names_group_t *group) {
    const fold_scope_t *const session = &fold->session->scope;
    if (strchr(EVENT_GROUPS, group->letter) != NULL) {
        return &fold->event;
    }
    if (strchr(TRACK_GROUPS, group->letter) != NULL) {
        return fold->track;
    }
    if (strchr(PAIR_GROUPS, group->letter) != NULL) {
        return (session->told & bit_of_group(group)) != 0 ? session : &fold->boot;
    }
    return strchr(BOOT_GROUPS, group->letter) != NULL ? &fold->boot : session;
}

/* What a capability record says of a group's metrics. False: it says nothing of the group. */
static bool read_capabilities(const fold_t *fold, size_t at, char letter, uint64_t *bits) {
    cbor_reader_t reader = reader_at(fold, at);
    cbor_item_t map;
    cbor_item_t key = {0};
    (void)cbor_next(&reader, &map);
    for (uint32_t i = 0; map.type == CBOR_MAP && i < map.count; i++) {
        (void)cbor_key(&reader, &key);
        const cbor_item_t set = record_peek(&reader);
        if (record_letter(&key) == letter && set.type == CBOR_INTEGER) {
            *bits = (uint64_t)set.integer;
            return true;
        }
        (void)json_value(NULL, &reader);
    }
    return false;
}

/* A session's own declaration goes before the boot's. */
static bool is_declared(const fold_t *fold, const fold_scope_t *scope, const names_group_t *group,
                        uint32_t metric) {
    const size_t declared_at[] = {scope->capabilities_at, fold->session->scope.capabilities_at,
                                  fold->boot.capabilities_at};
    for (size_t i = 0; i < sizeof(declared_at) / sizeof(declared_at[0]); i++) {
        uint64_t bits = 0;
        if (declared_at[i] != 0 && read_capabilities(fold, declared_at[i], group->letter, &bits)) {
            return (bits >> (metric - group->first) & 1u) != 0;
        }
    }
    return false;
}

/* Counters and durations leave out 0. */
static bool is_zero(const fold_t *fold, uint32_t metric, const fold_scope_t *scope,
                    const names_group_t *group) {
    const enum tally_kind kind = names_metrics[metric].kind;
    return (kind == TALLY_KIND_COUNTER || kind == TALLY_KIND_DURATION) &&
           (scope->told & bit_of_group(group)) != 0 && is_declared(fold, scope, group, metric);
}

static bool read_number(const fold_t *fold, size_t at, uint32_t element, int64_t *out) {
    cbor_reader_t reader = reader_at(fold, at);
    cbor_item_t item;
    (void)cbor_next(&reader, &item);
    if (item.type == CBOR_ARRAY && element < item.count) {
        for (uint32_t i = 0; i <= element; i++) {
            (void)cbor_next(&reader, &item);
        }
    }
    *out = item.integer;
    return item.type == CBOR_INTEGER;
}

bool fold_number(const fold_t *fold, uint32_t metric, uint32_t element, int64_t *out) {
    const names_group_t *const group = group_of_metric(metric);
    const fold_scope_t *const scope = scope_of_group(fold, group);
    *out = 0;
    return scope->now[metric] != 0 ? read_number(fold, scope->now[metric], element, out)
                                   : is_zero(fold, metric, scope, group);
}

/* What counts began at 0, before the first record that has it. */
bool fold_number_before(const fold_t *fold, uint32_t metric, uint32_t element, int64_t *out) {
    const fold_scope_t *const scope = scope_of_group(fold, group_of_metric(metric));
    const enum tally_kind kind = names_metrics[metric].kind;
    *out = 0;
    return scope->before[metric] != 0 ? read_number(fold, scope->before[metric], element, out)
                                      : kind == TALLY_KIND_COUNTER || kind == TALLY_KIND_DURATION ||
                                            kind == TALLY_KIND_SIGNED;
}

bool fold_text(const fold_t *fold, uint32_t metric, cbor_item_t *out) {
    const fold_scope_t *const scope = scope_of_group(fold, group_of_metric(metric));
    cbor_reader_t reader = reader_at(fold, scope->now[metric]);
    return scope->now[metric] != 0 && cbor_next(&reader, out) && out->type == CBOR_TEXT;
}

bool fold_is_new(const fold_t *fold, uint32_t metric) {
    const fold_scope_t *const scope = scope_of_group(fold, group_of_metric(metric));
    return scope->now[metric] != 0 && scope->before[metric] == 0;
}

bool fold_is_our_track(const fold_t *fold, const fold_scope_t *track) {
    return track->session == RECORD_ABSENT || track->session == fold->session_number;
}

/* ---- taking a record ------------------------------------------------------------------------ */

/* What a record's group says is what is known of it from now on. */
static void tell_group(const fold_t *fold, fold_scope_t *scope, const names_group_t *group,
                       size_t value_at) {
    cbor_reader_t reader = reader_at(fold, value_at);
    cbor_item_t map;
    cbor_item_t key = {0};
    (void)cbor_next(&reader, &map);
    for (uint32_t i = 0; map.type == CBOR_MAP && i < map.count; i++) {
        (void)cbor_key(&reader, &key);
        const names_metric_t *const metric = names_metric(group, key.text, key.text_bytes);
        if (metric != NULL) {
            scope->now[metric - names_metrics] = reader.at;
        }
        (void)json_value(NULL, &reader);
    }
}

static const record_field_t *field_of(const record_t *record, char letter) {
    for (uint32_t i = 0; i < record->count; i++) {
        if (record_letter(&record->fields[i].key) == letter) {
            return &record->fields[i];
        }
    }
    return NULL;
}

static void tell_scope(const fold_t *fold, fold_scope_t *scope, const names_group_t *group,
                       const record_t *record) {
    const record_field_t *const field = field_of(record, group->letter);
    const size_t bytes = (group->end - group->first) * sizeof(scope->now[0]);
    memcpy(scope->before + group->first, scope->now + group->first, bytes);
    scope->told |= bit_of_group(group);
    if (field != NULL) {
        tell_group(fold, scope, group, field->value_at);
    }
}

static void move_on(const fold_t *fold, fold_scope_t *scope) {
    scope->previous = scope->last;
    scope->last = fold->at;
}

/* The track of a record; a new one takes the last place if there is no other. */
static fold_scope_t *track_of(fold_t *fold, const record_t *record) {
    for (uint32_t i = 0; i < fold->track_count; i++) {
        fold_scope_t *const track = &fold->tracks[i];
        if (track->session == record->session && track->stream == record->stream) {
            return track;
        }
    }
    fold->track_count += fold->track_count < FOLD_TRACKS ? 1 : 0;
    fold_scope_t *const track = &fold->tracks[fold->track_count - 1];
    begin_scope(track, record->session);
    track->stream = record->stream;
    return track;
}

static void take_track(fold_t *fold, const names_group_t *group, const record_t *record) {
    fold_scope_t *const track = track_of(fold, record);
    tell_scope(fold, track, group, record);
    move_on(fold, track);
    fold->track = track;
}

static fold_scope_t *scope_to_tell(fold_t *fold, const names_group_t *group) {
    if (strchr(EVENT_GROUPS, group->letter) != NULL) {
        return &fold->event;
    }
    const bool of_boot =
        strchr(BOOT_GROUPS, group->letter) != NULL ||
        (strchr(PAIR_GROUPS, group->letter) != NULL && fold->session == &fold->no_session);
    return of_boot ? &fold->boot : &fold->session->scope;
}

static const char *groups_of_kind(char kind) {
    for (size_t i = 0; i < NAMES_RECORDS; i++) {
        if (names_records[i].letter == kind) {
            return names_records[i].groups;
        }
    }
    return "";
}

static void take_groups(fold_t *fold, const record_t *record) {
    for (const char *letter = groups_of_kind(record->kind); *letter != '\0'; letter++) {
        const names_group_t *const group = names_group(*letter);
        if (group == NULL) {
            continue; /* a vendor's */
        }
        if (strchr(TRACK_GROUPS, group->letter) != NULL) {
            take_track(fold, group, record);
        } else {
            tell_scope(fold, scope_to_tell(fold, group), group, record);
        }
    }
}

/* The time of a record by SPEC.md: its own, else the upload's less its age, else the clock's. */
static int64_t wall_of(const fold_t *fold, const record_t *record) {
    const record_head_t *const head = fold->head;
    int64_t wall_ms = FOLD_UNKNOWN;
    if (record->wall_ms != RECORD_ABSENT) {
        return record->wall_ms;
    }
    if (head->sent_wall_ms != RECORD_ABSENT && head->sent_uptime_ms != RECORD_ABSENT) {
        wall_ms = head->sent_wall_ms - (head->sent_uptime_ms - record->uptime_ms);
    } else if (fold->boot_wall_ms != FOLD_UNKNOWN) {
        wall_ms = fold->boot_wall_ms + record->uptime_ms;
    }
    return wall_ms >= 0 ? wall_ms : FOLD_UNKNOWN;
}

/* The content begins with the request for play: a start record comes with it, or for a zap 5 s
 * later; the first event knows how long ago it was. */
static void find_content_start(fold_t *fold) {
    fold_session_t *const session = fold->session;
    int64_t since_ms;
    if (fold->at.wall_ms == FOLD_UNKNOWN || session->start_is_exact) {
        return;
    }
    if (fold_number(fold, TALLY_M_SINCE_REQUEST, 0, &since_ms)) {
        session->content_start_ms = fold->at.wall_ms - since_ms;
        session->start_is_exact = true;
    } else if (fold->kind == (char)TALLY_RECORD_START) {
        session->content_start_ms = fold->at.wall_ms;
    }
}

static void find_state(fold_t *fold) {
    fold_session_t *const session = fold->session;
    int64_t value = 0;
    switch ((enum tally_record)fold->kind) {
    case TALLY_RECORD_START: {
        const bool has_kind = fold_number(fold, TALLY_M_SESSION_KIND, 0, &value);
        session->state = player_state_begin(has_kind, value);
        break;
    }
    case TALLY_RECORD_EVENT:
        if (fold_number(fold, TALLY_M_EVENT_TYPE, 0, &value)) {
            session->state = player_state_after(session->state, value);
        }
        break;
    case TALLY_RECORD_HEARTBEAT:
    case TALLY_RECORD_END:
        if (fold_number(fold, TALLY_M_STATE, 0, &value)) {
            session->state = player_state_said(session->state, value);
        }
        break;
    default: break;
    }
}

static void take_capabilities(fold_t *fold, const record_t *record) {
    const record_field_t *const field = field_of(record, 'c');
    if (field == NULL) {
        return;
    }
    if (record->kind == (char)TALLY_RECORD_BOOT) {
        fold->boot.capabilities_at = field->value_at;
    } else {
        fold->session->scope.capabilities_at = field->value_at;
    }
}

void fold_take(fold_t *fold, const gather_record_t *place, const record_head_t *head) {
    cbor_reader_t reader = reader_at(fold, place->at);
    record_t record;
    (void)record_read(&reader, &record);
    fold->head = head;
    fold->kind = record.kind;
    fold->sequence = record.sequence;
    fold->session_number = record.session;
    fold->at = (fold_moment_t){record.uptime_ms, wall_of(fold, &record)};
    fold->session = session_of(fold, record.session);
    fold->track = &fold->no_track;
    begin_scope(&fold->event, record.session);
    take_capabilities(fold, &record);
    take_groups(fold, &record);
    move_on(fold, &fold->session->scope);
    move_on(fold, &fold->boot);
    move_on(fold, &fold->event);
    if (record.kind == (char)TALLY_RECORD_BOOT) {
        fold->boot_record = fold->at;
    } else if (record.kind == (char)TALLY_RECORD_AGENT) {
        fold->agent_record = fold->at;
    }
    find_content_start(fold);
    find_state(fold);
}

/* ---- the end of sessions -------------------------------------------------------------------- */

/* The errors in ads of a session. */
static bool ad_errors_of(const fold_t *fold, const fold_session_t *session, int64_t *out) {
    const names_group_t *const ads = &names_groups[TALLY_G_ADS];
    const size_t at = session->scope.now[TALLY_M_AD_ERRORS];
    *out = 0;
    return at != 0 ? read_number(fold, at, 0, out)
                   : is_zero(fold, TALLY_M_AD_ERRORS, &session->scope, ads);
}

static void add(int64_t *sum, int64_t value) {
    *sum = (*sum == FOLD_UNKNOWN ? 0 : *sum) + value;
}

bool fold_ad_errors(const fold_t *fold, int64_t *out) {
    int64_t sum = fold->ended_ad_errors;
    for (uint32_t i = 0; i < fold->session_count; i++) {
        int64_t errors;
        if (ad_errors_of(fold, &fold->sessions[i], &errors)) {
            add(&sum, errors);
        }
    }
    *out = sum;
    return sum != FOLD_UNKNOWN;
}

static void forget_tracks(fold_t *fold, int64_t session) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < fold->track_count; i++) {
        if (fold->tracks[i].session != session && kept != i) {
            fold->tracks[kept] = fold->tracks[i];
        }
        kept += fold->tracks[i].session != session ? 1 : 0;
    }
    fold->track_count = kept;
}

void fold_settle(fold_t *fold) {
    int64_t errors;
    if (fold->kind != (char)TALLY_RECORD_END || fold->session == &fold->no_session) {
        return;
    }
    if (ad_errors_of(fold, fold->session, &errors)) {
        add(&fold->ended_ad_errors, errors);
    }
    forget_tracks(fold, fold->session_number);
    fold->session_count--;
    *fold->session = fold->sessions[fold->session_count];
}
