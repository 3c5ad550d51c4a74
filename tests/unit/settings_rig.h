/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SETTINGS_RIG_H
#define SETTINGS_RIG_H
/*
 * Two erase blocks of NOR flash as strict as they come, which can lose power in the middle of an
 * operation. What a cut leaves in doubt may read one way now, another way after the next boot, or
 * differently each time. Every program is checked: inside, on the granularity, and, but for zeros,
 * only where this boot has erased and nothing was programmed since.
 */
#include <stdbool.h>
#include <stdint.h>

#include "dice.h"
#include "tally/settings.h"

enum { RIG_BYTES_MOST = 2 * 65536 };

/* What a cut operation leaves. An erase that got to X of the way leaves what a program would. */
enum rig_cut {
    CUT_NOTHING,
    CUT_PREFIX, /* of whole bytes */
    CUT_WHOLE,
    CUT_RANDOM,       /* some of its bits */
    CUT_FADES,        /* looks whole; after the next boot some bits are back */
    CUT_SHOWS,        /* looks like nothing; is there after the next boot, or some bits are */
    CUT_UNSTABLE,     /* some bits read differently each time */
    CUT_ALL_UNSTABLE, /* all that it changed does */
    CUT_ZEROS,        /* an erase that zeroes first and got no further; else as CUT_RANDOM */
    CUTS,
};

typedef struct {
    tally_store_t store;
    tally_settings_t settings;
    dice_t dice;
    /* the test sets */
    uint32_t cut_in;   /* the how manyth program or erase from now loses power; 0: none */
    enum rig_cut cut;  /* and how */
    bool bad[2];       /* this block cannot be erased any more */
    bool stuck[2];     /* or takes no program */
    uint32_t fails_in; /* the how manyth program or erase fails halfway; 0: none */
    bool fails_whole;  /* a program that fails does so with all of it there */
    /* the test reads */
    uint32_t programs;
    uint32_t erases[2];
    bool is_off;
    /* its own */
    uint32_t later_in; /* so many boots from now */
    /* of these, what two blocks take */
    uint8_t memory[RIG_BYTES_MOST];
    uint8_t unstable[RIG_BYTES_MOST]; /* bits that read differently each time */
    uint8_t later[RIG_BYTES_MOST];    /* memory as it will be in `later_in` boots, if not 0 */
    bool written[RIG_BYTES_MOST];     /* or not erased by this boot */
} settings_rig_t;

/* An empty store that was never erased, and settings over it. */
void settings_rig_init(settings_rig_t *rig, uint32_t block_bytes, uint32_t program_bytes,
                       dice_t dice);

/* `to` becomes a rig like `from`. */
void settings_rig_copy(settings_rig_t *to, const settings_rig_t *from);

/* Power is off and on again. */
void settings_rig_boot(settings_rig_t *rig);

/* A value of `bytes` bytes that no other `version` has. */
int32_t settings_rig_set(settings_rig_t *rig, uint32_t id, uint32_t version, uint32_t bytes);

/* Fills `out` with it. */
void settings_rig_value(uint8_t *out, uint32_t id, uint32_t version, uint32_t bytes);

void assert_setting(settings_rig_t *rig, uint32_t id, uint32_t version, uint32_t bytes);
void assert_no_setting(settings_rig_t *rig, uint32_t id);

#endif
