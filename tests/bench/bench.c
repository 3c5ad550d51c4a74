/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_bench NAME COUNT: does one operation COUNT times, and nothing else that depends on COUNT.
 * bench.py runs it under callgrind with two counts; the difference is the cost of the operations.
 * tally_bench ts.file COUNT FILE: the same for a whole file of transport packets.
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

static void set_wall(void *ctx, int64_t unix_ms) {
    (void)ctx;
    (void)unix_ms;
}

static const tally_port_t port = {
    .monotonic_ms = monotonic_ms,
    .wall = wall,
    .set_wall = set_wall,
    .random = random_bytes,
    .critical_enter = critical_enter,
    .critical_leave = critical_leave,
    .wake = wake,
    .log = log_line,
};

/* --- operations ----------------------------------------------------------------------------- */

static tally_t agent;
static tally_session_t session;
static tally_viewing_t viewing;
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

/* A file of transport packets, as often as told: datagrams of seven, at an even pace. */
static uint8_t *media;
static uint32_t media_bytes;

static void read_media(const char *path) {
    FILE *const file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        exit(4);
    }
    media_bytes = (uint32_t)ftell(file);
    media = malloc(media_bytes);
    rewind(file);
    if (media == NULL || fread(media, 1, media_bytes, file) != media_bytes) {
        exit(4);
    }
    (void)fclose(file);
}

static void ts_file(uint32_t count) {
    enum { DATAGRAM = 7 * TALLY_TS_BYTES, GAP_US = 2632 /* 4 Mbit/s */ };
    for (uint32_t i = 0; i < count; i++) {
        tally_ts_init(&ts);
        for (uint32_t at = 0, us = 0; at + DATAGRAM <= media_bytes; at += DATAGRAM, us += GAP_US) {
            (void)tally_ts_packets(&ts, media + at, DATAGRAM, us);
        }
    }
}

/* Frames of 25 a second, each decoded and shown, none of them late. */
static void frames_frame(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tally_frames_decoded(&frames, i % 64 == 0);
        tally_frames_rendered(&frames, i * 40000);
    }
}

/* A session that has played for a while, undisturbed but for one pause and one stall. */
static void play_session(void) {
    static const enum tally_hook story[] = {
        TALLY_HOOK_FIRST_FRAME, TALLY_HOOK_RENDITION,       TALLY_HOOK_PAUSE,
        TALLY_HOOK_RESUME,      TALLY_HOOK_BUFFERING_BEGIN, TALLY_HOOK_BUFFERING_END,
    };
    uint64_t at_ms = clock_ms;
    bool full = false;
    tally_viewing_init(&viewing);
    tally_session_open(&session, 1, TALLY_SESSION_PLAYBACK, &viewing, at_ms);
    (void)tally_session_apply(&session, TALLY_HOOK_PLAY, 0, 0, at_ms);
    for (uint32_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        at_ms += 700;
        (void)tally_session_apply(&session, story[i], 4500, 0, at_ms);
    }
    (void)tally_session_set(&session, TALLY_M_POSITION, 61000, at_ms, &full);
    clock_ms = at_ms + 60000;
}

/* The fields of a quiet heartbeat: 19, of which 15 add up and 4 are as they stand. */
static const uint64_t quiet[TALLY_GROUPS] = {
    [TALLY_G_PLAYBACK] = TALLY_CAN(PLAYBACK, BUFFERING_TIME) | TALLY_CAN(PLAYBACK, BITRATE_MEDIA) |
                         TALLY_CAN(PLAYBACK, BITRATE) | TALLY_CAN(PLAYBACK, BITRATE_TIME) |
                         TALLY_CAN(PLAYBACK, FIRST_PLAYS) | TALLY_CAN(PLAYBACK, JOINING_TIME) |
                         TALLY_CAN(PLAYBACK, STALL_LONGEST) | TALLY_CAN(PLAYBACK, PLAY_ATTEMPTS) |
                         TALLY_CAN(PLAYBACK, PAUSES) | TALLY_CAN(PLAYBACK, PAUSED_TIME) |
                         TALLY_CAN(PLAYBACK, POSITION) | TALLY_CAN(PLAYBACK, PLAY_TIME) |
                         TALLY_CAN(PLAYBACK, RESUMES) | TALLY_CAN(PLAYBACK, STALLS) |
                         TALLY_CAN(PLAYBACK, STALLED_TIME) | TALLY_CAN(PLAYBACK, STATE) |
                         TALLY_CAN(PLAYBACK, STARTUP_TIME) | TALLY_CAN(PLAYBACK, STARTUP_WITH_ADS) |
                         TALLY_CAN(PLAYBACK, ELAPSED_TIME)};

