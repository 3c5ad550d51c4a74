/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_uplink overhead PORT CERTS    uploads 20 quiet heartbeats over a connection that is open,
 *                                     and prints what went over the wire beside their bytes
 * bench_uplink drain WAY [PORT CERTS] drains 1 MiB of quiet heartbeats, by tls to the collector at
 *                                     PORT of the loopback or in the clear to a server in here
 * bench_uplink fill WAY [PORT CERTS]  the same without the last step, for callgrind to subtract
 *
 * Prints lines of JSON; fill and drain the number of records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

enum {
    SPOOL_BLOCKS = 1024, /* less than half full with what is drained: nothing is sent early */
    DRAINED_BYTES = 1048576,
    BATCH = 20,
    HEARTBEAT_MS = 1000,
    KEPT_MS = 30000, /* a period for which a connection is kept */
    DAY_MS = 86400000,
    PATIENCE_MS = 10000,
    TURNS_MOST = 10000000,
};

static device_t device;
static uint8_t memory[SPOOL_BLOCKS * DEVICE_BLOCK_BYTES];

/* ---- a server in here ----------------------------------------------------------------------- */

static const char reply[] = "HTTP/1.1 204 No Content\r\n\r\n";
static uint32_t body_left;
static bool in_body;
static uint32_t reply_left;

static int32_t clear_open(void *ctx, const tally_peer_t *peer) {
    (void)ctx;
    (void)peer;
    return TALLY_OPEN;
}

/* The agent stages its whole head, and no more than the head and the body's beginning, at once. */
static uint32_t begin_body(const char *text, uint32_t size) {
    static const char name[] = "Content-Length: ";
    static const char blank[] = "\r\n\r\n";
    const char *const length = memmem(text, size, name, sizeof name - 1);
    const char *const end = memmem(text, size, blank, sizeof blank - 1);
    if (length == NULL || end == NULL) {
        exit(3);
    }
    body_left = (uint32_t)strtoul(length + sizeof name - 1, NULL, 10);
    in_body = true;
    return (uint32_t)(end + sizeof blank - 1 - text);
}

static int32_t clear_send(void *ctx, const uint8_t *data, uint32_t size) {
    (void)ctx;
    const uint32_t head = in_body ? 0 : begin_body((const char *)data, size);
    body_left -= size - head;
    if (body_left == 0) {
        in_body = false;
        reply_left = sizeof reply - 1;
    }
    return (int32_t)size;
}

static int32_t clear_receive(void *ctx, uint8_t *data, uint32_t size) {
    (void)ctx;
    const uint32_t bytes = size < reply_left ? size : reply_left;
    memcpy(data, reply + sizeof reply - 1 - reply_left, bytes);
    reply_left -= bytes;
    return (int32_t)bytes;
}

static void clear_close(void *ctx) {
    (void)ctx;
}

static const tally_transport_t in_here = {
    .open = clear_open, .send = clear_send, .receive = clear_receive, .close = clear_close};

/* ---- the device ----------------------------------------------------------------------------- */

static void boot(uint32_t upload_ms, const char *port, const char *certs) {
    const device_setup_t setup = {
        .certs = certs,
        .transport = certs == NULL ? &in_here : NULL,
        .port = certs == NULL ? 443 : (uint16_t)strtoul(port, NULL, 10),
        .upload_ms = upload_ms,
        .heartbeat_ms = HEARTBEAT_MS,
        /* As bench.c has a quiet heartbeat. */
        .capabilities = {[TALLY_G_PLAYBACK] =
                             TALLY_CAN(PLAYBACK, BUFFERING_TIME) |
                             TALLY_CAN(PLAYBACK, BITRATE_MEDIA) | TALLY_CAN(PLAYBACK, BITRATE) |
                             TALLY_CAN(PLAYBACK, BITRATE_TIME) | TALLY_CAN(PLAYBACK, FIRST_PLAYS) |
                             TALLY_CAN(PLAYBACK, JOINING_TIME) |
                             TALLY_CAN(PLAYBACK, STALL_LONGEST) |
                             TALLY_CAN(PLAYBACK, PLAY_ATTEMPTS) | TALLY_CAN(PLAYBACK, PAUSES) |
                             TALLY_CAN(PLAYBACK, PAUSED_TIME) | TALLY_CAN(PLAYBACK, POSITION) |
                             TALLY_CAN(PLAYBACK, PLAY_TIME) | TALLY_CAN(PLAYBACK, RESUMES) |
                             TALLY_CAN(PLAYBACK, STALLS) | TALLY_CAN(PLAYBACK, STALLED_TIME) |
                             TALLY_CAN(PLAYBACK, STATE) | TALLY_CAN(PLAYBACK, STARTUP_TIME) |
                             TALLY_CAN(PLAYBACK, STARTUP_WITH_ADS) |
                             TALLY_CAN(PLAYBACK, ELAPSED_TIME)},
        .memory = memory,
        .blocks = SPOOL_BLOCKS,
    };
    if (!device_boot(&device, &setup)) {
        exit(2);
    }
    device.agent.uplink.due_ms = UINT64_MAX; /* only when told */
    (void)tally_step(&device.agent);
}

