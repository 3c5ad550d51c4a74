/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of bytes is what a server sends to the TLS glue: bytes as they are, or a flight that a
 * real server has sent, with some of it changed. The device draws the same random numbers each
 * time, so an unchanged flight is a good one. Whatever comes:
 *
 *   - open() ends, with a connection or an error that has a name;
 *   - no connection is open that no certificate was shown for;
 *   - after close() the heap holds what it did before, and a ticket if one was given.
 *
 * corpus/tls_server has the credentials, valid to 2099, and the flights. Those fit one Mbed TLS and
 * one configuration: should the program say that they do not, tls_record.sh writes them again.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzzer.h"
#include "tally_tls.h"
#include "tally_tls_internal.h"
#include "test.h"

enum { FILE_BYTES = 4096, FLIGHT_BYTES = 8192, FLIGHTS = 2, STEPS_MOST = 20000 };

#define NOW_MS INT64_C(1800000000000) /* in 2027 */

typedef struct {
    uint8_t bytes[FLIGHT_BYTES];
    uint32_t size;
} flight_t;

static const char *const flight_names[FLIGHTS] = {TLS_DIR "/tls13.flight", TLS_DIR "/tls12.flight"};

static struct {
    flight_t flights[FLIGHTS]; /* as recorded */
    flight_t flight;           /* what is sent */
    uint32_t sent;
    uint32_t piece; /* how much of it at once */
    int fd;         /* of the real server while recording, else -1 */
    uint64_t random;
    uint64_t now_ms;
    tally_tls_t tls;
} box;

/* --- the port ------------------------------------------------------------------------------- */

static uint64_t monotonic_ms(void *ctx) {
    (void)ctx;
    return box.now_ms++;
}

static tally_wall_t wall(void *ctx) {
    (void)ctx;
    return (tally_wall_t){.unix_ms = NOW_MS, .quality = TALLY_WALL_AUTHENTICATED};
}

static int32_t draw(void *ctx, uint8_t *out, uint32_t size) {
    (void)ctx;
    for (uint32_t i = 0; i < size; i++) {
        box.random = box.random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        out[i] = (uint8_t)(box.random >> 56);
    }
    return TALLY_OK;
}

static void wake(void *ctx) {
    (void)ctx;
}

static const tally_port_t port = {
    .monotonic_ms = monotonic_ms, .wall = wall, .random = draw, .wake = wake};

/* --- the stream below ----------------------------------------------------------------------- */

static int32_t lower_open(void *ctx, const tally_peer_t *peer) {
    (void)ctx;
    (void)peer;
    return TALLY_OPEN;
}

static int32_t lower_send(void *ctx, const uint8_t *data, uint32_t size) {
    (void)ctx;
    if (box.fd >= 0) {
        assert_int_equal(write(box.fd, data, size), size);
    }
    return (int32_t)size;
}

static int32_t lower_receive(void *ctx, uint8_t *data, uint32_t size) {
    (void)ctx;
    if (box.fd >= 0) {
        const ssize_t got = read(box.fd, data, size);
        assert_true(got > 0 && box.flight.size + (uint32_t)got <= FLIGHT_BYTES);
        memcpy(box.flight.bytes + box.flight.size, data, (size_t)got);
        box.flight.size += (uint32_t)got;
        return (int32_t)got;
    }
    const uint32_t left = box.flight.size - box.sent;
    if (left == 0) {
        return TALLY_E_CLOSED;
    }
    uint32_t bytes = size < left ? size : left;
    bytes = bytes < box.piece ? bytes : box.piece;
    memcpy(data, box.flight.bytes + box.sent, bytes);
    box.sent += bytes;
    return (int32_t)bytes;
}

static void lower_close(void *ctx) {
    (void)ctx;
}

static const tally_transport_t lower = {
    .open = lower_open, .send = lower_send, .receive = lower_receive, .close = lower_close};

/* --- the device ----------------------------------------------------------------------------- */

static uint32_t load(const char *name, uint8_t *out, uint32_t size) {
    FILE *const file = fopen(name, "re");
    if (file == NULL) {
        return 0;
    }
    const size_t bytes = fread(out, 1, size, file);
    (void)fclose(file);
    return (uint32_t)bytes;
}

/* With its closing NUL. */
static uint32_t load_text(const char *name, uint8_t *out) {
    const uint32_t bytes = load(name, out, FILE_BYTES - 1);
    assert_true(bytes > 0);
    out[bytes] = '\0';
    return bytes + 1;
}

static void power_on(void) {
    static uint8_t ca[FILE_BYTES];
    static uint8_t certificate[FILE_BYTES];
    static uint8_t key[FILE_BYTES];
    static uint8_t heap[1024]; /* tls_heap.c does not use it */
    static tally_tls_config_t config = {.heap = heap, .heap_bytes = sizeof heap};
    if (config.ca == NULL) {
        config.ca_size = load_text(TLS_DIR "/ca.pem", ca);
        config.certificate_size = load_text(TLS_DIR "/device.pem", certificate);
        config.key_size = load_text(TLS_DIR "/device.key", key);
        config.ca = ca;
        config.certificate = certificate;
        config.key = key;
    }
    box.random = 1;
    box.now_ms = 1000;
    assert_int_equal(tally_tls_init(&box.tls, &config, &port, &lower), TALLY_OK);
}

