/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's firmware with a stopwatch around tally_step(). A stream of 5 Mbit/s is made in the
 * tick, as if it had been received; once a second a decoder reports as many errors as the agent has
 * room for. Records are uploaded for real, over a new connection each time. Prints the longest
 * steps and ends QEMU with 0.
 */
#include <stdalign.h>

#include "board.h"
#include "memory_notes.h"
#include "network.h"
#include "platform.h"
#include "provision.h"
#include "receiver.h"
#include "rig.h"
#include "semihost.h"
#include "stream.h"
#include "tally/state.h"

#define UPLOADS      40u
#define MOMENT_MS    1000u /* between two bursts of errors */
#define DECODE_ERROR 1

static const receiver_config_t receiver_config = {
    .start_buffer_ms = 500,
    .resume_buffer_ms = 500,
    .content_id = "bench",
    .player_name = "receiver",
    .player_version = TALLY_VERSION,
};

static tally_endpoint_t endpoint;
static tally_options_t options;
static tally_tls_t tls;
static alignas(8) uint8_t tls_heap[TALLY_TLS_HEAP_BYTES];
static tally_transport_t wire;      /* TCP, and */
static tally_transport_t transport; /* TLS on top of it; both watched */
static bool has_sent;               /* in this step */
static bool public_key;             /* open() may have done such work in this step */
static tally_t agent;
static receiver_t receiver;
static volatile bool streaming;

void board_on_tick(void) {
    network_tick();
    if (streaming) {
        for (uint32_t ms = 0; ms < BOARD_TICK_MS; ms += STREAM_PERIOD_MS) {
            (void)receiver_datagram(&receiver, stream_next(), STREAM_DATAGRAM_BYTES,
                                    board_now_us());
        }
        (void)receiver_tick(&receiver, board_now_us());
    }
}

/* No answer comes in the step that asks for it. From the emulator's own host it could. */
static int32_t send_asking(void *ctx, const uint8_t *data, uint32_t size) {
    has_sent = true;
    return rig_tcp()->send(ctx, data, size);
}

static int32_t receive_later(void *ctx, uint8_t *data, uint32_t size) {
    return has_sent ? 0 : rig_tcp()->receive(ctx, data, size);
}

static int32_t open_watched(void *ctx, const tally_peer_t *peer) {
    const int32_t status = tally_tls_transport(&tls)->open(ctx, peer);
    public_key |= status != TALLY_OPENING_RESOLVE && status != TALLY_OPENING_CONNECT;
    return status;
}

static void start_agent(void) {
    wire = *rig_tcp();
    wire.send = send_asking;
    wire.receive = receive_later;
    rig_check(rig_tls(&tls, tls_heap, sizeof tls_heap, &wire), "credentials");
    transport = *tally_tls_transport(&tls);
    transport.open = open_watched;
    const tally_store_t *spool;
    const tally_store_t *kept;
    rig_check(board_stores(&spool, &kept), "stores");
    endpoint = (tally_endpoint_t){.peer = rig_peer(), .path = provision.path};
    options = (tally_options_t){
        .endpoints = &endpoint,
        .endpoint_count = 1,
        .device_id = provision.device_id,
        .operator_id = provision.operator_id,
        .heartbeat_ms = provision.heartbeat_ms,
        .upload_ms = provision.upload_ms,
    };
    receiver_capabilities(&receiver_config, options.capabilities);
    options.capabilities[TALLY_G_AGENT] =
        TALLY_CAN(AGENT, TLS_HEAP_HIGH) | TALLY_CAN(AGENT, STACK_HIGH);
    options.capabilities[TALLY_G_NETWORK] = TALLY_CAN_ALL(NETWORK);
    rig_check(tally_init(&agent, &options, &platform_port, &transport, spool), "agent");
}

static void start_stream(void) {
    receiver_init(&receiver, &agent, &receiver_config);
    rig_check(receiver_join(&receiver), "receiver");
    stream_init();
    streaming = true;
}

static void decode_badly(void) {
    memory_notes_take(&agent, &tls);
    for (uint32_t i = 0; i < TALLY_EVENTS; i++) {
        (void)tally_hook_error(&agent, receiver.session, DECODE_ERROR, TALLY_ERROR_MEDIA);
    }
}

int main(void) {
    rig_start();
    start_agent();
    start_stream();
    uint64_t longest_us[2] = {0, 0}; /* without, with public-key work */
    uint64_t moment_ms = 0;
    while (tally_tls_stats(&tls).handshakes < UPLOADS) {
        const uint64_t now_ms = board_now_ms();
        if (now_ms >= moment_ms) {
            decode_badly();
            moment_ms = now_ms + MOMENT_MS;
        }
        has_sent = false;
        public_key = false;
        const uint64_t begin_us = board_now_us();
        const uint32_t wait_ms = tally_step(&agent);
        const uint64_t took_us = board_now_us() - begin_us;
        uint64_t *const longest = &longest_us[public_key ? 1 : 0];
        *longest = took_us > *longest ? took_us : *longest;
        board_sleep(now_ms + (wait_ms < MOMENT_MS ? wait_ms : MOMENT_MS));
    }
    rig_print("step.longest_us", (uint32_t)longest_us[1]);
    rig_print("step.longest_without_public_key_us", (uint32_t)longest_us[0]);
    semihost_exit(0);
}
