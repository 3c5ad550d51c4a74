/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and receiving, over a new stream for each rule. */
#include <stddef.h>

#include "stream_bench.h"

#define FEW_BYTES    100u
#define ECHO_BYTES   1500u
#define MUCH_BYTES   (128u * 1024u)
#define AHEAD_MOST   (32u * 1024u)
#define PIECE_BYTES  64u
#define TINY_BYTES   7u
#define SETTLE_MS    200u
#define SILENCE_MS   5000u
#define CALL_MOST_MS 250u
#define LOOKS        5u

static bool opens_echo(tally_kit_t *kit) {
    return tally_stream_bench_opens(kit, kit->setup->echo);
}

/* Ends the stream of a rule. */
static uint8_t closed(const tally_kit_t *kit, bool is_right) {
    tally_stream_bench_close(kit);
    return tally_kit_judge(is_right);
}

uint8_t tally_check_transport_send(tally_kit_t *kit) {
    return closed(kit, opens_echo(kit) && tally_stream_bench_send(kit, 0, FEW_BYTES, 0));
}

/* In pieces that are smaller than what is there. */
uint8_t tally_check_transport_receive(tally_kit_t *kit) {
    bool good = opens_echo(kit) && tally_stream_bench_send(kit, 0, FEW_BYTES, 1);
    uint32_t received = 0;
    (void)tally_kit_wait(kit, SETTLE_MS);
    while (good && received < FEW_BYTES) {
        const int32_t got = tally_stream_bench_next(kit, TINY_BYTES);
        good = (got > 0 && got <= (int32_t)TINY_BYTES) ||
               tally_kit_saw(kit, "receive() of 7 bytes returned", got);
        received += good ? (uint32_t)got : 0;
    }
    return closed(kit, good);
}

uint8_t tally_check_transport_beyond(tally_kit_t *kit) {
    bool good = opens_echo(kit);
    for (uint32_t round = 0; round < 2u && good; round++) {
        const uint8_t fill = round == 0 ? 0xC3 : 0x3C;
        good = tally_stream_bench_send(kit, 0, FEW_BYTES, round);
        (void)tally_kit_wait(kit, SETTLE_MS);
        for (uint32_t received = 0; received < FEW_BYTES && good;) {
            tally_kit_guard(kit, TINY_BYTES, fill);
            const int32_t got = tally_stream_bench_next(kit, TINY_BYTES);
            good = got > 0 && tally_kit_guarded(kit, TINY_BYTES, fill);
            received += good ? (uint32_t)got : 0;
        }
        (void)tally_kit_saw(kit, "size", TINY_BYTES);
    }
    return closed(kit, good);
}

/* What was received before is for another rule to judge. */
uint8_t tally_check_transport_nothing(tally_kit_t *kit) {
    const tally_transport_t *const transport = kit->setup->transport;
    bool good = opens_echo(kit);
    for (uint32_t i = 0; i < 4u * LOOKS && good; i++) {
        const int32_t got = transport->receive(transport->ctx, kit->data, PIECE_BYTES);
        good = got >= 0 || tally_kit_saw(kit, "receive() returned", got);
        (void)tally_kit_wait(kit, 1);
    }
    return closed(kit, good);
}

uint8_t tally_check_transport_receive_waits(tally_kit_t *kit) {
    const tally_transport_t *const transport = kit->setup->transport;
    if (kit->now[TALLY_RULE_CLOCK_MILLISECONDS] != TALLY_CONFORMANCE_PASSED) {
        return tally_kit_unchecked(kit, "needs clock_milliseconds");
    }
    const bool opened = opens_echo(kit);
    uint64_t shortest_ms = UINT64_MAX;
    for (uint32_t i = 0; i < LOOKS && opened; i++) {
        const uint64_t begin_ms = tally_kit_now_ms(kit);
        (void)transport->receive(transport->ctx, kit->data, TINY_BYTES);
        const uint64_t took_ms = tally_kit_now_ms(kit) - begin_ms;
        shortest_ms = took_ms < shortest_ms ? took_ms : shortest_ms;
    }
    if (opened) {
        (void)tally_kit_saw(kit, "ms in one call:", (int64_t)shortest_ms);
    }
    return closed(kit, opened && shortest_ms <= CALL_MOST_MS);
}