static uint32_t encode_heartbeat(void) {
    tally_figures_t figures;
    const tally_wall_t now = wall(NULL);
    tally_session_figures(&session, clock_ms, &figures);
    const tally_view_t playback = tally_figures_view(&figures, TALLY_G_PLAYBACK);
    const tally_record_t record = {.kind = TALLY_RECORD_HEARTBEAT,
                                   .session = 1,
                                   .uptime_ms = clock_ms,
                                   .wall = &now,
                                   .declared = quiet,
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

/* --- steps of a whole agent ----------------------------------------------------------------- */

static int32_t open_nothing(void *ctx, const tally_peer_t *peer) {
    (void)ctx;
    (void)peer;
    return TALLY_E_CONNECT;
}

static int32_t send_nothing(void *ctx, const uint8_t *data, uint32_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return TALLY_E_CONNECT;
}

static int32_t receive_nothing(void *ctx, uint8_t *data, uint32_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return TALLY_E_CONNECT;
}

static void close_nothing(void *ctx) {
    (void)ctx;
}

static const tally_transport_t nowhere = {
    .open = open_nothing, .send = send_nothing, .receive = receive_nothing, .close = close_nothing};

/* An agent whose first upload is a day away. */
static void start_agent(void) {
    static tally_ram_store_t ram;
    static const tally_endpoint_t endpoint = {.peer = {.host = "collector.example", .port = 443},
                                              .path = "/v1/records"};
    static tally_options_t options = {
        .endpoints = &endpoint,
        .endpoint_count = 1,
        .device_id = "box",
        .operator_id = "operator",
        .heartbeat_ms = 60000,
        .upload_ms = 86400000,
    };
    options.capabilities[TALLY_G_PLAYBACK] = TALLY_CAN_ALL(PLAYBACK);
    options.capabilities[TALLY_G_EVENT] = TALLY_CAN_ALL(EVENT);
    (void)tally_ram_store_init(&ram, memory, 4096, 64, 1);
    if (tally_init(&agent, &options, &port, &nowhere, tally_ram_store(&ram)) != TALLY_OK) {
        exit(3);
    }
}

static tally_session_id_t start_session(void) {
    const tally_session_id_t number = tally_hook_open(&agent);
    (void)tally_hook_play(&agent, number);
    (void)tally_hook_first_frame(&agent, number);
    (void)tally_step(&agent);
    return number;
}

/* Steps once a second beside so many sessions that play, each with its heartbeat once a minute. */
static void step_beside(uint32_t sessions, uint32_t count) {
    start_agent();
    for (uint32_t i = 0; i < sessions; i++) {
        (void)start_session();
    }
    for (uint32_t i = 0; i < count; i++) {
        clock_ms += 1000;
        (void)tally_step(&agent);
    }
}

static void step_sessions1(uint32_t count) {
    step_beside(1, count);
}

static void step_sessions4(uint32_t count) {
    step_beside(4, count);
}

/* Events that change the state, 32 in each step. */
static void step_events(uint32_t count) {
    start_agent();
    const tally_session_id_t number = start_session();
    for (uint32_t i = 0; i < count; i++) {
        (void)tally_hook_event(&agent, number, i % 2 == 0 ? TALLY_HOOK_PAUSE : TALLY_HOOK_RESUME,
                               0);
        if (i % 32 == 31) {
            clock_ms += 10;
            (void)tally_step(&agent);
        }
    }
}

static void spool_record(uint32_t count) {
    static tally_ram_store_t ram;
    static tally_spool_t spool;
    (void)tally_ram_store_init(&ram, memory, 4096, 64, 1);
    (void)tally_spool_init(&spool, tally_ram_store(&ram), 0, 1);
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
        {"ts.file", ts_file},
        {"frames.frame", frames_frame},
        {"report.quiet_heartbeat", report_heartbeat},
        {"spool.record150", spool_record},
        {"step.sessions1", step_sessions1},
        {"step.sessions4", step_sessions4},
        {"step.events", step_events},
    };
    agent.port = &port;
    tally_hooks_init(&agent.hooks, &port);
    (void)tally_rtp_init(&rtp, 90000);
    tally_frames_init(&frames);
    if (argc == 2 && strcmp(argv[1], "bytes") == 0) {
        play_session();
        printf("report.quiet_heartbeat.bytes %u\n", (unsigned)encode_heartbeat());
        return 0;
    }
    if (argc == 4) {
        read_media(argv[3]);
    }
    for (uint32_t i = 0; argc >= 3 && i < sizeof benches / sizeof benches[0]; i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            benches[i].run((uint32_t)strtoul(argv[2], NULL, 10));
            return 0;
        }
    }
    return 2;
}
