/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHIP_H
#define CHIP_H
/*
 * One NOR chip of 16 bits with the Intel command set, as strict as its data sheet (StrataFlash J3
 * and P30: command definitions, status register, write-to-buffer flowchart) and JESD68 are. What a
 * careful master would not do is noted in `broken_rule`.
 *
 * Two families: J3 hears nothing but READ_STATUS while it is busy, has no locks at power-up; P30
 * goes to the mode it is told while it is busy, and comes up with all blocks locked.
 */
#include <stdbool.h>
#include <stdint.h>

enum chip_family { CHIP_J3, CHIP_P30 };

enum { CHIP_BUFFER_WORDS_MOST = 1024, CHIP_BLOCKS_MOST = 64, CHIP_QUERY_BYTES = 0x60 };

/* Where the cells are. A program clears bits; `words` of one call lie in a row. */
typedef struct {
    void *ctx;
    uint16_t (*read)(void *ctx, uint32_t word);
    void (*program)(void *ctx, uint32_t word, const uint16_t *data, uint32_t words);
    void (*erase)(void *ctx, uint32_t block);
} chip_cells_t;

typedef struct {
    enum chip_family family;
    uint32_t blocks;
    uint32_t block_words;
    uint32_t buffer_words; /* 0: none */
    uint32_t word_us;      /* what operations take */
    uint32_t buffer_us;
    uint32_t erase_us;
} chip_shape_t;

enum chip_mode { CHIP_ARRAY, CHIP_STATUS, CHIP_ID, CHIP_QUERY };

/* What the next write is taken for. */
enum chip_wait {
    CHIP_COMMAND,
    CHIP_PROGRAM_DATA,
    CHIP_ERASE_CONFIRM,
    CHIP_LOCK_CONFIRM,
    CHIP_BUFFER_COUNT,
    CHIP_BUFFER_DATA,
    CHIP_BUFFER_CONFIRM,
};

/* Until they are taken back, but for the first two: of the next program or erase only. */
typedef struct {
    bool program_fails; /* half done */
    bool erase_fails;
    bool low_voltage;
    uint32_t slower;          /* so many times; 0: not */
    bool hangs;               /* what begins does not end */
    uint32_t buffer_after_us; /* buffers are to be had so long after the command */
} chip_faults_t;

typedef struct {
    chip_shape_t shape;
    chip_cells_t cells;
    uint8_t query[CHIP_QUERY_BYTES];
    bool locked[CHIP_BLOCKS_MOST];
    bool locked_down[CHIP_BLOCKS_MOST]; /* by a pin: not to be unlocked */
    chip_faults_t faults;
    const char *broken_rule;

    uint64_t now_ns;
    uint64_t busy_until_ns; /* what was begun ends then, */
    bool is_busy;           /* if something was */
    uint64_t buffer_at_ns;
    enum chip_mode mode;
    enum chip_wait wait;
    uint8_t errors; /* of the status register */
    bool is_erase;  /* what was begun: this, or a program */
    uint32_t at;    /* word where it begins */
    uint32_t words;
    uint32_t words_taken;
    uint16_t buffer[CHIP_BUFFER_WORDS_MOST];
    uint32_t noise;
    uint32_t programs; /* ended well */
    uint32_t erases;
} chip_t;

/* A chip after power-up. The query table follows from the shape; tests may change it. */
void chip_open(chip_t *chip, const chip_shape_t *shape, chip_cells_t cells);

/* Power goes, in the midst of whatever is going on, and comes back. */
void chip_power_cycle(chip_t *chip);

void chip_write(chip_t *chip, uint32_t word, uint16_t data);
uint16_t chip_read(chip_t *chip, uint32_t word);

/* It gets later. */
void chip_advance(chip_t *chip, uint64_t now_ns);

/* What is going on, hanging or not, ends. */
void chip_end(chip_t *chip);

/* Idle, and reads give what is in the cells. */
bool chip_is_at_rest(const chip_t *chip);

#endif
