/* SPDX-License-Identifier: Apache-2.0 */
#include "ts.h"

#include <stddef.h>
#include <string.h>

#define SYNC_BYTE   0x47u
#define SYNC_LOST   2u /* after so many wrong sync bytes in a row, which is tally_ts_t.doubt then */
#define SYNC_GAINED 5u /* after so many right ones */

/* second byte of a packet */
#define TRANSPORT_ERROR 0x80u
#define UNIT_START      0x40u
/* fourth */
#define SCRAMBLING   0xC0u
#define ADAPTATION   0x20u
#define PAYLOAD      0x10u
#define COUNTER_MASK 0x0Fu
/* sixth, of the adaptation field */
#define DISCONTINUITY 0x80u
#define HAS_PCR       0x10u
#define PCR_BYTES     7u /* flags and PCR */

/* In tally_ts_pid_t.next, in place of PAYLOAD: no packet with sense has this fourth byte. */
#define REPEATED 0x40u

/* TR 101 290 V1.2.1 5.2 */
#define TABLE_LATEST_MS 500u  /* 1.3.a, 1.5.a */
#define PID_LATEST_MS   5000u /* 1.6, of video and audio; data may rest for longer */
#define PCR_LATEST_US   100000u
#define PCR_STEP_MOST   2700000u /* 27 MHz: 100 ms */
#define PTS_LATEST_MS   700u

#define SECOND_US UINT32_C(1000000)
#define SCAN_MS   100u

/* Times in 16 bits of milliseconds are looked at before they are older than this, and a silence of
 * all PIDs counts for no more. */
#define AGE_MOST_MS 30000u

/* Media time that a rate is measured over, at most: it is to fit 32 bits when shifted by 10. */
#define CLOCK_MOST_US (UINT32_C(1) << 21)

#define NO_MASTER ((uint8_t)TALLY_TS_CLOCKS)

/* A maximum that has no value yet is below all. */
static void keep_most(uint32_t *word, uint32_t value) {
    const uint32_t most = tally_atomic_load(word);
    if (most == TALLY_NO_VALUE || value > most) {
        tally_atomic_store(word, value);
    }
}

static uint32_t age_ms(const tally_ts_t *ts, uint16_t since_ms) {
    return (uint16_t)(ts->now_ms - since_ms);
}

int32_t tally_ts_init_sized(tally_ts_t *ts, uint32_t packet_bytes) {
    if (packet_bytes != TALLY_TS_BYTES && packet_bytes != 192 && packet_bytes != 204) {
        return TALLY_E_ARGUMENT;
    }
    memset(ts, 0, sizeof *ts);
    ts->packet_bytes = (uint8_t)packet_bytes;
    ts->master = NO_MASTER;
    ts->count = 2;
    ts->rows[0].kind = TS_PAT;
    ts->rows[1].pid = 1;
    ts->rows[1].kind = TS_CAT;
    /* the gauges, in the order of their keys */
    memset(TS_WORD(ts, DELAY_FACTOR), 0xFF, 4 * sizeof ts->values[0]);
    memset(TS_WORD(ts, PCR_INTERVAL_LONGEST), 0xFF, 3 * sizeof ts->values[0]);
    return TALLY_OK;
}

void tally_ts_init(tally_ts_t *ts) {
    (void)tally_ts_init_sized(ts, TALLY_TS_BYTES);
}

/* --- PIDs ----------------------------------------------------------------------------------- */

/* A row that was taken for a table which turned out broken, and never received, is free. */
static tally_ts_pid_t *new_row(tally_ts_t *ts, uint32_t pid) {
    tally_ts_pid_t *row = NULL;
    for (uint32_t i = 2; i < ts->count && row == NULL; i++) {
        tally_ts_pid_t *const old = &ts->rows[i];
        row = old->next == 0 && old->flags == 0 && old->told == 0 ? old : NULL;
    }
    if (row == NULL && ts->count < TALLY_TS_PIDS) {
        row = &ts->rows[ts->count];
        ts->count++;
    }
    if (row != NULL) {
        row->pid = (uint16_t)pid;
        row->seen_ms = ts->now_ms;
        row->kind = pid < 0x20u ? TS_INFORMATION : TS_OTHER;
    }
    return row;
}

static tally_ts_pid_t *find_row(tally_ts_t *ts, uint32_t pid) {
    for (uint32_t i = 0; i < ts->count; i++) {
        if (ts->rows[i].pid == pid) {
            ts->recent = (uint8_t)i;
            return &ts->rows[i];
        }
    }
    return NULL;
}

