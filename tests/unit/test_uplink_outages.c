/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days of 24 hours in which everything between a spool and its server goes wrong by chance: the
 * server is away, hangs, drips, cuts the connection after any byte, is busy, refuses some records
 * or all, or somebody else answers. Records are made all the time. In the end:
 *
 *   - each record is at the server once, was dropped by a full spool, or was refused by itself;
 *   - what the server told was obeyed: nothing came before its Retry-After, or before an hour had
 *     passed after a 403;
 *   - one connection at a time, each closed again.
 */
#include <string.h>

#include "dice.h"
#include "fakes.h"
#include "spool.h"
#include "test.h"
#include "uplink.h"

#define DAYS         6u
#define DAY_MS       UINT64_C(86400000)
#define PERIOD_MS    300000u
#define BOOT         7u
#define RECORDS_MOST 20000u
#define REQUEST_MOST (TALLY_BATCH_BYTES + 1024u)
#define FOREVER      UINT64_MAX

enum weather {
    FINE,
    AWAY,
    HANGING,
    CUTTING,
    DRIPPING,
    BUSY,
    LIMITED,
    FORBIDDING,
    PICKY,
    REFUSING,
    PORTAL,
    WEATHERS
};

/* A record: its length, its number, whether a picky server minds it, and a letter many times. */
enum { LENGTH_AT = 0, NUMBER_AT = 2, BAD_AT = 6, LETTERS_AT = 7, RECORD_LEAST = 8 };

typedef struct {
    bool is_open;
    bool answered;
    uint32_t opens;
    uint32_t closes;
    uint32_t phase;     /* of the opening */
    uint64_t ready_ms;  /* nothing moves before this */
    uint32_t cut_in;    /* bytes either way until the connection breaks; UINT32_MAX: it does not */
    uint32_t bytes;     /* of the request so far */
    uint32_t reply_at;  /* bytes of the reply that are given */
    uint64_t before_ms; /* nobody may come before this */
    uint64_t wait_ms;   /* so long after this reply */
    char reply[256];
    uint8_t request[REQUEST_MOST];
    bool stored[RECORDS_MOST];
    uint32_t accepted;  /* records in requests whose success went out whole, */
    uint32_t accepting; /* and in the one that is being answered */
} server_t;

static dice_t dice;
static fake_port_t port;
static fake_store_t store;
static tally_spool_t spool;
static tally_uplink_t uplink;
static server_t server;
static enum weather weather;
static uint32_t limit_bytes;
static uint32_t made;

/* --- the server ----------------------------------------------------------------------------- */

static uint32_t number_at(const uint8_t *at, uint32_t bytes) {
    uint32_t number = 0;
    for (uint32_t i = bytes; i > 0; i--) {
        number = number << 8 | at[i - 1];
    }
    return number;
}

static void answer(const char *text, uint64_t wait_ms) {
    (void)snprintf(server.reply, sizeof server.reply, "%s", text);
    server.answered = true;
    server.reply_at = 0;
    server.wait_ms = wait_ms;
}

/* Each record of the body from its 'r' on; whether a picky server minds one of them. */
static bool read_records(const uint8_t *at, const uint8_t *end, bool keeps, uint32_t *count) {
    bool has_bad = false;
    while (at < end - 1) {
        const uint32_t length = number_at(at + LENGTH_AT, 2);
        const uint32_t number = number_at(at + NUMBER_AT, 4);
        assert_in_range(length, RECORD_LEAST, end - 1 - at);
        assert_true(number < made);
        for (uint32_t i = LETTERS_AT; i < length; i++) {
            assert_int_equal(at[i], (uint8_t)number);
        }
        has_bad = has_bad || at[BAD_AT] != 0;
        server.stored[number] = server.stored[number] || keeps;
        at += length;
        (*count)++;
    }
    assert_int_equal(*at, 0xFF);
    return has_bad;
}

static void refuse(void) {
    static const char *const refusals[] = {
        "HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbad",
        "HTTP/1.1 413 Large\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 415 Type\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 422 Content\r\nContent-Length: 0\r\n\r\n",
    };
    answer(refusals[dice_roll(&dice, 4)], 0);
}

static void accept(const uint8_t *at, const uint8_t *end) {
    static const char *const successes[] = {
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/cose\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n"
        "Content-Length: 0\r\n\r\n",
    };
    server.accepting = 0;
    (void)read_records(at, end, true, &server.accepting);
    answer(successes[dice_roll(&dice, 4)], 0);
}

