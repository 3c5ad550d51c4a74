/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of bytes plays a box: what players, the clock, the server and the store do, in any order
 * and out of range. The agent is reached by its front door only. Whatever is played:
 *
 *   - each call returns 0, a positive count or an error with a name;
 *   - each record on the wire is deterministic CBOR, and a resend is the same byte for byte;
 *   - no count of records ever runs below zero;
 *   - once the server is well again, all that waits is delivered.
 */
#include <stdbool.h>
#include <string.h>

#include "fakes.h"
#include "fuzzer.h"
#include "records.h"
#include "tally/state.h"
#include "test.h"

enum { FILMS = 4, STREAMS = 3, RECORDS_KNOWN = 8192, RECORD_LEAST = 16, DRAIN_STEPS = 2000 };

#define BOOT_MS UINT64_C(1000000)

static struct {
    fake_port_t port;
    fake_transport_t server;
    fake_store_t store;
    tally_options_t options;
    tally_t agent;
    tally_session_id_t films[FILMS];
    tally_rtp_t rtp[STREAMS];
    tally_ts_t ts[STREAMS];
    tally_webrtc_t tracks[STREAMS];
    uint32_t prints[RECORDS_KNOWN]; /* of the records seen, by sequence number; 0: none */
} box;

/* --- the script ----------------------------------------------------------------------------- */

/* Mostly small, sometimes anything. */
static int64_t take_value(script_t *script) {
    static const int64_t edges[] = {INT64_MIN, INT32_MIN, INT32_MAX, UINT32_MAX, INT64_MAX};
    const uint32_t kind = pick(script, 8);
    switch (kind) {
    case 5: return edges[pick(script, sizeof edges / sizeof edges[0])];
    case 6: return (int64_t)take_long(script, 4);
    case 7: return (int64_t)take_long(script, 8);
    default: return kind;
    }
}

/* One that was opened, none, or one that never was. */
static tally_session_id_t take_session(script_t *script) {
    const uint32_t which = pick(script, FILMS + 3);
    return which < FILMS ? box.films[which] : which == FILMS ? 0 : (uint32_t)take_value(script);
}

/* --- what is checked ------------------------------------------------------------------------ */

static void check(int32_t status) {
    assert_true(status >= 0 || strcmp(tally_status_name(status), "unknown status") != 0);
}

/* FNV-1a, never 0. */
static uint32_t print_of(record_t record) {
    uint32_t print = 2166136261u;
    for (uint32_t i = 0; i < record.size; i++) {
        print = (print ^ record.bytes[i]) * 16777619u;
    }
    return print | 1;
}

static void check_losses(record_t record) {
    static const char *const losses[] = {"a.ad", "a.ao", "a.ud"};
    for (uint32_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        assert_true(!record_has(record, losses[i]) || record_number(record, losses[i]) < INT32_MAX);
    }
}

static void check_record(record_t record) {
    const int64_t sequence = record_number(record, "q");
    assert_true(record_has(record, "k") && record_has(record, "u"));
    assert_true(record.size <= TALLY_RECORD_BYTES);
    assert_true(sequence >= 0);
    check_losses(record);
    if (sequence < RECORDS_KNOWN) {
        uint32_t *const known = &box.prints[sequence];
        assert_true(*known == 0 || *known == print_of(record));
        *known = print_of(record);
    }
}

/* A map whose last key is `r`, an array of indefinite length. */
static void check_body(const uint8_t *body, uint32_t size) {
    uint32_t at = 1;
    assert_true(size > 0 && body[0] >> 5 == 5);
    for (uint32_t pairs = body[0] & 0x1F; pairs > 1; pairs--) {
        at += record_read(body + at, size - at).size;
        at += record_read(body + at, size - at).size;
    }
    assert_true(at + 3 <= size);
    assert_memory_equal(body + at, "\x61r\x9F", 3);
    at += 3;
    while (at < size && body[at] != 0xFF) {
        const record_t record = record_read(body + at, size - at);
        check_record(record);
        at += record.size;
    }
    assert_int_equal(at + 1, size);
}

