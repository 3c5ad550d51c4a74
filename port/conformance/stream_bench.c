/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_bench.h"

#include <stddef.h>

#define OPEN_MS     10000u
#define SILENCE_MS  5000u
#define PIECE_BYTES 64u

stream_opening_t tally_stream_bench_open(const tally_kit_t *kit, const tally_peer_t *peer) {
    const tally_transport_t *const transport = kit->setup->transport;
    const uint32_t limit_ms = kit->setup->open_ms != 0 ? kit->setup->open_ms : OPEN_MS;
    const bool has_clock = kit->now[TALLY_RULE_CLOCK_MILLISECONDS] == TALLY_CONFORMANCE_PASSED;
    stream_opening_t opening = {.status = TALLY_OPENING_RESOLVE};
    int32_t phase = 0;
    for (uint32_t ms = 0; ms < limit_ms && opening.status > TALLY_OPEN;) {
        const uint64_t begin_ms = has_clock ? tally_kit_now_ms(kit) : 0;
        opening.status = transport->open(transport->ctx, peer);
        const uint64_t took_ms = has_clock ? tally_kit_now_ms(kit) - begin_ms : 0;
        opening.longest_ms = took_ms > opening.longest_ms ? took_ms : opening.longest_ms;
        if (opening.status > TALLY_OPENING_SECURE) {
            opening.stranger = opening.status;
        } else if (opening.status > TALLY_OPEN) {
            opening.back_to = opening.status < phase ? opening.status : opening.back_to;
            phase = opening.status;
        }
        if (opening.status > TALLY_OPEN) {
            ms += tally_kit_wait(kit, 1);
        }
    }
    return opening;
}

bool tally_stream_bench_opens(tally_kit_t *kit, const tally_peer_t *peer) {
    const int32_t status = tally_stream_bench_open(kit, peer).status;
    return status == TALLY_OPEN || tally_kit_saw(kit, "open() returned", status);
}

void tally_stream_bench_close(const tally_kit_t *kit) {
    kit->setup->transport->close(kit->setup->transport->ctx);
}

uint8_t tally_stream_bench_byte(uint32_t at, uint32_t stream) {
    return (uint8_t)((at * UINT32_C(0x9E3779B1) + stream * UINT32_C(0x85EBCA6B)) >> 23);
}

bool tally_stream_bench_send(tally_kit_t *kit, uint32_t at, uint32_t size, uint32_t stream) {
    const tally_transport_t *const transport = kit->setup->transport;
    uint32_t sent = 0;
    uint32_t silent_ms = 0;
    while (sent < size) {
        const uint32_t left = size - sent;
        const uint32_t piece = left < PIECE_BYTES ? left : PIECE_BYTES;
        for (uint32_t i = 0; i < piece; i++) {
            kit->data[i] = tally_stream_bench_byte(at + sent + i, stream);
        }
        const int32_t taken = transport->send(transport->ctx, kit->data, piece);
        if (taken < 0 || taken > (int32_t)piece || silent_ms > SILENCE_MS) {
            return tally_kit_saw(kit, "send() returned", taken);
        }
        silent_ms = taken > 0 ? 0 : silent_ms + tally_kit_wait(kit, 1);
        sent += (uint32_t)taken;
    }
    return true;
}

int32_t tally_stream_bench_next(const tally_kit_t *kit, uint32_t size) {
    const tally_transport_t *const transport = kit->setup->transport;
    int32_t got = 0;
    for (uint32_t ms = 0; ms <= SILENCE_MS && got == 0;) {
        got = transport->receive(transport->ctx, kit->data, size);
        if (got == 0) {
            ms += tally_kit_wait(kit, 1);
        }
    }
    return got;
}

bool tally_stream_bench_receive(tally_kit_t *kit, uint32_t at, uint32_t size, uint32_t piece,
                                uint32_t stream) {
    uint32_t received = 0;
    while (received < size) {
        const uint32_t left = size - received;
        const uint32_t most = left < piece ? left : piece;
        const int32_t got = tally_stream_bench_next(kit, most);
        if (got <= 0 || got > (int32_t)most) {
            return tally_kit_saw(kit, "receive() returned", got);
        }
        for (uint32_t i = 0; i < (uint32_t)got; i++) {
            if (kit->data[i] != tally_stream_bench_byte(at + received + i, stream)) {
                return tally_kit_saw(kit, "wrong byte of the stream:", (int64_t)received + i + at);
            }
        }
        received += (uint32_t)got;
    }
    return true;
}
