/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZER_H
#define FUZZER_H
/* What libFuzzer calls. fuzzer.c has the first for programs with nothing else to begin with. */
#include <stddef.h>
#include <stdint.h>

/* An input that is read as a script: what is to be done, and with what. */
typedef struct {
    const uint8_t *at;
    uint32_t left;
} script_t;

/* A number of so many bytes; the end of the script is followed by zeros. */
static inline uint64_t take_long(script_t *script, uint32_t bytes) {
    uint64_t number = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        number = number << 8 | (script->left > 0 ? *script->at : 0);
        script->at += script->left > 0 ? 1 : 0;
        script->left -= script->left > 0 ? 1 : 0;
    }
    return number;
}

/* The same of at most 4 bytes. */
static inline uint32_t take(script_t *script, uint32_t bytes) {
    return (uint32_t)take_long(script, bytes);
}

static inline uint32_t pick(script_t *script, uint32_t choices) {
    return take(script, 1) % choices;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