/* Until the server has accepted all there is; anything else is no measurement. */
static void deliver(void) {
    const tally_uplink_stats_t *const stats = &device.agent.uplink.stats;
    tally_flush(&device.agent);
    for (uint32_t i = 0; i < TURNS_MOST && stats->last_error == TALLY_OK; i++) {
        const uint32_t wait_ms = tally_step(&device.agent);
        if (tally_pending(&device.agent) == 0 && tally_uplink_is_idle(&device.agent.uplink)) {
            return;
        }
        struct pollfd fd = tally_posix_tcp_poll(&device.tcp);
        const uint32_t patience_ms = wait_ms < PATIENCE_MS ? wait_ms : PATIENCE_MS;
        (void)tally_posix_wait(&device.posix, patience_ms, &fd, 1);
    }
    exit(3);
}

/* Heartbeats until that many records wait. */
static void beat(uint32_t records) {
    while (tally_pending(&device.agent) < records) {
        device_skip(&device, HEARTBEAT_MS);
        (void)tally_step(&device.agent);
    }
}

/* ---- the figures ---------------------------------------------------------------------------- */

static void print(const char *name, uint64_t value) {
    printf("{\"name\": \"uplink.batch20.%s\", \"value\": %llu, \"unit\": \"bytes\"}\n", name,
           (unsigned long long)value);
}

/* The second exchange of a connection: what the server still had to say about the handshake has
 * come with the first. */
static int overhead(const char *port, const char *certs) {
    boot(KEPT_MS, port, certs);
    deliver();
    const uint64_t wire = device.wire.sent + device.wire.received;
    const uint64_t clear = device.clear.sent + device.clear.received;
    const uint32_t connects = device.agent.uplink.stats.connects;
    beat(BATCH);
    deliver();
    const tally_batch_t *const batch = &device.agent.uplink.batch;
    if (batch->records != BATCH || device.agent.uplink.stats.connects != connects) {
        return 3;
    }
    print("records_bytes", batch->bytes);
    print("overhead_bytes", device.wire.sent + device.wire.received - wire - batch->bytes);
    print("overhead_clear_bytes", device.clear.sent + device.clear.received - clear - batch->bytes);
    return 0;
}

/* The first records are others; they, and what the handshake says, are in both runs. */
static int drain(bool drains, const char *port, const char *certs) {
    boot(DAY_MS, port, certs);
    beat(BATCH);
    if (tally_spool_plan(&device.agent.spool, TALLY_BATCH_BYTES, &device.agent.uplink.batch) == 0) {
        return 3;
    }
    const tally_batch_t *const batch = &device.agent.uplink.batch;
    const uint32_t records = DRAINED_BYTES * batch->records / batch->bytes;
    beat(records);
    if (drains) {
        deliver();
    }
    printf("{\"name\": \"records\", \"value\": %u, \"unit\": \"records\"}\n", (unsigned)records);
    return 0;
}

int main(int argc, char **argv) {
    const char *const port = argc > 3 ? argv[3] : NULL;
    const char *const certs = argc > 4 ? argv[4] : NULL;
    if (argc == 4 && strcmp(argv[1], "overhead") == 0) {
        return overhead(argv[2], argv[3]);
    }
    if (argc > 2 && strcmp(argv[1], "drain") == 0) {
        return drain(true, port, certs);
    }
    if (argc > 2 && strcmp(argv[1], "fill") == 0) {
        return drain(false, port, certs);
    }
    return 2;
}
