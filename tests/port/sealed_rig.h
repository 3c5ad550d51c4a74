/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_PORT_SEALED_RIG_H
#define TALLY_TESTS_PORT_SEALED_RIG_H
/*
 * What the sealed store stands on in its tests: PSA with chance that can be replayed, and a flash
 * whose power can be cut at any granule.
 */
#include "tally_ram_store.h"
#include "tally_sealed_store.h"

#include "../unit/dice.h"

extern dice_t sealed_dice;

/* Brings Mbed TLS up with memory and random numbers, as tally_tls_init() does; the group's set-up
 * and teardown. */
int sealed_psa_up(void **state);
int sealed_psa_down(void **state);

/* Whether PSA gets random numbers. */
void sealed_let_random_fail(bool fail);

/* An AEAD key of bytes that follow from `secret`. */
psa_key_id_t sealed_key(psa_key_type_t type, psa_algorithm_t algorithm, uint8_t secret);

enum { FLASH_BLOCKS = 3, FLASH_BLOCK_BYTES = 1024, FLASH_SIZE = FLASH_BLOCKS * FLASH_BLOCK_BYTES };

/*
 * Flash in the way of NOR: bits go from 1 to 0 by programming, to 1 by an erase of the block. The
 * granule, or the block being erased, that a cut hits has bits in doubt: they read as they like,
 * and another way each time, until zeros or an erase decide them. Programming anything but zeros
 * where a granule is not known to be erased is an offence that is counted.
 */
enum doubt { READS_BY_CHANCE, READS_AS_BEFORE, READS_AS_DONE };

typedef struct {
    tally_store_t store;
    uint8_t low[FLASH_SIZE];  /* bits that read 1 for sure */
    uint8_t high[FLASH_SIZE]; /* bits that may read 1 */
    bool fresh[FLASH_SIZE];   /* erased, and nothing begun there since */
    uint32_t until_cut;       /* granules and erases until the power fails */
    uint32_t unreadable;      /* a read of this byte fails; counted over all blocks */
    enum doubt doubt;
    bool is_off;
    uint32_t offences;
} flash_t;

/* A flash that has power and has never been erased. */
void flash_init(flash_t *flash, uint32_t program_bytes);

/* Power comes back, and goes after so many granules and erases. */
void flash_power(flash_t *flash, uint32_t until_cut);

#endif
