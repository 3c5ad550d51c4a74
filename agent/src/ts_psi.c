/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Program specific information (ISO/IEC 13818-1 2.4.4) without a section in memory: bytes pass
 * through a CRC and a window of four, and the fields that matter are read from the window when
 * their last byte comes. What a section says is kept as told, in the rows of its PIDs, and takes
 * effect once its CRC turns out right.
 */
#include <stddef.h>
#include <string.h>

#include "ts.h"

#define SECTION_LEAST 9u /* bytes behind the length: five of header, four of CRC */
#define SECTION_MOST  1021u
#define CRC_BYTES     4u
#define FIRST_PID     0x20u /* below are PIDs of fixed use */

enum {
    STAGE_HUNT,      /* no section; the next begins where a packet says so */
    STAGE_LENGTH,    /* to its third byte: table_id, section_length */
    STAGE_NUMBER,    /* to its eighth: version, section_number */
    STAGE_PROGRAMME, /* of a PAT: programme_number, PID of its map */
    STAGE_DETAILS,   /* of a PMT: program_info_length */
    STAGE_STREAM,    /* of a PMT: stream_type, PID, ES_info_length */
    STAGE_CHECK,     /* nothing to read, the CRC counts */
    STAGE_PASS,      /* not one of ours */
};

/* tally_ts_pid_t.told: TOLD, table, kind; a map has a kind of its own. */
#define TOLD            0x20u
#define TOLD_KIND       0x03u
#define TOLD_PMT        0u
#define TOLD_BY(table)  (TOLD | (table) << 2)
#define TOLD_FROM(told) ((told) & ~TOLD_KIND)

#define LISTED_BY_PMT ((1u << TALLY_TS_PROGRAMMES) - 1u)

/* CRC-32/MPEG-2, by nibbles: over a whole section, its own CRC included, it is 0. */
static uint32_t crc_of(uint32_t crc, uint8_t byte) {
    static const uint32_t table[16] = {
        0x00000000, 0x04C11DB7, 0x09823B6E, 0x0D4326D9, 0x130476DC, 0x17C56B6B,
        0x1A864DB2, 0x1E475005, 0x2608EDB8, 0x22C9F00F, 0x2F8AD6D6, 0x2B4BCB61,
        0x350C9B64, 0x31CD86D3, 0x3C8EA00A, 0x384FBDBD,
    };
    crc ^= (uint32_t)byte << 24;
    crc = (crc << 4) ^ table[crc >> 28];
    return (crc << 4) ^ table[crc >> 28];
}

/* --- what tables say ------------------------------------------------------------------------ */

static uint32_t kind_of_stream(uint8_t stream_type) {
    /* MPEG-1, MPEG-2, MPEG-4 part 2, AVC, HEVC, VVC, AVS, AVS2, VC-1 */
    static const uint8_t video[] = {0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0x42, 0xD2, 0xEA};
    /* MPEG-1, MPEG-2, AAC in ADTS and in LATM, MPEG-H, AC-3 and E-AC-3 of ATSC */
    static const uint8_t audio[] = {0x03, 0x04, 0x0F, 0x11, 0x2D, 0x81, 0x87};
    if (memchr(video, stream_type, sizeof video) != NULL) {
        return TS_VIDEO;
    }
    return memchr(audio, stream_type, sizeof audio) != NULL ? TS_AUDIO : TS_DATA;
}

static void tell(tally_ts_t *ts, uint32_t table, uint32_t pid, uint32_t kind) {
    tally_ts_pid_t *const row =
        pid >= FIRST_PID && pid != TS_NULL_PID ? tally_ts_row(ts, pid) : NULL;
    if (row != NULL) {
        row->told = (uint8_t)(TOLD_BY(table) | kind);
    }
}

/* One copy: two callers would each have it in their loop. */
__attribute__((noinline)) static void leave_programme(tally_ts_pid_t *row, uint32_t table) {
    row->flags &= (uint8_t) ~(1u << table);
    if ((row->flags & LISTED_BY_PMT) == 0 && row->kind <= TS_DATA) {
        row->kind = TS_OTHER;
    }
}