tally_ts_pid_t *tally_ts_row(tally_ts_t *ts, uint32_t pid) {
    tally_ts_pid_t *const row = find_row(ts, pid);
    return row != NULL ? row : new_row(ts, pid);
}

void tally_ts_check_absence(tally_ts_t *ts, tally_ts_pid_t *row) {
    const bool is_map = row->kind >= TS_TABLES && row->kind < TS_PAT;
    const bool is_stream = row->kind == TS_VIDEO || row->kind == TS_AUDIO;
    const uint32_t age = age_ms(ts, row->seen_ms);
    if (row->kind == TS_PAT && age > TABLE_LATEST_MS) {
        TS_COUNT(ts, PAT_ERRORS);
    } else if (is_map && age > TABLE_LATEST_MS) {
        TS_COUNT(ts, PMT_ERRORS);
    } else if (is_stream && age > PID_LATEST_MS) {
        TS_COUNT(ts, PID_ERRORS);
    } else {
        return;
    }
    row->seen_ms = ts->now_ms;
}

static void count_kind(tally_ts_t *ts, uint32_t kind) {
    if (kind == TS_VIDEO) {
        TS_COUNT(ts, VIDEO_PACKETS);
    } else if (kind == TS_AUDIO) {
        TS_COUNT(ts, AUDIO_PACKETS);
    } else if (kind >= TS_INFORMATION) {
        TS_COUNT(ts, PSI_PACKETS);
        if (kind == TS_UNREAD_PMT) {
            TS_COUNT(ts, PIDS_UNTRACKED);
        }
    }
}

/* --- clocks --------------------------------------------------------------------------------- */

/* The clock of a row; one that is new takes a free place or that of one long silent. */
static tally_ts_clock_t *clock_of(tally_ts_t *ts, uint8_t row) {
    tally_ts_clock_t *place = NULL;
    for (uint32_t i = 0; i < TALLY_TS_CLOCKS; i++) {
        tally_ts_clock_t *const clock = &ts->clocks[i];
        if (clock->row == row) {
            return clock;
        }
        if (clock->row == 0 || ts->now_us - clock->arrival_us > PID_LATEST_MS * 1000) {
            place = clock;
        }
    }
    if (place != NULL) {
        place->row = 0;
    }
    return place;
}

/* The bounds of a second; as differences of times that wrap. */
static void lower(uint32_t *least, uint32_t value) {
    if ((int32_t)(value - *least) < 0) {
        *least = value;
    }
}

static void lift(uint32_t *most, uint32_t value) {
    if ((int32_t)(value - *most) > 0) {
        *most = value;
    }
}

/* One step of the clock that jitter and rate are measured by. */
static void follow(tally_ts_t *ts, uint32_t step, uint32_t interval_us) {
    tally_ts_second_t *const second = &ts->second;
    const uint32_t ticks = step + ts->clock_rest;
    const uint32_t step_us = ticks / 27;
    ts->clock_rest = (uint8_t)(ticks % 27);
    second->transit_us += interval_us - step_us;
    lower(&second->transit_least_us, second->transit_us);
    lift(&second->transit_most_us, second->transit_us);
    if (second->clock_us < CLOCK_MOST_US) {
        second->clock_us += step_us;
        second->clock_packets += tally_atomic_load(TS_WORD(ts, PACKETS)) - ts->pcr_packets;
    }
}

/* TR 101 290 2.3a and b, between two PCR of one PID. */
static void compare_clock(tally_ts_t *ts, const tally_ts_clock_t *clock, uint32_t pcr) {
    const uint8_t number = (uint8_t)(clock - ts->clocks);
    const uint32_t interval_us = ts->now_us - clock->arrival_us;
    const uint32_t step = pcr - clock->pcr;
    keep_most(TS_WORD(ts, PCR_INTERVAL_LONGEST), interval_us);
    if (interval_us > PCR_LATEST_US) {
        TS_COUNT(ts, PCR_REPETITIONS);
    }
    if (!clock->announced && step > PCR_STEP_MOST) {
        TS_COUNT(ts, PCR_DISCONTINUITIES);
    } else if (!clock->announced && ts->master == number) {
        follow(ts, step, interval_us);
    }
    if (ts->master == NO_MASTER) {
        ts->master = number;
    }
    if (ts->master == number) {
        ts->pcr_packets = tally_atomic_load(TS_WORD(ts, PACKETS));
    }
}

