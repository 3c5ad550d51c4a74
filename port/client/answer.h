/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANSWER_H
#define ANSWER_H
/* What the daemon answers: {"n": N}, or {"n": N, "z": M}, in deterministic encoding. */
#include <stdbool.h>
#include <stdint.h>

/* The longest: two keys with numbers of 32 bits. */
#define TALLY_ANSWER_BYTES 15u

typedef struct {
    uint32_t done;    /* messages of the connection that are dealt with */
    uint32_t refused; /* among them */
} tally_answer_t;

/* False if it is anything else, or `size` is more or less than the answer. */
bool tally_answer_read(const uint8_t *bytes, uint32_t size, tally_answer_t *out);

#endif