static void check_request(const char *request, uint32_t bytes) {
    const char *const head_end = strstr(request, "\r\n\r\n");
    const uint32_t head_bytes = (uint32_t)(head_end + 4 - request);
    check_body((const uint8_t *)request + head_bytes, bytes - head_bytes);
    box.server.replied = 0; /* every request gets the same reply */
}

static uint32_t step(void) {
    const uint32_t wait_ms = tally_step(&box.agent);
    fake_transport_forget(&box.server);
    assert_true(tally_pending(&box.agent) <= sizeof box.store.memory / RECORD_LEAST);
    return wait_ms;
}

/* --- what is played ------------------------------------------------------------------------- */

static void open_film(script_t *script) {
    box.films[pick(script, FILMS)] = tally_hook_open(&box.agent);
}

/* OPEN, SET and TEXT and what lies behind them are refused. */
static void send_event(script_t *script) {
    const tally_session_id_t session = take_session(script);
    const enum tally_hook hook = (enum tally_hook)pick(script, TALLY_HOOK_TEXT + 3);
    check(tally_hook_tell(&box.agent, session, hook, (int32_t)take_value(script),
                          (int32_t)take_value(script)));
}

static enum tally_metric take_metric(script_t *script) {
    return (enum tally_metric)pick(script, TALLY_METRICS + 3);
}

static void set_value(script_t *script) {
    const tally_session_id_t session = take_session(script);
    const enum tally_metric metric = take_metric(script);
    check(tally_hook_set(&box.agent, session, metric, take_value(script)));
}

static void set_text(script_t *script) {
    char text[2 * TALLY_TEXT_BYTES] = {0};
    const tally_session_id_t session = take_session(script);
    const enum tally_metric metric = take_metric(script);
    const uint32_t bytes = pick(script, sizeof text);
    for (uint32_t i = 0; i < bytes; i++) {
        text[i] = (char)take(script, 1);
    }
    check(tally_hook_text(&box.agent, session, metric, text));
}

static void note(script_t *script) {
    const enum tally_metric metric = take_metric(script);
    check(tally_note(&box.agent, metric, take_value(script)));
}

static void attach(script_t *script) {
    const tally_session_id_t session = take_session(script);
    const uint32_t which = pick(script, 2 * STREAMS);
    if (which < STREAMS) {
        check(tally_attach_rtp(&box.agent, session, &box.rtp[which]));
    } else {
        check(tally_attach_ts(&box.agent, session, &box.ts[which - STREAMS]));
    }
}

static void detach(script_t *script) {
    const uint32_t which = pick(script, 2 * STREAMS);
    check(tally_detach(&box.agent, which < STREAMS ? (const void *)&box.rtp[which]
                                                   : (const void *)&box.ts[which - STREAMS]));
}

/* Seven out of eight are as long as their header needs. */
static void receive_packet(script_t *script) {
    uint8_t datagram[12 + TALLY_TS_BYTES] = {0x80, 33, [12] = 0x47};
    tally_rtp_t *const rtp = &box.rtp[pick(script, STREAMS)];
    tally_ts_t *const ts = &box.ts[pick(script, STREAMS)];
    const uint32_t bytes = pick(script, 8) == 7 ? 11 : sizeof datagram;
    tally_rtp_header_t header;
    for (uint32_t i = 2; i < 4; i++) {
        datagram[i] = (uint8_t)take(script, 1); /* sequence number */
    }
    for (uint32_t i = 13; i < 16; i++) {
        datagram[i] = (uint8_t)take(script, 1); /* PID and continuity counter */
    }
    if (tally_rtp_parse(datagram, bytes, &header) < 0) {
        tally_rtp_invalid(rtp);
        return;
    }
    const int32_t order = tally_rtp_packet(rtp, &header, (uint32_t)box.port.now_ms * 1000);
    check(order);
    if (order == TALLY_RTP_LATE || order == TALLY_RTP_DUPLICATE) {
        tally_rtp_discard(rtp);
    }
    check(tally_ts_packets(ts, header.payload, header.payload_bytes,
                           (uint32_t)box.port.now_ms * 1000));
}