/* The indicator announces a new time base from the next PCR of its PID on (2.4.3.5). */
static void check_clock(tally_ts_t *ts, const tally_ts_pid_t *row, const uint8_t *packet) {
    const bool has_pcr = (packet[5] & HAS_PCR) != 0 && packet[4] >= PCR_BYTES;
    const uint8_t index = (uint8_t)(row - ts->rows);
    tally_ts_clock_t *const clock = index > 0 ? clock_of(ts, index) : NULL;
    if (clock == NULL) {
        return;
    }
    if ((packet[5] & DISCONTINUITY) != 0) {
        clock->announced = true;
    }
    if (!has_pcr) {
        return;
    }
    const uint32_t high = (uint32_t)packet[6] << 24 | (uint32_t)packet[7] << 16 |
                          (uint32_t)packet[8] << 8 | packet[9];
    const uint32_t base = high << 1 | packet[10] >> 7;
    const uint32_t pcr = base * 300 + ((packet[10] & 1u) << 8 | packet[11]);
    if (clock->row != 0) {
        compare_clock(ts, clock, pcr);
    } else if (ts->master == clock - ts->clocks) {
        ts->master = NO_MASTER; /* its place is another's */
    }
    clock->arrival_us = ts->now_us;
    clock->pcr = pcr;
    clock->row = index;
    clock->announced = false;
}

/* --- packets -------------------------------------------------------------------------------- */

static void cut_section(tally_ts_t *ts, const tally_ts_pid_t *row) {
    if (row->kind >= TS_TABLES) {
        tally_ts_section_cut(&ts->tables[row->kind - (uint32_t)TS_TABLES]);
    }
}

/* The same counter once more may be a repetition too many or 15 packets lost: one, then. */
static void on_gap(tally_ts_t *ts, const tally_ts_pid_t *row, uint8_t counter) {
    const uint32_t missing = ((uint32_t)counter - row->next) & COUNTER_MASK;
    TS_COUNT(ts, CONTINUITY_ERRORS);
    ts->second.lost += missing == COUNTER_MASK ? 1 : missing;
    cut_section(ts, row);
}

/* ISO/IEC 13818-1 2.4.3.3: the counter advances with each packet that has payload and stands
 * without; one repetition of a packet is allowed; after discontinuity_indicator all is. Whether the
 * packet is not a repetition. */
static bool check_continuity(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *packet,
                             bool announced) {
    const bool has_payload = (packet[3] & PAYLOAD) != 0;
    const uint8_t counter = packet[3] & COUNTER_MASK;
    const uint8_t next = (uint8_t)(PAYLOAD | ((counter + 1u) & COUNTER_MASK));
    const bool stands = ((row->next ^ next) & COUNTER_MASK) == 0;
    if (row->next == 0 || announced) {
        cut_section(ts, row);
    } else if (stands && has_payload && (row->next & REPEATED) == 0) {
        TS_COUNT(ts, DUPLICATES);
        row->next = (uint8_t)(REPEATED | (row->next & COUNTER_MASK));
        return false;
    } else if (has_payload ? counter != (row->next & COUNTER_MASK) : !stands) {
        on_gap(ts, row, counter);
    }
    row->next = next;
    return true;
}

/* TR 101 290 1.3.a and 1.5.a: tables must be in the clear. Nobody can read the rest either. */
static void on_scrambled(tally_ts_t *ts, tally_ts_pid_t *row) {
    TS_COUNT(ts, SCRAMBLED);
    ts->second.is_scrambled = true;
    row->flags &= (uint8_t)~TS_HAS_PTS;
    cut_section(ts, row);
    if (row->kind == TS_PAT) {
        TS_COUNT(ts, PAT_ERRORS);
    } else if (row->kind >= TS_TABLES && row->kind < TS_PAT) {
        TS_COUNT(ts, PMT_ERRORS);
    }
}

/* TR 101 290 2.5 */
static void check_pts(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *payload, uint32_t bytes) {
    const bool is_pes = bytes >= 9 && payload[0] == 0 && payload[1] == 0 && payload[2] == 1;
    if (!is_pes || (payload[7] & 0x80u) == 0 || row->kind == TS_OTHER || row->kind > TS_AUDIO) {
        return;
    }
    const uint32_t age = age_ms(ts, row->pts_ms);
    if ((row->flags & TS_HAS_PTS) != 0) {
        keep_most(TS_WORD(ts, PTS_INTERVAL_LONGEST), age);
        if (age > PTS_LATEST_MS) {
            TS_COUNT(ts, PTS_ERRORS);
        }
    }
    row->flags |= TS_HAS_PTS;
    row->pts_ms = ts->now_ms;
}