static void drop_map(tally_ts_t *ts, tally_ts_pid_t *row) {
    if (row->kind >= TS_TABLES) {
        const uint32_t table = row->kind - (uint32_t)TS_TABLES;
        ts->programmes &= (uint8_t) ~(1u << table);
        for (uint32_t i = 0; i < ts->count; i++) {
            leave_programme(&ts->rows[i], table);
        }
    }
    row->kind = TS_OTHER;
    row->flags = 0;
}

static void add_map(tally_ts_t *ts, tally_ts_pid_t *row) {
    if (row->kind >= TS_TABLES) {
        return;
    }
    row->kind = TS_UNREAD_PMT;
    for (uint32_t table = 0; table < TALLY_TS_PROGRAMMES; table++) {
        if ((ts->programmes & 1u << table) == 0) {
            ts->programmes |= (uint8_t)(1u << table);
            ts->tables[table].stage = STAGE_HUNT;
            ts->tables[table].programme = 0;
            row->kind = (uint8_t)(TS_TABLES + table);
            row->seen_ms = ts->now_ms;
            return;
        }
    }
}

static void add_stream(tally_ts_t *ts, tally_ts_pid_t *row, uint32_t kind) {
    if (row->kind == TS_OTHER) {
        row->seen_ms = ts->now_ms; /* from now on it is missed */
        row->flags &= (uint8_t)~TS_HAS_PTS;
    }
    if (row->kind <= TS_DATA) {
        row->kind = (uint8_t)kind;
    }
}

/* A section is over: what it told holds, and what it left out no more; or it was broken. Not
 * inlined into the loop over bytes, which needs all registers. */
__attribute__((noinline)) static void settle(tally_ts_t *ts, uint32_t table, bool holds) {
    for (uint32_t i = 0; i < ts->count; i++) {
        tally_ts_pid_t *const row = &ts->rows[i];
        const uint32_t kind = row->told & TOLD_KIND;
        const bool is_told = TOLD_FROM(row->told) == TOLD_BY(table);
        row->told = is_told ? 0 : row->told;
        if (holds && is_told) {
            row->flags |= (uint8_t)(1u << table);
            if (kind == TOLD_PMT) {
                add_map(ts, row);
            } else {
                add_stream(ts, row, kind);
            }
        } else if (holds && (row->flags & 1u << table) != 0) {
            if (table == TS_TABLE_PAT) {
                drop_map(ts, row);
            } else {
                leave_programme(row, table);
            }
        }
    }
}

/* --- sections ------------------------------------------------------------------------------- */

void tally_ts_section_cut(tally_ts_table_t *table) {
    table->stage = STAGE_HUNT;
}

static void begin(tally_ts_table_t *table) {
    table->crc = UINT32_MAX;
    table->left = UINT16_MAX;
    table->due = 3;
    table->stage = STAGE_LENGTH;
}

/* A table_id that does not belong on its PID (TR 101 290 1.3.a, 2.6); a map's PID may carry other
 * tables. */
static void on_stranger(tally_ts_t *ts, uint32_t index) {
    if (index == TS_TABLE_PAT) {
        TS_COUNT(ts, PAT_ERRORS);
    } else if (index == TS_TABLE_CAT) {
        TS_COUNT(ts, CAT_ERRORS);
    }
}

static void on_length(tally_ts_t *ts, tally_ts_pid_t *row, tally_ts_table_t *table, uint8_t byte) {
    const uint32_t index = row->kind - (uint32_t)TS_TABLES;
    const uint32_t expected_id = index < TS_TABLE_PAT ? 2u : index - TS_TABLE_PAT;
    const uint32_t id = table->word >> 8 & 0xFFu;
    const uint32_t length = (table->word & 0x0Fu) << 8 | byte;
    if (id == 0xFFu) { /* stuffing */
        table->stage = STAGE_HUNT;
        return;
    }
    table->left = (uint16_t)(length + 1); /* with the byte at hand */
    table->due = 5;
    if (id != expected_id) {
        on_stranger(ts, index);
        table->stage = STAGE_PASS;
        return;
    }
    tally_ts_check_absence(ts, row);
    row->seen_ms = ts->now_ms;
    ts->has_cat = ts->has_cat || index == TS_TABLE_CAT;
    table->stage = STAGE_NUMBER;
    if (length < SECTION_LEAST || length > SECTION_MOST) {
        TS_COUNT(ts, CRC_ERRORS);
        table->stage = STAGE_HUNT;
    }
}