/* Back and forth, in pieces of all sizes. */
uint8_t tally_check_transport_echo(tally_kit_t *kit) {
    bool good = opens_echo(kit);
    for (uint32_t at = 0, size = 1; at < ECHO_BYTES && good; at += size, size++) {
        good = tally_stream_bench_send(kit, at, size, 2) &&
               tally_stream_bench_receive(kit, at, size, PIECE_BYTES, 2);
    }
    return closed(kit, good);
}

/* Sends from place `sent` on until nothing more is taken. Bytes taken, or negative. */
static int32_t send_ahead(tally_kit_t *kit, uint32_t sent, uint32_t most) {
    const tally_transport_t *const transport = kit->setup->transport;
    uint32_t ahead = 0;
    while (ahead + PIECE_BYTES <= most) {
        for (uint32_t i = 0; i < PIECE_BYTES; i++) {
            kit->data[i] = tally_stream_bench_byte(sent + ahead + i, 3);
        }
        const int32_t taken = transport->send(transport->ctx, kit->data, PIECE_BYTES);
        if (taken < 0 || taken > (int32_t)PIECE_BYTES) {
            (void)tally_kit_saw(kit, "send() returned", taken);
            return TALLY_E_IO;
        }
        if (taken == 0) {
            break;
        }
        ahead += (uint32_t)taken;
    }
    return (int32_t)ahead;
}

/* Sends all that is taken, then makes room by receiving. */
uint8_t tally_check_transport_much(tally_kit_t *kit) {
    bool good = opens_echo(kit);
    uint32_t sent = 0;
    uint32_t received = 0;
    uint32_t silent_ms = 0;
    while (good && received < MUCH_BYTES) {
        const int32_t ahead = send_ahead(kit, sent, received + AHEAD_MOST - sent);
        good = ahead >= 0;
        sent += good ? (uint32_t)ahead : 0;
        const uint32_t under_way = sent - received;
        const uint32_t some = under_way < AHEAD_MOST / 2u ? under_way : AHEAD_MOST / 2u;
        if (good && some > 0) {
            good = tally_stream_bench_receive(kit, received, some, PIECE_BYTES, 3);
            received += some;
            silent_ms = 0;
        } else if (good) {
            silent_ms += tally_kit_wait(kit, 1);
            good = silent_ms <= SILENCE_MS || tally_kit_saw(kit, "send() returned", 0);
        }
    }
    return closed(kit, good);
}

uint8_t tally_check_transport_stale(tally_kit_t *kit) {
    bool good = opens_echo(kit) && tally_stream_bench_send(kit, 0, FEW_BYTES, 4);
    (void)tally_kit_wait(kit, SETTLE_MS);
    /* Takes a few, so that the rest has been received and is not read. */
    good = good && tally_stream_bench_receive(kit, 0, TINY_BYTES, TINY_BYTES, 4);
    tally_stream_bench_close(kit);
    good = good && opens_echo(kit) && tally_stream_bench_send(kit, 0, FEW_BYTES, 5) &&
           tally_stream_bench_receive(kit, 0, FEW_BYTES, PIECE_BYTES, 5);
    return closed(kit, good);
}

/* The end is there before the first byte is looked at. */
static bool reads_all(tally_kit_t *kit) {
    const bool sent = tally_stream_bench_opens(kit, kit->setup->ending) &&
                      tally_stream_bench_send(kit, 0, TALLY_CONFORMANCE_ENDING_BYTES, 6);
    (void)tally_kit_wait(kit, SETTLE_MS);
    return sent &&
           tally_stream_bench_receive(kit, 0, TALLY_CONFORMANCE_ENDING_BYTES, TINY_BYTES, 6);
}

uint8_t tally_check_transport_unread(tally_kit_t *kit) {
    if (kit->setup->ending == NULL) {
        return tally_kit_unchecked(kit, "no peer ending");
    }
    return closed(kit, reads_all(kit));
}

uint8_t tally_check_transport_end(tally_kit_t *kit) {
    bool good = reads_all(kit);
    if (good) {
        const int32_t got = tally_stream_bench_next(kit, TINY_BYTES);
        good = got == TALLY_E_CLOSED || tally_kit_saw(kit, "receive() returned", got);
    }
    return closed(kit, good);
}