/* Any packet that is not simply the next one with payload alone. Whether there is payload to read.
 */
static bool check_header(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *packet) {
    const bool has_flags = (packet[3] & ADAPTATION) != 0 && packet[4] > 0;
    const uint8_t flags = has_flags ? packet[5] : 0;
    const bool is_scrambled = (packet[3] & SCRAMBLING) != 0;
    if (is_scrambled) {
        on_scrambled(ts, row);
    }
    if (!check_continuity(ts, row, packet, (flags & DISCONTINUITY) != 0)) {
        return false;
    }
    if ((flags & (DISCONTINUITY | HAS_PCR)) != 0) {
        check_clock(ts, row, packet);
    }
    return (packet[3] & PAYLOAD) != 0 && !is_scrambled;
}

static void read_payload(tally_ts_t *ts, tally_ts_pid_t *row, const uint8_t *packet) {
    const bool begins = (packet[1] & UNIT_START) != 0;
    const uint32_t before = (packet[3] & ADAPTATION) != 0 ? 5u + packet[4] : 4u;
    const uint32_t bytes = before < TALLY_TS_BYTES ? TALLY_TS_BYTES - before : 0;
    if (row->kind >= TS_TABLES) {
        tally_ts_section_read(ts, row, packet + before, bytes, begins);
    } else {
        check_pts(ts, row, packet + before, bytes);
    }
}

/* Packets of one PID come in runs. */
static tally_ts_pid_t *row_of(tally_ts_t *ts, const uint8_t *packet, uint32_t pid) {
    tally_ts_pid_t *const recent = &ts->rows[ts->recent];
    if (recent->pid == pid) {
        return recent;
    }
    if (pid == TS_NULL_PID) {
        TS_COUNT(ts, NULL_PACKETS);
        return NULL;
    }
    tally_ts_pid_t *const row = tally_ts_row(ts, pid);
    if (row == NULL) {
        TS_COUNT(ts, PIDS_UNTRACKED);
        if ((packet[3] & SCRAMBLING) != 0) {
            TS_COUNT(ts, SCRAMBLED);
        }
    }
    return row;
}

static void check_packet(tally_ts_t *ts, const uint8_t *packet) {
    const uint32_t pid = (packet[1] & 0x1Fu) << 8 | packet[2];
    TS_COUNT(ts, PACKETS);
    if ((packet[1] & TRANSPORT_ERROR) != 0) {
        /* The rest of a packet with transport_error_indicator cannot be believed. */
        TS_COUNT(ts, TRANSPORT_ERRORS);
        return;
    }
    tally_ts_pid_t *const row = row_of(ts, packet, pid);
    if (row == NULL) {
        return;
    }
    count_kind(ts, row->kind);
    if (row->kind < TS_TABLES) {
        row->seen_ms = ts->now_ms;
    }
    if (packet[3] == row->next) {
        row->next = (uint8_t)(PAYLOAD | ((packet[3] + 1u) & COUNTER_MASK));
    } else if (!check_header(ts, row, packet)) {
        return;
    }
    if ((packet[1] & UNIT_START) != 0 || row->kind >= TS_TABLES) {
        read_payload(ts, row, packet);
    }
}

/* TR 101 290 1.1 and 1.2, when the sync byte is wrong or was before. Whether the packet is to be
 * looked at. */
static bool keep_sync(tally_ts_t *ts, bool is_right) {
    if (ts->doubt >= SYNC_LOST) {
        ts->doubt = is_right ? ts->doubt + 1u : SYNC_LOST;
        if (ts->doubt == SYNC_LOST + SYNC_GAINED) {
            ts->doubt = 0;
        }
        return ts->doubt == 0;
    }
    if (is_right) {
        ts->doubt = 0;
        return true;
    }
    TS_COUNT(ts, SYNC_BYTE_ERRORS);
    ts->doubt++;
    if (ts->doubt == SYNC_LOST) {
        TS_COUNT(ts, SYNC_LOSSES);
    }
    return false;
}

/* --- time ----------------------------------------------------------------------------------- */

