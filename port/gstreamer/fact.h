/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACT_H
#define FACT_H
/*
 * What was seen of a pipeline, and when. Noted in whatever thread sees it, judged by the watcher.
 */
#include <stdbool.h>
#include <stdint.h>

/* How far up a pipeline is: GstState by other names, with the same values. */
enum rung {
    RUNG_NULL = 1,
    RUNG_READY = 2,
    RUNG_PAUSED = 3,
    RUNG_PLAYING = 4,
};

/* What a sink says of its pipeline's purpose. */
enum role {
    ROLE_VIEWED = 1, /* a screen or a loudspeaker */
    ROLE_TIMED = 2,  /* neither, but it keeps to the clock */
    ROLE_OTHER = 4,  /* a file, a network, a test */
};

enum fact_kind {
    FACT_TARGET,       /* value: the rung that was asked for */
    FACT_STATE,        /* value: the rung it is on */
    FACT_SINK,         /* value: enum role */
    FACT_BUFFERING,    /* value: percent */
    FACT_SEEK,         /* value: its sequence number; detail: 1 if it flushes */
    FACT_FLUSH,        /* what leads to the screen was emptied; value: as of the seek */
    FACT_SHOWN,        /* the first frame since begin or flush has come: it waits on screen */
    FACT_FRAME,        /* a frame was due while it played; length_ms, arrived_ms */
    FACT_SEGMENT_DONE, /* a loop has come to its end */
    FACT_END,          /* all sinks have */
    FACT_NEXT,         /* other media plays, without a gap */
    FACT_ERROR,        /* value: code; detail: enum tally_error_class; text */
    FACT_FATAL,        /* the same */
    FACT_PUBLISHES,    /* media is sent, not shown */
    FACT_SENT,         /* the first of it left */
    FACT_STREAM,       /* media begins at the sinks; not for the judge */
    FACT_DROPPED,      /* value: frames a decoder has dropped so far; not for the judge */
    FACT_GONE,         /* the pipeline is disposed of */
};

typedef struct fact {
    struct fact *next; /* of the inbox, or of a list of its owner's */
    uint64_t at_ms;    /* CLOCK_BOOTTIME */
    uint64_t arrived_ms;
    uint32_t length_ms;
    int32_t value;
    int32_t detail;
    uint32_t sink; /* the number of the one that saw it; 0: none */
    enum fact_kind kind;
    char text[]; /* of an error, NUL-terminated; nothing in facts that have none */
} fact_t;

/* Many threads note, one takes. No call waits for another. */
typedef struct {
    fact_t *last;
    uint32_t waiting;
} inbox_t;

/* At most INBOX_MOST wait; beyond that, and without memory, the fact is lost. `text` may be NULL.
 */
#define INBOX_MOST 1024u
void inbox_note(inbox_t *inbox, const fact_t *fact, const char *text);

/* All there are, in the order in which they were noted; fact_free_all() is the caller's. */
fact_t *inbox_take(inbox_t *inbox);
void fact_free_all(fact_t *first);

/* Facts of two lists, each in order of time, in one. */
fact_t *fact_merge(fact_t *one, fact_t *other);

#endif
