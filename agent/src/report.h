/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_REPORT_H
#define TALLY_SRC_REPORT_H
/*
 * Makes records: one CBOR map each, put into the spool. Which records there are, and what is in
 * them, is here and nowhere else.
 */
#include <stdint.h>

#include "metrics.h"
#include "spool.h"
#include "tally/enums.h"
#include "tally/port.h"

/* What a record says. */
typedef struct {
    enum tally_record kind;
    uint32_t session; /* 0: of no session */
    uint64_t uptime_ms;
    const tally_wall_t *wall;
    const uint64_t *capabilities; /* TALLY_GROUPS of them, or NULL */
    tally_view_t groups[TALLY_GROUPS];
} tally_record_t;

/* Encodes a record in deterministic CBOR (RFC 8949 4.2.1). Returns the bytes it takes; they are all
 * in `out` only if that is no more than `size`. */
uint32_t tally_record_encode(const tally_record_t *record, uint32_t sequence, uint8_t *out,
                             uint32_t size);

typedef struct {
    const tally_port_t *port;
    tally_spool_t *spool;
    const uint64_t *capabilities;
    uint64_t boot_ms;  /* monotonic time that uptime counts from */
    uint64_t now_ms;   /* the time of the records being made, */
    tally_wall_t wall; /* and their wall time */
    uint32_t lost;     /* records that did not fit or that the store refused */
} tally_report_t;

void tally_report_init(tally_report_t *report, const tally_port_t *port, tally_spool_t *spool,
                       const uint64_t *capabilities, uint64_t boot_ms);

/* The times that the next records carry. */
void tally_report_set_time(tally_report_t *report, uint64_t now_ms, tally_wall_t wall);

void tally_report_boot(tally_report_t *report, const tally_view_t *boot);
void tally_report_clock(tally_report_t *report);
void tally_report_start(tally_report_t *report, uint32_t session, const tally_view_t *dimensions);
void tally_report_heartbeat(tally_report_t *report, uint32_t session, const tally_view_t *playback);
void tally_report_event(tally_report_t *report, uint32_t session, enum tally_event_type type,
                        int32_t code);
/* Self-contained: one row a view, no join needed. */
void tally_report_end(tally_report_t *report, uint32_t session, const tally_view_t *dimensions,
                      const tally_view_t *playback);
void tally_report_stream(tally_report_t *report, const tally_stream_t *stream);
void tally_report_agent(tally_report_t *report, const tally_view_t *agent,
                        const tally_view_t *network);

#endif
