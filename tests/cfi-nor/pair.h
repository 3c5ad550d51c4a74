/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAIR_H
#define PAIR_H
/*
 * Two chips side by side on a bus of 32 bits, under the driver: cfi_nor_bus_get() and _put() are
 * here, and the clock. There is one bus.
 */
#include <setjmp.h>

#include "chip.h"

enum { PAIR_CHIPS = 2 };

/* Not 0, and not what the chips are on a real board. */
#define PAIR_BASE ((uintptr_t)0x44000000u)

typedef struct {
    chip_t chips[PAIR_CHIPS];
    uint64_t now_ns;
    uint32_t access_ns;       /* what a bus cycle or a look at the clock takes */
    uint32_t writes_left;     /* then the CPU is reset: to `reset`; 0: never */
    uint32_t stands_still_ns; /* once, between the next look at the clock and what follows */
    bool is_empty;            /* nobody drives the bus */
    jmp_buf reset;
    const char *broken_rule; /* of the bus; chips have theirs */
} pair_t;

extern pair_t pair;

/* Both chips alike, powered up. */
void pair_open(const chip_shape_t *shape, const chip_cells_t cells[PAIR_CHIPS]);

void pair_power_cycle(void);

/* Both idle, and reads give what is in the cells. */
bool pair_is_at_rest(void);

/* The first rule that was broken, NULL: none. */
const char *pair_broken_rule(void);

uint64_t pair_now_us(void);

#endif
