/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_REPORT_H
#define TALLY_SRC_REPORT_H
/*
 * Makes records: one CBOR map each, put into a sink, which is the spool or, in a player's process,
 * its messages. What of the values given goes on the wire, and how many bytes that can be, is here
 * and nowhere else.
 *
 * A metric that is not declared is never sent, whatever its value. Of the declared ones, counters
 * and durations are left out at 0, histograms while they are empty, and all others while they are
 * not present. A group with nothing to send is left out whole. Values of a group of which nothing
 * is declared are not looked at.
 */
#include <stdbool.h>
#include <stdint.h>

#include "metrics.h"
#include "spool.h"
#include "tally/enums.h"
#include "tally/port.h"

/* What a record says. Boot and start records say what is declared, too; one about the agent without
 * its groups says nothing else. */
typedef struct {
    enum tally_record kind;
    uint32_t session; /* 0: of no session */
    uint64_t uptime_ms;
    const tally_wall_t *wall;  /* NULL: it has no sequence number either */
    const uint64_t *declared;  /* TALLY_GROUPS capability sets */
    const tally_view_t *views; /* in the order of their groups, no group twice */
    uint32_t count;
} tally_record_t;

/* Encodes a record in deterministic CBOR (RFC 8949 4.2.1). Returns the bytes it takes; they are all
 * in `out` only if that is no more than `size`. */
uint32_t tally_record_encode(const tally_record_t *record, uint32_t sequence, uint8_t *out,
                             uint32_t size);

/* The longest text of any group but DIMENSION. */
enum { TALLY_REPORT_TEXT_MOST = 63 };

/* The bytes that no record of a kind exceeds, whatever values within their units the declared
 * metrics have. Dimensions are taken to be what one session can store. */
uint32_t tally_report_largest(enum tally_record kind, const uint64_t *declared);

/* Whether records of every kind fit into TALLY_RECORD_BYTES. */
bool tally_report_fits(const uint64_t *declared);

/* Where records go. */
typedef struct {
    /* TALLY_RECORD_BYTES of room for the next one, and its sequence number. */
    uint8_t *(*begin)(void *ctx, uint32_t *sequence);

    /* Takes the record that is there now. As tally_spool_commit(). */
    int32_t (*commit)(void *ctx, enum tally_class rank, const tally_record_t *record,
                      uint32_t bytes);

    bool is_numbered; /* records have a sequence number and wall time */
} tally_sink_t;

/* The spool, which is its `ctx`. */
extern const tally_sink_t tally_report_to_spool;

typedef struct {
    const tally_port_t *port;
    const tally_sink_t *sink;
    void *ctx; /* the sink's */
    const uint64_t *declared;
    uint64_t boot_ms;  /* monotonic time that uptime counts from */
    uint64_t now_ms;   /* the time of the records being made, */
    tally_wall_t wall; /* and their wall time */
    bool muted;        /* no record is made */
    uint32_t lost;     /* records that did not fit or that the store refused */
} tally_report_t;

void tally_report_init(tally_report_t *report, const tally_port_t *port, const tally_sink_t *sink,
                       void *ctx, const uint64_t *declared, uint64_t boot_ms);

/* The times that the next records carry. */
void tally_report_set_time(tally_report_t *report, uint64_t now_ms, tally_wall_t wall);

/* Encodes a record into the sink. 0; TALLY_E_FULL: a boot record that finds no room and may be
 * made again; another error: it is lost, and counted. One that would be empty, because of its
 * groups nothing is declared, is not made. */
int32_t tally_report_make(tally_report_t *report, enum tally_class rank, enum tally_record kind,
                          uint32_t session, const tally_view_t *views, uint32_t count);

#endif