static void answer_busy(void) {
    char text[128];
    const uint32_t seconds = dice_roll(&dice, 3) == 0 ? dice_roll(&dice, 4000) : 0;
    (void)snprintf(text, sizeof text, "HTTP/1.1 %s Busy\r\nRetry-After: %u\r\n\r\n",
                   dice_roll(&dice, 2) == 0 ? "429" : "503", (unsigned)seconds);
    answer(text, (uint64_t)seconds * 1000);
}

static void answer_for_another(void) {
    static const char *const pages[] = {
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n0\r\n\r\n",
        "HTTP/1.1 511 Login\r\nContent-Length: 0\r\n\r\n",
    };
    answer(pages[dice_roll(&dice, 4)], 0);
}

/* Head and body of so many bytes are there. */
static void on_request(const uint8_t *body, const uint8_t *end) {
    const uint8_t *records = body;
    while (memcmp(records, "ar\x9F", 3) != 0) {
        records++;
        assert_true(records < end);
    }
    records += 3;
    uint32_t count = 0;
    const bool has_bad = read_records(records, end, false, &count);
    assert_true(count > 0);
    switch (weather) {
    case BUSY: answer_busy(); break;
    case FORBIDDING: answer("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 3600000); break;
    case PORTAL: answer_for_another(); break;
    case REFUSING: refuse(); break;
    case PICKY:
        if (has_bad) {
            refuse();
            break;
        }
        accept(records, end);
        break;
    case LIMITED:
        if ((uint32_t)(end - server.request) > limit_bytes) {
            answer("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n", 0);
            break;
        }
        accept(records, end);
        break;
    default: accept(records, end); break;
    }
}

static void on_sent(void) {
    server.request[server.bytes] = 0;
    const char *const text = (const char *)server.request;
    const char *const head_end = strstr(text, "\r\n\r\n");
    if (head_end == NULL) {
        return;
    }
    const char *const length = strstr(text, "Content-Length: ");
    assert_non_null(length);
    const uint8_t *const body = (const uint8_t *)head_end + 4;
    const uint8_t *const end = body + strtoul(length + 16, NULL, 10);
    assert_true(server.request + server.bytes <= end);
    if (server.request + server.bytes == end && !server.answered) {
        on_request(body, end);
    }
}

/* --- the way to it -------------------------------------------------------------------------- */

/* What moved now moves again later, if the weather is so. */
static uint32_t pass(uint32_t bytes) {
    uint32_t most = bytes;
    if (weather == DRIPPING) {
        most = 1;
        server.ready_ms = port.now_ms + 1 + dice_roll(&dice, 60);
    } else if (dice_roll(&dice, 4) == 0) {
        most = 1 + dice_roll(&dice, bytes);
        server.ready_ms = port.now_ms + dice_roll(&dice, 200);
    }
    most = most < server.cut_in ? most : server.cut_in;
    server.cut_in -= server.cut_in != UINT32_MAX ? most : 0;
    return most;
}

static bool is_stuck(void) {
    return weather == HANGING || port.now_ms < server.ready_ms;
}

static int32_t transport_open(void *ctx, const tally_peer_t *peer) {
    (void)ctx;
    (void)peer;
    if (!server.is_open) {
        assert_true(port.now_ms >= server.before_ms);
        server.is_open = true;
        server.opens++;
        server.phase = TALLY_OPENING_RESOLVE;
        server.cut_in = weather == CUTTING ? dice_roll(&dice, 2000) : UINT32_MAX;
        server.answered = false;
        server.bytes = 0;
    }
    if (weather == AWAY) {
        static const int32_t errors[] = {TALLY_E_RESOLVE, TALLY_E_CONNECT, TALLY_E_TLS,
                                         TALLY_E_TLS_MEMORY};
        return errors[dice_roll(&dice, 4)];
    }
    if (weather == PORTAL && dice_roll(&dice, 2) == 0) {
        return TALLY_E_TLS_CA;
    }
    if (!is_stuck()) {
        server.phase = (server.phase + 1) % 4;
        server.ready_ms = port.now_ms + dice_roll(&dice, 300);
    }
    return (int32_t)server.phase;
}

static int32_t transport_send(void *ctx, const uint8_t *data, uint32_t size) {
    (void)ctx;
    assert_true(server.is_open);
    if (server.cut_in == 0) {
        return TALLY_E_IO;
    }
    if (is_stuck()) {
        return 0;
    }
    const uint32_t taken = pass(size);
    assert_true(server.bytes + taken < REQUEST_MOST);
    memcpy(server.request + server.bytes, data, taken);
    server.bytes += taken;
    on_sent();
    return (int32_t)taken;
}

/* The last byte of the answer is out. */
static void on_answered(void) {
    if (strstr(server.reply, "Content-Type: application/cose") != NULL ||
        strstr(server.reply, " 20") != NULL) {
        server.accepted += server.accepting;
    }
    server.accepting = 0;
    server.before_ms = port.now_ms + server.wait_ms;
    server.answered = false;
    server.bytes = 0;
}

static int32_t transport_receive(void *ctx, uint8_t *data, uint32_t size) {
    (void)ctx;
    assert_true(server.is_open);
    if (server.cut_in == 0) {
        return TALLY_E_CLOSED;
    }
    const uint32_t left = (uint32_t)strlen(server.reply + server.reply_at);
    if (is_stuck() || !server.answered || left == 0) {
        return 0;
    }
    const uint32_t given = pass(size < left ? size : left);
    memcpy(data, server.reply + server.reply_at, given);
    server.reply_at += given;
    if (given == left) {
        on_answered();
    }
    return (int32_t)given;
}

static void transport_close(void *ctx) {
    (void)ctx;
    assert_true(server.is_open);
    server.is_open = false;
    server.closes++;
    server.accepting = 0;
}

static const tally_transport_t transport = {
    .open = transport_open,
    .send = transport_send,
    .receive = transport_receive,
    .close = transport_close,
};

/* --- a day ---------------------------------------------------------------------------------- */

static void make_record(void) {
    uint32_t sequence;
    uint8_t *const out = tally_spool_begin(&spool, &sequence);
    const uint32_t bytes = RECORD_LEAST + dice_roll(&dice, 600);
    assert_true(made < RECORDS_MOST);
    for (uint32_t i = 0; i < 4; i++) {
        out[NUMBER_AT + i] = (uint8_t)(made >> (8 * i));
    }
    out[LENGTH_AT] = (uint8_t)bytes;
    out[LENGTH_AT + 1] = (uint8_t)(bytes >> 8);
    out[BAD_AT] = dice_roll(&dice, 60) == 0;
    memset(out + LETTERS_AT, (uint8_t)made, bytes - LETTERS_AT);
    made++;
    const enum tally_class class = dice_roll(&dice, 5) == 0 ? TALLY_URGENT : TALLY_ROUTINE;
    assert_int_equal(tally_spool_commit(&spool, class, 'h', bytes), TALLY_OK);
}

static void begin_day(uint32_t blocks, uint32_t daily_bytes) {
    static const tally_endpoint_t endpoint = {.peer = {.host = "collector.example", .port = 8443},
                                              .path = "/v1/records"};
    fake_port_init(&port);
    port.now_ms = 1000000;
    port.random = (uint32_t)dice_bits(&dice);
    fake_store_init(&store, 4096, blocks, 1);
    assert_int_equal(tally_spool_init(&spool, &store.store, 0, BOOT), TALLY_OK);
    memset(&server, 0, sizeof server);
    made = 0;
    const tally_uplink_config_t config = {
        .endpoint = &endpoint,
        .device_id = "stb-1",
        .operator_id = "op",
        .boot_id = BOOT,
        .boot_ms = port.now_ms,
        .period_ms = dice_roll(&dice, 2) == 0 ? PERIOD_MS : 20000,
        .daily_bytes = daily_bytes,
    };
    assert_int_equal(
        tally_uplink_init(&uplink, &config, &port.port, &transport, &spool, port.now_ms), TALLY_OK);
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* One step, then the clock goes on to whatever comes first. */
static void go_on(uint64_t next_ms) {
    port.random = (uint32_t)dice_bits(&dice);
    const uint32_t wait_ms = tally_uplink_step(&uplink, port.now_ms, &port.wall);
    next_ms = smaller(next_ms, port.now_ms + wait_ms);
    if (server.is_open && server.ready_ms > port.now_ms) {
        next_ms = smaller(next_ms, server.ready_ms);
    } else if (server.is_open && wait_ms > 0 && !tally_uplink_is_idle(&uplink)) {
        next_ms = smaller(next_ms, port.now_ms + 1); /* the transport stirs */
    }
    port.now_ms = next_ms > port.now_ms ? next_ms : port.now_ms;
}

static void change_weather(void) {
    weather = dice_roll(&dice, 3) == 0 ? FINE : (enum weather)dice_roll(&dice, WEATHERS);
    limit_bytes = 800 + dice_roll(&dice, 8000);
    if (server.is_open && weather == CUTTING) {
        server.cut_in = dice_roll(&dice, 2000);
    }
}

/* A day with a record each so many milliseconds at most. */
static void live_through_a_day(uint32_t record_each_ms) {
    const uint64_t end_ms = port.now_ms + DAY_MS;
    uint64_t record_ms = port.now_ms;
    uint64_t change_ms = port.now_ms;
    while (port.now_ms < end_ms) {
        if (port.now_ms >= change_ms) {
            change_weather();
            change_ms += 1000 + dice_roll(&dice, 2400000);
        }
        if (port.now_ms >= record_ms) {
            make_record();
            record_ms += 1 + dice_roll(&dice, record_each_ms);
        }
        go_on(smaller(record_ms, change_ms));
    }
}

/* All is well again, until nothing waits. */
static void recover(void) {
    const uint64_t end_ms = port.now_ms + 3 * DAY_MS;
    weather = FINE;
    while (tally_spool_waiting(&spool) > 0 || !tally_uplink_is_idle(&uplink)) {
        go_on(FOREVER);
        assert_true(port.now_ms < end_ms);
    }
    tally_uplink_stop(&uplink);
    assert_false(server.is_open);
    assert_int_equal(server.opens, server.closes);
}

static uint32_t dropped(void) {
    return spool.dropped[TALLY_URGENT] + spool.dropped[TALLY_ROUTINE];
}

static uint32_t missing(void) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < made; i++) {
        count += server.stored[i] ? 0 : 1;
    }
    return count;
}

