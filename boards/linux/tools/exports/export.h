/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORT_H
#define EXPORT_H
/*
 * Records as another system's events. A system is two kinds of tables: which records are which of
 * its events, and which members an event has. EXPORTS.md is the same for people.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fold.h"
#include "formula.h"
#include "writer.h"

typedef struct export_event export_event_t;
typedef struct export_row export_row_t;

/* An event that is told, and from what. */
typedef struct {
    fold_t *fold;
    const export_event_t *event;
    uint32_t nth; /* how many events of the same record were told before it */
} export_told_t;

/* How a member gets its value; EXPORT_LAST ends a table. */
enum export_how {
    EXPORT_LAST,
    EXPORT_OPEN,   /* an object begins; what follows is in it */
    EXPORT_CLOSE,  /* the innermost object ends */
    EXPORT_NUMBER, /* of `formula`, times `factor`, by `divisor` */
    EXPORT_BOOL,   /* whether `formula` is above 0 */
    EXPORT_WORD,   /* the name of the enum's value; by `words` where the system has its own */
    EXPORT_TEXT,
    EXPORT_NULL, /* only a server knows */
    EXPORT_WITH, /* what `with` writes */
};

/* A value of one of tally's lists, in a system's word. */
typedef struct {
    int32_t value;
    const char *word; /* NULL ends */
} export_word_t;

struct export_row {
    enum export_how how;
    bool is_optional; /* left out rather than null */
    const char *name;
    const char *formula; /* of a word or a text, one key */
    int64_t factor;      /* 0: 1 */
    int64_t divisor;     /* 0: 1 */
    const export_word_t *words;
    void (*with)(writer_t *writer, const export_told_t *told, const export_row_t *row);
};

#define EXPORT_ANY INT32_MIN

struct export_event {
    const char *kinds;    /* letters of the records */
    int32_t type;         /* enum tally_event_type of an event record, or EXPORT_ANY */
    int32_t code;         /* its code, or EXPORT_ANY */
    const char *if_above; /* and only if this formula is above 0; NULL: always */
    bool (*if_so)(const fold_t *fold);
    const char *name;
    int32_t number;            /* of systems that number their events */
    const export_row_t *rows;  /* all members */
    const export_row_t *extra; /* where export_extra stands in them; NULL: none */
};

typedef struct {
    const char *name;
    bool is_array; /* all events are one JSON array; else each is a line */
    const export_event_t *events;
    size_t event_count;
} export_system_t;

extern const export_system_t export_datazoom;
extern const export_system_t export_appinsights;
extern const export_system_t export_kaltura;
extern const export_system_t export_nanostream;
extern const export_system_t export_theoplayer;

/* NULL for a system that there is not. */
const export_system_t *export_system(const char *name);

/* Writes the events of all records gathered. */
void export_write(FILE *out, const export_system_t *system, const gather_t *gather,
                  const uint8_t *data, size_t size);

/* The members of a table, up to its end. */
void export_rows(writer_t *writer, const export_told_t *told, const export_row_t *rows);

extern const export_word_t export_error_classes[]; /* of an event's detail */

/* What several systems have. */
void export_time(writer_t *writer, const char *name, int64_t wall_ms); /* null: unknown */
bool export_in_ad(const fold_t *fold);
void export_extra(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_name(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_event_number(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_wall(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_device(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_operator(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_boot(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_session(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_session_start(writer_t *writer, const export_told_t *told, const export_row_t *row);
void export_sequence(writer_t *writer, const export_told_t *told, const export_row_t *row);

/* Short forms of a row and of an event, for the tables. */
#define OBJECT(member)                                                                             \
    { .how = EXPORT_OPEN, .name = (member) }
#define END_OBJECT                                                                                 \
    { .how = EXPORT_CLOSE }
#define NUMBER(member, sum)                                                                        \
    { .how = EXPORT_NUMBER, .name = (member), .formula = (sum) }
#define PART(member, sum, by)                                                                      \
    { .how = EXPORT_NUMBER, .name = (member), .formula = (sum), .divisor = (by) }
#define TIMES(member, sum, of)                                                                     \
    { .how = EXPORT_NUMBER, .name = (member), .formula = (sum), .factor = (of) }
#define BOOL(member, sum)                                                                          \
    { .how = EXPORT_BOOL, .name = (member), .formula = (sum) }
#define WORD(member, key)                                                                          \
    { .how = EXPORT_WORD, .name = (member), .formula = (key) }
#define WORD_OF(member, key, list)                                                                 \
    { .how = EXPORT_WORD, .name = (member), .formula = (key), .words = (list) }
#define TEXT(member, key)                                                                          \
    { .how = EXPORT_TEXT, .name = (member), .formula = (key) }
#define SERVER(member)                                                                             \
    { .how = EXPORT_NULL, .name = (member) }
#define WITH(member, function)                                                                     \
    { .how = EXPORT_WITH, .name = (member), .with = (function) }
#define IF_NUMBER(member, sum)                                                                     \
    { .how = EXPORT_NUMBER, .is_optional = true, .name = (member), .formula = (sum) }
#define IF_PART(member, sum, by)                                                                   \
    {                                                                                              \
        .how = EXPORT_NUMBER, .is_optional = true, .name = (member), .formula = (sum),             \
        .divisor = (by)                                                                            \
    }
#define IF_BOOL(member, sum)                                                                       \
    { .how = EXPORT_BOOL, .is_optional = true, .name = (member), .formula = (sum) }
#define IF_WORD(member, key)                                                                       \
    { .how = EXPORT_WORD, .is_optional = true, .name = (member), .formula = (key) }
#define IF_TEXT(member, key)                                                                       \
    { .how = EXPORT_TEXT, .is_optional = true, .name = (member), .formula = (key) }
#define LAST                                                                                       \
    { .how = EXPORT_LAST }

/* All but the condition and the names: records of a kind, event records, those of one code. */
#define OF_KIND(letters)        .kinds = (letters), .type = EXPORT_ANY, .code = EXPORT_ANY
#define OF_EVENT(event)         .kinds = "e", .type = TALLY_EVENT_##event, .code = EXPORT_ANY
#define OF_CODE(event, number_) .kinds = "e", .type = TALLY_EVENT_##event, .code = (number_)

#endif
