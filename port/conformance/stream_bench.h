/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_KIT_STREAM_BENCH_H
#define TALLY_KIT_STREAM_BENCH_H
/* Opening the transport under test, and sending what can be told apart by its place. */
#include "kit.h"

/* How an open() went. */
typedef struct {
    int32_t status;      /* the last one: TALLY_OPEN, an error, or a phase when time was up */
    int32_t stranger;    /* positive and none of enum tally_opening; 0: none was */
    int32_t back_to;     /* an earlier phase than the one before; 0: none was */
    uint64_t longest_ms; /* of its calls */
} stream_opening_t;

stream_opening_t tally_stream_bench_open(const tally_kit_t *kit, const tally_peer_t *peer);

/* Whether the stream is open now; if not, what was seen. */
bool tally_stream_bench_opens(tally_kit_t *kit, const tally_peer_t *peer);
void tally_stream_bench_close(const tally_kit_t *kit);

/* The byte at a place of what is sent. */
uint8_t tally_stream_bench_byte(uint32_t at, uint32_t stream);

/* Sends `size` bytes from place `at` on, all of them. False, with what was seen, when send() fails
 * or takes nothing for long. */
bool tally_stream_bench_send(tally_kit_t *kit, uint32_t at, uint32_t size, uint32_t stream);

/* Receives as many, `piece` at a time, and compares them. */
bool tally_stream_bench_receive(tally_kit_t *kit, uint32_t at, uint32_t size, uint32_t piece,
                                uint32_t stream);

/* The first thing but 0 that receive() returns for `size` bytes, or 0 when nothing comes for
 * long. */
int32_t tally_stream_bench_next(const tally_kit_t *kit, uint32_t size);

#endif
