/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_LWIP_POOLS_H
#define TALLY_LWIP_POOLS_H
/*
 * How full lwIP's static memory has been: each of its pools, and its heap.
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *name;    /* lwIP's own: "PBUF_POOL", "TCP_SEG", ...; "HEAP" */
    uint16_t item_bytes; /* 1 for the heap */
    uint16_t items;      /* there are */
    uint16_t used;       /* now */
    uint16_t high_water; /* most at once */
    uint16_t failed;     /* requests refused, may wrap */
} tally_lwip_pool_t;

/* Fills `out` with pool number `index`, counted from 0. TALLY_OK, or TALLY_E_EMPTY after the last.
 * Anywhere: each number is right by itself, even while lwIP runs. */
int32_t tally_lwip_pool(uint32_t index, tally_lwip_pool_t *out);

#ifdef __cplusplus
}
#endif

#endif