/* Some members of an object of the stack, which begins with so many numbers. */
static void take_members(script_t *script, void *stats, uint32_t numbers) {
    int64_t *const members = stats;
    for (uint32_t i = pick(script, 8); i > 0; i--) {
        const uint32_t which = pick(script, numbers);
        members[which] = take_value(script);
    }
}

/* What the stack says of a track, in either direction: one of them is refused. */
static void poll_track(script_t *script, tally_webrtc_t *track) {
    static const char *const texts[] = {NULL, "", "audio/opus", "\xFF",
                                        "a text that is longer than any mid may be"};
    const uint32_t now_ms = (uint32_t)box.port.now_ms;
    tally_webrtc_inbound_t in;
    tally_webrtc_outbound_t out;
    tally_webrtc_pair_t pair;
    tally_webrtc_no_inbound(&in);
    tally_webrtc_no_outbound(&out);
    tally_webrtc_no_pair(&pair);
    take_members(script, &in, offsetof(tally_webrtc_inbound_t, mime_type) / sizeof(int64_t));
    take_members(script, &out, offsetof(tally_webrtc_outbound_t, mime_type) / sizeof(int64_t));
    take_members(script, &pair, sizeof pair / sizeof(int64_t));
    in.mid = texts[pick(script, sizeof texts / sizeof texts[0])];
    in.track_identifier = in.mid;
    out.mime_type = in.mid;
    check(tally_webrtc_inbound(track, &in, &pair, now_ms));
    check(tally_webrtc_outbound(track, &out, &pair, now_ms));
}

static void use_track(script_t *script) {
    tally_webrtc_t *const track = &box.tracks[pick(script, STREAMS)];
    const uint32_t what = pick(script, 8);
    if (what == 0) {
        check(tally_attach_webrtc(&box.agent, take_session(script), track));
    } else if (what > 1) {
        poll_track(script, track);
    } else if (tally_detach_webrtc(&box.agent, track) == 0) {
        const enum tally_group group = (enum tally_group)pick(script, TALLY_GROUPS + 1);
        check(tally_webrtc_init(track, group, 32u << pick(script, 3)));
    }
}

/* Time goes on, stands, or is read a little late. */
static void move_clock(script_t *script) {
    static const uint32_t units_ms[] = {1, 100, 1000, 60000, 3600000};
    const uint32_t what = pick(script, 8);
    const uint32_t amount = take(script, 1);
    if (what < 5) {
        box.port.now_ms += (uint64_t)amount * units_ms[what];
    } else if (what == 5 && box.port.now_ms - amount >= BOOT_MS) {
        box.port.now_ms -= amount;
    } else if (what > 5) {
        box.port.wall.quality = (uint8_t)(amount % 3);
        box.port.wall.unix_ms = (int64_t)take_long(script, 6);
    }
}

static void run_agent(script_t *script) {
    const uint32_t times = 1 + pick(script, 8);
    for (uint32_t i = 0; i < times; i++) {
        (void)step();
    }
}

static const char accepted[] = "HTTP/1.1 204 No Content\r\n\r\n";

static void change_server(script_t *script) {
    static const char *const replies[] = {
        accepted,
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlogin",
        "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-server\r\n",
    };
    static const int32_t openings[] = {TALLY_OPEN, TALLY_OPEN, TALLY_OPENING_SECURE,
                                       TALLY_E_RESOLVE, TALLY_E_TLS_CA};
    fake_transport_t *const server = &box.server;
    server->replies[0] = replies[pick(script, sizeof replies / sizeof replies[0])];
    server->open_says = openings[pick(script, sizeof openings / sizeof openings[0])];
    const uint32_t how = pick(script, 64);
    server->stutters = (how & 1) != 0;
    server->stale = (how & 2) != 0;
    server->send_says = (how & 4) != 0 ? TALLY_E_IO : 0;
    server->receive_says = (how & 8) != 0 ? TALLY_E_CLOSED : 0;
    server->send_most = (how & 16) != 0 ? 7 : UINT32_MAX;
    server->give_most = (how & 32) != 0 ? 0 : UINT32_MAX;
}

