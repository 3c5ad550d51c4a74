/* SPDX-License-Identifier: Apache-2.0 */
#include "cfi_nor_query.h"

#include "cfi_nor_commands.h"

#define BLOCK_BYTES_LEAST 256u
#define BLOCK_BYTES_MOST  (1024u * 1024u)
#define BUFFER_LOG2_MOST  11u /* bytes of a chip: 1,024 words; what is larger is used in part */
#define CHIP_LOG2_MOST    30u
#define TIME_LOG2_MOST    25u /* microseconds: 33 s */
#define MS_LOG2_US        10u /* 1 ms is taken for 1,024 us */

bool cfi_nor_await(const cfi_nor_t *nor, uintptr_t address, uint32_t most_us, uint32_t *status) {
    *status = get(address);
    if ((*status & STATUS_READY) == STATUS_READY) {
        return true;
    }
    const uint64_t begun_us = nor->now_us();
    bool is_over;
    do {
        /* The clock before the status: who stands still in between has waited for nothing. */
        is_over = nor->now_us() - begun_us > most_us;
        *status = get(address);
    } while ((*status & STATUS_READY) != STATUS_READY && !is_over);
    return (*status & STATUS_READY) == STATUS_READY;
}

/* ---- query mode ------------------------------------------------------------------------------ */

static uintptr_t place_of(const cfi_nor_t *nor, uint32_t index) {
    return nor->base + (uintptr_t)index * WORD_BYTES;
}

static uint32_t query(const cfi_nor_t *nor, uint32_t index) {
    return get(place_of(nor, index));
}

static bool answers(const cfi_nor_t *nor) {
    return query(nor, QUERY_Q) == BOTH('Q') && query(nor, QUERY_R) == BOTH('R') &&
           query(nor, QUERY_Y) == BOTH('Y');
}

/*
 * Nothing tells what a first write is taken for: the last operation may have been cut off anywhere.
 * READ_ARRAY is safe in all places: as data it clears no bit, as a count it is too large, and as a
 * confirmation it confirms nothing; as words for a buffer both are never confirmed. Chips that are
 * busy may not hear it, or not the query behind it.
 */
bool cfi_nor_enter_query(const cfi_nor_t *nor, uint32_t most_us) {
    const uint64_t begun_us = nor->now_us();
    bool has_answered;
    bool is_over;
    do {
        is_over = nor->now_us() - begun_us > most_us;
        put(nor->base, CMD_READ_ARRAY);
        put(place_of(nor, QUERY_COMMAND_AT), CMD_QUERY);
        has_answered = answers(nor);
    } while (!has_answered && !is_over);
    return has_answered;
}

/* ---- the table ------------------------------------------------------------------------------- */

typedef struct {
    const cfi_nor_t *nor;
    bool differs; /* the chips are not alike */
} table_t;

static uint32_t byte_of(table_t *table, uint32_t index) {
    const uint32_t word = query(table->nor, index);
    table->differs = table->differs || word != BOTH(word & 0xFFu);
    return word & 0xFFu;
}

static uint32_t pair_of(table_t *table, uint32_t index) {
    return byte_of(table, index) | byte_of(table, index + 1u) << 8;
}

static bool read_geometry(table_t *table, cfi_nor_t *nor) {
    const uint32_t chip_log2 = byte_of(table, QUERY_CHIP_BYTES);
    const uint32_t blocks = pair_of(table, QUERY_BLOCKS) + 1u;
    const uint32_t block_bytes = pair_of(table, QUERY_BLOCK_SIZE) * 256u;
    const uint32_t buffer_log2 = pair_of(table, QUERY_BUFFER);
    const bool has_buffer = buffer_log2 > 1 && byte_of(table, QUERY_BUFFER_US) != 0;
    nor->sectors = blocks;
    nor->sector_bytes = block_bytes * 2u;
    nor->buffer_bytes = WORD_BYTES;
    if (has_buffer) {
        nor->buffer_bytes = 2u << (buffer_log2 < BUFFER_LOG2_MOST ? buffer_log2 : BUFFER_LOG2_MOST);
    }
    return byte_of(table, QUERY_REGIONS) == 1 && chip_log2 <= CHIP_LOG2_MOST &&
           (uint64_t)blocks * block_bytes == 1u << chip_log2 &&
           nor->sector_bytes >= BLOCK_BYTES_LEAST && nor->sector_bytes <= BLOCK_BYTES_MOST &&
           nor->sector_bytes % nor->buffer_bytes == 0;
}

/* The longest time of an operation; false if it cannot be meant. */
static bool read_time(table_t *table, uint32_t typical_at, uint32_t most_at, uint32_t unit_log2,
                      uint32_t *most_us) {
    const uint32_t log2 = byte_of(table, typical_at) + byte_of(table, most_at) + unit_log2;
    *most_us = log2 <= TIME_LOG2_MOST ? 1u << log2 : 0;
    return log2 <= TIME_LOG2_MOST;
}

static void read_locks(table_t *table, cfi_nor_t *nor) {
    const uint32_t extended = pair_of(table, QUERY_EXTENDED);
    nor->locks = byte_of(table, extended) == 'P' && byte_of(table, extended + 1u) == 'R' &&
                 byte_of(table, extended + 2u) == 'I' &&
                 (byte_of(table, extended + EXTENDED_FEATURES) & FEATURE_INSTANT_LOCK) != 0;
}

bool cfi_nor_read_query(cfi_nor_t *nor) {
    table_t table = {nor, false};
    const uint32_t set = pair_of(&table, QUERY_SET);
    const bool is_good =
        (set == SET_INTEL_EXTENDED || set == SET_INTEL) && read_geometry(&table, nor) &&
        read_time(&table, QUERY_WORD_US, QUERY_WORD_MOST, 0, &nor->word_us) &&
        read_time(&table, QUERY_BUFFER_US, QUERY_BUFFER_MOST, 0, &nor->buffer_us) &&
        read_time(&table, QUERY_ERASE_MS, QUERY_ERASE_MOST, MS_LOG2_US, &nor->erase_us);
    read_locks(&table, nor);
    return is_good && !table.differs;
}