static void assert_attempts_add_up(void) {
    const tally_uplink_stats_t *const stats = &uplink.stats;
    assert_int_equal(stats->attempts, stats->accepted + stats->rejected + stats->failed_net +
                                          stats->failed_tls + stats->failed_http);
    assert_true(stats->accepted > 0 && stats->rejected > 0 && stats->failed_net > 0);
    assert_true(stats->portal <= stats->rejected + stats->failed_tls + stats->failed_http);
}

static void test_uplink_outages_lose_nothing_from_a_spool_with_room(void **state) {
    (void)state;
    dice = dice_from_environment();
    for (uint32_t day = 0; day < dice_share(DAYS); day++) {
        begin_day(96, 0);
        live_through_a_day(200000);
        recover();
        const uint32_t refused = uplink.stats.refused;
        assert_int_equal(dropped(), 0);
        assert_int_equal(made, server.accepted + refused);
        assert_true(missing() <= refused);
        assert_attempts_add_up();
    }
}

static void test_uplink_outages_lose_only_what_a_small_spool_counted(void **state) {
    (void)state;
    dice = dice_from_environment();
    for (uint32_t day = 0; day < dice_share(DAYS); day++) {
        begin_day(8, 0);
        live_through_a_day(40000);
        recover();
        assert_true(dropped() > 0);
        assert_true(made <= server.accepted + dropped() + uplink.stats.refused);
        assert_true(missing() <= dropped() + uplink.stats.refused);
        assert_attempts_add_up();
    }
}

static void test_uplink_outages_of_a_device_with_few_bytes_a_day(void **state) {
    (void)state;
    dice = dice_from_environment();
    for (uint32_t day = 0; day < dice_share(DAYS); day++) {
        begin_day(96, 300000);
        live_through_a_day(40000);
        uplink.budget.daily_bytes = 0;
        recover();
        assert_true(uplink.stats.deferred > 0);
        assert_true(missing() <= dropped() + uplink.stats.refused);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_outages_lose_nothing_from_a_spool_with_room),
        cmocka_unit_test(test_uplink_outages_lose_only_what_a_small_spool_counted),
        cmocka_unit_test(test_uplink_outages_of_a_device_with_few_bytes_a_day),
    };
    return cmocka_run_group_tests_name("uplink_outages", tests, NULL, NULL);
}