static void break_store(script_t *script) {
    const uint32_t when = 1 + pick(script, 8);
    switch (pick(script, 4)) {
    case 0: box.store.read_fails_in = when; break;
    case 1: box.store.erase_fails_in = when; break;
    case 2: box.store.sync_fails_in = when; break;
    default:
        box.store.program_failure = FAKE_HALF;
        box.store.program_fails_in = when;
        break;
    }
}

static void flush(script_t *script) {
    (void)script;
    tally_flush(&box.agent);
}

/* --- from boot to the last delivery --------------------------------------------------------- */

static void boot(script_t *script) {
    static const struct {
        uint32_t block_bytes, blocks, program_bytes;
    } stores[] = {{8192, 5, 4}, {4096, 8, 16}, {2080, 3, 1}};
    const uint32_t which = pick(script, sizeof stores / sizeof stores[0]);
    memset(&box, 0, sizeof box);
    fake_port_init(&box.port);
    fake_transport_init(&box.server);
    fake_store_init(&box.store, stores[which].block_bytes, stores[which].blocks,
                    stores[which].program_bytes);
    box.port.now_ms = BOOT_MS;
    box.port.random = take(script, 1) << 24;
    box.server.replies[0] = accepted;
    box.server.hears = check_request;
    static const tally_endpoint_t endpoint = {.peer = {.host = "collector.example", .port = 443},
                                              .path = "/v1/records"};
    box.options = (tally_options_t){.endpoints = &endpoint,
                                    .endpoint_count = 1,
                                    .device_id = "stb-1",
                                    .operator_id = "operator"};
#define TALLY_GROUP(group, letter, meaning)
#define TALLY_METRIC(symbol, key, kind, unit, role, privacy, meaning)
#define TALLY_GROUP_END(group) box.options.capabilities[TALLY_G_##group] = TALLY_CAN_ALL(group);
#include "tally/metrics.def"
#undef TALLY_GROUP
#undef TALLY_METRIC
#undef TALLY_GROUP_END
    for (uint32_t i = 0; i < STREAMS; i++) {
        check(tally_rtp_init(&box.rtp[i], 90000));
        tally_ts_init(&box.ts[i]);
        check(tally_webrtc_init(&box.tracks[i],
                                i == 0 ? TALLY_G_WEBRTC_OUTBOUND : TALLY_G_WEBRTC_INBOUND, 32));
    }
    assert_int_equal(tally_init(&box.agent, &box.options, &box.port.port, &box.server.transport,
                                &box.store.store),
                     TALLY_OK);
}

/* The wait a step asks for is kept, so that no retry time is missed and none is cut short. */
static void deliver_the_rest(void) {
    fake_transport_t *const server = &box.server;
    server->replies[0] = accepted;
    server->open_says = TALLY_OPEN;
    server->stutters = false;
    server->stale = false;
    server->send_says = 0;
    server->receive_says = 0;
    server->send_most = UINT32_MAX;
    server->give_most = UINT32_MAX;
    for (uint32_t i = 0; i < DRAIN_STEPS && tally_pending(&box.agent) > 0; i++) {
        const uint32_t wait_ms = step();
        box.port.now_ms += wait_ms;
        tally_flush(&box.agent);
    }
    assert_int_equal(tally_pending(&box.agent), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const plays[])(script_t *) = {
        open_film,     send_event, send_event, set_value,      set_text,   attach,
        detach,        note,       move_clock, receive_packet, move_clock, run_agent,
        change_server, run_agent,  flush,      break_store,    use_track};
    script_t script = {.at = data, .left = (uint32_t)size};
    boot(&script);
    while (script.left > 0) {
        plays[pick(&script, sizeof plays / sizeof plays[0])](&script);
    }
    deliver_the_rest();
    return 0;
}
