/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing. */
#include <stddef.h>

#include "stream_bench.h"

#define OPENS        3u
#define CALL_MOST_MS 250u
#define CYCLES       40u
#define HALF_OPEN    4u

uint8_t tally_check_transport_complete(tally_kit_t *kit) {
    const tally_transport_t *const transport = kit->setup->transport;
    if (transport == NULL) {
        return tally_kit_unchecked(kit, "no transport given");
    }
    kit->note = transport->open == NULL      ? "open"
                : transport->send == NULL    ? "send"
                : transport->receive == NULL ? "receive"
                : transport->close == NULL   ? "close"
                                             : NULL;
    return tally_kit_judge(kit->note == NULL);
}

uint8_t tally_check_transport_proved(tally_kit_t *kit) {
    const bool is_authenticated = kit->setup->transport->is_authenticated;
    (void)tally_kit_saw(kit, "is_authenticated", is_authenticated ? 1 : 0);
    return tally_kit_judge(is_authenticated == kit->setup->proves_peer);
}

uint8_t tally_check_transport_opens(tally_kit_t *kit) {
    if (kit->setup->echo == NULL) {
        return tally_kit_unchecked(kit, "no peer echo");
    }
    const bool opens = tally_stream_bench_opens(kit, kit->setup->echo);
    tally_stream_bench_close(kit);
    return tally_kit_judge(opens);
}

/* Unix seconds when the run began; 0: nobody knows. */
static int64_t began_s(const tally_kit_t *kit) {
    const tally_wall_t *const wall = &kit->wall_before;
    const bool is_told = wall->quality == TALLY_WALL_AUTHENTICATED;
    return (is_told ? wall->unix_ms : kit->setup->unix_ms) / 1000;
}

uint8_t tally_check_transport_dates(tally_kit_t *kit) {
    const tally_transport_t *const transport = kit->setup->transport;
    const int64_t now_s = began_s(kit);
    const uint32_t from_s = transport->valid_from_s;
    const uint32_t to_s = transport->valid_to_s;
    const bool has_none = from_s == 0 && to_s == 0;
    if (kit->setup->proves_peer && has_none) {
        return tally_kit_unchecked(kit, "it tells none");
    }
    (void)tally_kit_saw(kit, from_s > to_s ? "valid_from_s" : "valid_to_s",
                        from_s > to_s ? from_s : to_s);
    const bool has_now = now_s == 0 || (now_s >= from_s && now_s <= to_s);
    return tally_kit_judge(has_none || (kit->setup->proves_peer && from_s <= to_s && has_now));
}

uint8_t tally_check_transport_phases(tally_kit_t *kit) {
    const stream_opening_t opening = tally_stream_bench_open(kit, kit->setup->echo);
    tally_stream_bench_close(kit);
    (void)tally_kit_saw(kit, "open() returned", opening.stranger);
    return tally_kit_judge(opening.stranger == 0);
}

uint8_t tally_check_transport_forward(tally_kit_t *kit) {
    const stream_opening_t opening = tally_stream_bench_open(kit, kit->setup->echo);
    tally_stream_bench_close(kit);
    (void)tally_kit_saw(kit, "open() went back to", opening.back_to);
    return tally_kit_judge(opening.back_to == 0);
}

/* A peer that does not answer tells best; the quickest of several, as the device has other things
 * to do. */
uint8_t tally_check_transport_open_waits(tally_kit_t *kit) {
    if (kit->now[TALLY_RULE_CLOCK_MILLISECONDS] != TALLY_CONFORMANCE_PASSED) {
        return tally_kit_unchecked(kit, "needs clock_milliseconds");
    }
    const tally_transport_t *const transport = kit->setup->transport;
    const tally_peer_t *const silent = kit->setup->silent;
    if (silent == NULL && kit->setup->proves_peer) {
        return tally_kit_unchecked(kit, "no peer silent, and TLS computes with another");
    }
    uint64_t shortest_ms = UINT64_MAX;
    for (uint32_t i = 0; i < OPENS; i++) {
        uint64_t took_ms = 0;
        if (silent == NULL) {
            took_ms = tally_stream_bench_open(kit, kit->setup->echo).longest_ms;
        } else {
            int32_t status = TALLY_OPENING_RESOLVE;
            for (uint32_t call = 0; call < HALF_OPEN && status > TALLY_OPEN; call++) {
                const uint64_t begin_ms = tally_kit_now_ms(kit);
                status = transport->open(transport->ctx, silent);
                const uint64_t call_ms = tally_kit_now_ms(kit) - begin_ms;
                took_ms = call_ms > took_ms ? call_ms : took_ms;
            }
        }
        tally_stream_bench_close(kit);
        shortest_ms = took_ms < shortest_ms ? took_ms : shortest_ms;
    }
    (void)tally_kit_saw(kit, "ms in one call:", (int64_t)shortest_ms);
    return tally_kit_judge(shortest_ms <= CALL_MOST_MS);
}

uint8_t tally_check_transport_close(tally_kit_t *kit) {
    const tally_transport_t *const transport = kit->setup->transport;
    tally_stream_bench_close(kit);
    tally_stream_bench_close(kit);
    bool good = true;
    for (uint32_t calls = 1; calls <= HALF_OPEN && good; calls++) {
        int32_t status = TALLY_OPENING_RESOLVE;
        for (uint32_t call = 0; call < calls && status > TALLY_OPEN; call++) {
            status = transport->open(transport->ctx, kit->setup->echo);
        }
        tally_stream_bench_close(kit);
        if (calls % 2u == 0) {
            tally_stream_bench_close(kit);
        }
        good = tally_stream_bench_opens(kit, kit->setup->echo);
        tally_stream_bench_close(kit);
    }
    return tally_kit_judge(good);
}

static bool is_refused(tally_kit_t *kit, const tally_peer_t *peer) {
    const int32_t status = tally_stream_bench_open(kit, peer).status;
    tally_stream_bench_close(kit);
    (void)tally_kit_saw(kit, "open() returned", status);
    return status < 0;
}

uint8_t tally_check_transport_refused(tally_kit_t *kit) {
    if (kit->setup->refusing == NULL) {
        return tally_kit_unchecked(kit, "no peer refusing");
    }
    return tally_kit_judge(is_refused(kit, kit->setup->refusing));
}

uint8_t tally_check_transport_unresolved(tally_kit_t *kit) {
    if (kit->setup->unresolved == NULL) {
        return tally_kit_unchecked(kit, "no peer unresolved");
    }
    return tally_kit_judge(is_refused(kit, kit->setup->unresolved));
}

uint8_t tally_check_transport_recovers(tally_kit_t *kit) {
    bool good = true;
    for (uint32_t i = 0; i < OPENS && good; i++) {
        good = is_refused(kit, kit->setup->refusing) &&
               tally_stream_bench_opens(kit, kit->setup->echo);
        tally_stream_bench_close(kit);
    }
    return tally_kit_judge(good);
}

uint8_t tally_check_transport_again(tally_kit_t *kit) {
    const uint32_t cycles = kit->setup->cycles != 0 ? kit->setup->cycles : CYCLES;
    for (uint32_t cycle = 0; cycle < cycles; cycle++) {
        const bool opens = tally_stream_bench_opens(kit, kit->setup->echo);
        tally_stream_bench_close(kit);
        if (!opens) {
            return tally_kit_failed(kit, "round", cycle);
        }
    }
    return TALLY_CONFORMANCE_PASSED;
}
