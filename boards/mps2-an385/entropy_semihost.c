/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOT FOR PRODUCTS. The board has no source of random numbers, so they come from the emulator's
 * host. A product puts its own hardware generator, conditioned, behind board_random().
 */
#include "board.h"
#include "semihost.h"

#if TALLY_PRODUCT
#error "entropy_semihost.c is not fit for products: give the board a hardware random generator"
#endif

bool board_random(uint8_t *out, uint32_t size) {
    return semihost_read_file("/dev/urandom", out, size) == 0;
}