static void scan(tally_ts_t *ts) {
    ts->scanned_ms = ts->now_ms;
    for (uint32_t i = 0; i < ts->count; i++) {
        tally_ts_pid_t *const row = &ts->rows[i];
        tally_ts_check_absence(ts, row);
        if (age_ms(ts, row->pts_ms) > AGE_MOST_MS) {
            row->pts_ms = (uint16_t)(ts->now_ms - AGE_MOST_MS);
        }
    }
}

/*
 * RFC 4445 3.2: a virtual buffer fills with packets as they come and is drained at the media rate;
 * the delay factor is the spread of its fill over a second, as time. It is kept as time from the
 * start: a packet adds the media time that the second before gave to each, by PCR and the packets
 * between, null packets included; arrival takes away the time that passed. So VB / rate needs no
 * division. Its fill is least before packets come and most behind them.
 */
static uint32_t fill_us(const tally_ts_t *ts) {
    const uint32_t packets = tally_atomic_load(TS_WORD(ts, PACKETS)) - ts->second_packets;
    const uint32_t media_us = (uint32_t)((uint64_t)packets * ts->packet_us_q10 >> 10);
    return media_us - (ts->now_us - ts->second_us);
}

/* A gauge and the largest it ever was, which stands behind it. */
static void gauge(uint32_t *word, uint32_t value) {
    tally_atomic_store(word, value);
    if (value != TALLY_NO_VALUE) {
        keep_most(word + 1, value);
    }
}

static void store_second(tally_ts_t *ts) {
    const tally_ts_second_t *const second = &ts->second;
    const uint32_t delay_us = second->fill_most_us - second->fill_least_us;
    const uint32_t jitter_us = second->transit_most_us - second->transit_least_us;
    gauge(TS_WORD(ts, DELAY_FACTOR), ts->packet_us_q10 > 0 ? delay_us : TALLY_NO_VALUE);
    gauge(TS_WORD(ts, MEDIA_LOSS), second->lost);
    tally_atomic_store(TS_WORD(ts, PCR_JITTER),
                       second->clock_packets > 0 ? jitter_us : TALLY_NO_VALUE);
    if (second->is_scrambled && !ts->has_cat) {
        TS_COUNT(ts, CAT_ERRORS); /* TR 101 290 2.6 */
    }
}

static void begin_second(tally_ts_t *ts) {
    const uint32_t packets = ts->second.clock_packets;
    if (packets > 0) {
        ts->packet_us_q10 = (ts->second.clock_us << 10) / packets;
    } else {
        ts->packet_us_q10 = 0;
        ts->master = NO_MASTER; /* whoever comes first */
    }
    ts->second_us = ts->now_us;
    ts->second_packets = tally_atomic_load(TS_WORD(ts, PACKETS));
    memset(&ts->second, 0, sizeof ts->second);
}

static void advance(tally_ts_t *ts, uint32_t arrival_us) {
    ts->now_us = arrival_us;
    if (!ts->has_begun) {
        ts->has_begun = true;
        ts->ms_us = arrival_us;
        ts->second_us = arrival_us;
    }
    const uint32_t passed_ms = (arrival_us - ts->ms_us) / 1000;
    ts->ms_us += passed_ms * 1000;
    ts->now_ms = (uint16_t)(ts->now_ms + (passed_ms < AGE_MOST_MS ? passed_ms : AGE_MOST_MS));
    if (age_ms(ts, ts->scanned_ms) >= SCAN_MS) {
        scan(ts);
    }
    lower(&ts->second.fill_least_us, fill_us(ts));
    if (arrival_us - ts->second_us >= SECOND_US) {
        store_second(ts);
        begin_second(ts);
    }
}

int32_t tally_ts_packets(tally_ts_t *ts, const uint8_t *data, uint32_t bytes, uint32_t arrival_us) {
    const uint32_t packet_bytes = ts->packet_bytes;
    const uint8_t *packet = data + (packet_bytes == 192 ? 4 : 0);
    uint32_t left = bytes;
    int32_t kept = 0;
    tally_atomic_update_begin(&ts->version);
    advance(ts, arrival_us);
    for (; left >= packet_bytes; left -= packet_bytes, packet += packet_bytes) {
        const bool is_right = *packet == SYNC_BYTE;
        if ((is_right && ts->doubt == 0) || keep_sync(ts, is_right)) {
            check_packet(ts, packet);
            kept++;
        }
    }
    if (left > 0) {
        /* Whatever follows a cut packet is not where it should be. */
        (void)keep_sync(ts, false);
    }
    lift(&ts->second.fill_most_us, fill_us(ts));
    tally_atomic_update_end(&ts->version);
    return kept;
}
