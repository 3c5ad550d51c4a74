/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_TESTS_FAULT_SEEN_H
#define TALLY_TESTS_FAULT_SEEN_H
/* A set of hashes: how many images were different. */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t *slots;
    uint64_t room; /* a power of two */
    uint64_t count;
} seen_t;

/* Whether it was not there before. */
bool seen_add(seen_t *seen, uint64_t hash);
void seen_close(seen_t *seen);

#endif
