/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of sections of 1 MiB for the lower half of the addresses; the upper half has none.
 * Descriptors as in the ARMv7-A Architecture Reference Manual, B3.5.
 */
#include "mmu.h"

#include <stdalign.h>

#include "cortex_a.h"

#define SECTIONS     2048u
#define SECTION_LOG2 20u

#define SECTION          0x2u
#define SECTION_BUFFERED 0x4u
#define SECTION_CACHED   0x8u
#define SECTION_NO_CODE  0x10u
#define SECTION_OURS     0x400u  /* privileged code reads and writes, */
#define SECTION_NO_WRITE 0x8000u /* or only reads */
#define SECTION_NORMAL   0x1000u /* memory, and not a device */

/* The table is for the lower half; for addresses of the upper half none is looked for. */
#define TTBCR_LOWER_HALF    0x1u
#define TTBCR_NO_UPPER_HALF 0x20u

/* Of domain 0, which all sections are in, the permissions hold. */
#define DACR_CHECKED 0x1u

#define TTBR0    0, c2, c0, 0
#define TTBCR    0, c2, c0, 2
#define DACR     0, c3, c0, 0
#define ICIALLU  0, c7, c5, 0
#define BPIALL   0, c7, c5, 6
#define DCISW    0, c7, c6, 2
#define TLBIALL  0, c8, c7, 0
#define CCSIDR   1, c0, c0, 0
#define CSSELR   2, c0, c0, 0
#define L1_CACHE 0u

static const uint32_t descriptors[] = {
    [MMU_CODE] = SECTION | SECTION_NORMAL | SECTION_CACHED | SECTION_BUFFERED | SECTION_OURS |
                 SECTION_NO_WRITE,
    [MMU_DATA] = SECTION | SECTION_NORMAL | SECTION_CACHED | SECTION_BUFFERED | SECTION_OURS |
                 SECTION_NO_CODE,
    [MMU_UNCACHED] = SECTION | SECTION_NORMAL | SECTION_OURS | SECTION_NO_CODE,
    [MMU_DEVICE] = SECTION | SECTION_BUFFERED | SECTION_OURS | SECTION_NO_CODE,
};

static alignas(SECTIONS * sizeof(uint32_t)) uint32_t table[SECTIONS];

static void synchronize(void) {
    __asm volatile("dsb\n\tisb" : : : "memory");
}

/* What the data cache holds after a reset is nobody's data, and is thrown away: DCISW wants the way
 * in the highest bits and the set above the bytes of a line. */
static void forget_data_cache(void) {
    CORTEX_A_SET(CSSELR, L1_CACHE);
    synchronize();
    uint32_t shape;
    CORTEX_A_GET(CCSIDR, shape);
    const uint32_t line_log2 = (shape & 0x7u) + 4u;
    const uint32_t last_way = (shape >> 3) & 0x3FFu;
    const uint32_t last_set = (shape >> 13) & 0x7FFFu;
    const uint32_t way_shift = last_way == 0 ? 0 : (uint32_t)__builtin_clz(last_way);
    for (uint32_t way = 0; way <= last_way; way++) {
        for (uint32_t set = 0; set <= last_set; set++) {
            CORTEX_A_SET(DCISW, way << way_shift | set << line_log2);
        }
    }
}

static void fill_table(const mmu_range_t *ranges, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t first = (uint32_t)(ranges[i].begin >> SECTION_LOG2);
        for (uint32_t at = first; at < first + ranges[i].mib && at < SECTIONS; at++) {
            table[at] = at << SECTION_LOG2 | descriptors[ranges[i].kind];
        }
    }
}

/* The table was written past the cache, and is read past it. */
void mmu_start(const mmu_range_t *ranges, uint32_t count) {
    fill_table(ranges, count);
    forget_data_cache();
    CORTEX_A_SET(ICIALLU, 0u);
    CORTEX_A_SET(BPIALL, 0u);
    CORTEX_A_SET(TLBIALL, 0u);
    CORTEX_A_SET(TTBCR, TTBCR_LOWER_HALF | TTBCR_NO_UPPER_HALF);
    CORTEX_A_SET(TTBR0, (uint32_t)(uintptr_t)table);
    CORTEX_A_SET(DACR, DACR_CHECKED);
    synchronize();
    uint32_t control;
    CORTEX_A_GET(SCTLR, control);
    control &= ~SCTLR_ALIGNED;
    CORTEX_A_SET(SCTLR, control | SCTLR_MMU | SCTLR_DATA | SCTLR_CODE | SCTLR_BRANCH);
    synchronize();
}
