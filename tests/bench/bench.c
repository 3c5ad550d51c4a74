/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench NAME COUNT: does one operation COUNT times, and nothing else that depends on COUNT.
 * bench.py runs it under callgrind with two counts; the difference is the cost of the operations.
 * tally_bench bytes: prints the sizes of records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "cbor.h"
#include "tally_ram_store.h"

/* --- a port that costs nothing -------------------------------------------------------------- */

static uint64_t clock_ms = 1000;

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    return clock_ms;
}

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    return (tally_wall_t){.unix_ms = 1700000000000, .quality = TALLY_WALL_AUTHENTICATED};
}

static int32_t random_bytes(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    memset(out, 0x5A, size);
    return TALLY_OK;
}

static uint32_t critical_enter(void *ctx) {
    (void)ctx;
    return 0;
}

static void critical_leave(void *ctx, uint32_t state) {
    (void)ctx;
    (void)state;
}

static void wake(void *ctx) {
    (void)ctx;
}

static void log_line(void *ctx, enum tally_log_level level, uint32_t id, const char *text,
                     int32_t value) {
    (void)ctx;
    (void)level;
    (void)id;
    (void)text;
    (void)value;
}

static const tally_port_t port = {
    .monotonic_ms = monotonic_ms,
    .wall = wall,
    .random = random_bytes,
    .critical_enter = critical_enter,
    .critical_leave = critical_leave,
    .wake = wake,
    .log = log_line,
};

/* --- operations ----------------------------------------------------------------------------- */

static tally_t agent;
static tally_session_t session;
static tally_rtp_t rtp;
static tally_ts_t ts;
static tally_frames_t frames;
static uint8_t memory[64 * 4096];
static uint8_t out[2048];

/* A player's call, by the front door. */
static void pause_once(void) {
    (void)tally_hook_event(&agent, 1, TALLY_HOOK_PAUSE, 0);
}

/* Empties the first two cells of the ring. */
static void start_over(void) {
    agent.hooks.head = 0;
    agent.hooks.cells[0].turn = 0;
    agent.hooks.cells[1].turn = 1;
}

/* These two differ by one call and by nothing else: that is the cost of an event. */
static void hook_event_once(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        start_over();
        pause_once();
    }
}

static void hook_event_twice(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        start_over();
        pause_once();
        pause_once();
    }
}

/* A counter with a consistent snapshot. */
static void hook_counter(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tally_rtp_discard(&rtp);
    }
}

static void rtp_packet(uint32_t count) {
    tally_rtp_header_t header = {.ssrc = 7, .payload_bytes = 1316};
    for (uint32_t i = 0; i < count; i++) {
        header.sequence = (uint16_t)i;
        header.timestamp = i * 190;
        (void)tally_rtp_packet(&rtp, &header, i * 2111 + (i & 7) * 50);
    }
}

/* Seven packets of four PIDs, as a datagram carries them. */
static void ts_packet(uint32_t count) {
    static uint8_t datagram[7 * TALLY_TS_BYTES];
    for (uint32_t i = 0; i < 7; i++) {
        uint8_t *const packet = datagram + i * TALLY_TS_BYTES;
        packet[0] = 0x47;
        packet[2] = (uint8_t)(i < 4 ? 0x00 : i - 3);
    }
    for (uint32_t i = 0; i < count; i += 7) {
        for (uint32_t j = 0; j < 7; j++) {
            uint8_t *const packet = datagram + j * TALLY_TS_BYTES;
            packet[3] = (uint8_t)(0x10 | ((packet[3] + 1) & 0x0F));
        }
        (void)tally_ts_packets(&ts, datagram, sizeof datagram);
    }
}

/* Frames of 25 a second, none of them late. */
static void frames_rendered(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tally_frames_rendered(&frames, i * 40000);
    }
}

/* A session that has played for a while: 19 cumulative fields and gauges. */
static void play_session(void) {
    static const enum tally_hook story[] = {
        TALLY_HOOK_PLAY,          TALLY_HOOK_FIRST_FRAME, TALLY_HOOK_RENDITION,
        TALLY_HOOK_PAUSE,         TALLY_HOOK_RESUME,      TALLY_HOOK_BUFFERING_BEGIN,
        TALLY_HOOK_BUFFERING_END, TALLY_HOOK_SEEK_BEGIN,  TALLY_HOOK_SEEK_END,
    };
    tally_session_open(&session, 1, clock_ms);
    uint64_t at_ms = clock_ms;
    for (uint32_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        at_ms += 700;
        (void)tally_session_apply(&session, story[i], 4500, at_ms);
    }
    tally_session_set(&session, TALLY_M_POSITION, 61000);
    clock_ms = at_ms + 60000;
}

static uint32_t encode_heartbeat(void) {
    static const uint64_t declared[TALLY_GROUPS] = {[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK)};
    tally_value_t values[TALLY_PLAYBACK_METRICS];
    const tally_wall_t now = wall(NULL);
    const tally_view_t playback = tally_session_playback(&session, clock_ms, values);
    const tally_record_t record = {.kind = TALLY_RECORD_HEARTBEAT,
                                   .session = 1,
                                   .uptime_ms = clock_ms,
                                   .wall = &now,
                                   .declared = declared,
                                   .views = &playback,
                                   .count = 1};
    return tally_record_encode(&record, 17, out, sizeof out);
}

static void report_heartbeat(uint32_t count) {
    play_session();
    for (uint32_t i = 0; i < count; i++) {
        (void)encode_heartbeat();
    }
}

static void spool_record(uint32_t count) {
    static tally_ram_store_t ram;
    static tally_spool_t spool;
    (void)tally_ram_store_init(&ram, memory, 4096, 64, 1);
    (void)tally_spool_init(&spool, tally_ram_store(&ram));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sequence = 0;
        memset(tally_spool_begin(&spool, &sequence), 0x55, 150);
        (void)tally_spool_commit(&spool, TALLY_ROUTINE, 'h', 150);
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(uint32_t count);
    } benches[] = {
        {"hook.event.once", hook_event_once},
        {"hook.event.twice", hook_event_twice},
        {"hook.counter", hook_counter},
        {"rtp.packet", rtp_packet},
        {"ts.packet", ts_packet},
        {"frames.rendered", frames_rendered},
        {"report.heartbeat", report_heartbeat},
        {"spool.record150", spool_record},
    };
    agent.port = &port;
    tally_hooks_init(&agent.hooks, &port);
    (void)tally_rtp_init(&rtp, 90000);
    tally_ts_init(&ts);
    tally_frames_init(&frames);
    if (argc == 2 && strcmp(argv[1], "bytes") == 0) {
        play_session();
        printf("report.heartbeat.bytes %u\n", (unsigned)encode_heartbeat());
        return 0;
    }
    for (uint32_t i = 0; argc == 3 && i < sizeof benches / sizeof benches[0]; i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            benches[i].run((uint32_t)strtoul(argv[2], NULL, 10));
            return 0;
        }
    }
    return 2;
}
