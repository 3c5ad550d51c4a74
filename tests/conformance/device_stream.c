/* SPDX-License-Identifier: Apache-2.0 */
#include "device_stream.h"

#include <stddef.h>
#include <string.h>

#define LINE_BYTES_PER_MS 40u
#define RESOLVE_CALLS     2u
#define CONNECT_CALLS     5u

const tally_peer_t device_echo = {.host = "echo", .port = 7};
const tally_peer_t device_ending = {.host = "ending", .port = 8};
const tally_peer_t device_refusing = {.host = "refusing", .port = 9};
const tally_peer_t device_silent = {.host = "192.0.2.1", .port = 7};
const tally_peer_t device_unresolved = {.host = "tally.invalid", .port = 7};

static int32_t stream_open(void *ctx, const tally_peer_t *peer) {
    device_t *const device = ctx;
    if (device->open) {
        return TALLY_OPEN;
    }
    if (device->peer == NULL) {
        if (device->sockets_free == 0) {
            return TALLY_E_CONNECT;
        }
        device->sockets_free--;
        device->peer = peer;
    }
    if (device->peer != peer) {
        device_offend("another peer was given while opening");
    }
    device->opening_calls++;
    if (device->opening_calls <= RESOLVE_CALLS) {
        return TALLY_OPENING_RESOLVE;
    }
    if (peer == &device_unresolved) {
        return TALLY_E_RESOLVE;
    }
    if (device->opening_calls <= CONNECT_CALLS || peer == &device_silent) {
        return TALLY_OPENING_CONNECT;
    }
    if (peer == &device_refusing) {
        return TALLY_E_CONNECT;
    }
    device->open = true;
    return TALLY_OPEN;
}

static int32_t stream_send(void *ctx, const uint8_t *data, uint32_t size) {
    device_t *const device = ctx;
    if (!device->open || size == 0) {
        device_offend("sent nothing, or before it was open");
        return TALLY_E_STATE;
    }
    const uint32_t room = (uint32_t)sizeof device->going - device->to_peer;
    const uint32_t taken = size < room ? size : room;
    memcpy(&device->going[device->to_peer], data, taken);
    device->to_peer += taken;
    return (int32_t)taken;
}

static bool has_ended(const device_t *device) {
    return device->peer == &device_ending && device->echoed == TALLY_CONFORMANCE_ENDING_BYTES;
}

static int32_t stream_receive(void *ctx, uint8_t *data, uint32_t size) {
    device_t *const device = ctx;
    if (!device->open || size == 0) {
        device_offend("received nothing, or before it was open");
        return TALLY_E_STATE;
    }
    if (device->from_peer == 0) {
        return has_ended(device) ? TALLY_E_CLOSED : 0;
    }
    const uint32_t given = size < device->from_peer ? size : device->from_peer;
    memcpy(data, device->coming, given);
    device->from_peer -= given;
    memmove(device->coming, &device->coming[given], device->from_peer);
    return (int32_t)given;
}

static void stream_close(void *ctx) {
    device_t *const device = ctx;
    device->sockets_free += device->peer != NULL ? 1u : 0u;
    device->peer = NULL;
    device->open = false;
    device->opening_calls = 0;
    device->to_peer = 0;
    device->from_peer = 0;
    device->echoed = 0;
}

void device_stream_move(device_t *device) {
    const uint32_t room = (uint32_t)sizeof device->coming - device->from_peer;
    uint32_t moved = device->to_peer < room ? device->to_peer : room;
    moved = moved < LINE_BYTES_PER_MS ? moved : LINE_BYTES_PER_MS;
    memcpy(&device->coming[device->from_peer], device->going, moved);
    device->from_peer += moved;
    device->to_peer -= moved;
    memmove(device->going, &device->going[moved], device->to_peer);
    device->echoed += moved;
}

void device_stream_boot(device_t *device) {
    device->sockets_free = DEVICE_SOCKETS;
    device->transport = (tally_transport_t){
        .ctx = device,
        .open = stream_open,
        .send = stream_send,
        .receive = stream_receive,
        .close = stream_close,
    };
}