static void check(int32_t status) {
    assert_true(status >= 0 || strcmp(tally_status_name(status), "unknown status") != 0);
}

/* Connects, says a line and hears what the server says. Returns what open() did. */
static int32_t talk(void) {
    static const tally_peer_t peer = {.host = "fuzz.example", .port = 443};
    const tally_transport_t *const transport = tally_tls_transport(&box.tls);
    const bool had_ticket = box.tls.kept != NULL;
    uint8_t data[256];
    uint32_t steps = 0;
    int32_t status;
    do {
        status = transport->open(transport->ctx, &peer);
        assert_true(steps++ < STEPS_MOST);
    } while (status > 0);
    check(status);
    if (status == TALLY_OPEN) {
        assert_true(box.tls.verified || had_ticket);
        check(transport->send(transport->ctx, (const uint8_t *)"hello\n", 6));
        int32_t got;
        do {
            got = transport->receive(transport->ctx, data, sizeof data);
            assert_true(steps++ < STEPS_MOST);
        } while (got > 0 && box.fd < 0);
        check(got);
    }
    transport->close(transport->ctx);
    return status;
}

static void check_heap(uint32_t idle) {
    const uint32_t kept = box.tls.kept != NULL ? box.tls.kept_bytes : 0;
    assert_int_equal(tally_tls_stats(&box.tls).heap_used, idle + kept);
}

/* --- flights -------------------------------------------------------------------------------- */

/* With TALLY_RECORD=PORT the program only records what the server there sends, to TALLY_FLIGHT. */
static void record(const char *to_port, const char *name) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr = {htonl(INADDR_LOOPBACK)},
                                        .sin_port = htons((uint16_t)strtoul(to_port, NULL, 10))};
    box.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(box.fd, (const struct sockaddr *)&address, sizeof address), 0);
    power_on();
    assert_int_equal(talk(), TALLY_OPEN);
    tally_tls_deinit(&box.tls);
    FILE *const file = fopen(name, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(box.flight.bytes, 1, box.flight.size, file), box.flight.size);
    assert_int_equal(fclose(file), 0);
    exit(0);
}

static void try_flight(uint32_t which) {
    flight_t *const flight = &box.flights[which];
    flight->size = load(flight_names[which], flight->bytes, FLIGHT_BYTES);
    box.flight = *flight;
    box.sent = 0;
    box.piece = FLIGHT_BYTES;
    power_on();
    if (talk() != TALLY_OPEN) {
        (void)fprintf(stderr, "%s does not fit this Mbed TLS: tls_record.sh renews it\n",
                      flight_names[which]);
    }
    tally_tls_deinit(&box.tls);
}

static void change(script_t *script, flight_t *flight) {
    const uint32_t what = take(script, 1);
    const uint32_t at = take(script, 2);
    if (at >= flight->size) {
        return;
    }
    switch (what % 5) {
    case 0: flight->bytes[at] = (uint8_t)take(script, 1); break;
    case 1: flight->bytes[at] ^= (uint8_t)(1u << what / 5 % 8); break;
    case 2: flight->size = at; break;
    case 3:
        memmove(flight->bytes + at, flight->bytes + at + 1, flight->size - at - 1);
        flight->size--;
        break;
    default:
        if (flight->size < FLIGHT_BYTES) {
            memmove(flight->bytes + at + 1, flight->bytes + at, flight->size - at);
            flight->bytes[at] = (uint8_t)take(script, 1);
            flight->size++;
        }
        break;
    }
}

/* The rest of the script: changes to a flight, or all of one. */
static void compose(script_t *script, uint32_t kind) {
    box.sent = 0;
    if (kind < FLIGHTS) {
        box.flight = box.flights[kind];
        for (uint32_t changes = take(script, 1) % 16; changes > 0; changes--) {
            change(script, &box.flight);
        }
        return;
    }
    box.flight.size = script->left < FLIGHT_BYTES ? script->left : FLIGHT_BYTES;
    memcpy(box.flight.bytes, script->at, box.flight.size);
    script->left = 0;
}

/* --- libFuzzer ------------------------------------------------------------------------------ */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    const char *const to_port = getenv("TALLY_RECORD");
    const char *const name = getenv("TALLY_FLIGHT");
    if (to_port != NULL && name != NULL) {
        record(to_port, name);
    }
    box.fd = -1;
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        try_flight(i);
    }
    return setenv("CMOCKA_TEST_ABORT", "1", 1); /* an assertion that fails is a crash */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script_t script = {.at = data, .left = (uint32_t)size};
    power_on();
    const uint32_t idle = tally_tls_stats(&box.tls).heap_used;
    box.piece = 1 + take(&script, 1) * 8;
    compose(&script, take(&script, 1) % (FLIGHTS + 1));
    (void)talk();
    check_heap(idle);
    /* Once more, with a ticket if the first connection brought one. */
    if (script.left > 0) {
        compose(&script, take(&script, 1) % (FLIGHTS + 1));
        (void)talk();
        check_heap(idle);
    }
    tally_tls_deinit(&box.tls);
    assert_int_equal(tally_tls_stats(&box.tls).heap_used, 0);
    return 0;
}
