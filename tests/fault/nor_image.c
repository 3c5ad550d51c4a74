/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a part, and copies of it by the pages that changed. */
#include <stdlib.h>
#include <string.h>

#include "nor.h"

#define WORD_PAGES 64u

static uint32_t pages(const nor_t *nor) {
    return nor->bytes / NOR_PAGE;
}

static uint32_t words(const nor_t *nor) {
    return (pages(nor) + WORD_PAGES - 1) / WORD_PAGES;
}

static void *claimed(size_t count, size_t size) {
    void *const memory = calloc(count, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void nor_open(nor_t *nor, nor_shape_t shape) {
    memset(nor, 0, sizeof *nor);
    nor->shape = shape;
    nor->bytes = shape.block_bytes * shape.blocks;
    nor->data = claimed(nor->bytes, 1);
    nor->soft = claimed(nor->bytes, 1);
    nor->weak = claimed(nor->bytes, 1);
    nor->spent = claimed(nor->bytes, 1);
    nor->block_soft = claimed(shape.blocks, sizeof *nor->block_soft);
    nor->block_erases = claimed(shape.blocks, sizeof *nor->block_erases);
    nor->differs = claimed(words(nor), sizeof *nor->differs);
    nor->changed = claimed(words(nor), sizeof *nor->changed);
    nor->unhashed = claimed(words(nor), sizeof *nor->unhashed);
    nor->page_hash = claimed(pages(nor), sizeof *nor->page_hash);
    nor_renew(nor);
}

void nor_close(nor_t *nor) {
    free(nor->data);
    free(nor->soft);
    free(nor->weak);
    free(nor->spent);
    free(nor->block_soft);
    free(nor->block_erases);
    free(nor->differs);
    free(nor->changed);
    free(nor->unhashed);
    free(nor->page_hash);
    memset(nor, 0, sizeof *nor);
}

void nor_touched(nor_t *nor, uint32_t at, uint32_t bytes) {
    if (bytes == 0) {
        return;
    }
    const uint32_t last = (at + bytes - 1) / NOR_PAGE;
    for (uint32_t page = at / NOR_PAGE; page <= last; page++) {
        const uint64_t bit = UINT64_C(1) << page % WORD_PAGES;
        nor->differs[page / WORD_PAGES] |= bit;
        nor->changed[page / WORD_PAGES] |= bit;
        nor->unhashed[page / WORD_PAGES] |= bit;
    }
}

static uint64_t mixed(uint64_t hash, const uint8_t *bytes) {
    for (uint32_t i = 0; i < NOR_PAGE; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0xFF51AFD7ED558CCD);
        hash ^= hash >> 32;
    }
    return hash;
}

uint64_t nor_hash(nor_t *nor) {
    for (uint32_t word = 0; word < words(nor); word++) {
        while (nor->unhashed[word] != 0) {
            const uint32_t page =
                word * WORD_PAGES + (uint32_t)__builtin_ctzll(nor->unhashed[word]);
            const uint32_t at = page * NOR_PAGE;
            nor->unhashed[word] &= nor->unhashed[word] - 1;
            nor->hash ^= nor->page_hash[page];
            uint64_t hash = mixed(page + UINT64_C(1), nor->data + at);
            hash = mixed(hash, nor->soft + at);
            nor->page_hash[page] = mixed(hash, nor->weak + at);
            nor->hash ^= nor->page_hash[page];
        }
    }
    return nor->hash;
}

static void copy_page(nor_t *nor, const nor_t *above, uint32_t page) {
    const uint32_t at = page * NOR_PAGE;
    memcpy(nor->data + at, above->data + at, NOR_PAGE);
    memcpy(nor->soft + at, above->soft + at, NOR_PAGE);
    memcpy(nor->weak + at, above->weak + at, NOR_PAGE);
    memcpy(nor->spent + at, above->spent + at, NOR_PAGE);
    nor->page_hash[page] = above->page_hash[page];
}

static void copy_state(nor_t *nor, const nor_t *above) {
    memcpy(nor->block_soft, above->block_soft, above->shape.blocks * sizeof *nor->block_soft);
    memcpy(nor->weak_ranges, above->weak_ranges, sizeof nor->weak_ranges);
    nor->hash = above->hash;
    nor->chance = above->chance;
    nor->odds = above->odds;
    nor->ops = 0;
    nor->cut_at = NEVER;
    nor->off = false;
    nor->broken_rule = NULL;
}

void nor_follow(nor_t *nor, nor_t *above) {
    (void)nor_hash(above);
    for (uint32_t word = 0; word < words(nor); word++) {
        uint64_t copy = nor->differs[word] | above->changed[word];
        nor->changed[word] |= copy;
        nor->differs[word] = 0;
        above->changed[word] = 0;
        nor->unhashed[word] = 0;
        while (copy != 0) {
            copy_page(nor, above, word * WORD_PAGES + (uint32_t)__builtin_ctzll(copy));
            copy &= copy - 1;
        }
    }
    copy_state(nor, above);
}

void nor_copy(nor_t *nor, nor_t *above) {
    nor_touched(nor, 0, nor->bytes);
    nor_follow(nor, above);
}
