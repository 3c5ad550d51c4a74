/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_SRC_TS_H
#define TALLY_SRC_TS_H
/*
 * What ts.c (packets, time) and ts_psi.c (tables) share.
 *
 *     packet -> sync -> row of its PID -> continuity -> clock | section | PTS
 */
#include "atomic.h"
#include "tally/stats.h"

#define TS_NULL_PID 0x1FFFu

#define TS_WORD(ts, metric)                                                                        \
    (&(ts)->values[(uint32_t)TALLY_M_TS_##metric - (uint32_t)TALLY_M_TS_FIRST])
#define TS_COUNT(ts, metric) tally_atomic_add_owned(TS_WORD(ts, metric), 1)

/* The tables: programmes' maps come first, the two that are always there behind them. */
enum { TS_TABLE_PAT = TALLY_TS_PROGRAMMES, TS_TABLE_CAT };

/* What a PID carries. Those that a PMT lists are VIDEO to DATA. */
enum {
    TS_OTHER,
    TS_VIDEO,
    TS_AUDIO,
    TS_DATA,
    TS_INFORMATION, /* PIDs 2 to 31, which ISO/IEC 13818-1 and DVB keep for tables */
    TS_UNREAD_PMT,  /* of a programme beyond TALLY_TS_PROGRAMMES */
    TS_TABLES,      /* + index of the table */
    TS_PAT = TS_TABLES + TS_TABLE_PAT,
    TS_CAT = TS_TABLES + TS_TABLE_CAT,
};

/* tally_ts_pid_t.flags, above a bit for each table that lists the PID. */
#define TS_HAS_PTS 0x80u

/* The row of a PID, a new one if need be; NULL: no room. */
tally_ts_pid_t *tally_ts_row(tally_ts_t *ts, uint32_t pid);

/* Counts an absence that has lasted too long. One goes on to count each time it has lasted again.
 */
void tally_ts_check_absence(tally_ts_t *ts, tally_ts_pid_t *row);

/* Waits for the next section to begin. */
void tally_ts_section_cut(tally_ts_table_t *table);

/* Reads the payload of a packet whose row has a table. */
void tally_ts_section_read(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *payload,
                           uint32_t bytes, bool begins);

#endif
