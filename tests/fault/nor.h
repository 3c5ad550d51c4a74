/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_NOR_H
#define TALLY_TESTS_FAULT_NOR_H
/*
 * NOR flash in memory, as strict as the strictest part: programs clear bits and nothing else, keep
 * to the granularity, and go to erased places only, but for granules of zeros, which may go
 * anywhere. What a caller does against that is noted in `broken_rule` and refused.
 *
 * Every byte has four faces:
 *
 *     data   what is read
 *     soft   bits that read anew by chance each time, until they are erased or programmed to 0
 *     weak   bits that read as in `data` for now and turn soft later (nor_weaken)
 *     spent  not 0: programmed since it was last erased
 *
 * Images are copied by the pages that changed: nor_follow().
 */
#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "tally/port.h"

enum {
    NOR_PAGE = 256,
    NOR_WEAK_RANGES = 8,
    NOR_STUCK_BITS = 64,
};

typedef struct {
    uint32_t block_bytes;
    uint32_t blocks;
    uint32_t granularity;
    uint32_t urgent_blocks; /* for the spool on it */
} nor_shape_t;

/* What it cost; nor_spent_us() makes time of it. */
typedef struct {
    uint32_t programs;
    uint32_t pages; /* of 256 B that programs touched */
    uint32_t erases;
    uint32_t syncs;
    uint32_t reads;
    uint64_t bytes_programmed;
    uint64_t bytes_read;
} nor_cost_t;

/* Bits that will turn soft: at the second mount from now on, or when so many reads met them. */
typedef struct {
    uint32_t at;
    uint32_t bytes; /* 0: none */
    uint32_t mounts_left;
    uint32_t reads_left; /* 0: not by reads */
} nor_weak_range_t;

typedef struct {
    uint32_t at;
    uint8_t mask;
    bool high;
} nor_stuck_t;

/* Failures of the part. */
typedef struct {
    uint32_t program_in; /* this many programs from now one fails; 0: none */
    uint32_t programs;   /* and so many in a row */
    uint32_t erase_in;
    uint32_t erases;
    uint32_t read_in;
    uint32_t reads;
    bool partly;         /* a failing program or erase leaves its work half done */
    uint64_t bad_blocks; /* a bit each: programs and erases fail and do nothing */
    uint64_t unreadable; /* a bit each: reads fail */
    uint32_t worn_at;    /* some bits in this region keep what they are, silently */
    uint32_t worn_bytes;
    uint32_t worn_seed;
    nor_stuck_t stuck[NOR_STUCK_BITS];
    uint32_t stuck_count;
} nor_flaws_t;

typedef struct nor nor_t;

/* Sees every operation that the part took, before it happens. */
typedef void nor_watch_t(void *watcher, const nor_t *nor, const op_t *op, const uint8_t *data);

struct nor {
    tally_store_t store;
    nor_shape_t shape;
    uint32_t bytes;
    uint8_t *data;
    uint8_t *soft;
    uint8_t *weak;
    uint8_t *spent;
    uint32_t *block_soft;   /* for each block: not 0 if it may have soft bits */
    uint32_t *block_erases; /* wear */
    nor_weak_range_t weak_ranges[NOR_WEAK_RANGES];
    uint64_t *differs;  /* a bit a page: changed since it was last copied from above, */
    uint64_t *changed;  /* or since it was last copied below, */
    uint64_t *unhashed; /* or since it was last hashed */
    uint64_t *page_hash;
    uint64_t hash;
    uint64_t chance; /* of soft bits */
    uint32_t odds;   /* of 256: that a soft bit reads 1 */
    uint32_t ops;    /* operations so far: the number of the next one */
    uint32_t cut_at; /* the operation in which power goes; NEVER */
    void (*cut)(nor_t *nor, const op_t *op, const uint8_t *data);
    uint32_t cut_mode;
    uint64_t cut_seed;
    bool off; /* no power: nothing happens, everything fails */
    const char *broken_rule;
    nor_cost_t cost;
    nor_flaws_t flaws;
    log_t *log; /* NULL: none */
    nor_watch_t *watch;
    void *watcher;
};

#define NEVER UINT32_MAX

/* An erased part. Its store's callbacks fail while `off`. */
void nor_open(nor_t *nor, nor_shape_t shape);
void nor_close(nor_t *nor);
/* All erased, nothing counted, no flaws, no log. */
void nor_renew(nor_t *nor);

/* Power comes back: the next mount. Weak bits may turn soft. */
void nor_power_up(nor_t *nor);

/* Makes `nor` what `above` is. Cheap when it was so before and little changed since. Log, watcher,
 * flaws and costs stay its own. */
void nor_follow(nor_t *nor, nor_t *above);
/* The same once, of parts that had nothing to do with each other. */
void nor_copy(nor_t *nor, nor_t *above);
/* Of all that is in the part, soft and weak bits too. */
uint64_t nor_hash(nor_t *nor);

/* Carries out an operation as if the log's caller had asked for it: no rules, no counting. */
void nor_apply(nor_t *nor, const op_t *op, const uint8_t *data);

/* For cuts: marks pages as changed; must follow every change of the arrays above. */
void nor_touched(nor_t *nor, uint32_t at, uint32_t bytes);
/* Bits of `mask` at a byte become soft. */
void nor_soften(nor_t *nor, uint32_t at, uint8_t mask);
/* The weak bits in a range turn soft at the second mount from now on, or after so many reads. */
void nor_weaken(nor_t *nor, uint32_t at, uint32_t bytes, uint32_t reads);

uint64_t nor_cost_us(const nor_t *nor);
uint64_t nor_chance(uint64_t *state);

/* nor_flaws.c; used by nor.c only. */
bool nor_program_fails(nor_t *nor, const op_t *op, const uint8_t *data);
bool nor_erase_fails(nor_t *nor, const op_t *op);
bool nor_read_fails(nor_t *nor, uint32_t block);
void nor_wear_shows(nor_t *nor, uint32_t at, uint32_t bytes);

#endif
