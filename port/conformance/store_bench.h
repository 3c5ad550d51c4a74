/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_KIT_STORE_BENCH_H
#define TALLY_KIT_STORE_BENCH_H
/* Writing to the store under test what can be told apart by its place, and looking for it. */
#include "kit.h"

#define STORE_PIECE_BYTES 64u /* a multiple of each granularity, and in one page of any flash */

/* What a place holds: nothing, zeros, or bytes that follow from block, offset and this number. */
enum {
    STORE_ERASED = 0,
    STORE_ZEROS = 1,
    STORE_PATTERN = 2, /* and up */
};

uint8_t tally_store_bench_byte(uint32_t block, uint32_t offset, uint8_t what);
void tally_store_bench_fill(uint8_t *out, uint32_t block, uint32_t offset, uint32_t size,
                            uint8_t what);

/* True; or false, with what was seen. Pieces of STORE_PIECE_BYTES at the most. */
bool tally_store_bench_erase(tally_kit_t *kit, uint32_t block);
bool tally_store_bench_put(tally_kit_t *kit, uint32_t block, uint32_t offset, uint32_t size,
                           uint8_t what);
bool tally_store_bench_holds(tally_kit_t *kit, uint32_t block, uint32_t offset, uint32_t size,
                             uint8_t what);
bool tally_store_bench_sync(tally_kit_t *kit);

/* Compares what was read to `data` with what belongs there. */
bool tally_store_bench_matches(tally_kit_t *kit, const uint8_t *data, uint32_t block,
                               uint32_t offset, uint32_t size, uint8_t what);

/* Some pieces all over a block, none in its second and its last: to write all of a large one would
 * take long. matches_spread() compares a whole block that was read to `data`. */
bool tally_store_bench_put_spread(tally_kit_t *kit, uint32_t block, uint8_t what);
bool tally_store_bench_holds_spread(tally_kit_t *kit, uint32_t block, uint8_t what);
bool tally_store_bench_matches_spread(tally_kit_t *kit, const uint8_t *data, uint32_t block,
                                      uint8_t what);

/* One call, `size` bytes from or to `data`. */
bool tally_store_bench_program(tally_kit_t *kit, uint32_t block, uint32_t offset,
                               const uint8_t *data, uint32_t size);
bool tally_store_bench_read(tally_kit_t *kit, uint32_t block, uint32_t offset, uint8_t *data,
                            uint32_t size);

#endif
