/* SPDX-License-Identifier: Apache-2.0 */
#include "export.h"

#include <inttypes.h>
#include <string.h>

#include "names.h"
#include "say.h"

#define ID_BYTES 64

#define CLASS_ROW(symbol, value, name, meaning) {value, name},

const export_word_t export_error_classes[] = {TALLY_ERROR_CLASSES(CLASS_ROW){0, NULL}};

/* ---- members -------------------------------------------------------------------------------- */

static int64_t or_one(int64_t value) {
    return value == 0 ? 1 : value;
}

static const char *word_of(const export_row_t *row, int64_t value) {
    for (const export_word_t *word = row->words; word != NULL && word->word != NULL; word++) {
        if (word->value == value) {
            return word->word;
        }
    }
    return names_value(names_metrics[formula_metric(row->formula)].unit, value);
}

static void put_value(writer_t *writer, const export_row_t *row, const formula_value_t *value) {
    switch (row->how) {
    case EXPORT_BOOL: writer_bool(writer, row->name, value->above > 0); break;
    case EXPORT_WORD: writer_string(writer, row->name, word_of(row, value->above)); break;
    default:
        writer_quotient(writer, row->name, value->above * or_one(row->factor),
                        value->below * or_one(row->divisor));
        break;
    }
}

/* True if the member was written. */
static bool put_known(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    if (row->how == EXPORT_TEXT) {
        cbor_item_t text;
        if (!fold_text(told->fold, formula_metric(row->formula), &text)) {
            return false;
        }
        writer_text(writer, row->name, text.text, text.text_bytes);
        return true;
    }
    const formula_value_t value = formula_value(told->fold, row->formula);
    if (value.is_known) {
        put_value(writer, row, &value);
    }
    return value.is_known;
}

static void put_row(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    switch (row->how) {
    case EXPORT_OPEN: writer_open(writer, row->name, '{'); return;
    case EXPORT_CLOSE: writer_close(writer, '}'); return;
    case EXPORT_NULL: writer_null(writer, row->name); return;
    case EXPORT_WITH: row->with(writer, told, row); return;
    default: break;
    }
    if (!put_known(writer, told, row) && !row->is_optional) {
        writer_null(writer, row->name);
    }
}

void export_rows(writer_t *writer, const export_told_t *told, const export_row_t *rows) {
    for (const export_row_t *row = rows; row != NULL && row->how != EXPORT_LAST; row++) {
        put_row(writer, told, row);
    }
}

/* ---- what several systems have -------------------------------------------------------------- */

bool export_in_ad(const fold_t *fold) {
    return player_state_in_ad(fold->session->state.state);
}

void export_extra(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    (void)row;
    export_rows(writer, told, told->event->extra);
}

void export_name(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    writer_string(writer, row->name, told->event->name);
}

void export_event_number(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    writer_integer(writer, row->name, told->event->number);
}

void export_time(writer_t *writer, const char *name, int64_t wall_ms) {
    if (wall_ms == FOLD_UNKNOWN) {
        writer_null(writer, name);
    } else {
        writer_integer(writer, name, wall_ms);
    }
}

void export_wall(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    export_time(writer, row->name, told->fold->at.wall_ms);
}

void export_session_start(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    export_time(writer, row->name, told->fold->session->content_start_ms);
}

void export_device(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const record_head_t *const head = told->fold->head;
    if (head->present) {
        writer_text(writer, row->name, head->device.text, head->device.text_bytes);
    } else {
        writer_null(writer, row->name);
    }
}

void export_operator(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const record_head_t *const head = told->fold->head;
    if (head->present) {
        writer_text(writer, row->name, head->operator_id.text, head->operator_id.text_bytes);
    } else {
        writer_null(writer, row->name);
    }
}

void export_boot(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    char id[ID_BYTES];
    (void)snprintf(id, sizeof(id), "%014" PRIx64, (uint64_t)told->fold->head->boot);
    writer_string(writer, row->name, told->fold->head->present ? id : NULL);
}

void export_session(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    const fold_t *const fold = told->fold;
    const bool is_known = fold->head->present && fold->session_number != RECORD_ABSENT;
    char id[ID_BYTES];
    (void)snprintf(id, sizeof(id), "%014" PRIx64 "-%" PRId64, (uint64_t)fold->head->boot,
                   fold->session_number);
    writer_string(writer, row->name, is_known ? id : NULL);
}

void export_sequence(writer_t *writer, const export_told_t *told, const export_row_t *row) {
    writer_integer(writer, row->name, told->fold->sequence);
}

/* ---- events --------------------------------------------------------------------------------- */

static bool is_number(const fold_t *fold, uint32_t metric, int32_t wanted) {
    int64_t value;
    return wanted == EXPORT_ANY || (fold_number(fold, metric, 0, &value) && value == wanted);
}

static bool is_event(const fold_t *fold, const export_event_t *event) {
    return strchr(event->kinds, fold->kind) != NULL &&
           is_number(fold, TALLY_M_EVENT_TYPE, event->type) &&
           is_number(fold, TALLY_M_EVENT_CODE, event->code) &&
           (event->if_above == NULL || formula_is_positive(fold, event->if_above)) &&
           (event->if_so == NULL || event->if_so(fold));
}

static void put_event(FILE *out, const export_told_t *told) {
    writer_t writer = {.out = out};
    writer_open(&writer, NULL, '{');
    export_rows(&writer, told, told->event->rows);
    writer_close(&writer, '}');
}

/* Events written so far, of an array. */
static size_t put_record(FILE *out, const export_system_t *system, fold_t *fold, size_t written) {
    export_told_t told = {.fold = fold};
    for (size_t i = 0; i < system->event_count; i++) {
        told.event = &system->events[i];
        if (!is_event(fold, told.event)) {
            continue;
        }
        say(out, "%s", system->is_array && written > 0 ? ",\n" : "");
        put_event(out, &told);
        say(out, "%s", system->is_array ? "" : "\n");
        told.nth++;
        written++;
    }
    return written;
}

void export_write(FILE *out, const export_system_t *system, const gather_t *gather,
                  const uint8_t *data, size_t size) {
    static fold_t fold; /* too large for a stack */
    size_t written = 0;
    say(out, "%s", system->is_array ? "[" : "");
    for (size_t i = 0; i < gather->record_count; i++) {
        const gather_record_t *const record = &gather->records[i];
        if (i == 0 || record->boot != gather->records[i - 1].boot) {
            fold_begin_boot(&fold, data, size, &gather->bodies[record->boot]);
        }
        fold_take(&fold, record, &gather->bodies[record->body].head);
        written = put_record(out, system, &fold, written);
        fold_settle(&fold);
    }
    say(out, "%s", system->is_array ? "]\n" : "");
}

const export_system_t *export_system(const char *name) {
    static const export_system_t *const systems[] = {&export_datazoom, &export_appinsights,
                                                     &export_kaltura, &export_nanostream,
                                                     &export_theoplayer};
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
        if (strcmp(systems[i]->name, name) == 0) {
            return systems[i];
        }
    }
    return NULL;
}