/* Only what is in force counts, and a table's first section. A PID that several programmes share
 * for their maps is read for one of them: each would strike out what the others list. */
static void on_number(tally_ts_table_t *table, uint32_t index) {
    const uint16_t programme = (uint16_t)(table->word >> 16);
    const bool is_in_force = (table->word & 0x0100u) != 0;
    const bool is_first = (table->word & 0xFFu) == 0;
    table->due = 4;
    table->stage = STAGE_CHECK;
    if (!is_in_force || !is_first || index == TS_TABLE_CAT) {
        return;
    }
    if (index == TS_TABLE_PAT) {
        table->stage = STAGE_PROGRAMME;
    } else if (table->programme == 0 || table->programme == programme) {
        table->programme = programme;
        table->stage = STAGE_DETAILS;
    }
}

/* `byte` is the last one of the field that was due; those before are in the window. */
static void on_field(tally_ts_t *ts, tally_ts_pid_t *row, tally_ts_table_t *table, uint8_t byte) {
    const uint32_t index = row->kind - (uint32_t)TS_TABLES;
    const uint32_t word = table->word;
    const uint32_t info_bytes = (word & 0x0Fu) << 8 | byte;
    const bool is_in_crc = table->left <= CRC_BYTES;
    switch (table->stage) {
    case STAGE_LENGTH: on_length(ts, row, table, byte); break;
    case STAGE_NUMBER: on_number(table, index); break;
    case STAGE_PROGRAMME:
        table->due = 4;
        if (!is_in_crc && (word >> 8 & 0xFFFFu) != 0) { /* programme 0 is the network's table */
            tell(ts, index, (word & 0x1Fu) << 8 | byte, TOLD_PMT);
        }
        break;
    case STAGE_DETAILS:
        table->due = (uint16_t)(info_bytes + 5);
        table->stage = STAGE_STREAM;
        break;
    case STAGE_STREAM:
        table->due = (uint16_t)(info_bytes + 5);
        if (!is_in_crc) {
            tell(ts, index, word >> 8 & 0x1FFFu, kind_of_stream((uint8_t)(word >> 24)));
        }
        break;
    default: break;
    }
}

static void on_end(tally_ts_t *ts, uint32_t index, tally_ts_table_t *table, bool is_right) {
    const bool is_read = table->stage == STAGE_PROGRAMME || table->stage == STAGE_STREAM;
    if (table->stage != STAGE_PASS) {
        if (!is_right) {
            TS_COUNT(ts, CRC_ERRORS);
            table->programme = 0;
        }
        settle(ts, index, is_right && is_read);
        if (is_right && is_read && index == TS_TABLE_PAT && table->word != ts->pat_crc) {
            ts->pat_crc = table->word;
            for (uint32_t i = 0; i < TALLY_TS_PROGRAMMES; i++) {
                ts->tables[i].programme = 0;
            }
        }
    }
    begin(table); /* another one may follow at once */
}

static void read(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *data, uint32_t bytes) {
    const uint32_t index = row->kind - (uint32_t)TS_TABLES;
    tally_ts_table_t *const table = &ts->tables[index];
    uint32_t crc = table->crc;
    if (table->stage == STAGE_HUNT) {
        return;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        table->due--;
        if (table->due == 0) {
            on_field(ts, row, table, data[i]);
            if (table->stage == STAGE_HUNT) {
                return;
            }
        }
        crc = crc_of(crc, data[i]);
        table->word = table->word << 8 | data[i];
        table->left--;
        if (table->left == 0) {
            on_end(ts, index, table, crc == 0);
            crc = table->crc;
        }
    }
    table->crc = crc;
}

void tally_ts_section_read(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *payload,
                           uint32_t bytes, bool begins) {
    tally_ts_table_t *const table = &ts->tables[row->kind - (uint32_t)TS_TABLES];
    if (!begins) {
        read(ts, row, payload, bytes);
        return;
    }
    const uint32_t rest = bytes > 0 ? payload[0] + 1u : 1u; /* pointer_field and what it skips */
    if (rest >= bytes) {
        table->stage = STAGE_HUNT;
        return;
    }
    read(ts, row, payload + 1, rest - 1);
    begin(table);
    read(ts, row, payload + rest, bytes - rest);
}
