/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_CUT_H
#define TALLY_TESTS_FAULT_CUT_H
/* What is left of an operation in which power went. README.md has the list and why. */
#include <stdint.h>

#include "log.h"
#include "nor.h"

enum cut_mode {
    CUT_NOTHING,    /* it had not begun */
    CUT_WHOLE,      /* it was through, but nobody was told */
    CUT_PREFIX,     /* program: the first bytes; erase: the first bytes are erased */
    CUT_SOME_BITS,  /* some of the bits it was to change */
    CUT_SOFT,       /* all bits it was to change read by chance */
    CUT_SOFT_FEW,   /* one to three of them do, the others are as before */
    CUT_SOFT_TORN,  /* some are changed, the others read by chance */
    CUT_WEAK,       /* reads as if not begun; soft from the second mount on */
    CUT_WEAK_READS, /* the same, soft after some reads */
    CUT_FADING,     /* reads as if whole; soft from the second mount on */
    CUT_FADING_READS,
    CUT_ZEROS,      /* erases that write zeros first: the first bytes are zeros */
    CUT_ZEROS_PART, /* all zeros, and the first bytes erased */
    CUT_ZEROS_BITS, /* all zeros, and some bits erased */
    CUT_SECTORS,    /* a file: of each 512 B changed since the last sync, the old or the new */
    CUT_MODES
};

typedef struct {
    uint8_t mode;
    uint32_t bytes; /* of a prefix */
    uint64_t seed;
} cut_t;

enum { CUTS_MOST = 32 };

/* All cuts of an operation, up to CUTS_MOST; how many. CUT_SECTORS is not among them. */
uint32_t cut_list(const nor_t *nor, const op_t *op, uint64_t seed, cut_t *cuts);

void cut_apply(nor_t *nor, const op_t *op, const uint8_t *data, cut_t cut);

/* A nor_t's `cut`: one of the list, by its cut_seed. */
void cut_any(nor_t *nor, const op_t *op, const uint8_t *data);
/* The same, but one of those that leave no trace yet, or one that may show or not. */
void cut_hidden(nor_t *nor, const op_t *op, const uint8_t *data);

const char *cut_name(uint32_t mode);

#endif
